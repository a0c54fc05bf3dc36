"""Networks in ONNX against the same in NumPy, with all weights random: every setting."""

from __future__ import annotations

import numpy as np
import onnx
import onnxruntime
import pytest
from numpy.testing import assert_allclose
from random_models import random_model, strangeness_of

from har.config import ModelConfig
from har.export.onnx_graph.builder import IR_VERSION, OPSET, GraphBuilder, Tensor
from har.export.onnx_graph.network import add_network, add_strangeness
from har.export.sample_windows import made_up_windows
from har.recipes import load_config, recipe_names
from har.signals.channels import UCI_CHANNELS

WITH_CONVOLUTIONS = {"conv_channels": 4, "conv_kernel": 5, "conv_layers": 2, "conv_stride": 2}
SETTINGS = [
    {"pooling": "last", "standardise": False},
    {"pooling": "last", "bidirectional": True, "n_layers": 2},
    {"pooling": "sum", "n_layers": 3, "bidirectional": True, "kernel": "cells"},
    {"pooling": "attention", "bidirectional": True},
    {"pooling": "mean", "embedding_size": 7, "views": ("normalised",)},
    {"pooling": "max", **WITH_CONVOLUTIONS, "conv_stride": 1, "conv_kernel": 4},
    {"pooling": "mean_max", **WITH_CONVOLUTIONS, "conv_skip": True, "embedding_size": 3},
    {"pooling": "last", "views": ("compressed", "channels"), **WITH_CONVOLUTIONS},
    {"pooling": "attention", "align_heading": True, "views": ("normalised", "channels")},
    {"pooling": "mean", "summary_size": 7},
    {"pooling": "mean", "summary_size": 7, "align_heading": True, **WITH_CONVOLUTIONS},
    {"n_members": 3, "n_aligned_members": 1, "summary_size": 5, "compression": 0.2},
]
ACCELERATIONS = tuple(name for name in UCI_CHANNELS if "acc" in name)
OTHER_CHANNELS = [
    ({"summary_size": 5, "align_heading": True}, ACCELERATIONS),
    ({"summary_size": 5}, ("acc_x", "acc_y", "acc_z", "gyro_x")),
    ({"summary_size": 5}, ("body_acc_x", "body_acc_y", "body_acc_z")),
    ({"summary_size": 5, "views": ("compressed",)}, ("acc_x", "acc_y")),
]


def session_of(model):
    """Give a session of onnxruntime for a graph that ONNX's checker accepts."""
    graph, of = GraphBuilder(), model.window_format
    outputs = add_network(graph, model, "windows")
    graph.renamed(outputs.probabilities, "probabilities")
    graph.renamed(add_strangeness(graph, model.strangeness, outputs.features), "strangeness")
    shape = of.n_timesteps, len(of.channels)
    made = graph.model(
        "network",
        [Tensor("windows", shape)],
        [Tensor("probabilities", (len(of.activities),)), Tensor("strangeness", ())],
        {},
        "1",
    )
    onnx.checker.check_model(made, full_check=True)
    return onnxruntime.InferenceSession(made.SerializeToString())


def check(model):
    session = session_of(model)
    windows = made_up_windows(model.window_format)[::3]
    expected, strangeness = model.predict_proba(windows), strangeness_of(model, windows)
    for few in (windows, windows[:1]):
        found = session.run(None, {"windows": few})
        assert_allclose(found[0], expected[: len(few)], rtol=0, atol=1e-5)
        assert_allclose(found[1], strangeness[: len(few)], rtol=1e-4, atol=1e-5)
    # Else all weights could be wrong.
    assert np.ptp(expected, axis=1).min() > 0.003


@pytest.mark.parametrize("settings", SETTINGS, ids=str)
def test_it_predicts_as_har_does_with_every_setting(settings):
    check(random_model(ModelConfig(**{"n_layers": 1, "hidden_size": 5, **settings})))


@pytest.mark.parametrize(("settings", "channels"), OTHER_CHANNELS, ids=str)
def test_it_predicts_as_har_does_with_other_channels(settings, channels):
    config = ModelConfig(n_layers=1, hidden_size=5, **settings)
    check(random_model(config, channels, temperature=0.4, n_timesteps=27))


@pytest.mark.parametrize("recipe", recipe_names())
def test_it_predicts_as_har_does_with_the_network_of_a_recipe(recipe):
    check(random_model(load_config(recipe).model, n_timesteps=128, scale=0.1, temperature=1.7))


def test_a_graph_is_of_the_newest_form_that_every_onnxruntime_here_runs():
    made = GraphBuilder().model("empty", [], [], {}, "1")
    assert [(each.domain, each.version) for each in made.opset_import] == [("", OPSET)]
    # onnxruntime 1.23, the last one for Python 3.10, refuses the next ones.
    assert (OPSET, IR_VERSION, made.ir_version) == (23, 11, 11)


def test_equal_constants_are_kept_once():
    graph = GraphBuilder()
    names = {graph.constant(1.5), graph.constant(np.float64(1.5)), graph.constant(np.array([1.5]))}
    assert len(names) == 2
