from __future__ import annotations

import math

import numpy as np
import pytest
from builders import (
    ACTIVITIES,
    CHANNELS,
    numpy_logits,
    random_weights,
    refused,
    small_windows,
    tiny_config,
    weights_of,
)
from numpy.testing import assert_allclose, assert_array_equal
from scipy.special import log_softmax

from har.config import TrainingConfig
from har.errors import RunError
from har.models.backend import mx
from har.models.export import load_weights
from har.models.network import build_network
from har.training import loop as training
from har.training.batches import smoothed_targets
from har.training.loop import fit, score
from har.training.trainer import Trainer, learning_rate_at
from har.training.weights import AveragedWeights

CPU = [mx.cpu(0)]
TWO_CPUS = [mx.cpu(0), mx.cpu(1)]
WINDOWS = small_windows()
TRAIN, VALIDATION = WINDOWS.of_subjects([1, 2, 3, 4]), WINDOWS.of_subjects([5, 6])
TARGETS = smoothed_targets(WINDOWS.labels, len(ACTIVITIES), 0.1)
NOTHING_TO_LEARN = np.zeros_like(TARGETS)
PLAIN_SGD = {"optimizer": "sgd", "momentum": 0.0, "schedule": "constant", "clip_norm": None}


def network_of(devices=CPU, **model):
    config = tiny_config(model).model
    network = build_network(config, WINDOWS.n_timesteps, CHANNELS, len(ACTIVITIES), devices)
    random_weights(network, devices=devices)
    return network


def trainer_of(network, devices=CPU, n_batches=1, **config):
    return Trainer(network, TrainingConfig(**config), devices, n_batches)


def change_by(trainer, targets=TARGETS):
    """Take a step; return the change of each weight."""
    before = weights_of(trainer.network)
    trainer.step(WINDOWS.signals, targets)
    return {name: after - before[name] for name, after in weights_of(trainer.network).items()}


def trained_names(network):
    """Return the sorted names of the parameters that have gradients."""
    parameters = network.collect_params().items()
    return sorted(name for name, parameter in parameters if parameter.grad_req != "null")


def length(arrays):
    return math.sqrt(sum(float((array.astype(float) ** 2).sum()) for array in arrays.values()))


def numpy_loss(weights, config, signals=WINDOWS.signals, targets=TARGETS, is_training=False):
    """Return the mean cross-entropy, computed with NumPy."""
    logits = numpy_logits(weights, config, signals, is_training)
    log_probabilities = log_softmax(logits, axis=1)
    return float(-(targets * log_probabilities).sum(axis=1).mean())


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


def fitted(validation=VALIDATION, network=None, seed=0, **config):
    network = network or network_of()
    settings = tiny_config(**config).training
    return network, list(fit(network, TRAIN, validation, settings, CPU, seed))


def test_a_record_has_the_figures_of_an_epoch():
    """With a tiny learning rate, means over the epoch are those of the initial weights."""
    network = network_of()
    loss, accuracy = score(network, TRAIN, CPU)
    _, records = fitted(
        network=network, learning_rate=1e-7, schedule="step", step_epochs=1, batch_size=7
    )
    assert [record.epoch for record in records] == [1, 2]
    assert [record.learning_rate for record in records] == pytest.approx([1e-7, 1e-8])
    for record in records:
        assert record.train_loss == pytest.approx(loss, rel=1e-4)
        assert record.train_accuracy == accuracy
        validation = record.validation_loss, record.validation_accuracy
        assert validation == pytest.approx(score(network, VALIDATION, CPU), rel=1e-4)
        assert record.windows_per_s > 0


def test_without_validation_windows_a_record_has_no_validation_figures():
    _, records = fitted(None, keep="last")
    for record in records:
        assert (record.validation_loss, record.validation_accuracy, record.is_best) == (
            None,
            None,
            False,
        )


def test_a_score_is_the_mean_loss_and_the_share_that_is_right():
    network = network_of()
    weights, config = weights_of(network), tiny_config().model
    loss, accuracy = score(network, VALIDATION, CPU)
    one_hot = np.eye(len(ACTIVITIES))[VALIDATION.labels]
    expected = numpy_loss(weights, config, VALIDATION.signals, one_hot)
    assert loss == pytest.approx(expected, rel=1e-5)
    predicted = numpy_logits(weights, config, VALIDATION.signals).argmax(axis=1)
    assert accuracy == np.mean(predicted == VALIDATION.labels)


def test_the_same_seed_gives_the_same_weights_and_another_seed_others():
    start = network_of()
    first, again, other = (weights_of(fitted(seed=seed)[0]) for seed in (1, 1, 2))
    for name in first:
        assert_array_equal(first[name], again[name])
    assert any((first[name] != other[name]).any() for name in first)
    assert any((first[name] != weights_of(start)[name]).any() for name in first)


@pytest.fixture
def scripted(monkeypatch):
    """Let validation return these losses and accuracies, and keep the weights of each epoch."""

    def script(*scores):
        remaining, seen = iter(scores), []

        def next_score(network, windows, devices):
            seen.append(weights_of(network))
            return next(remaining)

        monkeypatch.setattr(training, "score", next_score)
        return seen

    return script


