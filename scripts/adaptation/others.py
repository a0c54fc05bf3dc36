"""What a network that was adapted to one person makes of everybody else.

Adapted to the first seconds of a held-out person, by the summary and the strength of the package,
it is scored on all windows of the other people of that fold, and of those whom it was trained on.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from adaptation.people import SHOWN_S, Person
from adaptation.ways import SUMMARY
from har.training.adaptation import SUMMARY_STRENGTH


def scores_of_others(
    held_out: Sequence[Person], trained_on: Sequence[Person], seconds: float = SHOWN_S
) -> pd.DataFrame:
    """Return a row for each person adapted to, and each other one who is scored.

    Parameters
    ----------
    held_out : sequence of Person
        People whom a network never saw: each is adapted to, the others are scored.
    trained_on : sequence of Person
        People whom it was trained on.
    seconds : float
        Labelled seconds of each activity.

    Returns
    -------
    DataFrame
        Columns adapted_to, person, was_trained_on, before, after.
    """
    rows = []
    for owner in held_out:
        given = owner.places.given(np.ones(len(owner.labels), bool), seconds)
        change = owner.change(SUMMARY, SUMMARY_STRENGTH, given)
        for person in (*held_out, *trained_on):
            if person.subject != owner.subject:
                after = person.right_with(SUMMARY, change).mean()
                about = owner.subject, person.subject, person in trained_on
                rows.append((*about, person.right_before.mean(), after))
    names = ["adapted_to", "person", "was_trained_on", "before", "after"]
    return pd.DataFrame(rows, columns=names)


def figures_of_others(table: pd.DataFrame) -> dict[str, object]:
    """Return accuracies before and after, in per cent, and the pair that lost most."""
    figures: dict[str, object] = {"seconds": SHOWN_S, "strength": SUMMARY_STRENGTH}
    for name, was_trained_on in (("new_people", False), ("training_people", True)):
        rows = table[table["was_trained_on"] == was_trained_on]
        before, after = 100 * rows["before"], 100 * rows["after"]
        by_owner = (after - before).groupby(rows["adapted_to"]).mean()
        worst = rows.loc[(after - before).idxmin()]
        figures[name] = {
            "n_pairs": len(rows),
            "before": round(before.mean(), 2),
            "after": round(after.mean(), 2),
            "least_before": round(before.min(), 2),
            "least_after": round(after.min(), 2),
            "largest_loss_of_a_pair": round(max(0.0, (before - after).max()), 2),
            "pair_that_lost_most": [int(worst["adapted_to"]), int(worst["person"])],
            "largest_mean_loss_of_an_adapted_network": round(max(0.0, -by_owner.min()), 2),
            "n_pairs_losing_more_than_half_a_point": int((after - before < -0.5).sum()),
        }
    return figures
