from __future__ import annotations

import json
from itertools import product
from typing import get_args

import numpy as np
import pandas as pd
import pytest
from builders import refused
from chains import WALK, a_chain, some_windows
from hypothesis import given, settings
from hypothesis import strategies as st

from har.cli.options import CONTEXTS
from har.errors import DataError
from har.inference.context import HOP_S, MEAN_DURATION_S, ContextKind, MarkovContext


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


def test_the_command_line_knows_the_kinds():
    assert get_args(ContextKind) == CONTEXTS


def segments_of(*rows):
    return pd.DataFrame(rows, columns=["start_s", "end_s", "activity"])


def test_an_activity_is_observed_to_last_as_long_as_it_does_in_the_mean():
    hops = 20 * HOP_S
    rows = [(2 * i * hops, (2 * i + 2) * hops - 0.1, "AB"[i % 2]) for i in range(300)]
    context = MarkovContext.observed([segments_of(*rows)], ("A", "B"))
    assert context.transitions[0, 1] == pytest.approx(1 / 40, rel=0.02)
    np.testing.assert_allclose(context.transitions.sum(axis=1), 1)


def test_what_follows_an_activity_is_observed_but_not_how_often():
    # B follows A nine times as often as C does.
    rows = [(20.0 * i, 20.0 * i + 18, name) for i, name in enumerate("AB" * 9 + "AC" + "A")]
    context = MarkovContext.observed([segments_of(*rows)], ("A", "B", "C", "D"))
    a = context.transitions[0]
    assert a[1] == a[2] > 10 * a[3] > 0
    # C and D follow B never, and nobody knows what follows D.
    b, d = context.transitions[1], context.transitions[3]
    assert b[0] > 20 * b[2] == 20 * b[3] > 0
    assert d[0] == d[1] == d[2] > 0
    assert d[3] == pytest.approx(1 - HOP_S / MEAN_DURATION_S)


def test_segments_far_apart_of_other_activities_or_recordings_do_not_follow_each_other():
    far = segments_of((0, 20, "A"), (25.1, 40, "B"))
    other = segments_of((0, 20, "A"), (20, 22, "TURN"), (22, 40, "A"))
    apart = [segments_of((0, 20, "A")), segments_of((20, 40, "B"))]
    for recordings in ([far], [other], apart, []):
        context = MarkovContext.observed(recordings, ("A", "B"))
        expected = MarkovContext.lasting(2).transitions
        np.testing.assert_array_equal(context.transitions, expected)
    near = segments_of((25.1, 40, "B"), (0, 20.2, "A"))
    assert MarkovContext.observed([near], ("A", "B")).transitions[0, 1] > 2 * HOP_S / 30


def test_an_activity_can_always_be_left_and_never_is_at_almost_every_window():
    rows = [(0, 1e6, "A"), (1e6, 1e6 + 0.1, "B"), (1e6 + 0.1, 1e6 + 0.2, "A")]
    stay = np.diag(MarkovContext.observed([segments_of(*rows)], ("A", "B")).transitions)
    np.testing.assert_allclose(stay, [1 - HOP_S / 120, 0.1])


def test_a_context_is_described_and_read_back():
    rows = [(10.0 * i, 10.0 * i + 9, "ABC"[i % 3]) for i in range(30)]
    context = MarkovContext.observed([segments_of(*rows)], ("A", "B", "C"))
    again = MarkovContext.from_dict(json.loads(json.dumps(context.to_dict())))
    np.testing.assert_array_equal(again.transitions, context.transitions)
    assert again.weight == context.weight


def test_other_numbers_of_probabilities_are_refused():
    with refused(DataError, "probabilities", "(5, 4)", "3 activities"):
        MarkovContext.lasting(3).smoothed(np.full((5, 4), 0.25))
