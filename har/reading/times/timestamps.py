"""Time stamps: numbers or dates, their unit, and their order."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from har.arrays import BoolArray, IntArray
from har.errors import DataError

StampArray = NDArray[Any]

SECONDS = {"s": 1.0, "ms": 1e-3, "us": 1e-6, "ns": 1e-9}
NAMES = {"s": "seconds", "ms": "milliseconds", "us": "microseconds", "ns": "nanoseconds"}
_SPELLINGS = {"µs": "us", "μs": "us", "sec": "s"} | {name: unit for unit, name in NAMES.items()}

LOWEST_RATE_HZ, HIGHEST_RATE_HZ = 10.0, 1000.0
# Clocks may be off by this factor.
RATE_TOLERANCE = 1.001
# A second is a thousand milliseconds, so 2 s and 2 ms apart look alike; sensors of phones and
# watches end at 400 Hz, and movement is not recorded below 0.4 Hz.
_HIGHEST_UNDECLARED_HZ = 400.0
# Time since 1970 between 2001 and 2065.
_EPOCH_S = (1e9, 3e9)
_TOLERATED_SHARE = 0.01


def time_unit_named(text: str, place: str) -> str:
    """Return the unit of time that a user or a heading names.

    Parameters
    ----------
    text : str
        Unit as written.
    place : str
        File and heading, or argument, for the message.

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


def stamps_of(column: pd.Series[Any], place: str) -> StampArray:
    """Read a column of time stamps: numbers as they are, dates in nanoseconds.

    Parameters
    ----------
    column : Series
        Numbers, dates, or text of dates as in ISO 8601.
    place : str
        File and column, for the message.

    Returns
    -------
    ndarray of int64 or float64, or of datetime64[ns]
        Empty cells are NaN, or not a time.

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
        copied: StampArray = column.to_numpy(dtype, copy=True)
        return copied
    else:
        column = column.astype(object)
        dates = pd.to_datetime(column, utc=True, format="ISO8601", errors="coerce")
        numbers = pd.to_numeric(column, errors="coerce")
        read = numbers if numbers.count() > dates.count() else dates
        wrong = np.flatnonzero(read.isna() & column.notna())
        if len(wrong):
            raise DataError(
                f"{place}, row {column.index[wrong[0]] + 1}: found {str(column.iloc[wrong[0]])!r}, "
                "expected a number or a date as in ISO 8601"
            )
        if read is numbers:
            return stamps_of(numbers, place)
    stamps: StampArray = dates.dt.tz_convert(None).to_numpy("datetime64[ns]")
    return stamps


def time_unit_of(stamps: StampArray, place: str) -> str:
    """Infer the unit of time stamps from their size and their median step.

    Parameters
    ----------
    stamps : ndarray of int64 or float64
        Stamps without NaN.
    place : str
        File and column, for the message.

    Returns
    -------
    str
        A key of `SECONDS`.

    Raises
    ------
    DataError
        If no unit gives a plausible rate, or it could be two.
    """
    steps = np.diff(stamps)
    forward = steps[steps > 0]
    if not len(forward):
        raise DataError(f"{place}: found the same stamp in most rows, expected them to increase")
    step, size = float(np.median(forward)), float(np.median(stamps))
    since_1970 = {u for u, one in SECONDS.items() if _EPOCH_S[0] <= size * one <= _EPOCH_S[1]}
    for unit, one in SECONDS.items():
        is_sure = unit == "s" or unit in since_1970
        highest = HIGHEST_RATE_HZ if is_sure else _HIGHEST_UNDECLARED_HZ
        if LOWEST_RATE_HZ / RATE_TOLERANCE <= 1 / (step * one) <= highest * RATE_TOLERANCE:
            return unit
    if since_1970:
        return since_1970.pop()
    raise DataError(
        f"{place}: found steps of {step:g} in no known unit, expected 10 to 1000 samples a second: "
        "give time_unit (s, ms, us, ns) or rate_hz"
    )


def rows_in_order(stamps: StampArray, place: str) -> tuple[IntArray | None, list[str]]:
    """Leave out rows without a stamp, sort a few that came late, and drop a few that came twice.

    Parameters
    ----------
    stamps : ndarray
        Numbers in any unit, or dates.
    place : str
        File and column, for messages.

    Returns
    -------
    rows : ndarray of int or None
        Rows to keep, in order; None means all as they are.
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
    is_odd: BoolArray,
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
    rows_in_words = "1 row" if n_odd == 1 else f"{n_odd} rows"
    return [f"time: {rows_in_words} with {found}, {remedy}"] if n_odd else []
