"""Segments: neighbouring windows of one activity, their durations, and agreement with the truth."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

# Precision with which times are written.
_TOLERANCE_S = 5e-4


def merge_segments(timeline: pd.DataFrame) -> pd.DataFrame:
    """Join neighbouring windows of the same activity.

    Windows overlap, so a change is put halfway between the middles of the two windows; the segments
    touch and do not overlap.

    Parameters
    ----------
    timeline : DataFrame
        Result of `make_timeline`.

    Returns
    -------
    DataFrame
        A row per segment: start_s, end_s, activity, probability (its windows' mean) and n_windows.
    """
    start_s, end_s = timeline["start_s"].to_numpy(), timeline["end_s"].to_numpy()
    activity = timeline["activity"].to_numpy()
    # Windows before and after a gap do not touch.
    is_after_gap = start_s[1:] > end_s[:-1] + _TOLERANCE_S
    is_new = np.concatenate([[True], is_after_gap | (activity[1:] != activity[:-1])])
    first = np.flatnonzero(is_new)
    last = np.append(first[1:], len(timeline)) - 1
    middle_s = (start_s + end_s) / 2
    begins_s, ends_s = start_s[first], end_s[last]
    changes = np.flatnonzero(~is_after_gap[first[1:] - 1])
    change_s = (middle_s[last[changes]] + middle_s[first[changes + 1]]) / 2
    ends_s[changes] = begins_s[changes + 1] = change_s
    total = np.add.reduceat(timeline["probability"].to_numpy(), first)
    n_windows = last - first + 1
    return pd.DataFrame(
        {
            "start_s": begins_s,
            "end_s": ends_s,
            "activity": activity[first],
            "probability": total / n_windows,
            "n_windows": n_windows,
        }
    )


def time_of_each(segments: pd.DataFrame) -> pd.DataFrame:
    """Add up the duration of each activity.

    Parameters
    ----------
    segments : DataFrame
        Result of `merge_segments`.

    Returns
    -------
    DataFrame
        A row per activity that occurs: duration_s, share and n_segments.
    """
    duration_s = segments["end_s"] - segments["start_s"]
    grouped = duration_s.groupby(segments["activity"])
    table = pd.DataFrame({"duration_s": grouped.sum(), "n_segments": grouped.size()})
    return table.assign(share=table["duration_s"] / duration_s.sum())


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
    truth = truth.sort_values("start_s")
    row = np.searchsorted(truth["start_s"], timeline["start_s"] + _TOLERANCE_S, side="right") - 1
    ends_s = truth["end_s"].to_numpy()[row]
    is_inside = (row >= 0) & (timeline["end_s"].to_numpy() <= ends_s + _TOLERANCE_S)
    is_right = truth["activity"].to_numpy()[row] == timeline["activity"].to_numpy()
    is_answered = is_inside & (timeline["probability"].to_numpy() >= abstain_below)
    return Agreement(
        int((is_answered & is_right).sum()), int(is_answered.sum()), int(is_inside.sum())
    )
