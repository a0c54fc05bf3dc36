"""A run read as values, without MXNet."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from builders import refused, small_windows, tiny_config

from har.classifier import ActivityClassifier
from har.errors import RunError
from har.export.trained_model import TrainedModel


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("run")
    config = tiny_config({"n_members": 2}, calibrate=True)
    ActivityClassifier(config).fit(small_windows()).save(folder)
    return folder


def test_its_probabilities_are_those_of_the_classifier(run):
    windows = small_windows(seed=5).signals
    expected = ActivityClassifier.load(run, "cpu").predict_proba(windows)
    model = TrainedModel.read(run)
    assert np.allclose(model.predict_proba(windows), expected, rtol=0, atol=1e-6)
    assert model.temperature != 1
    assert set(model.member_weights(1)) == set(model.member_weights(2))
    assert model.strangeness is not None


def test_it_never_imports_mxnet(run):
    script = (
        "import sys; from pathlib import Path; from har.export.trained_model import TrainedModel; "
        f"TrainedModel.read(Path({str(run)!r})); assert 'mxnet' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", script], check=True)


def test_weights_of_another_network_are_refused(run):
    model = TrainedModel.read(run)
    other = {name: array[..., :-1] for name, array in model.weights.items()}
    changed = TrainedModel("here", model.config, other, model.manifest)
    with refused(RunError, "here: found ", "expected the weights of the network"):
        changed.check("here")
