"""Time stamps: a column of numbers or of text, read block by block."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from har.arrays import BoolArray, IntArray, StringArray
from har.errors import DataError, parsing, quoted
from har.reading.times.calendar_days import days_of
from har.reading.times.cells import are_packed_dates, numbers_in, say_nothing, text_of
from har.reading.times.dates import NO_DATE, NS_IN_S, WrittenTimes, read_written_times

StampArray = NDArray[Any]

# The place of an empty cell among whole numbers, as NumPy has it among dates.
MISSING = np.iinfo(np.int64).min
_DAY_NS = 86_400 * NS_IN_S
# Nanoseconds of 146 years since 1970: differences of such numbers fit into 64 bits.
_LARGEST = 2**62


@dataclass(frozen=True)
class Stamps:
    """The time stamps of a recording.

    Parameters
    ----------
    values : ndarray of int64 or float64, shape (n_rows,)
        Numbers as in the file, or nanoseconds; `MISSING` or NaN where a cell is empty.
    unit : str or None
        Unit, if the form of the stamps shows it.
    evidence : str
        Description of the form, for notes.
    period : float or None
        Difference after which a clock time begins anew, in the unit of the values.
    is_date : bool
        True if stamps say a day, so that any two of them can be compared.
    is_local : bool
        True if an hour may be left out or come twice, as summer time begins or ends.
    """

    values: StampArray
    unit: str | None = None
    evidence: str = ""
    period: float | None = None
    is_date: bool = False
    is_local: bool = False

    def is_missing(self) -> BoolArray:
        """Return which stamps are missing."""
        missing: BoolArray = (
            np.isnan(self.values) if self.values.dtype.kind == "f" else self.values == MISSING
        )
        return missing


@dataclass
class StampReader:
    """A reader of one column of time stamps, to which blocks of rows are given one by one.

    What a date such as 03/04/2023 means may show a million rows later.

    Parameters
    ----------
    place : str
        File and column, for messages.
    """

    place: str
    _numbers: list[StampArray] = field(default_factory=list)
    _texts: list[WrittenTimes] = field(default_factory=list)
    _missing: list[BoolArray] = field(default_factory=list)
    _has_dates: bool = False

    def add(self, column: pd.Series[Any], dates: pd.Series[Any] | None = None) -> None:
        """Read the next rows.

        Parameters
        ----------
        column : Series
            Numbers, dates, clock times, or text of any.
        dates : Series, optional
            Dates beside clock times.

        Raises
        ------
        DataError
            If a cell is no time.
        """
        if pd.api.types.is_datetime64_any_dtype(column):
            # Through UTC, whatever the time zone of the column.
            self._has_dates = True
            with parsing(self.place, "dates between 1678 and 2262"):
                utc = pd.to_datetime(column, utc=True).dt.tz_convert(None)
                self._numbers.append(utc.dt.as_unit("ns").to_numpy().astype(np.int64))
        elif pd.api.types.is_timedelta64_dtype(column):
            self._has_dates = True
            with parsing(self.place, "times of less than 292 years"):
                self._numbers.append(column.dt.as_unit("ns").to_numpy().astype(np.int64))
        elif column.dtype.kind in "iuf":
            self._add_numbers(column)
        else:
            self._add_cells(column, dates)
        if self._numbers and self._texts:
            raise DataError(f"{self.place}: found dates and numbers, expected one or the other")

    def _add_numbers(self, column: pd.Series[Any]) -> None:
        if column.dtype.kind != "f" and are_packed_dates(column.to_numpy()):
            text = column.astype(str).to_numpy(np.str_)
            self._add_text(text, np.zeros(len(text), np.bool_), column)
            return
        is_whole = column.dtype.kind != "f" and not column.hasnans
        whole = np.uint64 if column.dtype.kind == "u" else np.int64
        # A copy, for a view would keep all columns of the block in memory.
        values = column.to_numpy(whole if is_whole else np.float64, copy=True)
        self._numbers.append(_without_impossible(values))

    def _add_cells(self, column: pd.Series[Any], dates: pd.Series[Any] | None) -> None:
        """Read cells that are no numbers: text, or objects whose text says a time."""
        cells = text_of(column)
        is_missing = say_nothing(cells)
        if is_missing.all():
            # Nothing shows yet whether numbers or text follow.
            if self._texts:
                self._add_text(cells, is_missing, column)
            else:
                self._numbers.append(np.full(len(cells), np.nan))
            return
        if self._texts:
            self._add_text(_with_dates(cells, dates), is_missing, column)
            return
        numbers, is_number = numbers_in(cells, is_missing)
        n_numbers = int(is_number.sum())
        if 2 * n_numbers < int((~is_missing).sum()):
            self._drop_empty_numbers()
            self._add_text(_with_dates(cells, dates), is_missing, column)
        elif (is_number | is_missing).all():
            self._add_numbers(numbers)
        else:
            raise self._wrong(column, int(np.argmin(is_number | is_missing)))

    def _drop_empty_numbers(self) -> None:
        """Take blocks without any stamp, read as numbers, for text without a stamp."""
        if self._numbers and all(np.isnan(block).all() for block in self._numbers):
            for block in self._numbers:
                missing = np.ones(len(block), np.bool_)
                self._texts.append(_no_times(len(block)))
                self._missing.append(missing)
            self._numbers.clear()

    def _add_text(self, cells: StringArray, is_missing: BoolArray, column: pd.Series[Any]) -> None:
        there = np.flatnonzero(~is_missing)
        times, wrong = read_written_times(cells[there])
        if wrong is not None:
            raise self._wrong(column, int(there[wrong]))
        whole = _no_times(len(cells))
        for name, part in vars(times).items():
            getattr(whole, name)[there] = part
        self._texts.append(whole)
        self._missing.append(is_missing)

    def _wrong(self, column: pd.Series[Any], row: int) -> DataError:
        return DataError(
            f"{self.place}, row {column.index[row] + 1}: found {quoted(str(column.iloc[row]))}, "
            "expected a number or a date as in ISO 8601"
        )

    def stamps(self) -> Stamps:
        """Return the stamps of all rows that were given.

        Raises
        ------
        DataError
            If it is not clear which times are meant.
        """
        if self._texts:
            return _stamps_of_text(self._texts, np.concatenate(self._missing), self.place)
        values = np.concatenate(self._numbers) if self._numbers else np.zeros(0)
        if self._has_dates:
            return Stamps(values, "ns", "as dates", is_date=True)
        return Stamps(values)


def stamps_of(column: pd.Series[Any], place: str) -> Stamps:
    """Read a whole column of time stamps; see `StampReader`."""
    reader = StampReader(place)
    reader.add(column)
    return reader.stamps()


def _without_impossible(values: StampArray) -> StampArray:
    """Return numbers with NaN for those that no clock shows and whose differences are not exact."""
    # The absolute value of the smallest whole number is not one.
    is_impossible = (values > _LARGEST) | (values < -_LARGEST)
    if values.dtype.kind == "f":
        is_impossible &= np.isfinite(values)
    if not is_impossible.any():
        # Differences of numbers without a sign have none either.
        return values.view(np.int64) if values.dtype.kind == "u" else values
    return np.where(is_impossible, np.nan, values.astype(np.float64))


def _no_times(n_rows: int) -> WrittenTimes:
    return WrittenTimes(
        np.full(n_rows, NO_DATE, np.int32),
        np.zeros(n_rows, np.int64),
        np.zeros(n_rows, np.uint8),
        *(np.zeros(n_rows, np.bool_) for _ in range(3)),
    )


def _with_dates(cells: StringArray, dates: pd.Series[Any] | None) -> StringArray:
    """Put the dates of a column of their own before clock times that have none."""
    if dates is None or re.search(r"\d[-/.]\d+[-/.]\d|\d{8}", cells[np.argmax(cells != "")]):
        return cells
    if pd.api.types.is_datetime64_any_dtype(dates):
        text = dates.dt.strftime("%Y-%m-%d").to_numpy(np.str_)
    else:
        # Spreadsheets and tables may write a date with midnight behind it.
        text = np.array([re.sub(r"[ T]0?0:00(:00)?(\.0+)?$", "", t) for t in _unique(dates)[0]])
        text = text[_unique(dates)[1]]
    joined: StringArray = np.char.add(np.char.add(text, " "), cells)
    return joined


def _unique(dates: pd.Series[Any]) -> tuple[StringArray, IntArray]:
    """Return the different texts of a column, and which one each cell has."""
    codes, texts = pd.factorize(text_of(dates))
    return texts, codes


def _stamps_of_text(blocks: list[WrittenTimes], is_missing: BoolArray, place: str) -> Stamps:
    """Join blocks of written times, and settle what only all of them show."""
    times = WrittenTimes(
        *(np.concatenate([getattr(block, name) for block in blocks]) for name in vars(blocks[0]))
    )
    there = ~is_missing
    has_date = times.dates[there] != NO_DATE
    if has_date.any() and not has_date.all():
        raise DataError(f"{place}: found dates and clock times, expected one or the other")
    if not times.has_hours[there].all() and times.has_hours[there].any():
        raise DataError(
            f"{place}: found clock times with hours and without, expected one or the other"
        )
    clocks: IntArray = times.clocks
    if unit_ns := _unit_of_decimals(clocks[there], times.n_decimals[there]):
        clocks = _with_decimals_counted(clocks, times.n_decimals, unit_ns)
    stamps = (
        _dated(times, clocks, there, place) if has_date.any() else _undated(times, clocks, there)
    )
    stamps.values[is_missing] = MISSING
    return stamps


def _dated(times: WrittenTimes, clocks: IntArray, there: BoolArray, place: str) -> Stamps:
    days, reading = days_of(times.dates[there], clocks[there], place)
    values = clocks.copy()
    values[there] = values[there] + days * _DAY_NS
    evidence = f"as dates, {reading}" if reading else "as dates"
    return Stamps(values, "ns", evidence, is_date=True, is_local=not times.has_zone[there].all())


def _undated(times: WrittenTimes, clocks: IntArray, there: BoolArray) -> Stamps:
    """Return clock times, with the time after which they begin anew."""
    if not times.has_hours[there].all():
        return Stamps(clocks, "ns", "as minutes and seconds", period=_DAY_NS / 24)
    hours = clocks[there] // (_DAY_NS // 24)
    if hours.max() >= 24:
        return Stamps(clocks, "ns", "as time since the start")
    # Without AM and PM, 12:59 comes before 1:00.
    drops = -np.diff(clocks[there])
    is_dial = 1 <= hours.min() and hours.max() <= 12 and not times.is_half_day.any()
    minute_ns = 60 * NS_IN_S
    if is_dial and (np.abs(drops - _DAY_NS // 2) < minute_ns).any():
        return Stamps(clocks, "ns", "as times of a clock with 12 hours", _DAY_NS / 2)
    return Stamps(clocks, "ns", "as clock times", period=_DAY_NS, is_local=True)


def _unit_of_decimals(clocks: IntArray, n_decimals: NDArray[np.uint8]) -> int | None:
    """Return the unit in nanoseconds of digits that are a count, as in 14:05:22.5 for 5 ms.

    Such counts are written without zeros before them and with zeros at their ends; for decimals
    it is the other way round.
    """
    longest, shortest = int(n_decimals.max()), int(n_decimals.min())
    if longest not in (3, 6, 9) or shortest in (0, longest):
        return None
    counts = clocks % NS_IN_S // 10 ** (9 - n_decimals.astype(np.int64))
    has_zero_before = (n_decimals > 1) & (counts < 10 ** (n_decimals.astype(np.int64) - 1))
    has_zero_behind = (n_decimals > 1) & (counts % 10 == 0)
    is_count = has_zero_behind.any() and not has_zero_before.any()
    return int(10 ** (9 - longest)) if is_count else None


def _with_decimals_counted(
    clocks: IntArray, n_decimals: NDArray[np.uint8], unit_ns: int
) -> IntArray:
    whole = clocks // NS_IN_S * NS_IN_S
    counts: IntArray = (clocks - whole) // 10 ** (9 - n_decimals.astype(np.int64))
    return whole + counts * unit_ns
