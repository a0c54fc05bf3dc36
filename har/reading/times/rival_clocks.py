"""Several columns of time in one table: those that agree are one clock, of which one is taken."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from har.arrays import FloatArray
from har.errors import DataError
from har.reading.times.clock import Clock, read_clock
from har.reading.times.time_units import SECONDS
from har.reading.times.timestamps import Stamps

# Time that passes in so many rows is compared.
_ROWS_COMPARED = 50
# Differences for which arrival and system account: so much of the time, and so many seconds.
_OFF_SHARE, _OFF_S = 0.02, 0.1
_TOTAL_OFF_SHARE, _TOTAL_OFF_S = 0.01, 0.5
_AGREEING_SHARE = 0.9
_ROWS_LOOKED_AT = 1000


@dataclass(frozen=True)
class TimeColumn:
    """A column of time.

    Parameters
    ----------
    name : str
        Name for notes and messages.
    stamps : Stamps
    declared : str or None
        Unit of numbers, if the user or the heading declares it.
    """

    name: str
    stamps: Stamps
    declared: str | None


def choose_clock(columns: Sequence[TimeColumn], samples: FloatArray | None, place: str) -> Clock:
    """Read the columns of time, and return the finest if they agree.

    Parameters
    ----------
    columns : sequence of TimeColumn
        At least one.
    samples : ndarray, shape (n_rows, n_channels), or None
        Signals, as for `har.reading.times.clock.read_clock`.
    place : str
        File, for messages.

    Returns
    -------
    Clock

    Raises
    ------
    DataError
        If no column is a clock, or two contradict each other.
    """
    clocks: list[tuple[TimeColumn, Clock]] = []
    errors: list[DataError] = []
    for column in columns:
        try:
            clock = read_clock(column.stamps, samples, column.declared, column.name, place)
        except DataError as error:
            errors.append(error)
        else:
            clocks.append((column, clock))
    if not clocks:
        raise errors[0]
    taken, clock = min(clocks, key=lambda pair: (pair[1].is_estimated, _resolution_s(*pair)))
    notes = list(clock.notes)
    others = [column.name for column, _ in clocks if column is not taken]
    for column, other in clocks:
        if column is not taken and not _agree(clock, other, len(column.stamps.values)):
            raise DataError(
                f"{place}: found two times, {taken.name} ({clock.ticks.rate_hz:.4g} Hz) and "
                f"{column.name} ({other.ticks.rate_hz:.4g} Hz), that contradict each other, "
                "expected one: say which by --columns time=…"
            )
    if others:
        notes.append(f"time: {' and '.join(others)} left out, as it says the same")
    no_clocks = [c.name for c in columns if all(c is not column for column, _ in clocks)]
    if no_clocks:
        notes.append(f"time: {' and '.join(no_clocks)} left out, as it is no clock")
    return replace(clock, notes=tuple(notes))


def _resolution_s(column: TimeColumn, clock: Clock) -> float:
    """Return the smallest difference that the first stamps can show, in seconds."""
    stamps = column.stamps
    values = stamps.values[~stamps.is_missing()][:_ROWS_LOOKED_AT]
    one_s = SECONDS[clock.unit]
    if values.dtype.kind == "i":
        return float(np.gcd.reduce(np.diff(values))) * one_s
    for n_decimals in range(10):
        rounded = np.round(values, n_decimals)
        if (np.abs(values - rounded) <= 4 * np.spacing(np.abs(values).max())).all():
            return one_s * 10.0**-n_decimals
    return one_s * float(np.spacing(np.abs(values).max()))


def _agree(one: Clock, other: Clock, n_rows: int) -> bool:
    """Return whether two clocks show the same time passing, but for gaps that one cannot know."""
    first, second = _by_row(one, n_rows), _by_row(other, n_rows)
    both = np.flatnonzero(~np.isnan(first) & ~np.isnan(second))
    at = both[:: max(min(_ROWS_COMPARED, len(both) // 4), 1)]
    if len(at) < 2:
        return False
    passed, passed_other = np.diff(first[at]), np.diff(second[at])
    coarse_s = max(one.coarseness_s, other.coarseness_s)
    off = np.abs(passed - passed_other)
    is_same = off <= _OFF_S + coarse_s + _OFF_SHARE * np.abs(passed)
    total = float(np.abs(np.sum((passed - passed_other)[is_same])))
    most = _TOTAL_OFF_S + coarse_s + _TOTAL_OFF_SHARE * float(np.sum(np.abs(passed)[is_same]))
    return bool(is_same.mean() >= _AGREEING_SHARE) and total <= most


def _by_row(clock: Clock, n_rows: int) -> FloatArray:
    """Return the second of each row of the file, NaN for rows that are left out."""
    if clock.rows is None:
        return clock.ticks.seconds
    seconds = np.full(n_rows, np.nan)
    seconds[clock.rows] = clock.ticks.seconds
    return seconds
