from __future__ import annotations

import numpy as np
import pytest
from builders import ACTIVITIES, CHANNELS, random_weights, tiny_config, weights_of
from numpy.testing import assert_allclose, assert_array_equal

from har.models.backend import mx
from har.models.network import build_network
from har.training.weights import AveragedWeights, BestWeights, approach, share_statistics

TWO_CPUS = [mx.cpu(0), mx.cpu(1)]


def network_of(devices=TWO_CPUS):
    config = tiny_config({"conv_channels": 4}).model
    network = build_network(config, 16, CHANNELS, len(ACTIVITIES), devices)
    random_weights(network, devices=devices)
    return network


def assert_holds(network, weights):
    for name, parameter in network.collect_params().items():
        for array in parameter.list_data():
            assert_allclose(array.asnumpy(), weights[name], atol=1e-6)


@pytest.mark.parametrize("decay", [0.0, 0.5, 0.99])
def test_an_average_counts_later_steps_more_and_the_start_not_at_all(decay):
    network = network_of()
    averages = AveragedWeights(network, decay)
    steps = []
    for seed in range(1, 6):
        steps.append(random_weights(network, seed, devices=TWO_CPUS))
        averages.update(seed)
    averages.exchange()
    shares = decay ** np.arange(5.0)[::-1]
    expected = {
        name: np.average([step[name] for step in steps], axis=0, weights=shares)
        for name in steps[0]
    }
    assert_holds(network, expected)
    averages.exchange()
    assert_holds(network, steps[-1])


def test_before_the_first_step_the_average_is_the_start():
    network = network_of()
    start = weights_of(network)
    AveragedWeights(network, 0.9).exchange()
    assert_holds(network, start)


def test_the_best_weights_are_restored_on_every_device_with_all_statistics():
    network = network_of()
    best = BestWeights(network)
    kept = weights_of(network)
    assert best.offer(1, loss=1.0, accuracy=0.5)
    random_weights(network, 1, devices=TWO_CPUS)
    assert not best.offer(2, loss=1.0, accuracy=0.4)
    best.restore()
    assert best.epoch == 1
    assert {"har_norm0_running_mean", "har_norm0_running_var"} <= set(kept)
    assert_holds(network, kept)


def test_shared_statistics_are_the_mean_over_devices_and_weights_stay():
    network = network_of()
    before = weights_of(network)
    statistics = network.collect_params()["har_norm0_running_var"]
    for array, value in zip(statistics.list_data(), (1.0, 3.0), strict=True):
        array[:] = value
    share_statistics(network)
    assert_holds(network, {**before, "har_norm0_running_var": np.full(4, 2.0)})


def test_one_device_shares_nothing():
    network = network_of([mx.cpu(0)])
    before = weights_of(network)
    share_statistics(network)
    for name, weights in weights_of(network).items():
        assert_array_equal(weights, before[name])


@pytest.mark.parametrize("n_arrays", [1, 3, 130])
@pytest.mark.parametrize("share", [0.0, 0.25, 1.0])
def test_arrays_approach_their_targets_or_zero_by_a_share_however_many_they_are(n_arrays, share):
    random = np.random.default_rng(n_arrays)
    starts, targets = random.normal(size=(2, n_arrays, 3, 2)).astype(np.float32)
    for ends in (targets, None):
        arrays = [mx.nd.array(array) for array in starts]
        approach(arrays, None if ends is None else [mx.nd.array(end) for end in ends], share)
        expected = starts + share * ((0 if ends is None else ends) - starts)
        assert_allclose([array.asnumpy() for array in arrays], expected, atol=1e-6)
