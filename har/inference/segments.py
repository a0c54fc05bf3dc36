"""Segments: neighbouring windows of one activity, and their durations."""

from __future__ import annotations

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
