from __future__ import annotations

import time

import numpy as np
import pytest
from scipy.stats import binom
from sklearn.metrics import accuracy_score, confusion_matrix, f1_score

from har.comparison.paired_tests import Difference, mcnemar, paired_differences

N_ACTIVITIES = 4


def make_answers(n=400, n_subjects=7, share_right=0.8, seed=0):
    """Labels, subjects, and what a classifier said that is right about as often as told."""
    random = np.random.default_rng(seed)
    labels = np.random.default_rng(99).integers(N_ACTIVITIES, size=n)
    subjects = np.random.default_rng(98).choice(np.arange(10, 10 + n_subjects), size=n)
    guesses = random.integers(N_ACTIVITIES, size=n)
    return labels, np.where(random.random(n) < share_right, labels, guesses), subjects


def confusions(labels, predicted, subjects):
    own = [subjects == subject for subject in np.unique(subjects)]
    every = range(N_ACTIVITIES)
    return np.stack([confusion_matrix(labels[o], predicted[o], labels=every) for o in own])


def plain_bootstrap(labels, other, reference, subjects, figure, n=1000):
    """Draw people with all their windows, one resample at a time."""
    random = np.random.default_rng(5)
    people = [np.flatnonzero(subjects == subject) for subject in np.unique(subjects)]
    differences = []
    for _ in range(n):
        rows = np.concatenate([people[i] for i in random.integers(len(people), size=len(people))])
        differences.append(
            figure(labels[rows], other[rows]) - figure(labels[rows], reference[rows])
        )
    return np.percentile(differences, [2.5, 97.5])


def sklearn_macro_f1(labels, predicted):
    return f1_score(labels, predicted, average="macro")


def plain_accuracy(labels, predicted):
    return np.mean(labels == predicted)


def plain_macro_f1(labels, predicted):
    """Count what `sklearn_macro_f1` counts, in a hundredth of its time; each activity occurs."""
    every = range(N_ACTIVITIES)
    hits = [np.sum((labels == one) & (predicted == one)) for one in every]
    return np.mean(
        [2 * hits[one] / (np.sum(labels == one) + np.sum(predicted == one)) for one in every]
    )


def test_plain_figures_are_those_of_scikit_learn():
    for seed in range(20):
        labels, predicted, _ = make_answers(n=50, seed=seed)
        expected = accuracy_score(labels, predicted), sklearn_macro_f1(labels, predicted)
        found = plain_accuracy(labels, predicted), plain_macro_f1(labels, predicted)
        assert found == pytest.approx(expected)


@pytest.mark.parametrize(
    ("name", "figure"), [("accuracy", plain_accuracy), ("macro_f1", plain_macro_f1)]
)
def test_differences_and_intervals_are_those_of_a_plain_bootstrap(name, figure):
    labels, other, subjects = make_answers(share_right=0.85, seed=1)
    _, reference, _ = make_answers(share_right=0.75, seed=2)
    found = paired_differences(
        confusions(labels, other, subjects), confusions(labels, reference, subjects)
    )
    assert found[name].difference == pytest.approx(
        figure(labels, other) - figure(labels, reference)
    )
    expected = plain_bootstrap(labels, other, reference, subjects, figure)
    assert found[name].interval == pytest.approx(expected, abs=0.006)


def test_runs_exchanged_give_the_opposite():
    labels, one, subjects = make_answers(seed=1)
    _, another, _ = make_answers(seed=2)
    counted = [confusions(labels, answers, subjects) for answers in (one, another)]
    forth, back = paired_differences(*counted), paired_differences(*counted[::-1])
    for name in forth:
        assert forth[name].difference == pytest.approx(-back[name].difference)
        low, high = back[name].interval
        assert forth[name].interval == pytest.approx([-high, -low])


def test_the_same_answers_differ_by_exactly_nothing():
    counted = confusions(*make_answers())
    nothing = Difference(0.0, [0.0, 0.0])
    assert paired_differences(counted, counted) == {"accuracy": nothing, "macro_f1": nothing}


def test_everything_wrong_against_everything_right_is_a_whole():
    labels, _, subjects = make_answers()
    wrong = confusions(labels, (labels + 1) % N_ACTIVITIES, subjects)
    right = confusions(labels, labels, subjects)
    whole = Difference(-1.0, [-1.0, -1.0])
    assert paired_differences(wrong, right) == {"accuracy": whole, "macro_f1": whole}


def test_activities_that_never_occur_or_are_never_named_count_as_for_scikit_learn():
    labels, one, subjects = make_answers()
    labels = labels % 3
    # The first names an activity that nobody does; the second never names one that people do.
    one, another = np.where(one == 3, 3, labels), np.where(labels == 2, 0, labels)
    found = paired_differences(
        confusions(labels, another, subjects), confusions(labels, one, subjects)
    )
    expected = sklearn_macro_f1(labels, another) - sklearn_macro_f1(labels, one)
    assert found["macro_f1"].difference == pytest.approx(expected)
    low, high = found["macro_f1"].interval
    assert low < expected < high


def test_a_single_subject_has_a_difference_and_no_interval():
    labels, predicted, _ = make_answers()
    alone = np.full(len(labels), 3)
    found = paired_differences(
        confusions(labels, labels, alone), confusions(labels, predicted, alone)
    )
    assert found["accuracy"].difference == pytest.approx(np.mean(labels != predicted))
    assert found["accuracy"].interval is found["macro_f1"].interval is None


def test_thirty_people_and_twelve_activities_take_less_than_two_seconds():
    random = np.random.default_rng(0)
    counted = random.integers(1, 20, size=(2, 30, 12, 12))
    started_s = time.process_time()
    paired_differences(*counted)
    assert time.process_time() - started_s < 2


@pytest.mark.parametrize(("first", "second"), [(0, 0), (0, 1), (5, 5), (3, 12), (12, 3), (0, 40)])
def test_mcnemar_is_twice_the_smaller_tail_of_a_fair_coin(first, second):
    tail = binom.cdf(min(first, second), first + second, 0.5)
    assert mcnemar(first, second) == pytest.approx(min(1, 2 * tail))
