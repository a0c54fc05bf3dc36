from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from builders import small_windows
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from har.config import TrainingConfig
from har.signals.augmentation import rotate, scale_axes, stretch_time, turn_about_x
from har.training.batches import Share, batches, smoothed_targets
from har.training.draws import augmentation_generator

WINDOWS = small_windows()


def numbered(n_windows):
    """Make windows whose first sample is their number."""
    windows = WINDOWS.where(np.arange(n_windows) % len(WINDOWS))
    windows.signals[:, 0, 0] = np.arange(n_windows)
    return windows


def numbers_of(epoch):
    return [signals[:, 0, 0].astype(int).tolist() for signals, _ in epoch]


@settings(max_examples=50, deadline=None)
@given(n_windows=st.integers(1, 60), batch_size=st.integers(1, 70), shuffle=st.booleans())
def test_each_window_is_in_one_of_nearly_equal_batches(n_windows, batch_size, shuffle):
    config = TrainingConfig(batch_size=batch_size, shuffle=shuffle)
    epoch = numbers_of(batches(numbered(n_windows), config, 0, 1))
    assert sorted(sum(epoch, [])) == list(range(n_windows))
    sizes = [len(batch) for batch in epoch]
    assert max(sizes) <= batch_size
    assert max(sizes) - min(sizes) <= 1
    assert len(epoch) == -(-n_windows // batch_size)


def test_targets_stay_with_their_windows():
    windows = numbered(50)
    config = TrainingConfig(batch_size=8, label_smoothing=0.1)
    for signals, targets in batches(windows, config, 0, 1):
        assert signals.dtype == targets.dtype == np.float32
        numbers = signals[:, 0, 0].astype(int)
        assert_array_equal(signals, windows.signals[numbers])
        assert_array_equal(targets, smoothed_targets(windows.labels[numbers], 3, 0.1))


def test_the_order_is_another_in_each_epoch_and_the_same_when_seeded_alike():
    config = TrainingConfig(batch_size=8)
    orders = [numbers_of(batches(numbered(50), config, 3, epoch)) for epoch in (1, 2, 1)]
    assert orders[0] != orders[1]
    assert orders[0] == orders[2]
    assert numbers_of(batches(numbered(50), config, 4, 1)) not in orders


@pytest.mark.parametrize("first", [0, 1, 6, 7])
def test_an_epoch_goes_on_from_any_batch_as_it_would_have(first):
    config = TrainingConfig(batch_size=8, gain=0.1)
    whole = list(batches(numbered(50), config, 3, 1))
    for one, other in zip(batches(numbered(50), config, 3, 1, first), whole[first:], strict=True):
        assert_array_equal(one[0], other[0])
        assert_array_equal(one[1], other[1])


def test_processes_share_each_batch_and_augment_their_own_windows():
    config = TrainingConfig(batch_size=8, gain=0.1)
    plain = TrainingConfig(batch_size=8)
    shares = [numbers_of(batches(numbered(50), plain, 3, 1, share=Share(n, 3))) for n in range(3)]
    whole = numbers_of(batches(numbered(50), plain, 3, 1))
    assert [sum(parts, []) for parts in zip(*shares, strict=True)] == whole
    gains = [
        signals[0, 1:] / windows[0, 1:]
        for n in range(3)
        for (signals, _), (windows, _) in zip(
            batches(WINDOWS, config, 3, 1, share=Share(n, 3)),
            batches(WINDOWS, plain, 3, 1, share=Share(n, 3)),
            strict=True,
        )
    ]
    assert len({float(gain[0, 0]) for gain in gains}) == len(gains)


def test_without_shuffling_windows_stay_in_order():
    config = TrainingConfig(batch_size=20, shuffle=False)
    epoch = numbers_of(batches(numbered(50), config, 0, 1))
    assert sum(epoch, []) == list(range(50))


@pytest.mark.parametrize(
    ("smoothing", "expected"),
    [
        (0.0, [[0, 0, 1], [1, 0, 0]]),
        (0.3, [[0.1, 0.1, 0.8], [0.8, 0.1, 0.1]]),
    ],
)
def test_smoothing_spreads_its_share_over_all_activities(smoothing, expected):
    targets = smoothed_targets(np.array([2, 0]), 3, smoothing)
    assert targets.dtype == np.float32
    assert_allclose(targets, expected, atol=1e-7)


@pytest.mark.parametrize("settings", [{"gain": 0.1}, {"time_warp": 0.1}], ids=str)
def test_augmentation_changes_each_window_anew_in_each_epoch(settings):
    config = TrainingConfig(shuffle=False, **settings)
    first, second = (
        np.concatenate([signals for signals, _ in batches(WINDOWS, config, 0, epoch)])
        for epoch in (1, 2)
    )
    for one, other in ((first, second), (first, WINDOWS.signals)):
        assert (np.abs(one - other).max(axis=(1, 2)) > 1e-4).all()
        assert_allclose(one.std(), other.std(), rtol=0.2)


def test_the_phone_is_turned_before_its_sensors_gain_and_time_is_stretched_last():
    channels = ("acc_x", "acc_y", "acc_z")
    windows = replace(WINDOWS, signals=WINDOWS.signals[:, :, :3], channels=channels)
    magnitudes = {"turn_degrees": 180, "rotation_degrees": 20, "gain": 0.1, "time_warp": 0.1}
    config = TrainingConfig(shuffle=False, **magnitudes)
    signals, _ = next(batches(windows, config, 0, 1))
    generator = augmentation_generator(0, 1, 0)
    expected = turn_about_x(windows.signals[: len(signals)], channels, 180, generator)
    expected = rotate(expected, channels, 20, generator)
    expected = scale_axes(expected, channels, 0.1, generator)
    assert_array_equal(signals, stretch_time(expected, 0.1, generator))


@pytest.mark.parametrize("setting", ["rotation_degrees", "turn_degrees"])
def test_rotation_turns_each_window_anew_in_each_epoch_and_keeps_lengths(setting):
    windows = small_windows()
    channels = ("acc_x", "acc_y", "acc_z")
    windows = replace(windows, signals=windows.signals[:, :, :3], channels=channels)
    config = TrainingConfig(shuffle=False, **{setting: 20})
    first, second = (
        np.concatenate([signals for signals, _ in batches(windows, config, 0, epoch)])
        for epoch in (1, 2)
    )
    for turned in (first, second):
        lengths = np.linalg.norm(turned, axis=2)
        assert_allclose(lengths, np.linalg.norm(windows.signals, axis=2), rtol=1e-4)
    assert not np.allclose(first, windows.signals)
    assert not np.allclose(first, second)
