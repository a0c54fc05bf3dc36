r"""A trained network in NumPy, for windows that come alone.

A window alone is too little work for MXNet: much of its time passes between its sixty operators.
Here weights are packed once, so that few calls remain, which leave out what training needs:

- A convolution is one product with the stretches of time that its kernel sees, side by side; its
  batch normalisation, a constant factor and shift after training, is in its weights.
- Both directions of an LSTM layer take their steps together, the backward one from the end.
- A gate's sigmoid is :math:`\sigma(z) = (1 + \tanh(z/2)) / 2`, with the inner half in its weights,
  so that one call of tanh serves all gates. Without the outer half, :math:`i', f', o'` are doubled:

.. math::

    c_t &= (f'_t \odot c_{t-1} + i'_t \odot g_t) / 2 \\
    h'_t &= o'_t \odot \tanh(c_t)

Outputs :math:`h'` are doubled, too, which the weights that read them take into account. Halves and
doubles are exact in binary numbers: results are MXNet's but for the order of sums, to 1e-6.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import as_strided
from scipy.special import log_softmax, logsumexp

from har.arrays import FloatArray
from har.config import ModelConfig
from har.models.constants import NORM_EPSILON, PREFIX, SUMMARY_SHARE, weights_of_member
from har.models.packed.inputs import PackedHeading, PackedViews
from har.models.packed.summary import PackedSummary

# With convolutions, packed networks are twice as fast as MXNet with so many windows, and four times
# with one. Without, the LSTM takes four times as many steps; they gain with one window only, and
# with two directions, whose steps are taken together.
_MOST_WINDOWS = 8

Weights = Mapping[str, FloatArray]


def is_packed_faster(config: ModelConfig, n_windows: int) -> bool:
    """Return whether a packed network takes less time than MXNet on a CPU."""
    return n_windows <= (_MOST_WINDOWS if config.conv_channels else int(config.bidirectional))


@dataclass(frozen=True)
class MemberOutputs:
    """What one network makes of windows.

    Parameters
    ----------
    logits : ndarray, shape (n_windows, n_activities)
        Scores, of LSTM and summary together.
    features : ndarray of float32, shape (n_windows, n_features)
        Input of the LSTM's classifier.
    summary : ndarray of float32, shape (n_windows, n_summarised), or None
        Features of the whole window, see `har.models.summary`; None in a network without them.
    """

    logits: FloatArray
    features: FloatArray
    summary: FloatArray | None = None


class PackedNetwork:
    """A trained network, or an ensemble of them, for few windows at a time.

    It keeps nothing between calls, so threads may share it.

    Parameters
    ----------
    config : ModelConfig
        Settings of the network.
    channels : tuple of str
        Names of the windows' channels.
    weights : mapping of str to ndarray of float32
        All parameters by name, as of `har.models.temperature.Network`.

    Attributes
    ----------
    temperature : float
        Divisor of the logits; 1 if the network was not calibrated.
    """

    def __init__(self, config: ModelConfig, channels: tuple[str, ...], weights: Weights) -> None:
        self._members = [
            _PackedMember(
                config.of_member(number),
                channels,
                weights_of_member(weights, number, config.n_members),
            )
            for number in range(1, config.n_members + 1)
        ]
        temperature = weights.get(f"{PREFIX}temperature")
        self.temperature = 1.0 if temperature is None else float(temperature.item())

    def logits_and_features(self, windows: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return logits and the input of the classifier.

        Parameters
        ----------
        windows : ndarray of float32, shape (n_windows, n_timesteps, n_channels)
            Windows in g and rad/s.

        Returns
        -------
        logits : ndarray, shape (n_windows, n_activities)
            As the network gives them.
        features : ndarray of float32, shape (n_windows, n_features)
            Input of the last layer; of an ensemble, those of all members.
        """
        outputs = self.of_members(windows)
        logits, features = outputs[0].logits, outputs[0].features
        if len(outputs) > 1:
            of_members = np.stack([log_softmax(one.logits, axis=1) for one in outputs])
            logits = logsumexp(of_members, axis=0) - np.log(len(outputs))
            features = np.concatenate([one.features for one in outputs], axis=1)
        return logits / self.temperature, features

    def of_members(self, windows: FloatArray) -> list[MemberOutputs]:
        """Return what each network makes of windows, before the temperature.

        Parameters
        ----------
        windows : ndarray of float32, shape (n_windows, n_timesteps, n_channels)
            Windows in g and rad/s.

        Returns
        -------
        list of MemberOutputs
            One for each network of an ensemble.
        """
        windows = np.asarray(windows, np.float32)
        # As with MXNet, values without bounds show in the result only.
        with np.errstate(all="ignore"):
            return [member(windows) for member in self._members]

    def summaries(self, windows: FloatArray) -> list[FloatArray]:
        """Return the summary that each network makes of windows; none without a summary.

        Parameters
        ----------
        windows : ndarray of float32, shape (n_windows, n_timesteps, n_channels)
            Windows in g and rad/s.

        Returns
        -------
        list of ndarray of float32, shape (n_windows, n_summarised)
        """
        windows = np.asarray(windows, np.float32)
        of_members = (member.summary_of(windows) for member in self._members)
        return [summary for summary in of_members if summary is not None]


