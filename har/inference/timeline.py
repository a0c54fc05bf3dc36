"""A timeline: the activities of a recording, window by window.

A recording becomes windows exactly as the training windows did, but for the start of the filters:
they are settled on the first sample of each stretch, because starting from zero would leak gravity
into the body's acceleration for seconds (see `har.signals.filters`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from har.arrays import BoolArray, FloatArray, IntArray, StringArray
from har.errors import DataError
from har.inference.context import MarkovContext
from har.signals.activities import name_activities
from har.signals.channels import RAW_CHANNELS, SAMPLE_RATE_HZ, UCI_CHANNELS, WINDOW_STEP
from har.signals.filters import WARM_UP_S, channels_from
from har.signals.recording import Recording, Stretch
from har.signals.streaming import UciHarStream, WindowStream
from har.signals.windows import Predict, WindowFormat, check_signals

# About half an hour at 50 Hz: a day's windows need not be in memory at once.
_CHUNK = 100_000


@dataclass(frozen=True)
class TimedWindows:
    """Windows of a stretch of a recording, and their times.

    Parameters
    ----------
    signals : ndarray of float32, shape (n_windows, n_timesteps, n_channels)
        Windows in g and rad/s.
    start_s : ndarray of float64, shape (n_windows,)
        Starts in seconds from the recording's first sample.
    warming_up : ndarray of bool, shape (n_windows,)
        True for windows that start while the filters still settle.
    stretch : int
        Number of gaps before them.
    """

    signals: FloatArray
    start_s: FloatArray
    warming_up: BoolArray
    stretch: int


def timed_windows(
    recording: Recording, n_timesteps: int, step: int = WINDOW_STEP
) -> Iterator[TimedWindows]:
    """Filter a recording and cut it into windows, some hundreds at a time.

    Parameters
    ----------
    recording : Recording
        Raw signals at 50 Hz, with the columns of `har.signals.channels.RAW_CHANNELS` or the first
        three of them.
    n_timesteps, step : int
        Window length and hop in samples.

    Yields
    ------
    TimedWindows
        Windows in the order of time; none reaches over a gap.
    """
    for number, stretch in enumerate(recording.stretches):
        cutter = WindowStream(n_timesteps, step, len(channels_from(recording.channels)))
        for channels in _filtered(recording, stretch):
            cut = cutter.push(channels)
            since_start_s = cut.first_samples / recording.rate_hz
            yield TimedWindows(
                signals=cut.signals,
                start_s=stretch.start_s + since_start_s,
                warming_up=since_start_s < WARM_UP_S,
                stretch=number,
            )


def _filtered(recording: Recording, stretch: Stretch) -> Iterator[FloatArray]:
    filters = UciHarStream(len(recording.channels), start="settled")
    end = stretch.first_sample + stretch.n_samples
    for first in range(stretch.first_sample, end, _CHUNK):
        yield filters.push(recording.samples[first : min(first + _CHUNK, end)])
    yield filters.finish()


def raw_channels_of(window_format: WindowFormat) -> tuple[str, ...]:
    """Return the raw channels that the windows of a classifier are made of.

    Parameters
    ----------
    window_format : WindowFormat
        Format of the windows that the classifier reads.

    Returns
    -------
    tuple of str
        `RAW_CHANNELS`, or its first three if it was trained without a gyroscope.

    Raises
    ------
    DataError
        If the processing of UCI HAR makes no such windows.
    """
    channels, rate_hz = window_format.channels, window_format.rate_hz
    raw_channels = RAW_CHANNELS if any("gyro" in name for name in channels) else RAW_CHANNELS[:3]
    if channels_from(raw_channels) != channels or rate_hz != SAMPLE_RATE_HZ:
        raise DataError(
            f"classifier: found one of {', '.join(channels)} at {rate_hz:g} Hz, expected "
            f"{', '.join(UCI_CHANNELS)} at {SAMPLE_RATE_HZ:g} Hz to run on raw signals"
        )
    return raw_channels


def with_channels(recording: Recording, raw_channels: tuple[str, ...]) -> Recording:
    """Return a recording with the channels that a classifier needs.

    Parameters
    ----------
    recording : Recording
        Raw signals at 50 Hz.
    raw_channels : tuple of str
        Channels needed, see `raw_channels_of`.

    Returns
    -------
    Recording
        The recording without its gyroscope, if that is not needed.

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
    predict: Predict,
    window_format: WindowFormat,
    abstain_below: float = 0.0,
    context: MarkovContext | None = None,
) -> pd.DataFrame:
    """Classify a recording, window after window.

    Parameters
    ----------
    recording : Recording
        Raw signals at 50 Hz of the sensors that the classifier reads.
    predict : callable
        Function from windows to probabilities, shape (n_windows, n_activities).
    window_format : WindowFormat
        Format of the windows that `predict` takes.
    abstain_below : float
        Probability below which the activity is UNKNOWN.
    context : MarkovContext, optional
        Context in which windows are judged, those between two gaps together; by default each window
        is judged by itself.

    Returns
    -------
    DataFrame
        A row per window: start_s and end_s in seconds from the first sample, activity,
        probability, then ``p_ACTIVITY`` for each activity, all of them in context; with a context
        also activity_alone and probability_alone, which are those of the window by itself; and
        warming_up: True if the window starts in the first 10 s of its stretch, while the filters
        still settle.

    Raises
    ------
    DataError
        If the recording lacks a sensor, or no stretch is long enough for a window.
    """
    recording = with_channels(recording, raw_channels_of(window_format))
    starts_s, probabilities, warming_up, stretches = [], [], [], []
    for windows in timed_windows(recording, window_format.n_timesteps):
        if len(windows.signals):
            check_signals(windows.signals, windows.signals.shape[2], recording.source)
            starts_s.append(windows.start_s)
            probabilities.append(predict(windows.signals))
            warming_up.append(windows.warming_up)
            stretches.append(windows.stretch)
    length_s = window_format.n_timesteps / recording.rate_hz
    if not starts_s:
        longest = max(stretch.n_samples for stretch in recording.stretches)
        raise DataError(
            f"{recording.source}: found {longest / recording.rate_hz:g} s without a gap, "
            f"expected at least {length_s:g} s for one window"
        )
    start_s, alone = np.concatenate(starts_s), np.concatenate(probabilities)
    stretch = np.repeat(stretches, [len(part) for part in starts_s])
    columns = {
        "start_s": start_s,
        "end_s": start_s + length_s,
        **_named(alone, stretch, window_format.activities, abstain_below, context),
        "warming_up": np.concatenate(warming_up),
    }
    return pd.DataFrame(columns)


def each_alone(timeline: pd.DataFrame) -> pd.DataFrame:
    """Return a timeline in which each window is judged by itself, of one with a context."""
    columns = ("activity", "probability")
    return timeline.assign(**{name: timeline[f"{name}_alone"] for name in columns})


def _named(
    alone: FloatArray,
    stretch: IntArray,
    activities: tuple[str, ...],
    abstain_below: float,
    context: MarkovContext | None,
) -> dict[str, FloatArray | StringArray]:
    """Return the columns of a timeline that follow from the probabilities of windows alone."""
    shares = alone
    by_itself: dict[str, FloatArray | StringArray] = {}
    if context is not None:
        changes = np.flatnonzero(np.diff(stretch)) + 1
        shares = np.concatenate([context.smoothed(part) for part in np.split(alone, changes)])
        by_itself = {
            "activity_alone": name_activities(alone, activities, abstain_below),
            "probability_alone": alone.max(axis=1),
        }
    return {
        "activity": name_activities(shares, activities, abstain_below),
        "probability": shares.max(axis=1),
        **{f"p_{name}": column for name, column in zip(activities, shares.T, strict=True)},
        **by_itself,
    }
