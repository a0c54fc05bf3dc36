from __future__ import annotations

import numpy as np
import pytest
from builders import refused
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from scipy.spatial.transform import Rotation
from walkers import recording_of, samples_of

from har.errors import DataError
from har.signals.channels import RAW_CHANNELS, UCI_CHANNELS
from har.signals.filters import uci_har_channels
from har.signals.orientation import UPRIGHT, Turn, angles_degrees, axis_turn
from har.signals.recording import Stretch
from har.signals.wearing import (
    gravity_in_training,
    is_lively,
    made_upright,
    wearing_doubts,
    worn_parts,
)
from har.signals.windows import Windows, sliding_windows

DAY = samples_of(("lie", 20), ("walk", 30), ("stand", 20))
# What was x is y, as in a phone that stands upright in a pouch.
POUCH = axis_turn("-y", UPRIGHT)
SIGNS = np.repeat([-1, 1], 3).astype(np.float32)


def doubts_of(samples, **more):
    return list(wearing_doubts(recording_of(samples, **more), UPRIGHT))


def test_a_phone_that_is_worn_as_in_training_is_not_doubted():
    assert doubts_of(DAY) == []
    assert doubts_of(DAY[:, :3]) == []


def test_a_phone_in_a_pouch_is_doubted_with_its_cure_in_one_line():
    (doubt,) = doubts_of(POUCH.of(DAY, RAW_CHANNELS))
    assert "gravity points along y" in doubt
    assert "--upright y, or --upright auto, turns it" in doubt
    assert "\n" not in doubt


def test_reversed_signs_are_doubted_as_such():
    (doubt,) = doubts_of(DAY * SIGNS)
    assert "signs of acceleration are reversed" in doubt
    assert "--upright auto turns it" in doubt


def test_who_only_lies_or_stands_is_not_doubted():
    assert doubts_of(samples_of(("lie", 60), ("stand", 10))) == []


def test_a_few_lively_seconds_of_a_long_time_are_no_evidence():
    samples = samples_of(("lie", 600), ("walk", 5))
    assert worn_parts(recording_of(samples)) == ()


def test_a_short_walk_is_evidence_in_a_short_recording():
    samples = samples_of(("lie", 4), ("walk", 4), ("stand", 4))
    assert len(doubts_of(POUCH.of(samples, RAW_CHANNELS))) == 1


def test_turning_over_is_not_lively():
    # Gravity turns by 30° a second, as of a person who rises.
    angles = np.radians(30 * np.arange(6))
    means = np.stack([np.cos(angles), np.sin(angles), 0 * angles], axis=1)
    assert not is_lively(means, np.full(6, 0.3)).any()
    assert is_lively(np.tile(means[:1], (6, 1)), np.full(6, 0.3)).all()


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=10)
def test_any_turn_is_cured_of_its_tilt(seed):
    rotation = Rotation.random(random_state=np.random.default_rng(seed)).as_matrix()
    turned = recording_of(Turn(rotation).of(DAY, RAW_CHANNELS))
    cured = made_upright(turned, "auto", UPRIGHT)
    (part,) = worn_parts(cured)
    assert angles_degrees(part.gravity, UPRIGHT) < 0.5
    assert list(wearing_doubts(cured, UPRIGHT)) == []


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=10)
def test_turning_and_turning_back_gives_the_same_windows(seed):
    rotation = Rotation.random(random_state=np.random.default_rng(seed)).as_matrix()
    turned = Turn(rotation).of(DAY, RAW_CHANNELS)
    back = made_upright(
        recording_of(turned), "auto", UPRIGHT, lambda _recording, _turns: Turn(rotation.T)
    )
    windows, expected = (
        sliding_windows(uci_har_channels(samples, start="settled"), 128, 64)
        for samples in (back.samples, DAY)
    )
    assert_allclose(windows, expected, atol=1e-5)


