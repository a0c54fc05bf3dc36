"""A trained network, or an ensemble of them, in ONNX; `har.models.network` explains it.

Windows come in g and rad/s. Batch normalisation, a constant factor and shift after training, is in
the weights of its convolution. Dropout is for training and is not there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from har.arrays import FloatArray
from har.config import ModelConfig
from har.evaluation.strangeness import Strangeness
from har.export.onnx_graph.builder import GraphBuilder
from har.export.onnx_graph.heading import HeadingGraph
from har.export.onnx_graph.inputs import add_views
from har.export.onnx_graph.summary import SummaryGraph
from har.export.trained_model import TrainedModel
from har.models.constants import NORM_EPSILON, PREFIX, SUMMARY_SHARE

Weights = Mapping[str, FloatArray]


@dataclass(frozen=True)
class NetworkOutputs:
    """Names of what a network gives.

    Parameters
    ----------
    probabilities : str
        Probability of each activity, shape (n_windows, n_activities).
    features : str
        Input of the last layer, of all members, shape (n_windows, n_features).
    """

    probabilities: str
    features: str


def add_network(graph: GraphBuilder, model: TrainedModel, windows: str) -> NetworkOutputs:
    """Add all networks of a model, and the mean of their probabilities.

    Parameters
    ----------
    graph : GraphBuilder
        Graph to add to.
    model : TrainedModel
        Model to add.
    windows : str
        Name of the windows, shape (n_windows, n_timesteps, n_channels).

    Returns
    -------
    NetworkOutputs
    """
    signals = graph.moved(windows, 0, 2, 1)
    n_members = model.config.n_members
    outputs = [_Member(graph, model, number).outputs(signals) for number in range(1, n_members + 1)]
    logits = outputs[0][0]
    if n_members > 1:
        of_members = [
            graph.op("Unsqueeze", _log_softmax(graph, each), np.array([0])) for each, _ in outputs
        ]
        both = graph.joined(of_members, axis=0)
        added = graph.op("ReduceLogSumExp", both, np.array([0]), keepdims=0)
        logits = graph.op("Sub", added, float(np.log(n_members)))
    if f"{PREFIX}temperature" in model.weights:
        logits = graph.op("Div", logits, model.temperature)
    features = graph.joined([each for _, each in outputs], axis=1)
    return NetworkOutputs(graph.op("Softmax", logits, axis=1), features)


def add_strangeness(graph: GraphBuilder, strangeness: Strangeness, features: str) -> str:
    """Add how unlike training a window is; see `har.evaluation.strangeness`.

    The centres' mean is taken off before the product: what is left is small, so that single
    precision is enough.

    Parameters
    ----------
    graph : GraphBuilder
        Graph to add to.
    strangeness : Strangeness
        Measure.
    features : str
        Input of the last layer, as of `NetworkOutputs`.

    Returns
    -------
    str
        Name of the strangeness, shape (n_windows,).
    """
    whitening, threshold = strangeness.whitening, strangeness.threshold
    middle = strangeness.centres.mean(axis=0)
    # The features of which the middle is the whitened form.
    origin = np.linalg.lstsq(whitening.T, middle, rcond=None)[0]
    centred = graph.op("Sub", features, graph.constant(origin, "origin"))
    scaled = graph.constant(whitening / threshold, "whitening")
    whitened = graph.op("Unsqueeze", graph.op("MatMul", centred, scaled), np.array([1]))
    centres = graph.constant((strangeness.centres - origin @ whitening) / threshold, "centres")
    squares = graph.square(graph.op("Sub", whitened, centres))
    distances = graph.op("Sqrt", graph.op("ReduceSum", squares, np.array([2]), keepdims=0))
    return graph.op("ReduceMin", distances, np.array([1]), keepdims=0)


def _log_softmax(graph: GraphBuilder, logits: str) -> str:
    return graph.op("LogSoftmax", logits, axis=1)


class _Member:
    """Adds one network."""

    def __init__(self, graph: GraphBuilder, model: TrainedModel, number: int) -> None:
        self._graph = graph
        self._config = model.config.of_member(number)
        self._weights = model.member_weights(number)
        self._channels = model.window_format.channels
        self._n_timesteps = model.window_format.n_timesteps

    def outputs(self, signals: str) -> tuple[str, str]:
        """Return logits and features of windows, shape (n_windows, n_channels, n_timesteps)."""
        graph, weights = self._graph, self._weights
        form = graph, self._channels, self._n_timesteps, weights
        if self._config.align_heading:
            signals = HeadingGraph(*form).turned(signals)
        features = self._lstm_features(signals)
        logits = self._dense(features, "output")
        if not self._config.summary_size:
            return logits, features
        hidden = self._dense(SummaryGraph(*form).features(signals), "summary_hidden")
        of_summary = self._dense(graph.op("Relu", hidden), "summary_output")
        shares = (logits, 1 - SUMMARY_SHARE), (of_summary, SUMMARY_SHARE)
        parts = [graph.op("Mul", _log_softmax(graph, each), share) for each, share in shares]
        return graph.op("Add", *parts), features

    def _dense(self, values: str, name: str) -> str:
        weight, bias = (self._weights[f"{name}_{kind}"] for kind in ("weight", "bias"))
        return self._graph.dense(values, weight, bias)

    def _lstm_features(self, signals: str) -> str:
        """Return what the LSTM's classifier reads, shape (n_windows, n_features)."""
        graph, config = self._graph, self._config
        views = add_views(graph, config, self._channels, self._weights, signals)
        n_convolutions = config.conv_layers if config.conv_channels else 0
        convolved = views
        for number in range(n_convolutions):
            convolved = self._convolution(convolved, number)
        steps = graph.moved(convolved, 2, 0, 1)
        if config.embedding_size:
            steps = graph.op("Relu", self._dense(steps, "embedding"))
        last = ""
        for number in range(config.n_layers):
            steps, last = _add_lstm(graph, config, number, self._weights, steps)
        features = self._pooled(steps, last)
        if config.conv_skip:
            mean = graph.op("ReduceMean", convolved, np.array([2]), keepdims=0)
            features = graph.joined([features, mean], axis=1)
        return features

    def _convolution(self, values: str, number: int) -> str:
        """Return a convolution over time with batch normalisation and ReLU."""
        gamma, beta, mean, variance = (
            self._weights[f"norm{number}_{name}"].astype(np.float64)
            for name in ("gamma", "beta", "running_mean", "running_var")
        )
        gain = gamma / np.sqrt(variance + NORM_EPSILON)
        # From (n_outputs, n_inputs, 1, kernel).
        kernel = self._weights[f"conv{number}_weight"][:, :, 0] * gain[:, np.newaxis, np.newaxis]
        width = self._config.conv_kernel // 2
        inputs = [
            values,
            self._graph.constant(kernel, "kernel"),
            self._graph.constant(beta - mean * gain, "shift"),
        ]
        strides = [self._config.conv_stride]
        (convolved,) = self._graph.trained("Conv", inputs, 1, pads=[width, width], strides=strides)
        return self._graph.op("Relu", convolved)

    def _pooled(self, steps: str, last: str) -> str:
        """Pool hidden states, shape (n_steps, n_windows, n_outputs), to (n_windows, n_pooled)."""
        graph, kind = self._graph, self._config.pooling
        over_time = np.array([0])
        if kind == "last":
            return last
        if kind == "attention":
            seen = graph.op("Tanh", self._dense(steps, "attention"))
            scores = graph.op("MatMul", seen, self._weights["score_weight"].T)
            shares = graph.op("Softmax", scores, axis=0)
            return graph.op("ReduceSum", graph.op("Mul", shares, steps), over_time, keepdims=0)
        kinds = {"sum": ["Sum"], "mean": ["Mean"], "max": ["Max"], "mean_max": ["Mean", "Max"]}
        pooled = [graph.op(f"Reduce{each}", steps, over_time, keepdims=0) for each in kinds[kind]]
        return graph.joined(pooled, axis=1)


