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
from har.signals.channels import RAW_CHANNELS

SAID = "as given by --acc-unit"


def test_factors_are_those_of_scipy():
    assert ACC_FACTORS["m/s2"] == 1 / constants.g
    assert GYRO_FACTORS["deg/s"] == constants.degree


@settings(deadline=None)
@given(st.lists(st.floats(-1e4, 1e4), min_size=6, max_size=6))
def test_values_are_rounded_once(values):
    factors = factors_of(RAW_CHANNELS, Unit("m/s2", ""), Unit("deg/s", ""))
    one_by_one = [np.float32(v * f) for v, f in zip(values, factors.tolist(), strict=True)]
    assert_array_equal(converted(np.array([values]), factors)[0], one_by_one)


@pytest.mark.parametrize(
    "text",
    [
        "m/s^2",
        "m/s²",
        "M/S2",
        "ms-2",
        "m/s/s",
        "m s^-2",
        "m/sec^2",
        "m/(s^2",
        "m·s⁻²",
        "meters per second squared",
        "m/s\ufffd",
        "m/s?",
        "m/sÂ²",
    ],
)
def test_metres_per_square_second_have_many_spellings(text):
    assert acc_unit_named(text, "heading") == "m/s2"


@pytest.mark.parametrize(
    "text",
    ["deg/s", "°/s", "dps", "degrees/s", "deg/sec", "degrees per second", "º/s", "˚/s", "\ufffd/s"],
)
def test_degrees_per_second_have_many_spellings(text):
    assert gyro_unit_named(text, "heading") == "deg/s"


@pytest.mark.parametrize(
    ("text", "name"), [("g-force", "g"), ("G", "g"), ("g's", "g"), ("mG", "mg"), ("milli-g", "mg")]
)
def test_gravities_have_many_spellings(text, name):
    assert acc_unit_named(text, "heading") == name


@pytest.mark.parametrize(
    ("text", "name"),
    [("mdps", "mdps"), ("millidegrees/s", "mdps"), ("mdeg/s", "mdps"), ("radians/sec", "rad/s")],
)
def test_other_angular_rates_have_many_spellings(text, name):
    assert gyro_unit_named(text, "heading") == name


@pytest.mark.parametrize("text", ["counts", "raw", "LSB", "ADC"])
def test_counts_are_refused_with_the_cure(text):
    with refused(DataError, f"found unit {text!r}", "its scale", "--gyro-unit"):
        gyro_unit_named(text, "heading")


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
            "found a mean acceleration of 3.2, expected about 1 (g), 9.8 (m/s2) or 1000 (mg)",
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


def runner(n_samples=1000, rate_hz=50.0):
    """Run with strides of 2.8 Hz, so that single samples have a median length of 1.6 g."""
    phase = 2 * np.pi * 2.8 * np.arange(n_samples) / rate_hz
    along = 1 + 2.1 * np.sin(phase)
    return np.column_stack([along, 1.5 * np.cos(phase), 1.0 * np.sin(2 * phase)])


@pytest.mark.parametrize(("name", "one"), [("g", 1.0), ("m/s2", 9.80665), ("mg", 1000.0)])
@pytest.mark.parametrize("rate_hz", [20.0, 50.0, 200.0])
def test_a_runners_unit_is_told_from_the_mean(name, one, rate_hz):
    acc = runner(rate_hz=rate_hz)
    assert np.median(np.linalg.norm(acc, axis=1)) > 1.5
    assert acc_unit_of(acc * one, None, "walk.csv").name == name
    declared = Unit(name, SAID)
    assert acc_unit_of(acc * one, declared, "walk.csv") is declared
    for other, other_one in ACC_FACTORS.items():
        if other != name:
            with refused(DataError, "expected about"):
                acc_unit_of(acc * one, Unit(other, SAID), f"walk.csv {other_one}")


def test_movement_without_gravity_is_called_so():
    shaking = np.random.default_rng(0).normal(scale=0.6, size=(1000, 3))
    with refused(DataError, "gravity was removed"):
        acc_unit_of(shaking, None, "walk.csv")


def test_counts_of_an_accelerometer_are_refused():
    with refused(DataError, "of 1.64e+04, expected about 1 (g)", "counts of a sensor"):
        acc_unit_of(np.full((5, 3), 16384 / 3**0.5), None, "walk.csv")


@pytest.mark.parametrize(
    ("largest", "name"), [(20.0, "rad/s"), (36.0, "deg/s"), (4000.0, "deg/s"), (60_000.0, "mdps")]
)
def test_large_angular_rates_are_degrees(largest, name):
    assert gyro_unit_of(np.array([[0, -largest, np.nan]]), None, "walk.csv").name == name


def test_what_is_assumed_has_the_limit_of_what_is_declared():
    with refused(DataError, "up to 5e+07, expected at most 4.011e+06 mdps", "counts"):
        gyro_unit_of(np.full((2, 3), 5e7), None, "walk.csv")
    with refused(DataError, "up to 6e+04, expected at most 4011 deg/s"):
        gyro_unit_of(np.full((2, 3), 6e4), Unit("deg/s", SAID), "walk.csv")


def test_angular_rates_that_no_phone_measures_are_refused():
    with refused(DataError, "found angular rates up to 200, expected at most 70 rad/s"):
        gyro_unit_of(np.full((2, 3), 200.0), Unit("rad/s", SAID), "walk.csv")
