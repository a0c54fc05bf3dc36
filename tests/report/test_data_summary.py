from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_allclose

from har.datasets.dataset import DataSet
from har.report.data_summary import (
    activity_counts,
    channel_ranges,
    describe_data,
    find_problems,
    subject_counts,
)
from har.signals.activities import UCI_ACTIVITIES
from har.signals.channels import UCI_CHANNELS
from har.signals.windows import Windows


def windows_of(labels, subjects, seed):
    signals = np.random.default_rng(seed).normal(size=(len(labels), 8, 9)).astype(np.float32)
    return Windows(signals, np.array(labels), np.array(subjects))


TRAIN = windows_of([0, 0, 5, 2], [1, 1, 1, 3], seed=0)
TEST = windows_of([0, 4, 4], [2, 2, 2], seed=1)
SPLITS = {"train": TRAIN, "test": TEST}
DATA = DataSet("UCI HAR", TRAIN, TEST, "a zip", "12345678")


def test_windows_are_counted_by_activity():
    counts = activity_counts(SPLITS)
    assert list(counts.index) == list(UCI_ACTIVITIES)
    assert counts["train"].tolist() == [2, 0, 1, 0, 0, 1]
    assert counts["test"].tolist() == [1, 0, 0, 0, 2, 0]


def test_windows_are_counted_by_subject():
    counts = subject_counts(SPLITS)
    assert counts.index.tolist() == [("train", 1), ("train", 3), ("test", 2)]
    assert list(counts.columns) == list(UCI_ACTIVITIES)
    assert counts.to_numpy().tolist() == [
        [2, 0, 0, 0, 0, 1],
        [0, 0, 1, 0, 0, 0],
        [1, 0, 0, 0, 2, 0],
    ]


def test_channels_are_measured_over_both_splits():
    ranges = channel_ranges(SPLITS)
    every = np.concatenate([TRAIN.signals, TEST.signals]).reshape(-1, 9)
    assert list(ranges.index) == list(UCI_CHANNELS)
    assert ranges["unit"].tolist() == ["g"] * 3 + ["rad/s"] * 3 + ["g"] * 3
    for name, values in [
        ("min", every.min(axis=0)),
        ("max", every.max(axis=0)),
        ("mean", every.mean(axis=0)),
        ("deviation", every.std(axis=0)),
    ]:
        assert_allclose(ranges[name], values, rtol=1e-4)


def test_what_is_not_the_known_data_set_is_a_problem():
    (problem,) = find_problems("train", DATA, "uci_har")
    assert problem.startswith("a zip") and "found" in problem and "\n" not in problem


def test_a_sensor_that_stood_still_is_a_problem():
    test = windows_of([0, 4, 4], [2, 2, 2], seed=1)
    test.signals[[0, 2], :, 4] = 1.5
    test.signals[1, :-1, 4] = 1.5
    problems = find_problems("test", replace(DATA, test=test), "uci_har")
    assert problems[1:] == ["test, body_gyro_y: never changes in 2 windows"]


def test_the_summary_tells_source_counts_units_and_problems():
    text = describe_data(DATA, "uci_har")
    for part in (
        "UCI HAR, a zip\nfingerprint 12345678\n",
        "4 training and 3 test windows of 8 samples at 50 Hz (0.16 s)",
        "Windows of each activity\n",
        "Windows of each subject\n",
        "WALKING_UPSTAIRS",
        "body_gyro_z  rad/s",
    ):
        assert part in text
    problems = text.split("Problems\n")[1].splitlines()
    assert len(problems) == 2


def test_notes_are_shown_and_own_recordings_are_compared_with_nothing():
    text = describe_data(replace(DATA, name="mine", notes=("3 windows dropped.",)), "recordings")
    assert text.startswith("mine, a zip\n")
    assert "Notes\n  3 windows dropped.\n" in text
    assert text.endswith("Problems\n  none")


def test_the_real_data_set_has_no_problem_but_what_is_known(uci_har):
    text = describe_data(uci_har, "uci_har")
    assert "7352 training and 2947 test windows of 128 samples at 50 Hz (2.56 s)" in text
    assert text.endswith("Problems\n  none")


@pytest.mark.parametrize(("split", "expected"), [("train", 7352), ("test", 2947)])
def test_the_counts_of_the_real_data_set_add_up(uci_har, split, expected):
    splits = {"train": uci_har.train, "test": uci_har.test}
    assert activity_counts(splits)[split].sum() == expected
    assert subject_counts(splits).loc[split].to_numpy().sum() == expected