class _PackedMember:
    """One network; see `har.models.network.ActivityNetwork`."""

    def __init__(self, config: ModelConfig, channels: tuple[str, ...], weights: Weights) -> None:
        self._heading = PackedHeading(channels, weights) if config.align_heading else None
        self._views = PackedViews(config, channels, weights)
        n_convolutions = config.conv_layers if config.conv_channels else 0
        self._convolutions = [
            _Convolution(config, number, weights) for number in range(n_convolutions)
        ]
        self._has_skip = config.conv_skip
        self._embedding: tuple[FloatArray, FloatArray] | None = None
        if config.embedding_size:
            self._embedding = _dense("embedding", weights)
        self._lstm = [
            _LSTMLayer(config.bidirectional, number, weights) for number in range(config.n_layers)
        ]
        self._pooling = _Pooling(config, weights)
        self._head = _dense("output", weights)
        self._summary = PackedSummary(channels, weights) if config.summary_size else None
        if self._summary is not None:
            self._summary_head = [_dense(f"summary_{n}", weights) for n in ("hidden", "output")]

    def __call__(self, windows: FloatArray) -> MemberOutputs:
        """Return logits, features and summary of windows in g and rad/s."""
        windows = self._turned(windows)
        features = self._lstm_features(windows)
        weight, bias = self._head
        logits = features @ weight + bias
        if self._summary is None:
            return MemberOutputs(logits, features)
        (weight, bias), (output_weight, output_bias) = self._summary_head
        summary = self._summary(windows)
        of_summary = np.maximum(summary @ weight + bias, np.float32(0)) @ output_weight
        of_summary += output_bias
        logits = log_softmax(logits, axis=1) * np.float32(1 - SUMMARY_SHARE)
        logits += log_softmax(of_summary, axis=1) * np.float32(SUMMARY_SHARE)
        return MemberOutputs(logits, features, summary)

    def summary_of(self, windows: FloatArray) -> FloatArray | None:
        """Return the summary of windows; None without one."""
        return None if self._summary is None else self._summary(self._turned(windows))

    def _turned(self, windows: FloatArray) -> FloatArray:
        return windows if self._heading is None else self._heading.turned(windows)

    def _lstm_features(self, windows: FloatArray) -> FloatArray:
        """Return what the LSTM's classifier reads, shape (n_windows, n_features)."""
        n_windows, n_timesteps, _ = windows.shape
        # Each layer writes between the zeros that the next one's kernel sees beyond the ends.
        padding = self._convolutions[0].padding if self._convolutions else 0
        shape = n_windows, n_timesteps + 2 * padding, self._views.n_outputs
        padded = np.zeros(shape, np.float32)
        self._views.write(windows, padded[:, padding : padding + n_timesteps])
        steps = padded
        for number, convolution in enumerate(self._convolutions, start=1):
            is_last = number == len(self._convolutions)
            steps = convolution(steps, 0 if is_last else convolution.padding)
        hidden = steps
        if self._embedding is not None:
            weight, bias = self._embedding
            hidden = np.maximum(steps @ weight + bias, np.float32(0))
        hidden = hidden.transpose(1, 0, 2)
        for layer in self._lstm:
            hidden = layer(hidden)
        features = self._pooling(hidden)
        if self._has_skip:
            features = np.concatenate([features, steps.mean(axis=1)], axis=1)
        return features


