"""Packed networks against Gluon's, with all weights random: every recipe, every setting."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from builders import random_weights
from numpy.testing import assert_allclose, assert_array_equal
from small_networks import CPU

from har.config import ModelConfig
from har.models.constants import member_prefix
from har.models.ensemble import joined
from har.models.features import WithFeatures, predict_with_features
from har.models.heading import gaussian_derivatives
from har.models.network import build_network, probabilities_of
from har.models.packed.network import PackedNetwork, is_packed_faster
from har.models.temperature import WithTemperature
from har.recipes import load_config, recipe_names
from har.signals.channels import UCI_CHANNELS

N_ACTIVITIES = 6
RECIPES = recipe_names()
WITH_CONVOLUTIONS = {"conv_channels": 4, "conv_kernel": 5, "conv_layers": 2, "conv_stride": 2}
SETTINGS = [
    {"pooling": "last"},
    {"pooling": "last", "bidirectional": True},
    {"pooling": "sum", "n_layers": 3, "bidirectional": True, "kernel": "cells"},
    {"pooling": "attention", "bidirectional": True},
    {"pooling": "mean", "embedding_size": 7, "views": ("normalised",)},
    {"pooling": "max", **WITH_CONVOLUTIONS, "conv_stride": 1, "conv_kernel": 4},
    {"pooling": "mean_max", **WITH_CONVOLUTIONS, "conv_skip": True, "embedding_size": 3},
    {"pooling": "last", "views": ("compressed", "channels"), **WITH_CONVOLUTIONS},
    {"pooling": "attention", "align_heading": True, "views": ("normalised", "channels")},
    {"pooling": "mean", "summary_size": 7},
    {"pooling": "mean", "summary_size": 7, "align_heading": True, **WITH_CONVOLUTIONS},
]


def both_outputs(config: ModelConfig, windows, channels=UCI_CHANNELS, temperature=None, scale=0.3):
    """Give probabilities and features of Gluon's network, and of the packed one."""
    sizes = windows.shape[1], channels, N_ACTIVITIES, CPU
    prefixes = {n: member_prefix(n, config.n_members) for n in range(1, config.n_members + 1)}
    members = [build_network(config.of_member(n), *sizes, prefixes[n]) for n in prefixes]
    network = joined(members)
    if temperature is not None:
        network = WithTemperature(network, CPU)
    weights = random_weights(network, scale=scale)
    for name, parameter in network.collect_params().items():
        if name.endswith(("filters", "temperature")):
            is_filter = name.endswith("filters")
            weights[name] = (
                gaussian_derivatives() if is_filter else np.full((1, 1), temperature, np.float32)
            )
            parameter.set_data(weights[name])
    expected = predict_with_features(WithFeatures(network), windows, CPU)
    logits, features = PackedNetwork(config, channels, weights).logits_and_features(windows)
    return expected, (probabilities_of(logits), features)


def windows_of(n_windows, n_timesteps=32, n_channels=9, seed=0):
    random = np.random.default_rng(seed)
    windows = 0.3 * random.normal(size=(n_windows, n_timesteps, n_channels))
    windows[..., 6:7] += 1.0
    return windows.astype(np.float32)


def check(expected, packed):
    assert_allclose(packed[0], expected[0], rtol=0, atol=2e-6)
    assert_allclose(packed[1], expected[1], rtol=1e-4, atol=1e-5)
    # Else all weights could be wrong.
    assert np.ptp(expected[0], axis=1).min() > 0.005


@pytest.mark.parametrize("recipe", RECIPES)
def test_it_predicts_as_gluon_does_with_the_network_of_a_recipe(recipe):
    config = load_config(recipe).model
    check(*both_outputs(config, windows_of(1, 128), scale=0.1))


@pytest.mark.parametrize("recipe", RECIPES)
@pytest.mark.parametrize("n_windows", [1, 2, 8])
def test_it_predicts_as_gluon_does_with_few_units(recipe, n_windows):
    config = load_config(recipe).model
    few = {"hidden_size": 5, "conv_channels": 6 if config.conv_channels else 0}
    check(*both_outputs(replace(config, **few), windows_of(n_windows)))


@pytest.mark.parametrize("settings", SETTINGS, ids=lambda s: "-".join(map(str, s.values())))
def test_it_predicts_as_gluon_does_with_other_settings(settings):
    config = ModelConfig(**{"n_layers": 1, "hidden_size": 5, **settings})
    check(*both_outputs(config, windows_of(3)))


def test_an_ensemble_and_its_temperature_are_those_of_gluon():
    config = ModelConfig(n_layers=1, hidden_size=5, n_members=3, pooling="mean")
    check(*both_outputs(config, windows_of(2), temperature=1.7))


def test_movements_may_lie_apart():
    channels = ("acc_x", "body_acc_x", "acc_y", "body_acc_y")
    config = ModelConfig(n_layers=1, hidden_size=5, views=("compressed", "channels"))
    check(*both_outputs(config, windows_of(2, n_channels=4), channels))


def test_a_window_is_predicted_the_same_alone_and_beside_others():
    config = ModelConfig(n_layers=1, hidden_size=5, pooling="mean", **WITH_CONVOLUTIONS)
    windows = windows_of(5)
    weights = random_weights(build_network(config, 32, UCI_CHANNELS, N_ACTIVITIES, CPU))
    packed = PackedNetwork(config, UCI_CHANNELS, weights)
    together, _ = packed.logits_and_features(windows)
    alone = [packed.logits_and_features(windows[i : i + 1])[0] for i in range(5)]
    assert_allclose(np.concatenate(alone), together, rtol=0, atol=1e-5)
    assert_array_equal(packed.logits_and_features(windows)[0], together)


def test_values_without_bounds_show_in_the_result_only():
    config = ModelConfig(n_layers=1, hidden_size=5, views=("normalised", "channels"))
    windows = np.full((1, 32, len(UCI_CHANNELS)), 1e30, np.float32)
    weights = random_weights(build_network(config, 32, UCI_CHANNELS, N_ACTIVITIES, CPU))
    logits, _ = PackedNetwork(config, UCI_CHANNELS, weights).logits_and_features(windows)
    assert logits.shape == (1, N_ACTIVITIES)


def test_many_windows_are_left_to_gluon():
    config = ModelConfig(conv_channels=4)
    assert is_packed_faster(config, 8)
    assert not is_packed_faster(config, 9)
    assert not is_packed_faster(ModelConfig(), 2)
    assert is_packed_faster(ModelConfig(bidirectional=True), 1)
    assert not is_packed_faster(ModelConfig(bidirectional=True), 2)
    assert not is_packed_faster(ModelConfig(bidirectional=False), 1)