def _add_lstm(
    graph: GraphBuilder, config: ModelConfig, number: int, weights: Weights, steps: str
) -> tuple[str, str]:
    """Add a layer; return all hidden states, and those after each direction's last step."""
    sides = "lr"[: 1 + config.bidirectional]
    names = [f"lstm{number}_{side}0" for side in sides]
    of_inputs, of_states = (
        np.stack([_reordered(weights[f"{name}_{kind}_weight"]) for name in names])
        for kind in ("i2h", "h2h")
    )
    biases = [
        np.concatenate([_reordered(weights[f"{name}_{kind}_bias"]) for kind in ("i2h", "h2h")])
        for name in names
    ]
    inputs = [
        steps,
        graph.constant(of_inputs, "lstm_inputs"),
        graph.constant(of_states, "lstm_states"),
        graph.constant(np.stack(biases), "lstm_bias"),
    ]
    direction = "bidirectional" if config.bidirectional else "forward"
    every, last = graph.trained(
        "LSTM", inputs, 2, hidden_size=config.hidden_size, direction=direction
    )
    # From (n_steps, n_directions, n_windows, n_units) and (n_directions, n_windows, n_units).
    n_outputs = len(sides) * config.hidden_size
    hidden = graph.reshaped(graph.moved(every, 0, 2, 1, 3), 0, -1, n_outputs)
    return hidden, graph.reshaped(graph.moved(last, 1, 0, 2), -1, n_outputs)


def _reordered(rows: FloatArray) -> FloatArray:
    """Return rows of i, o, f, g, as ONNX has them, of Gluon's i, f, g, o."""
    i, f, g, o = np.split(rows, 4)
    return np.concatenate([i, o, f, g])
