from __future__ import annotations

import numpy as np
import pytest
from builders import refused
from numpy.testing import assert_allclose
from scipy import signal

from har.errors import DataError
from har.reading import gravity
from har.reading.gravity import (
    block_moments,
    check_columns,
    check_gravity,
    check_movement,
    misnamed_columns,
)
from har.signals.recording import Stretch

WHOLE = (Stretch(0, 6000, 0.0),)


def resting_phone(seed=0):
    """Let a phone lie in one position after another; make values in g and rad/s."""
    random = np.random.default_rng(seed)
    positions = random.normal(size=(12, 3))
    positions /= np.linalg.norm(positions, axis=1, keepdims=True)
    samples = random.normal(scale=0.01, size=(6000, 6))
    samples[:, :3] += np.repeat(positions, 500, axis=0)
    return samples


def test_blocks_are_averaged_wherever_they_are_cut(monkeypatch, phone):
    monkeypatch.setattr(gravity, "_BLOCKS_AT_ONCE", 7)
    means, deviations = block_moments(phone[:5990])
    assert_allclose(means, phone[:5950].reshape(119, 50, 6).mean(1))
    assert_allclose(deviations, phone[:5950].reshape(119, 50, 6).std(1))


@pytest.mark.parametrize("factors", [np.ones(6), np.repeat([1 / 9.80665, np.pi / 180], 3)])
def test_right_names_need_no_explanation(phone, factors):
    assert misnamed_columns(resting_phone(), factors) is None
    assert misnamed_columns(phone, factors) is None
    assert misnamed_columns(phone[:, :3], factors[:3]) is None


@pytest.mark.parametrize(("acc", "gyro"), [(0, 3), (1, 5), (2, 4)])
@pytest.mark.parametrize("factors", [np.ones(6), np.repeat([1 / 9.80665, np.pi / 180], 3)])
def test_an_acceleration_and_an_angular_rate_exchanged_are_found(acc, gyro, factors):
    raw = resting_phone() / factors
    raw[:, [acc, gyro]] = raw[:, [gyro, acc]]
    explanation = misnamed_columns(raw * factors, factors)
    assert explanation == f"acc_{'xyz'[acc]} and gyro_{'xyzxyz'[gyro]} exchanged"


def test_one_axis_in_another_unit_is_found():
    samples = resting_phone()
    samples[:, 1] *= 9.80665
    with refused(DataError, "walk.csv: found acc", "acc_y in m/s2 and the others in g", "1 g"):
        check_columns(samples, "walk.csv")


def test_a_change_of_unit_is_named_with_its_time(phone):
    samples = phone.copy()
    samples[4000:, :3] *= 9.80665
    stretches = (Stretch(0, 3000, 0.0), Stretch(3000, 3000, 100.0))
    with refused(DataError, "from 120.0 s on, and 39 more such seconds"):
        check_gravity(samples, stretches, "walk.csv")


def test_acceleration_without_gravity_is_refused():
    shaking = np.random.default_rng(0).normal(scale=0.6, size=(6000, 3))
    with refused(DataError, "walk.csv: found acceleration that averages", "gravity was removed"):
        check_gravity(shaking, WHOLE, "walk.csv")


def test_running_is_no_change_of_unit():
    seconds = np.arange(6000) / 50
    running = np.zeros((6000, 3))
    running[:, 0] = 1 + 1.8 * np.sin(2 * np.pi * 2.7 * seconds)
    check_gravity(running, WHOLE, "walk.csv")
    check_columns(running, "walk.csv")


def gravity_of(samples):
    """Leave of acceleration what a system computes as gravity: smooth, and 1 g long."""
    sos = signal.butter(2, 0.8, fs=50, output="sos")
    gravity = signal.sosfiltfilt(sos, samples[:, :3], axis=0)
    return gravity / np.linalg.norm(gravity, axis=1, keepdims=True)


def test_an_accelerometer_passes_for_one(phone):
    for seed in range(3):
        check_movement(resting_phone(seed), WHOLE, "walk.csv")
    check_movement(phone, WHOLE, "walk.csv")
    check_movement(phone[:, :3], WHOLE, "walk.csv")


@pytest.mark.parametrize("length", [1, 0.98])
@pytest.mark.parametrize("n_channels", [3, 6])
def test_gravity_alone_is_refused(phone, length, n_channels):
    samples = np.hstack([gravity_of(phone) * length, phone[:, 3:]])[:, :n_channels]
    with refused(DataError, "walk.csv", "gravity alone, without movement", "--columns acc_x="):
        check_movement(samples, WHOLE, "walk.csv")


def test_gravity_alone_with_a_length_that_changes_is_told_from_the_gyroscope(phone):
    random = np.random.default_rng(0)
    samples = phone.copy()
    samples += random.normal(scale=[0.1] * 3 + [0.2] * 3, size=(6000, 6))
    check_movement(samples, WHOLE, "walk.csv")
    samples[:, :3] = gravity_of(phone) * (1 + 0.02 * np.sin(np.arange(6000) / 40))[:, None]
    with refused(DataError, "too smooth for an accelerometer"):
        check_movement(samples, WHOLE, "walk.csv")


def test_a_phone_that_lies_still_is_not_taken_for_gravity_alone():
    still = np.random.default_rng(0).normal([0, 0, 1, 0, 0, 0], 0.0004, size=(6000, 6))
    check_movement(still, WHOLE, "walk.csv")
    check_movement(still[:, :3], WHOLE, "walk.csv")


def test_another_length_of_gravity_is_refused(phone):
    with refused(DataError, "averages 2 g over a second", "--acc-unit"):
        check_gravity(phone * 2, WHOLE, "walk.csv")
