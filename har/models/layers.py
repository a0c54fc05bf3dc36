r"""Convolutions, LSTM layers and pooling over time, as Gluon blocks.

Why an LSTM
-----------
A plain recurrent network overwrites its state at every step, so what it saw a second ago fades
before it can matter. A *long short-term memory* keeps a cell :math:`c_t` that passes from step to
step unchanged unless a gate acts on it. With the input :math:`x_t` and the previous output
:math:`h_{t-1}`, each gate is a number between 0 and 1 for each unit:

.. math::

    i_t &= \sigma(W_i x_t + U_i h_{t-1} + b_i)  && \text{input gate: how much to write} \\
    f_t &= \sigma(W_f x_t + U_f h_{t-1} + b_f)  && \text{forget gate: how much to keep} \\
    g_t &= \tanh(W_g x_t + U_g h_{t-1} + b_g)   && \text{candidate: what to write} \\
    o_t &= \sigma(W_o x_t + U_o h_{t-1} + b_o)  && \text{output gate: how much to output} \\
    c_t &= f_t \odot c_{t-1} + i_t \odot g_t    && \text{the memory} \\
    h_t &= o_t \odot \tanh(c_t)                 && \text{output to the next step and layer}

Along :math:`c_t` the gradient is only multiplied by :math:`f_t`, which the network can keep near 1,
so a footstep at the start of a window can still influence the output at its end.

MXNet keeps the four gates in one matrix in the order i, f, g, o, and two biases, one beside W and
one beside U, whose sum is b.

Sources: Hochreiter & Schmidhuber 1997; Gers, Schmidhuber & Cummins 2000 (forget gate); Jozefowicz,
Zaremba & Sutskever 2015 (a forget bias of 1).
"""

from __future__ import annotations

from typing import Any

from har.config import ModelConfig
from har.models.backend import gluon, mx, nn, rnn
from har.models.constants import PREFIX
from har.models.operators import max_over_first, mean_over_first, sum_over_first


class Convolutions(gluon.HybridBlock):  # type: ignore[misc]
    """Convolutions over time, each with batch normalisation, ReLU and dropout.

    Parameters
    ----------
    config : ModelConfig
        Layers, channels, kernel, stride and dropout; with 0 channels, windows pass unchanged.
    input_size : int
        Values in each time step.
    prefix : str
        Prefix of the parameter names.

    Notes
    -----
    A batch is one image, time from top to bottom and the windows side by side. A step of the kernel
    then shifts whole rows, and no window has edges of its own: with AVX2, oneDNN convolves 96
    channels 1.6 times as fast as when each window is an image of height 1, forward and backward.
    """

    def __init__(self, config: ModelConfig, input_size: int, prefix: str = PREFIX) -> None:
        super().__init__(prefix="")
        self.layers = nn.HybridSequential(prefix="")
        self.n_outputs = config.conv_channels or input_size
        for number in range(config.conv_layers if config.conv_channels else 0):
            size = self.n_outputs if number else input_size
            self.layers.add(
                _Convolution(config, size, f"{prefix}conv{number}_"),
                nn.BatchNorm(in_channels=self.n_outputs, prefix=f"{prefix}norm{number}_"),
                nn.Activation("relu"),
            )
            if config.conv_dropout:
                self.layers.add(nn.Dropout(config.conv_dropout))

    def hybrid_forward(self, F: Any, windows: Any) -> Any:
        """Run over time; shape (n_windows, input_size, n_timesteps) to (n_steps, n_windows, …)."""
        if not len(self.layers):
            return F.transpose(windows, axes=(2, 0, 1))
        image = F.expand_dims(F.transpose(windows, axes=(1, 2, 0)), axis=0)
        return F.transpose(F.squeeze(self.layers(image), axis=0), axes=(1, 2, 0))


class _Convolution(gluon.HybridBlock):  # type: ignore[misc]
    """A convolution over the height of an image."""

    def __init__(self, config: ModelConfig, input_size: int, prefix: str) -> None:
        super().__init__(prefix=prefix)
        self.options = {
            "kernel": (config.conv_kernel, 1),
            "stride": (config.conv_stride, 1),
            "pad": (config.conv_kernel // 2, 0),
            "num_filter": config.conv_channels,
            # Batch normalisation subtracts the mean and has a bias of its own.
            "no_bias": True,
        }
        # The shape that saved models have, whose windows were images of height 1.
        shape = config.conv_channels, input_size, 1, config.conv_kernel
        self.weight = self.params.get("weight", shape=shape)

    def hybrid_forward(self, F: Any, image: Any, weight: Any) -> Any:
        """Convolve an image, shape (1, input_size, height, width)."""
        return F.Convolution(image, F.transpose(weight, axes=(0, 1, 3, 2)), **self.options)


def n_steps(config: ModelConfig, n_timesteps: int) -> int:
    """Return the number of time steps after the convolutions."""
    for _ in range(config.conv_layers if config.conv_channels else 0):
        padded = n_timesteps + 2 * (config.conv_kernel // 2)
        n_timesteps = (padded - config.conv_kernel) // config.conv_stride + 1
    return n_timesteps


class FusedLSTM(gluon.HybridBlock):  # type: ignore[misc]
    """LSTM layers, each one call of MXNet's fused operator, with dropout between them.

    The operator's own dropout does nothing on a CPU (MXNet 1.9.1), so layers are stacked here.

    Parameters
    ----------
    config : ModelConfig
        Layers, units, direction, dropout and forget bias.
    input_size, prefix
        As for `Convolutions`.
    """

    def __init__(self, config: ModelConfig, input_size: int, prefix: str = PREFIX) -> None:
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
                    prefix=f"{prefix}lstm{number}_",
                )
            )

    def hybrid_forward(self, F: Any, steps: Any) -> Any:
        """Run over time; shape (n_timesteps, n_windows, input_size) to (…, n_outputs)."""
        return self.layers(steps)


