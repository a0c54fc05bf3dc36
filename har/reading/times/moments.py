"""Moments: dates and times of day, as people and phones write them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

DAY_S = 86_400.0

_DATE = r"(?:(?P<year>\d{4})[-/.](?P<month>\d{1,2})[-/.](?P<day>\d{1,2})"
_DOTTED = r"|(?P<first>\d{1,2})\.(?P<second>\d{1,2})\.(?P<last>\d{4}))"
_CLOCK = r"(?P<h>\d{1,2}):(?P<m>\d{2})(?::(?P<s>\d{2}(?:[.,:]\d{1,9})?))?\s*(?P<half>[ap]\.?m\.?)?"
_ZONE = r"(?P<zone>z|utc|gmt|[-+]\d{2}(?::?\d{2})?)?"
_MOMENT = re.compile(rf"(?:{_DATE}{_DOTTED}(?:\s*,\s*|\s+|t))?{_CLOCK}\s*{_ZONE}", re.I | re.ASCII)


@dataclass(frozen=True)
class Moment:
    """A date and a time of day, or a time of day alone.

    Parameters
    ----------
    clock_s : float
        Seconds since midnight.
    day : int or None
        Days since 1970; None without a date.
    ahead_s : float or None
        Seconds by which the clock is ahead of UTC; None if that is not known.
    """

    clock_s: float
    day: int | None = None
    ahead_s: float | None = None

    @classmethod
    def since_1970(cls, seconds: float) -> Moment:
        """Return the moment a number of seconds after the beginning of 1970, in UTC."""
        day, clock_s = divmod(seconds, DAY_S)
        return cls(clock_s, int(day), 0.0)

    def seconds_after(self, earlier: Moment) -> float:
        """Return the seconds from another moment to this one.

        Clocks of unknown zones are taken to agree. If one of the two has no date, the result is
        less than a day and not negative.
        """
        seconds = self.clock_s - earlier.clock_s
        if self.ahead_s is not None and earlier.ahead_s is not None:
            seconds -= self.ahead_s - earlier.ahead_s
        if self.day is None or earlier.day is None:
            return seconds % DAY_S
        return seconds + (self.day - earlier.day) * DAY_S


def parse_moment(text: str) -> Moment | None:
    """Read a moment.

    Parameters
    ----------
    text : str
        ``2023-11-24T14:05:22.5+01:00``, ``2023-11-24 14:05``, ``24.11.2023 14:05:22,5``,
        ``14:05:22.5`` or ``2:05 PM``: the date may be missing, seconds and zone, too.

    Returns
    -------
    Moment or None
        None if it is no such text.
    """
    match = _MOMENT.fullmatch(text.strip())
    if match is None:
        return None
    hour, minute = int(match["h"]), int(match["m"])
    second = float(re.sub("[,:]", ".", match["s"] or "0"))
    if match["half"]:
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + (12 if match["half"][0] in "pP" else 0)
    if hour > 23 or minute > 59 or second >= 60:
        return None
    try:
        day = _day(match)
    except ValueError:
        return None
    return Moment(hour * 3600 + minute * 60 + second, day, _ahead_s(match["zone"]))


def _day(match: re.Match[str]) -> int | None:
    """Return the days since 1970 of a date, which has its year first or last."""
    if match["year"]:
        found = date(int(match["year"]), int(match["month"]), int(match["day"]))
    elif match["last"]:
        found = date(int(match["last"]), int(match["second"]), int(match["first"]))
    else:
        return None
    return (found - date(1970, 1, 1)).days


def _ahead_s(zone: str | None) -> float | None:
    if not zone:
        return None
    if zone[0] not in "-+":
        return 0.0
    minutes = int(zone[1:3]) * 60 + int(zone[3:].strip(":") or 0)
    return (-60.0 if zone[0] == "-" else 60.0) * minutes
