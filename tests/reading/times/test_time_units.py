from __future__ import annotations

import pytest
from builders import refused
from hypothesis import given
from hypothesis import strategies as st

from har.errors import DataError
from har.reading.times.time_units import DECLARABLE, SECONDS, likely_time_unit, time_unit_named


@pytest.mark.parametrize(
    ("text", "unit"),
    [("s", "s"), ("ms", "ms"), ("µs", "us"), (" NS ", "ns"), ("Sekunden", "s"), ("second", "s")],
)
def test_units_of_time_have_several_spellings(text, unit):
    assert time_unit_named(text, "--time-unit") == unit


def test_an_unknown_unit_of_time_is_refused():
    with refused(DataError, "--time-unit: found unit 'weeks', expected one of s, ms, us, ns"):
        time_unit_named("weeks", "--time-unit")


@given(st.sampled_from(DECLARABLE), st.floats(10, 400), st.sampled_from([1e3, 1.7e9]))
def test_a_unit_is_told_from_step_and_size(unit, rate_hz, size_s):
    one_s = 1 / SECONDS[unit]
    assert likely_time_unit(one_s / rate_hz, size_s * one_s) == unit


@given(
    st.sampled_from(
        [("d", 45_254.6), ("d", 738_000.3), ("d", 0.5), ("100 ns", 6.38e17), ("100 ns", 1.33e17)]
    ),
    st.floats(10, 400),
)
def test_days_of_spreadsheets_and_ticks_of_100_ns_are_told_by_their_size(unit_and_size, rate_hz):
    unit, size = unit_and_size
    assert likely_time_unit(1 / rate_hz / SECONDS[unit], size) == unit


@pytest.mark.parametrize("step", [1.0, 1000.0, 2e-4])
def test_steps_of_no_plausible_rate_have_no_unit(step):
    assert likely_time_unit(step, 100 * step) is None
