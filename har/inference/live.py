"""From lines of a live stream to activities, window by window, as soon as each is over."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from har.arrays import FloatArray
from har.classifier import ActivityClassifier
from har.inference.smoothing import SmoothedState
from har.inference.timeline import raw_channels_of
from har.reading.sample_lines import AccUnit, GyroUnit, SampleLines
from har.signals.activities import UNKNOWN, name_activities
from har.signals.channels import SAMPLE_RATE_HZ, WINDOW_STEP
from har.signals.filters import WARM_UP_S
from har.signals.streaming import UciHarStream, WindowStream


@dataclass(frozen=True)
class LivePrediction:
    """What a classifier says of one window.

    Parameters
    ----------
    start_s, end_s : float
        Since the first sample.
    activity : str
        The most probable one, or UNKNOWN if it is not probable enough.
    probability : float
        How probable it is.
    state : str
        The activity to show: it follows `activity` without flicker, see `SmoothedState`, and stays
        through windows that are UNKNOWN. It is UNKNOWN only until a first one is not.
    warming_up : bool
        Whether the window starts while the filters still settle.
    probabilities : dict of str to float
        Of each activity.
    """

    start_s: float
    end_s: float
    activity: str
    probability: float
    state: str
    warming_up: bool
    probabilities: dict[str, float]


class LiveTimeline:
    """Classify samples as they come in; the windows are those of `make_timeline`.

    Parameters
    ----------
    classifier : ActivityClassifier
        Trained, on windows with the channels of UCI HAR or with its accelerations alone.
    acc_unit : {"g", "m/s2"}
        What accelerations come in.
    gyro_unit : {"rad/s", "deg/s"}
        What angular rates come in.
    abstain_below : float
        Where no probability is so high, the activity is UNKNOWN.

    Attributes
    ----------
    lines : SampleLines
        Counts what was wrong with the lines.
    n_windows, n_unknown : int
        How many windows there were, and how many of them are UNKNOWN.

    Raises
    ------
    DataError
        If the classifier reads other channels, or at another rate.
    """

    def __init__(
        self,
        classifier: ActivityClassifier,
        acc_unit: AccUnit = "g",
        gyro_unit: GyroUnit = "rad/s",
        abstain_below: float = 0.0,
    ) -> None:
        raw_channels = raw_channels_of(classifier.channels_, classifier.rate_hz_)
        self.lines = SampleLines(raw_channels, acc_unit, gyro_unit)
        self.n_windows = self.n_unknown = 0
        self._abstain_below = abstain_below
        self._classifier = classifier
        self._filters = UciHarStream(len(raw_channels), start="settled")
        shape = (classifier.n_timesteps_, WINDOW_STEP, len(classifier.channels_))
        self._windows = WindowStream(*shape)
        self._state = SmoothedState(classifier.activities_)
        # The slot in which the stretch between gaps began; None before the first sample.
        self._first_slot: int | None = None
        # A network's first call takes longer than all others: not while somebody waits.
        classifier.predict_proba(np.zeros((1, shape[0], shape[2]), np.float32))

    def push(self, line: str) -> Iterator[LivePrediction]:
        """Take the next line.

        Parameters
        ----------
        line : str
            Any text.

        Yields
        ------
        LivePrediction
            Each window that became complete.

        Raises
        ------
        DataError
            If the time stamps run at another rate.
        """
        new = self.lines.push(line)
        if new is None:
            return
        if new.is_after_gap:
            yield from self.finish()
            self._windows.restart()
            self._state.restart()
        if new.is_after_gap or self._first_slot is None:
            self._first_slot = new.first_slot
        yield from self._classified(self._filters.push(new.samples))

    def in_words(self) -> str:
        """Tell what came in, and how many windows were not answered if some may be."""
        words = self.lines.in_words()
        if not self._abstain_below:
            return words
        return f"{words}; {UNKNOWN} {self.n_unknown} of {self.n_windows} windows"

    def finish(self) -> Iterator[LivePrediction]:
        """End the stream: the last sample waits for a neighbour that does not come.

        Yields
        ------
        LivePrediction
            The window that this sample completes, if it does.
        """
        yield from self._classified(self._filters.finish())

    def _classified(self, channels: FloatArray) -> Iterator[LivePrediction]:
        cut = self._windows.push(channels)
        if not len(cut):
            return
        activities = self._classifier.activities_
        probabilities = self._classifier.predict_proba(cut.signals)
        named = name_activities(probabilities, activities, self._abstain_below)
        for first, shares, activity in zip(cut.first_samples, probabilities, named, strict=True):
            start_s = ((self._first_slot or 0) + int(first)) / SAMPLE_RATE_HZ
            probability = float(shares.max())
            is_answered = probability >= self._abstain_below
            state = self._state.update(shares) if is_answered else self._state.name
            self.n_windows += 1
            self.n_unknown += not is_answered
            yield LivePrediction(
                start_s=start_s,
                end_s=start_s + self._classifier.n_timesteps_ / SAMPLE_RATE_HZ,
                activity=str(activity),
                probability=probability,
                state=state or UNKNOWN,
                warming_up=bool(first / SAMPLE_RATE_HZ < WARM_UP_S),
                probabilities=dict(zip(activities, map(float, shares), strict=True)),
            )
