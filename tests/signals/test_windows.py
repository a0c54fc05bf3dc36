from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from builders import ACTIVITIES, CHANNELS, RATE_HZ, small_windows
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_array_equal
from scored_run import make_stretches

from har.datasets.uci_har import window_table
from har.errors import DataError
from har.signals.windows import (
    WindowFormat,
    Windows,
    check_signals,
    hold_out_subjects,
    join_windows,
    neighbours_of,
    number_stretches,
    sliding_windows,
)

# Machines are shared: how long an example takes says nothing.
unhurried = settings(deadline=None)


def windows_of(subjects):
    """Make a window per subject; sample 0 of channel 0 is the window's number."""
    numbers = np.arange(len(subjects))
    signals = np.zeros((len(subjects), 4, 9), np.float32)
    signals[:, 0, 0] = numbers
    return Windows(signals, labels=numbers % 6, subjects=np.array(subjects, int))


def numbers_of(windows):
    return windows.signals[:, 0, 0].astype(int).tolist()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"signals": np.zeros((3, 4))}, r"shape \(3, 4\), expected \(n_windows, n_timesteps, 9\)"),
        ({"signals": np.zeros((3, 4, 6))}, r"shape \(3, 4, 6\), expected .*, 9\)"),
        ({"signals": np.zeros((3, 4, 9), int)}, "type int64, expected floats"),
        ({"labels": np.zeros(2, int)}, r"labels of shape \(2,\), expected one for each of 3"),
        ({"subjects": np.zeros((3, 1), int)}, r"subjects of shape \(3, 1\), expected one for each"),
        ({"labels": np.array([0, 6, 1])}, r"labels 0\.\.6, expected 0\.\.5"),
        ({"labels": np.array([0, -1, 1])}, r"labels -1\.\.1, expected 0\.\.5"),
    ],
)
def test_arrays_that_do_not_fit_are_refused(changes, message):
    with pytest.raises(DataError, match=f"^windows: found .*{message}[^\n]*$"):
        replace(windows_of([1, 1, 2]), **changes)


def test_windows_know_their_format_and_fit_it():
    windows = small_windows(n_timesteps=20)
    window_format = windows.window_format
    assert window_format == WindowFormat(CHANNELS, ACTIVITIES, RATE_HZ, 20)
    window_format.check(windows)
    window_format.check(windows.signals)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"channels": CHANNELS[::-1]}, r"found channels \('acc_x', .*, expected \('gyro_x', "),
        ({"activities": (*ACTIVITIES, "SIT")}, "found activities .*, expected .*'SIT'"),
        ({"rate_hz": 50.0}, "found rate_hz 20.0, expected 50.0"),
        ({"n_timesteps": 128}, "found 20 time steps, expected 128"),
    ],
)
def test_windows_of_another_format_are_refused(changes, message):
    windows = small_windows(n_timesteps=20)
    with pytest.raises(DataError, match=f"^windows: {message}[^\n]*$"):
        replace(windows.window_format, **changes).check(windows)


@pytest.mark.parametrize("values", [[np.nan], [np.inf], [-np.inf], [np.inf, -np.inf]])
def test_a_value_that_is_not_finite_is_refused_with_its_place(values):
    signals = np.zeros((3, 4, 9), np.float32)
    signals[1, 2, 5 : 5 + len(values)] = values
    with pytest.raises(DataError) as caught:
        check_signals(signals, n_channels=9, place="upload.npy")
    assert str(caught.value) == (
        f"upload.npy: found {values[0]} in window 1, time step 2, channel 5, "
        "expected finite numbers"
    )


def test_large_finite_values_are_no_infinity():
    check_signals(np.full((3, 4, 9), 1e308), n_channels=9, place="upload.npy")


def test_windows_are_taken_by_index_mask_or_subject():
    windows = windows_of([5, 1, 5, 3])
    assert (len(windows), windows.n_timesteps, windows.subject_names) == (4, 4, (1, 3, 5))
    assert numbers_of(windows.where(np.array([2, 0]))) == [2, 0]
    assert numbers_of(windows.where(windows.labels > 1)) == [2, 3]
    chosen = windows.of_subjects([3, 5])
    assert numbers_of(chosen) == [0, 2, 3]
    assert chosen.labels.tolist() == [0, 2, 3]
    assert chosen.subjects.tolist() == [5, 5, 3]
    assert len(windows.of_subjects([])) == 0


@unhurried
@given(
    n_samples=st.integers(0, 50),
    n_channels=st.integers(1, 3),
    size=st.integers(1, 20),
    step=st.integers(1, 20),
)
def test_sliding_windows_are_those_of_a_plain_loop(n_samples, n_channels, size, step):
    recording = np.arange(n_samples * n_channels).reshape(n_samples, n_channels) / 7
    naive = [recording[i : i + size] for i in range(0, n_samples - size + 1, step)]
    if not naive:
        with pytest.raises(DataError, match=f"found {n_samples} samples, expected .* {size} "):
            sliding_windows(recording, size, step)
        return
    cut = sliding_windows(recording, size, step)
    assert_array_equal(cut, np.array(naive))
    assert not cut.flags.writeable
    assert np.shares_memory(cut, recording)


@unhurried
@given(
    subjects=st.lists(st.integers(1, 30), min_size=1, max_size=40),
    n_held_out=st.integers(0, 30),
    seed=st.integers(0, 2**32 - 1),
)
def test_held_out_subjects_are_in_no_other_windows(subjects, n_held_out, seed):
    windows = windows_of(subjects)
    n_subjects = len(set(subjects))
    if n_held_out >= n_subjects:
        with pytest.raises(DataError, match=f"hold out {n_held_out} subjects of {n_subjects}, "):
            hold_out_subjects(windows, n_held_out, seed)
        return
    rest, held_out = hold_out_subjects(windows, n_held_out, seed)
    assert len(held_out.subject_names) == n_held_out
    assert not set(rest.subject_names) & set(held_out.subject_names)
    assert sorted(numbers_of(rest) + numbers_of(held_out)) == list(range(len(windows)))
    again, _ = hold_out_subjects(windows, n_held_out, seed)
    assert numbers_of(again) == numbers_of(rest)


def test_different_seeds_hold_out_different_subjects():
    windows = windows_of(range(1, 22))
    drawn = {hold_out_subjects(windows, 4, seed)[1].subject_names for seed in range(10)}
    assert len(drawn) > 5


@unhurried
@given(n_windows=st.integers(1, 6), size=st.integers(1, 9), data=st.data())
def test_joining_windows_undoes_cutting_them(n_windows, size, data):
    step = data.draw(st.integers(1, size))
    recording = np.arange(2 * (size + (n_windows - 1) * step)).reshape(-1, 2)
    windows = sliding_windows(recording, size, step)
    assert len(windows) == n_windows
    assert_array_equal(join_windows(windows, step), recording)


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


def test_any_overlap_is_recognised():
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


def test_only_activities_that_are_the_first_of_a_format_are_completed():
    windows = small_windows()
    more = replace(windows.window_format, activities=(*ACTIVITIES, "JUMP"))
    completed = more.with_all_activities(windows)
    assert completed.activities == more.activities
    assert_array_equal(completed.labels, windows.labels)
    assert windows.window_format.with_all_activities(windows) is windows
    other = replace(more, activities=("JUMP", *ACTIVITIES))
    assert other.with_all_activities(windows) is windows
    fewer = replace(more, activities=ACTIVITIES[:2])
    assert fewer.with_all_activities(windows) is windows
