from __future__ import annotations

import json
import logging
from dataclasses import replace

import numpy as np
import pytest
from builders import refused, small_windows, tiny_config
from numpy.testing import assert_allclose, assert_array_equal

from har.classifier import ActivityClassifier
from har.errors import DataError, RunError
from har.explanation.explain import explain, typical_windows
from har.explanation.findings import Explanation


@pytest.fixture(scope="module")
def classifier():
    return ActivityClassifier(tiny_config(n_epochs=12)).fit(small_windows())


@pytest.fixture(scope="module")
def windows():
    return small_windows(seed=1)


def explained(classifier, windows, mistakes=()):
    return explain(
        classifier.trained_network(),
        classifier.config.model,
        classifier.devices,
        classifier.predict_proba,
        windows,
        mistakes,
    )


@pytest.fixture(scope="module")
def explanation(classifier, windows):
    return explained(classifier, windows, [5, 2])


def test_mistakes_come_first_then_a_typical_window_of_each_activity(
    explanation, classifier, windows
):
    probabilities = classifier.predict_proba(windows)
    typical = typical_windows(windows.labels, probabilities)
    assert [window.index for window in explanation.windows] == [5, 2, *typical]
    for window in explanation.windows:
        assert window.subject == windows.subjects[window.index]
        assert window.true == windows.activities[windows.labels[window.index]]
        predicted = windows.activities.index(window.predicted)
        assert window.probability == probabilities[window.index].max()
        assert predicted == probabilities[window.index].argmax()
        assert_array_equal(window.signals, windows.signals[window.index])


def test_the_baseline_is_the_mean_of_all_windows(explanation, classifier, windows):
    still = np.tile(windows.signals.mean(axis=(0, 1)), (1, windows.n_timesteps, 1))
    before = np.log(classifier.predict_proba(still))[0]
    for window in explanation.windows:
        gained = np.log(window.probability) - before[windows.activities.index(window.predicted)]
        assert window.gained == pytest.approx(gained, abs=1e-4)
        assert window.attributions.sum() == pytest.approx(gained, abs=0.01)


def test_the_lstm_is_shown_with_the_first_and_the_last_activity(explanation, classifier, windows):
    shown = [explanation.window(states.index).true for states in explanation.states]
    assert shown == ["REST", "RUN"]
    for states in explanation.states:
        assert states.values.shape == (5, windows.n_timesteps, 8)
    assert explanation.n_units == 8


def test_accuracy_and_occlusion_are_of_all_windows(explanation, classifier, windows):
    assert explanation.accuracy == classifier.evaluate(windows).accuracy
    assert explanation.n_windows == sum(explanation.n_occluded) == len(windows)
    assert explanation.occlusion.shape == (3, 2, len(explanation.spans.starts))


def test_json_gives_it_back(explanation):
    again = Explanation.from_dict(json.loads(json.dumps(explanation.to_dict())))
    assert again.importances == explanation.importances
    assert_allclose(again.occlusion, explanation.occlusion, atol=1e-3)


def test_the_same_is_found_again_and_logged(explanation, classifier, windows, caplog):
    with caplog.at_level(logging.INFO, "har.explanation.explain"):
        again = explained(classifier, windows, [5, 2])
    assert again.importances == explanation.importances
    assert_array_equal(again.occlusion, explanation.occlusion)
    assert [line.split(":")[0] for line in caplog.messages] == [
        "permutation",
        "occlusion",
        "integrated gradients",
    ]


def test_typical_windows_are_right_with_the_median_confidence_of_their_kind():
    labels = np.array([0, 0, 0, 0, 1, 1, 2])
    confidence = np.array([0.9, 0.6, 0.7, 0.4, 0.8, 0.3, 0.5])
    probabilities = np.full((7, 3), 0.1)
    probabilities[np.arange(7), [0, 0, 0, 1, 1, 0, 0]] = confidence
    assert typical_windows(labels, probabilities) == [2, 4]


def test_one_window_of_one_person_is_enough(classifier, windows):
    one = explained(classifier, windows.where(np.array([0])))
    assert [window.index for window in one.windows] == [0]
    assert {importance.lost for importance in one.importances} == {0.0}
    assert {importance.interval for importance in one.importances} == {None}


def test_where_all_is_wrong_the_mistakes_are_shown(classifier, windows):
    predicted = classifier.predict(windows)
    wrong = replace(windows, labels=(predicted + 1) % 3)
    found = explained(classifier, wrong, [4])
    assert found.accuracy == 0
    assert [window.index for window in found.windows] == [4]
    assert [states.index for states in found.states] == [4]
    # Whoever names none gets the first.
    assert [window.index for window in explained(classifier, wrong).windows] == [0]


def test_a_constant_channel_is_explained_as_nothing(classifier, windows):
    silent = windows.signals.copy()
    silent[:, :, 3] = 0
    found = explained(classifier, replace(windows, signals=silent))
    gyroscope = found.importances[1]
    assert (gyroscope.signal, gyroscope.lost) == ("gyro", 0)
    assert_array_equal(found.occlusion[:, 1], 0)
    for window in found.windows:
        assert_array_equal(window.attributions[:, 3], 0)


def test_ensembles_and_calibrated_networks_are_explained(windows):
    config = tiny_config(model={"n_members": 2, "bidirectional": True}, calibrate=True)
    classifier = ActivityClassifier(config).fit(small_windows())
    found = explained(classifier, windows, [0, 1])
    assert max(abs(window.gap) for window in found.windows) < 0.01
    assert found.states[0].n_forward == 8
    assert found.n_units == 16


def test_nothing_to_explain_is_refused(classifier, windows):
    with refused(DataError, "explain: found no windows", "expected at least one"):
        explained(classifier, windows.where(np.array([], dtype=int)))
    with refused(RunError, "classifier: found no trained network", "expected fit or load before"):
        explained(ActivityClassifier(tiny_config()), windows)
