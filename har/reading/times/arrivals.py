"""Samples that arrived together: packets that share a stamp, and bursts with pauses between.

A sensor measures at even distances, whenever its samples are handed over. So where their number
grows evenly with time, they are spread evenly.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np
import scipy

from har.arrays import FloatArray, IntArray
from har.errors import DataError
from har.reading.times.mixed_rows import check_alternation, check_same_stamps
from har.reading.times.order import OrderedRows
from har.reading.times.steps import usual_step
from har.reading.times.time_units import HIGHEST_UNDECLARED_HZ, SECONDS
from har.reading.times.timestamps import StampArray

_TOLERATED_SHARE = 0.01
# In a burst, most steps are shorter than this part of the mean step, and few lie between.
_SHORT, _LONG = 0.25, 0.5
_SHORT_SHARE, _BETWEEN_SHARE = 0.4, 0.1
_LONGEST_BURST_S = 1.0
_FEWEST_GROUPS = 4
# Arrivals keep this part of the usual distance between them, but for a few that were held up.
_USUALLY_OFF, _MOST_OFF = 0.5, 5.0
_MOST_HOLES = 0.02
_HOLE = 0.75
_N_AROUND = 5
_SMOOTHED_GROUPS, _FEWEST_SMOOTHED = 101, 500


@dataclass(frozen=True)
class _Groups:
    """Samples that arrived together.

    Parameters
    ----------
    starts : ndarray of int, shape (n_groups,)
        First sample of each.
    times : ndarray of float64, shape (n_groups,)
        Their arrivals.
    n_samples : int
        Number of samples in all.
    """

    starts: IntArray
    times: FloatArray
    n_samples: int

    @property
    def sizes(self) -> IntArray:
        """Number of samples in each group."""
        return np.diff(self.starts, append=self.n_samples)


def spread_arrivals(
    ordered: OrderedRows, samples: FloatArray | None, unit: str | None, place: str
) -> None:
    """Spread samples evenly that arrived together, and leave out a few that share a stamp.

    Parameters
    ----------
    ordered : OrderedRows
        Rows in order of time; changed in place, with notes.
    samples : ndarray, shape (n_rows, n_channels), or None
        Signals of all rows.
    unit : str or None
        Unit of the stamps, if it is known.
    place : str
        File and column, for messages.

    Raises
    ------
    DataError
        If many samples share a stamp, or come in bursts, and their number does not grow evenly.
    """
    is_shared = np.concatenate([[False], np.diff(ordered.values) == 0])
    n_shared = int(is_shared.sum())
    if n_shared > _TOLERATED_SHARE * len(is_shared):
        elapsed = _elapsed(ordered.values)
        groups = _Groups(np.flatnonzero(~is_shared), elapsed[~is_shared], len(is_shared))
        check_same_stamps(ordered.samples(samples), is_shared, groups.sizes, place)
        _spread_groups(ordered, groups, "{} samples share a stamp", unit, place)
        return
    if n_shared:
        rows = "1 row" if n_shared == 1 else f"{n_shared} rows"
        ordered.notes.append(f"time: {rows} with the stamp of an earlier row, left out")
        ordered.keep(~is_shared)
    check_alternation(ordered.samples(samples), ordered.values, place)
    bursts = _bursts(ordered.values, unit)
    if bursts is not None:
        _spread_groups(ordered, bursts, "samples arrive in bursts of {}", unit, place)


def _spread_groups(
    ordered: OrderedRows, groups: _Groups, found: str, unit: str | None, place: str
) -> None:
    spread = _spread(groups)
    found = found.format(_sizes(groups))
    if spread is None:
        step = usual_step(ordered.values)
        rate = f" {1 / (step * SECONDS[unit]):.4g}, their mean rate" if unit and step else ""
        raise DataError(
            f"{place}: {found}, which are not evenly spaced in time, expected a stamp for each: "
            f"if the samples themselves are evenly spaced, give --rate-hz{rate}"
        )
    ordered.values, ordered.is_estimated = spread, True
    ordered.notes.append(f"time: {found}, spread evenly in time")


def _elapsed(values: StampArray) -> FloatArray:
    """Return differences from the first stamp, which are exact for whole numbers."""
    elapsed: FloatArray = (values - values[0]).astype(np.float64)
    return elapsed


def _bursts(values: StampArray, unit: str | None) -> _Groups | None:
    """Return the bursts in which samples arrive, if they do.

    A sensor that measures for some seconds and rests for some has steps of its own rate.
    """
    step = usual_step(values)
    if unit is None or not step:
        return None
    steps = np.diff(values)
    is_short = steps < _SHORT * step
    if is_short.mean() < _SHORT_SHARE:
        return None
    is_long = steps >= _LONG * step
    if 1 - is_short.mean() - is_long.mean() > _BETWEEN_SHARE:
        return None
    starts = np.concatenate([[0], np.flatnonzero(is_long) + 1])
    if len(starts) < _FEWEST_GROUPS:
        return None
    groups = _Groups(starts, _elapsed(values)[starts], len(values))
    in_burst_s = float(np.median(steps[is_short])) * SECONDS[unit]
    pause_s = float(np.median(np.diff(groups.times))) * SECONDS[unit]
    is_burst = in_burst_s * HIGHEST_UNDECLARED_HZ < 1 or pause_s <= _LONGEST_BURST_S
    return groups if is_burst else None


def _spread(groups: _Groups) -> FloatArray | None:
    """Return times at even distances for all samples; None if arrivals contradict them.

    A stamp may be that of the first sample, as where stamps are whole seconds, or of the last.
    """
    if len(groups.starts) < _FEWEST_GROUPS:
        return None
    step = float(np.median(np.diff(groups.times) / groups.sizes[:-1]))
    interval = float(np.median(np.diff(groups.times)))
    found = [
        _spread_from(groups, anchors, step, interval)
        for anchors in (groups.starts, groups.starts + groups.sizes - 1)
    ]
    spread, off, _ = min(found, key=lambda each: (each[2], float(np.quantile(each[1], 0.95))))
    is_even = (
        np.quantile(off, 0.95) <= _USUALLY_OFF * interval and off.max() <= _MOST_OFF * interval
    )
    return spread if is_even and (np.diff(spread) > 0).all() else None


def _spread_from(
    groups: _Groups, anchors: IntArray, step: float, interval: float
) -> tuple[FloatArray, FloatArray, int]:
    """Return even times for all samples, how far arrivals are off, and the number of parts."""
    spread = np.empty(groups.n_samples)
    off = []
    cuts = [0, *_holes(groups.times, anchors, step, interval), len(anchors)]
    for first, last in itertools.pairwise(cuts):
        end = groups.starts[last] if last < len(anchors) else groups.n_samples
        inside = slice(int(groups.starts[first]), int(end))
        line, residuals = _evenly(anchors[first:last], groups.times[first:last], inside, step)
        spread[inside] = line
        off.append(np.abs(residuals))
    return spread, np.concatenate(off), len(cuts) - 1


def _evenly(
    anchors: IntArray, times: FloatArray, inside: slice, step: float
) -> tuple[FloatArray, FloatArray]:
    """Return even times for the samples of groups without a hole, and what arrivals are off."""
    # The first group may have begun before the file did, and the last end behind it.
    known = slice(1, -1) if len(anchors) > _FEWEST_GROUPS else slice(None)
    at, arrived = anchors[known].astype(np.float64), times[known]
    middle = at.mean()
    if len(at) >= 2 * _N_AROUND:
        slope, level = np.polyfit(at - middle, arrived, 1)
    else:
        slope, level = step, float(np.median(arrived - step * (at - middle)))
    residuals = arrived - (level + slope * (at - middle))
    samples = np.arange(inside.start, inside.stop)
    line = level + slope * (samples - middle)
    if len(at) >= _FEWEST_SMOOTHED:
        # Over hours, a sensor's rate changes a little.
        drift = scipy.ndimage.uniform_filter1d(residuals, _SMOOTHED_GROUPS, mode="nearest")
        line += np.interp(samples, at, drift)
        residuals = residuals - drift
    return line, residuals


def _holes(times: FloatArray, anchors: IntArray, step: float, interval: float) -> list[int]:
    """Return the first groups after lost ones.

    Groups that were held up arrive late, and those behind them in time.
    """
    expected = times - step * anchors
    # The first and the last group may be of any size.
    longest = np.full(len(times) - 1, _HOLE * interval)
    longest[[0, -1]] += interval
    late = np.flatnonzero(np.diff(expected) > longest) + 1
    if len(late) > max(_MOST_HOLES * len(anchors), 2):
        return []
    holes: list[int] = []
    for i in late.tolist():
        before, behind = expected[max(i - _N_AROUND, 0) : i], expected[i : i + _N_AROUND]
        is_lasting = np.median(behind) - np.median(before) > _HOLE * interval
        # Behind a hole, too, the first group may be of any size.
        if is_lasting and (not holes or holes[-1] < i - 1):
            holes.append(i)
    return holes


def _sizes(groups: _Groups) -> str:
    """Return the number of samples in most groups, in words."""
    sizes = groups.sizes[1:-1] if len(groups.starts) > 2 else groups.sizes
    low, high = np.quantile(sizes, [0.05, 0.95]).round().astype(int)
    high = max(high, 2)
    return f"{low}" if low == high else f"{low} to {high}"
