"""Windows that contenders predicted differently: their subjects, and the surest contradictions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pandas as pd

from har.arrays import FloatArray, IntArray
from har.comparison.contenders import SideBySide
from har.signals.subjects import Subject, number_subjects

_N_SUREST = 20


@dataclass(frozen=True)
class DisputedGroup:
    """Disputed windows of one subject and one true activity.

    Parameters
    ----------
    subject : int or str
        Number of the person.
    true : str
        Name of the activity.
    n_windows, n_disputed : int
        Windows of this subject and activity, and how many of them are disputed.
    n_right : dict of str to int
        Disputed windows that each contender got right, by its letter.
    """

    subject: Subject
    true: str
    n_windows: int
    n_disputed: int
    n_right: dict[str, int]


@dataclass(frozen=True)
class Prediction:
    """One contender's prediction for a window, and its probability."""

    activity: str
    probability: float


@dataclass(frozen=True)
class DisputedWindow:
    """A window for which contenders predicted different activities.

    Parameters
    ----------
    index : int
        Index among the test windows, from 0.
    subject : int or str
        Number of the person.
    true : str
        Name of the activity.
    predicted : dict of str to Prediction
        Prediction of each contender, by its letter.
    """

    index: int
    subject: Subject
    true: str
    predicted: dict[str, Prediction]


@dataclass(frozen=True)
class Disagreements:
    """The windows for which not all contenders predicted the same activity.

    Parameters
    ----------
    n_windows : int
        Number of such windows.
    groups : tuple of DisputedGroup
        A row for each subject and true activity with such windows, the most of them first.
    surest : tuple of DisputedWindow
        At most 20 windows of the surest contradictions. Two contenders contradict each other as
        surely as the less sure of them is. Neighbouring windows overlap, so that there is one
        window only for each subject, true activity and set of predictions.
    """

    n_windows: int
    groups: tuple[DisputedGroup, ...]
    surest: tuple[DisputedWindow, ...]


def find_disagreements(side: SideBySide) -> Disagreements:
    """Find the windows for which not all contenders predicted the same activity.

    Parameters
    ----------
    side : SideBySide
        At least two contenders.

    Returns
    -------
    Disagreements
    """
    evaluations = [contender.evaluation for contender in side.contenders.values()]
    predicted = np.array([evaluation.predicted for evaluation in evaluations])
    sureness = np.array([evaluation.probabilities.max(axis=1) for evaluation in evaluations])
    first, keys = evaluations[0], list(side.contenders)
    names = np.array(first.activities)
    subjects, subject_numbers = number_subjects(first.subjects)
    windows = pd.DataFrame(
        {
            "index": side.index,
            "subject": subject_numbers,
            "true": names[first.labels],
            "is_disputed": (predicted != predicted[0]).any(axis=0),
            "sureness": _sureness_of_contradiction(predicted, sureness),
        }
    )
    predictions = pd.DataFrame(names[predicted].T, columns=keys)
    probabilities = pd.DataFrame(sureness.T, columns=keys)
    return Disagreements(
        n_windows=int(windows["is_disputed"].sum()),
        groups=_groups(windows, predictions, subjects),
        surest=_surest(windows, predictions, probabilities, subjects),
    )


def _sureness_of_contradiction(predicted: IntArray, sureness: FloatArray) -> FloatArray:
    """Return how sure the surest contradiction is; both arguments have shape (n, n_windows)."""
    of_pairs = [
        np.where(predicted[one] != predicted[other], np.minimum(sureness[one], sureness[other]), 0)
        for one, other in combinations(range(len(predicted)), 2)
    ]
    return np.asarray(np.max(of_pairs, axis=0))


def _groups(
    windows: pd.DataFrame, predictions: pd.DataFrame, subjects: Sequence[Subject]
) -> tuple[DisputedGroup, ...]:
    by = ["subject", "true"]
    is_right = predictions.eq(windows["true"], axis=0)
    n_windows = windows.groupby(by).size()
    disputed = windows[windows["is_disputed"]]
    n_right = is_right.loc[disputed.index].groupby([disputed[key] for key in by]).sum()
    n_disputed = disputed.groupby(by).size().sort_values(ascending=False, kind="stable")
    return tuple(
        DisputedGroup(
            subject=subjects[subject],
            true=str(true),
            n_windows=int(n_windows[subject, true]),
            n_disputed=int(n),
            n_right={key: int(n) for key, n in n_right.loc[(subject, true)].items()},
        )
        for (subject, true), n in n_disputed.items()
    )


def _surest(
    windows: pd.DataFrame,
    predictions: pd.DataFrame,
    probabilities: pd.DataFrame,
    subjects: Sequence[Subject],
) -> tuple[DisputedWindow, ...]:
    kinds = ["subject", "true", *predictions.columns]
    surest = (
        windows[windows["is_disputed"]]
        .join(predictions)
        .sort_values("sureness", ascending=False, kind="stable")
        .drop_duplicates(kinds)
        .head(_N_SUREST)
    )
    return tuple(
        DisputedWindow(
            index=int(row["index"]),
            subject=subjects[row["subject"]],
            true=str(row["true"]),
            predicted={
                key: Prediction(str(row[key]), float(probabilities.loc[position, key]))
                for key in predictions.columns
            },
        )
        for position, row in surest.iterrows()
    )
