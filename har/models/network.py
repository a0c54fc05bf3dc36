"""The network: views, convolutions, stacked LSTM layers, pooling over time, a dense classifier.

`har.models.layers` explains the LSTM, `har.models.views` the views. Beside them dense layers may
read a summary of the window, which `har.models.summary` explains.
"""

from __future__ import annotations

import itertools
import math
from collections import deque
from collections.abc import Iterator
from typing import Any

import numpy as np
from scipy.special import softmax

from har.arrays import FloatArray, blocks_of
from har.config import ModelConfig
from har.errors import DataError, RunError
from har.models.backend import gluon, mx, nn
from har.models.constants import PREFIX, SUMMARY_SHARE
from har.models.heading import N_SMALLEST_WINDOW, Heading
from har.models.layers import (
    CellLSTM,
    Convolutions,
    FusedLSTM,
    TimePooling,
    dense,
    n_pooled,
    n_steps,
)
from har.models.operators import mean_over_first
from har.models.summary import Summary
from har.models.views import Views

# Batches that a device has to do while the results of another are fetched.
_N_AHEAD = 2


class ActivityNetwork(gluon.HybridBlock):  # type: ignore[misc]
    """Network from windows in g and rad/s to a score for each activity.

    Scaled views of the window, optional convolutions over time and embedding of each step,
    stacked LSTM layers, pooling over time, a dense classifier. Optionally, windows are turned to
    their heading first, and dense layers judge a summary of the window, too.

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
        self.config = config
        self.heading = Heading(channels, n_timesteps, prefix) if config.align_heading else None
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
        self.summary = Summary(channels, n_timesteps, prefix) if config.summary_size else None
        self.summary_head = nn.HybridSequential(prefix="")
        if self.summary is not None:
            self.summary_head.add(
                dense(
                    config.summary_size,
                    self.summary.n_features,
                    f"{prefix}summary_hidden_",
                    activation="relu",
                ),
                nn.Dropout(config.head_dropout),
                dense(n_activities, config.summary_size, f"{prefix}summary_output_"),
            )

    def hybrid_forward(self, F: Any, windows: Any) -> Any:
        """Return logits, shape (n_windows, n_activities), whose softmax is the probabilities.

        Windows are in g and rad/s, shape (n_windows, n_timesteps, n_channels).
        """
        return self.logits_and_features(F, windows)[0]

    def logits_and_features(self, F: Any, windows: Any) -> tuple[Any, Any]:
        """Return logits and what the LSTM's classifier reads, shape (n_windows, n_features)."""
        of_parts, features = self.logits_of_parts(F, windows)
        return mean_logarithm(F, of_parts), features

    def logits_of_parts(self, F: Any, windows: Any) -> tuple[list[Any], Any]:
        """Return the logits of the LSTM, and of the summary if there is one, and the features."""
        if self.heading is not None:
            windows = self.heading(windows)
        convolved, steps = self._convolved_and_steps(windows)
        features = self.pooling(self.lstm(steps))
        if self.has_skip:
            features = F.concat(features, mean_over_first(F, convolved, self.n_steps), dim=1)
        of_parts = [self.head(features)]
        if self.summary is not None:
            of_parts.append(self.summary_head(self.summary(windows)))
        return of_parts, features

    def _convolved_and_steps(self, windows: Any) -> tuple[Any, Any]:
        convolved = self.convolutions(self.views(windows))
        return convolved, self.embedding(convolved)

    def lstm_inputs(self, windows: Any) -> Any:
        """Return what the first LSTM layer reads, shape (n_steps, n_windows, n_values)."""
        return self._convolved_and_steps(
            windows if self.heading is None else self.heading(windows)
        )[1]

    def set_heading(self, signals: FloatArray) -> None:
        """Set the constants that say which way training windows face, if windows are turned.

        Parameters
        ----------
        signals : ndarray of float32, shape (n_windows, n_timesteps, n_channels)
            Training windows in g and rad/s.
        """
        if self.heading is not None:
            self.heading.fit(signals)

    def set_scaling(self, signals: FloatArray, standardises_channels: bool = True) -> None:
        """Set the constants that scale views and summary.

        Where windows are turned first, they follow from the turned ones.

        Parameters
        ----------
        signals : ndarray of float32, shape (n_windows, n_timesteps, n_channels)
            Training windows in g and rad/s.
        standardises_channels : bool
            False to leave the view of all channels as it is.
        """
        if standardises_channels:
            self.views.set_scaling(self._turned_blocks(signals))
        if self.summary is not None:
            self.summary.set_scaling(self._turned_blocks(signals))

    def _turned_blocks(self, signals: FloatArray) -> Iterator[FloatArray]:
        blocks = blocks_of(signals)
        return blocks if self.heading is None else map(self.heading.turned, blocks)


def mean_logarithm(F: Any, of_parts: list[Any]) -> Any:
    """Return the logits of the LSTM alone, or its and the summary's mean logarithm probability."""
    if len(of_parts) == 1:
        return of_parts[0]
    of_lstm, of_summary = (F.log_softmax(logits, axis=1) for logits in of_parts)
    return of_lstm * (1 - SUMMARY_SHARE) + of_summary * SUMMARY_SHARE


class WithParts(gluon.HybridBlock):  # type: ignore[misc]
    """A network that returns the logits of its parts beside its own, for training.

    It has no weights of its own, and is compiled at the first call.

    Parameters
    ----------
    network : ActivityNetwork
        Network with its weights.
    """

    def __init__(self, network: ActivityNetwork) -> None:
        super().__init__(prefix="")
        self.network = network
        self.hybridize()

    def hybrid_forward(self, F: Any, windows: Any) -> list[Any]:
        """Return logits, then those of each part, which has a loss of its own.

        With a summary the parts are the LSTM and the summary. Trained by one loss each would learn
        only what the other has not: the summary, which learns fast, would leave the LSTM little.
        """
        of_parts, _features = self.network.logits_of_parts(F, windows)
        return [mean_logarithm(F, of_parts), *of_parts]


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
    initialise(network, devices)
    return network


def initialise(network: ActivityNetwork, devices: list[mx.Context]) -> None:
    """Draw the weights of a network that has none yet; its graph is compiled at the first call."""
    limit = network.config.initial_range
    weights = mx.init.Xavier() if limit is None else mx.init.Uniform(limit)
    network.initialize(weights, ctx=devices)
    network.hybridize()


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
