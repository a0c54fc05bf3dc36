from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from har.datasets import uci_har
from har.datasets.file_trees import trees_at
from har.datasets.hapt import check_known, holds_hapt, read_hapt
from har.signals.activities import HAPT_ACTIVITIES
from har.signals.filters import uci_har_channels

LABELS = "HAPT/RawData/labels.txt"
# Experiment, user, activity, first and last sample, counted from 1.
SEGMENTS = [(1, 1, 5, 11, 250), (1, 1, 7, 251, 378), (2, 2, 12, 1, 127), (2, 2, 1, 128, 383)]


def lines_of(rows):
    return "".join(" ".join(map(str, row)) + "\n" for row in rows).encode()


def raw_files(segments=SEGMENTS):
    """Make the files of experiments of subject 1 (train) and subject 2 (test)."""
    random, files = np.random.default_rng(0), {LABELS: lines_of(segments)}
    for number in (1, 2):
        for sensor in ("acc", "gyro"):
            samples = random.normal(size=(400, 3)).tolist()
            name = f"HAPT/RawData/{sensor}_exp0{number}_user0{number}.txt"
            files[name] = lines_of(samples)
    return files


def filtered(files, number):
    columns = [
        np.loadtxt(files[f"HAPT/RawData/{sensor}_exp0{number}_user0{number}.txt"].splitlines())
        for sensor in ("acc", "gyro")
    ]
    return uci_har_channels(np.hstack(columns)).astype(np.float32)


def test_windows_lie_inside_segments_and_are_filtered_with_the_whole_recording(tree_of):
    files = raw_files()
    data = read_hapt(tree_of(files))
    first, second = filtered(files, 1), filtered(files, 2)
    assert_array_equal(data.train.signals, [first[10:138], first[74:202], first[250:378]])
    assert_array_equal(data.test.signals, [second[127 + s : 255 + s] for s in (0, 64, 128)])
    assert data.train.signals.dtype == np.float32
    names = [[HAPT_ACTIVITIES[label] for label in w.labels] for w in data.splits.values()]
    assert names == [["STANDING", "STANDING", "STAND_TO_SIT"], ["WALKING"] * 3]
    assert (data.train.subject_names, data.test.subject_names) == ((1,), (2,))


def test_the_segments_that_are_too_short_are_noted(tree_of):
    (note,) = read_hapt(tree_of(raw_files())).notes
    assert note.startswith("1 of 4 labelled segments are left out")


@pytest.mark.parametrize("missing", ["labels.txt", "acc_"])
def test_recordings_and_labels_together_are_hapt(missing, tree_of):
    files = raw_files()
    assert holds_hapt(tree_of(files))
    assert not holds_hapt(tree_of({n: text for n, text in files.items() if missing not in n}))


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ((1, 1, 5, 251), "found 4 columns, expected 5"),
        ((1, 1, "x", 251, 300), "column 3: found 'x', expected a number"),
        ((1, 1, 5.5, 251, 300), "found 1 1 5.5 251 300, expected whole numbers"),
        ((1, 1, 0, 251, 300), "found 1 1 0 251 300, expected an activity from 1 to 12"),
        ((1, 1, 13, 251, 300), "expected an activity from 1 to 12"),
        ((3, 1, 5, 251, 300), "expected an experiment and a user of whom there is a recording"),
        ((1, 2, 5, 251, 300), "expected an experiment and a user of whom there is a recording"),
        ((1, 1, 5, 0, 300), "expected a first and a last sample from 1 to 400"),
        ((1, 1, 5, 251, 401), "expected a first and a last sample from 1 to 400"),
        ((1, 1, 5, 300, 251), "expected a first and a last sample from 1 to 400, in this order"),
    ],
)
def test_a_damaged_line_of_the_labels_is_named(row, expected, tree_of, refused):
    files = raw_files()
    files[LABELS] = lines_of([SEGMENTS[0]]) + b"\n" + lines_of([row])
    with refused(f"tree/{LABELS}, line 3", expected):
        read_hapt(tree_of(files))


@pytest.fixture(scope="module")
def hapt(hapt_zip):
    (tree,) = filter(holds_hapt, trees_at(hapt_zip))
    return read_hapt(tree)


def test_the_real_data_set_has_the_published_windows(hapt):
    counts = [np.bincount(windows.labels).tolist() for windows in hapt.splits.values()]
    assert counts == [
        [1226, 1073, 987, 1293, 1423, 1413, 47, 23, 75, 60, 90, 57],
        [496, 471, 420, 508, 556, 545, 23, 10, 32, 25, 49, 27],
    ]
    assert sum(sum(split[:6]) for split in counts) == 10_411
    assert hapt.test.subject_names == uci_har.TEST_SUBJECTS
    assert hapt.notes[0].startswith("40 of 1214 labelled segments")
    for split, windows in hapt.splits.items():
        check_known(windows, split, "here")


def swapped(windows):
    return replace(windows, signals=windows.signals[:, :, [1, 0, *range(2, 9)]])


@pytest.mark.parametrize(
    ("change", "found"),
    [
        (lambda windows: windows.of_subjects([2, 4]), "found subjects (2, 4)"),
        (lambda windows: windows.where(np.arange(len(windows)) != 5), "windows of the 12"),
        (swapped, "body_acc_x: found a mean of"),
    ],
)
def test_what_is_not_the_known_data_set_is_refused(change, found, hapt, refused):
    with refused("here, test split", found):
        check_known(change(hapt.test), "test", "here")
