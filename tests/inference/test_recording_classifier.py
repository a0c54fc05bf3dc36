"""What follows for recordings of any function that predicts."""

from __future__ import annotations

import numpy as np
import pytest

from har.classifier import ActivityClassifier
from har.inference.context import MarkovContext
from har.inference.recording_classifier import RecordingClassifier
from har.signals.channels import RAW_CHANNELS, UCI_CHANNELS
from har.signals.orientation import UPRIGHT
from har.signals.recording import Recording
from har.signals.windows import WindowFormat


class Loud(RecordingClassifier):
    """Says LOUD of windows that move; knows no strangeness unless it is told to."""

    window_format_ = WindowFormat(UCI_CHANNELS, ("QUIET", "LOUD"), 50.0, 128)
    gravity_ = UPRIGHT
    knows_strangeness = True

    def predict_proba(self, windows):
        loud = (windows[..., :3].std(axis=(1, 2)) > 0.1).astype(float)
        return np.stack([0.9 - 0.8 * loud, 0.1 + 0.8 * loud], axis=1)

    def predict_strangeness(self, signals):
        strangeness = np.linspace(0.5, 1.5, len(signals)) if self.knows_strangeness else None
        return self.predict_proba(signals), strangeness


@pytest.fixture
def recording():
    random = np.random.default_rng(0)
    samples = np.zeros((2000, 6), np.float32) + np.float32([1, 0, 0, 0, 0, 0])
    samples[1000:, :3] += random.normal(scale=0.5, size=(1000, 3))
    return Recording(samples, RAW_CHANNELS, 50.0)


def test_a_timeline_has_what_the_network_says_and_how_strange_it_is(recording):
    timeline = Loud().predict_recording(recording)
    assert set(timeline["activity"]) == {"QUIET", "LOUD"}
    assert timeline["activity"].tolist()[:: len(timeline) - 1] == ["QUIET", "LOUD"]
    assert timeline["is_strange"].tolist() == (timeline["strangeness"] > 1).tolist()
    alone = Loud().predict_recording(recording, context="none")
    assert "activity_alone" in timeline
    assert "activity_alone" not in alone


def test_without_a_measure_of_strangeness_there_is_none(recording):
    classifier = Loud()
    classifier.knows_strangeness = False
    assert "strangeness" not in classifier.predict_recording(recording)


def test_the_context_is_the_learned_one_if_there_is_one():
    classifier = Loud()
    assert classifier.context_of("none") is None
    expected = MarkovContext.lasting(2).transitions
    assert np.array_equal(classifier.context_of("markov").transitions, expected)
    classifier.context_ = MarkovContext.lasting(2, mean_duration_s=7)
    assert classifier.context_of("markov") is classifier.context_


def test_a_turned_phone_is_turned_back(recording):
    turned = recording.samples[:, [1, 0, 2, 4, 3, 5]] * np.float32([1, -1, 1] * 2)
    upright = Loud().make_upright(Recording(turned, RAW_CHANNELS, 50.0), "-y")
    assert upright.samples[:, 0].mean() == pytest.approx(recording.samples[:, 0].mean(), abs=1e-5)


def test_the_classifier_of_gluon_is_one():
    assert issubclass(ActivityClassifier, RecordingClassifier)
