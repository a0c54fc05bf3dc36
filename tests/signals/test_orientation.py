from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from har.signals.channels import RAW_CHANNELS, UCI_CHANNELS
from har.signals.orientation import (
    AXES,
    UPRIGHT,
    Turn,
    angles_degrees,
    axis_turn,
    nearest_axis,
    shortest_turn,
    turn_about,
    turns_to,
)

number = st.floats(-1, 1).filter(lambda value: abs(value) > 1e-3)
vectors = st.tuples(number, number, number)


def is_rotation(matrix):
    return np.allclose(matrix @ matrix.T, np.eye(3)) and np.linalg.det(matrix) > 0


@given(source=vectors, target=vectors)
def test_the_shortest_turn_is_a_rotation_that_brings_one_direction_to_the_other(source, target):
    rotation = shortest_turn(source, target)
    assert is_rotation(rotation)
    assert angles_degrees(rotation @ source, target) == pytest.approx(0, abs=1e-4)
    angle = float(angles_degrees(np.array(source), target))
    if angle < 135:
        turned_by = np.degrees(np.arccos(np.clip((np.trace(rotation) - 1) / 2, -1, 1)))
        assert turned_by == pytest.approx(angle, abs=1e-3)


def test_opposite_directions_are_turned_about_the_normal_of_the_screen():
    assert_allclose(shortest_turn(AXES["-x"], AXES["x"]), np.diag([-1, -1, 1]), atol=1e-12)
    assert_allclose(shortest_turn(AXES["-z"], AXES["z"]), np.diag([-1, 1, -1]), atol=1e-12)


@pytest.mark.parametrize("axis", AXES)
def test_the_turn_of_an_axis_is_right_angled_and_said_by_axes(axis):
    turn = axis_turn(axis, UPRIGHT)
    sample = np.array([1, 2, 3, 4, 5, 6], np.float32)
    x = turn.of(sample, RAW_CHANNELS)
    place = "xyz".index(axis[-1])
    sign = -1 if axis.startswith("-") else 1
    assert x[0] == sign * sample[place]
    assert x[3] == sign * sample[3 + place]
    assert turn.in_words().startswith(f"x, y, z are now {axis}, ")


def test_in_a_training_with_another_axis_up_that_axis_is_taken():
    turn = axis_turn("x", (0.1, -0.9, 0.2))
    assert_allclose(turn.rotation @ AXES["x"], AXES["-y"], atol=1e-12)


@given(direction=vectors, degrees=st.floats(-360, 360))
def test_a_turn_about_a_direction_leaves_it(direction, degrees):
    rotation = turn_about(direction, degrees)
    assert is_rotation(rotation)
    assert_allclose(rotation @ direction, direction, atol=1e-9)


@given(gravity=vectors)
def test_all_turns_bring_gravity_upright(gravity):
    turns = turns_to(np.array(gravity), UPRIGHT)
    assert len(turns) == (16 if angles_degrees(np.array(gravity), UPRIGHT) > 135 else 8)
    assert_allclose(turns[0].rotation, shortest_turn(gravity, UPRIGHT))
    for turn in turns:
        upright = turn.of(np.array([*gravity, 0, 0, 0]), RAW_CHANNELS)[:3]
        assert angles_degrees(upright, UPRIGHT) == pytest.approx(0, abs=1e-4)


def test_reversed_signs_are_those_of_acceleration_in_samples_and_in_windows():
    turn = Turn(np.eye(3), reverses_acc=True)
    assert turn.of(np.ones((2, 6)), RAW_CHANNELS).tolist() == [[-1] * 3 + [1] * 3] * 2
    windows = turn.of(np.ones((1, 2, 9), np.float32), UCI_CHANNELS)
    assert windows.dtype == np.float32
    assert windows[0, 0].tolist() == [-1] * 3 + [1] * 3 + [-1] * 3
    assert "signs of acceleration reversed" in turn.in_words()


def test_a_turn_of_no_right_angle_is_said_by_its_angle():
    assert Turn(turn_about(AXES["z"], 30)).in_words() == "a turn by 30°"


def test_the_nearest_axis_has_its_sign():
    assert nearest_axis((0.1, -0.9, 0.3)) == "-y"
