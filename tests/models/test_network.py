from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from builders import (
    CHANNELS,
    numpy_logits,
    random_weights,
    refused,
    weights_of,
)
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy.special import softmax
from small_networks import CPU, SIGNALS, network_of

from har.config import ModelConfig
from har.errors import RunError
from har.models.backend import autograd, mx, seed_everything
from har.models.network import build_network, n_parameters, predict_probabilities
from har.signals.channels import UCI_CHANNELS


def lstm_size(n_inputs, n_units):
    """Four gates, each with a weight per input and per unit, and two biases."""
    return 4 * n_units * (n_inputs + n_units + 2)


@pytest.mark.parametrize("kernel", ["fused", "cells"])
@pytest.mark.parametrize(
    ("n_activities", "model", "expected"),
    [
        # The book's network: 4368 and 174.
        (6, {"hidden_size": 28}, lstm_size(9, 28) + 6 * 28 + 6),
        # The tutorial's network: a dense layer, two LSTM layers, a dense layer.
        (
            6,
            {"n_layers": 2, "hidden_size": 32, "embedding_size": 32},
            (9 + 1) * 32 + 2 * lstm_size(32, 32) + (32 + 1) * 6,
        ),
        (
            6,
            {"n_layers": 2, "hidden_size": 64},
            lstm_size(9, 64) + lstm_size(64, 64) + (64 + 1) * 6,
        ),
        # Three views of nine, six and six channels; each batch normalisation has two weights.
        (
            6,
            {
                "views": ("channels", "compressed", "normalised"),
                "conv_channels": 48,
                "hidden_size": 32,
                "bidirectional": True,
                "pooling": "mean_max",
                "conv_skip": True,
            },
            48 * (21 * 9 + 2) + 48 * (48 * 9 + 2) + 2 * lstm_size(48, 32) + (128 + 48 + 1) * 6,
        ),
        # Of 16 signals 22 features each, three correlations of each triad and gravity's angles.
        (
            6,
            {"hidden_size": 28, "summary_size": 11},
            lstm_size(9, 28) + 6 * 28 + 6 + (16 * 22 + 3 * 3 + 3 + 1) * 11 + (11 + 1) * 6,
        ),
        (
            12,
            {"n_layers": 2, "hidden_size": 7, "bidirectional": True, "pooling": "attention"},
            2 * lstm_size(9, 7) + 2 * lstm_size(14, 7) + (14 + 1) * 14 + 14 + (14 + 1) * 12,
        ),
    ],
)
def test_the_number_of_parameters_is_that_of_the_formulas(kernel, n_activities, model, expected):
    network, _ = network_of(UCI_CHANNELS, n_activities, kernel=kernel, **model)
    assert n_parameters(network) == expected


def test_the_books_network_has_4542_parameters():
    assert n_parameters(network_of(UCI_CHANNELS, 6, hidden_size=28, pooling="sum")[0]) == 4542


@settings(max_examples=20, deadline=None)
@given(
    kernel=st.sampled_from(["fused", "cells"]),
    pooling=st.sampled_from(["last", "sum", "mean", "max", "mean_max", "attention"]),
    n_layers=st.integers(1, 3),
    bidirectional=st.booleans(),
    embedding_size=st.sampled_from([0, 3]),
    summary_size=st.sampled_from([0, 4]),
    views=st.permutations(["channels", "compressed", "normalised"]).map(tuple),
    convolutions=st.just({})
    | st.fixed_dictionaries(
        {
            "conv_channels": st.integers(1, 6),
            "conv_layers": st.integers(1, 2),
            "conv_kernel": st.integers(1, 5),
            "conv_stride": st.integers(1, 3),
            "conv_skip": st.booleans(),
        }
    ),
)
def test_a_network_computes_what_numpy_computes(convolutions, **model):
    dropout = {"dropout": 0.3, "head_dropout": 0.5, "conv_dropout": 0.3}
    network, config = network_of(**dropout, **convolutions, **model)
    weights = random_weights(network)
    logits = network(mx.nd.array(SIGNALS[:5])).asnumpy()
    assert_allclose(logits, numpy_logits(weights, config, SIGNALS[:5]), atol=1e-5)


@pytest.mark.parametrize(("head_dropout", "acts"), [(0.5, True), (0.0, False)])
def test_dropout_before_the_classifier_acts_while_training(head_dropout, acts):
    network, _ = network_of(head_dropout=head_dropout)
    windows = mx.nd.array(SIGNALS)
    predicted = network(windows).asnumpy()
    with autograd.train_mode():
        first, second = network(windows).asnumpy(), network(windows).asnumpy()
    assert np.allclose(first, predicted, atol=1e-6) != acts
    assert np.allclose(first, second, atol=1e-6) != acts


def test_weights_start_within_the_initial_range():
    weights = weights_of(network_of(hidden_size=32, initial_range=0.05)[0])
    largest = [abs(array).max() for name, array in weights.items() if name.endswith("_weight")]
    assert all(0.04 < value <= 0.05 for value in largest)


