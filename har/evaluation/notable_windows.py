"""Single answers worth a look: the surest wrong ones, and the least sure right ones."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from har.arrays import IntArray
from har.evaluation.metrics import Evaluation


@dataclass(frozen=True)
class Answer:
    """What a network said of one window.

    Parameters
    ----------
    row : int
        Its place in the predictions, from 0.
    index : int
        Its place among the test windows, from 0.
    subject : int
        Who was measured.
    true, predicted : str
        Names of activities.
    probability : float
        What the network gave the activity it predicted.
    second : str or None
        The second most probable activity; None if there is only one.
    second_probability : float
        What the network gave that one.
    """

    row: int
    index: int
    subject: int
    true: str
    predicted: str
    probability: float
    second: str | None
    second_probability: float

    @property
    def is_right(self) -> bool:
        """Whether the window was named right."""
        return self.true == self.predicted


def surest_mistakes(evaluation: Evaluation, index: IntArray, n: int) -> list[Answer]:
    """Find the wrong answers that the network was surest of.

    Neighbouring windows overlap and are mistaken alike, so each subject gives at most one window of
    each kind of mistake.

    Parameters
    ----------
    evaluation : Evaluation
        The predictions.
    index : ndarray of int, shape (n_windows,)
        Place of each evaluated window among the test windows.
    n : int
        Number of answers at most.

    Returns
    -------
    list of Answer
        The surest first.
    """
    table = _table(evaluation, index)
    wrong = table[table["true"] != table["predicted"]]
    ordered = wrong.sort_values("probability", ascending=False, kind="stable")
    return _first_answers(evaluation, ordered, n)


def least_sure_right_answers(evaluation: Evaluation, index: IntArray, n: int) -> list[Answer]:
    """Find the right answers that the network was least sure of.

    Parameters
    ----------
    evaluation, index, n
        As for `surest_mistakes`.

    Returns
    -------
    list of Answer
        The least sure first, at most one for each subject and activity.
    """
    table = _table(evaluation, index)
    right = table[table["true"] == table["predicted"]]
    return _first_answers(evaluation, right.sort_values("probability", kind="stable"), n)


def _table(evaluation: Evaluation, index: IntArray) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "index": index,
            "subject": evaluation.subjects,
            "true": evaluation.labels,
            "predicted": evaluation.predicted,
            "probability": evaluation.probabilities.max(axis=1),
        }
    )


def _first_answers(evaluation: Evaluation, ordered: pd.DataFrame, n: int) -> list[Answer]:
    kinds = ordered.drop_duplicates(["subject", "true", "predicted"])[:n]
    return [_answer(evaluation, row, int(index)) for row, index in kinds["index"].items()]


def _answer(evaluation: Evaluation, row: int, index: int) -> Answer:
    names, probabilities = evaluation.activities, evaluation.probabilities[row]
    predicted = evaluation.predicted[row]
    others = probabilities.copy()
    others[predicted] = -np.inf
    second = int(others.argmax())
    return Answer(
        row=row,
        index=index,
        subject=int(evaluation.subjects[row]),
        true=names[evaluation.labels[row]],
        predicted=names[predicted],
        probability=float(probabilities.max()),
        second=names[second] if len(others) > 1 else None,
        second_probability=max(float(others[second]), 0.0),
    )
