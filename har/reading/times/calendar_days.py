"""Days of dates whose numbers may be read in several ways: 03/04/2023 is in March or in April."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from har.arrays import FloatArray, IntArray
from har.errors import DataError
from har.reading.times.dates import NS_IN_S, TWO_DIGIT_YEAR, YEAR_FIRST, unpack_date

_MONTHS = (
    "January February March April May June July August September October November December".split()
)
# Two-digit years from here on are of the last century.
_FIRST_OLD_YEAR = 70
_LONGEST_STEP_S = 60.0
# 1825 to 2114.
_FURTHEST_DAY = 52_900


@dataclass(frozen=True)
class _Reading:
    """One way to read dates: its name, and the days since 1970; NaN where there is no such day."""

    name: str
    days: FloatArray


def days_of(dates: NDArray[np.int32], clocks: IntArray, place: str) -> tuple[IntArray, str | None]:
    """Return the days that dates mean, if only one way to read them is possible.

    Dates exist, do not go back, and follow from one another as clock times at midnight do.

    Parameters
    ----------
    dates : ndarray of int32, shape (n_rows,)
        Dates as packed by `har.reading.times.dates.pack_date`.
    clocks : ndarray of int64, shape (n_rows,)
        Nanoseconds since midnight.
    place : str
        File and column, for messages.

    Returns
    -------
    days : ndarray of int64, shape (n_rows,)
        Days since 1970.
    reading : str or None
        Order of the numbers, if there are several and it matters which.

    Raises
    ------
    DataError
        If a date does not exist, or two ways to read the dates are possible and differ.
    """
    codes, unique = pd.factorize(dates)
    if len(set(unpack_date(unique.astype(np.int64))[0].tolist())) > 1:
        raise DataError(f"{place}: found dates with the year first and last, expected one order")
    readings = _readings(unique.astype(np.int64))
    possible = [reading for reading in readings if not np.isnan(reading.days).any()]
    if not possible:
        is_wrong = np.isnan([reading.days for reading in readings]).all(axis=0)
        wrong = unique[np.argmax(is_wrong)] if is_wrong.any() else unique[0]
        raise DataError(f"{place}: found {_written(wrong)}, expected dates in one order that exist")
    chosen, is_told = possible[0], False
    if any((np.diff(r.days - chosen.days) != 0).any() for r in possible):
        chosen, is_told = _best_reading(possible, codes, clocks, unique, place), True
    elif len(possible) == 1 and len(readings) > 1:
        is_told = True
    return chosen.days.astype(np.int64)[codes], chosen.name if is_told else None


def day_of(date: int, place: str) -> int:
    """Return the day that a single date means, in days since 1970.

    Parameters
    ----------
    date : int
        Date as packed by `har.reading.times.dates.pack_date`.
    place : str
        Cell, for messages.

    Raises
    ------
    DataError
        If the date does not exist, or its day and month cannot be told apart.
    """
    possible = [r for r in _readings(np.array([date])) if not np.isnan(r.days[0])]
    if len({float(reading.days[0]) for reading in possible}) != 1:
        found = " or ".join(f"{reading.name}" for reading in possible) or "none that exists"
        raise DataError(
            f"{place}: found {_written(date)}, expected one day: found {found}; "
            "write it as 2023-11-24"
        )
    return int(possible[0].days[0])


def _readings(dates: IntArray) -> list[_Reading]:
    """Return the ways to read dates."""
    form, first, second, third = unpack_date(dates)
    year = np.where(form == TWO_DIGIT_YEAR, _whole_year(third), first)
    day_month = np.where(form == TWO_DIGIT_YEAR, first, second)
    month_day = np.where(form == TWO_DIGIT_YEAR, second, third)
    if (form == YEAR_FIRST).all():
        return [_Reading("year first", _days(first, second, third))]
    readings = [
        _Reading("day first", _days(year, month_day, day_month)),
        _Reading("month first", _days(year, day_month, month_day)),
    ]
    if (form == TWO_DIGIT_YEAR).all():
        readings.append(_Reading("year first", _days(_whole_year(first), second, third)))
    return readings


def _whole_year(year: IntArray) -> IntArray:
    whole: IntArray = year + np.where(year < _FIRST_OLD_YEAR, 2000, 1900)
    return whole


def _days(year: IntArray, month: IntArray, day: IntArray) -> FloatArray:
    """Return days since 1970, NaN for dates that do not exist or lie centuries away."""
    parts = pd.DataFrame({"year": year, "month": month, "day": day})
    dates = pd.to_datetime(parts, errors="coerce")
    days = dates.to_numpy().astype("datetime64[D]").astype(np.float64)
    # Not a time is the smallest number, and centuries from now end in no 64 bits of nanoseconds.
    return np.where(np.abs(days) <= _FURTHEST_DAY, days, np.nan)


def _best_reading(
    possible: list[_Reading], codes: IntArray, clocks: IntArray, unique: IntArray, place: str
) -> _Reading:
    """Return the one reading whose dates do not go back, or whose midnights leave no gap."""
    forward = [reading for reading in possible if (np.diff(reading.days) >= 0).all()]
    if len(forward) == 1:
        return forward[0]
    changes = np.flatnonzero(np.diff(codes))
    steps_s = np.diff(clocks)[changes] / NS_IN_S
    n_continuous = []
    for reading in forward or possible:
        days = np.diff(reading.days[codes])[changes]
        n_continuous.append(int((np.abs(days * 86_400 + steps_s) <= _LONGEST_STEP_S).sum()))
    best = max(n_continuous)
    if n_continuous.count(best) == 1:
        return (forward or possible)[n_continuous.index(best)]
    date = next(code for code in range(len(unique)) if len({r.days[code] for r in possible}) > 1)
    found = " or ".join(_in_words(reading.days[date]) for reading in (forward or possible))
    raise DataError(
        f"{place}: found {_written(unique[date])}, which could be {found}, expected dates of one "
        "meaning: write them with the year first, as 2023-12-31"
    )


def _in_words(day: float) -> str:
    date = pd.Timestamp(0) + pd.Timedelta(days=day)
    return f"{date.day} {_MONTHS[date.month - 1]} {date.year}"


def _written(packed: int) -> str:
    form, first, second, third = (int(part) for part in unpack_date(np.asarray(packed)))
    if form == YEAR_FIRST:
        return f"the date {first:04}-{second:02}-{third:02}"
    if form == TWO_DIGIT_YEAR:
        return f"the date {first:02}/{second:02}/{third:02}"
    return f"the date {second:02}/{third:02}/{first:04}"
