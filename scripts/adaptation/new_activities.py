"""An activity that the network does not know, taught by held-out people of UCI HAR.

A network of five of the six activities is taught the sixth from a person's first seconds of it,
and scored on those of that person's windows that overlap none of them. Nothing of the other five is
given: they are to be named as before.

When 20 features were drawn of each old activity, 60 s of walking downstairs had a precision of 65 %
(four people), 60 s of laying one of 93 % (nine people); with as many as the new one has windows, 80
and 96 %.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from adaptation.people import Places, is_known, network_of, places_at, rows_in_time
from har.arrays import BoolArray, FloatArray
from har.classifier import ActivityClassifier
from har.evaluation.intervals import interval_over
from har.runs.adapted_network import named_by
from har.signals.windows import Windows
from har.training.adaptation import adapt_weights

# Of an activity whose windows would nearly all be given, fewer seconds are; see `FEWEST_NEW`.
NEW_SECONDS = (20, 40, 60)
FEWEST_NEW = 8


@dataclass(frozen=True)
class Taught:
    """How the windows that are scored are named, of one person.

    Parameters
    ----------
    subject : int
        The person.
    is_new : ndarray of bool, shape (n_scored,)
        Whether a window is of the new activity.
    named_new : ndarray of bool, shape (n_scored,)
        Whether it is named so.
    right_before, right_after : ndarray of bool, shape (n_scored,)
        Whether it is named right; before, none of the new one is.
    """

    subject: int
    is_new: BoolArray
    named_new: BoolArray
    right_before: BoolArray
    right_after: BoolArray


def taught_people(
    classifier: ActivityClassifier,
    windows: Windows,
    places: pd.DataFrame,
    seconds: float,
    strength: float,
) -> Iterator[Taught]:
    """Teach a network the activity that it lacks, by each person whom it never saw.

    Parameters
    ----------
    classifier : ActivityClassifier
        Network of all activities but one.
    windows : Windows
        Training windows of all activities.
    places : DataFrame
        Their places, see `places_of_windows`.
    seconds : float
        Labelled seconds of the new activity.
    strength : float
        Pull to the network.

    Yields
    ------
    Taught
        Of people of whom enough windows of the activity are left.
    """
    network, spreads = network_of(classifier), classifier.spreads_
    known = classifier.window_format_.activities
    (new,) = (activity for activity in windows.activities if activity not in known)
    activities = (*known, new)
    label_of = np.array([activities.index(activity) for activity in windows.activities])
    for subject in windows.subject_names:
        if is_known(classifier, subject):
            continue
        rows = rows_in_time(windows, places, subject)
        old_places = places_at(windows, places, rows)
        labels = label_of[old_places.labels]
        of_person = Places(labels, old_places.recordings, old_places.first_samples)
        is_new = labels == len(known)
        given = of_person.given(is_new, seconds)
        scored = of_person.apart(given)
        if int((scored & is_new).sum()) < FEWEST_NEW:
            continue
        mine = windows.where(rows)
        taught = Windows(
            mine.signals[given], labels[given], mine.subjects[given], mine.channels, activities
        )
        adapted = adapt_weights(network, spreads, taught, strength)
        before, after = (named_by(one, mine.signals[scored]) for one in (network, adapted))
        true = labels[scored]
        yield Taught(
            int(subject), is_new[scored], after == len(known), before == true, after == true
        )


def figures_of_new(people: list[Taught]) -> dict[str, object]:
    """Return recall and precision of the new activity, and accuracy of the others, in per cent."""
    recall = np.array([one.named_new[one.is_new].mean() for one in people])
    n_right = sum(int((one.named_new & one.is_new).sum()) for one in people)
    n_named = sum(int(one.named_new.sum()) for one in people)
    before = np.array([one.right_before[~one.is_new].mean() for one in people])
    after = np.array([one.right_after[~one.is_new].mean() for one in people])
    figures = {
        "recall": 100 * recall.mean(),
        "recall_interval": _in_per_cent(recall),
        "lowest_recall": 100 * recall.min(),
        "precision": 100 * n_right / n_named if n_named else None,
        "others_before": 100 * before.mean(),
        "others_after": 100 * after.mean(),
        "others_gain_interval": _in_per_cent(after - before),
        "largest_loss_of_others": 100 * max(0.0, (before - after).max()),
    }
    counts = {
        "n_people": len(people),
        "n_new_windows": sum(int(one.is_new.sum()) for one in people),
        "n_other_windows": sum(int((~one.is_new).sum()) for one in people),
    }
    rounded = {
        name: None if value is None else np.round(value, 2).tolist()
        for name, value in figures.items()
    }
    return {**counts, **rounded}


def _in_per_cent(values: FloatArray) -> FloatArray | None:
    interval = interval_over(values)
    return None if interval is None else 100 * np.asarray(interval)