@pytest.mark.parametrize(
    ("patience", "n_epochs"), [(1, 3), (2, 6), (3, 7), (None, 8)], ids=lambda value: str(value)
)
def test_training_stops_after_patience_epochs_that_were_not_the_best(scripted, patience, n_epochs):
    scripted(*((1.0, accuracy) for accuracy in (0.5, 0.6, 0.6, 0.7, 0.6, 0.5, 0.4, 0.9)))
    _, records = fitted(n_epochs=8, patience=patience)
    assert len(records) == n_epochs
    best = [record.epoch for record in records if record.is_best]
    assert best == [epoch for epoch in (1, 2, 4, 8) if epoch <= n_epochs]


@pytest.mark.parametrize(("keep", "kept"), [("best", 1), ("last", 3)])
def test_the_weights_of_the_best_or_the_last_epoch_are_kept(scripted, keep, kept):
    seen = scripted((1.0, 0.5), (1.0, 0.9), (0.1, 0.8), (1.0, 0.4))
    network, records = fitted(n_epochs=4, keep=keep)
    assert [record.is_best for record in records] == [True, True, False, False]
    after = weights_of(network)
    for epoch, weights in enumerate(seen):
        is_same = all((after[name] == weights[name]).all() for name in after)
        assert is_same == (epoch == kept)


def test_the_loss_decides_between_equal_accuracies(scripted):
    scripted((1.0, 0.5), (1.1, 0.5), (0.9, 0.5))
    _, records = fitted(n_epochs=3)
    assert [record.is_best for record in records] == [True, False, True]


def test_the_best_weights_score_what_the_best_record_says():
    network, records = fitted(n_epochs=6, learning_rate=0.2)
    best = [record for record in records if record.is_best][-1]
    assert score(network, VALIDATION, CPU) == (best.validation_loss, best.validation_accuracy)
    assert best.validation_accuracy == max(record.validation_accuracy for record in records)


@pytest.mark.parametrize(("keep", "kept"), [("best", 1), ("last", 2)])
def test_with_averaging_the_average_is_measured_and_kept_and_steps_go_on_without_it(
    monkeypatch, scripted, keep, kept
):
    steps, update = [], AveragedWeights.update

    def watch(averages):
        steps.append(weights_of(averages.network))
        update(averages)

    monkeypatch.setattr(AveragedWeights, "update", watch)
    measured = scripted((1.0, 0.5), (1.0, 0.9), (1.0, 0.7))
    settings = {"network": network_of(conv_channels=4), "n_epochs": 3, "averaging": 0.8}
    network, records = fitted(keep=keep, **settings)
    n_steps = len(steps) // 3
    for epoch, found in enumerate(measured, 1):
        shares = 0.8 ** np.arange(n_steps * epoch)[::-1]
        for name, average in found.items():
            every = np.array([weights[name] for weights in steps[: n_steps * epoch]])
            assert_allclose(average, np.average(every, axis=0, weights=shares), atol=1e-5)
    assert [record.is_best for record in records] == [True, True, False]
    for name, weights in weights_of(network).items():
        assert_array_equal(weights, measured[kept][name])
    plain = fitted(None, network_of(conv_channels=4), n_epochs=3, keep="last")[0]
    for name, weights in weights_of(plain).items():
        assert_array_equal(weights, steps[-1][name])


def test_devices_share_their_statistics_of_batch_normalisation():
    network = network_of(TWO_CPUS, conv_channels=4)
    before = weights_of(network)
    settings = tiny_config(keep="last").training
    for _record in fit(network, TRAIN, None, settings, TWO_CPUS, seed=0):
        for name, parameter in network.collect_params().items():
            first, second = (array.asnumpy() for array in parameter.list_data())
            assert_allclose(first, second, atol=1e-6, err_msg=name)
    assert (weights_of(network)["har_norm0_running_mean"] != before["har_norm0_running_mean"]).all()


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_loss_that_is_no_number_ends_training(value):
    network = network_of()
    network.collect_params()["har_output_weight"].set_data(mx.nd.full((3, 8), value))
    with refused(RunError, "training, epoch 1: found a loss of nan", "training.learning_rate"):
        fitted(network=network)


@pytest.mark.parametrize("validation", [VALIDATION, None])
def test_weights_that_the_last_step_made_no_numbers_end_training(validation):
    with refused(RunError, "training, epoch 1: found ", "training.learning_rate"):
        fitted(
            validation,
            n_epochs=1,
            batch_size=100,
            optimizer="rmsprop",
            learning_rate=3e38,
            keep="last",
        )


def test_epochs_are_yielded_as_they_end():
    network = network_of()
    start = weights_of(network)
    records = fit(network, TRAIN, None, tiny_config(keep="last").training, CPU, 0)
    assert all((weights_of(network)[name] == start[name]).all() for name in start)
    assert next(records).epoch == 1
    after_one = weights_of(network)
    load_weights(network, {name: mx.nd.array(array) for name, array in start.items()}, "start")
    assert any((after_one[name] != start[name]).any() for name in start)
