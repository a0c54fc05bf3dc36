"""Labels: which windows are probably mislabelled."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from har.arrays import IntArray, SubjectArray
from har.evaluation.label_errors import find_label_errors
from har.report.scored_run import ScoredRun
from har.report.section import Section
from har.runs.results import Results
from har.signals.subjects import Subject, number_subjects

# More than anybody looks at; the page stays small whatever the network.
N_GROUPS = 100
# If half of at least so many suspected windows are one person's, the page says what that means.
_N_TELLING = 10


@dataclass(frozen=True)
class SuspectedWindows:
    """Windows that follow each other, and whose label is suspected alike.

    Parameters
    ----------
    first, last : int
        Indices of the first and the last among the test windows.
    subject : int or str
        Person who was measured.
    label, likely : str
        Activity of the label, and the one that the network is sure of.
    probability, label_probability : float
        Probabilities of the likely activity and of the label, where they differ most.
    place, last_place : int
        Positions of the first and the last in their stretch, from 1.
    n_stretch : int
        Number of windows in the stretch.
    n_alike : int
        Number of those that are named as the likely activity.
    """

    first: int
    last: int
    subject: Subject
    label: str
    likely: str
    probability: float
    label_probability: float
    place: int
    last_place: int
    n_stretch: int
    n_alike: int


def labels_section(run: ScoredRun) -> Section:
    """Make the section on suspected labels, the most suspect first."""
    evaluation = run.results.evaluation
    errors = find_label_errors(evaluation.labels, evaluation.probabilities)
    # Without signals nobody knows which windows are neighbours: each stands alone.
    known = np.arange(evaluation.n_windows) if run.stretches is None else run.stretches
    groups = _groups(errors, known)
    foremost, n_foremost = _foremost(evaluation.subjects, errors["window"].to_numpy())
    return Section(
        "labels",
        "Labels",
        {
            "n_windows": evaluation.n_windows,
            "n_suspected": len(errors),
            "n_groups": len(groups),
            "groups": [_suspected(group, run.results, known) for group in groups[:N_GROUPS]],
            "foremost": foremost,
            "n_foremost": n_foremost,
            "has_stretches": run.stretches is not None,
            "known_subjects": run.known_subjects,
        },
    )


def _foremost(subjects: SubjectArray, suspected: IntArray) -> tuple[Subject | None, int]:
    """Find the one of several subjects who has most of the suspected windows, and how many."""
    names, of_window = number_subjects(subjects)
    counts = np.bincount(of_window[suspected], minlength=len(names))
    is_one_of_several = len(names) > 1
    if is_one_of_several and len(suspected) >= _N_TELLING and counts.max() > len(suspected) / 2:
        return names[counts.argmax()], int(counts.max())
    return None, 0


def _groups(errors: pd.DataFrame, stretches: IntArray) -> list[pd.DataFrame]:
    """Split suspected windows into those that follow each other and look alike."""
    ordered = errors.sort_values("window")
    ordered["stretch"] = stretches[ordered["window"]]
    changes = ordered[["window", "stretch", "label", "likely"]].diff()
    is_new = (changes != [1, 0, 0, 0]).any(axis=1)
    groups = [group for _, group in ordered.groupby(is_new.cumsum())]
    return sorted(groups, key=lambda group: -group["margin"].max())


def _suspected(group: pd.DataFrame, results: Results, stretches: IntArray) -> SuspectedWindows:
    evaluation, index = results.evaluation, results.predictions["index"]
    first, last = group["window"].iloc[[0, -1]]
    surest = group.loc[group["margin"].idxmax()]
    stretch = np.flatnonzero(stretches == stretches[first])
    likely = int(surest["likely"])
    return SuspectedWindows(
        first=int(index[first]),
        last=int(index[last]),
        subject=evaluation.subjects[first].item(),
        label=evaluation.activities[int(surest["label"])],
        likely=evaluation.activities[likely],
        probability=float(surest["probability"]),
        label_probability=float(surest["probability"] - surest["margin"]),
        # Counted from 1, as people do: labels are often wrong at the ends of a stretch.
        place=int(first - stretch[0]) + 1,
        last_place=int(last - stretch[0]) + 1,
        n_stretch=len(stretch),
        n_alike=int((evaluation.predicted[stretch] == likely).sum()),
    )
