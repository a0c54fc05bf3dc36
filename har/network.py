r"""The LSTM network, as Gluon blocks.

Why an LSTM
-----------
A plain recurrent network overwrites its state at every step, so what it saw a second ago fades
before it can matter. A *long short-term memory* keeps a cell :math:`c_t` that passes from step to step
unchanged unless a gate acts on it. With the input :math:`x_t` and the previous output
:math:`h_{t-1}`, each gate is a number between 0 and 1 for each unit:

.. math::

    i_t &= \sigma(W_i x_t + U_i h_{t-1} + b_i)  && \text{input gate: how much to write} \\
    f_t &= \sigma(W_f x_t + U_f h_{t-1} + b_f)  && \text{forget gate: how much to keep} \\
    g_t &= \tanh(W_g x_t + U_g h_{t-1} + b_g)   && \text{candidate: what to write} \\
    o_t &= \sigma(W_o x_t + U_o h_{t-1} + b_o)  && \text{output gate: how much to tell} \\
    c_t &= f_t \odot c_{t-1} + i_t \odot g_t    && \text{the memory} \\
    h_t &= o_t \odot \tanh(c_t)                 && \text{what the next step and layer are told}

Along :math:`c_t` the gradient is only multiplied by :math:`f_t`, which the network can hold near 1:
so a footstep at the start of a window can still be felt at its end.

MXNet keeps the four gates in one matrix in the order i, f, g, o, and two biases, one beside W and
one beside U, whose sum is b.

Sources: Hochreiter & Schmidhuber 1997; Gers, Schmidhuber & Cummins 2000 (forget gate); Jozefowicz,
Zaremba & Sutskever 2015 (a forget bias of 1).
"""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np
from scipy.special import softmax

from har.backend import gluon, mx, nn, rnn
from har.config import ModelConfig
from har.errors import DataError
from har.signals import FloatArray

# All names of parameters start so: an exported model's names do not depend on what came before.
PREFIX = "har_"


class FusedLSTM(gluon.HybridBlock):  # type: ignore[misc]
    """LSTM layers, each one call of MXNet's fused operator, with dropout between them.

    The operator's own dropout does nothing on a CPU (MXNet 1.9.1), so layers are stacked here.

    Parameters
    ----------
    config : ModelConfig
        Layers, units, direction, dropout and forget bias.
    input_size : int
        Values in each time step.
    """

    def __init__(self, config: ModelConfig, input_size: int) -> None:
        super().__init__(prefix="")
        self.layers = nn.HybridSequential(prefix="")
        for number, size in enumerate(_input_sizes(config, input_size)):
            if number and config.dropout:
                self.layers.add(nn.Dropout(config.dropout))
            self.layers.add(
                rnn.LSTM(
                    config.hidden_size,
                    layout="TNC",
                    bidirectional=config.bidirectional,
                    input_size=size,
                    i2h_bias_initializer=mx.init.LSTMBias(config.forget_bias),
                    prefix=f"{PREFIX}lstm{number}_",
                )
            )

    def hybrid_forward(self, F: Any, steps: Any) -> Any:
        """Run over time; shape (n_timesteps, n_windows, input_size) to (…, n_outputs)."""
        return self.layers(steps)


class CellLSTM(gluon.HybridBlock):  # type: ignore[misc]
    """The same layers as a chain of `LSTMCell`, unrolled step by step: slower, and open to look in.

    Parameters
    ----------
    config : ModelConfig
        Layers, units, direction, dropout and forget bias.
    input_size : int
        Values in each time step.
    n_timesteps : int
        Steps to unroll.
    """

    def __init__(self, config: ModelConfig, input_size: int, n_timesteps: int) -> None:
        super().__init__(prefix="")
        self.n_timesteps = n_timesteps
        self.cells = rnn.HybridSequentialRNNCell(prefix="")
        for number, size in enumerate(_input_sizes(config, input_size)):
            if number and config.dropout:
                self.cells.add(rnn.DropoutCell(config.dropout))
            # "l" and "r" are the fused operator's names for reading forwards and backwards.
            cells = [_cell(config, size, f"{PREFIX}lstm{number}_{side}0_") for side in "lr"]
            self.cells.add(rnn.BidirectionalCell(*cells) if config.bidirectional else cells[0])

    def hybrid_forward(self, F: Any, steps: Any) -> Any:
        """Run over time; shape (n_timesteps, n_windows, input_size) to (…, n_outputs)."""
        outputs, _states = self.cells.unroll(
            self.n_timesteps, steps, layout="TNC", merge_outputs=True
        )
        return outputs


