"""The states of an LSTM as it reads a window: memory, output and gates at each step.

MXNet's fused operator returns the outputs alone, so the equations of `har.models.layers` are
computed here with the network's own weights.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.cluster.hierarchy import leaves_list, linkage
from scipy.special import expit

from har.arrays import FloatArray, IntArray
from har.config import ModelConfig
from har.explanation.findings import States
from har.models.backend import mx
from har.models.ensemble import Ensemble
from har.models.network import ActivityNetwork
from har.models.temperature import Network, WithTemperature

# More rows cannot be distinguished in a figure.
N_SHOWN = 32


def single_network(network: Network) -> ActivityNetwork:
    """Return the network inside a temperature, the first one of an ensemble."""
    inner = network.network if isinstance(network, WithTemperature) else network
    return inner.members[0] if isinstance(inner, Ensemble) else inner


def lstm_inputs(network: ActivityNetwork, signals: FloatArray, device: mx.Context) -> mx.nd.NDArray:
    """Run windows up to the LSTM.

    Parameters
    ----------
    network : ActivityNetwork
        Network with its weights on `device`.
    signals : ndarray, shape (n_windows, n_timesteps, n_channels)
        Windows in g and rad/s.
    device : mxnet.Context
        Device that computes.

    Returns
    -------
    NDArray, shape (n_steps, n_windows, n_values)
        Inputs of the first layer.
    """
    return network.lstm_inputs(mx.nd.array(signals, ctx=device))


def run_lstm(network: ActivityNetwork, config: ModelConfig, inputs: FloatArray) -> FloatArray:
    """Run all LSTM layers, and return the states of the last.

    Parameters
    ----------
    network : ActivityNetwork
        Network with its weights.
    config : ModelConfig
        Settings that it was built from.
    inputs : ndarray, shape (n_steps, n_windows, n_values)
        Result of `lstm_inputs`.

    Returns
    -------
    ndarray of float64, shape (5, n_steps, n_windows, n_outputs)
        h, c, i, f and o of `har.models.layers`; units that read forwards, then those that read
        backwards.
    """
    values = {
        name.removeprefix(network.prefix): parameter.list_data()[0].asnumpy().astype(np.float64)
        for name, parameter in network.lstm.collect_params().items()
    }
    steps = inputs.astype(np.float64)
    for layer in range(config.n_layers):
        states = _read(values, f"lstm{layer}_l0", steps)
        if config.bidirectional:
            backwards = _read(values, f"lstm{layer}_r0", steps[::-1])[:, ::-1]
            states = np.concatenate([states, backwards], axis=-1)
        steps = states[0]
    return states


def _read(values: dict[str, FloatArray], name: str, steps: FloatArray) -> FloatArray:
    """Return the states of one direction of a layer; shape (5, n_steps, n_windows, n_units)."""
    recurrent = values[f"{name}_h2h_weight"].T
    bias = values[f"{name}_i2h_bias"] + values[f"{name}_h2h_bias"]
    driven = steps @ values[f"{name}_i2h_weight"].T + bias
    h = c = np.zeros((steps.shape[1], len(recurrent)))
    states = np.empty((5, *steps.shape[:2], len(recurrent)))
    for step, from_below in enumerate(driven):
        i, f, g, o = np.split(from_below + h @ recurrent, 4, axis=1)
        i, f, o = expit(i), expit(f), expit(o)
        c = f * c + i * np.tanh(g)
        h = o * np.tanh(c)
        states[:, step] = h, c, i, f, o
    return states


def varied_states(
    states: FloatArray, indices: Sequence[int], config: ModelConfig
) -> tuple[States, ...]:
    """Keep the units whose output varies most, similar units beside each other.

    Parameters
    ----------
    states : ndarray, shape (5, n_steps, n_windows, n_outputs)
        Result of `run_lstm`.
    indices : sequence of int
        Indices of these windows among all.
    config : ModelConfig
        Settings that the network was built from.

    Returns
    -------
    tuple of States
        States of each window, for the same units: 32 at most, as many in each direction.
    """
    n_directions = 2 if config.bidirectional else 1
    hidden = states[0].reshape(-1, n_directions, config.hidden_size)
    units = [
        direction * config.hidden_size + _varied_units(outputs, N_SHOWN // n_directions)
        for direction, outputs in enumerate(hidden.swapaxes(0, 1))
    ]
    kept = states[..., np.concatenate(units)]
    return tuple(
        States(index, kept[:, :, place], len(units[0])) for place, index in enumerate(indices)
    )


def _varied_units(outputs: FloatArray, n: int) -> IntArray:
    """Choose n units by their outputs, shape (n_samples, n_units), and order them by likeness."""
    varied = np.sort(np.argsort(-outputs.std(axis=0), kind="stable")[:n])
    if len(varied) < 2:
        return varied
    tree = linkage(outputs[:, varied].T, "average", optimal_ordering=True)
    return np.asarray(varied[leaves_list(tree)])
