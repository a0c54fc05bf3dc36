from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from har.evaluation.label_errors import find_label_errors

COLUMNS = ["window", "label", "likely", "probability", "margin"]


def suspected(labels, probabilities):
    return find_label_errors(np.array(labels), np.array(probabilities, float))


def test_a_hand_worked_example():
    # Thresholds: (0.9 + 0.3 + 0.6) / 3 = 0.6 and (0.8 + 0.4) / 2 = 0.6.
    table = suspected([0, 0, 0, 1, 1], [[0.9, 0.1], [0.3, 0.7], [0.6, 0.4], [0.2, 0.8], [0.6, 0.4]])
    assert list(table.columns) == COLUMNS
    assert table["window"].tolist() == [1, 4]
    assert table["label"].tolist() == [0, 1]
    assert table["likely"].tolist() == [1, 0]
    assert_allclose(table["probability"], [0.7, 0.6])
    assert_allclose(table["margin"], [0.4, 0.2])


def test_a_mistake_of_less_than_usual_confidence_is_not_suspected():
    # The threshold of activity 1 is 0.9, so 0.6 is not enough.
    assert suspected([0, 0, 1], [[0.9, 0.1], [0.4, 0.6], [0.1, 0.9]]).empty


def test_an_activity_with_low_confidence_has_a_low_threshold():
    # Activity 2 never has a probability above 0.4.
    probabilities = [[0.9, 0.05, 0.05], [0.25, 0.35, 0.4], [0.1, 0.9, 0], [0.3, 0.3, 0.4]]
    table = suspected([0, 0, 1, 2], probabilities)
    assert table[["window", "likely"]].to_numpy().tolist() == [[1, 2]]


def test_what_looks_most_like_its_label_is_not_suspected():
    # 0.3 reaches the threshold of activity 1; 0.7 is more, but below the threshold of activity 0.
    probabilities = [[1, 0], [1, 0], [0.7, 0.3], [0.7, 0.3]]
    assert suspected([0, 0, 0, 1], probabilities).empty


def test_of_several_activities_above_their_thresholds_the_most_probable_is_suspected():
    probabilities = [[0.2, 0.3, 0.5], [0.7, 0.3, 0], [0.4, 0.3, 0.3], [0.4, 0.2, 0.4]]
    table = suspected([0, 0, 1, 2], probabilities)
    assert table.iloc[0][["window", "likely"]].tolist() == [0, 2]


def test_flipped_labels_are_found():
    random = np.random.default_rng(0)
    true = random.integers(6, size=3000)
    logits = random.normal(size=(3000, 6)) + 5 * np.eye(6)[true]
    probabilities = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    is_flipped = random.random(3000) < 0.05
    labels = np.where(is_flipped, (true + random.integers(1, 6, size=3000)) % 6, true)
    table = find_label_errors(labels, probabilities)
    found = is_flipped[table["window"]]
    assert found.sum() > 0.7 * is_flipped.sum()
    assert found.mean() > 0.95
    assert found[: len(found) // 2].all()
    assert (table["likely"] == true[table["window"]])[found].mean() > 0.99


@pytest.mark.parametrize(
    ("labels", "named", "expected"),
    [
        ([0, 1, 2, 0], [0, 1, 2, 0], []),
        # All wrong: no label has any probability in its windows, so all thresholds are 0.
        ([0, 1, 2, 0], [1, 2, 0, 1], [0, 1, 2, 3]),
        # Activity 2 is never a label, so never suspected.
        ([0, 1, 0, 0], [0, 1, 2, 0], []),
        ([0, 1, 2, 0], [0, 1, 1, 0], [2]),
        ([0], [1], []),
    ],
)
def test_probabilities_of_exactly_none_and_one(labels, named, expected):
    assert suspected(labels, np.eye(3)[named])["window"].tolist() == expected


def test_a_single_activity_cannot_be_another():
    assert suspected([0, 0], [[1.0], [1.0]]).empty


@settings(deadline=None, max_examples=50)
@given(seed=st.integers(0, 999), n_windows=st.integers(1, 40), n_activities=st.integers(2, 5))
def test_every_suspicion_is_what_the_method_says(seed, n_windows, n_activities):
    random = np.random.default_rng(seed)
    labels = random.integers(n_activities, size=n_windows)
    # Few different values, so that ties, 0 and 1 occur.
    probabilities = random.integers(0, 4, size=(n_windows, n_activities)) + 1e-9
    probabilities /= probabilities.sum(axis=1, keepdims=True)
    table = find_label_errors(labels, probabilities)
    assert table["margin"].is_monotonic_decreasing
    expected = {}
    for window, (label, row) in enumerate(zip(labels, probabilities, strict=True)):
        within_reach = [
            (row[other], -other)
            for other in set(labels.tolist()) - {label}
            if row[other] >= probabilities[labels == other, other].sum() / (labels == other).sum()
        ]
        if within_reach and max(within_reach)[0] > row[label]:
            expected[window] = -max(within_reach)[1]
    assert dict(zip(table["window"], table["likely"], strict=True)) == expected
