from __future__ import annotations

import itertools

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from har.reading import axes as axes_module
from har.reading.axes import (
    RELABELINGS,
    compare_axes,
    describe_relabeling,
    exchanged_columns,
    in_better_unit,
    smoothed,
    turning_excess,
    unit_of_excess,
)
from har.signals.recording import Stretch

WHOLE = (Stretch(0, 6000, 0.0),)


def test_there_are_48_relabelings_and_the_first_changes_nothing():
    assert_array_equal(RELABELINGS[0], np.eye(3))
    assert len({tuple(matrix.ravel()) for matrix in RELABELINGS}) == 48
    assert_allclose(np.abs(np.linalg.det(RELABELINGS)), 1)


def test_right_names_agree(phone):
    compared = compare_axes(smoothed(phone, WHOLE))
    assert compared.agrees
    assert compared.better is None
    assert compared.shares[0] > 0.9


def test_shares_are_those_of_the_cross_product(phone):
    (signals,) = smoothed(phone, WHOLE)
    compared = compare_axes([signals])
    change, effects = axes_module._rotation_equations(signals)
    for relabeling, share in zip(RELABELINGS, compared.shares, strict=True):
        left = change - effects @ relabeling.ravel()
        assert_allclose(share, 1 - (left @ left) / (change @ change))


@pytest.mark.parametrize("number", range(1, 48))
def test_every_relabeling_of_the_gyroscope_is_found(phone, number):
    relabeled = phone.copy()
    relabeled[:, 3:] = phone[:, 3:] @ RELABELINGS[number]
    assert_array_equal(compare_axes(smoothed(relabeled, WHOLE)).better, RELABELINGS[number])


@pytest.mark.parametrize("sensor", ["acc", "gyro"])
def test_what_went_wrong_is_said_in_words(phone, sensor):
    first = 0 if sensor == "acc" else 3
    for one, other in itertools.combinations(range(3), 2):
        changed = phone.copy()
        changed[:, [first + one, first + other]] = changed[:, [first + other, first + one]]
        words = f"{sensor}_{'xyz'[one]} and {sensor}_{'xyz'[other]} exchanged"
        assert describe_relabeling(compare_axes(smoothed(changed, WHOLE)).better) == words
    for axis in range(3):
        changed = phone.copy()
        changed[:, first + axis] *= -1
        words = f"the sign of {sensor}_{'xyz'[axis]} turned round"
        assert describe_relabeling(compare_axes(smoothed(changed, WHOLE)).better) == words


def test_other_relabelings_are_said_axis_by_axis():
    words = "gyro_x, gyro_y, gyro_z being really -gyro_x, -gyro_y, -gyro_z"
    assert describe_relabeling(-np.eye(3)) == words


@pytest.mark.parametrize(("unit", "other"), [("rad/s", "deg/s"), ("deg/s", "rad/s")])
def test_the_other_unit_is_found(phone, unit, other):
    factor = 180 / np.pi if unit == "rad/s" else np.pi / 180
    wrong = phone * np.repeat([1, factor], 3)
    assert in_better_unit(smoothed(wrong, WHOLE), unit)[1] == other
    assert in_better_unit(smoothed(phone, WHOLE), unit)[1] == unit


@pytest.mark.parametrize("factors", [np.ones(6), np.repeat([1 / 9.80665, np.pi / 180], 3)])
def test_an_exchange_between_the_sensors_is_found(phone, factors):
    raw = phone / factors
    raw[:, [2, 3]] = raw[:, [3, 2]]
    assert (
        exchanged_columns(smoothed(raw * factors, WHOLE), factors) == "acc_z and gyro_x exchanged"
    )


def test_a_phone_that_lies_still_tells_nothing():
    still = np.random.default_rng(0).normal([0, 0, 1, 0, 0, 0], 0.01, size=(6000, 6))
    compared = compare_axes(smoothed(still, WHOLE))
    assert not compared.agrees
    assert compared.better is None
    assert exchanged_columns(smoothed(still, WHOLE), np.ones(6)) is None


def test_stretches_and_pieces_are_added_up(monkeypatch, phone):
    whole = compare_axes(smoothed(phone, WHOLE))
    monkeypatch.setattr(axes_module, "_PIECE_SAMPLES", 2500)
    parts = compare_axes(smoothed(phone, (Stretch(0, 2000, 0.0), Stretch(2000, 4000, 60.0))))
    assert_allclose(parts.shares[0], whole.shares[0], atol=0.05)
    assert_allclose(parts.rotation_s, whole.rotation_s, atol=3)


def fidgeting(n_samples=650, fastest_deg_per_s=15.0):
    """Sit and fidget: a phone that tilts by a few degrees, too little to compare its axes."""
    time = np.arange(n_samples) / 50
    angle = np.radians(fastest_deg_per_s) / 2.5 * np.sin(2.5 * time)
    rate = np.gradient(angle, time)
    random = np.random.default_rng(0)
    samples = random.normal(scale=0.002, size=(n_samples, 6))
    samples[:, 0] += np.cos(angle)
    samples[:, 1] -= np.sin(angle)
    samples[:, 5] += rate
    return samples, (Stretch(0, n_samples, 0.0),)


@pytest.mark.parametrize(("factor", "unit"), [(180 / np.pi, "deg/s"), (180_000 / np.pi, "mdps")])
def test_turning_that_gravity_does_not_show_is_in_a_smaller_unit(factor, unit):
    samples, whole = fidgeting()
    assert turning_excess(smoothed(samples, whole)) is None
    samples[:, 3:] *= factor
    excess = turning_excess(smoothed(samples, whole))
    assert excess == pytest.approx(factor, rel=0.3)
    assert unit_of_excess(excess, "rad/s") == unit


def test_no_unit_explains_a_gyroscope_of_something_else():
    assert unit_of_excess(1e9, "rad/s") is None


def test_a_carried_phone_turns_as_its_gyroscope_says(phone):
    assert turning_excess(smoothed(phone, WHOLE)) is None


def test_turning_about_the_vertical_is_no_excess():
    samples, whole = fidgeting()
    samples[:, 3] += 2.0
    assert turning_excess(smoothed(samples, whole)) is None
