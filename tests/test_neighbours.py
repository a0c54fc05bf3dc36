from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from builders import small_windows
from numpy.testing import assert_array_equal
from scored_run import make_stretches

from har.datasets.uci_har import window_table
from har.neighbours import neighbours_of, number_stretches

# Windows 0 to 4, 5, and 6 to 8.
STRETCHES = np.array([0, 0, 0, 0, 0, 1, 2, 2, 2])


@pytest.mark.parametrize("split", ["train", "test"])
def test_the_stretches_of_uci_har_are_those_it_was_cut_from(uci_har, split):
    table = window_table()
    runs = table.loc[table["split"] == split, "n_windows"].to_numpy()
    expected = np.repeat(np.arange(len(runs)), runs)
    assert_array_equal(number_stretches(getattr(uci_har, split)), expected)


def test_windows_that_share_samples_are_of_one_stretch():
    assert_array_equal(number_stretches(make_stretches()), STRETCHES)


@pytest.mark.parametrize("chosen", [[0], [0, 2, 4], [4, 3, 2]], ids=str)
def test_windows_that_do_not_follow_each_other_each_have_a_stretch(chosen):
    assert_array_equal(number_stretches(make_stretches().where(chosen)), np.arange(len(chosen)))


def test_a_hair_of_difference_parts_windows():
    windows = make_stretches()
    signals = windows.signals.copy()
    signals[2, 100, 7] = np.nextafter(signals[2, 100, 7], np.float32(9))
    assert_array_equal(
        number_stretches(replace(windows, signals=signals)), [0, 0, 0, 1, 1, 2, 3, 3, 3]
    )


def test_two_people_are_two_stretches():
    subjects = np.array([1, 1, 2, 2, 2, 3, 4, 4, 4])
    found = number_stretches(replace(make_stretches(), subjects=subjects))
    assert_array_equal(found, [0, 0, 1, 1, 1, 2, 3, 3, 3])


def test_samples_that_never_vary_prove_nothing():
    windows = make_stretches()
    dead = replace(windows, signals=np.full_like(windows.signals, 0.25))
    assert_array_equal(number_stretches(dead), np.arange(9))


def test_a_missing_gyroscope_does_no_harm():
    windows = make_stretches()
    windows.signals[:, :, 3:6] = 0
    assert_array_equal(number_stretches(windows), STRETCHES)


def test_any_overlap_can_be_told():
    windows = make_stretches(n_windows=(9,), labels=(0,), subjects=(1,))
    assert_array_equal(number_stretches(windows.where([0, 1, 2, 4, 6, 8]), step=64)[:3], [0, 0, 0])
    quarter = replace(windows, signals=windows.signals[:, :80])
    assert_array_equal(number_stretches(quarter), np.zeros(9))


@pytest.mark.parametrize("step", [16, 64])
def test_windows_that_do_not_overlap_have_no_neighbours(step):
    windows = small_windows(n_timesteps=16)
    assert_array_equal(number_stretches(windows, step), np.arange(len(windows)))


@pytest.mark.parametrize(
    ("window", "n_around", "expected"),
    [
        (0, 2, [0, 1, 2]),
        (2, 1, [1, 2, 3]),
        (4, 2, [2, 3, 4]),
        (5, 2, [5]),
        (6, 9, [6, 7, 8]),
        (8, 0, [8]),
    ],
)
def test_neighbours_are_of_the_same_stretch(window, n_around, expected):
    assert neighbours_of(window, STRETCHES, n_around).tolist() == expected
