"""A confirmation on the official test subjects of UCI HAR, who chose nothing.

Ways, strengths and rules were chosen on the training people; here a network that was trained on
them is adapted by the constants of `har.training.adaptation`, and scored once. There is no grid, no
other way and no choice: nothing may be chosen by these figures, or they confirm nothing any more.
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from adaptation.people import SHOWN_S, is_known, people_of, places_of_windows
from adaptation.ways import SUMMARY, fixed_figures, fixed_rows, scores
from har.classifier import ActivityClassifier
from har.datasets.loading import open_data
from har.training.adaptation import SUMMARY_STRENGTH


def confirmed(run: Path) -> dict[str, object]:
    """Score the test subjects with a run that was trained on the training subjects.

    Parameters
    ----------
    run : Path
        Folder of a run of UCI HAR, of one network with a summary. What it lacks to be adapted is
        measured on its training windows, and not kept.

    Returns
    -------
    dict
        Figures over seconds, and those of each person, ready for JSON.
    """
    classifier = ActivityClassifier.load(run, "cpu")
    data = open_data(classifier.config.data)
    if known := [one for one in data.test.subject_names if is_known(classifier, one)]:
        raise SystemExit(f"{run}: found test subjects {known} among those it was trained on")
    if classifier.spreads_ is None:
        classifier.measure_spreads(data.train.of_subjects(classifier.train_subjects_))
    places, subjects = places_of_windows("test"), data.test.subject_names
    people = list(people_of(classifier, data.test, places, subjects))
    table = scores(people, [(SUMMARY, SUMMARY_STRENGTH)])
    return {
        "n_people": len(people),
        "strength": SUMMARY_STRENGTH,
        "with_the_strength_of_the_package": fixed_figures(table),
        "people": people_figures(table),
    }


def people_figures(table: pd.DataFrame) -> list[dict[str, object]]:
    """Return the accuracies of each person, in per cent, the hardest first."""
    rows = fixed_rows(table).sort_values(["protocol", "seconds", "before"])
    return [
        {
            "protocol": row.protocol,
            "seconds": int(row.seconds),
            "person": int(row.person),
            "n_scored": int(row.n_scored),
            "before": round(100 * row.before, 2),
            "after": round(100 * row.after, 2),
        }
        for row in rows.itertuples()
        if row.seconds == SHOWN_S or row.protocol == "person"
    ]
