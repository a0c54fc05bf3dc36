"""Text of dates and clock times, read as numbers.

Cells are read by their shape, in which each digit counts as 0: a file has a few shapes, and in all
cells of a shape the same numbers stand in the same places. So a day's rows need no loop.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from har.arrays import BoolArray, IntArray, StringArray

NS_IN_S = 1_000_000_000
_MONTHS = {
    **dict(
        zip("jan feb mar apr may jun jul aug sep oct nov dec".split(), range(1, 13), strict=True)
    ),
    **{"mär": 3, "mrz": 3, "mai": 5, "okt": 10, "dez": 12},
}
# How the numbers of a date are arranged; dates of the last two are read once all are known.
YEAR_FIRST, YEAR_LAST, TWO_DIGIT_YEAR = 0, 1, 2
_FORM = 1_000_000_000
NO_DATE = -1
# No recording is a hundred years long; nanoseconds fit into 64 bits.
_MOST_DAYS = 36_500

_NAME = r"[a-zäöüé]{3,10}\.?"
_DATE = (
    r"(?:(?P<y>0000)[-/.] ?(?P<m>00?)[-/.] ?(?P<d>00?)|(?P<y_c>0000)(?P<m_c>00)(?P<d_c>00)"
    r"|(?P<one>00?)[-/.] ?(?P<two>00?)[-/.] ?(?P<three>0000|00)"
    rf"|(?P<d_n>00?)(?:st|nd|rd|th)?[-/. ]+(?P<name>{_NAME})[-/, ]+(?P<y_n>0000)"
    rf"|(?P<name_2>{_NAME})[-/ ]+(?P<d_n2>00?)(?:st|nd|rd|th)?,? +(?P<y_n2>0000))"
)
_JOIN = r"(?:\s*[t_,;@]\s*|\s+-\s+|\s+|[-:])"
_HALF = r"(?:\s?(?P<half>[ap])\.?\s?m\.?)?"
_CLOCK = r"(?P<h>0{1,4}):(?P<min>00?)(?::(?P<s>00?)(?:[.,:](?P<f>0+))?)?" + _HALF
# Other signs between the numbers of a clock time are clear only behind a date.
_CLOCK_BEHIND_DATE = (
    r"(?:(?P<h>00?)(?P<sep>[:.\-_])(?P<min>00?)(?:(?P=sep)(?P<s>00?)(?:[.,:_](?P<f>0+))?)?"
    rf"{_HALF}|(?P<h_c>00)(?P<min_c>00)(?P<s_c>00)(?:[.,_]?(?P<f_c>0+))?)"
)
_ZONE = (
    r"(?:\s?(?:z|(?:utc|gmt)?\s?(?P<sign>[+-])(?P<zone_h>00?)(?::?(?P<zone_min>00))?|[a-z]{3,5}))?"
    r"(?:\s?\[[^\]]*\])?"
)
_WEEKDAY = rf"(?:{_NAME},?\s+|[a-z]{{2}}\.?,?\s+)?"
_FORMS = [
    re.compile(text)
    for text in (
        rf"{_WEEKDAY}{_DATE}{_JOIN}{_CLOCK_BEHIND_DATE}{_ZONE}",
        r"(?P<y_c>0000)(?P<m_c>00)(?P<d_c>00)(?P<h_c>00)(?P<min_c>00)(?P<s_c>00)[.,]?(?P<f_c>0+)?",
        rf"(?:-?(?P<days>0+) days?,? ?)?\+?{_CLOCK}{_ZONE}",
        r"(?P<min>0{1,4}):(?P<s>00)[.,](?P<f>0+)",
        rf"{_WEEKDAY}{_DATE}",
        rf"{_CLOCK}{_ZONE},?\s+{_DATE}",
        # Java's Date.toString and C's ctime.
        rf"{_WEEKDAY}(?P<name>{_NAME})\s+(?P<d_n>00?)\s+{_CLOCK}{_ZONE}\s(?P<y_n>0000)",
    )
]


@dataclass(frozen=True)
class WrittenTimes:
    """Numbers in the text of dates and clock times.

    Parameters
    ----------
    dates : ndarray of int32, shape (n_rows,)
        Numbers of each date, packed as by `pack_date`; `NO_DATE` for a clock time alone.
    clocks : ndarray of int64, shape (n_rows,)
        Nanoseconds since midnight, less the offset of the time zone.
    n_decimals : ndarray of uint8, shape (n_rows,)
        Digits behind the seconds.
    has_hours : ndarray of bool, shape (n_rows,)
        False for minutes and seconds alone.
    has_zone : ndarray of bool, shape (n_rows,)
    is_half_day : ndarray of bool, shape (n_rows,)
        True if AM or PM stood there.
    """

    dates: NDArray[np.int32]
    clocks: NDArray[np.int64]
    n_decimals: NDArray[np.uint8]
    has_hours: BoolArray
    has_zone: BoolArray
    is_half_day: BoolArray


def pack_date(form: int, first: IntArray, second: IntArray, third: IntArray) -> IntArray:
    """Pack the three numbers of a date: the year first if it has four digits, else as written."""
    packed: IntArray = form * _FORM + (first * 100 + second) * 100 + third
    return packed


def unpack_date(packed: IntArray) -> tuple[IntArray, IntArray, IntArray, IntArray]:
    """Return form, first, second and third number of dates."""
    form, numbers = np.divmod(packed, _FORM)
    return form, numbers // 10_000, numbers // 100 % 100, numbers % 100


def read_written_times(cells: StringArray) -> tuple[WrittenTimes, int | None]:
    """Read the text of dates and clock times.

    Parameters
    ----------
    cells : ndarray of str, shape (n_rows,)
        Text without blanks at its ends.

    Returns
    -------
    WrittenTimes
    wrong : int or None
        First cell found that is no date and no clock time.
    """
    n_rows, width = len(cells), max(cells.dtype.itemsize // 4, 1)
    characters = np.ascontiguousarray(np.char.lower(cells)).view(np.uint32).reshape(n_rows, width)
    is_digit = (characters >= ord("0")) & (characters <= ord("9"))
    shapes = np.where(is_digit, np.uint32(ord("0")), characters)
    times = WrittenTimes(
        np.full(n_rows, NO_DATE, np.int32),
        np.zeros(n_rows, np.int64),
        np.zeros(n_rows, np.uint8),
        *(np.zeros(n_rows, np.bool_) for _ in range(3)),
    )
    left = np.arange(n_rows)
    while len(left):
        shape = shapes[left[0]]
        is_same = (shapes[left] == shape).all(axis=1)
        rows, left = left[is_same], left[~is_same]
        text = "".join(map(chr, shape)).rstrip("\0")
        match = next((found for form in _FORMS if (found := form.fullmatch(text))), None)
        if match is None:
            return times, int(rows[0])
        is_wrong = _read_rows(times, rows, _Numbers(characters, rows, match))
        if is_wrong.any():
            return times, int(rows[np.argmax(is_wrong)])
    return times, None


@dataclass(frozen=True)
class _Numbers:
    """The numbers in cells of one shape."""

    characters: NDArray[np.uint32]
    rows: IntArray
    match: re.Match[str]

    def text(self, *names: str) -> str | None:
        """Return the first of some groups that is there."""
        groups = self.match.groupdict()
        return next((groups[name] for name in names if groups.get(name)), None)

    def value(self, *names: str, most_digits: int = 9) -> IntArray:
        """Return the numbers in the first of some groups that is there, else 0."""
        value = np.zeros(len(self.rows), np.int64)
        groups = self.match.groupdict()
        for name in names:
            if groups.get(name):
                start = self.match.start(name)
                for place in range(start, min(self.match.end(name), start + most_digits)):
                    value = value * 10 + (self.characters[self.rows, place].astype(np.int64) - 48)
                break
        return value


def _read_rows(times: WrittenTimes, rows: IntArray, numbers: _Numbers) -> BoolArray:
    """Read cells of one shape, and return which are no times."""
    is_wrong = _read_dates(times, rows, numbers)
    hours, minutes = numbers.value("h", "h_c"), numbers.value("min", "min_c")
    seconds, half = numbers.value("s", "s_c"), numbers.text("half")
    has_hours = numbers.text("min", "min_c") is None or numbers.text("h", "h_c") is not None
    is_wrong |= (seconds > 60) | (numbers.value("days") > _MOST_DAYS)
    if has_hours:
        is_wrong |= minutes > 59
    if half:
        is_wrong |= (hours < 1) | (hours > 12)
        hours = hours % 12 + (12 if half == "p" else 0)
    elif times.dates[rows[0]] != NO_DATE:
        is_wrong |= hours > 24
    decimals = numbers.text("f", "f_c") or ""
    n_decimals = min(len(decimals), 9)
    fraction = numbers.value("f", "f_c") * 10 ** (9 - n_decimals)
    offset_s = (numbers.value("zone_h") * 60 + numbers.value("zone_min")) * 60
    if numbers.text("sign") == "-":
        offset_s = -offset_s
    whole_s = ((numbers.value("days") * 24 + hours) * 60 + minutes) * 60 + seconds - offset_s
    times.clocks[rows] = whole_s * NS_IN_S + fraction
    times.n_decimals[rows] = n_decimals
    times.has_hours[rows] = has_hours
    times.has_zone[rows] = numbers.text("sign") is not None or numbers.match[0].endswith("z")
    times.is_half_day[rows] = half is not None
    return is_wrong


def _read_dates(times: WrittenTimes, rows: IntArray, numbers: _Numbers) -> BoolArray:
    """Read the dates in cells of one shape, and return which are none."""
    if (third := numbers.text("three")) is not None:
        parts = [numbers.value(name) for name in ("one", "two", "three")]
        if len(third) == 4:
            packed = pack_date(YEAR_LAST, parts[2], parts[0], parts[1])
        else:
            packed = pack_date(TWO_DIGIT_YEAR, *parts)
    elif numbers.text("y", "y_c") is not None:
        names = (("y", "y_c"), ("m", "m_c"), ("d", "d_c"))
        packed = pack_date(YEAR_FIRST, *(numbers.value(*each) for each in names))
    elif (name := numbers.text("name", "name_2")) is not None:
        month = _MONTHS.get(name[:3])
        if month is None:
            return np.ones(len(rows), np.bool_)
        year, day = numbers.value("y_n", "y_n2"), numbers.value("d_n", "d_n2")
        packed = pack_date(YEAR_FIRST, year, np.full_like(day, month), day)
    else:
        return np.zeros(len(rows), np.bool_)
    times.dates[rows] = packed
    return np.zeros(len(rows), np.bool_)
