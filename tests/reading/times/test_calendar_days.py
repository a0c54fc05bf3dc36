from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from builders import refused
from numpy.testing import assert_allclose

from har.errors import DataError
from har.reading.times.timestamps import StampReader, stamps_of


def seconds_and_evidence(*text):
    stamps = stamps_of(pd.Series(text), "t")
    return ((stamps.values - stamps.values[0]) / 1e9).tolist(), stamps.evidence


def test_a_number_above_twelve_settles_the_order_even_if_it_comes_late():
    reader = StampReader("t")
    reader.add(pd.Series(["03/04/2023 10:00:00.00"] * 3))
    reader.add(pd.Series(["13/04/2023 10:00:00.00"] * 3))
    stamps = reader.stamps()
    assert stamps.evidence == "as dates, day first"
    assert (stamps.values[-1] - stamps.values[0]) / 86_400e9 == 10
    assert seconds_and_evidence("04/13/2023 10:00", "04/14/2023 10:00") == (
        [0, 86_400],
        "as dates, month first",
    )


def test_dates_that_would_go_back_are_read_the_other_way():
    assert seconds_and_evidence("31/03/2023 10:00", "01/04/2023 10:00")[0] == [0, 86_400]
    # The 2nd of May and the 1st of June, or February 5 and January 6.
    assert seconds_and_evidence("02/05/2023 10:00", "01/06/2023 10:00") == (
        [0, 30 * 86_400],
        "as dates, day first",
    )


@pytest.mark.parametrize(
    ("before", "behind", "evidence"),
    [
        ("04/03/2023 23:59:59.98", "05/03/2023 00:00:00.00", "as dates, day first"),
        ("03/04/2023 23:59:59.98", "03/05/2023 00:00:00.00", "as dates, month first"),
        ("04.03.23 23:59:59.98", "05.03.23 00:00:00.00", "as dates, day first"),
    ],
)
def test_a_midnight_that_leaves_no_gap_settles_the_order(before, behind, evidence):
    seconds, found = seconds_and_evidence(before, behind)
    assert_allclose(seconds, [0, 0.02])
    assert found == evidence


def test_one_day_needs_no_order():
    seconds, evidence = seconds_and_evidence("03/04/2023 10:00:00.00", "03/04/2023 10:00:00.02")
    assert_allclose(seconds, [0, 0.02])
    assert evidence == "as dates"


def test_dates_of_two_meanings_are_refused_with_both():
    with refused(
        DataError,
        "t: found the date 04/03/2023, which could be 4 March 2023 or 3 April 2023",
        "write them with the year first, as 2023-12-31",
    ):
        seconds_and_evidence("04/03/2023 10:00:00", "04/05/2023 10:00:00")


def test_dates_with_the_year_first_and_last_are_refused():
    with refused(DataError, "with the year first and last"):
        seconds_and_evidence("2023-11-24 10:00:00", "25.11.2023 10:00:00")


def test_two_digit_years_are_of_this_century_until_70():
    assert np.datetime64("2023-11-24") == np.datetime64(
        int(stamps_of(pd.Series(["24.11.23 00:00:00"]), "t").values[0]), "ns"
    )
    assert stamps_of(pd.Series(["24.11.71 00:00:00"]), "t").values[0] < 2 * 365 * 86_400e9
