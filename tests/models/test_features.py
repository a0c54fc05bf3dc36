from __future__ import annotations

import numpy as np
import pytest
from builders import ACTIVITIES, CHANNELS, numpy_logits, random_weights, small_windows, tiny_config
from numpy.testing import assert_allclose, assert_array_equal

from har.models.backend import mx
from har.models.constants import member_prefix
from har.models.ensemble import joined
from har.models.features import WithFeatures, predict_with_features
from har.models.network import build_network, predict_probabilities
from har.models.temperature import WithTemperature

CPU = [mx.cpu(0)]
WINDOWS = small_windows()
WITH_SKIP = {"conv_channels": 4, "conv_kernel": 3, "conv_skip": True, "pooling": "mean_max"}


def network_of(model=WITH_SKIP, prefix="har_"):
    config = tiny_config(model).model
    sizes = WINDOWS.n_timesteps, CHANNELS, len(ACTIVITIES)
    network = build_network(config, *sizes, CPU, prefix)
    return network, random_weights(network, devices=CPU)


@pytest.mark.parametrize("model", [{}, WITH_SKIP])
def test_the_last_layer_turns_features_into_the_same_logits(model):
    network, weights = network_of(model)
    probabilities, features = predict_with_features(WithFeatures(network), WINDOWS.signals, CPU)
    assert_array_equal(probabilities, predict_probabilities(network, WINDOWS.signals, CPU))
    logits = features @ weights["har_output_weight"].T + weights["har_output_bias"]
    expected = numpy_logits(weights, tiny_config(model).model, WINDOWS.signals)
    assert_allclose(logits, expected, atol=1e-4)


def test_those_of_an_ensemble_stand_side_by_side_and_a_temperature_leaves_them():
    members = [network_of(prefix=member_prefix(number, 2))[0] for number in (1, 2)]
    of_members = [
        predict_with_features(WithFeatures(member), WINDOWS.signals, CPU)[1] for member in members
    ]
    network = WithTemperature(joined(members), CPU)
    network.set_temperature(2.0)
    expected = predict_probabilities(network, WINDOWS.signals, CPU)
    probabilities, features = predict_with_features(WithFeatures(network), WINDOWS.signals, CPU)
    assert_allclose(probabilities, expected, atol=1e-6)
    assert_allclose(features, np.hstack(of_members), atol=1e-6)
