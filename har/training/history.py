"""What training tells of each epoch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from har.config import TrainingConfig


@dataclass(frozen=True)
class EpochRecord:
    """What one pass over the training windows came to.

    Parameters
    ----------
    epoch : int
        From 1.
    learning_rate : float
        In the epoch's last step.
    train_loss, train_accuracy : float
        Means over the epoch, while the weights changed and dropout acted.
    validation_loss, validation_accuracy : float or None
        On the validation subjects, after the epoch; None without any.
    windows_per_s : float
        Training windows per second, without validation.
    is_best : bool
        Whether the weights are the best so far on the validation subjects.
    member : int
        Which network of an ensemble, from 1.
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


def kept_epoch(history: Sequence[EpochRecord], config: TrainingConfig) -> int | None:
    """Find the epoch whose weights were kept.

    Parameters
    ----------
    history : sequence of EpochRecord
        Of one network, or of each of an ensemble.
    config : TrainingConfig
        Which weights to keep.

    Returns
    -------
    int or None
        None if the networks of an ensemble kept different epochs.
    """
    kept = {r.member: r.epoch for r in history if r.is_best or config.keep == "last"}
    epochs = set(kept.values())
    return epochs.pop() if len(epochs) == 1 else None
