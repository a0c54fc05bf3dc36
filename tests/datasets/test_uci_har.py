from __future__ import annotations

import io
import time
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_array_equal

from har.datasets import hapt_recordings
from har.datasets.dataset import content_fingerprint
from har.datasets.file_trees import open_zip
from har.datasets.uci_har import (
    check_known,
    holds_uci_har,
    read_published,
    rebuild,
    subject_of_experiment,
)
from har.errors import DataError
from har.signals.channels import UCI_CHANNELS
from har.signals.recording import Recording
from har.signals.windows import Windows

FOLDER = "UCI HAR Dataset/"
SIGNALS = f"{FOLDER}train/Inertial Signals/body_gyro_y_train.txt"
LABELS, SUBJECTS = f"{FOLDER}train/y_train.txt", f"{FOLDER}train/subject_train.txt"
TEST_SUBJECTS = f"{FOLDER}test/subject_test.txt"


def assert_same_windows(found, expected):
    assert_array_equal(found.signals, expected.signals)
    assert_array_equal(found.labels, expected.labels)
    assert_array_equal(found.subjects, expected.subjects)


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize("folder", [FOLDER, "", "deep/down/"])
@pytest.mark.parametrize("with_features", [True, False])
def test_a_published_copy_is_read(newline, folder, with_features, small_copy, tree_of):
    small = small_copy(newline=newline)
    files = {name.replace(FOLDER, folder): content for name, content in small.files.items()}
    if with_features:
        files[f"{folder}train/X_train.txt"] = b"561 features, which nobody reads"
    tree = tree_of(files)
    assert holds_uci_har(tree)
    train, test = read_published(tree)
    assert_same_windows(train, small.train)
    assert_same_windows(test, small.test)


def test_another_tree_is_not_uci_har(tree_of):
    assert not holds_uci_har(tree_of({"train/train.csv": b"", f"{FOLDER}README.txt": b""}))


def line(number, change):
    """Change one line of a file, from 1."""

    def edit(text):
        lines = text.split(b"\n")
        lines[number - 1 : number] = change(lines[number - 1])
        return b"\n".join(lines)

    return edit


def column_17(value):
    return line(3, lambda old: [b" ".join([*old.split()[:16], value, *old.split()[17:]])])


@pytest.mark.parametrize(
    ("name", "edit", "found"),
    [
        (SIGNALS, column_17(b"fast"), ", line 3, column 17: found 'fast'"),
        (SIGNALS, column_17(b"NaN"), ", line 3, column 17: found NaN"),
        (SIGNALS, column_17(b"-inf"), ", line 3, column 17: found -inf"),
        (SIGNALS, column_17(b"1e39"), ", line 3, column 17: found 1e39"),
        (SIGNALS, column_17(b"1 2"), ", line 3: found 129 columns, expected 128"),
        (SIGNALS, line(2, lambda old: [old[:960]]), ", line 2: found 60 columns, expected 128"),
        (SIGNALS, line(2, lambda old: []), ": found 5 rows, expected 6"),
        (SIGNALS, line(2, lambda old: [old, old]), ": found 7 rows, expected 6"),
        (SIGNALS, lambda text: text[:-3], ", line 6: found a last line of 2046 characters"),
        (SIGNALS, lambda text: b"", ": found an empty file"),
        (SUBJECTS, line(2, lambda old: [old, old]), ": found 7 rows, expected 6, one for each"),
        (LABELS, line(2, lambda old: [b"0"]), ", line 2: found 0, expected a whole number 1..6"),
        (LABELS, line(2, lambda old: [b"7"]), ", line 2: found 7, expected a whole number 1..6"),
        (LABELS, line(2, lambda old: [b"2.5"]), ", line 2: found 2.5, expected a whole number"),
        (LABELS, line(2, lambda old: [b"LAYING"]), ", line 2, column 1: found 'LAYING'"),
        (SUBJECTS, line(2, lambda old: [b"31"]), ", line 2: found 31, expected a whole number"),
        (SUBJECTS, line(2, lambda old: []), ": found 5 rows, expected 6"),
    ],
)
def test_what_is_wrong_in_a_file_is_named(name, edit, found, small, refused):
    small.files[name] = edit(small.files[name])
    with refused(f"small/{name}{found}"):
        read_published(small)


@pytest.mark.parametrize("name", [SIGNALS, LABELS, SUBJECTS, TEST_SUBJECTS])
def test_a_missing_file_is_named(name, small, refused):
    del small.files[name]
    with refused(f"small/{name}: found no such file"):
        read_published(small)


@settings(max_examples=50, deadline=None)
@given(data=st.data())
def test_a_file_cut_off_anywhere_is_refused(data, small_copy):
    small = small_copy()
    name = data.draw(st.sampled_from([name for name in small.files if "/y_" not in name]))
    text = small.files[name]
    small.files[name] = text[: data.draw(st.integers(0, len(text) - 2))]
    with pytest.raises(DataError, match=f"^small/{name}[:,][^\n]* found [^\n]* expected [^\n]*$"):
        read_published(small)


def test_labels_cut_off_are_refused(small, refused):
    small.files[LABELS] = small.files[LABELS][:-2]
    with refused(f"small/{SUBJECTS}: found 6 rows, expected 5, one for each row of y_*.txt"):
        read_published(small)


def test_a_subject_in_both_splits_is_refused(small, refused):
    small.files[TEST_SUBJECTS] = small.files[TEST_SUBJECTS].replace(b"4", b"3")
    with refused(f"small/{FOLDER}: found subject 3 in both train and test"):
        read_published(small)


