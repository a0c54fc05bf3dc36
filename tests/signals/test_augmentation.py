from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.spatial.transform import Rotation

from har.errors import DataError
from har.signals.augmentation import rotate, scale_axes, stretch_time, turn_about_x
from har.signals.channels import UCI_CHANNELS


def random_signals(n_windows=50, n_timesteps=8, seed=0):
    random = np.random.default_rng(seed)
    return random.normal(size=(n_windows, n_timesteps, 9)).astype(np.float32)


def turned(signals, degrees, seed=1):
    return rotate(signals, UCI_CHANNELS, degrees, np.random.default_rng(seed))


def test_lengths_and_angles_between_sensors_stay():
    before = random_signals().reshape(50, 24, 3)
    after = turned(random_signals(), 40).reshape(50, 24, 3)
    products_before = before @ before.swapaxes(1, 2)
    assert_allclose(after @ after.swapaxes(1, 2), products_before, atol=1e-4)
    assert np.abs(after - before).max() > 0.1


def test_each_window_is_turned_by_one_rotation_that_is_no_reflection():
    before, after = random_signals(), turned(random_signals(), 40)
    for x, y in zip(before.reshape(50, 24, 3), after.reshape(50, 24, 3), strict=True):
        matrix = np.linalg.lstsq(x, y, rcond=None)[0].T
        assert_allclose(x @ matrix.T, y, atol=1e-4)
        assert np.linalg.det(matrix) == pytest.approx(1, abs=1e-4)


def test_angles_have_the_deviation_asked_for_and_axes_no_preference():
    signals = np.tile(np.eye(3, dtype=np.float32).reshape(1, 1, 9), (20_000, 1, 1))
    matrices = turned(signals, 15).reshape(-1, 3, 3).swapaxes(1, 2)
    vectors = Rotation.from_matrix(matrices.astype(np.float64)).as_rotvec(degrees=True)
    angles = np.linalg.norm(vectors, axis=1)
    assert np.sqrt(np.mean(angles**2)) == pytest.approx(15, rel=0.02)
    assert_allclose(vectors.std(axis=0), 15 / np.sqrt(3), rtol=0.03)
    assert_allclose(vectors.mean(axis=0), 0, atol=0.3)


def test_no_deviation_turns_nothing_and_the_input_stays():
    signals = random_signals()
    assert_allclose(turned(signals, 0), signals, atol=1e-6)
    turned(signals, 30)
    assert_array_equal(signals, random_signals())


def test_the_same_seed_turns_alike_and_the_type_stays():
    first = turned(random_signals(), 15)
    assert first.dtype == np.float32
    assert_array_equal(first, turned(random_signals(), 15))
    assert not np.array_equal(first, turned(random_signals(), 15, seed=2))


def turned_about_x(signals, largest_degrees, seed=1):
    return turn_about_x(signals, UCI_CHANNELS, largest_degrees, np.random.default_rng(seed))


@pytest.mark.parametrize("largest_degrees", [30, 180])
def test_a_turn_about_x_is_by_any_angle_up_to_the_largest(largest_degrees):
    signals = np.tile(np.eye(3, dtype=np.float32).reshape(1, 1, 9), (20_000, 1, 1))
    matrices = turned_about_x(signals, largest_degrees).reshape(-1, 3, 3).swapaxes(1, 2)
    vectors = Rotation.from_matrix(matrices.astype(np.float64)).as_rotvec(degrees=True)
    assert_allclose(vectors[:, 1:], 0, atol=1e-3)
    angles = vectors[:, 0] / largest_degrees
    assert np.abs(angles).max() == pytest.approx(1, abs=1e-3)
    assert_allclose(
        np.percentile(angles, [5, 25, 50, 75, 95]), [-0.9, -0.5, 0, 0.5, 0.9], atol=0.03
    )


def test_all_sensors_turn_together_about_x_and_the_input_stays():
    before, after = random_signals().reshape(50, 24, 3), turned_about_x(random_signals(), 180)
    after = after.reshape(50, 24, 3)
    products_before = before @ before.swapaxes(1, 2)
    assert_allclose(after @ after.swapaxes(1, 2), products_before, atol=1e-4)
    assert_allclose(after[:, :, 0], before[:, :, 0], atol=1e-6)
    assert_array_equal(before, random_signals().reshape(50, 24, 3))


