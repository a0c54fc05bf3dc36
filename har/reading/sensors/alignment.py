"""Sensors with clocks of their own, brought to one grid of 50 Hz where all of them measured."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from har.arrays import FloatArray, IntArray
from har.errors import DataError
from har.reading.gaps import check_stretches
from har.reading.times.clock import Ticks
from har.signals.channels import SAMPLE_RATE_HZ
from har.signals.recording import Stretch
from har.signals.resampling import resample

# Stamps up to this many seconds count from the start of a recording, not from 1970 or a phone's.
_NEAR_ZERO_S = 60.0
# Of a recording's ends that only one sensor has, this much is worth no note.
_UNNOTED_S = 1.0

Interval = tuple[float, float]


@dataclass(frozen=True)
class SensorSeries:
    """The samples of one sensor with their times.

    Parameters
    ----------
    name : str
        Name of the sensor, for notes and messages.
    ticks : Ticks
        Times of the samples.
    samples : ndarray of float32, shape (n_timesteps, n_channels)
        Signals without NaN.
    """

    name: str
    ticks: Ticks
    samples: FloatArray

    def intervals(self, origin_s: float) -> list[Interval]:
        """Return start and end of each stretch without a gap, in seconds from an origin."""
        starts = self.ticks.stretch_starts()
        ends = np.concatenate([starts[1:] - 1, [len(self.samples) - 1]])
        seconds = self.ticks.seconds + (self.ticks.origin_s - origin_s)
        return list(zip(seconds[starts].tolist(), seconds[ends].tolist(), strict=True))


def share_ticks(series: Sequence[SensorSeries]) -> bool:
    """Return whether all sensors were measured at the same times."""
    first = series[0].ticks
    return all(
        len(other.ticks.seconds) == len(first.seconds)
        and other.ticks.origin_s == first.origin_s
        and np.array_equal(other.ticks.seconds, first.seconds)
        for other in series[1:]
    )


def align(
    series: Sequence[SensorSeries], place: str
) -> tuple[list[FloatArray], tuple[Stretch, ...], list[str]]:
    """Bring sensors to one grid of 50 Hz, wherever none of them has a gap.

    Parameters
    ----------
    series : sequence of SensorSeries
        Sensors whose stamps are of one clock.
    place : str
        File or folder, for messages.

    Returns
    -------
    samples : list of ndarray of float32, shape (n_timesteps, n_channels)
        Signals of each sensor at the same times.
    stretches : tuple of Stretch
        Parts between gaps; they start in seconds from the first sample of any sensor.
    notes : list of str

    Raises
    ------
    DataError
        If there is no time at which all sensors were measured, or hardly any between gaps.
    """
    origin_s = min(one.ticks.origin_s for one in series)
    intervals = [one.intervals(origin_s) for one in series]
    common = intervals[0]
    for other in intervals[1:]:
        common = _intersection(common, other)
    if not common:
        ranges = " and ".join(
            f"{one.name} from {one.ticks.origin_s:.10g} to "
            f"{one.ticks.origin_s + float(one.ticks.seconds[-1]):.10g} s"
            for one in series
        )
        raise DataError(
            f"{place}: found {ranges}, expected sensors that measured at the same time, "
            "with stamps of one clock"
        )
    check_stretches(len(common), min(len(one.samples) for one in series), place)
    starts = [one.ticks.stretch_starts() for one in series]
    parts = [
        [
            _resampled(one, begins, span, origin_s)
            for one, begins in zip(series, starts, strict=True)
        ]
        for span in common
    ]
    lengths = [len(part[0]) for part in parts]
    firsts = [0, *np.cumsum(lengths).tolist()[:-1]]
    starts_s = [start_s for start_s, _ in common]
    samples = [np.concatenate([part[i] for part in parts]) for i in range(len(series))]
    notes = _notes(series, intervals, common, lengths)
    return samples, tuple(map(Stretch, firsts, lengths, starts_s)), notes


def _intersection(one: list[Interval], other: list[Interval]) -> list[Interval]:
    """Return the intervals that are part of both lists, which are in order."""
    common, i, j = [], 0, 0
    while i < len(one) and j < len(other):
        start, end = max(one[i][0], other[j][0]), min(one[i][1], other[j][1])
        if start < end:
            common.append((start, end))
        if one[i][1] < other[j][1]:
            i += 1
        else:
            j += 1
    return common


def _resampled(one: SensorSeries, starts: IntArray, span: Interval, origin_s: float) -> FloatArray:
    """Resample the stretch of a sensor that an interval lies in."""
    shift_s = one.ticks.origin_s - origin_s
    start_s, end_s = span[0] - shift_s, span[1] - shift_s
    seconds = one.ticks.seconds
    number = int(np.searchsorted(seconds[starts], start_s + 1e-9, side="right")) - 1
    last = int(starts[number + 1]) if number + 1 < len(starts) else len(seconds)
    part = slice(int(starts[number]), last)
    return resample(
        seconds[part], one.samples[part], one.ticks.rate_hz, SAMPLE_RATE_HZ, (start_s, end_s)
    )


def _notes(
    series: Sequence[SensorSeries],
    intervals: Sequence[list[Interval]],
    common: Sequence[Interval],
    lengths: Sequence[int],
) -> list[str]:
    rates = " and ".join(f"{one.name} from {one.ticks.rate_hz:.4g} Hz" for one in series)
    slowest_hz = min(one.ticks.rate_hz for one in series)
    notes = [f"samples: {rates} brought to a common {SAMPLE_RATE_HZ:g} Hz"]
    if slowest_hz < SAMPLE_RATE_HZ * 0.99:
        notes[0] += f"; movement faster than {slowest_hz / 2:.3g} Hz is missing"
    n_gaps = len(common) - 1
    if n_gaps:
        notes.append(
            f"time: {n_gaps} {'gap' if n_gaps == 1 else 'gaps'}, of one sensor or of several"
        )
    whole_s = max(ends[-1][1] for ends in intervals) - min(ends[0][0] for ends in intervals)
    left_out_s = whole_s - (common[-1][1] - common[0][0])
    if left_out_s > _UNNOTED_S:
        notes.append(
            f"time: {left_out_s:.1f} s at the ends left out, for want of one of the sensors"
        )
    if all(abs(one.ticks.origin_s) < _NEAR_ZERO_S for one in series):
        notes.append("time: the stamps of all sensors count from near 0, taken to be one moment")
    return notes
