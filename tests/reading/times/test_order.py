from __future__ import annotations

import numpy as np
import pytest
from builders import refused
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from har.errors import DataError
from har.reading.times.order import rows_in_order
from har.reading.times.timestamps import MISSING, Stamps

N_ROWS = 2000
EVEN = np.arange(N_ROWS) * 20
SIGNALS = np.cumsum(np.random.default_rng(0).normal(size=(N_ROWS, 3)), axis=0)


def ordered(values, samples=None, is_date=False):
    return rows_in_order(Stamps(np.asarray(values), "ms", is_date=is_date), samples, "ms", "t")


def test_increasing_stamps_keep_all_rows():
    found = ordered(EVEN)
    assert found.rows is None
    assert found.notes == []


def test_rows_without_a_stamp_are_left_out_if_few():
    values = EVEN.copy()
    values[[0, 7, -1]] = MISSING
    found = ordered(values)
    assert_array_equal(found.values, np.delete(EVEN, [0, 7, -1]))
    assert found.notes == ["time: 3 rows with no stamp, left out"]
    values[::10] = MISSING
    with refused(DataError, "t, row 1: found no stamp, as in", "expected one in each"):
        ordered(values)


@settings(deadline=None, max_examples=40)
@given(st.floats(0, 0.5), st.integers(1, 4), st.integers(0, 2**32))
def test_rows_that_changed_places_with_near_ones_are_sorted_however_many(share, most, seed):
    random = np.random.default_rng(seed)
    delay = np.where(random.random(N_ROWS) < share, random.uniform(0, most, N_ROWS), 0)
    arrival = np.argsort(np.arange(N_ROWS) + delay, kind="stable")
    found = ordered(EVEN[arrival])
    assert_array_equal(found.values, EVEN)
    rows = np.arange(N_ROWS) if found.rows is None else found.rows
    assert_array_equal(arrival[rows], np.arange(N_ROWS))


@settings(deadline=None, max_examples=20)
@given(st.floats(0.001, 1), st.integers(0, 2**32))
def test_rows_that_are_there_twice_word_for_word_are_left_out_however_many(share, seed):
    again = np.flatnonzero(np.random.default_rng(seed).random(N_ROWS) < share)
    rows = np.sort(np.concatenate([np.arange(N_ROWS), again]))
    found = ordered(EVEN[rows], SIGNALS[rows])
    assert_array_equal(found.values, EVEN)
    assert len(again) == 0 or "there twice word for word, left out once" in found.notes[0]


def test_a_file_that_holds_its_rows_twice_one_behind_the_other_is_read_once():
    found = ordered(np.tile(EVEN, 2), np.tile(SIGNALS, (2, 1)))
    assert_array_equal(found.values, EVEN)


def test_samples_of_a_phone_at_rest_that_share_a_stamp_are_not_left_out():
    at_rest = SIGNALS.copy()
    at_rest[:500] = 0
    assert len(ordered(EVEN // 100 * 100, at_rest).values) == N_ROWS


def test_packets_that_came_twice_are_left_out():
    rows = np.concatenate([np.arange(100), np.arange(95, 100), np.arange(100, N_ROWS)])
    found = ordered((EVEN // 100 * 100)[rows], SIGNALS[rows])
    assert_array_equal(found.values, EVEN // 100 * 100)


def test_rows_from_the_last_to_the_first_are_turned_round():
    found = ordered(EVEN[::-1])
    assert_array_equal(found.values, EVEN)
    assert found.notes == ["time: rows stand from the last to the first, turned round"]


@pytest.mark.parametrize("stray", [0, 10**12])
def test_single_stamps_far_from_their_neighbours_are_left_out(stray):
    values = 10**9 + EVEN
    values[[100, 500]] = stray
    found = ordered(values)
    assert_array_equal(found.values, 10**9 + np.delete(EVEN, [100, 500]))
    assert found.notes == ["time: 2 rows with a stamp far from those around it, left out"]


@pytest.mark.parametrize("before", [0, 7_000_000])
def test_what_follows_a_restart_of_the_clock_stands_behind_a_gap(before):
    found = ordered(np.concatenate([before + EVEN, EVEN]))
    steps = np.diff(found.values)
    assert_array_equal(np.flatnonzero(steps != 20), [N_ROWS - 1])
    assert steps.max() == 1000
    assert found.is_estimated
    assert found.notes == [
        "time: the clock began anew once, first in row 2001: a gap of unknown length is put there"
    ]


@pytest.mark.parametrize("is_date", [True, False])
@pytest.mark.parametrize("back_ms", [300, 2000])
def test_a_clock_that_was_set_back_never_mixes_two_moments(back_ms, is_date):
    found = ordered(np.where(EVEN < 20_000, EVEN, EVEN - back_ms), is_date=is_date)
    assert found.rows is None
    assert_array_equal(np.flatnonzero(np.diff(found.values) != 20), [999])


def test_parts_with_dates_in_another_order_are_put_in_order():
    found = ordered(np.concatenate([EVEN + 100_000, EVEN]), is_date=True)
    assert_array_equal(found.values, np.concatenate([EVEN, EVEN + 100_000]))
    assert not found.is_estimated


@pytest.mark.parametrize("is_date", [True, False])
def test_blocks_of_two_phones_in_turn_are_refused(is_date):
    blocks = EVEN.reshape(-1, 100).repeat(2, axis=0).ravel()
    with refused(DataError, "t, row 101: found moments again that came before", "give a file to"):
        ordered(blocks, np.random.default_rng(0).normal(size=(2 * N_ROWS, 3)), is_date)


def test_two_recordings_of_the_same_dates_are_refused():
    both = np.concatenate([SIGNALS, -SIGNALS])
    with refused(DataError, "row 2001: found moments again"):
        ordered(np.tile(EVEN, 2), both, is_date=True)


@pytest.mark.parametrize(
    "values", [EVEN % 200, np.random.default_rng(0).permutation(EVEN)], ids=["counter", "shuffled"]
)
def test_stamps_without_order_are_refused_and_no_rate_is_advised(values):
    with pytest.raises(DataError, match="expected one sensor of one phone") as error:
        ordered(values)
    assert "rate" not in str(error.value)


def test_whole_numbers_stay_exact():
    values = 1_700_000_000_000_000_001 + EVEN * 10**6
    values[[10, 11]] = values[[11, 10]]
    found = rows_in_order(Stamps(values), None, "ns", "t")
    assert_array_equal(found.values, 1_700_000_000_000_000_001 + EVEN * 10**6)
    assert_allclose(found.n_late, 1)
