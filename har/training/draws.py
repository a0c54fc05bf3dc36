"""Random draws that follow from the seed, the epoch and the step, so that training can go on."""

from __future__ import annotations

import numpy as np

from har.models.backend import mx

# What is drawn, as a part of the seed.
_ORDER, _AUGMENTATION, _DROPOUT = 1, 2, 3


def order_generator(seed: int, epoch: int) -> np.random.Generator:
    """Return the generator of the order of an epoch's windows."""
    return np.random.default_rng([seed, epoch, _ORDER])


def augmentation_generator(
    seed: int, epoch: int, step: int, process: int = 0
) -> np.random.Generator:
    """Return the generator of the augmentation of a batch, or of a process's share of it."""
    return np.random.default_rng([seed, epoch, _AUGMENTATION, step, process, 1])


def seed_dropout(seed: int, epoch: int, step: int, process: int = 0) -> None:
    """Seed MXNet's generator for the dropout of the steps from `step` on."""
    sequence = np.random.SeedSequence([seed, epoch, _DROPOUT, step, process, 1])
    mx.random.seed(int(sequence.generate_state(1)[0] >> 1))
