from __future__ import annotations

import numpy as np
import pytest
from builders import refused
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from har.errors import DataError
from har.reading.times.arrivals import spread_arrivals
from har.reading.times.order import OrderedRows

# What a float leaves behind the last sample of a packet is none of the next.
EXACT = 1e-9


def spread(stamps, samples=None, unit="s"):
    ordered = OrderedRows(np.asarray(stamps), None, [])
    spread_arrivals(ordered, samples, unit, "t")
    return ordered


def packets(n_samples, size, rate_hz):
    """Return the arrival of each sample's packet, which is when its last one was measured."""
    last = np.arange(n_samples) // size * size + size - 1
    return last / rate_hz


@settings(deadline=None, max_examples=40)
@given(st.integers(2, 60), st.floats(20, 200), st.integers(400, 3000))
def test_samples_of_packets_are_spread_at_their_rate(size, rate_hz, n_samples):
    n_samples = max(n_samples, 10 * size)
    found = spread(packets(n_samples, size, rate_hz))
    assert_allclose(np.diff(found.values), 1 / rate_hz, rtol=1e-3)
    assert found.notes == [f"time: {size} samples share a stamp, spread evenly in time"]
    assert found.is_estimated


@settings(deadline=None, max_examples=40)
@given(st.floats(20, 200), st.floats(0, 1))
def test_stamps_in_whole_seconds_are_spread(rate_hz, start_s):
    seconds = start_s + np.arange(int(60 * rate_hz)) / rate_hz
    found = spread(np.floor(seconds + EXACT))
    off = found.values - seconds
    assert_allclose(off, off[0], atol=0.02)


@settings(deadline=None, max_examples=40)
@given(
    st.integers(2, 40), st.floats(20, 100), st.sampled_from([0.0001, 0.001]), st.integers(0, 2**32)
)
def test_bursts_are_spread_even_if_they_arrive_a_little_late(size, rate_hz, apart_s, seed):
    n_samples = 50 * size
    arrivals = packets(n_samples, size, rate_hz) + np.arange(n_samples) % size * apart_s
    late = np.random.default_rng(seed).uniform(0, 0.2 * size / rate_hz, 50)
    found = spread(arrivals + late.repeat(size))
    assert_allclose(np.diff(found.values), 1 / rate_hz, rtol=0.05)
    assert found.notes == [f"time: samples arrive in bursts of {size}, spread evenly in time"]


def test_packets_of_any_size_are_spread_if_their_arrivals_are_those_of_even_samples():
    sizes = np.random.default_rng(0).integers(1, 12, 300)
    last = (np.cumsum(sizes) - 1).repeat(sizes)
    assert_allclose(np.diff(spread(last / 50).values), 0.02, rtol=1e-3)


def test_lost_packets_leave_a_gap_and_late_ones_do_not():
    stamps = packets(3000, 5, 50.0)
    late = np.where((stamps > 40) & (stamps < 40.35), 40.35, stamps)
    assert_allclose(np.diff(spread(late).values), 0.02, rtol=0.01)
    steps = np.diff(spread(np.delete(stamps, slice(1000, 1050))).values)
    assert_allclose(steps[999], 1.02, atol=0.01)
    assert_allclose(np.delete(steps, 999), 0.02, rtol=0.01)


def test_a_rate_that_changes_a_little_over_hours_is_followed():
    steps = 0.02 + 1e-5 * np.sin(np.arange(400_000) / 50_000)
    seconds = np.cumsum(steps)
    last = np.arange(400_000) // 10 * 10 + 9
    found = spread(seconds[last])
    off = found.values - seconds
    assert np.ptp(off) < 0.1


@pytest.mark.parametrize("apart_s", [0, 0.001])
def test_arrivals_that_are_not_even_point_to_the_mean_rate(apart_s):
    sizes = np.random.default_rng(0).integers(1, 12, 300)
    packet = np.arange(300).repeat(sizes)
    inside = np.arange(len(packet)) - (np.cumsum(sizes) - sizes).repeat(sizes)
    rate = f"{len(packet) / 300 / 0.12:.2g}"
    with refused(DataError, "not evenly spaced in time", f"give --rate-hz {rate}", "mean rate"):
        spread((packet * 0.12 + inside * apart_s).round(3))


def test_the_same_stamp_in_all_rows_points_to_the_rate():
    with refused(DataError, "t: 2000 samples share a stamp", "give --rate-hz"):
        spread(np.zeros(2000), unit=None)


def test_a_few_rows_that_share_a_stamp_are_left_out():
    stamps = np.arange(2000) / 50
    stamps[[7, 900]] = stamps[[6, 899]]
    found = spread(stamps)
    assert_array_equal(found.rows, np.delete(np.arange(2000), [7, 900]))
    assert found.notes == ["time: 2 rows with the stamp of an earlier row, left out"]


@pytest.mark.parametrize("share_on", [0.2, 0.75])
def test_a_sensor_that_rests_for_seconds_is_not_spread_over_its_rest(share_on):
    seconds = np.arange(6000) / 50
    stamps = seconds[seconds % 10 < 10 * share_on]
    found = spread(stamps)
    assert found.notes == []
    assert_array_equal(found.values, stamps)


def test_lost_samples_are_no_bursts():
    stamps = np.arange(6000)[np.random.default_rng(0).random(6000) < 0.7] / 50
    assert spread(stamps).notes == []
