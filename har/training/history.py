"""The history of a training: a record per epoch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from har.config import TrainingConfig


@dataclass(frozen=True)
class EpochRecord:
    """Figures of one pass over the training windows.

    Parameters
    ----------
    epoch : int
        Number of the epoch, from 1.
    learning_rate : float
        Learning rate of the epoch's last step.
    train_loss, train_accuracy : float
        Means over the epoch, with dropout and while the weights changed.
    validation_loss, validation_accuracy : float or None
        Figures for the validation subjects after the epoch; None without any.
    windows_per_s : float
        Training windows per second, without the time for validation.
    is_best : bool
        Whether the weights are the best so far on the validation subjects.
    member : int
        Number of the network in an ensemble, from 1.
    n_threads : int or None
        CPU threads of each process; None in runs of earlier versions.
    """

    epoch: int
    learning_rate: float
    train_loss: float
    train_accuracy: float
    validation_loss: float | None
    validation_accuracy: float | None
    windows_per_s: float
    is_best: bool
    member: int = 1
    n_threads: int | None = None


def kept_epoch(history: Sequence[EpochRecord], config: TrainingConfig) -> int | None:
    """Return the epoch whose weights were kept.

    Parameters
    ----------
    history : sequence of EpochRecord
        Records of a network, or of all networks of an ensemble.
    config : TrainingConfig
        Settings of the training, of which `keep` counts.

    Returns
    -------
    int or None
        Number of the epoch; None if the networks of an ensemble kept different ones.
    """
    kept = {r.member: r.epoch for r in history if r.is_best or config.keep == "last"}
    epochs = set(kept.values())
    return epochs.pop() if len(epochs) == 1 else None
