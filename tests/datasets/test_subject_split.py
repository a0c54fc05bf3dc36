from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from har.datasets.subject_split import activity_notes, find_test_subjects, split_windows
from har.errors import ConfigError, DataError
from har.signals.windows import Windows


def windows_of(subjects, labels=None):
    n = len(subjects)
    labels = np.zeros(n, int) if labels is None else np.array(labels)
    signals = np.zeros((n, 128, 9), np.float32)
    return Windows(signals, labels, np.array(subjects), activities=("WALKING", "RUN"))


def test_people_are_found_in_any_spelling():
    people = np.array(["P01", "P02", "P10"])
    assert find_test_subjects(("p10", "P1"), people, "here") == ["P01", "P10"]


@pytest.mark.parametrize(
    ("asked", "message"),
    [(None, "found null"), ((4,), "found 4, expected some"), ((1, 2), "found all subjects in")],
)
def test_whom_to_test_on_must_be_some_of_those_that_are_there(asked, message):
    with pytest.raises(ConfigError, match=message):
        find_test_subjects(asked, np.array([1, 2, 2]), "here")


@given(st.lists(st.integers(1, 5), min_size=2).filter(lambda s: len(set(s)) > 1), st.data())
def test_nobody_is_in_both_splits_and_nothing_is_lost(subjects, data):
    chosen = data.draw(
        st.sets(st.sampled_from(subjects), min_size=1, max_size=len(set(subjects)) - 1)
    )
    train, test = split_windows(windows_of(subjects), chosen, "here")
    assert set(test.subject_names) == chosen and not chosen & set(train.subject_names)
    assert len(train) + len(test) == len(subjects)


def test_without_test_subjects_everything_is_for_training():
    train, test = split_windows(windows_of([1, 2]), (), "here")
    assert (len(train), len(test)) == (2, 0)


def test_a_split_without_windows_is_refused():
    with pytest.raises(DataError, match="found no window with an activity to test on"):
        split_windows(windows_of([1, 1]), [2], "here")


def test_activities_that_cannot_be_learned_or_tested_are_named():
    train, test = split_windows(windows_of([1, 1, 2], [0, 0, 1]), [2], "here")
    assert list(activity_notes({"WALKING", "RUN", "FLY"}, train, test, True)) == [
        "WALKING: no test subject does it, so it is not tested.",
        "FLY: fills no window, so it is left out.",
        "RUN: only test subjects do it, so it cannot be learned.",
    ]
    everybody, nobody = split_windows(windows_of([1, 1, 2], [0, 0, 1]), (), "here")
    (first, second) = activity_notes({"WALKING", "RUN"}, everybody, nobody, False)
    assert "only subject 1 does it" in first and "only subject 2 does it" in second
