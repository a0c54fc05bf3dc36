from __future__ import annotations

import numpy as np
import pytest
from builders import ACTIVITIES, CHANNELS, random_weights, small_windows, tiny_config, weights_of
from numpy.testing import assert_allclose, assert_array_equal
from scipy.special import expit

from har.explanation.lstm_states import (
    N_SHOWN,
    lstm_inputs,
    run_lstm,
    single_network,
    varied_states,
)
from har.models.backend import mx, rnn
from har.models.constants import member_prefix
from har.models.ensemble import joined
from har.models.network import build_network
from har.models.temperature import WithTemperature

CPU = mx.cpu(0)
SIGNALS = small_windows().signals[:3]


def network_of(prefix="har_", **model):
    config = tiny_config(model=model).model
    network = build_network(config, 16, CHANNELS, len(ACTIVITIES), [CPU], prefix)
    random_weights(network, scale=1.0)
    return network, config


def states_of(network, config):
    inputs = lstm_inputs(network, SIGNALS, CPU)
    return run_lstm(network, config, inputs.asnumpy()), inputs


@pytest.mark.parametrize(
    "model",
    [
        {},
        {"n_layers": 3, "dropout": 0.5},
        {"n_layers": 2, "bidirectional": True, "kernel": "cells"},
        {"bidirectional": True, "conv_channels": 5, "conv_kernel": 3, "embedding_size": 4},
        {"views": ("channels", "compressed", "normalised"), "prefix": "har_member2_"},
    ],
)
def test_outputs_are_those_of_the_networks_own_layers(model):
    network, config = network_of(**model)
    states, inputs = states_of(network, config)
    expected = network.lstm(inputs).asnumpy()
    assert states.shape == (5, *expected.shape)
    assert np.abs(expected).max() > 0.1
    assert_allclose(states[0], expected, atol=1e-5)


def test_the_memory_is_that_of_an_lstm_cell():
    network, config = network_of()
    states, inputs = states_of(network, config)
    cell = rnn.LSTMCell(8, input_size=4, prefix="har_lstm0_l0_")
    cell.initialize()
    for name, parameter in cell.collect_params().items():
        parameter.set_data(mx.nd.array(weights_of(network)[name]))
    kept = cell.begin_state(3)
    for step, values in enumerate(inputs):
        _, kept = cell(values, kept)
        assert_allclose(states[1, step], kept[1].asnumpy(), atol=1e-5)


def test_gates_without_weights_are_what_their_biases_say():
    network, config = network_of()
    for name, parameter in network.lstm.collect_params().items():
        biases = np.repeat([0.5, 1.5, 0.1, -1.0], 8) if "bias" in name else 0
        parameter.set_data(mx.nd.array(np.broadcast_to(biases, parameter.shape)))
    states, _ = states_of(network, config)
    for gate, bias in zip(states[2:], (0.5, 1.5, -1.0), strict=True):
        assert_allclose(gate, expit(2 * bias), atol=1e-6)


def test_every_step_follows_from_the_gates():
    network, config = network_of(n_layers=2)
    (h, c, i, f, o), _ = states_of(network, config)
    assert_allclose(h, o * np.tanh(c), atol=1e-12)
    written = (c[1:] - f[1:] * c[:-1]) / i[1:]
    assert np.abs(written).max() <= 1


def test_of_an_ensemble_the_first_network_is_looked_into():
    members = [network_of(prefix=member_prefix(number, 2))[0] for number in (1, 2)]
    assert single_network(members[0]) is members[0]
    assert single_network(joined(members)) is members[0]
    assert single_network(WithTemperature(joined(members), [CPU])) is members[0]
    assert single_network(WithTemperature(members[1], [CPU])) is members[1]


def test_units_that_vary_most_are_kept_and_those_alike_lie_side_by_side():
    config = tiny_config(model={"hidden_size": 100}).model
    generator = np.random.default_rng(0)
    values = generator.normal(0, 0.01, (5, 20, 2, 100))
    varied = np.arange(0, 96, 3)
    slow, fast = np.sin(np.arange(20) / 6), np.sin(np.arange(20))
    values[0][:, :, varied] += np.where(varied % 2, slow[:, None], fast[:, None])[:, None]
    first, second = varied_states(values, [7, 3], config)
    assert (first.index, second.index, first.n_forward) == (7, 3, N_SHOWN)
    assert first.values.shape == (5, 20, 32)
    kept = [int(np.abs(values[0, :, 0].T - row).sum(axis=1).argmin()) for row in first.values[0].T]
    assert sorted(kept) == varied.tolist()
    assert_array_equal(second.values, values[:, :, 1, kept])
    assert np.count_nonzero(np.diff(np.array(kept) % 2)) == 1


def test_both_directions_have_their_share_and_stay_apart():
    config = tiny_config(model={"hidden_size": 20, "bidirectional": True}).model
    values = np.random.default_rng(0).normal(size=(5, 6, 1, 40))
    (states,) = varied_states(values, [0], config)
    assert states.values.shape == (5, 6, 32)
    assert states.n_forward == 16
    for half, units in ((slice(16), range(20)), (slice(16, None), range(20, 40))):
        rows = {tuple(values[0, :, 0, unit]) for unit in units}
        assert {tuple(row) for row in states.values[0, :, half].T} <= rows


def test_a_single_unit_is_no_trouble():
    config = tiny_config(model={"hidden_size": 1}).model
    (states,) = varied_states(np.ones((5, 6, 1, 1)), [0], config)
    assert states.values.shape == (5, 6, 1)
