from __future__ import annotations

import numpy as np
import pytest
from builders import refused
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_array_equal
from scipy import constants

from har.errors import DataError
from har.reading.units import (
    ACC_FACTORS,
    GYRO_FACTORS,
    Unit,
    acc_unit_named,
    acc_unit_of,
    converted,
    factors_of,
    gyro_unit_named,
    gyro_unit_of,
)

SAID = "as given in acc_unit"


def test_factors_are_those_of_scipy():
    assert ACC_FACTORS["m/s2"] == 1 / constants.g
    assert GYRO_FACTORS["deg/s"] == constants.degree


@settings(deadline=None)
@given(st.lists(st.floats(-1e4, 1e4), min_size=6, max_size=6))
def test_values_are_rounded_once(values):
    factors = factors_of(Unit("m/s2", ""), Unit("deg/s", ""))
    one_by_one = [np.float32(v * f) for v, f in zip(values, factors.tolist(), strict=True)]
    assert_array_equal(converted(np.array([values]), factors)[0], one_by_one)


@pytest.mark.parametrize("text", ["m/s^2", "m/s²", "M/S2", "ms-2", "m/s/s", "m s^-2"])
def test_metres_per_square_second_have_many_spellings(text):
    assert acc_unit_named(text, "heading") == "m/s2"


@pytest.mark.parametrize("text", ["deg/s", "°/s", "dps", "degrees/s"])
def test_degrees_per_second_have_many_spellings(text):
    assert gyro_unit_named(text, "heading") == "deg/s"


def test_an_unknown_unit_is_refused():
    with refused(DataError, "acc_unit: found unit 'furlong', expected one of g, m/s2, mg"):
        acc_unit_named("furlong", "acc_unit")


@pytest.mark.parametrize(("length", "name"), [(1.05, "g"), (9.6, "m/s2"), (980.0, "mg")])
def test_acceleration_tells_its_unit_by_its_length(length, name):
    acc = np.array([[0, 0, length], [np.nan, 0, 0], [length, 0, 0]])
    assert acc_unit_of(acc, None, "walk.csv").name == name
    assert acc_unit_of(acc, Unit(name, SAID), "walk.csv").evidence == SAID


@pytest.mark.parametrize(
    ("length", "declared", "message"),
    [
        (
            3.2,
            None,
            "found a median length of acceleration of 3.2, expected about 1 (g), 9.8 (m/s2)",
        ),
        (0.02, None, "of 0.02, expected about 1 (g), 9.8 (m/s2) or 1000 (mg), gravity included"),
        (np.nan, None, "found no row with acc_x, acc_y and acc_z"),
        (9.8, "g", f"of 9.8, expected about 1 ({SAID})"),
        (1.0, "m/s2", f"of 1, expected about 9.807 ({SAID})"),
    ],
)
def test_a_length_of_no_unit_or_another_is_refused(length, declared, message):
    with refused(DataError, "walk.csv", message):
        acc_unit_of(np.full((5, 3), length / 3**0.5), declared and Unit(declared, SAID), "walk.csv")


@pytest.mark.parametrize(("largest", "name"), [(20.0, "rad/s"), (36.0, "deg/s")])
def test_large_angular_rates_are_degrees(largest, name):
    assert gyro_unit_of(np.array([[0, -largest, np.nan]]), None, "walk.csv").name == name


def test_angular_rates_that_no_phone_measures_are_refused():
    with refused(DataError, "found angular rates up to 200, expected at most 70 rad/s"):
        gyro_unit_of(np.full((2, 3), 200.0), Unit("rad/s", SAID), "walk.csv")
