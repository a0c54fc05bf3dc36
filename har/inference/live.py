"""From live samples to activities, window by window, as soon as each window is over."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from har.arrays import FloatArray
from har.errors import DataError
from har.inference.context import MarkovContext
from har.inference.live_context import ContextFilter
from har.inference.timeline import raw_channels_of
from har.signals.activities import UNKNOWN, name_activities
from har.signals.channels import SAMPLE_RATE_HZ, WINDOW_STEP
from har.signals.filters import WARM_UP_S
from har.signals.streaming import LiveSamples, UciHarStream, WindowStream
from har.signals.windows import Predict, WindowFormat


@dataclass(frozen=True)
class LivePrediction:
    """The prediction for one window.

    Parameters
    ----------
    start_s, end_s : float
        Start and end of the window, in seconds from the first sample.
    activity : str
        The most probable activity, or UNKNOWN if it is not probable enough.
    probability : float
        Its probability.
    state : str
        The activity to show: the most probable one in context, of the window `delay` windows before
        this one, given all windows so far. Windows that are UNKNOWN by themselves count by what
        little they say, so that it stays through them; it is UNKNOWN where it is not probable
        enough itself, and while there is no window so long before.
    state_start_s, state_end_s : float or None
        Start and end of the window that `state` is of; None while there is none.
    state_probability : float or None
        Probability of `state` in context; None while there is none.
    warming_up : bool
        True if the window starts while the filters still settle.
    probabilities : dict of str to float
        Probability of each activity, by this window alone.
    """

    start_s: float
    end_s: float
    activity: str
    probability: float
    state: str
    state_start_s: float | None
    state_end_s: float | None
    state_probability: float | None
    warming_up: bool
    probabilities: dict[str, float]


@dataclass(frozen=True)
class CutWindow:
    """A window that became complete and waits for its prediction.

    Parameters
    ----------
    signals : ndarray of float32, shape (n_timesteps, n_channels)
        Its signals in g and rad/s.
    start_s : float
        Its start, in seconds from the first sample.
    warming_up : bool
        True if it starts while the filters still settle.
    stretch : int
        Number of gaps before it.
    """

    signals: FloatArray
    start_s: float
    warming_up: bool
    stretch: int


class LiveTimeline:
    """Classify samples as they are measured; the windows are those of `make_timeline`.

    Samples wait unfiltered until a window can be complete: filters take a second's samples in the
    time of one, and a thousand streams cost little more than the reading of their lines.

    Parameters
    ----------
    predict : callable
        Function from windows to probabilities, shape (n_windows, n_activities).
    window_format : WindowFormat
        Format of the windows that `predict` takes: the channels of UCI HAR, or its accelerations
        alone.
    abstain_below : float
        Probability below which activity and state are UNKNOWN; an attribute, too.
    context : MarkovContext, optional
        Context of the state; by default the state is the activity.
    delay : int
        Number of later windows that the state waits for, if there is a context. Windows that still
        wait before a gap, or at the end of the stream, are given no state.

    Attributes
    ----------
    n_windows, n_unknown : int
        Numbers of all windows so far, and of those that are UNKNOWN.
    predict : callable
        Function that judges its windows now.

    Raises
    ------
    DataError
        If the windows have other channels, or another rate, or the delay is negative.
    """

    def __init__(
        self,
        predict: Predict,
        window_format: WindowFormat,
        abstain_below: float = 0.0,
        context: MarkovContext | None = None,
        delay: int = 0,
    ) -> None:
        self.n_windows = self.n_unknown = 0
        self.abstain_below = abstain_below
        self._delay = delay
        self._judge_by(predict, window_format, context)
        self._filters = UciHarStream(len(raw_channels_of(window_format)), start="settled")
        n_timesteps, n_channels = window_format.n_timesteps, len(window_format.channels)
        self._windows = WindowStream(n_timesteps, WINDOW_STEP, n_channels)
        # The slot in which the stretch between gaps began; None before the first sample.
        self._first_slot: int | None = None
        self._n_gaps = self._n_gaps_of_state = 0
        self._begin()

    def _judge_by(
        self, predict: Predict, window_format: WindowFormat, context: MarkovContext | None
    ) -> None:
        self.predict, self._format = predict, window_format
        self._context = None if context is None else ContextFilter(context, self._delay)
        # The window that the state is of is the first of them.
        self._starts_s: deque[float] = deque(maxlen=1 if context is None else self._delay + 1)

    def change_network(
        self, predict: Predict, window_format: WindowFormat, context: MarkovContext | None = None
    ) -> None:
        """Have the windows from here on judged by another network, which may know more activities.

        Filters and windows go on; the state begins anew.

        Parameters
        ----------
        predict, window_format, context
            As for the timeline itself.

        Raises
        ------
        DataError
            If the network reads other windows.
        """
        if replace(window_format, activities=self._format.activities) != self._format:
            raise DataError("found a network on other windows, expected one on the same")
        self._judge_by(predict, window_format, context)

    def _begin(self) -> None:
        """Wait for the first window of a stretch: the median looks one sample ahead."""
        self._waiting: list[FloatArray] = []
        self._n_missing = self._windows.n_missing + 1

    def push(self, new: LiveSamples) -> list[LivePrediction]:
        """Classify the windows that the next samples complete.

        Parameters
        ----------
        new : LiveSamples
            Samples that follow those before, or a gap.

        Returns
        -------
        list of LivePrediction
            The prediction for each of these windows.
        """
        return predicted([(self, window) for window in self.cut(new)], self.predict)

    def finish(self) -> list[LivePrediction]:
        """End the stream: its last sample waits for a neighbour that does not come.

        Returns
        -------
        list of LivePrediction
            The prediction for the window that this sample completes, if it does.
        """
        return predicted([(self, window) for window in self.cut_last()], self.predict)

    def cut(self, new: LiveSamples) -> list[CutWindow]:
        """Return the windows that the next samples complete, for `predicted`; see `push`."""
        complete: list[CutWindow] = []
        if new.is_after_gap:
            complete = self.cut_last()
            self._windows.restart()
            self._n_gaps += 1
            self._begin()
        if new.is_after_gap or self._first_slot is None:
            self._first_slot = new.first_slot
        self._waiting.append(new.samples)
        self._n_missing -= len(new.samples)
        return complete + self._cut_waiting() if self._n_missing <= 0 else complete

    def cut_last(self) -> list[CutWindow]:
        """Return the window that the last sample completes, if it does; see `finish`."""
        complete = self._cut_waiting()
        complete += self._cut(self._filters.finish())
        self._begin()
        return complete

    def _cut_waiting(self) -> list[CutWindow]:
        if not self._waiting:
            return []
        samples = np.concatenate(self._waiting)
        self._waiting = []
        complete = self._cut(self._filters.push(samples))
        self._n_missing = self._windows.n_missing
        return complete

    def _cut(self, channels: FloatArray) -> list[CutWindow]:
        cut = self._windows.push(channels)
        first_slot = self._first_slot or 0
        return [
            CutWindow(
                signals=signals,
                start_s=(first_slot + first) / SAMPLE_RATE_HZ,
                warming_up=first / SAMPLE_RATE_HZ < WARM_UP_S,
                stretch=self._n_gaps,
            )
            for signals, first in zip(cut.signals, cut.first_samples.tolist(), strict=True)
        ]

    def named(self, window: CutWindow, shares: FloatArray) -> LivePrediction:
        """Return the prediction for the next window.

        Parameters
        ----------
        window : CutWindow
            The window that follows the one before.
        shares : ndarray, shape (n_activities,)
            Probability of each activity.

        Returns
        -------
        LivePrediction
        """
        if window.stretch != self._n_gaps_of_state:
            self._n_gaps_of_state = window.stretch
            self._restart_context()
        self._starts_s.append(window.start_s)
        in_context = shares if self._context is None else self._context.update(shares)
        length_s = self._format.n_timesteps / SAMPLE_RATE_HZ
        state, state_start_s, state_probability = UNKNOWN, None, None
        if in_context is not None:
            state, state_probability = self._best(in_context)
            state_start_s = self._starts_s[0]
        activity, probability = self._best(shares)
        self.n_windows += 1
        self.n_unknown += probability < self.abstain_below
        return LivePrediction(
            start_s=window.start_s,
            end_s=window.start_s + length_s,
            activity=activity,
            probability=probability,
            state=state,
            state_start_s=state_start_s,
            state_end_s=None if state_start_s is None else state_start_s + length_s,
            state_probability=state_probability,
            warming_up=window.warming_up,
            probabilities=dict(zip(self._format.activities, map(float, shares), strict=True)),
        )

    def _restart_context(self) -> None:
        self._starts_s.clear()
        if self._context is not None:
            self._context.restart()

    def _best(self, shares: FloatArray) -> tuple[str, float]:
        """Return the most probable activity, or UNKNOWN, and its probability."""
        named = name_activities(shares[np.newaxis], self._format.activities, self.abstain_below)
        return str(named[0]), float(shares.max())

    def in_words(self) -> str:
        """Return the share of windows that were UNKNOWN, in words."""
        return f"{UNKNOWN} {self.n_unknown} of {self.n_windows} windows"


def predicted(
    cut: Sequence[tuple[LiveTimeline, CutWindow]], predict: Predict
) -> list[LivePrediction]:
    """Classify windows of one stream or of many, all at once.

    Parameters
    ----------
    cut : sequence of (LiveTimeline, CutWindow)
        Windows with their streams, those of each stream in the order of time.
    predict : callable
        Function from windows to probabilities, as for `LiveTimeline`.

    Returns
    -------
    list of LivePrediction
        The prediction for each window.
    """
    if not cut:
        return []
    probabilities = predict(np.stack([window.signals for _, window in cut]))
    return [
        timeline.named(window, shares)
        for (timeline, window), shares in zip(cut, probabilities, strict=True)
    ]
