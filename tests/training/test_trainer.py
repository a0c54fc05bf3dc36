from __future__ import annotations

import math

import numpy as np
import pytest
from builders import (
    numpy_logits,
    refused,
    tiny_config,
    weights_of,
)
from numpy.testing import assert_allclose, assert_array_equal
from small_trainings import (
    NOTHING_TO_LEARN,
    PLAIN_SGD,
    TARGETS,
    TWO_CPUS,
    WINDOWS,
    change_by,
    length,
    network_of,
    numpy_loss,
    trained_names,
    trainer_of,
)

from har.config import TrainingConfig
from har.errors import RunError
from har.training.trainer import learning_rate_at


@pytest.mark.parametrize(
    ("settings", "moments"),
    [
        ({"schedule": "constant"}, {0: 1.0, 5: 1.0, 10: 1.0}),
        ({"schedule": "cosine"}, {0: 1.0, 2.5: 0.853553, 5: 0.5, 10: 0.0, 11: 0.0}),
        (
            {"schedule": "cosine", "warmup_epochs": 2},
            {0: 0.0, 0.5: 0.25, 2: 1.0, 4: 0.853553, 6: 0.5, 10: 0.0},
        ),
        ({"schedule": "constant", "warmup_epochs": 4}, {0: 0.0, 1: 0.25, 4: 1.0, 9: 1.0}),
        ({"schedule": "cosine", "warmup_epochs": 10}, {5: 0.5, 10: 1.0}),
        (
            {"schedule": "step", "step_epochs": 4, "step_factor": 0.5},
            {0: 1.0, 3.99: 1.0, 4: 0.5, 7.99: 0.5, 8: 0.25},
        ),
    ],
)
def test_the_learning_rate_follows_its_schedule(settings, moments):
    config = TrainingConfig(n_epochs=10, learning_rate=0.5, **settings)
    for epochs, share in moments.items():
        assert learning_rate_at(config, epochs) == pytest.approx(0.5 * share, abs=1e-6)


def test_each_step_has_the_learning_rate_of_its_middle():
    trainer = trainer_of(network_of(), n_batches=2, n_epochs=2, learning_rate=0.1)
    rates = []
    for _ in range(4):
        trainer.step(WINDOWS.signals, TARGETS)
        rates.append(trainer.learning_rate)
    assert rates == pytest.approx([0.05 * (1 + math.cos(math.pi * k / 8)) for k in (1, 3, 5, 7)])


def test_a_step_returns_the_summed_loss_and_how_many_are_right():
    network = network_of()
    weights, config = weights_of(network), tiny_config().model
    loss, n_right = trainer_of(network).step(WINDOWS.signals, TARGETS)
    assert loss == pytest.approx(len(WINDOWS) * numpy_loss(weights, config), rel=1e-5)
    predicted = numpy_logits(weights, config, WINDOWS.signals).argmax(axis=1)
    assert n_right == (predicted == WINDOWS.labels).sum()


@pytest.mark.parametrize("kernel", ["fused", "cells"])
@pytest.mark.parametrize(
    "model",
    [
        {"pooling": "last", "bidirectional": True},
        {"pooling": "sum", "n_layers": 2},
        {"pooling": "mean", "embedding_size": 3},
        {"pooling": "max"},
        {"pooling": "attention", "bidirectional": True, "n_layers": 2},
        {"pooling": "mean_max", "conv_channels": 5, "conv_kernel": 3, "conv_skip": True},
    ],
    ids=lambda model: model["pooling"],
)
def test_a_step_of_sgd_goes_down_the_gradient_of_the_mean_loss(kernel, model):
    model = {"kernel": kernel, "hidden_size": 4, **model}
    network, config = network_of(**model), tiny_config(model).model
    weights = {name: array.astype(float) for name, array in weights_of(network).items()}
    change = change_by(trainer_of(network, learning_rate=0.5, **PLAIN_SGD))
    assert not change["har_channel_mean"].any() and not change["har_channel_scale"].any()
    random = np.random.default_rng(0)
    for name in trained_names(network):
        direction = random.normal(size=weights[name].shape)
        ahead, behind = (
            numpy_loss(
                {**weights, name: weights[name] + step * direction}, config, is_training=True
            )
            for step in (1e-5, -1e-5)
        )
        slope = (ahead - behind) / 2e-5
        assert -(change[name] * direction).sum() / 0.5 == pytest.approx(slope, abs=2e-5), name


def test_momentum_carries_a_share_of_the_last_step_on():
    trainer = trainer_of(network_of(), **{**PLAIN_SGD, "momentum": 0.75})
    first, second = change_by(trainer), change_by(trainer, NOTHING_TO_LEARN)
    for name in first:
        assert_allclose(second[name], 0.75 * first[name], atol=1e-7)