class CellLSTM(gluon.HybridBlock):  # type: ignore[misc]
    """The same layers as a chain of `LSTMCell`, unrolled step by step: slower, but inspectable.

    Parameters
    ----------
    config, input_size, prefix
        As for `FusedLSTM`.
    n_timesteps : int
        Steps to unroll.
    """

    def __init__(
        self, config: ModelConfig, input_size: int, n_timesteps: int, prefix: str = PREFIX
    ) -> None:
        super().__init__(prefix="")
        self.n_timesteps = n_timesteps
        self.cells = rnn.HybridSequentialRNNCell(prefix="")
        for number, size in enumerate(_input_sizes(config, input_size)):
            if number and config.dropout:
                self.cells.add(rnn.DropoutCell(config.dropout))
            # "l" and "r" are the fused operator's names for reading forwards and backwards.
            cells = [_cell(config, size, f"{prefix}lstm{number}_{side}0_") for side in "lr"]
            self.cells.add(rnn.BidirectionalCell(*cells) if config.bidirectional else cells[0])

    def hybrid_forward(self, F: Any, steps: Any) -> Any:
        """Run over time; shape (n_timesteps, n_windows, input_size) to (…, n_outputs)."""
        outputs, _states = self.cells.unroll(
            self.n_timesteps, steps, layout="TNC", merge_outputs=True
        )
        return outputs


def _input_sizes(config: ModelConfig, input_size: int) -> list[int]:
    """Return the input size of each layer."""
    return [input_size] + [n_outputs(config)] * (config.n_layers - 1)


def _cell(config: ModelConfig, input_size: int, prefix: str) -> rnn.LSTMCell:
    return rnn.LSTMCell(
        config.hidden_size,
        input_size=input_size,
        i2h_bias_initializer=mx.init.LSTMBias(config.forget_bias),
        prefix=prefix,
    )


def n_outputs(config: ModelConfig) -> int:
    """Return the number of outputs of an LSTM layer per step: its units in each direction."""
    return config.hidden_size * (2 if config.bidirectional else 1)


def n_pooled(config: ModelConfig) -> int:
    """Return the number of values after pooling over time."""
    return n_outputs(config) * (2 if config.pooling == "mean_max" else 1)


class TimePooling(gluon.HybridBlock):  # type: ignore[misc]
    r"""Pooling of the hidden states of all time steps into one vector.

    Parameters
    ----------
    config : ModelConfig
        Kind of pooling, and the LSTM's units and direction.
    n_timesteps : int
        Steps to pool.
    prefix : str
        Prefix of the parameter names.

    Notes
    -----
    ``last`` is the LSTM's output after the whole window: at the last step or, for the backward
    direction, at the first. ``attention`` is a mean with learned weights over time, the softmax of
    :math:`v^T \tanh(W h_t)` (Bahdanau, Cho & Bengio 2015).
    """

    def __init__(self, config: ModelConfig, n_timesteps: int, prefix: str = PREFIX) -> None:
        super().__init__(prefix="")
        self.kind = config.pooling
        self.n_timesteps = n_timesteps
        self.hidden_size = config.hidden_size
        self.is_bidirectional = config.bidirectional
        if self.kind == "attention":
            size = n_outputs(config)
            self.score = nn.HybridSequential(prefix="")
            self.score.add(
                dense(size, size, f"{prefix}attention_", flatten=False, activation="tanh"),
                dense(1, size, f"{prefix}score_", flatten=False, use_bias=False),
            )

    def hybrid_forward(self, F: Any, hidden: Any) -> Any:
        """Pool over time; shape (n_timesteps, n_windows, n_outputs) to (n_windows, n_pooled)."""
        if self.kind == "last":
            return self._last(F, hidden)
        if self.kind == "mean_max":
            mean = mean_over_first(F, hidden, self.n_timesteps)
            return F.concat(mean, max_over_first(F, hidden, self.n_timesteps), dim=1)
        if self.kind == "attention":
            weights = F.softmax(self.score(hidden), axis=0)
            return sum_over_first(F, F.broadcast_mul(weights, hidden), self.n_timesteps)
        pool = {"sum": sum_over_first, "mean": mean_over_first, "max": max_over_first}[self.kind]
        return pool(F, hidden, self.n_timesteps)

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


def dense(units: int, in_units: int, prefix: str, **options: Any) -> nn.Dense:
    """Return a dense layer with given sizes and prefix."""
    return nn.Dense(units, in_units=in_units, prefix=prefix, **options)
