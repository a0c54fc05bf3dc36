from __future__ import annotations

import numpy as np
import pytest
from builders import refused
from numpy.testing import assert_allclose

from har.errors import DataError
from har.reading import gravity
from har.reading.gravity import block_moments, check_columns, check_gravity, misnamed_columns
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
