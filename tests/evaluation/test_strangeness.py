from __future__ import annotations

import numpy as np
import pytest
from builders import refused
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from sklearn.covariance import ledoit_wolf

from har.evaluation.strangeness import (
    Strangeness,
    fit_strangeness,
    is_strange,
    shrunk_covariance,
)


def some_features(seed=0, n=600, shift=0.0):
    """Features of three activities, of which two vary together and one never does."""
    random = np.random.default_rng(seed)
    labels = np.arange(n) % 3
    features = random.normal(size=(n, 5)) + 6 * np.eye(5)[labels] + shift
    features[:, 3] = features[:, 0] + 0.1 * random.normal(size=n)
    features[:, 4] = 2.0
    return features.astype(np.float32), labels, random.integers(1, 8, size=n)


HELD_OUT = some_features(seed=1)[0]


def test_the_threshold_lies_beyond_what_a_hundredth_of_the_windows_held_out_exceeds():
    scores = fit_strangeness(*some_features(), HELD_OUT).score(HELD_OUT)
    assert np.quantile(scores, 0.99) == pytest.approx(1 / 1.4, rel=0.01)


def test_what_lies_elsewhere_is_strange_also_where_features_vary_together():
    strangeness = fit_strangeness(*some_features(), HELD_OUT)
    assert is_strange(strangeness.score(some_features(seed=2, shift=10)[0])).all()
    apart = HELD_OUT.copy()
    apart[:, 3] -= 2
    assert is_strange(strangeness.score(apart)).mean() > 0.9


def test_it_is_the_mahalanobis_distance_to_the_nearest_activity():
    features, labels, subjects = some_features(n=6000)
    features, held_out = features[:, :3], HELD_OUT[:, :3]
    strangeness = fit_strangeness(features, labels, subjects, held_out)
    means = np.stack([features[labels == label].mean(axis=0) for label in range(3)])
    inverse = np.linalg.inv(np.cov((features - means[labels]).T))
    offsets = held_out[:, None] - means
    expected = np.sqrt(np.einsum("wai,ij,waj->wa", offsets, inverse, offsets)).min(axis=1)
    assert_allclose(strangeness.score(held_out) * strangeness.threshold, expected, rtol=0.02)


def test_without_held_out_people_those_of_the_training_are_left_out_in_turn():
    usual = fit_strangeness(*some_features())
    assert is_strange(usual.score(HELD_OUT)).mean() < 0.01
    assert usual.score(HELD_OUT).max() > 0.5
    features, labels, _ = some_features()
    of_one = fit_strangeness(features, labels, np.ones(len(labels), int))
    assert not is_strange(of_one.score(HELD_OUT)).mean() > 0.02


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=10)
def test_turned_features_are_as_strange(seed):
    features, labels, subjects = some_features()
    turn = np.linalg.qr(np.random.default_rng(seed).normal(size=(5, 5)))[0]
    before = fit_strangeness(features, labels, subjects, HELD_OUT).score(HELD_OUT)
    after = fit_strangeness(features @ turn, labels, subjects, HELD_OUT @ turn)
    assert_allclose(after.score(HELD_OUT @ turn), before, rtol=1e-2)


def test_features_that_never_vary_make_nothing_strange():
    features, labels = np.ones((10, 4), np.float32), np.zeros(10, int)
    strangeness = fit_strangeness(features, labels, labels, features)
    assert not is_strange(strangeness.score(features)).any()


def test_arrays_and_back_are_the_same():
    strangeness = fit_strangeness(*some_features(), HELD_OUT)
    again = Strangeness.from_arrays(strangeness.to_arrays())
    assert_allclose(again.score(HELD_OUT), strangeness.score(HELD_OUT))


def test_arrays_that_do_not_fit_are_refused():
    arrays = fit_strangeness(*some_features(), HELD_OUT).to_arrays()
    with refused(ValueError, "centres"):
        Strangeness.from_arrays({**arrays, "centres": arrays["centres"][:, 1:]})
    with pytest.raises(KeyError):
        Strangeness.from_arrays({})


@pytest.mark.parametrize(("n", "n_features"), [(600, 40), (20, 40), (5, 1)])
def test_the_covariance_is_scikit_learns_whatever_the_blocks(n, n_features):
    random = np.random.default_rng(0)
    values = random.normal(size=(n, n_features)) * random.uniform(0, 2, n_features)
    expected, _ = ledoit_wolf(values, assume_centered=True)
    for n_blocks in (1, 3):
        found = shrunk_covariance(np.array_split(values, n_blocks))
        assert_allclose(found, expected, rtol=1e-9, atol=1e-12)
