"""Moments: dates and times of day, as people and phones write them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from har.reading.times.calendar_days import day_of
from har.reading.times.dates import NO_DATE, NS_IN_S, read_written_times

DAY_S = 86_400.0


@dataclass(frozen=True)
class Moment:
    """A date and a time of day, or a time of day alone.

    Parameters
    ----------
    clock_s : float
        Seconds since midnight, in UTC if the zone is known.
    day : int or None
        Days since 1970; None without a date.
    is_utc : bool
        True if the zone is known.
    """

    clock_s: float
    day: int | None = None
    is_utc: bool = False

    @classmethod
    def since_1970(cls, seconds: float) -> Moment:
        """Return the moment a number of seconds after the beginning of 1970, in UTC."""
        day, clock_s = divmod(seconds, DAY_S)
        return cls(clock_s, int(day), True)

    def seconds_after(self, earlier: Moment) -> float:
        """Return the seconds from another moment to this one.

        Clocks of unknown zones are taken to agree. If one of the two has no date, the result is
        less than a day and not negative.
        """
        seconds = self.clock_s - earlier.clock_s
        if self.day is None or earlier.day is None:
            return seconds % DAY_S
        return seconds + (self.day - earlier.day) * DAY_S


def parse_moment(text: str, place: str) -> Moment | None:
    """Read a moment.

    Parameters
    ----------
    text : str
        ``2023-11-24T14:05:22.5+01:00``, ``2023-11-24 14:05``, ``24.11.2023 14:05:22,5``,
        ``14:05:22.5`` or ``2:05 PM``: the date may be missing, seconds and zone, too.
    place : str
        Cell, for messages.

    Returns
    -------
    Moment or None
        None if it is no such text.

    Raises
    ------
    DataError
        If the date does not exist, or day and month cannot be told apart.
    """
    times, wrong = read_written_times(np.array([text.strip()], np.str_))
    if wrong is not None or not times.has_hours[0]:
        return None
    clock_s = float(times.clocks[0]) / NS_IN_S
    is_utc = bool(times.has_zone[0])
    if times.dates[0] != NO_DATE:
        return Moment(clock_s, day_of(int(times.dates[0]), place), is_utc)
    return Moment(clock_s, None, is_utc) if -DAY_S <= clock_s < DAY_S else None
