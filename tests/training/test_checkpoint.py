from __future__ import annotations

import numpy as np
import pytest
from builders import refused, tiny_config, weights_of
from numpy.testing import assert_array_equal
from small_trainings import CPU, TRAIN, TWO_CPUS, VALIDATION, network_of

from har.classifier import ActivityClassifier
from har.errors import RunError
from har.models.backend import mx
from har.training.loop import Training
from har.training.processes import Workers

# An epoch of 24 steps has two moments to stop between steps.
SETTINGS = {"n_epochs": 2, "batch_size": 2, "averaging": 0.8, "gain": 0.1}
MODEL = {"conv_channels": 4, "head_dropout": 0.5}


def training_of(
    network, earlier=None, workers=None, validation=VALIDATION, devices=CPU, **settings
):
    config = tiny_config(MODEL, **{**SETTINGS, **settings}).training
    return Training(
        network, TRAIN, validation, config, devices, 5, workers=workers, earlier=earlier
    )


def figures_of(record):
    """Return what a record says, but for times."""
    return {key: value for key, value in vars(record).items() if key != "windows_per_s"}


def trained(**settings):
    """Return weights, records and the states at all moments of a training."""
    network = network_of(settings.get("devices", CPU), **MODEL)
    training, states = training_of(network, **settings), []
    records = [states.append(training.state()) or record for record in training.moments()]
    return weights_of(network), [record for record in records if record], states


def resumed(state, **settings):
    """Go on from a state in a network with other weights, as another process would."""
    network = network_of(settings.get("devices", CPU), **MODEL)
    for parameter in network.collect_params().values():
        parameter.set_data(parameter.list_data()[0] * 0.5)
    mx.random.seed(99)
    training = training_of(network, state, **settings)
    return weights_of(network), [record for record in training.moments() if record], network


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"optimizer": "sgd", "decay_kind": "l2", "weight_decay": 0.01},
        {"optimizer": "rmsprop", "averaging": 0.0, "schedule": "step", "step_epochs": 1},
        {"keep": "last", "validation": None, "rotation_degrees": 0.0, "time_warp": 0.1},
        {"patience": 1, "n_epochs": 6, "learning_rate": 0.3},
        {"devices": TWO_CPUS, "batch_size": 4},
    ],
    ids=str,
)
def test_from_each_moment_it_goes_on_to_the_same_weights_bit_for_bit(settings):
    expected, records, states = trained(**settings)
    # Several devices have statistics of their own within an epoch.
    assert any(state.n_steps for state in states) == ("devices" not in settings)
    for state in states:
        _, later, network = resumed(state, **settings)
        for name, values in weights_of(network).items():
            assert_array_equal(values, expected[name], err_msg=f"{name}, {state.n_steps}")
        every = [*state.history, *later]
        assert list(map(figures_of, every)) == list(map(figures_of, records))


def test_more_epochs_continue_a_training_as_if_they_had_been_asked_for_at_first():
    expected, _, _ = trained(schedule="constant", n_epochs=4)
    _, _, states = trained(schedule="constant", n_epochs=2)
    _, later, network = resumed(states[-1], schedule="constant", n_epochs=4)
    assert [record.epoch for record in later] == [3, 4]
    for name, values in weights_of(network).items():
        assert_array_equal(values, expected[name], err_msg=name)


def test_dropout_and_augmentation_are_other_ones_in_each_epoch():
    """With a learning rate of almost nothing, losses differ by what is drawn alone."""
    _, records, _ = trained(learning_rate=1e-9, schedule="constant", averaging=0.0)
    losses = {record.train_loss for record in records}
    assert len(losses) == len(records)


def test_processes_go_on_to_the_same_weights():
    settings = {"keep": "last", "validation": None, "batch_size": 4}
    config = tiny_config(MODEL, **{**SETTINGS, "keep": "last", "batch_size": 4})
    with Workers(config, TRAIN, 2, 1) as workers:
        expected, _, states = trained(workers=workers, **settings)
        assert [state.n_steps for state in states] == [0] * 2
        _, later, network = resumed(states[0], workers=workers, **settings)
    assert [record.epoch for record in later] == [2]
    for name, values in weights_of(network).items():
        assert_array_equal(values, expected[name], err_msg=name)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda arrays: arrays.popitem(), "found no array"),
        (lambda arrays: arrays.update(other=np.zeros(1, np.float32)), "the unknown array other"),
        (lambda arrays: arrays.update({min(arrays): np.zeros(1, np.float32)}), "of shape (1,)"),
        (lambda arrays: arrays.update({min(arrays): arrays[min(arrays)] > 0}), "type bool"),
    ],
)
def test_the_state_of_another_network_is_refused(change, words):
    _, _, states = trained(n_epochs=1)
    change(states[-1].arrays)
    with refused(RunError, "checkpoint: found", words):
        resumed(states[-1])


class Kept:
    """Checkpoints in memory, which raise after some of them."""

    def __init__(self, n_until_stop=10**9, states=None):
        self.n_left = n_until_stop
        self.states = dict(states or {})

    def read(self, member):
        return self.states.get(member)

    def is_due(self, n_steps):
        return True

    def write(self, member, state):
        self.states[member] = state
        self.n_left -= 1
        if not self.n_left:
            raise KeyboardInterrupt


@pytest.mark.parametrize("n_until_stop", [1, 5, 8])
def test_an_ensemble_goes_on_with_the_member_that_it_was_in(n_until_stop):
    config = tiny_config({**MODEL, "n_members": 3}, **SETTINGS, calibrate=True)
    expected = ActivityClassifier(config).fit(TRAIN)
    kept = Kept(n_until_stop)
    with pytest.raises(KeyboardInterrupt):
        list(ActivityClassifier(config).fit_epochs(TRAIN, checkpoints=kept))
    again = ActivityClassifier(config)
    list(again.fit_epochs(TRAIN, checkpoints=Kept(states=kept.states)))
    assert list(map(figures_of, again.history_)) == list(map(figures_of, expected.history_))
    assert_array_equal(again.predict_proba(TRAIN), expected.predict_proba(TRAIN))
