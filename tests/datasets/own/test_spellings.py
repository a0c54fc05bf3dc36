from __future__ import annotations

import pytest
from builders import refused
from hypothesis import given
from hypothesis import strategies as st

from har.datasets.own.spellings import check_spellings, folded
from har.errors import DataError


@pytest.mark.parametrize(
    "other",
    ["Walking up", "WALKING_UP", "walking-up", " walking  up "],
)
def test_two_spellings_of_a_name_are_refused_with_both(other):
    places = {"walking up": "line 2", "lying": "line 3", other: "line 4"}
    with refused(
        DataError, f"line 4: found activities in two spellings ('walking up' and {other!r}"
    ):
        check_spellings(places, "activities")


def test_numbers_are_the_same_with_zeros_before_or_after_them():
    assert folded("P01") == folded("p1")
    assert folded("1") == folded("01") == folded("1.0")
    assert folded("10") != folded("1")
    assert folded("0") != folded("")


@given(st.text())
def test_folding_twice_changes_nothing_more(text):
    assert folded(folded(text)) == folded(text)
