from __future__ import annotations

import numpy as np
import pytest
from builders import ACTIVITIES, refused
from hypothesis import given
from hypothesis import strategies as st

from har.errors import DataError
from har.inference.smoothing import SmoothedState

REST, WALK, RUN = np.eye(3)


def states(windows, **settings):
    state = SmoothedState(ACTIVITIES, **settings)
    return [state.update(probabilities) for probabilities in windows]


def n_changes(names):
    return sum(one != other for one, other in zip(names, names[1:], strict=False))


def test_the_first_window_decides_alone():
    assert states([np.array([0.3, 0.4, 0.3])]) == ["WALK"]


@pytest.mark.parametrize("n_before", [1, 2, 20])
def test_a_single_odd_window_does_not_change_the_state(n_before):
    assert set(states([WALK] * n_before + [RUN] + [WALK] * 5)) == {"WALK"}


@pytest.mark.parametrize(
    ("after", "n_windows"), [(RUN, 2), ([0.0, 0.25, 0.75], 3), ([0.2, 0.2, 0.6], 3)]
)
def test_a_lasting_change_shows_in_its_second_or_third_window(after, n_windows):
    before = ["WALK"] * (19 + n_windows)
    assert states([WALK] * 20 + [np.array(after)] * 4) == [*before, *["RUN"] * (5 - n_windows)]


@pytest.mark.parametrize("seed", range(5))
def test_noise_between_two_activities_does_not_flicker(seed):
    share = np.random.default_rng(seed).normal(0.5, 0.1, size=200)
    windows = np.stack([share, 1 - share, 0 * share], axis=1)
    assert n_changes(states(windows, weight=1.0, margin=0.0)) > 50
    assert n_changes(states(windows)) <= 10


@pytest.mark.parametrize("share", [0.45, 0.55])
def test_a_small_lead_never_changes_the_state(share):
    assert set(states([WALK] + [np.array([0.0, share, 1 - share])] * 50)) == {"WALK"}


def test_after_a_restart_the_next_window_decides_alone():
    state = SmoothedState(ACTIVITIES)
    assert [state.update(WALK), state.update(WALK)] == ["WALK", "WALK"]
    state.restart()
    assert state.update(RUN) == "RUN"


def test_the_state_has_a_name_between_windows_once_there_was_one():
    state = SmoothedState(ACTIVITIES)
    assert state.name is None
    state.update(WALK)
    state.update(RUN)
    assert state.name == "WALK"
    state.restart()
    assert state.name is None


@given(st.lists(st.integers(0, 2), min_size=1, max_size=30))
def test_without_smoothing_and_margin_each_window_decides_alone(chosen):
    windows = [np.eye(3)[index] for index in chosen]
    expected = [ACTIVITIES[index] for index in chosen]
    assert states(windows, weight=1.0, margin=0.0) == expected


def test_the_probabilities_given_are_left_as_they_are():
    window = RUN.copy()
    state = SmoothedState(ACTIVITIES)
    state.update(window)
    state.update(WALK)
    assert window.tolist() == RUN.tolist()


def test_other_numbers_of_probabilities_are_refused():
    with refused(DataError, "probabilities", "(4,)", "3 activities"):
        SmoothedState(ACTIVITIES).update(np.full(4, 0.25))
