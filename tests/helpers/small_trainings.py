"""Small networks and single steps of training, with the loss in plain NumPy."""

from __future__ import annotations

import math

import numpy as np
from builders import (
    ACTIVITIES,
    CHANNELS,
    numpy_logits,
    random_weights,
    small_windows,
    tiny_config,
    weights_of,
)
from scipy.special import log_softmax

from har.config import TrainingConfig
from har.models.backend import mx
from har.models.network import build_network
from har.training.batches import smoothed_targets
from har.training.loop import Training
from har.training.trainer import Trainer

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


def fit(*arguments, **options):
    """Train a network to the end; yield the record of each epoch."""
    yield from filter(None, Training(*arguments, **options).moments())


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
