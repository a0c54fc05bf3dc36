from __future__ import annotations

from itertools import product
from typing import get_args

import numpy as np
import pytest
from builders import refused
from hypothesis import given, settings
from hypothesis import strategies as st

from har.cli.options import CONTEXTS
from har.errors import DataError
from har.inference.context import ContextFilter, ContextKind, MarkovContext, context_of

REST, WALK, RUN = np.eye(3) * 0.94 + 0.02


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


def a_chain(generator, n_activities, weight=0.7, n_impossible=0):
    """Make a chain of any transitions, some of which never happen."""
    transitions = generator.dirichlet(np.ones(n_activities), size=n_activities)
    impossible = generator.choice(n_activities**2, size=n_impossible, replace=False)
    transitions.flat[impossible] = 0
    np.fill_diagonal(transitions, transitions.diagonal() + 0.1)
    return MarkovContext(transitions / transitions.sum(axis=1, keepdims=True), weight)


def some_windows(generator, n_windows, n_activities):
    return generator.dirichlet(np.full(n_activities, 0.5), size=n_windows)


def filtered(context, windows, delay):
    """Return what a filter says of each window, and of those that remain at the end."""
    context_filter = ContextFilter(context, delay)
    return [context_filter.update(window) for window in windows], context_filter.finish()


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
@given(st.integers(0, 2**32 - 1), st.integers(1, 4), st.integers(1, 12), st.integers(0, 4))
def test_live_each_window_is_judged_as_if_the_recording_ended_after_the_delay(
    seed, n_activities, n_windows, delay
):
    generator = np.random.default_rng(seed)
    context = a_chain(generator, n_activities)
    windows = some_windows(generator, n_windows, n_activities)
    given_so_far, remaining = filtered(context, windows, delay)
    assert [answer is None for answer in given_so_far] == [
        number < delay for number in range(n_windows)
    ]
    for number, answer in enumerate(given_so_far[delay:]):
        expected = context.smoothed(windows[: number + delay + 1])[number]
        np.testing.assert_allclose(answer, expected, rtol=0, atol=1e-12)
    last = context.smoothed(windows)[max(0, n_windows - delay) :]
    np.testing.assert_allclose(remaining, last, rtol=0, atol=1e-12)


@settings(max_examples=25)
@given(st.integers(0, 2**32 - 1), st.permutations(range(4)))
def test_the_order_of_the_activities_does_not_matter(seed, order):
    generator = np.random.default_rng(seed)
    context = a_chain(generator, 4)
    windows = some_windows(generator, 20, 4)
    reordered = MarkovContext(context.transitions[np.ix_(order, order)], context.weight)
    expected = context.smoothed(windows)[:, order]
    np.testing.assert_allclose(reordered.smoothed(windows[:, order]), expected, atol=1e-12)


def test_one_odd_window_among_many_is_taken_for_a_mistake():
    context = MarkovContext.lasting(3)
    windows = np.array([WALK] * 5 + [RUN] + [WALK] * 5)
    assert set(context.smoothed(windows).argmax(axis=1)) == {1}
    given_live, _ = filtered(context, windows, 0)
    assert {int(answer.argmax()) for answer in given_live} == {1}


def test_a_lasting_change_is_told_where_it_is_and_live_a_little_later():
    context = MarkovContext.lasting(3)
    windows = np.array([WALK] * 10 + [RUN] * 10)
    assert context.smoothed(windows).argmax(axis=1).tolist() == [1] * 10 + [2] * 10
    given_live, _ = filtered(context, windows, 0)
    assert [int(answer.argmax()) for answer in given_live] == [1] * 11 + [2] * 9
    given_later, remaining = filtered(context, windows, 1)
    answers = [*given_later[1:], *remaining]
    assert [int(answer.argmax()) for answer in answers] == [1] * 10 + [2] * 10


def test_a_doubtful_window_keeps_the_activity_before():
    given_live, _ = filtered(MarkovContext.lasting(3), [WALK, WALK, np.array([0.5, 0.1, 0.4])], 0)
    assert given_live[-1].argmax() == 1


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


def test_of_one_activity_every_window_is():
    context = MarkovContext.lasting(1)
    assert context.smoothed(np.ones((4, 1))).tolist() == [[1.0]] * 4
    given_live, remaining = filtered(context, np.ones((4, 1)), 1)
    assert given_live == [None, 1, 1, 1]
    assert remaining.tolist() == [[1.0]]


def test_without_windows_there_is_nothing():
    context = MarkovContext.lasting(3)
    assert context.smoothed(np.empty((0, 3))).shape == (0, 3)
    assert ContextFilter(context, 2).finish().shape == (0, 3)


@pytest.mark.parametrize("transitions", [np.full((3, 3), 1 / 3), np.eye(3)])
def test_windows_that_exclude_each_other_still_have_probabilities(transitions):
    windows = np.repeat(np.eye(3, dtype=np.float32), 3, axis=0)
    context = MarkovContext(transitions)
    answers = context.smoothed(windows)
    assert np.isfinite(answers).all()
    np.testing.assert_allclose(answers.sum(axis=1), 1)
    given_live, _ = filtered(context, windows, 1)
    np.testing.assert_allclose(np.sum(given_live[1:], axis=1), 1)


def test_probabilities_do_not_drift_in_a_stream_that_goes_on_for_long():
    context = MarkovContext.lasting(3)
    windows = some_windows(np.random.default_rng(0), 3000, 3)
    given_live, _ = filtered(context, windows, 0)
    np.testing.assert_allclose(given_live[-1], context.smoothed(windows)[-1], atol=1e-9)
    late = context.smoothed(windows[-500:])
    np.testing.assert_allclose(context.smoothed(windows)[-100:], late[-100:], atol=1e-9)


@pytest.mark.parametrize("delay", [0, 2])
def test_after_a_restart_or_the_end_nothing_is_remembered(delay):
    windows = some_windows(np.random.default_rng(0), 8, 3)
    context = MarkovContext.lasting(3)
    expected, _ = filtered(context, windows, delay)
    used = ContextFilter(context, delay)
    for forget in (used.restart, used.finish):
        for window in windows[:5]:
            used.update(window)
        forget()
        again = [used.update(window) for window in windows]
        assert [a is None for a in again] == [e is None for e in expected]
        np.testing.assert_array_equal(again[delay:], expected[delay:])
        used.restart()


def test_the_probabilities_given_are_left_as_they_are():
    windows = np.array([WALK, RUN])
    before = windows.copy()
    MarkovContext.lasting(3).smoothed(windows)
    filtered(MarkovContext.lasting(3), windows, 1)
    np.testing.assert_array_equal(windows, before)


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


def test_other_numbers_of_probabilities_and_negative_delays_are_refused():
    context = MarkovContext.lasting(3)
    with refused(DataError, "probabilities", "(5, 4)", "3 activities"):
        context.smoothed(np.full((5, 4), 0.25))
    with refused(DataError, "probabilities", "(1, 4)", "3 activities"):
        ContextFilter(context).update(np.full(4, 0.25))
    with refused(DataError, "a delay of -1"):
        ContextFilter(context, -1)


def test_a_context_is_chosen_by_its_kind_which_the_command_line_knows():
    assert get_args(ContextKind) == CONTEXTS
    assert context_of("none", 6) is None
    context = context_of("markov", 6)
    assert context.n_activities == 6
    np.testing.assert_array_equal(context.transitions, MarkovContext.lasting(6).transitions)
