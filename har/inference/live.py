"""From live samples to activities, window by window, as soon as each window is over."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from har.arrays import FloatArray
from har.inference.smoothing import SmoothedState
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
        The activity to show: it follows `activity` without flicker, see `SmoothedState`, and stays
        through windows that are UNKNOWN. It is UNKNOWN only until a first one is not.
    warming_up : bool
        True if the window starts while the filters still settle.
    probabilities : dict of str to float
        Probability of each activity.
    """

    start_s: float
    end_s: float
    activity: str
    probability: float
    state: str
    warming_up: bool
    probabilities: dict[str, float]


class LiveTimeline:
    """Classify samples as they are measured; the windows are those of `make_timeline`.

    Parameters
    ----------
    predict : callable
        Function from windows to probabilities, shape (n_windows, n_activities).
    window_format : WindowFormat
        Format of the windows that `predict` takes: the channels of UCI HAR, or its accelerations
        alone.
    abstain_below : float
        Probability below which the activity is UNKNOWN; an attribute, too.

    Attributes
    ----------
    n_windows, n_unknown : int
        Numbers of all windows so far, and of those that are UNKNOWN.

    Raises
    ------
    DataError
        If the windows have other channels, or another rate.
    """

    def __init__(
        self, predict: Predict, window_format: WindowFormat, abstain_below: float = 0.0
    ) -> None:
        self.n_windows = self.n_unknown = 0
        self._predict = predict
        self._format = window_format
        self.abstain_below = abstain_below
        self._filters = UciHarStream(len(raw_channels_of(window_format)), start="settled")
        n_timesteps, n_channels = window_format.n_timesteps, len(window_format.channels)
        self._windows = WindowStream(n_timesteps, WINDOW_STEP, n_channels)
        self._state = SmoothedState(window_format.activities)
        # The slot in which the stretch between gaps began; None before the first sample.
        self._first_slot: int | None = None
        # A network's first call takes longer than all others: not while somebody waits.
        predict(np.zeros((1, n_timesteps, n_channels), np.float32))

    def push(self, new: LiveSamples) -> Iterator[LivePrediction]:
        """Classify the windows that the next samples complete.

        Parameters
        ----------
        new : LiveSamples
            Samples that follow those before, or a gap.

        Yields
        ------
        LivePrediction
            The prediction for each of these windows.
        """
        if new.is_after_gap:
            yield from self.finish()
            self._windows.restart()
            self._state.restart()
        if new.is_after_gap or self._first_slot is None:
            self._first_slot = new.first_slot
        yield from self._classified(self._filters.push(new.samples))

    def in_words(self) -> str:
        """Return the share of windows that were UNKNOWN, in words."""
        return f"{UNKNOWN} {self.n_unknown} of {self.n_windows} windows"

    def finish(self) -> Iterator[LivePrediction]:
        """End the stream: its last sample waits for a neighbour that does not come.

        Yields
        ------
        LivePrediction
            The prediction for the window that this sample completes, if it does.
        """
        yield from self._classified(self._filters.finish())

    def _classified(self, channels: FloatArray) -> Iterator[LivePrediction]:
        cut = self._windows.push(channels)
        if not len(cut):
            return
        activities = self._format.activities
        probabilities = self._predict(cut.signals)
        named = name_activities(probabilities, activities, self.abstain_below)
        for first, shares, activity in zip(cut.first_samples, probabilities, named, strict=True):
            start_s = ((self._first_slot or 0) + int(first)) / SAMPLE_RATE_HZ
            probability = float(shares.max())
            is_answered = probability >= self.abstain_below
            state = self._state.update(shares) if is_answered else self._state.name
            self.n_windows += 1
            self.n_unknown += not is_answered
            yield LivePrediction(
                start_s=start_s,
                end_s=start_s + self._format.n_timesteps / SAMPLE_RATE_HZ,
                activity=str(activity),
                probability=probability,
                state=state or UNKNOWN,
                warming_up=bool(first / SAMPLE_RATE_HZ < WARM_UP_S),
                probabilities=dict(zip(activities, map(float, shares), strict=True)),
            )
