from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from scipy.optimize import brute
from scipy.special import log_softmax, softmax
from sklearn import metrics
from sklearn.calibration import calibration_curve

from har.evaluation.calibration import (
    apply_temperature,
    brier_score,
    calibration_of,
    expected_calibration_error,
    fit_temperature,
    negative_log_likelihood,
    reliability_table,
    risk_coverage_table,
    threshold_for,
)


def predictions(n_windows=400, n_activities=4, temperature=1.0, seed=0):
    """Labels drawn from probabilities, and those probabilities at another temperature."""
    generator = np.random.default_rng(seed)
    logits = 2 * generator.normal(size=(n_windows, n_activities))
    odds = softmax(logits, axis=1).cumsum(axis=1)
    labels = (generator.random((n_windows, 1)) > odds[:, :-1]).sum(axis=1)
    return labels, softmax(logits / temperature, axis=1)


def two_sided(confidences, is_right):
    """Predict the second of two activities with these confidences, right where given."""
    confidences = np.array(confidences, dtype=float)
    return np.array(is_right, dtype=int), np.stack([1 - confidences, confidences], axis=1)


# Bins of a fifteenth: two windows in (0.533, 0.6], three in (0.867, 0.933], one in (0.933, 1].
EXAMPLE = two_sided([0.55, 0.6, 0.9, 0.92, 0.88, 1.0], [1, 0, 1, 1, 0, 1])


def test_the_calibration_error_is_that_worked_by_hand():
    # 2/6 of |0.5 - 0.575|, 3/6 of |2/3 - 0.9| and 1/6 of |1 - 1|.
    expected = 2 / 6 * 0.075 + 3 / 6 * (0.9 - 2 / 3)
    assert expected_calibration_error(*EXAMPLE) == pytest.approx(expected)


def test_the_reliability_table_is_that_worked_by_hand():
    table = reliability_table(*EXAMPLE)
    assert_allclose(table["low"], np.arange(15) / 15)
    assert_allclose(table["high"], np.arange(1, 16) / 15)
    assert table["n_windows"].tolist() == [0] * 8 + [2, 0, 0, 0, 0, 3, 1]
    filled = table[table["n_windows"] > 0]
    assert_allclose(filled["confidence"], [0.575, 0.9, 1.0])
    assert_allclose(filled["accuracy"], [0.5, 2 / 3, 1.0])


def test_the_reliability_table_is_that_of_scikit_learn():
    labels, probabilities = predictions()
    is_right = probabilities.argmax(axis=1) == labels
    accuracy, confidence = calibration_curve(is_right, probabilities.max(axis=1), n_bins=15)
    table = reliability_table(labels, probabilities).dropna()
    assert_allclose(table["accuracy"], accuracy)
    assert_allclose(table["confidence"], confidence)


def test_the_likelihood_is_that_of_scikit_learn():
    labels, probabilities = predictions()
    expected = metrics.log_loss(labels, probabilities)
    assert negative_log_likelihood(labels, probabilities) == pytest.approx(expected)


@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_a_probability_of_0_counts_as_the_smallest_number_there_is(kind):
    certain = np.array([[0, 1], [0, 1]], dtype=kind)
    expected = -np.log(np.finfo(float).tiny) / 2
    assert negative_log_likelihood(np.array([0, 1]), certain) == pytest.approx(expected)


def test_the_brier_score_is_the_sum_of_those_of_scikit_learn_for_each_activity():
    labels, probabilities = predictions()
    each = [metrics.brier_score_loss(labels == k, probabilities[:, k]) for k in range(4)]
    assert brier_score(labels, probabilities) == pytest.approx(sum(each))


@pytest.mark.parametrize(
    ("label", "expected"),
    [(0, {"ece": 0, "brier": 0, "nll": 0}), (1, {"ece": 1, "brier": 2, "nll": 708.396})],
)
def test_certainty_is_perfect_if_all_is_right_and_worst_if_all_is_wrong(label, expected):
    labels, probabilities = np.full(5, label), np.tile([1.0, 0.0, 0.0], (5, 1))
    assert vars(calibration_of(labels, probabilities)) == pytest.approx(expected, abs=1e-3)


def test_guessing_evenly_is_calibrated_and_says_nothing():
    labels, probabilities = np.arange(6), np.full((6, 6), 1 / 6)
    expected = {"ece": 0, "brier": 5 / 6, "nll": np.log(6)}
    assert vars(calibration_of(labels, probabilities)) == pytest.approx(expected)


