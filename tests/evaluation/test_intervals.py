from __future__ import annotations

import random
import time
import warnings

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy import stats
from scipy.stats import binomtest
from sklearn import metrics

from har.evaluation.intervals import interval_over, intervals_by_subject, naive_intervals
from har.evaluation.metrics import Evaluation

FIGURES = {
    "accuracy": metrics.accuracy_score,
    "balanced_accuracy": metrics.balanced_accuracy_score,
    "macro_f1": lambda labels, predicted: metrics.f1_score(labels, predicted, average="macro"),
}


def windows_of(n_windows=90, n_subjects=4, seed=0):
    """Labels, predictions and subjects; one activity of four never occurs and is once predicted."""
    generator = np.random.default_rng(seed)
    subjects = np.sort(generator.integers(n_subjects, size=n_windows))
    labels = generator.integers(3, size=n_windows)
    is_right = generator.random(n_windows) < 0.6 + 0.1 * subjects
    predicted = np.where(is_right, labels, generator.integers(3, size=n_windows))
    predicted[0] = 3
    return labels, predicted, subjects


def confusions_of(labels, predicted, groups, n_activities=4):
    every = range(n_activities)
    return np.array(
        [
            metrics.confusion_matrix(labels[groups == g], predicted[groups == g], labels=every)
            for g in np.unique(groups)
        ]
    )


def plainly_scored(labels, predicted, n_activities=4):
    """Score as `FIGURES` do, whose calls take a hundred times as long."""
    counts = np.zeros((n_activities, n_activities))
    np.add.at(counts, (labels, predicted), 1)
    hits, occurred, named = counts.diagonal(), counts.sum(axis=1), counts.sum(axis=0)
    f1 = [2 * h / (o + n) for h, o, n in zip(hits, occurred, named, strict=True) if o + n]
    recalls = hits[occurred > 0] / occurred[occurred > 0]
    return [hits.sum() / len(labels), recalls.mean(), np.mean(f1)]


def slow_bootstrap(labels, predicted, groups, n_resamples=1500):
    """Resample groups in plain Python and score all their windows, also with scikit-learn."""
    generator = random.Random(1)
    members = [np.flatnonzero(groups == group) for group in np.unique(groups)]
    figures = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for number in range(n_resamples):
            rows = np.concatenate(generator.choices(members, k=len(members)))
            figures.append(plainly_scored(labels[rows], predicted[rows]))
            if number < 50:
                expected = [score(labels[rows], predicted[rows]) for score in FIGURES.values()]
                assert_allclose(figures[-1], expected, atol=1e-12)
    return dict(zip(FIGURES, np.percentile(figures, [2.5, 97.5], axis=0).T, strict=True))


def test_people_are_drawn_with_all_their_windows():
    labels, predicted, subjects = windows_of()
    found = intervals_by_subject(confusions_of(labels, predicted, subjects))
    expected = slow_bootstrap(labels, predicted, subjects)
    assert list(found) == list(expected)
    for name, ends in expected.items():
        assert_allclose(found[name], ends, atol=0.01, err_msg=name)


def test_naively_windows_are_drawn_one_by_one():
    labels, predicted, _ = windows_of()
    every_window = np.arange(len(labels))
    found = naive_intervals(confusions_of(labels, predicted, np.zeros(len(labels)))[0])
    expected = slow_bootstrap(labels, predicted, every_window)
    for name in ("balanced_accuracy", "macro_f1"):
        assert_allclose(found[name], expected[name], atol=0.012, err_msg=name)


@pytest.mark.parametrize("n_right", [0, 1, 37, 99, 100])
def test_the_naive_interval_of_the_accuracy_solves_the_equation_of_wilson(n_right):
    ends = naive_intervals(np.array([[n_right, 100 - n_right], [0, 0]]))["accuracy"]
    z = stats.norm.ppf(0.975)
    # Both ends are the roots of (share - end)² = z² end (1 - end) / n.
    share = n_right / 100
    roots = np.roots([1 + z**2 / 100, -(2 * share + z**2 / 100), share**2])
    assert_allclose(ends, np.sort(roots), atol=1e-12)


def test_the_same_predictions_have_the_same_intervals():
    confusions = confusions_of(*windows_of())
    assert intervals_by_subject(confusions) == intervals_by_subject(confusions)
    assert naive_intervals(confusions[0]) == naive_intervals(confusions[0])


def test_windows_of_a_person_that_resemble_each_other_make_the_naive_interval_too_narrow():
    # Each of nine people is either always right or always wrong.
    confusions = np.array([[[0, 100], [0, 0]]] * 3 + [[[100, 0], [0, 0]]] * 6)
    low, high = intervals_by_subject(confusions)["accuracy"]
    naive_low, naive_high = naive_intervals(confusions.sum(axis=0))["accuracy"]
    assert high - low > 5 * (naive_high - naive_low)


def test_one_subject_has_no_interval_over_subjects():
    figures = intervals_by_subject(np.array([[[3, 1], [0, 2]]]))
    assert figures == {"accuracy": None, "balanced_accuracy": None, "macro_f1": None}
    assert interval_over(np.array([0.9])) is None
    assert interval_over(np.array([])) is None


@pytest.mark.parametrize(("confusion", "expected"), [([[5, 0], [0, 3]], 1), ([[0, 5], [3, 0]], 0)])
def test_all_right_and_all_wrong_leave_nothing_to_draw(confusion, expected):
    found = intervals_by_subject(np.array([confusion] * 3))
    assert found == dict.fromkeys(FIGURES, [expected, expected])
    naive = naive_intervals(np.array(confusion))
    assert naive["macro_f1"] == naive["balanced_accuracy"] == [expected, expected]
    low, high = naive["accuracy"]
    assert low < high and expected in (pytest.approx(low), pytest.approx(high))


def test_an_activity_only_one_person_does_counts_only_where_that_person_is_drawn():
    # Without the second person, macro F1 is that of one activity, 1; without the first, 0.
    confusions = np.array([[[4, 0], [0, 0]], [[0, 0], [4, 0]]])
    assert intervals_by_subject(confusions)["macro_f1"] == [0, 1]


def test_the_interval_of_a_mean_is_that_of_scipy():
    values = np.random.default_rng(1).normal(0.01, 0.02, 21)
    expected = stats.bootstrap((values,), np.mean, n_resamples=10_000, method="percentile")
    assert interval_over(values) == pytest.approx(list(expected.confidence_interval), abs=5e-4)
    assert interval_over(values) == interval_over(values)


def test_nine_people_with_2947_windows_take_less_than_two_seconds():
    generator = np.random.default_rng(0)
    evaluation = Evaluation(
        generator.integers(6, size=2947),
        generator.dirichlet(np.ones(6), 2947),
        generator.integers(9, size=2947),
        tuple("ABCDEF"),
    )
    start = time.process_time()
    assert evaluation.intervals and evaluation.naive_intervals
    assert time.process_time() - start < 2


@pytest.mark.parametrize(("n_right", "n_wrong"), [(0, 5), (5, 0), (3, 4), (2900, 47)])
def test_wilsons_interval_is_scipys(n_right, n_wrong):
    expected = binomtest(n_right, n_right + n_wrong).proportion_ci(method="wilson")
    found = naive_intervals(np.array([[n_right, n_wrong], [0, 0]]))["accuracy"]
    assert found == pytest.approx([expected.low, expected.high], rel=1e-12)
