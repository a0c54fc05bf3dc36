from __future__ import annotations

import numpy as np
import pytest
from builders import (
    ACTIVITIES,
    numpy_logits,
    refused,
    tiny_config,
    weights_of,
)
from numpy.testing import assert_allclose, assert_array_equal
from small_trainings import CPU, TRAIN, TWO_CPUS, VALIDATION, fit, network_of, numpy_loss

from har.errors import RunError
from har.models.backend import mx
from har.models.export import load_weights
from har.training import loop as training
from har.training.loop import score
from har.training.weights import AveragedWeights


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

    def watch(averages, n_steps):
        steps.append(weights_of(averages.network))
        update(averages, n_steps)

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
    before = weights_of(network)
    words = "training, epoch 1, step 1 of 3: found a loss of nan for windows of the subjects 1, 2,"
    with refused(RunError, words, "training.learning_rate"):
        fitted(network=network)
    for name, values in weights_of(network).items():
        if "running" not in name:
            np.testing.assert_array_equal(values, before[name])


def test_a_gradient_whose_norm_is_no_number_ends_training(monkeypatch):
    monkeypatch.setattr(mx.nd, "multi_sum_sq", lambda *arrays, **_how: mx.nd.array([np.inf]))
    with refused(RunError, "training, epoch 1, step 1 of 3: found a gradient of norm inf"):
        fitted()


@pytest.mark.parametrize("validation", [VALIDATION, None])
def test_weights_that_the_last_step_made_no_numbers_end_training(validation, monkeypatch):
    monkeypatch.setattr("har.training.trainer.learning_rate_at", lambda _config, _epochs: 3e38)
    with refused(RunError, "training, epoch 1: found ", "training.learning_rate"):
        fitted(
            validation,
            n_epochs=1,
            batch_size=100,
            optimizer="rmsprop",
            keep="last",
        )


def test_epochs_are_yielded_as_they_end():
    network = network_of()
    start = weights_of(network)
    records = fit(network, TRAIN, None, tiny_config(keep="last").training, CPU, 0)
    assert all((weights_of(network)[name] == start[name]).all() for name in start)
    assert next(records).epoch == 1
    after_one = weights_of(network)
    load_weights(network, start, "start")
    assert any((after_one[name] != start[name]).any() for name in start)
