"""Ways to adapt, scored over seconds and strengths, and the strengths chosen.

`summary`, a linear function of the window's summary, whitened; `last layer`, the weights of the
LSTM's last layer; `bias`, its biases alone; `lstm`, a linear function of what that layer reads,
whitened as for the strangeness; each pulled to the network by a strength. `alone` is a logistic
regression of the summaries, trained on the person's seconds and nothing else.

The strength that a person is scored with is chosen on the other people: the highest one whose mean
accuracy, over all numbers of seconds that leave enough of everybody, is within a standard error of
the best. What is chosen with everybody is the constant of `har.training.adaptation`. In a first run
it was the strength with the highest mean: strengths were lower, as much was gained from 20 s, but
one of 21 people lost a point.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import pandas as pd
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from adaptation.people import PROTOCOLS, SECONDS, SHOWN_S, Person
from har.arrays import BoolArray
from har.evaluation.intervals import interval_over
from har.training.adaptation import SUMMARY_STRENGTH

STRENGTHS = (0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0, 300.0)
SUMMARY = "summary"
WAYS = (SUMMARY, "last layer", "bias", "lstm")
ALONE = "alone"
EACH = tuple((way, strength) for way in WAYS for strength in STRENGTHS)
N_HARDEST = 5
# Of the people; figures of fewer are not shown.
_LEAST_SHARE = 0.75

# Way to adapt, and its strength.
Asked = tuple[str, float]


def right_after(person: Person, asked: Asked, given: BoolArray) -> BoolArray:
    """Return which windows are right after an adaptation to some of them."""
    way, strength = asked
    if way != ALONE:
        return person.right_with(way, person.change(way, strength, given))
    model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000))
    model.fit(person.summary[given], person.labels[given])
    return np.asarray(model.predict(person.summary) == person.labels)


def scores(people: Sequence[Person], asked: Iterable[Asked]) -> pd.DataFrame:
    """Return a row for each person, protocol, number of seconds, way and strength."""
    ways, rows = tuple(asked), []
    for person in people:
        for protocol in PROTOCOLS:
            for seconds in SECONDS:
                if not (splits := person.places.scored_splits(protocol, seconds)):
                    continue
                n_scored = sum(int(scored.sum()) for _, scored in splits)
                before = sum(int(person.right_before[scored].sum()) for _, scored in splits)
                for way in ways:
                    right = (right_after(person, way, given)[scored] for given, scored in splits)
                    after = sum(int(each.sum()) for each in right)
                    rows.append(
                        (person.subject, protocol, seconds, *way, n_scored)
                        + (before / n_scored, after / n_scored)
                    )
        print("person", person.subject, flush=True)
    names = ["person", "protocol", "seconds", "way", "strength", "n_scored", "before", "after"]
    table = pd.DataFrame(rows, columns=names)
    return table[_n_people(table) >= _LEAST_SHARE * len(people)]


def _n_people(table: pd.DataFrame) -> pd.Series:
    return table.groupby(["protocol", "seconds"])["person"].transform("nunique")


def best_strength(table: pd.DataFrame) -> float:
    """Return the highest strength that is within a standard error of the best.

    Accuracies are means over all numbers of seconds; the error is that of the mean difference of
    people (Breiman et al., *Classification and Regression Trees*, 1984, section 3.4.3).
    """
    by_person = table.pivot_table(values="after", index="person", columns="strength")
    best = by_person[by_person.mean().idxmax()]
    worse = by_person.rsub(best, axis=0)
    is_near = worse.mean() <= worse.std() / np.sqrt(len(worse))
    return float(max(best.name, is_near[is_near].index.max(), key=float))


def with_chosen_strengths(table: pd.DataFrame) -> pd.DataFrame:
    """Keep of each person, way and protocol the strength that is best for the other people."""
    kept = []
    for (_protocol, _way), rows in table.groupby(["protocol", "way"]):
        of_everybody = with_everybody(rows)
        for person, own in rows.groupby("person"):
            chosen = best_strength(of_everybody[of_everybody["person"] != person])
            kept.append(own[own["strength"] == chosen])
    return pd.concat(kept)


def with_everybody(table: pd.DataFrame) -> pd.DataFrame:
    """Keep the numbers of seconds that leave enough windows of everybody."""
    return table[_n_people(table) == table["person"].nunique()]


def fixed_rows(table: pd.DataFrame) -> pd.DataFrame:
    """Keep what the constant of `har.training.adaptation` makes of the summary."""
    return table[(table["way"] == SUMMARY) & (table["strength"] == SUMMARY_STRENGTH)]


def figures_of(rows: pd.DataFrame) -> dict[str, object]:
    """Return the figures of one way, protocol and number of seconds, in per cent."""
    before, after = 100 * rows["before"].to_numpy(), 100 * rows["after"].to_numpy()
    gain = after - before
    hardest = np.argsort(before, kind="stable")[:N_HARDEST]
    error, left = (100 - before[hardest]).mean(), (100 - after[hardest]).mean()
    figures = {
        "n_people": len(rows),
        "before": before.mean(),
        "before_interval": interval_over(before),
        "after": after.mean(),
        "after_interval": interval_over(after),
        "gain": gain.mean(),
        "gain_interval": interval_over(gain),
        "hardest_before": before[hardest].mean(),
        "hardest_after": after[hardest].mean(),
        "hardest_share_of_error_removed": 100 * (1 - left / error) if error else 0.0,
        "largest_loss": max(0.0, -gain.min()),
        "n_losing_more_than_half_a_point": int((gain < -0.5).sum()),
    }
    return {name: np.round(value, 2).tolist() for name, value in figures.items()}


def results_of(table: pd.DataFrame, about: Mapping[str, object]) -> dict[str, object]:
    """Collect what the study found, ready for JSON."""
    chosen = with_chosen_strengths(table)
    by_way = table[table["way"] != ALONE].groupby(["protocol", "way"])
    grid = table[(table["seconds"] == SHOWN_S) & (table["way"] != ALONE)]
    shown = chosen[
        (chosen["seconds"] == SHOWN_S)
        & (chosen["protocol"] == "person")
        & chosen["way"].isin([SUMMARY, ALONE])
    ]
    people = shown.pivot(index="person", columns="way", values="after")
    people = people.rename(columns={SUMMARY: "after"})
    people.insert(0, "before", shown.groupby("person")["before"].first())
    people.insert(0, "strength", shown[shown["way"] == SUMMARY].set_index("person")["strength"])
    return {
        **about,
        "strength_chosen_with_everybody": [
            {"protocol": protocol, "way": way, "strength": best_strength(with_everybody(rows))}
            for (protocol, way), rows in by_way
        ],
        "with_strengths_of_the_other_people": [
            {"protocol": protocol, "way": way, "seconds": int(seconds), **figures_of(rows)}
            for (protocol, way, seconds), rows in chosen.groupby(["protocol", "way", "seconds"])
        ],
        "with_the_strength_of_the_package": fixed_figures(table),
        f"by_strength_from_{SHOWN_S}_s": [
            {"protocol": protocol, "way": way, "strength": strength, **_few(figures_of(rows))}
            for (protocol, way, strength), rows in grid.groupby(["protocol", "way", "strength"])
        ],
        f"people_from_{SHOWN_S}_s": [
            {"person": int(person), "strength": row["strength"]}
            | {name: round(100 * row[name], 2) for name in ("before", "after", ALONE)}
            for person, row in people.sort_values("before").iterrows()
        ],
    }


def fixed_figures(table: pd.DataFrame) -> list[dict[str, object]]:
    """Return the figures with the constant of `har.training.adaptation`, for JSON."""
    return [
        {"protocol": protocol, "seconds": int(seconds), "strength": SUMMARY_STRENGTH}
        | figures_of(rows)
        for (protocol, seconds), rows in fixed_rows(table).groupby(["protocol", "seconds"])
    ]


def _few(figures: Mapping[str, object]) -> dict[str, object]:
    names = ("after", "hardest_share_of_error_removed", "largest_loss")
    return {name: figures[name] for name in names}
