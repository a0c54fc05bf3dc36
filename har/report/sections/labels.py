"""The section of a report on labels: which windows are probably mislabelled."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from har.arrays import IntArray
from har.evaluation.label_errors import find_label_errors
from har.runs.results import Results

# More than anybody looks at; the page stays small whatever the network.
N_GROUPS = 100
# If half of at least so many suspected windows are one person's, the page says what that means.
_N_TELLING = 10


def labels_view(results: Results, stretches: IntArray | None) -> dict[str, Any]:
    """Collect what ``labels.html`` shows.

    Parameters
    ----------
    results : Results
        Of a run.
    stretches : ndarray of int or None, shape (n_windows,)
        From `har.signals.windows.number_stretches`; None: the windows are not at hand.

    Returns
    -------
    dict
        n_windows, and n_suspected of them. groups has the suspected windows that follow each other
        and look alike, the most suspect first, `N_GROUPS` of n_groups at most. foremost is the
        subject who has most of them, n_foremost, or None. has_stretches tells whether neighbours
        are known.
    """
    evaluation = results.evaluation
    errors = find_label_errors(evaluation.labels, evaluation.probabilities)
    known = np.arange(evaluation.n_windows) if stretches is None else stretches
    groups = _groups(errors, known)
    foremost, n_foremost = _foremost(evaluation.subjects, errors["window"].to_numpy())
    return {
        "n_windows": evaluation.n_windows,
        "n_suspected": len(errors),
        "n_groups": len(groups),
        "groups": [_group_view(group, results, known) for group in groups[:N_GROUPS]],
        "foremost": foremost,
        "n_foremost": n_foremost,
        "has_stretches": stretches is not None,
    }


def _foremost(subjects: IntArray, suspected: IntArray) -> tuple[int | None, int]:
    """Find the one of several subjects who has most of the suspected windows, and how many."""
    names, counts = np.unique(subjects[suspected], return_counts=True)
    is_one_of_several = len(np.unique(subjects)) > 1
    if is_one_of_several and len(suspected) >= _N_TELLING and counts.max() > len(suspected) / 2:
        return int(names[counts.argmax()]), int(counts.max())
    return None, 0


def _groups(errors: pd.DataFrame, stretches: IntArray) -> list[pd.DataFrame]:
    """Part suspected windows into those that follow each other and look alike."""
    ordered = errors.sort_values("window")
    ordered["stretch"] = stretches[ordered["window"]]
    changes = ordered[["window", "stretch", "label", "likely"]].diff()
    is_new = (changes != [1, 0, 0, 0]).any(axis=1)
    groups = [group for _, group in ordered.groupby(is_new.cumsum())]
    return sorted(groups, key=lambda group: -group["margin"].max())


def _group_view(group: pd.DataFrame, results: Results, stretches: IntArray) -> dict[str, Any]:
    evaluation, index = results.evaluation, results.predictions["index"]
    first, last = group["window"].iloc[[0, -1]]
    surest = group.loc[group["margin"].idxmax()]
    stretch = np.flatnonzero(stretches == stretches[first])
    likely = int(surest["likely"])
    return {
        "first": int(index[first]),
        "last": int(index[last]),
        "subject": int(evaluation.subjects[first]),
        "label": evaluation.activities[int(surest["label"])],
        "likely": evaluation.activities[likely],
        "probability": float(surest["probability"]),
        "label_probability": float(surest["probability"] - surest["margin"]),
        # Counted from 1, as people do: labels are often wrong at the ends of a stretch.
        "place": int(first - stretch[0]) + 1,
        "last_place": int(last - stretch[0]) + 1,
        "n_stretch": len(stretch),
        "n_alike": int((evaluation.predicted[stretch] == likely).sum()),
    }
