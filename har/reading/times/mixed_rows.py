"""Rows of several phones or sensors in one table, told by their signals.

A signal differs less from one sample to the next than between two sensors: where each row is much
more like the one before the last, or like the one n rows away, rows of n sensors stand in turn.
"""

from __future__ import annotations

import numpy as np

from har.arrays import BoolArray, FloatArray, IntArray
from har.errors import DataError
from har.reading.times.timestamps import StampArray

_MOST_SENSORS = 6
# Shaking may repeat itself after 4 samples or more, but not for long at the same places.
_MOST_WITHOUT_SHAKING = 3
_FEWEST_ROWS = 60
_ALIKE = 0.5
# Rows that do not belong there differ from their neighbours so much more than others do.
_FOREIGN = 3.0
# Steps that alternate do so by this part of the usual step at least.
_UNEVEN_STEPS = 0.1


def check_same_stamps(
    samples: FloatArray | None, is_shared: BoolArray, sizes: IntArray, place: str
) -> None:
    """Refuse rows with the same stamp that are of several phones or sensors.

    Parameters
    ----------
    samples : ndarray, shape (n_compared, n_channels), or None
        Signals of the first rows.
    is_shared : ndarray of bool, shape (n_rows,)
        True for rows with the stamp of the row before.
    sizes : ndarray of int, shape (n_stamps,)
        Number of rows of each stamp.
    place : str
        File and column, for the message.

    Raises
    ------
    DataError
        If they are.
    """
    if samples is None:
        return
    usual = int(np.median(sizes))
    if usual > 1 and _is_in_turn(samples, usual):
        raise _mixed(f"rows of {usual} phones or sensors with the same stamps", place)
    if usual == 1 and len(samples) >= _FEWEST_ROWS:
        is_within = is_shared[1 : len(samples)]
        changes = np.abs(np.diff(samples, axis=0))
        if _median_ratio(changes[is_within], changes[~is_within]) > _FOREIGN:
            raise _mixed(
                f"{int(is_shared.sum())} rows with the stamp of the row above and values of "
                "another sensor",
                place,
            )


def check_alternation(samples: FloatArray | None, values: StampArray, place: str) -> None:
    """Refuse rows whose stamps and values both alternate between several phones or sensors.

    Parameters
    ----------
    samples : ndarray, shape (n_compared, n_channels), or None
        Signals of the first rows.
    values : ndarray, shape (n_rows,)
        Their stamps, increasing.
    place : str
        File and column, for the message.

    Raises
    ------
    DataError
        If they do.
    """
    if samples is None or len(samples) < _FEWEST_ROWS:
        return
    steps = np.diff(values[: len(samples)]).astype(np.float64)
    changes = float(np.mean(np.abs(np.diff(steps))))
    if changes <= _UNEVEN_STEPS * float(np.median(steps)):
        return
    for n_sensors in range(2, _MOST_WITHOUT_SHAKING + 1):
        if _is_in_turn(samples, n_sensors):
            raise _mixed(f"rows of {n_sensors} phones or sensors in turn", place)


def _is_in_turn(samples: FloatArray, n_sensors: int) -> bool:
    """Return whether each row is much more like the one n rows away than like the next."""
    if n_sensors > _MOST_SENSORS or len(samples) < _FEWEST_ROWS:
        return False
    to_next = np.abs(np.diff(samples, axis=0))
    apart = np.abs(samples[n_sensors:] - samples[:-n_sensors])
    is_alike = _median_ratio(apart, to_next) < _ALIKE
    if n_sensors <= _MOST_WITHOUT_SHAKING or not is_alike:
        return is_alike
    levels = np.stack([_means(samples[i::n_sensors]) for i in range(n_sensors)])
    return _median_ratio(np.abs(np.diff(levels, axis=0)), to_next) > _ALIKE


def _means(values: FloatArray) -> FloatArray:
    """Return the mean of each channel without missing values."""
    n_known = np.maximum((~np.isnan(values)).sum(axis=0), 1)
    means: FloatArray = np.nansum(values, axis=0, dtype=np.float64) / n_known
    return means


def _median_ratio(values: FloatArray, others: FloatArray) -> float:
    """Return the median ratio of the channels' means; channels that stand still count as 1."""
    above, below = _means(values), _means(others)
    return float(np.median(np.divide(above, below, out=np.ones_like(above), where=below > 0)))


def _mixed(found: str, place: str) -> DataError:
    return DataError(f"{place}: found {found}, expected one: give a file to each")
