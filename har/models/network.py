"""The network: views, convolutions, stacked LSTM layers, pooling over time, a dense classifier.

What an LSTM is, and why, is told in `har.models.layers`; what views are, in `har.models.views`.
"""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np
from scipy.special import softmax

from har.arrays import FloatArray
from har.config import ModelConfig
from har.errors import RunError
from har.models.backend import gluon, mx, nn
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
from har.models.views import Views


class ActivityNetwork(gluon.HybridBlock):  # type: ignore[misc]
    """From windows in g and rad/s to a score for each activity.

    Scaled views of the window, optional convolutions over time and embedding of each step,
    stacked LSTM layers, pooling over time, a dense classifier.

    Parameters
    ----------
    config : ModelConfig
        What to build.
    n_timesteps : int
        Samples in a window.
    channels : tuple of str
        What each sample is of.
    n_activities : int
        How many scores there are.
    prefix : str
        Of the names of the weights.
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
        self.views = Views(config, channels, prefix)
        self.convolutions = Convolutions(config, self.views.n_outputs, prefix)
        self.has_skip = config.conv_skip
        input_size = config.embedding_size or self.convolutions.n_outputs
        self.embedding = nn.HybridSequential(prefix="")
        if config.embedding_size:
            self.embedding.add(
                dense(
                    config.embedding_size,
                    self.convolutions.n_outputs,
                    f"{prefix}embedding_",
                    flatten=False,
                    activation="relu",
                )
            )
        self.lstm = (
            FusedLSTM(config, input_size, prefix)
            if config.kernel == "fused"
            else CellLSTM(config, input_size, n_steps(config, n_timesteps), prefix)
        )
        self.pooling = TimePooling(config, prefix)
        self.head = nn.HybridSequential(prefix="")
        size = n_pooled(config) + (config.conv_channels if config.conv_skip else 0)
        self.head.add(
            nn.Dropout(config.head_dropout), dense(n_activities, size, f"{prefix}output_")
        )

    def hybrid_forward(self, F: Any, windows: Any) -> Any:
        """Score each activity.

        Parameters
        ----------
        F : module
            MXNet's operators on arrays or on symbols.
        windows : NDArray or Symbol
            Shape (n_windows, n_timesteps, n_channels), in g and rad/s.

        Returns
        -------
        NDArray or Symbol
            Shape (n_windows, n_activities): logits, whose softmax is the probabilities.
        """
        convolved = self.convolutions(self.views(windows))
        steps = F.swapaxes(self.embedding(convolved), 0, 1)
        pooled = self.pooling(self.lstm(steps))
        if self.has_skip:
            pooled = F.concat(pooled, F.mean(convolved, axis=1), dim=1)
        return self.head(pooled)

    def set_scaling(self, signals: FloatArray) -> None:
        """Fix the scaling constants to the mean and deviation of training windows.

        Parameters
        ----------
        signals : ndarray, shape (n_windows, n_timesteps, n_channels)
            In g and rad/s; see `Views.set_scaling`.
        """
        self.views.set_scaling(signals)


def build_network(
    config: ModelConfig,
    n_timesteps: int,
    channels: tuple[str, ...],
    n_activities: int,
    devices: list[mx.Context],
    prefix: str = PREFIX,
) -> ActivityNetwork:
    """Make a network with fresh weights.

    Parameters
    ----------
    config : ModelConfig
        What to build.
    n_timesteps : int
        Samples in a window.
    channels : tuple of str
        What each sample is of.
    n_activities : int
        How many scores there are.
    devices : list of mxnet.Context
        Where to put the weights.
    prefix : str
        Of the names of the weights.

    Returns
    -------
    ActivityNetwork
        Hybridized: its graph is compiled at the first call.
    """
    network = ActivityNetwork(config, n_timesteps, channels, n_activities, prefix)
    weights = (
        mx.init.Xavier() if config.initial_range is None else mx.init.Uniform(config.initial_range)
    )
    network.initialize(weights, ctx=devices)
    network.hybridize()
    return network


def n_parameters(network: ActivityNetwork) -> int:
    """Count the weights that training changes."""
    parameters = network.collect_params().values()
    return sum(math.prod(p.shape) for p in parameters if p.grad_req != "null")


def predict_probabilities(
    network: ActivityNetwork,
    signals: FloatArray,
    devices: list[mx.Context],
    batch_size: int = 256,
) -> FloatArray:
    """Run a network over windows, each of them exactly once.

    Parameters
    ----------
    network : ActivityNetwork
        With its weights on `devices`.
    signals : ndarray of float32, shape (n_windows, n_timesteps, n_channels)
        In g and rad/s.
    devices : list of mxnet.Context
        Take turns with the batches.
    batch_size : int
        Windows at a time; the last batch is shorter.

    Returns
    -------
    ndarray of float64, shape (n_windows, n_activities)
        Each row adds up to 1.

    Raises
    ------
    RunError
        If the network's weights are so large that its scores are no numbers.
    """
    starts = range(0, len(signals), batch_size)
    # Calls return at once and compute behind; asnumpy waits.
    logits = [
        network(mx.nd.array(signals[start : start + batch_size], ctx=device))
        for start, device in zip(starts, itertools.cycle(devices))
    ]
    scores = np.concatenate([part.asnumpy() for part in logits]).astype(np.float64)
    if not np.isfinite(scores).all():
        raise RunError(
            "network: found scores that are no numbers, expected finite ones; try a smaller "
            "training.learning_rate"
        )
    probabilities: FloatArray = softmax(scores, axis=1)
    return probabilities
