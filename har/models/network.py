"""The network: views, convolutions, stacked LSTM layers, pooling over time, a dense classifier.

`har.models.layers` explains the LSTM, `har.models.views` the views.
"""

from __future__ import annotations

import itertools
import math
from collections import deque
from collections.abc import Iterator
from typing import Any

import numpy as np
from scipy.special import softmax

from har.arrays import FloatArray
from har.config import ModelConfig
from har.errors import DataError, RunError
from har.models.backend import gluon, mx, nn
from har.models.heading import N_SMALLEST_WINDOW
from har.models.layers import (
    PREFIX,
    CellLSTM,
    Convolutions,
    FusedLSTM,
    TimePooling,
    dense,
    n_pooled,
    n_steps,
)
from har.models.operators import mean_over_first
from har.models.views import Views

# Batches that a device has to do while the results of another are fetched.
_N_AHEAD = 2


class ActivityNetwork(gluon.HybridBlock):  # type: ignore[misc]
    """Network from windows in g and rad/s to a score for each activity.

    Scaled views of the window, optional convolutions over time and embedding of each step,
    stacked LSTM layers, pooling over time, a dense classifier.

    Parameters
    ----------
    config : ModelConfig
        Settings of the network.
    n_timesteps : int
        Samples in a window.
    channels : tuple of str
        Names of the windows' channels.
    n_activities : int
        Number of classes.
    prefix : str
        Prefix of the parameter names.

    Raises
    ------
    DataError
        If windows are to be turned and are too short, or are no triples of x, y and z.
    """

    def __init__(
        self,
        config: ModelConfig,
        n_timesteps: int,
        channels: tuple[str, ...],
        n_activities: int,
        prefix: str = PREFIX,
    ) -> None:
        super().__init__(prefix=prefix)
        if config.align_heading and n_timesteps < N_SMALLEST_WINDOW:
            raise DataError(
                f"model.align_heading: found windows of {n_timesteps} samples, expected at least "
                f"{N_SMALLEST_WINDOW}"
            )
        self.views = Views(config, channels, n_timesteps, prefix)
        self.convolutions = Convolutions(config, self.views.n_outputs, prefix)
        self.has_skip = config.conv_skip
        input_size = config.embedding_size or self.convolutions.n_outputs
        self.embedding = nn.HybridSequential(prefix="")
        if config.embedding_size:
            sizes = config.embedding_size, self.convolutions.n_outputs
            embedding = dense(*sizes, f"{prefix}embedding_", flatten=False, activation="relu")
            self.embedding.add(embedding)
        self.n_steps = n_steps(config, n_timesteps)
        self.lstm = (
            FusedLSTM(config, input_size, prefix)
            if config.kernel == "fused"
            else CellLSTM(config, input_size, self.n_steps, prefix)
        )
        self.pooling = TimePooling(config, self.n_steps, prefix)
        self.head = nn.HybridSequential(prefix="")
        size = n_pooled(config) + (config.conv_channels if config.conv_skip else 0)
        self.head.add(
            nn.Dropout(config.head_dropout), dense(n_activities, size, f"{prefix}output_")
        )

    def hybrid_forward(self, F: Any, windows: Any) -> Any:
        """Return logits, shape (n_windows, n_activities), whose softmax is the probabilities.

        Windows are in g and rad/s, shape (n_windows, n_timesteps, n_channels).
        """
        return self.logits_and_features(F, windows)[0]

    def logits_and_features(self, F: Any, windows: Any) -> tuple[Any, Any]:
        """Return logits and the input of the classifier, shape (n_windows, n_features)."""
        convolved = self.convolutions(self.views(windows))
        steps = self.embedding(convolved)
        features = self.pooling(self.lstm(steps))
        if self.has_skip:
            features = F.concat(features, mean_over_first(F, convolved, self.n_steps), dim=1)
        return self.head(features), features

    def set_heading(self, signals: FloatArray) -> None:
        """Set the constants of the heading from training windows; see `Views.set_heading`."""
        self.views.set_heading(signals)

    def set_scaling(self, signals: FloatArray) -> None:
        """Set the scaling constants from training windows; see `Views.set_scaling`."""
        self.views.set_scaling(signals)


def build_network(
    config: ModelConfig,
    n_timesteps: int,
    channels: tuple[str, ...],
    n_activities: int,
    devices: list[mx.Context],
    prefix: str = PREFIX,
) -> ActivityNetwork:
    """Build a network with newly initialised weights.

    Parameters
    ----------
    config, n_timesteps, channels, n_activities, prefix
        As for `ActivityNetwork`.
    devices : list of mxnet.Context
        Devices that get a copy of the weights.

    Returns
    -------
    ActivityNetwork
        Hybridized network, whose graph is compiled at the first call.
    """
    network = ActivityNetwork(config, n_timesteps, channels, n_activities, prefix)
    limit = config.initial_range
    weights = mx.init.Xavier() if limit is None else mx.init.Uniform(limit)
    network.initialize(weights, ctx=devices)
    network.hybridize()
    return network


def n_parameters(network: ActivityNetwork) -> int:
    """Count the trainable parameters of a network."""
    parameters = network.collect_params().values()
    return sum(math.prod(p.shape) for p in parameters if p.grad_req != "null")


def predict_probabilities(
    network: ActivityNetwork, signals: FloatArray, devices: list[mx.Context], batch_size: int = 256
) -> FloatArray:
    """Return the probability of each activity in each window.

    Parameters
    ----------
    network : ActivityNetwork
        Network with its weights on `devices`.
    signals : ndarray of float32, shape (n_windows, n_timesteps, n_channels)
        Windows in g and rad/s.
    devices : list of mxnet.Context
        Devices that take turns with the batches.
    batch_size : int
        Windows in a batch; the last batch may be smaller.

    Returns
    -------
    ndarray of float64, shape (n_windows, n_activities)
        Probabilities; each row adds up to 1.

    Raises
    ------
    RunError
        If the network's weights are so large that its scores are not finite.
    """
    logits = in_batches(network, signals, devices, batch_size)
    return probabilities_of(np.concatenate([part.asnumpy() for part in logits]))


def in_batches(
    network: gluon.HybridBlock,
    signals: FloatArray,
    devices: list[mx.Context],
    batch_size: int = 256,
) -> Iterator[Any]:
    """Yield the outputs of a block for each batch of windows; see `predict_probabilities`."""
    starts = range(0, len(signals), batch_size)
    # MXNet computes asynchronously: calls return at once, and asnumpy waits. Few batches are copied
    # ahead, enough for no device to wait for this thread.
    begun: deque[Any] = deque()
    for start, device in zip(starts, itertools.cycle(devices)):
        begun.append(network(mx.nd.array(signals[start : start + batch_size], ctx=device)))
        if len(begun) > _N_AHEAD * len(devices):
            yield begun.popleft()
    yield from begun


def probabilities_of(logits: FloatArray) -> FloatArray:
    """Return the softmax of logits in double precision; a `RunError` if they are not finite."""
    scores = logits.astype(np.float64)
    if not np.isfinite(scores).all():
        raise RunError(
            "network: found scores that are no numbers, expected finite ones; try a smaller "
            "training.learning_rate"
        )
    return np.asarray(softmax(scores, axis=1))
