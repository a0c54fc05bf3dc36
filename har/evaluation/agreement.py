"""Windows of a timeline that lie in one labelled segment, and whether they are right."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from har.arrays import IntArray, StringArray

# Precision with which times are written.
_TOLERANCE_S = 5e-4


@dataclass(frozen=True)
class Agreement:
    """The agreement of a timeline with the truth.

    Parameters
    ----------
    n_right, n_answered, n_windows : int
        Numbers of windows that are right, that are not UNKNOWN, and of all, among those that lie in
        one segment of the truth.
    """

    n_right: int
    n_answered: int
    n_windows: int

    @property
    def share(self) -> float:
        """Share of the answered windows that are right; NaN without any."""
        return self.n_right / self.n_answered if self.n_answered else float("nan")

    @property
    def coverage(self) -> float:
        """Share of the windows that are answered; NaN without any."""
        return self.n_answered / self.n_windows if self.n_windows else float("nan")

    def in_words(self) -> str:
        """Return the counts and shares in one line."""
        windows = f"of {self.n_windows} windows that lie in one labelled segment"
        if self.n_answered == self.n_windows:
            return f"{self.n_right} {windows} are right ({self.share:.1%})"
        answered = f"{self.n_answered} {windows} are answered ({self.coverage:.1%})"
        right = f", {self.n_right} of them right ({self.share:.1%})" if self.n_answered else ""
        return f"{answered}{right}"


def measure_agreement(
    timeline: pd.DataFrame, truth: pd.DataFrame, abstain_below: float = 0.0
) -> Agreement:
    """Count the windows that are right.

    Parameters
    ----------
    timeline : DataFrame
        Result of `make_timeline`.
    truth : DataFrame
        True segments that do not overlap: start_s, end_s and activity.
    abstain_below : float
        Probability below which a window is not answered.

    Returns
    -------
    Agreement
        Windows that reach over the end of a segment have two true activities and do not count.
    """
    rows, true = windows_in_segments(timeline, truth)
    is_right = true == timeline["activity"].to_numpy()[rows]
    is_answered = timeline["probability"].to_numpy()[rows] >= abstain_below
    return Agreement(int((is_answered & is_right).sum()), int(is_answered.sum()), len(rows))


def windows_in_segments(
    timeline: pd.DataFrame, truth: pd.DataFrame
) -> tuple[IntArray, StringArray]:
    """Find the windows that lie in one segment of the truth.

    Parameters
    ----------
    timeline, truth
        As for `measure_agreement`.

    Returns
    -------
    rows : ndarray of int, shape (n_inside,)
        Rows of the timeline.
    activities : ndarray of str, shape (n_inside,)
        True activity of each.
    """
    truth = truth.sort_values("start_s")
    segment = np.searchsorted(truth["start_s"], timeline["start_s"] + _TOLERANCE_S, side="right")
    segment -= 1
    ends_s = truth["end_s"].to_numpy()[segment]
    is_inside = (segment >= 0) & (timeline["end_s"].to_numpy() <= ends_s + _TOLERANCE_S)
    rows = np.flatnonzero(is_inside)
    return rows, truth["activity"].to_numpy()[segment[rows]]


def window_confusion(
    timeline: pd.DataFrame, truth: pd.DataFrame, activities: tuple[str, ...]
) -> IntArray:
    """Count the windows that lie in one segment of the truth.

    Parameters
    ----------
    timeline, truth
        As for `measure_agreement`.
    activities : tuple of str
        Names of the classes; windows in segments of other activities do not count.

    Returns
    -------
    ndarray of int, shape (n_activities, n_activities + 1)
        Windows by true (rows) and predicted activity; the last column is of windows that are
        UNKNOWN.
    """
    rows, true = windows_in_segments(timeline, truth)
    names = pd.Index(activities)
    of_true = names.get_indexer(true)
    of_predicted = names.get_indexer(timeline["activity"].to_numpy()[rows])
    counts = np.zeros((len(names), len(names) + 1), dtype=np.int64)
    is_known = of_true >= 0
    # -1, an activity that has no name, is the last column.
    np.add.at(counts, (of_true[is_known], of_predicted[is_known]), 1)
    return counts
