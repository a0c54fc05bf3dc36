from __future__ import annotations

import numpy as np
import pytest
from builders import refused
from compared_runs import change_json
from scored_run import make_evaluation, make_run, make_windows
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_limits

from har.comparison.baselines import predict_with_baselines
from har.comparison.contenders import line_up, read_runs
from har.config import Config
from har.datasets.dataset import DataSet, content_fingerprint
from har.errors import RunError
from har.model_selection.features import summary_features

TRAIN, TEST = make_windows(240, subjects=(1, 3, 5, 6, 7), seed=1), make_windows(90, seed=2)
DATA = DataSet("small", TRAIN, TEST, "a test", content_fingerprint(TRAIN, TEST))
NAMES = ("logistic_regression", "random_forest")


@pytest.fixture
def run(tmp_path):
    folder = make_run(tmp_path / "run", TEST, config=Config(seed=4))
    fingerprint = content_fingerprint(TRAIN, TEST)
    change_json(folder.manifest, lambda told: told["data"].update(fingerprint=fingerprint))
    return folder.path


def answers(run, names=NAMES):
    (read,) = read_runs([run], n_others=len(names))
    return predict_with_baselines(names, read, DATA.train, DATA.test, DATA.describe()), read


def features_of(windows):
    return summary_features(windows.signals, windows.channels, windows.rate_hz)


def test_baselines_learn_from_all_training_windows_and_answer_those_of_the_run(run, messages):
    (regression, forest), read = answers(run)
    classifier = make_pipeline(StandardScaler(), LogisticRegression(C=10.0, max_iter=2000))
    with threadpool_limits(1):  # other sums in several threads: its search would stop elsewhere
        classifier.fit(features_of(TRAIN), TRAIN.labels)
        expected = classifier.predict_proba(features_of(TEST))
    np.testing.assert_allclose(regression.evaluation.probabilities, expected, atol=1e-6)
    assert (regression.name, forest.name) == NAMES
    for contender in (regression, forest):
        np.testing.assert_array_equal(contender.evaluation.labels, TEST.labels)
        np.testing.assert_array_equal(contender.evaluation.subjects, TEST.subjects)
        assert (contender.folder, contender.n_parameters, contender.seed) == (None, None, 4)
        assert contender.duration_s > 0
    assert messages() == ["baselines: logistic_regression, random_forest learn from 240 windows"]
    contenders = line_up([read], [regression, forest]).contenders
    np.testing.assert_allclose(contenders["B"].evaluation.probabilities, expected, atol=1e-6)


def test_features_are_made_once_for_all(run, monkeypatch):
    lengths = []

    def counted(signals, channels, rate_hz):
        lengths.append(len(signals))
        return summary_features(signals, channels, rate_hz)

    monkeypatch.setattr("har.model_selection.baselines.summary_features", counted)
    answers(run)
    assert lengths == [240, 90]


def test_other_data_than_the_runs_is_refused(run):
    change_json(run / "manifest.json", lambda told: told["data"].update(fingerprint="beef"))
    with refused(RunError, "a test: found data with the fingerprint", "expected beef, as in"):
        answers(run)


def test_other_test_windows_than_those_that_were_scored_are_refused(tmp_path):
    other = make_windows(90, seed=3)
    folder = make_run(tmp_path / "other", other, make_evaluation(other))
    change_json(folder.manifest, lambda told: told["data"].pop("fingerprint"))
    with refused(RunError, f"{folder.predictions}: found rows of other windows", "90 test windows"):
        answers(folder.path)
