from __future__ import annotations

import importlib.util
from dataclasses import replace

import numpy as np
import pytest
from builders import refused, small_windows
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.metrics import accuracy_score
from sklearn.svm import LinearSVC

from har.cli import parser as arguments
from har.errors import DataError, UsageError
from har.model_selection.baselines import (
    BASELINES,
    Baseline,
    chosen_baselines,
    fit_baseline,
    inputs_of,
    predict_baseline,
    score_baseline,
)
from har.model_selection.folds import Fold
from har.model_selection.rockets import signals_of

WINDOWS = small_windows()
FOLD = Fold(1, train_subjects=(1, 2, 3, 4), held_out_subjects=(5, 6))
SVMS = ("linear_svm", "rbf_svm")
ROCKETS = ("mini_rocket", "multi_rocket_hydra")


def where_installed(name):
    """Make a parameter of a baseline's name, and skip it where a package of its is missing."""
    missing = [each for each in BASELINES[name].packages if importlib.util.find_spec(each) is None]
    return pytest.param(name, marks=pytest.mark.skipif(bool(missing), reason=f"no {missing}"))


EACH = [where_installed(name) for name in BASELINES]
EACH_ROCKET = [where_installed(name) for name in ROCKETS]


def fitted(name, windows=WINDOWS, seed=0):
    return fit_baseline(name, windows, inputs_of([name], windows)[name], seed)


def score(name, windows=WINDOWS, fold=FOLD, seed=0):
    return score_baseline(name, windows, inputs_of([name], windows)[name], fold, seed)


def predict(name, classifier, windows=WINDOWS):
    return predict_baseline(name, classifier, windows)


def test_the_command_line_offers_these_baselines():
    assert tuple(BASELINES) == arguments.BASELINES


@pytest.mark.parametrize("name", EACH)
def test_each_baseline_predicts_the_activities_of_people_it_has_not_seen(name):
    evaluation = score(name).evaluation
    is_held_out = WINDOWS.subjects >= 5
    np.testing.assert_array_equal(evaluation.labels, WINDOWS.labels[is_held_out])
    np.testing.assert_array_equal(evaluation.subjects, WINDOWS.subjects[is_held_out])
    assert evaluation.accuracy == accuracy_score(evaluation.labels, evaluation.predicted)
    assert evaluation.accuracy > 0.9
    np.testing.assert_allclose(evaluation.probabilities.sum(axis=1), 1)


@pytest.mark.parametrize("name", EACH)
def test_the_people_held_out_teach_nothing(name):
    is_held_out = np.isin(WINDOWS.subjects, FOLD.held_out_subjects)
    mislabelled = np.where(is_held_out, (WINDOWS.labels + 1) % 3, WINDOWS.labels)
    one, other = score(name), score(name, replace(WINDOWS, labels=mislabelled))
    np.testing.assert_array_equal(one.evaluation.probabilities, other.evaluation.probabilities)


@pytest.mark.parametrize("name", ["random_forest", "gradient_boosting", *EACH_ROCKET])
def test_what_is_drawn_at_random_follows_from_the_seed(name):
    one, again, other = (predict(name, fitted(name, seed=seed)).tolist() for seed in (1, 1, 2))
    assert one == again
    assert one != other


@pytest.mark.parametrize("name", EACH)
def test_a_windows_probabilities_do_not_depend_on_the_windows_around_it(name):
    classifier = fitted(name)
    together = predict(name, classifier)
    chosen = np.random.default_rng(0).permutation(len(WINDOWS))[:9]
    some = predict(name, classifier, WINDOWS.where(chosen))
    # Rockets add in single precision, in another order for another number of windows.
    np.testing.assert_allclose(some, together[chosen], rtol=1e-4 if name in ROCKETS else 1e-9)


@pytest.mark.parametrize("name", ["logistic_regression", *SVMS, *EACH_ROCKET])
def test_an_activity_that_was_not_trained_on_has_probability_0(name):
    classifier = fitted(name, WINDOWS.where(WINDOWS.labels != 1))
    probabilities = predict(name, classifier)
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


def test_all_stands_for_the_baselines_that_need_no_extra_package(monkeypatch):
    monkeypatch.setattr("har.model_selection.rockets.find_spec", lambda package: package)
    classical = tuple(name for name in BASELINES if name not in ROCKETS)
    assert chosen_baselines("all") == chosen_baselines(["all", *SVMS]) == classical
    assert chosen_baselines(["mini_rocket", "all"]) == ("mini_rocket", *classical)
    assert chosen_baselines(["rbf_svm", "linear_svm", "rbf_svm"]) == ("rbf_svm", "linear_svm")
    assert chosen_baselines([]) == ()
    with refused(UsageError, "baselines: found xgboost, expected logistic_regression, "):
        chosen_baselines(["xgboost"])


@pytest.mark.parametrize(
    ("name", "package"),
    [("mini_rocket", "aeon"), ("multi_rocket_hydra", "aeon"), ("multi_rocket_hydra", "torch")],
)
def test_a_baseline_without_its_package_is_refused_with_the_command_that_adds_it(
    name, package, monkeypatch
):
    installed = {"aeon", "torch"} - {package}
    monkeypatch.setattr(
        "har.model_selection.rockets.find_spec", lambda name: name if name in installed else None
    )
    with refused(UsageError, f"{name}: found no {package}", "pip install 'gluon-har[rocket]'"):
        chosen_baselines([name])


def test_baselines_that_read_the_same_share_it(monkeypatch):
    inputs = inputs_of(["linear_svm", "mini_rocket", "random_forest"], WINDOWS)
    assert inputs["linear_svm"] is inputs["random_forest"]
    np.testing.assert_array_equal(inputs["mini_rocket"], signals_of(WINDOWS))


class CountedFlattening(TransformerMixin, BaseEstimator):
    """Windows as rows, made by a transformer that counts how often it is fitted."""

    n_fits = 0

    def fit(self, signals, labels=None):
        type(self).n_fits += 1
        return self

    def transform(self, signals):
        return signals.reshape(len(signals), -1)


def test_a_transformer_is_fitted_once_though_classifiers_are_fitted_again(monkeypatch):
    baseline = Baseline(
        lambda seed: LinearSVC(dual=False), signals_of, lambda seed: CountedFlattening()
    )
    monkeypatch.setitem(BASELINES, "flat", baseline)
    monkeypatch.setattr(CountedFlattening, "n_fits", 0)
    classifier = fitted("flat")
    assert predict("flat", classifier).shape == (len(WINDOWS), 3)
    assert CountedFlattening.n_fits == 1
    assert len(classifier[-1].cv) == 4
