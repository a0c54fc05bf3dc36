"""`Evaluation`: predictions for labelled windows, and every metric that follows from them."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from har.arrays import FloatArray, IntArray, SubjectArray
from har.errors import DataError
from har.evaluation.calibration import Calibration, apply_temperature, calibration_of
from har.evaluation.intervals import Interval, intervals_by_subject, naive_intervals
from har.signals.activities import name_activities
from har.signals.subjects import Subject, number_subjects


@dataclass(frozen=True)
class Evaluation:
    """Predictions for labelled windows.

    Parameters
    ----------
    labels : ndarray of int, shape (n_windows,)
        True activities, as indices into `activities`.
    probabilities : ndarray of float, shape (n_windows, n_activities)
        Predicted probabilities.
    subjects : ndarray of int or str, shape (n_windows,)
        Subject of each window.
    activities : tuple of str
        Names of the classes.
    temperature : float or None
        Divisor of the classifier's logits; None if it was not calibrated.

    Raises
    ------
    DataError
        If there are no windows, the arrays differ in length, a probability is not finite, or the
        temperature is not a number above 0.
    """

    labels: IntArray
    probabilities: FloatArray
    subjects: SubjectArray
    activities: tuple[str, ...]
    temperature: float | None = None

    def __post_init__(self) -> None:
        expected = (len(self.labels), len(self.activities))
        if not len(self.labels):
            raise DataError("evaluation: found no windows, expected at least one")
        if self.probabilities.shape != expected or len(self.subjects) != len(self.labels):
            raise DataError(
                f"evaluation: found probabilities of shape {self.probabilities.shape} and "
                f"{len(self.subjects)} subjects, expected {expected} and {len(self.labels)}"
            )
        is_finite = np.isfinite(self.probabilities).all(axis=1)
        if not is_finite.all():
            window = int(is_finite.argmin())
            raise DataError(
                f"evaluation: found {self.probabilities[window].sum()} among the probabilities of "
                f"window {window}, expected finite numbers"
            )
        value = self.temperature
        if value is not None and not (isinstance(value, float) and 0 < value < math.inf):
            raise DataError(
                f"evaluation: found a temperature of {value}, expected a number above 0, or none"
            )

    @cached_property
    def predicted(self) -> IntArray:
        """The most probable activity of each window; shape (n_windows,)."""
        return np.asarray(self.probabilities.argmax(axis=1))

    @cached_property
    def confusion_matrix(self) -> IntArray:
        """Windows by true (rows) and predicted activity; shape (n_activities, n_activities)."""
        return np.asarray(self.confusions_by_subject.sum(axis=0))

    @cached_property
    def confusions_by_subject(self) -> IntArray:
        """Each subject's confusion matrix; shape (n_subjects, n_activities, n_activities)."""
        subjects, of_window = number_subjects(self.subjects)
        n_activities = len(self.activities)
        counts = np.zeros((len(subjects), n_activities, n_activities), dtype=np.int64)
        np.add.at(counts, (of_window, self.labels, self.predicted), 1)
        return counts

    @property
    def n_windows(self) -> int:
        """Number of windows."""
        return len(self.labels)

    @property
    def accuracy(self) -> float:
        """Share of windows whose prediction is right."""
        return float(np.mean(self.predicted == self.labels))

    @property
    def balanced_accuracy(self) -> float:
        """Mean recall of the activities that occur."""
        return float(np.mean([c["recall"] for c in self.per_class.values() if c["support"]]))

    @property
    def macro_f1(self) -> float:
        """Mean F1 of the activities that occur or were predicted."""
        seen = [c["f1"] for c in self.per_class.values() if c["support"] or c["n_predicted"]]
        return float(np.mean(seen))

    @cached_property
    def intervals(self) -> dict[str, Interval | None]:
        """95 % intervals of the three metrics above, over people; None for a single person."""
        return intervals_by_subject(self.confusions_by_subject)

    @cached_property
    def naive_intervals(self) -> dict[str, Interval]:
        """95 % intervals of the same metrics, as if all windows were independent."""
        return naive_intervals(self.confusion_matrix)

    @cached_property
    def calibration(self) -> Calibration:
        """The temperature, and the metrics of `calibration_of` without it and with it."""
        before = after = calibration_of(self.labels, self.probabilities)
        if self.temperature is not None:
            without = apply_temperature(self.probabilities, 1 / self.temperature)
            before = calibration_of(self.labels, without)
        return Calibration(self.temperature, before, after)

    @cached_property
    def per_class(self) -> dict[str, dict[str, float]]:
        """Precision, recall, F1 and counts of each activity; 0 where undefined."""
        counts = self.confusion_matrix
        n_right, n_true, n_predicted = np.diagonal(counts), counts.sum(axis=1), counts.sum(axis=0)
        columns = {
            "precision": n_right / np.maximum(n_predicted, 1),
            "recall": n_right / np.maximum(n_true, 1),
            "f1": 2 * n_right / np.maximum(n_true + n_predicted, 1),
            "support": n_true,
            "n_predicted": n_predicted,
        }
        rows = zip(*(column.tolist() for column in columns.values()), strict=True)
        return {
            activity: dict(zip(columns, row, strict=True))
            for activity, row in zip(self.activities, rows, strict=True)
        }

    @cached_property
    def per_subject(self) -> dict[Subject, dict[str, float]]:
        """Accuracy and number of windows of each subject."""
        subjects, of_window = number_subjects(self.subjects)
        n_windows = np.bincount(of_window)
        n_right = np.bincount(of_window, weights=self.predicted == self.labels)
        return {
            subject: {"accuracy": float(right / n), "n_windows": int(n)}
            for subject, right, n in zip(subjects, n_right, n_windows, strict=True)
        }

    def commonest_mistakes(self, n: int) -> list[tuple[str, str, int]]:
        """Return the pairs of activities that are confused most often.

        Parameters
        ----------
        n : int
            Maximum number of pairs.

        Returns
        -------
        list of tuple
            True activity, predicted activity and number of windows; the commonest first.
        """
        counts = self.confusion_matrix.copy()
        np.fill_diagonal(counts, 0)
        most = np.argsort(-counts, axis=None, kind="stable")[: min(n, np.count_nonzero(counts))]
        names = self.activities
        return [
            (names[true], names[predicted], int(counts[true, predicted]))
            for true, predicted in zip(*np.unravel_index(most, counts.shape), strict=True)
        ]

    def to_dict(self) -> dict[str, object]:
        """Return all metrics, ready for JSON."""
        return {
            "accuracy": self.accuracy,
            "balanced_accuracy": self.balanced_accuracy,
            "macro_f1": self.macro_f1,
            "intervals": self.intervals,
            "naive_intervals": self.naive_intervals,
            "calibration": asdict(self.calibration),
            "n_windows": self.n_windows,
            "activities": list(self.activities),
            "confusion_matrix": self.confusion_matrix.tolist(),
            "per_class": self.per_class,
            "per_subject": {str(subject): row for subject, row in self.per_subject.items()},
        }

    def to_frame(self) -> pd.DataFrame:
        """Return a table with a row per window.

        Returns
        -------
        DataFrame
            Columns index (the row in the published test files, from 0), subject, true, predicted,
            and ``p_ACTIVITY`` for each activity.
        """
        table = predictions_table(self.probabilities, self.activities)
        table.insert(1, "subject", self.subjects)
        table.insert(2, "true", np.array(self.activities)[self.labels])
        return table

    @classmethod
    def from_frame(cls, table: pd.DataFrame, place: str) -> Evaluation:
        """Return the evaluation of a table made by `to_frame`.

        Parameters
        ----------
        table : DataFrame
            Table with a row per window.
        place : str
            Name of its file, for messages.

        Returns
        -------
        Evaluation

        Raises
        ------
        DataError
            If a column is missing or has invalid values.
        """
        activities = tuple(c.removeprefix("p_") for c in table.columns if c.startswith("p_"))
        number_of = {activity: number for number, activity in enumerate(activities)}
        try:
            return cls(
                table["true"].map(number_of).astype(np.int64).to_numpy(),
                table[[f"p_{activity}" for activity in activities]].to_numpy(dtype=np.float64),
                _subjects_of(table["subject"]),
                activities,
            )
        except KeyError as error:
            raise DataError(f"{place}: found no column {error}, expected it") from error
        except DataError as error:
            raise DataError(f"{place}: {error}") from error
        except ValueError as error:
            raise DataError(
                f"{place}: found an unknown activity, or no number for a probability, "
                f"expected activities {', '.join(activities)} and numbers"
            ) from error


def _subjects_of(column: pd.Series[Any]) -> SubjectArray:
    """Return a column of subjects as numbers if all are."""
    if pd.api.types.is_integer_dtype(column):
        return np.asarray(column, dtype=np.int64)
    if column.isna().any():
        raise ValueError("no subject")
    return np.array(column.astype(str).tolist(), dtype=np.str_)


def predictions_table(
    probabilities: FloatArray, activities: tuple[str, ...], abstain_below: float = 0.0
) -> pd.DataFrame:
    """Return a table of predictions.

    Parameters
    ----------
    probabilities, activities, abstain_below
        As for `har.signals.activities.name_activities`.

    Returns
    -------
    DataFrame
        Columns index (from 0), predicted, and ``p_ACTIVITY`` for each activity.
    """
    table = pd.DataFrame(probabilities, columns=[f"p_{activity}" for activity in activities])
    table.insert(0, "index", np.arange(len(table)))
    table.insert(1, "predicted", name_activities(probabilities, activities, abstain_below))
    return table
