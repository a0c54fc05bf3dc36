"""A timeline against the true activities of its recording: by time, by events and by changes.

Everything is counted on a grid of 0.02 s, in labelled time alone, as nobody knows what a person did
in between. True segments that touch and have the same activity are one.

**Predicted segments and unlabelled time.** Unlabelled time is cut out of them, and what is left of
one segment stays one: a timeline that goes on with SITTING for a moment after the unlabelled turn
from SITTING to STANDING is late by that moment, and has not invented a second SITTING. It is cut in
two where the true activity is its own on both sides of the unlabelled time, since the truth then
has two segments, too, and nobody can say whether a third was between them.

**Segments** are right if they have the activity of a true one, and intersection over union is at
least one half. Each has one partner at most: two that both cover half of a third would be all of
it, and so would touch each other.

**Events** are counted after Ward, Lukowicz and Gellersen, *Performance metrics for activity
recognition*, ACM TIST 2(1), 2011, for each activity against all others. Segments of the same
activity that share time are linked. A true segment is *deleted* without a link, *fragmented* with
several, *merged* if the one it is linked to has several, or both of the last two; a predicted
segment is *inserted* without a link, *merging* with several, *fragmenting* if the one it is linked
to has several, or both. Those linked with each other only are correct, however early or late they
begin and end: that is counted by time and by changes.

**Changes** are from one true segment to the next of another activity, at most 5 s later, since the
turn between two postures is often unlabelled. A change is told when the timeline shows the new
activity, seconds after that is labelled; before it, if the timeline shows it then and has shown it
since. It is never told if that is more than 10 s early or late, or after the activity ended.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from har.arrays import BoolArray, FloatArray, IntArray
from har.signals.channels import SAMPLE_RATE_HZ

# Share of the union of two segments that must be in both.
LEAST_OVERLAP = 0.5
# Share of a predicted segment that must be labelled for it to be wrong altogether.
LEAST_LABELLED = 0.5
# Longest unlabelled time within a change, and the most it may be told too early or late.
LONGEST_CHANGE_S = 5.0
LATEST_S = 10.0

TRUE_EVENTS = ("correct", "deleted", "fragmented", "merged", "fragmented and merged")
PREDICTED_EVENTS = ("correct", "inserted", "merging", "fragmenting", "fragmenting and merging")

# In place of the number of an activity: unlabelled, or not predicted.
_NONE = -1


@dataclass(frozen=True)
class EventCounts:
    """Counts of one timeline, or of several.

    Parameters
    ----------
    time : ndarray of int, shape (n_activities, n_activities + 1)
        Labelled time in steps of 0.02 s, by true (rows) and predicted activity; the last column is
        of time that is UNKNOWN or that no window covers.
    true_events : ndarray of int, shape (5, n_activities)
        True segments in the order of `TRUE_EVENTS`.
    predicted_events : ndarray of int, shape (5, n_activities)
        Predicted segments in the order of `PREDICTED_EVENTS`.
    n_matched : ndarray of int, shape (n_activities,)
        Pairs of a true and a predicted segment with at least half of their union in common.
    delays_s : ndarray of float, shape (n_told,)
        Delay of each change that was told; negative if told too early.
    n_untold : int
        Number of changes that were never told.
    """

    time: IntArray
    true_events: IntArray
    predicted_events: IntArray
    n_matched: IntArray
    delays_s: FloatArray
    n_untold: int

    def __add__(self, other: EventCounts) -> EventCounts:
        """Add up the counts of two timelines with the same activities."""
        return EventCounts(
            self.time + other.time,
            self.true_events + other.true_events,
            self.predicted_events + other.predicted_events,
            self.n_matched + other.n_matched,
            np.concatenate([self.delays_s, other.delays_s]),
            self.n_untold + other.n_untold,
        )


def count_events(
    truth: pd.DataFrame, predicted: pd.DataFrame, activities: tuple[str, ...]
) -> EventCounts:
    """Compare predicted segments with true ones.

    Parameters
    ----------
    truth, predicted : DataFrame
        Columns start_s, end_s and activity; the segments of a table do not overlap. Time of other
        activities is unlabelled in the truth, and wrong where it is predicted.
    activities : tuple of str
        Names of the classes.

    Returns
    -------
    EventCounts
        Times are rounded to steps of 0.02 s.
    """
    n_steps = int(_steps(pd.concat([truth["end_s"], predicted["end_s"]])).max(initial=0))
    true = _on_grid(truth, activities, n_steps)
    named = _on_grid(predicted, activities, n_steps)
    is_labelled = true != _NONE
    time = np.zeros((len(activities), len(activities) + 1), dtype=np.int64)
    # -1 is the last column.
    np.add.at(time, (true[is_labelled], named[is_labelled]), 1)
    delays_s, n_untold = _delays(true, named)
    return EventCounts(time, *_linked_events(true, named, len(activities)), delays_s, n_untold)


def _steps(times_s: pd.Series[float]) -> IntArray:
    steps = np.rint(times_s.to_numpy(dtype=np.float64) * SAMPLE_RATE_HZ)
    return np.asarray(steps, dtype=np.int64)


def _on_grid(segments: pd.DataFrame, activities: tuple[str, ...], n_steps: int) -> IntArray:
    """Return the number of the activity in each step, -1 where there is none."""
    numbers = np.full(n_steps, _NONE, dtype=np.int64)
    codes = pd.Index(activities).get_indexer(segments["activity"])
    edges = zip(_steps(segments["start_s"]), _steps(segments["end_s"]), codes, strict=True)
    for first, last, code in edges:
        numbers[first:last] = code
    return numbers


def _differs_from_last(values: IntArray) -> BoolArray:
    """Return whether each value differs from the one before; the first does."""
    return np.concatenate([np.ones(min(len(values), 1), dtype=np.bool_), np.diff(values) != 0])


def _linked_events(
    true: IntArray, named: IntArray, n_activities: int
) -> tuple[IntArray, IntArray, IntArray]:
    """Count true and predicted segments by their links, and the pairs that match."""
    is_labelled = true != _NONE
    of_true = np.cumsum(_differs_from_last(true))[is_labelled]
    of_run = np.cumsum(_differs_from_last(named)) - 1
    n_in_run, of_named = np.bincount(of_run), of_run[is_labelled]
    true, named = true[is_labelled], named[is_labelled]
    is_next_true = _differs_from_last(of_true)
    is_new = _differs_from_last(of_named)
    # Beyond unlabelled time, the next true segment may be of the same activity.
    is_again = is_next_true & ~_differs_from_last(true) & (named == true)
    of_true = np.cumsum(is_next_true) - 1
    of_named = np.cumsum(is_new | is_again) - 1
    true_codes, named_codes = true[is_next_true], named[is_new | is_again]
    n_whole = n_in_run[of_run[is_labelled][is_new | is_again]]
    pairs, n_common = np.unique(
        np.stack([of_true, of_named])[:, true == named], axis=1, return_counts=True
    )
    n_true, n_named = np.bincount(of_true), np.bincount(of_named)
    n_union = n_true[pairs[0]] + n_named[pairs[1]] - n_common
    is_match = n_common >= LEAST_OVERLAP * n_union
    is_linked = np.isin(np.arange(len(named_codes)), pairs[1])
    named_codes[~is_linked & (n_named < LEAST_LABELLED * n_whole)] = _NONE
    return (
        _by_links(pairs[0], pairs[1], true_codes, n_activities),
        _by_links(pairs[1], pairs[0], named_codes, n_activities),
        np.bincount(true_codes[pairs[0][is_match]], minlength=n_activities),
    )


def _by_links(ours: IntArray, theirs: IntArray, codes: IntArray, n_activities: int) -> IntArray:
    """Count segments by the links they have, and their partners have; shape (5, n_activities)."""
    n_links = np.bincount(ours, minlength=len(codes))
    n_of_partner = np.bincount(theirs)[theirs]
    is_shared = np.zeros(len(codes), dtype=np.bool_)
    is_shared[ours[n_of_partner > 1]] = True
    # In the order of TRUE_EVENTS and PREDICTED_EVENTS.
    kinds = np.select(
        [n_links == 0, (n_links > 1) & is_shared, n_links > 1, is_shared], [1, 4, 2, 3], 0
    )
    counts = np.zeros((len(TRUE_EVENTS), n_activities), dtype=np.int64)
    is_named = codes != _NONE
    np.add.at(counts, (kinds[is_named], codes[is_named]), 1)
    return counts


def _delays(true: IntArray, named: IntArray) -> tuple[FloatArray, int]:
    """Return the delay of each change that was told, and the number of the others."""
    firsts = np.flatnonzero(_differs_from_last(true))
    lasts = np.append(firsts[1:], len(true))
    is_labelled = true[firsts] != _NONE
    firsts, lasts = firsts[is_labelled], lasts[is_labelled]
    begins = np.flatnonzero(_differs_from_last(named))
    n_latest = round(LATEST_S * SAMPLE_RATE_HZ)
    delays_s, n_untold = [], 0
    for end, start, last in zip(lasts[:-1], firsts[1:], lasts[1:], strict=True):
        is_far = start - end > LONGEST_CHANGE_S * SAMPLE_RATE_HZ
        if is_far or true[end - 1] == true[start]:
            continue
        shown = np.flatnonzero(named[start : min(last, start + n_latest + 1)] == true[start])
        moment = start + shown[0] if len(shown) else None
        if moment == start:
            # It has been shown since its segment began.
            moment = begins[np.searchsorted(begins, start, side="right") - 1]
        if moment is None or start - moment > n_latest:
            n_untold += 1
        else:
            delays_s.append((moment - start) / SAMPLE_RATE_HZ)
    return np.array(delays_s, dtype=np.float64), n_untold
