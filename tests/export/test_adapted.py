"""Every export of a network that was adapted to a person, and taught an activity."""

from __future__ import annotations

import shutil

import numpy as np
import pytest
from browsing import show
from builders import tiny_config
from numpy.testing import assert_allclose
from scored_run import make_windows
from speed.exported import compiled, judged
from walkers import samples_of

from har.classifier import ActivityClassifier
from har.export import c_header, numpy_file, onnx_file, web_page
from har.export.onnx_classifier import OnnxClassifier
from har.export.page_network import network_form
from har.export.predictor import Model
from har.export.trained_model import TrainedModel
from har.signals.activities import UCI_ACTIVITIES
from har.signals.channels import WINDOW_STEP
from har.signals.streaming import UciHarStream, WindowStream

NEW = "JUMPING"
# Trained for one epoch, scores are of hundreds after an adaptation, where float32 ends earlier than
# in networks of recipes; what is adapted moves probabilities by a thousand times more.
ENOUGH = 5e-4
WINDOWS = make_windows(20, subjects=(6,), seed=6)


@pytest.fixture(scope="module", params=["known", "new"])
def adapted(request, tmp_path_factory):
    """A run that was adapted, and the classifier that wrote it."""
    model = {"hidden_size": 3, "summary_size": 3}
    classifier = ActivityClassifier(tiny_config(model, n_epochs=1))
    classifier.fit(make_windows(36, subjects=(1, 2, 3, 4)))
    activities = (*UCI_ACTIVITIES, NEW) if request.param == "new" else UCI_ACTIVITIES
    taught = make_windows(60 * len(activities), activities, (5,), seed=5)
    after = classifier.adapt(taught)
    assert after.window_format_.activities == activities
    changed = after.predict_proba(WINDOWS.signals)[:, :6] - classifier.predict_proba(
        WINDOWS.signals
    )
    assert np.abs(changed).max() > 0.5
    folder = tmp_path_factory.mktemp(request.param)
    after.save(folder)
    return after, TrainedModel.read(folder)


def test_in_numpy(adapted, tmp_path):
    classifier, model = adapted
    numpy_file.write(model, tmp_path)
    found = Model(str(tmp_path / "model.npz")).probabilities(WINDOWS.signals)
    assert_allclose(found, classifier.predict_proba(WINDOWS.signals), rtol=0, atol=ENOUGH)


def test_in_onnx(adapted, tmp_path):
    classifier, model = adapted
    onnx_file.write(model, tmp_path)
    onnx = OnnxClassifier.load(tmp_path / "model.onnx")
    expected = classifier.predict_proba(WINDOWS.signals)
    assert onnx.window_format_.activities == classifier.window_format_.activities
    assert_allclose(onnx.predict_proba(WINDOWS.signals), expected, rtol=0, atol=ENOUGH)


@pytest.mark.skipif(shutil.which("gcc") is None, reason="gcc is not installed")
def test_in_c(adapted, tmp_path):
    classifier, model = adapted
    c_header.write(model, tmp_path / "har_model.h", "float32")
    samples = samples_of(("stand", 3), ("walk", 6))
    n_activities = len(model.window_format.activities)
    found = judged(compiled(tmp_path / "har_model.h"), samples, n_activities)
    filters, windows = UciHarStream(samples.shape[1]), WindowStream(128, WINDOW_STEP, 9)
    signals = windows.push(filters.push(samples)).signals
    assert_allclose(found, classifier.predict_proba(signals), rtol=0, atol=ENOUGH)


@pytest.mark.browser
def test_in_a_browser(adapted, tmp_path, browser):
    classifier, model = adapted
    web_page.write(model, tmp_path / "phone.html")
    show(browser, tmp_path / "phone.html", 390)
    found = browser.execute_script(
        "const network = new Network(arguments[0]);"
        "return arguments[1].map(window => [...network.predict(Float32Array.from(window))]);",
        network_form(model),
        WINDOWS.signals.reshape(len(WINDOWS), -1).tolist(),
    )
    expected = classifier.predict_proba(WINDOWS.signals)
    assert np.ptp(expected, axis=1).min() > 0.005
    assert_allclose(found, expected, rtol=0, atol=ENOUGH)
