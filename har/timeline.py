"""A timeline: what the person of a recording did from when to when.

A recording becomes windows exactly as the training windows did, but for the start of the filters:
they are settled on the first sample of each stretch, because starting from zero would leak gravity
into the body's acceleration for seconds (see `har.signals.filters`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from har.arrays import FloatArray
from har.errors import DataError
from har.signals.activities import name_activities
from har.signals.channels import RAW_CHANNELS, SAMPLE_RATE_HZ, UCI_CHANNELS, WINDOW_STEP
from har.signals.filters import WARM_UP_S, channels_from
from har.signals.recording import Recording, Stretch
from har.signals.streaming import UciHarStream, WindowStream
from har.signals.windows import check_signals

# About half an hour at 50 Hz: a day's windows need not be in memory at once.
_CHUNK = 100_000
# Times are written with this or better.
_TOLERANCE_S = 5e-4


@dataclass(frozen=True)
class TimedWindows:
    """Windows of a stretch of a recording, and when each starts.

    Parameters
    ----------
    signals : ndarray of float32, shape (n_windows, n_timesteps, n_channels)
        In g and rad/s.
    start_s : ndarray of float64, shape (n_windows,)
        Seconds from the recording's first sample.
    warming_up : ndarray of bool, shape (n_windows,)
        Whether a window starts while the filters still settle.
    """

    signals: FloatArray
    start_s: FloatArray
    warming_up: np.ndarray[tuple[int], np.dtype[np.bool_]]


def timed_windows(
    recording: Recording, n_timesteps: int, step: int = WINDOW_STEP
) -> Iterator[TimedWindows]:
    """Filter a recording and cut it into windows, some hundreds at a time.

    Parameters
    ----------
    recording : Recording
        At 50 Hz, with the columns of `har.signals.channels.RAW_CHANNELS` or the first three of
        them.
    n_timesteps, step : int
        Window length and hop in samples.

    Yields
    ------
    TimedWindows
        In the order of time. No window reaches over a gap.
    """
    for stretch in recording.stretches:
        n_channels = len(channels_from(recording.channels))
        cutter = WindowStream(n_timesteps, step, n_channels)
        for channels in _filtered(recording, stretch):
            cut = cutter.push(channels)
            since_start_s = cut.first_samples / recording.rate_hz
            yield TimedWindows(
                cut.signals, stretch.start_s + since_start_s, since_start_s < WARM_UP_S
            )


def _filtered(recording: Recording, stretch: Stretch) -> Iterator[FloatArray]:
    filters = UciHarStream(len(recording.channels), start="settled")
    end = stretch.first_sample + stretch.n_samples
    for first in range(stretch.first_sample, end, _CHUNK):
        yield filters.push(recording.samples[first : min(first + _CHUNK, end)])
    yield filters.finish()


def raw_channels_of(channels: tuple[str, ...], rate_hz: float) -> tuple[str, ...]:
    """Tell which sensors a classifier needs.

    Parameters
    ----------
    channels : tuple of str
        What it reads.
    rate_hz : float
        At what rate.

    Returns
    -------
    tuple of str
        `RAW_CHANNELS`, or its first three if it was trained without a gyroscope.

    Raises
    ------
    DataError
        If it does not read what the processing of UCI HAR makes.
    """
    raw_channels = RAW_CHANNELS if any("gyro" in name for name in channels) else RAW_CHANNELS[:3]
    if channels_from(raw_channels) != channels or rate_hz != SAMPLE_RATE_HZ:
        raise DataError(
            f"classifier: found one of {', '.join(channels)} at {rate_hz:g} Hz, expected "
            f"{', '.join(UCI_CHANNELS)} at {SAMPLE_RATE_HZ:g} Hz to run on raw signals"
        )
    return raw_channels


def with_channels(recording: Recording, raw_channels: tuple[str, ...]) -> Recording:
    """Take from a recording the sensors that a classifier needs.

    Parameters
    ----------
    recording : Recording
        What was measured.
    raw_channels : tuple of str
        What is needed, see `raw_channels_of`.

    Returns
    -------
    Recording
        Without its gyroscope, if that is not needed.

    Raises
    ------
    DataError
        If it lacks a sensor, or has another rate.
    """
    n_channels = len(raw_channels)
    if recording.rate_hz != SAMPLE_RATE_HZ or recording.channels[:n_channels] != raw_channels:
        raise DataError(
            f"{recording.source}: found {', '.join(recording.channels)} at "
            f"{recording.rate_hz:g} Hz, expected {', '.join(raw_channels)} at {SAMPLE_RATE_HZ:g} Hz"
        )
    return replace(recording, samples=recording.samples[:, :n_channels], channels=raw_channels)


def make_timeline(
    recording: Recording,
    predict: Callable[[FloatArray], FloatArray],
    activities: tuple[str, ...],
    n_timesteps: int,
    abstain_below: float = 0.0,
) -> pd.DataFrame:
    """Classify a recording, window after window.

    Parameters
    ----------
    recording : Recording
        At 50 Hz, with the sensors that the classifier reads.
    predict : callable
        Gives probabilities, shape (n_windows, n_activities), for windows.
    activities : tuple of str
        Names of the classes.
    n_timesteps : int
        Samples in a window.
    abstain_below : float
        Where no probability is so high, the activity is UNKNOWN.

    Returns
    -------
    DataFrame
        A row per window: start_s and end_s in seconds from the first sample, activity,
        probability, then ``p_ACTIVITY`` for each activity, and warming_up: whether the window
        starts in the first 10 s of its stretch, while the filters still settle.

    Raises
    ------
    DataError
        If no stretch is long enough for a window.
    """
    starts_s, probabilities, warming_up = [], [], []
    for windows in timed_windows(recording, n_timesteps):
        if len(windows.signals):
            check_signals(windows.signals, windows.signals.shape[2], recording.source)
            starts_s.append(windows.start_s)
            probabilities.append(predict(windows.signals))
            warming_up.append(windows.warming_up)
    if not starts_s:
        longest = max(stretch.n_samples for stretch in recording.stretches)
        raise DataError(
            f"{recording.source}: found {longest / recording.rate_hz:g} s without a gap, "
            f"expected at least {n_timesteps / recording.rate_hz:g} s for one window"
        )
    start_s, shares = np.concatenate(starts_s), np.concatenate(probabilities)
    ends = {"start_s": start_s, "end_s": start_s + n_timesteps / recording.rate_hz}
    named = name_activities(shares, activities, abstain_below)
    best = {"activity": named, "probability": shares.max(axis=1)}
    every = {f"p_{name}": column for name, column in zip(activities, shares.T, strict=True)}
    return pd.DataFrame({**ends, **best, **every, "warming_up": np.concatenate(warming_up)})


def merge_segments(timeline: pd.DataFrame) -> pd.DataFrame:
    """Join neighbouring windows of the same activity.

    Windows overlap, so a change is put halfway between the middles of the two windows; the segments
    touch and do not overlap.

    Parameters
    ----------
    timeline : DataFrame
        What `make_timeline` gives.

    Returns
    -------
    DataFrame
        A row per segment: start_s, end_s, activity, probability (its windows' mean) and n_windows.
    """
    start_s, end_s = timeline["start_s"].to_numpy(), timeline["end_s"].to_numpy()
    activity = timeline["activity"].to_numpy()
    # Windows before and after a gap do not touch.
    is_after_gap = start_s[1:] > end_s[:-1] + _TOLERANCE_S
    is_new = np.concatenate([[True], is_after_gap | (activity[1:] != activity[:-1])])
    first = np.flatnonzero(is_new)
    last = np.append(first[1:], len(timeline)) - 1
    middle_s = (start_s + end_s) / 2
    begins_s, ends_s = start_s[first], end_s[last]
    changes = np.flatnonzero(~is_after_gap[first[1:] - 1])
    change_s = (middle_s[last[changes]] + middle_s[first[changes + 1]]) / 2
    ends_s[changes] = begins_s[changes + 1] = change_s
    total = np.add.reduceat(timeline["probability"].to_numpy(), first)
    n_windows = last - first + 1
    return pd.DataFrame(
        {
            "start_s": begins_s,
            "end_s": ends_s,
            "activity": activity[first],
            "probability": total / n_windows,
            "n_windows": n_windows,
        }
    )


def time_of_each(segments: pd.DataFrame) -> pd.DataFrame:
    """Add up how long each activity lasted.

    Parameters
    ----------
    segments : DataFrame
        What `merge_segments` gives.

    Returns
    -------
    DataFrame
        A row per activity that occurs: duration_s, share and n_segments.
    """
    duration_s = segments["end_s"] - segments["start_s"]
    grouped = duration_s.groupby(segments["activity"])
    table = pd.DataFrame({"duration_s": grouped.sum(), "n_segments": grouped.size()})
    return table.assign(share=table["duration_s"] / duration_s.sum())


@dataclass(frozen=True)
class Agreement:
    """How many windows of a timeline are right.

    Parameters
    ----------
    n_right, n_answered, n_windows : int
        Of the windows that lie in one segment of the truth; those not answered are UNKNOWN.
    """

    n_right: int
    n_answered: int
    n_windows: int

    @property
    def share(self) -> float:
        """Share of the answers that are right; NaN without any."""
        return self.n_right / self.n_answered if self.n_answered else float("nan")

    @property
    def coverage(self) -> float:
        """Share of the windows that are answered; NaN without any."""
        return self.n_answered / self.n_windows if self.n_windows else float("nan")

    def in_words(self) -> str:
        """Tell it in a line."""
        windows = f"of {self.n_windows} windows that lie in one labelled segment"
        if self.n_answered == self.n_windows:
            return f"{self.n_right} {windows} are right ({self.share:.1%})"
        answered = f"{self.n_answered} {windows} are answered ({self.coverage:.1%})"
        right = f", {self.n_right} of them right ({self.share:.1%})" if self.n_answered else ""
        return f"{answered}{right}"


def compare(timeline: pd.DataFrame, truth: pd.DataFrame, abstain_below: float = 0.0) -> Agreement:
    """Count the windows that are right.

    Parameters
    ----------
    timeline : DataFrame
        What `make_timeline` gives.
    truth : DataFrame
        Segments that do not overlap: start_s, end_s and activity.
    abstain_below : float
        A window with a lower probability is not answered.

    Returns
    -------
    Agreement
        Windows that reach over the end of a segment have no one truth and do not count.
    """
    truth = truth.sort_values("start_s")
    place = np.searchsorted(truth["start_s"], timeline["start_s"] + _TOLERANCE_S, side="right") - 1
    ends_s = truth["end_s"].to_numpy()[place]
    is_inside = (place >= 0) & (timeline["end_s"].to_numpy() <= ends_s + _TOLERANCE_S)
    is_right = truth["activity"].to_numpy()[place] == timeline["activity"].to_numpy()
    is_answered = is_inside & (timeline["probability"].to_numpy() >= abstain_below)
    return Agreement(
        int((is_answered & is_right).sum()), int(is_answered.sum()), int(is_inside.sum())
    )
