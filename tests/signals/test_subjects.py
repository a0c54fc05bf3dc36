from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from har.signals.subjects import number_subjects, subject_key, subjects_from_text

TEXTS = st.lists(st.text(min_size=1, max_size=5), min_size=1)


def test_subjects_are_numbers_only_if_all_are():
    assert subjects_from_text(["2", "10", "0"]).tolist() == [2, 10, 0]
    assert subjects_from_text(["2", "10", "P1"]).tolist() == ["2", "10", "P1"]
    assert subjects_from_text(["01", "02"]).tolist() == ["01", "02"]
    assert subjects_from_text(["2", "10"], alike=["P1"]).tolist() == ["2", "10"]
    assert subjects_from_text(["2", "10"], alike=[1]).tolist() == [2, 10]


def test_text_is_in_its_natural_order():
    subjects = np.array(["P10", "P2", "p1", "P10", "Anna"])
    names, of_window = number_subjects(subjects)
    assert names == ("Anna", "p1", "P2", "P10")
    assert of_window.tolist() == [3, 2, 1, 3, 0]


@given(st.lists(st.integers(-5, 5), min_size=1))
def test_numbers_are_in_the_order_of_numpy(numbers):
    names, of_window = number_subjects(np.array(numbers))
    expected, expected_of_window = np.unique(numbers, return_inverse=True)
    assert names == tuple(expected.tolist())
    assert of_window.tolist() == expected_of_window.tolist()


@given(TEXTS)
def test_each_window_has_the_name_of_its_subject(texts):
    subjects = np.array(texts)
    names, of_window = number_subjects(subjects)
    assert len(set(names)) == len(names)
    assert [names[index] for index in of_window] == subjects.tolist()


def test_numbers_and_text_can_be_sorted_together():
    subjects = ["P2", 10, "3", 2, "anna", -1]
    assert sorted(subjects, key=subject_key) == [-1, 2, "3", 10, "anna", "P2"]
