from __future__ import annotations

from itertools import product
from typing import get_args

import numpy as np
import pytest
from builders import refused
from chains import WALK, a_chain, some_windows
from hypothesis import given, settings
from hypothesis import strategies as st

from har.cli.options import CONTEXTS
from har.errors import DataError
from har.inference.context import ContextKind, MarkovContext, context_of


def by_enumeration(context, probabilities):
    """Add up the weight of every course that the activities can take, as the model defines it."""
    n_windows, n_activities = probabilities.shape
    evidence = probabilities**context.weight
    totals = np.zeros((n_windows, n_activities))
    windows = np.arange(n_windows)
    for course in product(range(n_activities), repeat=n_windows):
        steps = context.transitions[course[:-1], course[1:]]
        totals[windows, course] += steps.prod() * evidence[windows, course].prod()
    return totals / totals.sum(axis=1, keepdims=True)


@given(
    st.integers(0, 2**32 - 1),
    st.integers(1, 3),
    st.integers(1, 5),
    st.floats(0.1, 1),
    st.booleans(),
)
def test_probabilities_are_those_of_all_courses_added_up(
    seed, n_activities, n_windows, weight, are_some_impossible
):
    generator = np.random.default_rng(seed)
    n_impossible = n_activities - 1 if are_some_impossible else 0
    context = a_chain(generator, n_activities, weight, n_impossible)
    windows = np.maximum(some_windows(generator, n_windows, n_activities), 1e-12)
    expected = by_enumeration(context, windows)
    np.testing.assert_allclose(context.smoothed(windows), expected, rtol=1e-9, atol=1e-12)


@settings(max_examples=25)
@given(st.integers(0, 2**32 - 1), st.permutations(range(4)))
def test_the_order_of_the_activities_does_not_matter(seed, order):
    generator = np.random.default_rng(seed)
    context = a_chain(generator, 4)
    windows = some_windows(generator, 20, 4)
    reordered = MarkovContext(context.transitions[np.ix_(order, order)], context.weight)
    expected = context.smoothed(windows)[:, order]
    np.testing.assert_allclose(reordered.smoothed(windows[:, order]), expected, atol=1e-12)


def test_a_chain_in_which_anything_may_follow_changes_nothing():
    windows = some_windows(np.random.default_rng(0), 50, 3)
    context = MarkovContext(np.full((3, 3), 1 / 3), weight=1.0)
    np.testing.assert_allclose(context.smoothed(windows), windows, atol=1e-12)


def test_the_less_windows_weigh_the_less_sure_is_the_context():
    windows = np.array([WALK] * 5)
    walks = [
        MarkovContext.lasting(3, weight=weight).smoothed(windows)[2, 1]
        for weight in (0.1, 0.4, 0.7, 1.0)
    ]
    assert walks == sorted(walks)
    assert walks[0] < 0.9 < 0.999 < walks[-1]


@pytest.mark.parametrize("mean_duration_s", [2.0, 30.0, 600.0])
def test_activities_last_as_long_as_said_and_change_to_each_other_equally_often(mean_duration_s):
    transitions = MarkovContext.lasting(6, mean_duration_s, hop_s=1.28).transitions
    np.testing.assert_allclose(transitions.sum(axis=1), 1)
    stay = transitions.diagonal()
    # The mean of a geometric distribution, added up.
    n_windows = np.arange(1, 20_000)
    lasting_s = 1.28 * (n_windows * stay[0] ** (n_windows - 1) * (1 - stay[0])).sum()
    assert lasting_s == pytest.approx(mean_duration_s, rel=1e-6)
    others = transitions[~np.eye(6, dtype=bool)]
    assert np.ptp(others) == np.ptp(stay) == 0


@pytest.mark.parametrize(
    ("transitions", "words"),
    [
        (np.ones((2, 3)) / 3, "shape (2, 3)"),
        (np.ones(3), "shape (3,)"),
        (np.empty((0, 0)), "shape (0, 0)"),
        (np.full((2, 2), 0.6), "other than 1"),
        (np.array([[1.5, -0.5], [0, 1]]), "below 0"),
        (np.full((2, 2), np.nan), "expected probabilities"),
    ],
)
def test_what_is_no_matrix_of_transitions_is_refused(transitions, words):
    with refused(DataError, "context: found transitions", words):
        MarkovContext(transitions)


@pytest.mark.parametrize("weight", [0.0, -1.0, 1.1, float("nan")])
def test_a_weight_out_of_range_is_refused(weight):
    with refused(DataError, "context: found a weight of", "above 0 and at most 1"):
        MarkovContext.lasting(3, weight=weight)


@pytest.mark.parametrize("how", [(0,), (3, 1.28, 1.28), (3, 30.0, 0.0), (1, -1.0)])
def test_activities_that_do_not_last_are_refused(how):
    with refused(DataError, "context: found", "longer than a hop"):
        MarkovContext.lasting(*how)


def test_a_context_is_chosen_by_its_kind_which_the_command_line_knows():
    assert get_args(ContextKind) == CONTEXTS
    assert context_of("none", 6) is None
    context = context_of("markov", 6)
    assert context.n_activities == 6
    np.testing.assert_array_equal(context.transitions, MarkovContext.lasting(6).transitions)


def test_other_numbers_of_probabilities_are_refused():
    with refused(DataError, "probabilities", "(5, 4)", "3 activities"):
        MarkovContext.lasting(3).smoothed(np.full((5, 4), 0.25))
