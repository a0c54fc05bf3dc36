from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_array_equal
from scored_run import make_windows
from sklearn.metrics import accuracy_score, f1_score

from har.evaluation.disturbances import DISTURBANCES
from har.evaluation.robustness import Robustness, measure_robustness, n_settings
from har.signals.activities import UCI_ACTIVITIES
from har.signals.channels import UCI_CHANNELS

# Time of the default network for a window on one thread, and number of official test windows.
S_PER_WINDOW = 0.0003
N_TEST_WINDOWS = 2947


def told_by_strength(windows):
    """Predict activities from the strength of the movement."""
    strength = windows.signals.std(axis=1).mean(axis=1)
    places = np.digitize(strength, [0.008, 0.0101, 0.02, 0.21, 0.213])
    return np.eye(6)[5 - places]


@pytest.fixture(scope="module")
def windows():
    return make_windows(n=60)


@pytest.fixture(scope="module")
def measured(windows):
    return measure_robustness(windows, told_by_strength)


def test_there_is_a_row_for_every_disturbance_and_level_and_neutral_ones_come_first(measured):
    robustness = measured
    for disturbance in DISTURBANCES:
        rows = robustness.table[robustness.table["disturbance"] == disturbance.name]
        assert rows["level"].tolist() == [disturbance.neutral, *disturbance.levels]
        assert set(rows["unit"]) == {disturbance.unit}
        assert rows["accuracy"].iloc[0] == robustness.accuracy
        assert rows["macro_f1"].iloc[0] == robustness.macro_f1
    assert len(robustness.table) == n_settings(UCI_CHANNELS) + len(DISTURBANCES)
    assert set(robustness.table["n_windows"]) == {robustness.n_windows} == {60}


def test_figures_are_those_of_scikit_learn_on_windows_disturbed_by_hand(measured, windows):
    table = measured.table.set_index(["disturbance", "level"])
    by_name = {disturbance.name: disturbance for disturbance in DISTURBANCES}
    for key in (("noise_acc", 0.01), ("gain_gyro", -50.0), ("sampling_rate", 5.0)):
        name, level = key
        changed = by_name[name].of(windows, level, seed=0)
        predicted = told_by_strength(changed).argmax(axis=1)
        assert table.loc[key, "accuracy"] == accuracy_score(windows.labels, predicted)
        expected = f1_score(windows.labels, predicted, average="macro", zero_division=0)
        assert table.loc[key, "macro_f1"] == pytest.approx(expected)
    assert table["accuracy"].nunique() > 3


def test_a_line_is_told_about_each_disturbance(windows, messages):
    robustness = measure_robustness(windows, told_by_strength)
    lines = messages()
    assert [line.split(" (")[0] for line in lines] == [d.name for d in DISTURBANCES]
    assert lines[0].startswith(f"rotation_x (degrees): {robustness.accuracy:.1%} at 0, ")


def test_json_restores_the_same_figures(measured):
    again = Robustness.from_dict(json.loads(json.dumps(measured.to_dict())))
    pd.testing.assert_frame_equal(again.table, measured.table)
    assert again.to_dict() == measured.to_dict()


def test_without_a_gyroscope_there_are_fewer_settings():
    without = tuple(name for name in UCI_CHANNELS if "acc" in name)
    assert n_settings(UCI_CHANNELS) - n_settings(without) == 6 + 6 + 1


def test_a_missing_gyroscope_is_a_figure_of_its_own(measured, windows):
    signals = windows.signals.copy()
    signals[:, :, [name.startswith("body_gyro") for name in UCI_CHANNELS]] = 0
    predicted = told_by_strength(replace(windows, signals=signals)).argmax(axis=1)
    assert measured.without_gyroscope == accuracy_score(windows.labels, predicted)


def test_accuracy_of_windows_turned_about_x_by_any_angle_is_a_figure_of_its_own(measured):
    by_name = measured.table.set_index(["disturbance", "level"])["accuracy"]
    assert measured.turned_at_random == by_name["random_turn_x", 180.0]


def test_one_window_without_a_gyroscope_is_enough(windows):
    alone = windows.where(np.array([0]))
    alone = replace(alone, channels=UCI_CHANNELS[:3], signals=alone.signals[:, :, :3])
    robustness = measure_robustness(alone, lambda given: np.eye(6)[given.labels])
    assert set(robustness.table["accuracy"]) == {1.0}
    assert robustness.without_gyroscope is None
    assert robustness.turned_at_random == 1.0


def test_all_settings_fit_in_half_of_two_minutes_on_one_thread():
    n_predictions = 1 + n_settings(UCI_CHANNELS)
    assert n_predictions * N_TEST_WINDOWS * S_PER_WINDOW < 60


def test_the_windows_stay_as_they_are(windows, measured):
    assert_array_equal(windows.signals, make_windows(n=60).signals)
    assert windows.activities == UCI_ACTIVITIES


def test_the_share_of_strange_windows_is_measured_where_it_is_known(windows, measured):
    def judge(signals):
        louder = np.abs(signals).max(axis=(1, 2)) / np.abs(windows.signals).max(axis=(1, 2))
        return told_by_strength(replace(windows, signals=signals)), np.asarray(louder) / 1.2

    judged = measure_robustness(windows, told_by_strength, judge)
    pd.testing.assert_frame_equal(judged.table.drop(columns="strange"), measured.table)
    strange = judged.table.set_index(["disturbance", "level"])["strange"]
    assert (strange["gain_acc", 0.0], strange["gain_acc", -50.0]) == (0.0, 0.0)
    assert strange["noise_gyro", 1.0] > 0.9
    assert judged.strange_without_gravity is not None
    restored = Robustness.from_dict(json.loads(json.dumps(judged.to_dict())))
    pd.testing.assert_frame_equal(restored.table, judged.table)


def test_a_run_of_an_earlier_version_tells_no_strange_windows(windows, measured):
    judged = measure_robustness(
        windows, told_by_strength, lambda s: (told_by_strength(replace(windows, signals=s)), None)
    )
    pd.testing.assert_frame_equal(judged.table, measured.table)
    assert measured.strange_without_gravity is None
    assert measured.without_gravity is not None
