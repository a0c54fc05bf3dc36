"""Folds: subjects held out in turn, and predictions for them by a classifier without them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from har.arrays import IntArray
from har.errors import DataError, UsageError
from har.evaluation.metrics import Evaluation
from har.evaluation.recordings import RecordingEvaluation
from har.signals.subjects import Subject, number_subjects
from har.signals.windows import Windows

FoldCount = int | Literal["loso"]


@dataclass(frozen=True)
class Fold:
    """One split of the subjects.

    Parameters
    ----------
    number : int
        Number from 0, in scikit-learn's order.
    train_subjects, held_out_subjects : tuple of int or str
        Subjects to train on, and subjects to score; nobody is in both.
    """

    number: int
    train_subjects: tuple[Subject, ...]
    held_out_subjects: tuple[Subject, ...]


def folds_of(windows: Windows, n_folds: FoldCount) -> list[Fold]:
    """Split subjects into folds, as scikit-learn does.

    Parameters
    ----------
    windows : Windows
        The training windows, in their usual order.
    n_folds : int or 'loso'
        Number of folds for ``GroupKFold``, which have nearly equally many windows; ``'loso'``
        leaves one subject out at a time.

    Returns
    -------
    list of Fold
        Each subject is held out once.

    Raises
    ------
    DataError
        If there are fewer subjects than folds, or than two.
    """
    subjects, of_window = number_subjects(windows.subjects)
    n_subjects = len(subjects)
    n_needed = 2 if n_folds == "loso" else n_folds
    if n_subjects < n_needed:
        raise DataError(
            f"windows: found {n_subjects} subjects, expected at least {n_needed} to cross-validate"
        )
    # Takes half a second to load, which every verb that shows results would wait for.
    from sklearn.model_selection import GroupKFold, LeaveOneGroupOut

    splitter = LeaveOneGroupOut() if n_folds == "loso" else GroupKFold(n_folds)
    # In the order of their numbers, which is the natural one, also of text.
    splits = splitter.split(windows.labels, groups=of_window)
    return [
        Fold(number, *(tuple(subjects[i] for i in np.unique(of_window[rows])) for rows in split))
        for number, split in enumerate(splits)
    ]


def choose_folds(folds: Sequence[Fold], numbers: Collection[int] | None) -> list[Fold]:
    """Choose folds by their numbers; None chooses all.

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
        Seed of the classifier.
    fold : int
        Number of the fold.
    rows : ndarray of int, shape (n_windows,)
        Indices of the held-out windows among the training windows, from 0.
    evaluation : Evaluation
        Predictions for these windows.
    training : dict
        Description of the training: ``duration_s``, ``ms_per_window``, ``n_threads``, and of a
        network also ``n_parameters``, the epoch that was kept, …
    recordings : RecordingEvaluation or None
        Timelines of the held-out subjects' whole recordings, if they were scored.
    """

    seed: int
    fold: int
    rows: IntArray
    evaluation: Evaluation
    training: dict[str, Any]
    recordings: RecordingEvaluation | None = None
