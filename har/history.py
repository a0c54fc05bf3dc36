"""What training tells of each epoch, and how a run's metrics are read back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

from har.config import TrainingConfig
from har.errors import RunError
from har.runs import RunFolder


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


def read_history(run: RunFolder) -> list[EpochRecord]:
    """Read the epochs of a run.

    Parameters
    ----------
    run : RunFolder
        With metrics.

    Returns
    -------
    list of EpochRecord

    Raises
    ------
    RunError
        If the metrics are missing, or a line is no record.
    """
    return _records(run.read_epochs(), run)


def read_history_so_far(run: RunFolder) -> list[EpochRecord]:
    """Read the epochs of a run that may still be trained; see `RunFolder.read_epochs_so_far`."""
    return _records(run.read_epochs_so_far(), run)


def _records(rows: list[dict[str, Any]], run: RunFolder) -> list[EpochRecord]:
    try:
        return [EpochRecord(**row) for row in rows]
    except TypeError as error:
        expected = ", ".join(field.name for field in fields(EpochRecord))
        raise RunError(
            f"{run.metrics}: found a line with other keys, expected {expected}"
        ) from error