def test_the_named_axis_is_turned_upright_in_both_sensors_and_noted():
    turned = recording_of(POUCH.of(DAY, RAW_CHANNELS), notes=("before",))
    cured = made_upright(turned, "y", UPRIGHT)
    assert_allclose(cured.samples, DAY, atol=1e-6)
    assert cured.samples.dtype == np.float32
    note = "upright: y taken to point up; x, y, z are now y, -x, z in both sensors"
    assert cured.notes == ("before", note)


def test_a_wrong_axis_is_still_doubted():
    assert list(wearing_doubts(made_upright(recording_of(DAY), "z", UPRIGHT), UPRIGHT))


def test_without_lively_seconds_auto_leaves_the_recording_and_says_so():
    recording = recording_of(samples_of(("stand", 20)))
    same = made_upright(recording, "auto", UPRIGHT)
    assert_array_equal(same.samples, recording.samples)
    assert "left as it is" in same.notes[-1]


@pytest.fixture
def taken_out():
    """A phone that is taken out while its owner stands, and put into a pouch; a gap before that."""
    first = samples_of(("walk", 40), ("stand", 10))
    second = POUCH.of(samples_of(("stand", 10), ("walk", 60)), RAW_CHANNELS)
    stretches = (Stretch(0, 1000, 0.0), Stretch(1000, 5000, 30.0))
    return recording_of(np.concatenate([first, second]), stretches=stretches)


def test_a_phone_that_is_taken_out_is_doubted_from_then_on(taken_out):
    (doubt,) = wearing_doubts(taken_out, UPRIGHT)
    assert doubt.startswith("from 60 to 130 s, the phone is worn otherwise")


def test_auto_turns_each_part_apart_and_begins_a_stretch(taken_out):
    cured = made_upright(taken_out, "auto", UPRIGHT)
    assert [stretch.first_sample for stretch in cured.stretches] == [0, 1000, 2500]
    assert cured.stretches[2].start_s == 60.0
    assert sum(stretch.n_samples for stretch in cured.stretches) == len(cured)
    assert list(wearing_doubts(cured, UPRIGHT)) == []
    notes = [note for note in cured.notes if note.startswith("upright")]
    assert [note.split()[2] for note in notes[:2]] == ["0", "60"]
    assert "turned 1 times" in notes[2]


def test_a_phone_in_a_hand_for_a_while_is_no_other_way_to_wear_it():
    in_hand = POUCH.of(samples_of(("walk", 10)), RAW_CHANNELS)
    samples = np.concatenate([samples_of(("walk", 60)), in_hand, samples_of(("walk", 60))])
    assert len(worn_parts(recording_of(samples))) == 1


def test_what_no_training_knows_is_neither_doubted_nor_cured():
    recording = recording_of(DAY * SIGNS)
    assert list(wearing_doubts(recording, None)) == []
    with refused(DataError, "walk.csv", "--upright y"):
        made_upright(recording, "y", None)


def windows_of(*recordings, channels=UCI_CHANNELS):
    cut = [
        sliding_windows(uci_har_channels(samples, start="settled"), 128, 64)
        for samples in recordings
    ]
    signals = np.concatenate(cut).astype(np.float32)
    zeros = np.zeros(len(signals), int)
    return Windows(signals, zeros, zeros, channels, ("ANY",))


def test_gravity_in_training_is_that_of_lively_windows():
    windows = windows_of(samples_of(("lie", 60)), samples_of(("walk", 30)))
    assert angles_degrees(np.array(gravity_in_training(windows)), (0.97, -0.12, -0.05)) < 0.5


def test_gravity_in_training_is_not_known_without_walking_in_one_way():
    walk = samples_of(("walk", 30))
    assert gravity_in_training(windows_of(samples_of(("lie", 60)))) is None
    assert gravity_in_training(windows_of(walk, walk * SIGNS)) is None
    other_names = tuple(f"{name[:-2]}_of_arm{name[-2:]}" for name in UCI_CHANNELS)
    assert gravity_in_training(windows_of(walk, channels=other_names)) is None