def of_test(**changes):
    """Change arrays of the official test windows."""
    return lambda windows: replace(
        windows, **{name: change(getattr(windows, name).copy()) for name, change in changes.items()}
    )


def put(place, value):
    def change(array):
        array[place] = value
        return array

    return change


def spread(signals):
    """Keep the means and increase the standard deviations by a hundredth."""
    return signals + np.float32(0.01) * (signals - signals.mean(axis=(0, 1)))


def swap_rows(array):
    """Exchange the first windows of the first two activities."""
    array[[0, 31]] = array[[31, 0]]
    return array


def channels(*order):
    return of_test(signals=lambda signals: signals[:, :, order])


@pytest.mark.parametrize(
    ("change", "parts"),
    [
        (channels(1, 0, *range(2, 9)), ["body_acc_x: found a mean of -0.000380"]),
        (channels(0, 2, 1, *range(3, 9)), ["body_acc_y: found a mean of"]),
        (channels(0, 1, 2, 3, 3, 3, 6, 7, 8), ["body_gyro_y: found a mean of", "swapped"]),
        (channels(6, 7, 8, *range(3, 9)), ["body_acc_x: found a mean of", "not filtered"]),
        (of_test(signals=lambda signals: signals * np.float32(9.81)), ["body_acc_x: found a"]),
        (of_test(signals=np.negative), ["body_acc_x: found a mean of 0.000738"]),
        (of_test(signals=spread), ["body_acc_x: found a deviation of 0.186153, expected 0.184310"]),
        (
            lambda windows: windows.where(np.arange(1, 2947)),
            ["found (496, 471, 420, 491, 531, 537)"],
        ),
        (of_test(labels=put(0, 5)), ["found (496, 471, 420, 491, 531, 538)"]),
        (of_test(labels=swap_rows), ["row 1: found SITTING of subject 2, expected STANDING"]),
        (of_test(subjects=put(0, 4)), ["row 1: found STANDING of subject 4", "of subject 2"]),
        (of_test(subjects=put(0, 1)), ["found subjects (1, 2, 4, 9,", "expected (2, 4, 9,"]),
    ],
)
def test_windows_that_are_not_those_known_are_refused(uci_har, change, parts, refused):
    with refused("somewhere, test split", *parts):
        check_known(change(uci_har.test), "test", "somewhere")


def test_the_real_windows_are_those_known(uci_har, refused):
    check_known(uci_har.train, "train", "somewhere")
    check_known(uci_har.test, "test", "somewhere")
    with refused("somewhere, test split: found subjects"):
        check_known(uci_har.train, "test", "somewhere")


@pytest.mark.parametrize("channel", UCI_CHANNELS)
def test_each_channel_is_read_from_its_own_file(uci_har, uci_har_zip, channel):
    name = f"{FOLDER}test/Inertial Signals/{channel}_test.txt"
    text = open_zip("zip", uci_har_zip).read(name)
    expected = np.loadtxt(io.BytesIO(text), dtype=np.float32)
    assert_array_equal(uci_har.test.signals[:, :, UCI_CHANNELS.index(channel)], expected)


def test_all_windows_are_rebuilt_from_the_raw_recordings_in_15_seconds(uci_har, hapt_zip):
    # Of this process: other programs may keep the cores busy.
    start = time.process_time()
    recordings = hapt_recordings.read_recordings(open_zip("hapt.zip", hapt_zip))
    train, test = rebuild(recordings, "hapt.zip")
    seconds = time.process_time() - start
    assert "published" in uci_har.source
    assert (len(train), len(test)) == (7352, 2947)
    for rebuilt, published in ((train, uci_har.train), (test, uci_har.test)):
        assert_array_equal(rebuilt.labels, published.labels)
        assert_array_equal(rebuilt.subjects, published.subjects)
        difference = np.subtract(rebuilt.signals, published.signals, dtype=np.float64)
        assert np.abs(difference).max() <= 5.1e-7
    assert content_fingerprint(train, test) == uci_har.fingerprint
    assert seconds <= 15


def resting(n_samples, subject):
    return Recording(np.broadcast_to(0.0, (n_samples, 6)), subject, "hapt")


@pytest.mark.parametrize(
    ("recording", "found"),
    [
        (None, "found no recording"),
        (resting(40_000, subject=5), "found 40000 samples of user 5"),
        (resting(12_000, subject=4), "found 12000 samples of user 4"),
    ],
)
def test_a_missing_short_or_foreign_experiment_is_refused(recording, found, refused):
    recordings = {e: resting(40_000, subject) for e, subject in subject_of_experiment().items()}
    assert recordings[7].subject == 4
    recordings[7] = recording
    with refused(f"hapt.zip, experiment 7: {found}, expected at least ", "samples of user 4"):
        rebuild({e: r for e, r in recordings.items() if r}, "hapt.zip")


def test_a_fingerprint_distinguishes_windows_except_for_the_last_digit():
    windows = Windows(np.full((2, 4, 9), 0.25, np.float32), np.array([0, 1]), np.array([1, 2]))
    known = content_fingerprint(windows)
    signals = windows.signals
    assert content_fingerprint(replace(windows, signals=signals + np.float32(5e-7))) == known
    others = [
        replace(windows, signals=signals + np.float32(1e-3)),
        replace(windows, labels=np.array([0, 2])),
        replace(windows, subjects=np.array([1, 3])),
        windows.where(np.array([0])),
    ]
    assert known not in map(content_fingerprint, others)