@pytest.mark.parametrize("channels", [UCI_CHANNELS[:3][::-1], UCI_CHANNELS[:4]])
def test_channels_that_are_no_triples_are_refused(channels):
    signals = random_signals()[:, :, : len(channels)]
    with pytest.raises(DataError, match="expected triples of x, y and z"):
        rotate(signals, channels, 15, np.random.default_rng(0))


def scaled(signals, deviation, seed=1, channels=UCI_CHANNELS):
    return scale_axes(signals, channels, deviation, np.random.default_rng(seed))


def test_a_gain_is_one_number_for_each_window_and_axis_of_a_sensor():
    gains = scaled(random_signals(), 0.2) / random_signals()
    assert_allclose(gains, np.broadcast_to(gains[:, :1], gains.shape), rtol=1e-4)
    body_acc, body_gyro, total_acc = np.split(gains[:, 0], 3, axis=1)
    assert_allclose(body_acc, total_acc, rtol=1e-5)
    different = np.concatenate([body_acc, body_gyro], axis=1)
    assert len(np.unique(different.round(4))) > 290


def test_gains_have_the_deviation_asked_for_around_1():
    gains = scaled(np.ones((20_000, 1, 9), np.float32), 0.1)[:, 0, :6]
    assert_allclose(gains.mean(axis=0), 1, atol=0.003)
    assert_allclose(gains.std(axis=0), 0.1, rtol=0.03)
    assert_allclose(np.corrcoef(gains.T), np.eye(6), atol=0.03)


@pytest.mark.parametrize("channels", [("acc_x", "acc_y", "gyro_x"), ("x", "y", "z")])
def test_channels_of_other_names_have_gains_too(channels):
    ones = np.ones((3, 2, 3), np.float32)
    assert len(np.unique(scaled(ones, 0.1, channels=channels))) == 9


def stretched(signals, largest_change, seed=1):
    return stretch_time(signals, largest_change, np.random.default_rng(seed))


def test_a_stretched_window_is_that_of_another_pace_about_its_middle():
    time = np.arange(65) - 32.0
    signals = np.tile(np.sin(0.1 * time)[:, None], (200, 1, 9)).astype(np.float32)
    pace = np.random.default_rng(1).uniform(0.8, 1.2, size=(200, 1, 1))
    inside = slice(7, -7)
    expected = np.sin(0.1 * pace * time[None, :, None])
    found = stretched(signals, 0.2)
    assert_allclose(found[:, inside], np.broadcast_to(expected, found.shape)[:, inside], atol=2e-3)


def test_stretching_interpolates_as_numpy_does_and_mirrors_the_ends():
    signals = random_signals(n_timesteps=20)
    paces = np.random.default_rng(1).uniform(0.5, 1.5, size=50)
    mirrored = np.concatenate([signals[:, :0:-1], signals, signals[:, -2::-1]], axis=1)
    moments = np.arange(-19, 39)
    for window, pace, found in zip(mirrored, paces, stretched(signals, 0.5), strict=True):
        read = 9.5 + pace * (np.arange(20) - 9.5)
        expected = [np.interp(read, moments, channel) for channel in window.T]
        assert_allclose(found, np.transpose(expected), atol=1e-5)


@pytest.mark.parametrize("n_timesteps", [1, 2, 3])
def test_the_shortest_windows_can_be_stretched(n_timesteps):
    signals = random_signals(n_timesteps=n_timesteps)
    found = stretched(signals, 0.9)
    assert found.shape == signals.shape
    assert (found >= signals.min(axis=1, keepdims=True) - 1e-6).all()
    assert (found <= signals.max(axis=1, keepdims=True) + 1e-6).all()


@pytest.mark.parametrize("augment", [scaled, stretched], ids=["scaled", "stretched"])
def test_gains_and_stretching_change_a_copy_alike_for_the_same_seed(augment):
    signals = random_signals()
    assert_array_equal(augment(signals, 0), signals)
    first = augment(signals, 0.3)
    assert first.dtype == np.float32
    assert_array_equal(signals, random_signals())
    assert_array_equal(first, augment(signals, 0.3))
    assert not np.array_equal(first, augment(signals, 0.3, seed=2))
