from __future__ import annotations

import numpy as np
import pytest
from builders import refused
from chains import RUN, WALK, a_chain, filtered, some_windows
from hypothesis import given, settings
from hypothesis import strategies as st

from har.errors import DataError
from har.inference.context import MarkovContext
from har.inference.live_context import ContextFilter


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


def test_other_numbers_of_probabilities_and_negative_delays_are_refused():
    context = MarkovContext.lasting(3)
    with refused(DataError, "probabilities", "(1, 4)", "3 activities"):
        ContextFilter(context).update(np.full(4, 0.25))
    with refused(DataError, "a delay of -1"):
        ContextFilter(context, -1)
