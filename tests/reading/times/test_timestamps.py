from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
import pytest
from builders import refused
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_array_equal

from har.errors import DataError
from har.reading.times.timestamps import MISSING, StampReader, stamps_of


def test_a_word_among_stamps_is_named_with_its_row():
    with refused(DataError, "t, row 2: found 'noon', expected a number or a date"):
        stamps_of(pd.Series(["2024-05-01T10:00:00", "noon"]), "t")


def test_a_word_among_numbers_is_named_with_its_row():
    with refused(DataError, "t, row 3: found 'oops', expected a number or a date"):
        stamps_of(pd.Series(["0.00", "0.02", "oops", "0.06"]), "t")


@pytest.mark.parametrize("kind", ["int64", "uint64", "Int64", "UInt64"])
def test_whole_numbers_stay_whole_and_are_copied(kind):
    column = pd.Series([1_700_000_000_000_000_001, 1_700_000_000_020_000_001], dtype=kind)
    values = stamps_of(column, "t").values
    assert values.dtype == np.int64
    assert_array_equal(values, column)
    assert not np.shares_memory(values, column.to_numpy())


def test_numbers_that_no_clock_shows_are_missing():
    column = pd.Series([5, 2**64 - 1, 2**62], dtype="uint64")
    assert_array_equal(stamps_of(column, "t").values, [5, np.nan, 2**62])


@settings(deadline=None)
@given(st.lists(st.integers(0, 10**7), min_size=2, max_size=20), st.integers(1, 4))
def test_numbers_with_a_decimal_comma_are_read(thousandths, n_decimals):
    text = [f"{number / 10**n_decimals:.{n_decimals}f}" for number in thousandths]
    values = stamps_of(pd.Series([each.replace(".", ",") for each in text]), "t").values
    assert_array_equal(values, [float(each) for each in text])


def test_decimals_may_be_left_out_where_they_are_zero():
    values = stamps_of(pd.Series(["0", "0,02", "0,04", "1", "1,02"]), "t").values
    assert_array_equal(values, [0, 0.02, 0.04, 1, 1.02])


def test_commas_between_thousands_are_told_by_small_numbers_without_one():
    values = stamps_of(pd.Series(["980", "1,000", "1,020", "1,001,020"]), "t").values
    assert_array_equal(values, [980, 1000, 1020, 1_001_020])


@pytest.mark.parametrize("empty", [None, "", "-", "?", "NaN", "null"])
def test_empty_cells_are_missing(empty):
    stamps = stamps_of(pd.Series(["10:00:00.00", empty, "10:00:00.02"]), "t")
    assert stamps.is_missing().tolist() == [False, True, False]
    assert stamps.values[1] == MISSING
    assert stamps_of(pd.Series(["0.5", empty]), "t").is_missing().tolist() == [False, True]


def test_blocks_without_any_stamp_stand_before_text_and_between():
    reader = StampReader("t")
    for block in ([np.nan, np.nan], ["10:00:00.00", "10:00:00.02"], [None, None]):
        reader.add(pd.Series(block))
    assert reader.stamps().is_missing().tolist() == [True, True, False, False, True, True]


def test_dates_and_numbers_do_not_mix():
    reader = StampReader("t")
    reader.add(pd.Series(["2024-05-01T10:00:00"]))
    with refused(DataError, "t: found dates and numbers, expected one or the other"):
        reader.add(pd.Series([0.02, 0.04]))


def test_dates_and_clock_times_do_not_mix():
    with refused(DataError, "t: found dates and clock times"):
        stamps_of(pd.Series(["2024-05-01 10:00:00", "10:00:01"]), "t")


@pytest.mark.parametrize(
    "values",
    [
        pd.date_range("2024-05-01 10:00", periods=3, freq="20ms"),
        pd.date_range("2024-05-01 10:00", periods=3, freq="20ms", tz="Asia/Tokyo"),
        pd.timedelta_range("1s", periods=3, freq="20ms"),
        [dt.datetime(2024, 5, 1, 10, 0, 0, us) for us in (0, 20_000, 40_000)],
        [dt.time(10, 0, 0, us) for us in (0, 20_000, 40_000)],
    ],
    ids=["dates", "dates of a zone", "time passed", "objects of dates", "objects of times"],
)
def test_dates_and_times_that_are_no_text_are_read(values):
    stamps = stamps_of(pd.Series(values), "t")
    assert_array_equal(np.diff(stamps.values), 20_000_000)
    assert stamps.unit == "ns"


@pytest.mark.parametrize(
    "dates",
    [
        ["24.11.2023", "25.11.2023"],
        ["2023-11-24 00:00:00", "2023-11-25 00:00:00"],
        [20231124, 20231125],
    ],
)
def test_dates_in_a_column_of_their_own_are_put_before_clock_times(dates):
    reader = StampReader("t")
    reader.add(pd.Series(["23:59:59.98", "00:00:00.00"]), pd.Series(dates))
    stamps = reader.stamps()
    assert stamps.is_date
    assert np.diff(stamps.values).tolist() == [20_000_000]


def test_dates_beside_whole_time_stamps_are_not_needed():
    reader = StampReader("t")
    reader.add(pd.Series(["2023-11-24 23:59:59"]), pd.Series(["24.11.2023"]))
    assert reader.stamps().is_date
