"""Readings of sensors in a line of a stream: their values, and the stamp of their time."""

from __future__ import annotations

import math
import re
from datetime import datetime, timezone
from typing import Any, NamedTuple

from har.errors import quoted

Stamp = int | float

_DATE = re.compile(
    r"(?:(\d{4})[-/](\d\d)[-/](\d\d)[T ])?(\d\d):(\d\d):(\d\d)(?:[.,:](\d{1,9}))?\s*"
    r"(?:Z|UTC|(?P<sign>[+-])(?P<hours>\d\d):?(?P<minutes>\d\d))?",
    re.IGNORECASE,
)
# Single precision and int64 nanoseconds end at 3e38 and 9e18; nothing that a phone measures does.
_LARGEST_VALUE, _LARGEST_STAMP = 1e30, 1e20


class MalformedLineError(Exception):
    """The reason why a line holds no sample."""


class OtherSensorsError(MalformedLineError):
    """The names in a line, which are those of other sensors only."""


class Sensor(NamedTuple):
    """A sensor as the names in a stream declare it.

    Parameters
    ----------
    kind : str
        ``"acc"``, ``"gyro"``, ``"linear"`` for acceleration without gravity, or ``"gravity"``.
    name : str
        Name in the stream, without its axis.
    unit : str or None
        Declared unit, a key of `ACC_FACTORS` or `GYRO_FACTORS` in `har.reading.units`.
    time_unit : str or None
        Declared unit of its stamps.
    sign : int
        -1 if its acceleration has Apple's signs, else 1.
    """

    kind: str
    name: str
    unit: str | None
    time_unit: str | None
    sign: int


class Reading(NamedTuple):
    """Values that sensors measured at one time.

    Parameters
    ----------
    stamp : int, float or None
        Time in the stream's unit; nanoseconds since 1970 for dates.
    is_date : bool
        True if the stamp was written as a date.
    values : dict of Sensor to list of float
        The three axes of each sensor.
    """

    stamp: Stamp | None
    is_date: bool
    values: dict[Sensor, list[float]]


def number_of(value: Any, name: str) -> float:
    """Return a finite number.

    Parameters
    ----------
    value : object
        Text or a value of JSON.
    name : str
        Its name, for the message.

    Returns
    -------
    float

    Raises
    ------
    MalformedLineError
        If it is none.
    """
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        number = math.nan
    # False for NaN, too.
    if -_LARGEST_VALUE <= number <= _LARGEST_VALUE and value is not True and value is not False:
        return number
    if math.isfinite(number) and abs(number) > _LARGEST_VALUE:
        raise MalformedLineError(f"{name} is too large")
    raise MalformedLineError(f"{name} is no finite number")


def stamp_of(value: Any, name: str) -> tuple[Stamp, bool]:
    """Return a time stamp.

    Parameters
    ----------
    value : object
        Number, text of a number, or a date as in ISO 8601, which is in UTC unless it says more;
        a clock time alone, too.
    name : str
        Its name, for the message.

    Returns
    -------
    stamp : int or float
        The number as it is, or nanoseconds since 1970.
    is_date : bool

    Raises
    ------
    MalformedLineError
        If it is neither.
    """
    is_date = False
    stamp: Stamp | None = value if type(value) in (int, float) else None
    if isinstance(value, str):
        try:
            stamp = float(value) if "." in value or "e" in value else int(value)
        except ValueError:
            stamp = _nanoseconds(value.strip())
            is_date = True
    if stamp is None or stamp != stamp:
        raise MalformedLineError(
            f"{name} is {quoted(value)}, neither a number nor a date as in ISO 8601"
        )
    if abs(stamp) > _LARGEST_STAMP:
        raise MalformedLineError(f"{name} is too large")
    return stamp, is_date


def _nanoseconds(text: str) -> int | None:
    """Return the nanoseconds from 1970 to a date; None if the text is none."""
    date = _DATE.fullmatch(text)
    if date is None:
        return None
    # A clock time without a day counts from 1970 on.
    parts = zip(date.groups()[:6], (1970, 1, 1, 0, 0, 0), strict=True)
    year, month, day, hour, minute, second = (int(part or usual) for part, usual in parts)
    try:
        moment = datetime(year, month, day, hour, minute, second, tzinfo=timezone.utc)
    except ValueError:
        return None
    seconds = round(moment.timestamp())
    if date["sign"]:
        offset_s = 3600 * int(date["hours"]) + 60 * int(date["minutes"])
        seconds -= offset_s if date["sign"] == "+" else -offset_s
    return seconds * 10**9 + int((date[7] or "").ljust(9, "0"))
