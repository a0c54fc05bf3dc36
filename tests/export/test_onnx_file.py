"""ONNX files as they are written."""

from __future__ import annotations

import re

import numpy as np
import onnx
import onnxruntime
import pytest
from builders import CHANNELS, refused
from random_models import random_model

from har.classifier import ActivityClassifier
from har.config import ModelConfig
from har.datasets.loading import open_data
from har.errors import RunError, UsageError
from har.export.onnx_classifier import OnnxClassifier
from har.export.onnx_file import write
from har.export.onnx_graph.signals import N_BEFORE
from har.export.sample_windows import made_up_windows
from har.export.trained_model import TrainedModel
from har.recipes import load_config, recipe_names

WIDE = {"conv_channels": 24, "hidden_size": 32, "embedding_size": 16, "n_layers": 1}


@pytest.fixture(scope="module")
def model():
    return random_model(ModelConfig(**WIDE, summary_size=8, bidirectional=True), n_timesteps=128)


@pytest.fixture(scope="module")
def folder(model, tmp_path_factory):
    folder = tmp_path_factory.mktemp("onnx")
    write(model, folder / "small.onnx", is_quantised=True)
    write(model, folder / "raw.onnx", form="raw")
    return folder


def test_the_filters_and_weights_of_8_bits_lie_beside_the_model(model, folder, tmp_path):
    lines = write(model, tmp_path, is_quantised=True)
    names = ["model.onnx", "model-int8.onnx", "model-signals.onnx"]
    assert sorted(file.name for file in tmp_path.iterdir()) == sorted(names)
    for line, name in zip(lines, names, strict=True):
        found = re.fullmatch(
            rf".*{name}: [\d,]+ kB, (probabilities|channels) within (.*) of har", line
        )
        assert float(found[2]) < (0.1 if "int8" in name else 1e-5)
    sizes = [(folder / f"small{what}.onnx").stat().st_size for what in ("", "-int8")]
    assert sizes[1] < 0.9 * sizes[0]
    for file in folder.iterdir():
        onnx.checker.check_model(file, full_check=True)


def test_the_same_model_is_the_same_file(model, folder, tmp_path):
    write(model, tmp_path / "again.onnx")
    assert (tmp_path / "again.onnx").read_bytes() == (folder / "small.onnx").read_bytes()


def test_raw_samples_become_the_same_probabilities_in_one_model_or_in_two(folder):
    random = np.random.default_rng(0)
    steps = random.normal(scale=0.05, size=(2, N_BEFORE + 129, 6)).astype(np.float32)
    samples = steps.cumsum(axis=1) + np.float32([1, 0, 0, 0, 0, 0])
    sessions = {
        name: onnxruntime.InferenceSession(folder / f"{name}.onnx")
        for name in ("raw", "small", "small-signals")
    }
    (windows,) = sessions["small-signals"].run(None, {"samples": samples})
    expected = sessions["small"].run(None, {"windows": windows})
    for found, each in zip(sessions["raw"].run(None, {"samples": samples}), expected, strict=True):
        np.testing.assert_allclose(found, each, rtol=0, atol=1e-6)


def test_a_model_of_other_channels_has_no_filters(tmp_path):
    model = random_model(ModelConfig(n_layers=1, hidden_size=3), CHANNELS, has_strangeness=False)
    write(model, tmp_path / "x.onnx")
    assert [file.name for file in tmp_path.iterdir()] == ["x.onnx"]
    outputs = onnxruntime.InferenceSession(tmp_path / "x.onnx").get_outputs()
    assert [output.name for output in outputs] == ["probabilities"]
    with refused(UsageError, "--from raw: found a run for acc_x, acc_y, acc_z, gyro_x at 50 Hz"):
        write(model, tmp_path / "y.onnx", form="raw")


def test_another_suffix_or_a_missing_folder_is_one_line(model, tmp_path):
    with refused(UsageError, "model.tflite: found .tflite, expected .onnx or a folder"):
        write(model, tmp_path / "model.tflite")
    with refused(RunError, "missing/model.onnx: found ", "expected a file to write to"):
        write(model, tmp_path / "missing" / "model.onnx")


@pytest.mark.slow
@pytest.mark.parametrize("recipe", recipe_names())
def test_every_recipe_agrees_on_the_whole_test_set(recipe, data_root, tmp_path):
    settings = ["--training.n_epochs=1", "--device=cpu", f"--data.root={data_root}"]
    config = load_config(recipe, *settings)
    data = open_data(config.data)
    some = data.train.where(np.arange(0, len(data.train), 8))
    ActivityClassifier(config).fit(some).save(tmp_path / "run")
    model = TrainedModel.read(tmp_path / "run")
    write(model, tmp_path / "model.onnx")
    loaded = OnnxClassifier.load(tmp_path / "model.onnx")
    expected = ActivityClassifier.load(tmp_path / "run", "cpu").predict_proba(data.test)
    # A temperature below 1, of a network that learned little, multiplies rounding, too.
    tolerance = 1e-5 / min(1.0, model.temperature)
    assert np.abs(loaded.predict_proba(data.test) - expected).max() < tolerance
    windows = made_up_windows(model.window_format)
    found, strangeness = loaded.predict_strangeness(windows)
    _, expected_strangeness = ActivityClassifier.load(tmp_path / "run", "cpu").predict_strangeness(
        windows
    )
    np.testing.assert_allclose(strangeness, expected_strangeness, rtol=1e-4, atol=1e-5)
    assert np.isfinite(found).all()
