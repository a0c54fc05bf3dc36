"""The windows that several contenders named differently: whose they are, and who was surest."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd

from har.arrays import FloatArray, IntArray
from har.comparison.contenders import SideBySide

_N_SUREST = 20


def find_disagreements(side: SideBySide) -> dict[str, Any]:
    """Find the windows that were not named alike by all.

    Parameters
    ----------
    side : SideBySide
        Of at least two contenders.

    Returns
    -------
    dict
        Ready for JSON. ``n_windows`` counts them. ``groups`` has a row for each subject and true
        activity with such windows, the most of them first: how many of how many, and how many of
        them each got right. ``surest`` has at most 20 windows, and what each said of them. Two
        that name a window differently contradict each other as surely as the less sure of them is;
        these are the windows of the surest contradictions, one for each subject, true activity and
        answers, since neighbouring windows overlap.
    """
    evaluations = [contender.evaluation for contender in side.contenders.values()]
    predicted = np.array([evaluation.predicted for evaluation in evaluations])
    sureness = np.array([evaluation.probabilities.max(axis=1) for evaluation in evaluations])
    first, keys = evaluations[0], list(side.contenders)
    names = np.array(first.activities)
    windows = pd.DataFrame(
        {
            "index": side.index,
            "subject": first.subjects,
            "true": names[first.labels],
            "is_disputed": (predicted != predicted[0]).any(axis=0),
            "sureness": _sureness_of_contradiction(predicted, sureness),
        }
    )
    answers = pd.DataFrame(names[predicted].T, columns=keys)
    probabilities = pd.DataFrame(sureness.T, columns=keys)
    return {
        "n_windows": int(windows["is_disputed"].sum()),
        "groups": _groups(windows, answers),
        "surest": _surest(windows, answers, probabilities),
    }


def _sureness_of_contradiction(predicted: IntArray, sureness: FloatArray) -> FloatArray:
    """Find how sure those are who contradict each other; both have shape (n, n_windows)."""
    of_pairs = [
        np.where(predicted[one] != predicted[other], np.minimum(sureness[one], sureness[other]), 0)
        for one, other in combinations(range(len(predicted)), 2)
    ]
    return np.asarray(np.max(of_pairs, axis=0))


def _groups(windows: pd.DataFrame, answers: pd.DataFrame) -> list[dict[str, Any]]:
    by = ["subject", "true"]
    is_right = answers.eq(windows["true"], axis=0)
    n_windows = windows.groupby(by).size()
    disputed = windows[windows["is_disputed"]]
    n_right = is_right.loc[disputed.index].groupby([disputed[key] for key in by]).sum()
    n_disputed = disputed.groupby(by).size().sort_values(ascending=False, kind="stable")
    return [
        {
            "subject": int(subject),
            "true": str(true),
            "n_windows": int(n_windows[subject, true]),
            "n_disputed": int(n),
            "n_right": {key: int(n) for key, n in n_right.loc[(subject, true)].items()},
        }
        for (subject, true), n in n_disputed.items()
    ]


def _surest(
    windows: pd.DataFrame, answers: pd.DataFrame, probabilities: pd.DataFrame
) -> list[dict[str, Any]]:
    kinds = ["subject", "true", *answers.columns]
    surest = (
        windows[windows["is_disputed"]]
        .join(answers)
        .sort_values("sureness", ascending=False, kind="stable")
        .drop_duplicates(kinds)
        .head(_N_SUREST)
    )
    return [
        {
            "index": int(row["index"]),
            "subject": int(row["subject"]),
            "true": str(row["true"]),
            "predicted": {
                key: {
                    "activity": str(row[key]),
                    "probability": float(probabilities.loc[place, key]),
                }
                for key in answers.columns
            },
        }
        for place, row in surest.iterrows()
    ]
