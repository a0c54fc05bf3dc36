"""Folds: who is held out in turn, and what a classifier that never saw them said of them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from sklearn.model_selection import GroupKFold, LeaveOneGroupOut

from har.arrays import IntArray
from har.errors import DataError, UsageError
from har.evaluation.metrics import Evaluation
from har.signals.windows import Windows

FoldCount = int | Literal["loso"]


@dataclass(frozen=True)
class Fold:
    """One way to part the subjects.

    Parameters
    ----------
    number : int
        From 0, in scikit-learn's order.
    train_subjects, held_out_subjects : tuple of int
        Whom to learn from, and whom to score; nobody is in both.
    """

    number: int
    train_subjects: tuple[int, ...]
    held_out_subjects: tuple[int, ...]


def folds_of(windows: Windows, n_folds: FoldCount) -> list[Fold]:
    """Part subjects into folds, as scikit-learn does.

    Parameters
    ----------
    windows : Windows
        The training windows, in their usual order.
    n_folds : int or 'loso'
        For ``GroupKFold``, which makes folds of nearly equally many windows; ``'loso'`` leaves one
        subject out at a time.

    Returns
    -------
    list of Fold
        Each subject is held out once.

    Raises
    ------
    DataError
        If there are fewer subjects than folds, or than two.
    """
    n_subjects = len(windows.subject_names)
    n_needed = 2 if n_folds == "loso" else n_folds
    if n_subjects < n_needed:
        raise DataError(
            f"windows: found {n_subjects} subjects, expected at least {n_needed} to cross-validate"
        )
    splitter = LeaveOneGroupOut() if n_folds == "loso" else GroupKFold(n_folds)
    splits = splitter.split(windows.labels, groups=windows.subjects)
    return [
        Fold(number, *(tuple(np.unique(windows.subjects[rows]).tolist()) for rows in split))
        for number, split in enumerate(splits)
    ]


def choose_folds(folds: Sequence[Fold], numbers: Collection[int] | None) -> list[Fold]:
    """Take some folds, or all if None are asked for.

    Raises
    ------
    UsageError
        If there is no fold of such a number.
    """
    if numbers is None:
        return list(folds)
    unknown = sorted(set(numbers) - {fold.number for fold in folds})
    if unknown:
        raise UsageError(f"--only-folds: found {unknown[0]}, expected 0..{len(folds) - 1}")
    return [fold for fold in folds if fold.number in numbers]


@dataclass(frozen=True)
class FoldScore:
    """A classifier that was trained on the rest, scored on the subjects held out.

    Parameters
    ----------
    seed : int
        The classifier's.
    fold : int
        The fold's number.
    rows : ndarray of int, shape (n_windows,)
        Places of the held-out windows among the training windows, from 0.
    evaluation : Evaluation
        What was predicted for them.
    training : dict
        How it was trained: ``duration_s``, ``n_threads``, of a network also ``n_parameters``, who
        chose the epoch, …
    """

    seed: int
    fold: int
    rows: IntArray
    evaluation: Evaluation
    training: dict[str, Any]
