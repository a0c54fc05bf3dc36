"""A hidden Markov model: the activity of a window, judged with the windows around it.

People do not sit for a second between two steps. In a **hidden Markov model** the activity is a
state that is not seen itself: from one window to the next it stays, or changes with a known
probability (the *transitions*), and all that is seen of it is the windows, in which the network
finds some activities more likely than others (the *evidence*). The **forward–backward algorithm**
then gives the probability of each activity in each window, added up over every course that the
activities of the whole recording could have taken: a pass forward in time adds up the courses that
lead to an activity, a pass backward those that go on from it, and their product counts (Rabiner, *A
tutorial on hidden Markov models and selected applications in speech recognition*, Proceedings of
the IEEE 77, 1989, section III). Live, there is no later window to go backward from: the forward
pass alone is the *filter*, and one that waits for a few windows is called *fixed-lag smoothing*
(`live_context`).

The most probable single course (Viterbi's algorithm) would be another answer, but it gives no
probability of each window's activity, and names no more of them right.

**Evidence is discounted.** The model takes windows to be independent given their activities. They
are not: each has half of its samples in common with the next, and a network that takes one window
of a sitting person for standing takes the next one likewise. Logarithms of probabilities are
therefore multiplied by a weight below 1, as speech recognition does with those of its sounds; else
the model would be far too sure, mistakes included.

**Transitions.** By default all that is known is that activities last, 20 s in the mean. Where whole
recordings of the training people are labelled, it is seen how long each lasts and what follows it
at all: nobody lies down out of standing without the turn between. *How often* one follows another
is left out, since people who are measured do everything in the order that they are told to, and
their context must not learn that by heart.

Mean durations from 15 to 30 s and weights from 0.7 to 1 name as many windows right as these, within
0.2 %, on the recordings of HAPT's training people who were held out. `scripts/context_study.py`
compares contexts, also an LSTM over windows, on recordings as they are and in another order.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import numpy as np
import pandas as pd

from har.arrays import BoolArray, FloatArray
from har.errors import DataError, RunError
from har.signals.channels import SAMPLE_RATE_HZ, WINDOW_STEP

# How windows are judged: with those around them, or each by itself.
ContextKind = Literal["markov", "none"]

# From one window of a timeline to the next.
HOP_S = WINDOW_STEP / SAMPLE_RATE_HZ
MEAN_DURATION_S = 20.0
WEIGHT = 0.85
# Segments further apart are not known to follow each other.
LONGEST_GAP_S = 5.0
# Share of the changes from an activity that goes to any other one: what was never seen may happen.
UNSEEN_SHARE = 0.1
# Few recordings say little of how long an activity can last.
LONGEST_MEAN_S = 120.0
# Nor is an activity left at almost every window.
MOST_CHANGES = 0.9

# Whatever a network is sure of, no activity is impossible because of a single window.
_SMALLEST = np.finfo(np.float64).tiny


@dataclass(frozen=True, eq=False)
class MarkovContext:
    """A chain of activities, one for each window, and how much a window says about its own.

    Parameters
    ----------
    transitions : ndarray of float, shape (n_activities, n_activities)
        Probability that a window of the row's activity is followed, one hop later, by one of the
        column's. Each row adds up to 1. Of the first window all activities are equally probable.
    weight : float
        Factor of the logarithms of a window's probabilities, above 0 and up to 1.

    Raises
    ------
    DataError
        If the transitions are no such matrix, or the weight lies elsewhere.
    """

    transitions: FloatArray
    weight: float = WEIGHT

    def __post_init__(self) -> None:
        shape = self.transitions.shape
        if len(shape) != 2 or not shape[0] == shape[1] > 0:
            raise DataError(
                f"context: found transitions of shape {shape}, expected a square of activities"
            )
        sums = self.transitions.sum(axis=1)
        if not (self.transitions >= 0).all() or not np.allclose(sums, 1, rtol=0, atol=1e-6):
            raise DataError(
                "context: found transitions from one activity that add up to other than 1, or below"
                " 0, expected probabilities"
            )
        if not 0 < self.weight <= 1:
            raise DataError(
                f"context: found a weight of {self.weight:g}, expected above 0 and at most 1"
            )

    @classmethod
    def lasting(
        cls,
        n_activities: int,
        mean_duration_s: float = MEAN_DURATION_S,
        hop_s: float = HOP_S,
        weight: float = WEIGHT,
    ) -> MarkovContext:
        """Return the chain that knows no more than that activities last.

        Parameters
        ----------
        n_activities : int
            Number of activities; each changes to each other one equally often.
        mean_duration_s : float
            Mean time until an activity changes, more than `hop_s`.
        hop_s : float
            Time from one window to the next.
        weight : float
            See the class.

        Returns
        -------
        MarkovContext

        Raises
        ------
        DataError
            If activities last no longer than a hop, or there is none.
        """
        if n_activities < 1 or not 0 < hop_s < mean_duration_s:
            raise DataError(
                f"context: found {n_activities} activities of {mean_duration_s:g} s each and "
                f"windows every {hop_s:g} s, expected at least one, and longer than a hop"
            )
        if n_activities == 1:
            return cls(np.ones((1, 1)), weight)
        # A state that is left with probability p lasts 1 / p windows in the mean.
        change = hop_s / mean_duration_s
        transitions = np.full((n_activities, n_activities), change / (n_activities - 1))
        np.fill_diagonal(transitions, 1 - change)
        return cls(transitions, weight)

    @classmethod
    def observed(
        cls, recordings: Iterable[pd.DataFrame], activities: tuple[str, ...], hop_s: float = HOP_S
    ) -> MarkovContext:
        """Return the chain that labelled recordings show.

        Parameters
        ----------
        recordings : iterable of DataFrame
            True segments of each recording that do not overlap: start_s, end_s and activity.
        activities : tuple of str
            Names of the classes.
        hop_s : float
            Time from one window to the next.

        Returns
        -------
        MarkovContext
            Each activity is left as often as it was, also for what is not labelled. Those that
            were seen to follow it do so equally often, and no other is impossible. Without any
            change, that of `lasting`.
        """
        n = len(activities)
        n_hops, n_ends, n_changes = np.zeros(n), np.zeros(n), np.zeros((n, n))
        for segments in recordings:
            known = segments[segments["activity"].isin(activities)].sort_values("start_s")
            codes = pd.Index(activities).get_indexer(known["activity"])
            start_s, end_s = known["start_s"].to_numpy(float), known["end_s"].to_numpy(float)
            np.add.at(n_hops, codes, (end_s - start_s) / hop_s)
            gaps_s, before, after = start_s[1:] - end_s[:-1], codes[:-1], codes[1:]
            np.add.at(n_ends, before[(before != after) | (gaps_s > hop_s)], 1)
            is_change = (before != after) & (gaps_s <= LONGEST_GAP_S)
            np.add.at(n_changes, (before[is_change], after[is_change]), 1)
        if not n_changes.any():
            return cls.lasting(n, hop_s=hop_s)
        # One more of both, so that an activity that never ended still may.
        leaving = np.where(n_hops > 0, (n_ends + 1) / (n_hops + 1), hop_s / MEAN_DURATION_S)
        leaving = np.clip(leaving, hop_s / LONGEST_MEAN_S, MOST_CHANGES)[:, np.newaxis]
        return cls(leaving * _next_ones(n_changes > 0) + (1 - leaving) * np.eye(n))

    def to_dict(self) -> dict[str, object]:
        """Return the transitions and the weight, ready for JSON."""
        return {"transitions": self.transitions.tolist(), "weight": self.weight}

    @classmethod
    def from_dict(cls, content: Mapping[str, Any]) -> MarkovContext:
        """Return the object that `to_dict` described.

        Raises
        ------
        KeyError, TypeError, ValueError
            If something is missing or is no number.
        DataError
            If the numbers are no such matrix and weight.
        """
        transitions = np.array(content["transitions"], dtype=np.float64)
        return cls(transitions, float(content["weight"]))

    @classmethod
    def of_run(
        cls, content: Mapping[str, object] | None, n_activities: int, place: str
    ) -> MarkovContext | None:
        """Return the context that a run learned, if it did.

        Parameters
        ----------
        content : mapping or None
            Transitions and weight as `to_dict` returns them; None if nothing was learned.
        n_activities : int
            Number of the run's activities.
        place : str
            Name of the file, for messages.

        Raises
        ------
        RunError
            If the content is damaged, or of other activities.
        """
        if content is None:
            return None
        expected = f"transitions between {n_activities} activities and a weight"
        try:
            context = cls.from_dict(content)
        except (KeyError, TypeError, ValueError, DataError) as error:
            raise RunError(
                f"{place}: found a missing or wrong value ({error}), expected {expected}"
            ) from error
        if context.n_activities != n_activities:
            raise RunError(f"{place}: found {context.n_activities} activities, expected {expected}")
        return context

    @property
    def n_activities(self) -> int:
        """Number of activities."""
        return len(self.transitions)

    @cached_property
    def _log_transitions(self) -> FloatArray:
        with np.errstate(divide="ignore"):
            logarithms: FloatArray = np.log(self.transitions.astype(np.float64))
        return logarithms

    def smoothed(self, probabilities: FloatArray) -> FloatArray:
        """Return the probability of each activity in each window, given all of the windows.

        Parameters
        ----------
        probabilities : ndarray of float, shape (n_windows, n_activities)
            Probabilities by each window alone, of windows that follow each other without a gap.

        Returns
        -------
        ndarray of float64, shape (n_windows, n_activities)
            Each row adds up to 1.

        Raises
        ------
        DataError
            If there is not one probability for each activity.
        """
        evidence = self.evidence(probabilities)
        forward = np.empty_like(evidence)
        for window, of_window in enumerate(evidence):
            forward[window] = self.forward(forward[window - 1] if window else None, of_window)
        return self.backward(forward, evidence)

    def evidence(self, probabilities: FloatArray) -> FloatArray:
        """Return what windows say of their activities: logarithms, discounted.

        Parameters
        ----------
        probabilities : ndarray of float, shape (n_windows, n_activities)
            Probabilities by each window alone.

        Returns
        -------
        ndarray of float64, shape (n_windows, n_activities)
            Finite, and 0 for the most probable activity of each window.

        Raises
        ------
        DataError
            If there is not one probability for each activity.
        """
        if probabilities.ndim != 2 or probabilities.shape[1] != self.n_activities:
            raise DataError(
                f"probabilities: found an array of shape {probabilities.shape}, "
                f"expected one for each of {self.n_activities} activities"
            )
        logarithms = np.log(np.maximum(probabilities.astype(np.float64), _SMALLEST))
        evidence: FloatArray = self.weight * (logarithms - logarithms.max(axis=1, keepdims=True))
        return evidence

    def forward(self, before: FloatArray | None, evidence: FloatArray) -> FloatArray:
        """Take one step of the forward pass.

        Parameters
        ----------
        before : ndarray, shape (n_activities,), or None
            Result for the window before; None for the first one.
        evidence : ndarray, shape (n_activities,)
            Evidence of this window.

        Returns
        -------
        ndarray, shape (n_activities,)
            Logarithm of the probability of each activity, given all windows so far, up to a
            constant.
        """
        if before is None:
            return evidence
        courses = before[:, np.newaxis] + self._log_transitions
        # SciPy's logsumexp takes ten times as long for so few numbers.
        added: FloatArray = np.logaddexp.reduce(courses, axis=0)
        return added + evidence

    def backward(self, forward: FloatArray, evidence: FloatArray) -> FloatArray:
        """Take the backward pass, and join it with the forward pass.

        Parameters
        ----------
        forward : ndarray, shape (n_windows, n_activities)
            Result of the forward pass for windows that follow each other.
        evidence : ndarray, shape (n_windows, n_activities)
            Evidence of the same windows.

        Returns
        -------
        ndarray, shape (n_windows, n_activities)
            Probability of each activity, given all windows up to the last of these.
        """
        joint = forward.copy()
        later = np.zeros(self.n_activities)
        for window in range(len(forward) - 2, -1, -1):
            courses = self._log_transitions + (evidence[window + 1] + later)
            later = np.logaddexp.reduce(courses, axis=1)
            joint[window] += later
        shares = np.exp(joint - joint.max(axis=1, keepdims=True))
        probabilities: FloatArray = shares / shares.sum(axis=1, keepdims=True)
        return probabilities


def _next_ones(is_seen: BoolArray) -> FloatArray:
    """Return how often each activity follows another that ends, from what was seen to do so."""
    n = len(is_seen)
    any_other = (1 - np.eye(n)) / (n - 1)
    n_seen = is_seen.sum(axis=1, keepdims=True)
    seen = np.where(n_seen > 0, is_seen / np.maximum(n_seen, 1), any_other)
    return np.asarray((1 - UNSEEN_SHARE) * seen + UNSEEN_SHARE * any_other)
