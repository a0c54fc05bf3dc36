"""Predictions worth a look: the most confident mistakes, the least confident right ones."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from har.arrays import IntArray
from har.evaluation.metrics import Evaluation
from har.signals.subjects import Subject


@dataclass(frozen=True)
class Answer:
    """The prediction for one window.

    Parameters
    ----------
    row : int
        Row of the predictions, from 0.
    index : int
        Index of the window among the test windows, from 0.
    subject : int or str
        The person measured.
    true, predicted : str
        Names of activities.
    probability : float
        Probability of the predicted activity.
    second : str or None
        Second most probable activity; None if there is only one activity.
    second_probability : float
        Probability of the second activity.
    """

    row: int
    index: int
    subject: Subject
    true: str
    predicted: str
    probability: float
    second: str | None
    second_probability: float

    @property
    def is_right(self) -> bool:
        """Whether the prediction is right."""
        return self.true == self.predicted


def surest_mistakes(evaluation: Evaluation, index: IntArray, n: int) -> list[Answer]:
    """Return the wrong predictions with the highest confidence.

    Neighbouring windows overlap and have similar predictions, so there is at most one window for
    each subject and kind of mistake.

    Parameters
    ----------
    evaluation : Evaluation
        Predictions.
    index : ndarray of int, shape (n_windows,)
        Index of each evaluated window among the test windows.
    n : int
        Maximum number of predictions.

    Returns
    -------
    list of Answer
        Predictions, the most confident first.
    """
    table = _table(evaluation, index)
    wrong = table[table["true"] != table["predicted"]]
    ordered = wrong.sort_values("probability", ascending=False, kind="stable")
    return _first_answers(evaluation, ordered, n)


def least_sure_right_answers(evaluation: Evaluation, index: IntArray, n: int) -> list[Answer]:
    """Return the right predictions with the lowest confidence.

    Parameters
    ----------
    evaluation, index, n
        See `surest_mistakes`.

    Returns
    -------
    list of Answer
        Predictions, the least confident first, at most one for each subject and activity.
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
        subject=evaluation.subjects[row].item(),
        true=names[evaluation.labels[row]],
        predicted=names[predicted],
        probability=float(probabilities.max()),
        second=names[second] if len(others) > 1 else None,
        second_probability=max(float(others[second]), 0.0),
    )