def _input_sizes(config: ModelConfig, input_size: int) -> list[int]:
    """List what each layer reads: the steps, then the layer below."""
    return [input_size] + [n_outputs(config)] * (config.n_layers - 1)


def _cell(config: ModelConfig, input_size: int, prefix: str) -> rnn.LSTMCell:
    return rnn.LSTMCell(
        config.hidden_size,
        input_size=input_size,
        i2h_bias_initializer=mx.init.LSTMBias(config.forget_bias),
        prefix=prefix,
    )


def n_outputs(config: ModelConfig) -> int:
    """Count the values an LSTM layer puts out at each step: its units, in each direction."""
    return config.hidden_size * (2 if config.bidirectional else 1)


class TimePooling(gluon.HybridBlock):  # type: ignore[misc]
    """Make one vector of the hidden states of all time steps.

    Parameters
    ----------
    config : ModelConfig
        The kind of pooling, and the LSTM's units and direction.

    Notes
    -----
    ``last`` is what the LSTM says when it has read the whole window: the last step, and for the
    backward direction the first. ``attention`` is a mean whose weights over time are learned: the
    softmax of :math:`v^T \\tanh(W h_t)` (Bahdanau, Cho & Bengio 2015).
    """

    def __init__(self, config: ModelConfig) -> None:
        super().__init__(prefix="")
        self.kind = config.pooling
        self.hidden_size = config.hidden_size
        self.is_bidirectional = config.bidirectional
        if self.kind == "attention":
            size = n_outputs(config)
            self.score = nn.HybridSequential(prefix="")
            self.score.add(
                _dense(size, size, f"{PREFIX}attention_", flatten=False, activation="tanh"),
                _dense(1, size, f"{PREFIX}score_", flatten=False, use_bias=False),
            )

    def hybrid_forward(self, F: Any, hidden: Any) -> Any:
        """Pool over time; shape (n_timesteps, n_windows, n_outputs) to (n_windows, n_outputs)."""
        if self.kind == "last":
            return self._last(F, hidden)
        if self.kind == "attention":
            weights = F.softmax(self.score(hidden), axis=0)
            return F.sum(F.broadcast_mul(weights, hidden), axis=0)
        return {"sum": F.sum, "mean": F.mean, "max": F.max}[self.kind](hidden, axis=0)

    def _last(self, F: Any, hidden: Any) -> Any:
        # F.SequenceLast corrupts the heap in backward on a CPU (MXNet 1.9.1).
        last = F.slice_axis(hidden, axis=0, begin=-1, end=None).squeeze(axis=0)
        if not self.is_bidirectional:
            return last
        first = F.slice_axis(hidden, axis=0, begin=0, end=1).squeeze(axis=0)
        return F.concat(
            F.slice_axis(last, axis=1, begin=0, end=self.hidden_size),
            F.slice_axis(first, axis=1, begin=self.hidden_size, end=None),
            dim=1,
        )


def _dense(units: int, in_units: int, prefix: str, **options: Any) -> nn.Dense:
    return nn.Dense(units, in_units=in_units, prefix=prefix, **options)


