from __future__ import annotations

import numpy as np
import pytest
from builders import (
    ACTIVITIES,
    CHANNELS,
    numpy_logits,
    random_weights,
    small_windows,
    tiny_config,
    weights_of,
)
from numpy.testing import assert_allclose, assert_array_equal
from scipy.special import log_softmax

from har.explanation.attribution import integrated_gradients
from har.models.backend import mx, nn
from har.models.constants import member_prefix
from har.models.ensemble import joined
from har.models.network import build_network
from har.models.temperature import WithTemperature

CPU = mx.cpu(0)
BASELINE = np.array([0.0, 0.1, 1.0, 0.0])
PLAIN = {"hidden_size": 4}
RICH = {
    "views": ("channels", "compressed", "normalised"),
    "conv_channels": 5,
    "conv_kernel": 3,
    "conv_skip": True,
    "bidirectional": True,
    "pooling": "mean_max",
    "embedding_size": 4,
}


def network_of(model, seed=0, prefix="har_"):
    config = tiny_config(model=model).model
    network = build_network(config, 16, CHANNELS, len(ACTIVITIES), [CPU], prefix)
    random_weights(network, seed)
    return network, config


def ensemble():
    return joined([network_of(PLAIN, seed, member_prefix(seed + 1, 2))[0] for seed in range(2)])


def attributed(network, signals, activities):
    return integrated_gradients(network, signals, activities, BASELINE, CPU)


@pytest.fixture(scope="module")
def windows():
    return small_windows().signals[:4], np.array([0, 1, 2, 1])


def test_of_a_linear_network_each_sample_adds_its_share_of_the_whole(windows):
    signals, activities = windows
    network = nn.Dense(2, in_units=16 * len(CHANNELS))
    weights = random_weights(network, scale=0.1)
    (slopes,) = (values for values in weights.values() if values.ndim == 2)
    for found, window, activity in zip(
        attributed(network, signals, activities % 2), signals, activities % 2, strict=True
    ):
        slope = (slopes[activity] - slopes[1 - activity]).reshape(window.shape)
        adds = slope * (window - BASELINE)
        assert_allclose(found.values, adds / adds.sum() * found.gained, atol=1e-4)


@pytest.mark.parametrize(
    "model", [PLAIN, {**PLAIN, "kernel": "cells"}, {**PLAIN, "summary_size": 3}, RICH]
)
def test_attributions_add_up_to_what_the_window_gains_over_the_baseline(windows, model):
    network, config = network_of(model)
    weights = weights_of(network)
    still = np.broadcast_to(BASELINE, windows[0].shape)
    logarithms = [
        log_softmax(numpy_logits(weights, config, signals), axis=1)[np.arange(4), windows[1]]
        for signals in (windows[0], still)
    ]
    for place, found in enumerate(attributed(network, *windows)):
        assert found.values.shape == (16, 4)
        assert found.gained == pytest.approx(logarithms[0][place] - logarithms[1][place], abs=1e-4)
        assert found.values.sum() == pytest.approx(found.gained, abs=0.01)
        assert found.gap == pytest.approx(found.values.sum() - found.gained)


def test_ensembles_and_calibrated_networks_are_explained_as_a_whole(windows):
    network = WithTemperature(ensemble(), [CPU])
    cold = attributed(network, *windows)
    network.set_temperature(3.0)
    for found, before in zip(attributed(network, *windows), cold, strict=True):
        assert abs(found.gap) < 0.01
        assert abs(found.gained - before.gained) > 1e-3


def test_each_value_is_the_integral_of_its_own_derivative(windows):
    network, config = network_of(PLAIN)
    weights, window, activity = weights_of(network), windows[0][1].astype(float), windows[1][1]
    path, step = window - BASELINE, 1e-4
    shares = (np.arange(200) + 0.5) / 200
    points = BASELINE + shares[:, None, None] * path
    (found,) = attributed(network, windows[0][1:2], windows[1][1:2])
    for sample in ((0, 0), (5, 3), (15, 2)):
        moved = np.zeros_like(path)
        moved[sample] = step
        above, below = (
            log_softmax(numpy_logits(weights, config, points + sign * moved), axis=1)[:, activity]
            for sign in (1, -1)
        )
        integral = ((above - below) / (2 * step)).mean()
        assert found.values[sample] == pytest.approx(path[sample] * integral, abs=2e-4)


def test_a_window_that_is_the_baseline_adds_nothing():
    network, _ = network_of(RICH)
    still = np.broadcast_to(BASELINE, (1, 16, 4)).astype(np.float32)
    (found,) = integrated_gradients(network, still, np.array([0]), still[0, 0], CPU)
    assert_array_equal(found.values, 0)
    # Batches of another size may round otherwise.
    assert (found.gained, found.gap) == pytest.approx((0, 0), abs=1e-6)


def test_to_explain_changes_neither_weights_nor_statistics(windows):
    network, _ = network_of(RICH)
    before = weights_of(network)
    attributed(network, *windows)
    for name, values in weights_of(network).items():
        assert_array_equal(values, before[name])
