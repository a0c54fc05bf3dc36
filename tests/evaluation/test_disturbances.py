from __future__ import annotations

import numpy as np
import pytest
from builders import refused
from numpy.testing import assert_allclose, assert_array_equal
from scipy.spatial.transform import Rotation

from har.errors import DataError
from har.evaluation.disturbances import DISTURBANCES
from har.signals.channels import UCI_CHANNELS
from har.signals.filters import uci_har_channels
from har.signals.windows import Windows

BY_NAME = {disturbance.name: disturbance for disturbance in DISTURBANCES}
ACC = np.array(["acc" in name for name in UCI_CHANNELS])


def windows_of(signals, channels=UCI_CHANNELS):
    none = np.zeros(len(signals), dtype=int)
    return Windows(np.asarray(signals, np.float32), none, none, channels)


def random_windows(n_windows=40, n_timesteps=128, seed=0):
    random = np.random.default_rng(seed)
    return windows_of(random.normal(size=(n_windows, n_timesteps, 9)))


def disturbed(name, level, windows=None, seed=1):
    return BY_NAME[name].of(windows or random_windows(), level, seed).signals


every = pytest.mark.parametrize("name", BY_NAME)


@every
def test_the_neutral_level_changes_nothing(name):
    found = disturbed(name, BY_NAME[name].neutral)
    assert_allclose(found, random_windows().signals, atol=1e-6)


@every
def test_every_level_changes_a_copy_alike_for_the_same_seed(name):
    windows = random_windows()
    for level in BY_NAME[name].levels:
        first = disturbed(name, level, windows)
        assert (first.shape, first.dtype) == (windows.signals.shape, np.float32)
        assert np.abs(first - windows.signals).max() > 1e-3, level
        assert_array_equal(first, disturbed(name, level, windows))
    assert_array_equal(windows.signals, random_windows().signals)


@pytest.mark.parametrize("axis", "xyz")
@pytest.mark.parametrize("degrees", [15, 90, 180])
def test_a_turned_phone_turns_all_sensors_by_the_angle_one_way_or_the_other(axis, degrees):
    windows = random_windows()
    found = disturbed(f"rotation_{axis}", degrees).reshape(40, -1, 3)
    senses = []
    for before, after in zip(windows.signals.reshape(40, -1, 3), found, strict=True):
        ways = [Rotation.from_euler(axis, s * degrees, degrees=True) for s in (-1, 1)]
        senses.append([np.allclose(way.apply(before), after, atol=1e-5) for way in ways])
    assert np.any(senses, axis=1).all()
    assert np.any(senses, axis=0).all()


def test_random_axes_differ_between_windows_and_the_angle_does_not():
    before, after = random_windows().signals, disturbed("rotation_random", 60)
    pairs = zip(after.reshape(40, -1, 3), before.reshape(40, -1, 3), strict=True)
    vectors = [Rotation.align_vectors(x, y)[0].as_rotvec(degrees=True) for x, y in pairs]
    assert_allclose(np.linalg.norm(vectors, axis=1), 60, atol=1e-2)
    assert len(np.unique(np.round(vectors, 2), axis=0)) == 40


@pytest.mark.parametrize("largest_degrees", [45, 180])
def test_phones_turned_at_random_differ_in_their_angle_about_x(largest_degrees):
    before = random_windows(2000, 1)
    after = disturbed("random_turn_x", largest_degrees, before).reshape(2000, 3, 3)
    vectors = before.signals.reshape(2000, 3, 3)
    assert_allclose(after[:, :, 0], vectors[:, :, 0], atol=1e-6)
    quotients = (after[:, 0, 1] + 1j * after[:, 0, 2]) / (vectors[:, 0, 1] + 1j * vectors[:, 0, 2])
    assert_allclose(np.abs(quotients), 1, atol=1e-4)
    angles = np.degrees(np.angle(quotients))
    assert np.abs(angles).max() == pytest.approx(largest_degrees, rel=0.01)
    assert_allclose(np.percentile(angles, [25, 50, 75]) / largest_degrees, [-0.5, 0, 0.5], atol=0.1)


def test_channels_that_are_no_triples_cannot_be_turned():
    windows = windows_of(np.zeros((2, 8, 3)), ("acc_z", "acc_y", "acc_x"))
    with refused(DataError, "expected triples of x, y and z"):
        disturbed("rotation_x", 30, windows)


@pytest.mark.parametrize(("sensor", "is_louder"), [("acc", ACC), ("gyro", ~ACC)])
def test_a_gain_multiplies_all_that_one_sensor_measures(sensor, is_louder):
    before = random_windows().signals
    assert_allclose(disturbed(f"gain_{sensor}", 25), before * np.where(is_louder, 1.25, 1), 1e-6)
    assert_allclose(disturbed(f"gain_{sensor}", -50), before * np.where(is_louder, 0.5, 1), 1e-6)


def test_a_missing_gyroscope_measures_zero():
    found = disturbed("missing_gyroscope", 100)
    assert (found[:, :, ~ACC] == 0).all()
    assert_array_equal(found[:, :, ACC], random_windows().signals[:, :, ACC])