class ActivityNetwork(gluon.HybridBlock):  # type: ignore[misc]
    """From windows in g and rad/s to a score for each activity.

    Scaling, an optional embedding of each time step, stacked LSTM layers, pooling over time, a dense
    classifier. The mean and deviation of each channel are constants of the network, so a saved model
    takes raw units and scaling can be neither forgotten nor leaked.

    Parameters
    ----------
    config : ModelConfig
        What to build.
    n_timesteps, n_channels, n_activities : int
        Sizes of a window and of the answer.
    """

    def __init__(
        self, config: ModelConfig, n_timesteps: int, n_channels: int, n_activities: int
    ) -> None:
        super().__init__(prefix=PREFIX)
        constant = {"shape": (1, 1, n_channels), "grad_req": "null"}
        self.channel_mean = self.params.get("channel_mean", init="zeros", **constant)
        self.channel_scale = self.params.get("channel_scale", init="ones", **constant)
        input_size = config.embedding_size or n_channels
        self.embedding = nn.HybridSequential(prefix="")
        if config.embedding_size:
            self.embedding.add(
                _dense(
                    config.embedding_size,
                    n_channels,
                    f"{PREFIX}embedding_",
                    flatten=False,
                    activation="relu",
                )
            )
        self.lstm = (
            FusedLSTM(config, input_size)
            if config.kernel == "fused"
            else CellLSTM(config, input_size, n_timesteps)
        )
        self.pooling = TimePooling(config)
        self.head = nn.HybridSequential(prefix="")
        self.head.add(
            nn.Dropout(config.head_dropout),
            _dense(n_activities, n_outputs(config), f"{PREFIX}output_"),
        )

    def hybrid_forward(self, F: Any, windows: Any, channel_mean: Any, channel_scale: Any) -> Any:
        """Score each activity.

        Parameters
        ----------
        F : module
            MXNet's operators on arrays or on symbols.
        windows : NDArray or Symbol
            Shape (n_windows, n_timesteps, n_channels), in g and rad/s.
        channel_mean, channel_scale : NDArray or Symbol
            Shape (1, 1, n_channels).

        Returns
        -------
        NDArray or Symbol
            Shape (n_windows, n_activities): logits, whose softmax is the probabilities.
        """
        scaled = F.broadcast_div(F.broadcast_sub(windows, channel_mean), channel_scale)
        steps = F.swapaxes(self.embedding(scaled), 0, 1)
        return self.head(self.pooling(self.lstm(steps)))

    def set_scaling(self, signals: FloatArray) -> None:
        """Fix the scaling constants to the mean and deviation of training windows.

        Parameters
        ----------
        signals : ndarray, shape (n_windows, n_timesteps, n_channels)
            In g and rad/s; a channel that never changes is only centred.
        """
        mean = signals.mean(axis=(0, 1), keepdims=True, dtype="float64")
        scale = signals.std(axis=(0, 1), keepdims=True, dtype="float64")
        scale[scale == 0] = 1.0
        self.channel_mean.set_data(mx.nd.array(mean))
        self.channel_scale.set_data(mx.nd.array(scale))


def build_network(
    config: ModelConfig,
    n_timesteps: int,
    n_channels: int,
    n_activities: int,
    devices: list[mx.Context],
) -> ActivityNetwork:
    """Make a network with fresh weights.

    Parameters
    ----------
    config : ModelConfig
        What to build.
    n_timesteps, n_channels, n_activities : int
        Sizes of a window and of the answer.
    devices : list of mxnet.Context
        Where to put the weights.

    Returns
    -------
    ActivityNetwork
        Hybridized: its graph is compiled at the first call.
    """
    network = ActivityNetwork(config, n_timesteps, n_channels, n_activities)
    weights = (
        mx.init.Xavier() if config.initial_range is None else mx.init.Uniform(config.initial_range)
    )
    network.initialize(weights, ctx=devices)
    network.hybridize()
    return network


def load_weights(network: ActivityNetwork, arrays: dict[str, mx.nd.NDArray], place: str) -> None:
    """Put saved arrays into a network.

    Parameters
    ----------
    network : ActivityNetwork
        Of the same sizes; its kernel may be another.
    arrays : dict of str to NDArray
        By parameter name, with or without Gluon's ``arg:`` and ``aux:`` in front.
    place : str
        The file, for messages.

    Raises
    ------
    DataError
        If a parameter is missing, is not known, or has another shape.
    """
    given = {name.split(":", 1)[-1]: array for name, array in arrays.items()}
    parameters = dict(network.collect_params().items())
    if set(given) != set(parameters):
        odd = sorted(set(given) ^ set(parameters))[0]
        state = "no" if odd in parameters else "the unknown"
        raise DataError(f"{place}: found {state} parameter {odd}, expected those of the network")
    for name, parameter in parameters.items():
        if given[name].shape != parameter.shape:
            raise DataError(
                f"{place}: found {name} of shape {given[name].shape}, expected {parameter.shape}"
            )
        parameter.set_data(given[name])


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
    """
    starts = range(0, len(signals), batch_size)
    # Calls return at once and compute behind; asnumpy waits.
    logits = [
        network(mx.nd.array(signals[start : start + batch_size], ctx=device))
        for start, device in zip(starts, itertools.cycle(devices))
    ]
    scores = np.concatenate([part.asnumpy() for part in logits]).astype(np.float64)
    probabilities: FloatArray = softmax(scores, axis=1)
    return probabilities
