from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from har.reading.times.clock_wraps import continued
from har.reading.times.timestamps import Stamps, stamps_of

STEPS = np.arange(6000)


def text_stamps(start, form, back=None):
    dates = pd.Series(pd.Timestamp(start) + pd.to_timedelta(STEPS * 20, unit="ms"))
    if back is not None:
        dates = dates.where(STEPS < 3000, dates - pd.Timedelta(hours=back))
    return stamps_of(dates.dt.strftime(form), "t")


@settings(deadline=None, max_examples=40)
@given(
    bits=st.sampled_from([16, 24, 31, 32]),
    step=st.integers(1, 40),
    start=st.integers(0, 2**32),
    is_signed=st.booleans(),
)
def test_a_counter_that_is_full_goes_on(bits, step, start, is_signed):
    period = 2**bits
    counted = start + np.arange(2 * period // step if bits == 16 else 5000) * step
    if bits > 16:
        counted += period - start % period - 2500 * step
    wrapped = counted % period
    if is_signed:
        wrapped = (wrapped + period // 2) % period - period // 2
    values, _ = continued(Stamps(wrapped), None)
    assert_array_equal(np.diff(values), step)


def test_microseconds_that_are_full_and_were_written_in_seconds_go_on():
    counted = (2**32 - 1_000_000 + STEPS * 20_000) % 2**32
    values, notes = continued(Stamps(counted / 1e6), "s")
    assert_allclose(np.diff(values), 0.02, atol=1e-6)
    assert notes == ["time: the counter began anew at 2^32 / 1e+06 once, and is continued"]


def test_a_restart_is_no_counter_that_was_full():
    stamps = Stamps(np.concatenate([STEPS, STEPS]) * 20)
    assert_array_equal(continued(stamps, "ms")[0], stamps.values)


@pytest.mark.parametrize(
    ("start", "form", "note"),
    [
        ("2023-11-24 23:59:20", "%H:%M:%S.%f", "midnight once"),
        ("2023-11-24 23:59:20", "%I:%M:%S.%f %p", "midnight once"),
        ("2023-11-24 12:59:20", "%I:%M:%S.%f", "twelve o'clock once"),
        ("2023-11-24 14:59:20", "%M:%S.%f", "the hour once"),
    ],
)
def test_a_clock_goes_on_over_midnight_and_over_the_hour(start, form, note):
    values, notes = continued(text_stamps(start, form), "ns")
    assert_array_equal(np.diff(values), 20_000_000)
    assert notes == [f"time: the clock passes {note}"]


def test_a_clock_may_pass_midnight_several_times():
    hours = np.arange(20) * 3 * 3600 * 10**9
    stamps = Stamps(hours % (24 * 3600 * 10**9), "ns", period=86_400e9)
    values, notes = continued(stamps, "ns")
    assert_array_equal(np.diff(values), 3 * 3600 * 10**9)
    assert notes == ["time: the clock passes midnight 2 times"]


def test_rows_that_changed_places_at_midnight_stay_near_each_other():
    stamps = text_stamps("2023-11-24 23:59:20", "%H:%M:%S.%f")
    order = STEPS.copy()
    order[1999:2001] = [2000, 1999]
    values, _ = continued(replace(stamps, values=stamps.values[order]), "ns")
    assert_array_equal(np.diff(np.sort(values)), 20_000_000)


@pytest.mark.parametrize(
    ("start", "back", "note"),
    [("2023-10-29 02:59:00", 1, "put back"), ("2023-03-26 01:59:00", -1, "put forward")],
)
def test_the_hour_of_summer_time_is_neither_missing_nor_there_twice(start, back, note):
    values, notes = continued(text_stamps(start, "%Y-%m-%d %H:%M:%S.%f", back), "ns")
    assert_array_equal(np.diff(values), 20_000_000)
    assert [each for each in notes if note in each]


def test_an_hour_without_samples_is_no_summer_time():
    stamps = text_stamps("2023-03-26 01:40:00", "%Y-%m-%d %H:%M:%S.%f", -1)
    assert continued(stamps, "ns") == (stamps.values, [])
