from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from builders import refused
from numpy.testing import assert_array_equal

from har.errors import DataError
from har.reading.times.timestamps import rows_in_order, stamps_of, time_unit_named


def test_a_word_among_stamps_is_named_with_its_row():
    with refused(DataError, "t, row 2: found 'noon', expected a number or a date"):
        stamps_of(pd.Series(["2024-05-01T10:00:00", "noon"]), "t")


def test_a_word_among_numbers_is_named_with_its_row():
    with refused(DataError, "t, row 3: found 'oops', expected a number or a date"):
        stamps_of(pd.Series(["0.00", "0.02", "oops", "0.06"]), "t")


@pytest.mark.parametrize(("text", "unit"), [("s", "s"), ("ms", "ms"), ("µs", "us"), (" NS ", "ns")])
def test_units_of_time_have_several_spellings(text, unit):
    assert time_unit_named(text, "time_unit") == unit


def test_an_unknown_unit_of_time_is_refused():
    with refused(DataError, "time_unit: found unit 'weeks', expected one of s, ms, us, ns"):
        time_unit_named("weeks", "time_unit")


def test_whole_numbers_stay_whole_and_are_copied():
    column = pd.Series([1_700_000_000_000_000_001, 1_700_000_000_020_000_001])
    stamps = stamps_of(column, "t")
    assert stamps.dtype == np.int64
    assert not np.shares_memory(stamps, column.to_numpy())


def test_increasing_stamps_keep_all_rows():
    assert rows_in_order(np.array([1, 2, 4]), "t") == (None, [])


def test_rows_are_put_in_order_by_their_stamps():
    stamps = np.arange(500)[::1] * 20
    stamps[[7, 8, 9]] = [180, 140, 160]
    rows, notes = rows_in_order(stamps, "t")
    assert_array_equal(stamps[rows], np.arange(500) * 20)
    assert notes == ["time: 2 rows with a stamp before the one above, sorted by time"]
