from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.spatial.transform import Rotation

from har.augment import rotate
from har.errors import DataError
from har.signals import UCI_CHANNELS


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


def test_channels_that_are_no_triples_are_refused():
    with pytest.raises(DataError, match="expected triples of x, y and z"):
        rotate(random_signals()[:, :, :4], UCI_CHANNELS[:4][::-1], 15, np.random.default_rng(0))
