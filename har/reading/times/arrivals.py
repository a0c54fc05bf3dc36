"""Samples that arrived together: packets that share a stamp, and bursts with pauses between.

A sensor measures at even distances, whenever its samples are handed over. So where their number
grows evenly with time, they are spread evenly.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.ndimage import uniform_filter1d

from har.arrays import FloatArray, IntArray
from har.errors import DataError
from har.reading.times.order import OrderedRows
from har.reading.times.steps import usual_step
from har.reading.times.time_units import HIGHEST_UNDECLARED_HZ, SECONDS
from har.reading.times.timestamps import StampArray

_TOLERATED_SHARE = 0.01
# Below, a stamp that is there twice is no packet.
_SMALLEST_MEAN_SIZE = 1.3
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
_MOST_COMPARED_ROWS = 200_000
_MOST_SENSORS = 6


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
    is_shared = np.diff(ordered.values, prepend=ordered.values[:1] - 1) == 0
    n_shared = int(is_shared.sum())
    if n_shared > _TOLERATED_SHARE * len(is_shared):
        groups = _Groups(
            np.flatnonzero(~is_shared), _elapsed(ordered.values)[~is_shared], len(is_shared)
        )
        _refuse_several_sensors(ordered, samples, place)
        spread = _spread(groups) if groups.sizes.mean() >= _SMALLEST_MEAN_SIZE else None
        if spread is None:
            raise _not_even(
                groups, "that share a stamp", _mean_rate_hz(ordered.values, unit), place
            )
        ordered.values, ordered.is_estimated = spread, True
        ordered.notes.append(f"time: {_sizes(groups)} samples share a stamp, spread evenly in time")
        return
    if n_shared:
        rows = "1 row" if n_shared == 1 else f"{n_shared} rows"
        ordered.notes.append(f"time: {rows} with the stamp of an earlier row, left out")
        ordered.keep(~is_shared)
    groups_or_none = _bursts(ordered.values, unit)
    if groups_or_none is not None:
        _refuse_several_sensors(ordered, samples, place)
        spread = _spread(groups_or_none)
        if spread is None:
            rate_hz = _mean_rate_hz(ordered.values, unit)
            raise _not_even(groups_or_none, "in bursts", rate_hz, place)
        ordered.values, ordered.is_estimated = spread, True
        ordered.notes.append(
            f"time: samples arrive in bursts of {_sizes(groups_or_none)}, spread evenly in time"
        )
    elif ordered.n_late > _TOLERATED_SHARE * len(ordered.values):
        _refuse_several_sensors(ordered, samples, place)


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
    """Return times at even distances for all samples; None if arrivals contradict them."""
    starts, times = groups.starts, groups.times
    if len(starts) < _FEWEST_GROUPS:
        return None
    intervals = np.diff(times)
    step = float(np.median(intervals / groups.sizes[:-1]))
    interval = float(np.median(intervals))
    cuts = _holes(groups, step, interval)
    if cuts is None:
        return None
    spread = np.empty(groups.n_samples)
    off = []
    for first, last in zip([0, *cuts], [*cuts, len(starts)], strict=True):
        end = starts[last] if last < len(starts) else groups.n_samples
        inside = slice(int(starts[first]), int(end))
        line, residuals = _evenly(starts[first:last], times[first:last], inside, step)
        spread[inside] = line
        off.append(residuals)
    every = np.abs(np.concatenate(off))
    if np.quantile(every, 0.95) > _USUALLY_OFF * interval or every.max() > _MOST_OFF * interval:
        return None
    return spread if (np.diff(spread) > 0).all() else None


def _evenly(
    starts: IntArray, times: FloatArray, inside: slice, step: float
) -> tuple[FloatArray, FloatArray]:
    """Return even times for the samples of groups without a hole, and what arrivals are off."""
    # The first group may have begun before the file did.
    known = slice(1, None) if len(starts) >= _FEWEST_GROUPS else slice(None)
    at, arrived = starts[known].astype(np.float64), times[known]
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
        drift = uniform_filter1d(residuals, _SMOOTHED_GROUPS, mode="nearest")
        line += np.interp(samples, at, drift)
        residuals = residuals - drift
    return line, residuals


def _holes(groups: _Groups, step: float, interval: float) -> list[int] | None:
    """Return the first groups after lost ones, None if there are too many.

    Groups that were held up arrive late, and those behind them in time.
    """
    expected = groups.times - step * groups.starts
    late = np.flatnonzero(np.diff(expected) > _HOLE * interval) + 1
    if len(late) > max(_MOST_HOLES * len(groups.starts), 1):
        return None
    return [
        int(i)
        for i in late
        if np.median(expected[i : i + _N_AROUND]) - np.median(expected[max(i - _N_AROUND, 0) : i])
        > _HOLE * interval
    ]


def _sizes(groups: _Groups) -> str:
    """Return the number of samples in most groups, in words."""
    sizes = groups.sizes[1:-1] if len(groups.starts) > 2 else groups.sizes
    low, high = np.quantile(sizes, [0.05, 0.95]).round().astype(int)
    return f"{low}" if low == high else f"{low} to {high}"


def _mean_rate_hz(values: StampArray, unit: str | None) -> float | None:
    """Return the mean number of samples a second, without gaps."""
    step = usual_step(values)
    return 1 / (step * SECONDS[unit]) if unit and step else None


def _not_even(groups: _Groups, found: str, rate_hz: float | None, place: str) -> DataError:
    sizes = groups.sizes
    cure = "--rate-hz" if rate_hz is None else f"--rate-hz {rate_hz:.4g}, their mean rate"
    return DataError(
        f"{place}: found samples {found}, {sizes.min()} to {sizes.max()} at a time, not evenly in "
        f"time, expected a stamp for each: if the samples are evenly spaced, give {cure}"
    )


def _refuse_several_sensors(ordered: OrderedRows, samples: FloatArray | None, place: str) -> None:
    """Refuse rows that alternate: each is more like the one n rows away than like the next."""
    if samples is None:
        return
    rows = (
        slice(0, _MOST_COMPARED_ROWS)
        if ordered.rows is None
        else ordered.rows[:_MOST_COMPARED_ROWS]
    )
    compared = samples[rows]
    if len(compared) < 10 * _MOST_SENSORS:
        return
    with np.errstate(invalid="ignore", divide="ignore"):
        to_next = np.nanmean(np.abs(np.diff(compared, axis=0)), axis=0)
        for n_apart in range(2, _MOST_SENSORS + 1):
            apart = np.nanmean(np.abs(compared[n_apart:] - compared[:-n_apart]), axis=0)
            if np.nanmedian(apart / to_next) < 0.5:
                raise DataError(
                    f"{place}: found rows of {n_apart} phones or sensors in turn, expected one: "
                    "give a file to each"
                )