def test_weights_start_in_xaviers_range_otherwise():
    weight = weights_of(network_of(hidden_size=32)[0])["har_lstm0_l0_h2h_weight"]
    assert abs(weight).max() == pytest.approx(np.sqrt(3 / ((128 + 32) / 2)), rel=0.02)


def test_other_parts_leave_the_plain_networks_weights_as_they_were():
    """Values recorded with seed 0 before the network had views and convolutions."""
    seed_everything(0)
    last_drawn = weights_of(network_of()[0])["har_output_weight"][0]
    assert_allclose(
        last_drawn, [0.295553386, -0.570001304, -0.501632094, -0.245687604, -0.642718494]
    )


def test_scaling_centres_each_channel_and_makes_its_deviation_one():
    network, _ = network_of()
    signals = SIGNALS * [1, 10, 0.1, 1] + [0, 5, 0, -3]
    network.set_scaling(signals)
    weights = weights_of(network)
    scaled = (signals - weights["har_channel_mean"]) / weights["har_channel_scale"]
    assert_allclose(scaled.mean(axis=(0, 1)), 0, atol=1e-5)
    assert_allclose(scaled.std(axis=(0, 1)), 1, atol=1e-5)


def test_without_the_view_of_all_channels_there_is_nothing_to_scale():
    network, _ = network_of(views=("compressed", "normalised"))
    before = weights_of(network)
    network.set_scaling(SIGNALS)
    assert not any(name.startswith("har_channel") for name in before)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_channel_that_never_changes_is_only_centred(dtype):
    network, _ = network_of()
    signals = SIGNALS.astype(dtype)
    signals[:, :, 2] = 0.1
    network.set_scaling(signals)
    assert weights_of(network)["har_channel_scale"][0, 0, 2] == 1
    assert weights_of(network)["har_channel_mean"][0, 0, 2] == np.float32(0.1)


def test_training_does_not_change_the_scaling():
    network, _ = network_of()
    network.set_scaling(SIGNALS)
    grad_reqs = {name: p.grad_req for name, p in network.collect_params().items()}
    assert {name for name, kind in grad_reqs.items() if kind == "null"} == {
        "har_channel_mean",
        "har_channel_scale",
    }


@pytest.mark.parametrize("batch_size", [1, 7, 72, 100])
def test_probabilities_are_the_softmax_of_each_windows_scores(batch_size):
    network, config = network_of()
    weights = random_weights(network)
    probabilities = predict_probabilities(network, SIGNALS, CPU, batch_size)
    assert probabilities.dtype == np.float64
    expected = softmax(numpy_logits(weights, config, SIGNALS), axis=1)
    assert_allclose(probabilities, expected, atol=1e-6)


def test_scores_that_are_no_numbers_are_refused():
    network, _config = network_of()
    weights = random_weights(network)
    weights["har_output_bias"] = np.array([3e38, -3e38, 0])
    network.head[1].bias.set_data(mx.nd.array([np.inf, 0, 0]))
    with refused(RunError, "network: found scores that are no numbers", "learning_rate"):
        predict_probabilities(network, SIGNALS, CPU)


def test_several_devices_take_turns_with_the_batches():
    devices = [mx.cpu(0), mx.cpu(1)]
    network = build_network(ModelConfig(n_layers=1, hidden_size=5), 16, CHANNELS, 3, devices)
    alone = predict_probabilities(network, SIGNALS, CPU)
    used = []
    network.register_forward_pre_hook(lambda block, inputs: used.append(inputs[0].context))
    assert_allclose(predict_probabilities(network, SIGNALS, devices, 30), alone, atol=1e-6)
    assert used == [mx.cpu(0), mx.cpu(1), mx.cpu(0)]


@pytest.mark.parametrize(
    "model",
    [
        {"n_layers": 3},
        {"bidirectional": True, "pooling": "attention"},
        {"views": ("channels", "compressed"), "pooling": "mean_max", "embedding_size": 9},
        {"conv_channels": 7, "conv_layers": 3, "conv_skip": True},
    ],
)
def test_the_weights_that_settings_ask_for_are_counted_before_they_are_there(model):
    config = ModelConfig(hidden_size=5, **model)
    counted = n_parameters(build_network(config, 16, CHANNELS, 3, [mx.cpu()]))
    assert config.n_weights(len(CHANNELS), 3) == counted
    assert replace(config, n_members=4).n_weights(len(CHANNELS), 3) == 4 * counted


def test_the_weights_of_a_summary_are_not_counted_as_too_few():
    config = ModelConfig(hidden_size=5, summary_size=50)
    counted = n_parameters(build_network(config, 64, UCI_CHANNELS, 3, [mx.cpu()]))
    assert counted <= config.n_weights(len(UCI_CHANNELS), 3) <= 1.6 * counted