def test_single_precision_may_exceed_1_by_a_hair():
    probabilities = np.array([[1.0000001, 0.0]], dtype=np.float32)
    assert reliability_table(np.array([0]), probabilities)["n_windows"].iloc[-1] == 1


def test_the_surest_windows_are_accepted_first_and_equals_together():
    table = risk_coverage_table(*two_sided([0.9, 0.7, 0.8, 0.8], [1, 0, 1, 0]))
    assert table["threshold"].tolist() == [0.9, 0.8, 0.7]
    assert_allclose(table["coverage"], [0.25, 0.75, 1])
    assert_allclose(table["accuracy"], [1, 2 / 3, 0.5])


@settings(deadline=None, max_examples=50)
@given(
    st.lists(st.tuples(st.sampled_from([0.6, 0.7, 0.8, 0.9, 1.0]), st.booleans()), min_size=1),
    st.sampled_from([0.5, 0.75, 0.9, 0.99]),
)
def test_no_smaller_threshold_is_accurate_enough(windows, aim):
    confidences, is_right = map(np.array, zip(*windows, strict=True))
    possible = [0.0, *np.unique(confidences)]
    enough = [t for t in possible if is_right[confidences >= t].mean() >= aim]
    expected = min(enough, default=None)
    assert threshold_for(*two_sided(confidences, is_right), accuracy=aim) == expected


def test_99_of_100_are_enough_and_98_are_not():
    for n_right, expected in ((99, 0.0), (98, None)):
        windows = two_sided([0.8] * 100, [1] * n_right + [0] * (100 - n_right))
        assert threshold_for(*windows) == expected


@pytest.mark.parametrize("temperature", [0.3, 1.0, 4.0])
def test_the_temperature_that_was_applied_is_found_again(temperature):
    labels, probabilities = predictions(5000, temperature=1 / temperature)
    assert fit_temperature(labels, probabilities) == pytest.approx(temperature, rel=0.05)


def test_the_temperature_is_the_best_of_a_fine_grid():
    labels, probabilities = predictions(temperature=0.4)

    def surprise(temperature):
        logs = log_softmax(np.log(probabilities) / temperature, axis=1)
        return -logs[np.arange(len(labels)), labels].mean()

    best = brute(surprise, [slice(0.05, 20, 0.001)], finish=None)
    assert fit_temperature(labels, probabilities) == pytest.approx(best, abs=0.002)


def test_a_temperature_divides_the_logarithms():
    _, probabilities = predictions()
    cooler = apply_temperature(probabilities, 3.0)
    roots = probabilities ** (1 / 3)
    assert_allclose(cooler, roots / roots.sum(axis=1, keepdims=True))
    assert_array_equal(cooler.argmax(axis=1), probabilities.argmax(axis=1))
    assert_allclose(apply_temperature(probabilities, 1.0), probabilities)


@pytest.mark.parametrize(
    ("labels", "expected"), [([0, 0, 0, 0], 1.0), ([1, 1, 1, 1], 20), ([0, 0, 0, 1], 20)]
)
def test_probabilities_of_exactly_0_and_1_have_a_temperature(labels, expected):
    labels, certain = np.array(labels), np.tile([1.0, 0.0], (4, 1))
    assert fit_temperature(labels, certain) == pytest.approx(expected, rel=1e-3)
    after = apply_temperature(certain, 20)
    assert np.isfinite(after).all()
    assert_allclose(after, certain, atol=1e-12)


def test_where_all_is_right_nothing_is_learned_of_how_often_it_errs():
    labels, probabilities = two_sided([0.6, 0.7], [1, 1])
    assert fit_temperature(labels, probabilities) == 1.0


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 10_000), st.integers(1, 12), st.sampled_from([0.05, 1.0, 20.0]))
def test_a_fitted_temperature_never_makes_the_truth_more_surprising(seed, n_windows, temperature):
    labels, probabilities = predictions(n_windows, temperature=temperature, seed=seed)
    after = apply_temperature(probabilities, fit_temperature(labels, probabilities))
    before = negative_log_likelihood(labels, probabilities)
    assert negative_log_likelihood(labels, after) <= before + 1e-12


def test_probabilities_that_all_guess_evenly_keep_their_temperature():
    assert fit_temperature(np.array([0, 1, 1]), np.full((3, 2), 0.5)) == 1.0