@pytest.mark.parametrize(("sensor", "is_noisy"), [("acc", ACC), ("gyro", ~ACC)])
def test_noise_is_white_and_of_its_sensor_alone(sensor, is_noisy):
    noise = disturbed(f"noise_{sensor}", 0.3, windows_of(np.zeros((400, 128, 9))))
    assert (noise[:, :, ~is_noisy] == 0).all()
    assert_array_equal(noise[:, :, :3], noise[:, :, 6:])
    own = noise[:, :, np.flatnonzero(is_noisy)[:3]].astype(float)
    assert_allclose(own.std(axis=(0, 1)), 0.3, rtol=0.02)
    assert_allclose(np.corrcoef(own.reshape(-1, 3).T), np.eye(3), atol=0.02)
    assert np.mean(own[:, 1:] * own[:, :-1]) == pytest.approx(0, abs=0.001)


def test_without_gravity_acceleration_averages_zero_and_movement_stays():
    windows = random_windows()
    signals = disturbed("missing_gravity", 100.0, windows)
    is_acc = np.array(["acc" in name for name in UCI_CHANNELS])
    assert_allclose(signals[:, :, is_acc].mean(axis=1), 0, atol=1e-6)
    assert_allclose(signals.std(axis=1), windows.signals.std(axis=1), rtol=1e-4)
    assert_array_equal(signals[:, :, ~is_acc], windows.signals[:, :, ~is_acc])


def test_the_filters_that_are_left_out_would_pass_two_thirds_of_the_noise():
    noise = np.random.default_rng(0).normal(size=(50_000, 6))
    assert_allclose(uci_har_channels(noise)[1000:].std(axis=0), 0.65, atol=0.02)


def sines(frequency_hz):
    seconds = np.arange(128)[:, None] / 50
    phases = np.random.default_rng(0).uniform(0, 2 * np.pi, size=(20, 1, 9))
    return windows_of(np.sin(2 * np.pi * frequency_hz * seconds + phases))


@pytest.mark.parametrize(("rate_hz", "frequency_hz"), [(25, 3), (12.5, 2), (10, 1.5), (5, 0.5)])
def test_a_slower_phone_keeps_slow_movement(rate_hz, frequency_hz):
    windows = sines(frequency_hz)
    inside = slice(12, -12)
    found = disturbed("sampling_rate", rate_hz, windows)
    assert_allclose(found[:, inside], windows.signals[:, inside], atol=0.08)


@pytest.mark.parametrize(("rate_hz", "frequency_hz"), [(25, 19), (20, 15), (10, 8), (5, 4)])
def test_what_a_slower_phone_cannot_show_does_not_fold_down(rate_hz, frequency_hz):
    inside = slice(12, -12)
    found = disturbed("sampling_rate", rate_hz, sines(frequency_hz))
    assert found[:, inside].std() < 0.1


@pytest.mark.parametrize("rate_hz", BY_NAME["sampling_rate"].levels)
def test_a_slower_phone_measures_the_same_gravity(rate_hz):
    ones = windows_of(np.ones((2, 128, 9)))
    assert_allclose(disturbed("sampling_rate", rate_hz, ones), 1, atol=1e-4)


def test_a_window_is_resampled_alike_whatever_stands_beside_it(monkeypatch):
    together = disturbed("sampling_rate", 20)
    monkeypatch.setattr("har.evaluation.disturbances._N_PER_BLOCK", 7)
    assert_allclose(disturbed("sampling_rate", 20), together, atol=1e-6)


@pytest.mark.parametrize("percent", [20, 50, 90])
def test_lost_samples_are_replaced_by_the_last_one_that_came(percent):
    windows = random_windows()
    found = disturbed("dropped_samples", percent, windows)
    is_lost = (found != windows.signals).any(axis=2)
    for before, after, lost in zip(windows.signals, found, is_lost, strict=True):
        last = before[0]
        for sample, shown, is_missing in zip(before, after, lost, strict=True):
            last = last if is_missing else sample
            assert_array_equal(shown, last)
    assert not is_lost[:, 0].any()


def test_as_many_samples_are_lost_as_asked_for_and_no_longer_than_a_tenth_of_a_second():
    windows = random_windows(400)
    lost = {
        percent: (disturbed("dropped_samples", percent, windows) != windows.signals).any(axis=2)
        for percent in (20, 99)
    }
    assert lost[20][:, 1:].mean() == pytest.approx(0.2, abs=0.01)
    runs = "".join("x" if is_lost else " " for is_lost in lost[99].ravel()).split()
    assert max(map(len, runs)) == 5


def test_without_a_gyroscope_nothing_of_it_is_disturbed():
    channels = tuple(np.array(UCI_CHANNELS)[ACC])
    fitting = {name for name, disturbance in BY_NAME.items() if disturbance.fits(channels)}
    assert set(BY_NAME) - fitting == {"gain_gyro", "noise_gyro", "missing_gyroscope"}
    windows = windows_of(random_windows().signals[:, :, ACC], channels)
    # Disturbances that do not depend on the number of sensors are the same as with a gyroscope.
    for name in fitting - {"noise_acc"}:
        level = BY_NAME[name].levels[0]
        expected = disturbed(name, level)[:, :, ACC]
        assert_allclose(disturbed(name, level, windows), expected, atol=1e-6)
