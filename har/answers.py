"""Single answers worth a look: the surest wrong ones, and the least sure right ones."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from har.results import Results


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


def surest_mistakes(results: Results, n: int) -> list[Answer]:
    """Find the wrong answers that the network was surest of.

    Neighbouring windows overlap and are mistaken alike, so each subject gives at most one window of
    each kind of mistake.

    Parameters
    ----------
    results : Results
        With the predictions.
    n : int
        How many at most.

    Returns
    -------
    list of Answer
        The surest first.
    """
    table = results.predictions
    wrong = table[table["true"] != table["predicted"]]
    ordered = wrong.sort_values("probability", ascending=False, kind="stable")
    return _first_answers(results, ordered, n)


def least_sure_right_answers(results: Results, n: int) -> list[Answer]:
    """Find the right answers that the network was least sure of.

    Parameters
    ----------
    results : Results
        With the predictions.
    n : int
        How many at most.

    Returns
    -------
    list of Answer
        The least sure first, at most one for each subject and activity.
    """
    table = results.predictions
    right = table[table["true"] == table["predicted"]]
    return _first_answers(results, right.sort_values("probability", kind="stable"), n)


def _first_answers(results: Results, ordered: pd.DataFrame, n: int) -> list[Answer]:
    kinds = ordered.drop_duplicates(["subject", "true", "predicted"])
    return [_answer(results, int(row)) for row in kinds.index[:n]]


def _answer(results: Results, row: int) -> Answer:
    found = results.predictions.loc[row]
    others = results.evaluation.probabilities[row].copy()
    others[results.evaluation.predicted[row]] = -np.inf
    second = int(others.argmax())
    return Answer(
        row=row,
        index=int(found["index"]),
        subject=int(found["subject"]),
        true=str(found["true"]),
        predicted=str(found["predicted"]),
        probability=float(found["probability"]),
        second=results.evaluation.activities[second] if len(others) > 1 else None,
        second_probability=max(float(others[second]), 0.0),
    )
