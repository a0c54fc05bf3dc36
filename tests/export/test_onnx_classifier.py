"""Models in ONNX files, run by onnxruntime."""

from __future__ import annotations

import numpy as np
import pytest
from builders import refused, small_windows, tiny_config
from random_models import random_model, strangeness_of

from har.classifier import ActivityClassifier
from har.config import ModelConfig
from har.errors import DataError, DeviceError, RunError
from har.export.onnx_classifier import OnnxClassifier
from har.export.onnx_file import made_model, write
from har.export.onnx_metadata import OnnxMetadata
from har.export.sample_windows import made_up_windows
from har.export.trained_model import TrainedModel


@pytest.fixture(scope="module")
def model():
    return random_model(ModelConfig(n_layers=1, hidden_size=6, conv_channels=4), n_timesteps=128)


@pytest.fixture(scope="module")
def classifier(model, tmp_path_factory):
    folder = tmp_path_factory.mktemp("onnx")
    write(model, folder)
    return OnnxClassifier.load(folder / "model.onnx")


def test_it_predicts_as_the_model_does(model, classifier):
    # More than go in at a time.
    windows = np.tile(made_up_windows(model.window_format), (6, 1, 1))
    probabilities, strangeness = classifier.predict_strangeness(windows)
    np.testing.assert_allclose(probabilities, model.predict_proba(windows), rtol=0, atol=1e-5)
    np.testing.assert_allclose(strangeness, strangeness_of(model, windows), rtol=1e-4, atol=1e-5)
    assert np.array_equal(classifier.predict_proba(windows), probabilities)
    assert probabilities.dtype == strangeness.dtype == np.float64
    assert classifier.predict_proba(windows[:0]).shape == (0, 4)


def test_it_knows_what_the_run_knows(model, classifier):
    assert classifier.window_format_ == model.window_format
    assert classifier.gravity_ == model.manifest.model.gravity
    found = classifier.context_of("markov").transitions
    assert np.array_equal(found, model.context.transitions)


def test_windows_of_another_form_are_refused(classifier):
    with refused(DataError, "windows: found an array of shape (2, 128, 6)"):
        classifier.predict_proba(np.zeros((2, 128, 6), np.float32))
    with refused(DataError, "windows: found 64 time steps, expected 128"):
        classifier.predict_strangeness(np.zeros((2, 64, 9), np.float32))
    with refused(DataError, "windows: found nan"):
        classifier.predict_proba(np.full((2, 128, 9), np.nan, np.float32))


def test_a_run_of_an_earlier_version_has_no_strangeness(tmp_path):
    model = random_model(ModelConfig(n_layers=1, hidden_size=3), has_strangeness=False)
    write(model, tmp_path / "x.onnx")
    classifier = OnnxClassifier.load(tmp_path / "x.onnx")
    assert classifier.predict_strangeness(made_up_windows(model.window_format))[1] is None


def test_it_reads_windows_and_computes_on_the_cpu(model, tmp_path):
    write(model, tmp_path / "raw.onnx", form="raw")
    with refused(RunError, "raw.onnx: found a model that reads raw samples", "--from windows"):
        OnnxClassifier.load(tmp_path / "raw.onnx")
    with refused(DeviceError, "--device gpu(0): found an ONNX model"):
        OnnxClassifier.load(tmp_path / "raw.onnx", "gpu(0)")


def test_with_weights_of_8_bits_a_window_does_not_depend_on_the_others(model, tmp_path):
    write(model, tmp_path, is_quantised=True)
    classifier = OnnxClassifier.load(tmp_path / "model-int8.onnx")
    windows = made_up_windows(model.window_format)[:8]
    windows[0, 60:64] = 12
    together = classifier.predict_proba(windows)
    alone = np.concatenate([classifier.predict_proba(window[np.newaxis]) for window in windows])
    assert np.array_equal(together, alone)


def test_a_model_whose_answers_are_no_probabilities_is_refused(model):
    made = made_model(model)
    (node,) = (node for node in made.graph.node if "probabilities" in node.output)
    # Twice the logarithms in their place.
    node.op_type, name = "Add", node.input[0]
    del node.attribute[:], node.input[:]
    node.input.extend([name, name])
    with refused(RunError, "x: found numbers that are no probabilities"):
        metadata = OnnxMetadata.of(model, "windows")
        windows = made_up_windows(model.window_format)
        OnnxClassifier(made.SerializeToString(), metadata, "x").predict_proba(windows)


def test_a_network_without_finite_answers_is_refused(tmp_path):
    model = random_model(ModelConfig(n_layers=1, hidden_size=3))
    weights = model.weights | {"har_output_bias": np.float32([np.nan] * 4)}
    broken = TrainedModel("a run", model.config, weights, model.manifest)
    with refused(RunError, "--to onnx: found values that are no numbers"):
        write(broken, tmp_path / "x.onnx")
    (tmp_path / "x.onnx").write_bytes(made_model(broken).SerializeToString())
    with refused(RunError, "x.onnx: found values that are no numbers"):
        OnnxClassifier.load(tmp_path / "x.onnx")


def test_a_trained_ensemble_says_what_it_says_in_mxnet(tmp_path):
    windows = small_windows()
    ActivityClassifier(tiny_config({"n_members": 2}, calibrate=True)).fit(windows).save(tmp_path)
    run = ActivityClassifier.load(tmp_path, "cpu")
    write(TrainedModel.read(tmp_path), tmp_path / "x.onnx")
    classifier = OnnxClassifier.load(tmp_path / "x.onnx")
    expected, found = (each.predict_strangeness(windows.signals) for each in (run, classifier))
    np.testing.assert_allclose(found[0], expected[0], rtol=0, atol=1e-5)
    np.testing.assert_allclose(found[1], expected[1], rtol=1e-4, atol=1e-5)
