"""Filters in ONNX against those of `har`."""

from __future__ import annotations

import numpy as np
import onnx
import onnxruntime
import pytest
from builders import refused
from numpy.testing import assert_allclose

from har.errors import UsageError
from har.export.onnx_graph.builder import GraphBuilder, Tensor
from har.export.onnx_graph.signals import (
    N_AFTER,
    N_BEFORE,
    add_signals,
    n_samples_of,
    raw_channels_or_refused,
)
from har.signals.channels import UCI_CHANNELS
from har.signals.filters import uci_har_channels
from har.signals.windows import WindowFormat

ACTIVITIES = ("REST", "WALK")
WHOLE = WindowFormat(UCI_CHANNELS, ACTIVITIES, 50.0, 128)
ACCELERATIONS = WindowFormat(
    tuple(name for name in UCI_CHANNELS if "acc" in name), ACTIVITIES, 50.0, 40
)


def filtered(window_format, samples):
    graph = GraphBuilder()
    graph.renamed(add_signals(graph, window_format, "samples"), "windows")
    made = graph.model(
        "signals",
        [Tensor("samples", samples.shape[1:])],
        [Tensor("windows", (window_format.n_timesteps, len(window_format.channels)))],
        {},
        "1",
    )
    onnx.checker.check_model(made, full_check=True)
    session = onnxruntime.InferenceSession(made.SerializeToString())
    return session.run(None, {"samples": samples.astype(np.float32)})[0]


@pytest.mark.parametrize("window_format", [WHOLE, ACCELERATIONS], ids=["with gyroscope", "without"])
def test_channels_are_those_of_a_recording_that_begins_ten_seconds_before(window_format):
    random = np.random.default_rng(0)
    n_channels = len(raw_channels_or_refused(window_format, "--from raw"))
    steps = random.normal(scale=0.05, size=(3, n_samples_of(window_format), n_channels))
    samples = (steps.cumsum(axis=1) + [1.0, *[0.2] * (n_channels - 1)]).astype(np.float32)
    expected = [uci_har_channels(each, "settled")[N_BEFORE:-N_AFTER] for each in samples]
    assert_allclose(filtered(window_format, samples), expected, rtol=0, atol=1e-5)


def test_where_there_is_nothing_before_the_first_sample_stands_for_it():
    samples = np.random.default_rng(1).normal(scale=0.3, size=(129, 6)) + [1, 0, 0, 0.1, 0, 0]
    window, after = samples[:128], samples[128:129]
    filled = np.concatenate([np.repeat(window[:1], N_BEFORE, axis=0), window, after])
    expected = uci_har_channels(samples[:129], "settled")[:128]
    assert_allclose(filtered(WHOLE, filled[np.newaxis])[0], expected, rtol=0, atol=1e-5)


def test_other_channels_are_refused():
    other = WindowFormat(("acc_x", "acc_y", "acc_z", "gyro_x"), ACTIVITIES, 50.0, 128)
    slower = WindowFormat(UCI_CHANNELS, ACTIVITIES, 20.0, 128)
    for window_format in (other, slower):
        with refused(UsageError, "--from raw: found a run for ", "expected one for the channels"):
            raw_channels_or_refused(window_format, "--from raw")
