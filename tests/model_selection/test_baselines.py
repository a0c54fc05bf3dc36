from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from builders import refused, small_windows
from sklearn.metrics import accuracy_score

from har.cli import parser as arguments
from har.errors import DataError
from har.model_selection.baselines import BASELINES, fit_baseline, predict_baseline, score_baseline
from har.model_selection.features import summary_features
from har.model_selection.folds import Fold

WINDOWS = small_windows()
FOLD = Fold(1, train_subjects=(1, 2, 3, 4), held_out_subjects=(5, 6))
SVMS = ("linear_svm", "rbf_svm")


def features_of(windows):
    return summary_features(windows.signals, windows.channels, windows.rate_hz)


def fitted(name, windows=WINDOWS, seed=0):
    return fit_baseline(name, windows, features_of(windows), seed)


def score(name, windows=WINDOWS, fold=FOLD, seed=0):
    return score_baseline(name, windows, features_of(windows), fold, seed)


def test_the_command_line_offers_these_baselines():
    assert tuple(BASELINES) == arguments.BASELINES


@pytest.mark.parametrize("name", BASELINES)
def test_each_baseline_predicts_the_activities_of_people_it_has_not_seen(name):
    evaluation = score(name).evaluation
    is_held_out = WINDOWS.subjects >= 5
    np.testing.assert_array_equal(evaluation.labels, WINDOWS.labels[is_held_out])
    np.testing.assert_array_equal(evaluation.subjects, WINDOWS.subjects[is_held_out])
    assert evaluation.accuracy == accuracy_score(evaluation.labels, evaluation.predicted)
    assert evaluation.accuracy > 0.9
    np.testing.assert_allclose(evaluation.probabilities.sum(axis=1), 1)


@pytest.mark.parametrize("name", BASELINES)
def test_the_people_held_out_teach_nothing(name):
    is_held_out = np.isin(WINDOWS.subjects, FOLD.held_out_subjects)
    mislabelled = np.where(is_held_out, (WINDOWS.labels + 1) % 3, WINDOWS.labels)
    one, other = score(name), score(name, replace(WINDOWS, labels=mislabelled))
    np.testing.assert_array_equal(one.evaluation.probabilities, other.evaluation.probabilities)


@pytest.mark.parametrize("name", ["random_forest", "gradient_boosting"])
def test_what_is_drawn_at_random_follows_from_the_seed(name):
    one, again, other = (
        predict_baseline(fitted(name, seed=seed), WINDOWS).tolist() for seed in (1, 1, 2)
    )
    assert one == again
    assert one != other


@pytest.mark.parametrize("name", BASELINES)
def test_a_windows_probabilities_do_not_depend_on_the_windows_around_it(name):
    classifier = fitted(name)
    together = predict_baseline(classifier, WINDOWS)
    chosen = np.random.default_rng(0).permutation(len(WINDOWS))[:9]
    some = predict_baseline(classifier, WINDOWS.where(chosen))
    np.testing.assert_allclose(some, together[chosen], rtol=1e-9)


@pytest.mark.parametrize("name", ["logistic_regression", *SVMS])
def test_an_activity_that_was_not_trained_on_has_probability_0(name):
    classifier = fitted(name, WINDOWS.where(WINDOWS.labels != 1))
    probabilities = predict_baseline(classifier, WINDOWS)
    assert probabilities.shape == (len(WINDOWS), 3)
    assert not probabilities[:, 1].any()
    np.testing.assert_allclose(probabilities.sum(axis=1), 1)


@pytest.mark.parametrize("name", SVMS)
def test_the_probabilities_of_an_svm_are_fitted_on_people_it_was_not_trained_on(name):
    parts = [[set(WINDOWS.subjects[rows]) for rows in split] for split in fitted(name).cv]
    assert [trained & calibrated for trained, calibrated in parts] == [set()] * 4
    assert set.union(*(calibrated for _, calibrated in parts)) == set(WINDOWS.subject_names)


def test_an_svm_refuses_an_activity_of_one_person():
    is_other = (WINDOWS.labels != 2) | (WINDOWS.subjects == 3)
    with refused(DataError, "RUN", "4 folds", "expected more"):
        fitted("linear_svm", WINDOWS.where(is_other))


def test_an_svm_refuses_windows_of_one_person():
    with refused(DataError, "1 subjects", "expected at least 2"):
        fitted("rbf_svm", WINDOWS.of_subjects([1]))
