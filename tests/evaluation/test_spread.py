"""The spread of features within activities, against NumPy's own covariance."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.covariance import LedoitWolf

from har.evaluation.spread import Spread, fit_spread, spreads_from_arrays, spreads_to_arrays

LABELS = np.repeat([0, 2], 2000)


def features_of(seed=0):
    """Draw features of two activities that vary alike about their centres."""
    random = np.random.default_rng(seed)
    mixing = np.array([[2.0, 0.3, 0.0], [0.0, 0.5, 0.1], [0.0, 0.0, 0.05]])
    centres = np.array([[0.0, 1.0, 2.0], [5.0, 5.0, 5.0]])
    return np.repeat(centres, 2000, axis=0) + random.normal(size=(len(LABELS), 3)) @ mixing


def test_whitened_features_of_an_activity_have_the_covariance_one():
    features = features_of()
    spread = fit_spread(features, LABELS)
    assert spread.labels.tolist() == [0, 2]
    centred = features.reshape(2, 2000, 3)
    centred = (centred - centred.mean(axis=1, keepdims=True)).reshape(-1, 3)
    # With so many windows, its shrinkage changes little but for the smallest variance.
    covariance = LedoitWolf(assume_centered=True).fit(centred).covariance_
    whitened = spread.whitening.T @ covariance @ spread.whitening
    np.testing.assert_allclose(whitened, np.eye(3), atol=1e-4)


def test_whitened_features_are_about_the_middle_of_the_centres():
    features = features_of()
    whitened = fit_spread(features, LABELS).whitened(features)
    np.testing.assert_allclose(whitened.reshape(2, 2000, 3).mean(axis=(0, 1)), 0, atol=1e-3)


def test_drawn_features_are_spread_as_those_it_learned_from():
    features = features_of()
    drawn, labels = fit_spread(features, LABELS).drawn(4000, seed=1)
    assert labels.tolist() == [0] * 4000 + [2] * 4000
    for label in (0, 2):
        own, others = drawn[labels == label], features[LABELS == label]
        np.testing.assert_allclose(own.mean(axis=0), others.mean(axis=0), atol=0.1)
        np.testing.assert_allclose(np.cov(own.T), np.cov(others.T), atol=0.3)


def test_a_centre_that_was_taught_later_is_drawn_from_as_well():
    spread, taught = fit_spread(features_of(), LABELS), features_of()[:50] + 3
    more = spread.with_centres(taught, np.full(50, 3))
    assert more.labels.tolist() == [0, 2, 3] and more.centres.dtype == np.float32
    np.testing.assert_array_equal(more.centres[:2], spread.centres)
    drawn, labels = more.drawn(4000, seed=1)
    np.testing.assert_allclose(drawn[labels == 3].mean(axis=0), taught.mean(axis=0), atol=0.1)


def test_the_same_seed_draws_the_same():
    spread = fit_spread(features_of(), LABELS)
    np.testing.assert_array_equal(spread.drawn(3, 5)[0], spread.drawn(3, 5)[0])


def test_arrays_of_a_file_give_the_spreads_back():
    spreads = fit_spread(features_of(), LABELS), fit_spread(features_of(1), LABELS)
    again = spreads_from_arrays(spreads_to_arrays(spreads))
    assert len(again) == 2
    for one, other in zip(spreads, again, strict=True):
        np.testing.assert_array_equal(one.whitening, other.whitening)
        np.testing.assert_array_equal(one.centres, other.centres)


@pytest.mark.parametrize(
    "arrays",
    [
        (np.array([0, 1]), np.ones((3, 2)), np.ones((4, 2))),
        (np.array([0, 1]), np.ones((2, 2)), np.ones((4, 3))),
        (np.array([0, -1]), np.ones((2, 2)), np.ones((4, 2))),
        (np.array([0.0, 1.0]), np.ones((2, 2)), np.ones((4, 2))),
        (np.array([0, 1]), np.full((2, 2), np.nan), np.ones((4, 2))),
        (np.array([0, 1]), np.ones((2, 2)), np.ones(4)),
        (np.array([], int), np.ones((0, 2)), np.ones((4, 2))),
    ],
)
def test_arrays_that_do_not_fit_each_other_are_refused(arrays):
    with pytest.raises(ValueError, match="centres|labels"):
        Spread(*arrays)


def test_missing_arrays_are_refused():
    with pytest.raises(KeyError):
        spreads_from_arrays({"network1_labels": np.array([0])})
