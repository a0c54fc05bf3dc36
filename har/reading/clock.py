"""Time stamps: their unit, order, rate, jitter and gaps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from har.errors import DataError
from har.signals import FloatArray, IntArray

SECONDS = {"s": 1.0, "ms": 1e-3, "us": 1e-6, "ns": 1e-9}
NAMES = {"s": "seconds", "ms": "milliseconds", "us": "microseconds", "ns": "nanoseconds"}
LOWEST_RATE_HZ, HIGHEST_RATE_HZ = 10.0, 1000.0
_SPELLINGS = {"µs": "us", "μs": "us", "sec": "s"} | {name: unit for unit, name in NAMES.items()}
# A second is a thousand milliseconds, so 2 s and 2 ms apart look alike; sensors of phones and
# watches end at 400 Hz, and what is slower than 0.4 Hz no one takes for movement.
_HIGHEST_UNDECLARED_HZ = 400.0
# Time since 1970 between 2001 and 2065.
_EPOCH_S = (1e9, 3e9)
_TOLERATED_SHARE = 0.01
# Samples may be missing for so long, and are then interpolated.
LONGEST_HOLE_S = 0.1

StampArray = NDArray[Any]


@dataclass(frozen=True)
class Ticks:
    """When samples were taken.

    Parameters
    ----------
    seconds : ndarray of float64, shape (n_timesteps,)
        From the first sample; strictly increasing.
    rate_hz : float
        One over the median step.
    jitter_s : float
        95 % of the steps differ less from the median step; gaps count as none.
    """

    seconds: FloatArray
    rate_hz: float
    jitter_s: float

    @property
    def longest_step_s(self) -> float:
        """A step that is longer is a gap."""
        return max(LONGEST_HOLE_S * 1.000001, 1.5 / self.rate_hz)

    def stretch_starts(self) -> IntArray:
        """Find the first samples of all stretches, which are those after a gap, and sample 0."""
        gaps = np.flatnonzero(np.diff(self.seconds) > self.longest_step_s) + 1
        return np.concatenate([[0], gaps])


def time_unit_named(text: str, place: str) -> str:
    """Find the unit of time that a user or a heading means.

    Parameters
    ----------
    text : str
        As written.
    place : str
        The file and heading, or the argument, for the message.

    Returns
    -------
    str
        A key of `SECONDS`.

    Raises
    ------
    DataError
        If it is none of them.
    """
    name = _SPELLINGS.get(text.strip().lower(), text.strip().lower())
    if name not in SECONDS:
        raise DataError(f"{place}: found unit {text!r}, expected one of {', '.join(SECONDS)}")
    return name


def check_rate(rate_hz: float, place: str) -> None:
    """Refuse a rate at which movement is not recorded.

    Parameters
    ----------
    rate_hz : float
        Samples per second; clocks may be 0.1 % off.
    place : str
        Where it comes from, for the message.

    Raises
    ------
    DataError
        If it is not within 10 to 1000 Hz.
    """
    if not LOWEST_RATE_HZ / 1.001 <= rate_hz <= HIGHEST_RATE_HZ * 1.001:
        raise DataError(
            f"{place}: found {rate_hz:.4g} samples a second, "
            f"expected {LOWEST_RATE_HZ:.0f} to {HIGHEST_RATE_HZ:.0f}"
        )


def regular_ticks(n_samples: int, rate_hz: float) -> Ticks:
    """Make the ticks of samples that came without time stamps."""
    return Ticks(np.arange(n_samples) / rate_hz, rate_hz, 0.0)


def stamps_of(column: pd.Series[Any], place: str) -> StampArray:
    """Take numbers as they are, and dates as nanoseconds.

    Parameters
    ----------
    column : Series
        Numbers, dates, or text of dates as in ISO 8601.
    place : str
        The file and column, for the message.

    Returns
    -------
    ndarray of int64 or float64, or of datetime64[ns]
        Not a time, or NaN, where a cell is empty.

    Raises
    ------
    DataError
        If a cell is neither.
    """
    if pd.api.types.is_datetime64_any_dtype(column):
        dates = pd.to_datetime(column, utc=True)
    elif pd.api.types.is_numeric_dtype(column) and column.dtype.kind in "iuf":
        dtype = np.float64 if column.dtype.kind == "f" else np.int64
        # A copy, for a view would keep all columns of the block in memory.
        numbers: StampArray = column.to_numpy(dtype, copy=True)
        return numbers
    else:
        dates = pd.to_datetime(column, utc=True, format="ISO8601", errors="coerce")
        wrong = np.flatnonzero(dates.isna() & column.notna())
        if len(wrong):
            raise DataError(
                f"{place}, row {column.index[wrong[0]] + 1}: found {str(column.iloc[wrong[0]])!r}, "
                "expected a number or a date as in ISO 8601"
            )
    stamps: StampArray = dates.dt.tz_convert(None).to_numpy("datetime64[ns]")
    return stamps


def unit_of(stamps: StampArray, place: str) -> str:
    """Tell the unit of time stamps from their size and their median step.

    Parameters
    ----------
    stamps : ndarray of int64 or float64
        Without gaps in the mathematical sense: no NaN.
    place : str
        The file and column, for the message.

    Returns
    -------
    str
        A key of `SECONDS`.

    Raises
    ------
    DataError
        If no unit gives a plausible rate, or it could be two.
    """
    step, size = _median_step(stamps), float(np.median(stamps))
    if step == 0:
        raise DataError(f"{place}: found the same stamp in most rows, expected them to increase")
    since_1970 = {u for u, one in SECONDS.items() if _EPOCH_S[0] <= size * one <= _EPOCH_S[1]}
    for unit, one in SECONDS.items():
        is_sure = unit == "s" or unit in since_1970
        highest = HIGHEST_RATE_HZ if is_sure else _HIGHEST_UNDECLARED_HZ
        if LOWEST_RATE_HZ <= 1.001 / (step * one) and 1 / (step * one) <= highest * 1.001:
            return unit
    if since_1970:
        return since_1970.pop()
    raise DataError(
        f"{place}: found steps of {step:g} in no known unit, expected 10 to 1000 samples a second: "
        "give time_unit (s, ms, us, ns) or rate_hz"
    )


def _median_step(stamps: StampArray) -> float:
    steps = np.diff(stamps)
    forward = steps[steps > 0]
    return float(np.median(forward)) if len(forward) else 0.0


def rows_in_order(stamps: StampArray, place: str) -> tuple[IntArray | None, list[str]]:
    """Leave out rows without a stamp, sort a few that came late, and drop a few that came twice.

    Parameters
    ----------
    stamps : ndarray
        Numbers in any unit, or dates.
    place : str
        The file and column, for messages.

    Returns
    -------
    rows : ndarray of int or None
        The rows to keep, in order; None means all as they are.
    notes : list of str

    Raises
    ------
    DataError
        If more than 1 % of the stamps are missing, out of order, or repeat.
    """
    # NaN and not-a-time are neither before nor after anything.
    if (stamps[1:] > stamps[:-1]).all():
        return None, []
    rows = np.flatnonzero(~pd.isna(stamps))
    notes = _tolerated(pd.isna(stamps), place, "no stamp", "left out", "one in each")
    stamps = stamps[rows]
    is_late = stamps < np.maximum.accumulate(stamps)
    notes += _tolerated(
        is_late, place, "a stamp before the one above", "sorted by time", "them to increase", rows
    )
    order = np.argsort(stamps, kind="stable")
    rows, stamps = rows[order], stamps[order]
    is_repeat = np.concatenate([[False], stamps[1:] == stamps[:-1]])
    notes += _tolerated(
        is_repeat,
        place,
        "the stamp of an earlier row",
        "left out",
        "each once; if the samples are evenly spaced, give rate_hz",
        rows,
    )
    return rows[~is_repeat], notes


def _tolerated(
    is_odd: NDArray[np.bool_],
    place: str,
    found: str,
    remedy: str,
    expected: str,
    rows: IntArray | None = None,
) -> list[str]:
    """Note a remedy for a few odd rows, and refuse many."""
    n_odd = int(is_odd.sum())
    if n_odd > _TOLERATED_SHARE * len(is_odd):
        first = int(np.argmax(is_odd))
        row = (first if rows is None else int(rows[first])) + 1
        raise DataError(
            f"{place}, row {row}: found {found}, as in {n_odd} of {len(is_odd)} rows, "
            f"expected {expected}"
        )
    return [f"time: {n_odd} {_rows(n_odd)} with {found}, {remedy}"] if n_odd else []


def _rows(number: int) -> str:
    return "row" if number == 1 else "rows"


def measure(stamps: StampArray, unit: str, place: str) -> Ticks:
    """Measure the rate and jitter of increasing stamps.

    Parameters
    ----------
    stamps : ndarray of int64 or float64
        Strictly increasing.
    unit : str
        A key of `SECONDS`.
    place : str
        The file and column, for the message.

    Returns
    -------
    Ticks

    Raises
    ------
    DataError
        If the rate is below 10 Hz or above 1000 Hz.
    """
    # The difference of integers is exact, whatever their size.
    seconds = (stamps - stamps[0]) * SECONDS[unit]
    steps = np.diff(seconds)
    step = float(np.median(steps))
    check_rate(1 / step, f"{place} (in {NAMES[unit]})")
    # In place, as a day has millions of steps; gaps are no jitter.
    steps[steps > max(LONGEST_HOLE_S, 1.5 * step)] = step
    steps -= step
    np.abs(steps, out=steps)
    return Ticks(seconds, 1 / step, float(np.quantile(steps, 0.95, overwrite_input=True)))


def read_clock(
    stamps: StampArray, declared: str | None, column: str, place: str
) -> tuple[Ticks, IntArray | None, list[str]]:
    """Turn the stamps of a file into seconds, and say what was done.

    Parameters
    ----------
    stamps : ndarray
        Numbers or dates, as in the file.
    declared : str or None
        Their unit, if the user or the heading says it.
    column : str
        The column, for notes and messages.
    place : str
        The file, for messages.

    Returns
    -------
    ticks : Ticks
    rows : ndarray of int or None
        The rows that they belong to; None means all.
    notes : list of str

    Raises
    ------
    DataError
        If the stamps are no time, or of no usable rate.
    """
    place = f"{place}, {column}"
    if stamps.dtype.kind == "f" and np.isinf(stamps).any():
        row = int(np.argmax(np.isinf(stamps))) + 1
        raise DataError(f"{place}, row {row}: found an infinite stamp, expected a time")
    rows, notes = rows_in_order(stamps, place)
    stamps = stamps if rows is None else stamps[rows]
    if len(stamps) < 2:
        raise DataError(f"{place}: found {len(stamps)} usable stamps, expected at least 2")
    if stamps.dtype.kind == "M":
        unit, evidence = "ns", "as dates"
        stamps = stamps.astype(np.int64)
    elif declared:
        unit, evidence = declared, f"in {NAMES[declared]}"
    else:
        unit = unit_of(stamps, place)
        evidence = f"taken to be in {NAMES[unit]}"
    ticks = measure(stamps, unit, place)
    jitter = f"jitter {ticks.jitter_s * 1000:.1f} ms (95 %)"
    return ticks, rows, [f"time: {column} {evidence}, {ticks.rate_hz:.4g} Hz, {jitter}", *notes]