def _dense(name: str, weights: Weights) -> tuple[FloatArray, FloatArray]:
    """Return the weights of a dense layer for products from the left, and its bias."""
    return np.ascontiguousarray(weights[f"{name}_weight"].T), weights[f"{name}_bias"]


class _Convolution:
    """A convolution over time with batch normalisation and ReLU, as one product."""

    def __init__(self, config: ModelConfig, number: int, weights: Weights) -> None:
        self._kernel, self._stride = config.conv_kernel, config.conv_stride
        self.padding = config.conv_kernel // 2
        gamma, beta, mean, variance = (
            weights[f"norm{number}_{name}"].astype(np.float64)
            for name in ("gamma", "beta", "running_mean", "running_var")
        )
        gain = gamma / np.sqrt(variance + NORM_EPSILON)
        # From (n_outputs, n_inputs, 1, kernel) to (kernel * n_inputs, n_outputs).
        taps = weights[f"conv{number}_weight"][:, :, 0].transpose(2, 1, 0)
        self._weight = (taps.reshape(-1, taps.shape[-1]) * gain).astype(np.float32)
        self._bias = (beta - mean * gain).astype(np.float32)

    def __call__(self, padded: FloatArray, padding: int) -> FloatArray:
        """Return (n_windows, n_steps and `padding` zeros on both sides, n_outputs)."""
        n_windows, n_padded, n_inputs = padded.shape
        n_steps = (n_padded - self._kernel) // self._stride + 1
        of_window, of_step, of_value = padded.strides
        seen = as_strided(
            padded,
            (n_windows, n_steps, self._kernel * n_inputs),
            (of_window, self._stride * of_step, of_value),
        )
        n_outputs = len(self._bias)
        convolved = seen.reshape(n_windows * n_steps, -1) @ self._weight
        convolved += self._bias
        result = np.zeros((n_windows, n_steps + 2 * padding, n_outputs), np.float32)
        inner = result[:, padding : padding + n_steps]
        np.maximum(convolved.reshape(inner.shape), np.float32(0), out=inner)
        return result


class _LSTMLayer:
    """One layer of LSTM in one or both directions; the module's docstring has its equations."""

    def __init__(self, is_bidirectional: bool, number: int, weights: Weights) -> None:
        packed = [
            _packed_gates(f"lstm{number}_{side}0", weights) for side in "lr"[: 1 + is_bidirectional]
        ]
        # (n_directions, n_inputs, 4 * n_units), (…, 1, 4 * n_units), (…, n_units, 4 * n_units)
        self._input_weight, self._bias, self._state_weight = map(
            np.stack, zip(*packed, strict=True)
        )

    def __call__(self, steps: FloatArray) -> FloatArray:
        """Run over time; shape (n_timesteps, n_windows, n_inputs) to (…, n_outputs)."""
        n_timesteps, n_windows, _ = steps.shape
        n_directions, n_units, _ = self._state_weight.shape
        doubled = np.zeros((n_timesteps + 1, n_directions, n_windows, n_units), np.float32)
        self._take_steps(self._inputs(steps), doubled)
        hidden = np.empty((n_timesteps, n_windows, n_directions * n_units), np.float32)
        half = np.float32(0.5)
        np.multiply(doubled[1:, 0], half, out=hidden[..., :n_units])
        if n_directions == 2:
            np.multiply(doubled[:0:-1, 1], half, out=hidden[..., n_units:])
        return hidden

    def _inputs(self, steps: FloatArray) -> FloatArray:
        """Return what the gates get from inputs: (n_directions, n_timesteps, windows * gates)."""
        n_timesteps, n_windows, n_inputs = steps.shape
        n_directions = len(self._bias)
        ordered = np.stack([steps, steps[::-1]][:n_directions])
        of_inputs = ordered.reshape(n_directions, -1, n_inputs) @ self._input_weight
        of_inputs += self._bias
        return np.asarray(of_inputs.reshape(n_directions, n_timesteps, -1))

    def _take_steps(self, of_inputs: FloatArray, doubled: FloatArray) -> None:
        """Run the equations; write doubled outputs after the first, which are zeros.

        All gates of one kind are neighbours, of both directions and all windows, so that arrays
        have one axis: NumPy then needs half of the time. No step allocates memory.
        """
        n_rows = doubled[0].size
        n_units = doubled.shape[-1]
        sums = np.empty((*doubled.shape[1:-1], 4 * n_units), np.float32)
        sums_flat = sums.reshape(len(of_inputs), -1)
        by_row = sums.reshape(-1, 4, n_units)
        # Gates i, f, o, g, and the cells c.
        state = np.zeros(5 * n_rows, np.float32)
        gates = state[: 4 * n_rows].reshape(4, -1, n_units).transpose(1, 0, 2)
        i_f, i_f_o, o = state[: 2 * n_rows], state[: 3 * n_rows], state[2 * n_rows : 3 * n_rows]
        g_c, c = state[3 * n_rows :], state[4 * n_rows :]
        products, tanh_c = np.empty(2 * n_rows, np.float32), np.empty(n_rows, np.float32)
        written, kept = products[:n_rows], products[n_rows:]
        one, half = np.ones(3 * n_rows, np.float32), np.full(n_rows, 0.5, np.float32)
        state_weight = self._state_weight
        matmul, add, multiply, tanh = np.matmul, np.add, np.multiply, np.tanh
        before = doubled[0]
        flat = doubled.reshape(len(doubled), -1)
        for of_input, after, h in zip(
            of_inputs.transpose(1, 0, 2), doubled[1:], flat[1:], strict=True
        ):
            matmul(before, state_weight, sums)
            add(sums_flat, of_input, sums_flat)
            tanh(by_row, gates)
            add(i_f_o, one, i_f_o)
            multiply(i_f, g_c, products)
            add(written, kept, c)
            multiply(c, half, c)
            tanh(c, tanh_c)
            multiply(o, tanh_c, h)
            before = after


