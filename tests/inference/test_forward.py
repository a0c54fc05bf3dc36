from __future__ import annotations

import numpy as np
from numpy.testing import assert_allclose
from walkers import recording_of, samples_of

from har.inference.forward import LikestTurn
from har.signals.activities import UCI_ACTIVITIES
from har.signals.channels import RAW_CHANNELS, UCI_CHANNELS
from har.signals.orientation import UPRIGHT, Turn, turn_about, turns_to
from har.signals.wearing import made_upright
from har.signals.windows import WindowFormat

FORMAT = WindowFormat(UCI_CHANNELS, UCI_ACTIVITIES, 50.0, 128)
SIGNS = np.repeat([-1, 1], 3).astype(np.float32)
DAY = samples_of(("lie", 10), ("walk", 60))


def typical(signals):
    """Strangeness of windows, by two things that walkers do.

    body_acc_z leads body_acc_x, which tells front from back, and gyro_y goes with body_acc_y, which
    tells a person from the mirrored one.
    """
    x, y, z, gyro = (signals[:, :, index].astype(float) for index in (0, 1, 2, 4))
    leads = (z[:, :-6] * x[:, 6:]).mean(axis=1) / 0.03
    turns = (y * gyro).mean(axis=1) / 0.01
    strangeness = np.exp(-np.clip(leads, -1, 1) - np.clip(turns, -1, 1))
    return np.full((len(signals), 6), 1 / 6), strangeness


def sure(signals):
    """Probabilities that say the same, of a run that knows no strangeness."""
    first = np.clip(0.9 - 0.2 * typical(signals)[1], 0.2, 0.99)
    return np.column_stack([first, *[(1 - first) / 5] * 5]), None


def faced(samples, judge=typical):
    return made_upright(recording_of(samples), "auto", UPRIGHT, LikestTurn(judge, FORMAT))


def test_a_phone_that_faces_elsewhere_is_turned_forward():
    expected = faced(DAY).samples
    for judge in (typical, sure):
        for degrees in (90, 180, 270):
            turned = Turn(turn_about(UPRIGHT, degrees)).of(DAY, RAW_CHANNELS)
            assert_allclose(faced(turned, judge).samples, expected, atol=0.02)


def test_a_phone_that_faces_forward_is_left_so():
    turns = turns_to(np.array(UPRIGHT), UPRIGHT)
    assert LikestTurn(typical, FORMAT)(recording_of(DAY), turns) is turns[0]


def test_reversed_signs_are_found_where_gravity_is_opposite():
    reversed_signs = faced(DAY * SIGNS)
    assert_allclose(reversed_signs.samples, faced(DAY).samples, atol=0.05)
    assert "signs of acceleration reversed" in reversed_signs.notes[-1]
    upside_down = faced(Turn(np.diag([-1.0, -1.0, 1.0])).of(DAY, RAW_CHANNELS))
    assert_allclose(upside_down.samples, faced(DAY).samples, atol=0.05)
    assert "signs of acceleration reversed" not in upside_down.notes[-1]


def test_too_few_lively_windows_are_no_evidence():
    calls = []

    def judge(signals):
        calls.append(signals)
        return typical(signals)

    faced(samples_of(("lie", 4), ("walk", 5)), judge)
    assert calls == []


def test_only_lively_windows_are_judged_and_not_all_of_many():
    judged = []

    def judge(signals):
        judged.append(signals)
        return typical(signals)

    faced(samples_of(("lie", 60), ("walk", 300)), judge)
    assert {len(signals) for signals in judged} == {100}
    deviations = np.linalg.norm(judged[0][:, :, 6:], axis=2).std(axis=1)
    assert deviations.min() > 0.1


def test_a_network_without_a_gyroscope_is_asked_about_acceleration_alone():
    channels = tuple(name for name in UCI_CHANNELS if "acc" in name)
    shapes = set()

    def judge(signals):
        shapes.add(signals.shape[1:])
        return np.full((len(signals), 6), 1 / 6), None

    acc_alone = LikestTurn(judge, WindowFormat(channels, UCI_ACTIVITIES, 50.0, 128))
    made_upright(recording_of(DAY), "auto", UPRIGHT, acc_alone)
    assert shapes == {(128, 6)}
