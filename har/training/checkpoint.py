"""The state of a training between two steps, from which it goes on as if it had never stopped.

What is drawn at random has no state: the order of an epoch's windows, the augmentation of a batch
and the dropout of ten steps each have a seed that follows from the training's, the epoch and the
step (see `har.training.draws`). MXNet's own generators could not be saved.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from har.arrays import FloatArray
from har.training.history import EpochRecord

# Steps between two seeds of dropout, and so between two moments to stop at. Seeding MXNet's
# generator takes 1.4 ms: for each step, it would be 3 % of a training.
N_STEPS_SEEDED = 10


@dataclass(frozen=True)
class TrainingState:
    """All that the rest of a network's training depends on, besides settings and windows.

    Parameters
    ----------
    history : tuple of EpochRecord
        Records of the epochs that are complete.
    n_steps : int
        Steps of the next epoch that are done; 0 between two epochs.
    loss, n_right : float
        Sums over the windows of these steps; see `har.training.passes.Pass`.
    duration_s : float
        Time of these steps.
    arrays : mapping of str to ndarray
        Weights, averages, best weights and the optimizer's estimates, by name.
    n_threads : int or None
        CPU threads of each process; None: whatever it was.
    """

    history: tuple[EpochRecord, ...]
    n_steps: int
    loss: float
    n_right: float
    duration_s: float
    arrays: Mapping[str, FloatArray]
    n_threads: int | None = None


class Checkpoints(Protocol):
    """A place that keeps the states of a training, and decides when."""

    def read(self, member: int) -> TrainingState | None:
        """Return the last state of a network of an ensemble, from 1; None if it has not begun."""

    def is_due(self, n_steps: int) -> bool:
        """Return whether to write a state after these steps of an epoch; 0 at its end."""

    def write(self, member: int, state: TrainingState) -> None:
        """Keep a state in place of the last one of that network."""