def _packed_gates(name: str, weights: Weights) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return weights of inputs, biases, and weights of doubled outputs; columns i, f, o, g."""
    bias = weights[f"{name}_i2h_bias"].astype(np.float64) + weights[f"{name}_h2h_bias"]
    of_gates = weights[f"{name}_i2h_weight"], weights[f"{name}_h2h_weight"], bias
    inputs, state, of_all = (_reordered(values) for values in of_gates)
    return (
        np.ascontiguousarray(inputs.T, np.float32),
        of_all[np.newaxis].astype(np.float32),
        np.ascontiguousarray(state.T / 2, np.float32),
    )


def _reordered(rows: FloatArray) -> FloatArray:
    """Return rows of i, f, o, g of those of i, f, g, o; all but those of g are halved."""
    i, f, g, o = np.split(rows, 4)
    return np.concatenate([i / 2, f / 2, o / 2, g])


class _Pooling:
    """Pooling over time; see `har.models.layers.TimePooling`."""

    def __init__(self, config: ModelConfig, weights: Weights) -> None:
        self._kind = config.pooling
        self._n_units = config.hidden_size
        if self._kind == "attention":
            self._attention = weights["attention_weight"].T, weights["attention_bias"]
            self._score = weights["score_weight"].T

    def __call__(self, hidden: FloatArray) -> FloatArray:
        """Pool; shape (n_timesteps, n_windows, n_outputs) to (n_windows, n_pooled)."""
        if self._kind == "last":
            last, first = hidden[-1], hidden[0]
            return np.concatenate([last[:, : self._n_units], first[:, self._n_units :]], axis=1)
        if self._kind == "attention":
            weight, bias = self._attention
            scores = np.tanh(hidden @ weight + bias) @ self._score
            shares = np.exp(scores - scores.max(axis=0))
            pooled: FloatArray = (shares / shares.sum(axis=0) * hidden).sum(axis=0)
            return pooled
        if self._kind == "mean_max":
            return np.concatenate([hidden.mean(axis=0), hidden.max(axis=0)], axis=1)
        ufunc = np.maximum if self._kind == "max" else np.add
        pooled = ufunc.reduce(hidden, axis=0)
        return pooled / np.float32(len(hidden)) if self._kind == "mean" else pooled