@pytest.mark.parametrize(("optimizer", "size"), [("adam", 1.0), ("rmsprop", 1 / math.sqrt(0.1))])
def test_adaptive_optimizers_first_step_is_as_long_for_every_weight(optimizer, size):
    trainer = trainer_of(
        network_of(), optimizer=optimizer, learning_rate=0.01, schedule="constant", clip_norm=None
    )
    change = change_by(trainer)["har_output_bias"]
    assert_allclose(abs(change), 0.01 * size, rtol=0.01)


@pytest.mark.parametrize("optimizer", ["adam", "rmsprop", "sgd"])
def test_every_optimizer_brings_the_loss_down(optimizer):
    trainer = trainer_of(network_of(), optimizer=optimizer, schedule="constant", learning_rate=0.01)
    losses = [trainer.step(WINDOWS.signals, TARGETS)[0] for _ in range(10)]
    assert losses[-1] < losses[0]


@pytest.mark.parametrize("optimizer", ["adam", "rmsprop", "sgd"])
def test_decoupled_decay_shrinks_all_weights_by_the_same_share(optimizer):
    network = network_of()
    before = weights_of(network)
    trainer = trainer_of(
        network, optimizer=optimizer, learning_rate=0.1, weight_decay=0.2, schedule="constant"
    )
    trainer.step(WINDOWS.signals, NOTHING_TO_LEARN)
    for name, after in weights_of(network).items():
        share = 1.0 if name.startswith("har_channel") else 1 - 0.1 * 0.2
        assert_allclose(after, share * before[name], rtol=1e-6)


def test_l2_passes_through_the_optimizer():
    """Adam's first step is as long as the learning rate, however small the decay."""
    network = network_of()
    before = weights_of(network)["har_output_weight"]
    trainer = trainer_of(
        network, learning_rate=0.1, weight_decay=0.2, decay_kind="l2", schedule="constant"
    )
    trainer.step(WINDOWS.signals, NOTHING_TO_LEARN)
    after = weights_of(network)["har_output_weight"]
    assert_allclose(after, before - 0.1 * np.sign(before), atol=1e-3)


def test_l2_adds_the_decayed_weights_to_the_gradient():
    plain, decayed = (
        trainer_of(network_of(), **PLAIN_SGD, weight_decay=decay, decay_kind="l2")
        for decay in (0.0, 0.2)
    )
    before = weights_of(plain.network)
    change, change_with_decay = change_by(plain), change_by(decayed)
    for name in set(before) - {"har_channel_mean", "har_channel_scale"}:
        expected = change[name] - 0.001 * 0.2 * before[name]
        assert_allclose(change_with_decay[name], expected, atol=1e-7)


def test_clipping_shortens_a_long_gradient_and_leaves_a_short_one():
    free, clipped, loose = (
        change_by(trainer_of(network_of(), **{**PLAIN_SGD, "clip_norm": norm}, learning_rate=0.5))
        for norm in (None, 0.01, 100.0)
    )
    assert length(free) > 10 * 0.5 * 0.01
    assert length(clipped) == pytest.approx(0.5 * 0.01, rel=1e-3)
    for name in free:
        assert_allclose(clipped[name], free[name] * (length(clipped) / length(free)), atol=1e-6)
        assert_array_equal(loose[name], free[name])


@pytest.mark.parametrize("n_windows", [len(WINDOWS), 7, 2])
@pytest.mark.parametrize("clip_norm", [None, 0.05])
def test_two_devices_take_the_same_steps_as_one(n_windows, clip_norm):
    settings = {"optimizer": "sgd", "learning_rate": 0.1, "weight_decay": 0.1}
    settings["clip_norm"] = clip_norm
    one = trainer_of(network_of(), **settings)
    two = trainer_of(network_of(TWO_CPUS), TWO_CPUS, **settings)
    for _ in range(3):
        results = [t.step(WINDOWS.signals[:n_windows], TARGETS[:n_windows]) for t in (one, two)]
        assert results[0] == pytest.approx(results[1], rel=1e-5)
    expected = weights_of(one.network)
    for name, parameter in two.network.collect_params().items():
        for weights in parameter.list_data():
            assert_allclose(weights.asnumpy(), expected[name], atol=1e-6)


def test_a_batch_too_small_for_the_devices_is_refused():
    trainer = trainer_of(network_of(TWO_CPUS), TWO_CPUS)
    with refused(RunError, "found a batch of 1 for 2 devices", "training.batch_size"):
        trainer.step(WINDOWS.signals[:1], TARGETS[:1])
