"""Measure what a few labelled seconds of a new person are worth, on training people of UCI HAR.

They are held out fold by fold; the test subjects play no part. A network is trained on the others
(or taken from --models, where it was kept), adapted to each person who was held out by the first
seconds of each activity, in the order of time, and scored on the rest of that person's windows, but
for those that overlap what it was adapted to. Each person has two recordings; in the second the
phone is worn as they liked, and the first seconds of an activity are nearly all in the first:

person      the seconds are the first of the person, all that follows is scored
recordings  half of the seconds are the first of each recording
wearing     each recording by itself: adapted to its first seconds, scored on its rest

Ways to adapt: `summary`, a linear function of the window's summary, whitened; `last layer`, the
weights of the LSTM's last layer; `bias`, its biases alone; `lstm`, a linear function of what that
layer reads, whitened as for the strangeness; each pulled to the network by a strength. `alone` is a
logistic regression of the summaries, trained on the person's seconds and nothing else.

The strength that a person is scored with is chosen on the other people: the highest one whose mean
accuracy over all numbers of seconds is within a standard error of the best. What is chosen with
everybody is the constant of `har.training.adaptation`. In a first run it was the strength with the
highest mean: strengths were lower, as much was gained from 20 s, but one of 21 people lost a point.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from har.arrays import BoolArray, FloatArray, IntArray
from har.classifier import ActivityClassifier
from har.datasets.loading import open_training
from har.datasets.uci_har import window_table
from har.evaluation.intervals import interval_over
from har.files import write_text
from har.model_selection.folds import folds_of
from har.models.constants import SUMMARY_SHARE
from har.models.packed.network import PackedNetwork
from har.recipes import load_config
from har.report.drawing import in_percent, title_and_legend, to_svg
from har.report.style import BLUE, FAINT, GOLD, INK, ROSE, STYLE
from har.signals.channels import N_TIMESTEPS, SAMPLE_RATE_HZ, WINDOW_STEP
from har.signals.windows import Windows
from har.training.adaptation import fit_change

SECONDS = (5, 10, 20, 40, 60)
SHOWN_S = 20
STRENGTHS = (0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0, 300.0)
WAYS = ("summary", "last layer", "bias", "lstm")
PROTOCOLS = ("person", "recordings", "wearing")
N_HARDEST = 5
# A person of whom fewer windows are left is not scored, and then nobody is.
FEWEST_SCORED = 50
ALONE = "alone"


@dataclass(frozen=True)
class Person:
    """What a network that was trained without a person makes of their windows.

    Parameters
    ----------
    subject : int
        The person.
    labels, recordings, first_samples : ndarray of int, shape (n_windows,)
        Activity, recording and place in it of each window, in the order of time.
    logits : ndarray, shape (n_windows, n_activities)
        Scores, divided by the temperature.
    inputs : mapping of str to ndarray, shape (n_windows, n_inputs)
        Inputs of the linear function that each way to adapt adds.
    summary : ndarray, shape (n_windows, n_summarised)
        Features for a model of the person alone.
    """

    subject: int
    labels: IntArray
    recordings: IntArray
    first_samples: IntArray
    logits: FloatArray
    inputs: Mapping[str, FloatArray]
    summary: FloatArray

    def right(self, way: str, strength: float, given: BoolArray) -> BoolArray:
        """Return which windows are right after an adaptation to some of them."""
        if way == ALONE:
            model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000))
            model.fit(self.summary[given], self.labels[given])
            return np.asarray(model.predict(self.summary) == self.labels)
        inputs = self.inputs[way]
        change = fit_change(inputs[given], self.logits[given], self.labels[given], strength)
        return np.asarray((self.logits + inputs @ change).argmax(axis=1) == self.labels)

    @cached_property
    def right_before(self) -> BoolArray:
        """Which windows are right without adaptation."""
        return np.asarray(self.logits.argmax(axis=1) == self.labels)

    def given(self, chosen: BoolArray, seconds: float) -> BoolArray:
        """Return the first windows of each activity among some, of so many seconds together."""
        given = np.zeros(len(self.labels), bool)
        for label in np.unique(self.labels):
            n_samples, end, recording = 0, 0, -1
            for row in np.flatnonzero(chosen & (self.labels == label)):
                first = self.first_samples[row]
                overlap = end - first if self.recordings[row] == recording else 0
                n_samples += N_TIMESTEPS - max(0, overlap)
                if n_samples > seconds * SAMPLE_RATE_HZ:
                    break
                given[row] = True
                end, recording = first + N_TIMESTEPS, self.recordings[row]
        return given

    def apart(self, given: BoolArray) -> BoolArray:
        """Return the windows that share no sample with those that were given."""
        apart = ~given
        for row in np.flatnonzero(given):
            is_near = np.abs(self.first_samples - self.first_samples[row]) < N_TIMESTEPS
            apart &= ~(is_near & (self.recordings == self.recordings[row]))
        return apart

    def splits(self, protocol: str, seconds: float) -> Iterator[tuple[BoolArray, BoolArray]]:
        """Yield what is given, and what is scored, once or for each recording."""
        everything = np.ones(len(self.labels), bool)
        parts = [self.recordings == number for number in np.unique(self.recordings)]
        if protocol == "wearing":
            for part in parts:
                given = self.given(part, seconds)
                yield given, self.apart(given) & part
            return
        if protocol == "recordings":
            given = np.any([self.given(part, seconds / len(parts)) for part in parts], axis=0)
        else:
            given = self.given(everything, seconds)
        yield given, self.apart(given)


def trained(
    recipe: str, seed: int, n_folds: int, fold: int, models: Path
) -> tuple[ActivityClassifier, Windows]:
    """Train a network on a fold, unless that was done; return it and all training windows."""
    config = load_config(recipe, f"--seed={seed}")
    windows = open_training(config.data).windows
    chosen = folds_of(windows, n_folds)[fold]
    folder = models / f"{Path(recipe).stem}-seed{seed}-of{n_folds}-fold{fold}"
    if not (folder / "manifest.json").exists():
        print("training", folder.name, flush=True)
        classifier = ActivityClassifier(config).fit(windows.of_subjects(chosen.train_subjects), 1)
        classifier.save(folder)
    classifier = ActivityClassifier.load(folder, "cpu")
    if classifier.spreads_ is None:
        classifier.measure_spreads(windows.of_subjects(classifier.train_subjects_))
        classifier.save(folder)
    return classifier, windows


def held_out_people(
    classifier: ActivityClassifier, windows: Windows, places: pd.DataFrame
) -> Iterator[Person]:
    """Yield each of the training people whom a network was not trained on."""
    known = {*classifier.train_subjects_, *classifier.validation_subjects_}
    weights = {
        name: parameter.list_data()[0].asnumpy()
        for name, parameter in classifier.trained_network().collect_params().items()
    }
    packed = PackedNetwork(classifier.config.model, windows.channels, weights)
    if classifier.spreads_ is None or classifier.strangeness_ is None:
        raise SystemExit("expected a recipe of one network with a summary")
    (spread,), whitening = classifier.spreads_, classifier.strangeness_.whitening
    for subject in windows.subject_names:
        if subject in known:
            continue
        rows = np.flatnonzero(windows.subjects == subject)
        rows = rows[np.lexsort((places["first"].to_numpy()[rows], places["recording"][rows]))]
        (outputs,) = packed.of_members(windows.signals[rows])
        summary = np.asarray(outputs.summary)
        ones = np.ones((len(rows), 1))
        read = (1 - SUMMARY_SHARE) * np.hstack([outputs.features, ones]) / packed.temperature
        yield Person(
            int(subject),
            windows.labels[rows],
            places["recording"].to_numpy()[rows],
            places["first"].to_numpy()[rows],
            outputs.logits.astype(np.float64) / packed.temperature,
            {
                "summary": np.hstack([spread.whitened(summary), ones]),
                "last layer": read,
                "bias": read[:, -1:],
                "lstm": np.hstack(
                    [outputs.features @ whitening - classifier.strangeness_.centres.mean(0), ones]
                ),
            },
            summary,
        )


def places_of_windows() -> pd.DataFrame:
    """Return recording and first sample of each training window of UCI HAR, in its order."""
    table = window_table()
    runs = table[table["split"] == "train"]
    each = runs.loc[runs.index.repeat(runs["n_windows"])]
    number = each.groupby(level=0).cumcount()
    first = each["first_sample"] + WINDOW_STEP * number
    return pd.DataFrame({"recording": each["experiment"], "first": first}).reset_index(drop=True)


def scores(people: Sequence[Person]) -> pd.DataFrame:
    """Return a row for each person, protocol, number of seconds, way and strength."""
    rows = []
    asked = [(way, strength) for way in WAYS for strength in STRENGTHS] + [(ALONE, 0.0)]
    for person in people:
        for protocol in PROTOCOLS:
            for seconds in SECONDS:
                splits = list(person.splits(protocol, seconds))
                n_scored = sum(int(scored.sum()) for _, scored in splits)
                if n_scored < FEWEST_SCORED or not all(given.any() for given, _ in splits):
                    # Half of 5 s is less than a window; of some recordings 60 s are all.
                    continue
                before = sum(int(person.right_before[scored].sum()) for _, scored in splits)
                for way, strength in asked:
                    after = sum(
                        int(person.right(way, strength, given)[scored].sum())
                        for given, scored in splits
                    )
                    rows.append(
                        (person.subject, protocol, seconds, way, strength)
                        + (n_scored, before / n_scored, after / n_scored)
                    )
        print("person", person.subject, flush=True)
    names = ["person", "protocol", "seconds", "way", "strength", "n_scored", "before", "after"]
    table = pd.DataFrame(rows, columns=names)
    n_people = table.groupby(["protocol", "seconds"])["person"].transform("nunique")
    return table[n_people == len(people)]


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
        for person, own in rows.groupby("person"):
            chosen = best_strength(rows[rows["person"] != person])
            kept.append(own[own["strength"] == chosen])
    return pd.concat(kept)


def figures_of(rows: pd.DataFrame) -> dict[str, object]:
    """Return the figures of one way, protocol and number of seconds, in per cent."""
    before, after = 100 * rows["before"].to_numpy(), 100 * rows["after"].to_numpy()
    gain = after - before
    hardest = np.argsort(before, kind="stable")[:N_HARDEST]
    error, left = (100 - before[hardest]).mean(), (100 - after[hardest]).mean()
    figures = {
        "before": before.mean(),
        "before_interval": interval_over(before),
        "after": after.mean(),
        "after_interval": interval_over(after),
        "gain": gain.mean(),
        "gain_interval": interval_over(gain),
        "hardest_before": before[hardest].mean(),
        "hardest_after": after[hardest].mean(),
        "hardest_share_of_error_removed": 100 * (1 - left / error),
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
        & chosen["way"].isin(["summary", ALONE])
    ]
    people = shown.pivot(index="person", columns="way", values="after")
    people = people.rename(columns={"summary": "after"})
    people.insert(0, "before", shown.groupby("person")["before"].first())
    people.insert(0, "strength", shown[shown["way"] == "summary"].set_index("person")["strength"])
    return {
        **about,
        "strength_chosen_with_everybody": [
            {"protocol": protocol, "way": way, "strength": best_strength(rows)}
            for (protocol, way), rows in by_way
        ],
        "with_strengths_of_the_other_people": [
            {"protocol": protocol, "way": way, "seconds": int(seconds), **figures_of(rows)}
            for (protocol, way, seconds), rows in chosen.groupby(["protocol", "way", "seconds"])
        ],
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


def _few(figures: Mapping[str, object]) -> dict[str, object]:
    names = ("after", "hardest_share_of_error_removed", "largest_loss")
    return {name: figures[name] for name in names}


@rc_context(STYLE)
def study_figure(table: pd.DataFrame) -> Figure:
    """Draw accuracy over seconds, and each person before and after."""
    chosen = with_chosen_strengths(table)
    chosen = chosen[chosen["protocol"] == "person"]
    figure = Figure(figsize=(8.6, 3.5), layout="constrained")
    over, each = figure.subplots(1, 2, gridspec_kw={"width_ratios": [1.15, 1]})
    _over_seconds(over, chosen)
    _each_person(each, chosen[(chosen["seconds"] == SHOWN_S) & (chosen["way"] == "summary")])
    return figure


def _over_seconds(axes: Axes, chosen: pd.DataFrame) -> None:
    lines = (
        ("summary", "after", "adapted", BLUE, "o-"),
        ("summary", "before", "as trained", INK, "s--"),
        (ALONE, "after", "this person alone", GOLD, "^:"),
    )
    seconds = np.unique(chosen["seconds"])
    for way, column, name, colour, style in lines:
        by_seconds = (1 - chosen[chosen["way"] == way].set_index("seconds")[column]).groupby(
            level=0
        )
        ends = np.array([interval_over(values.to_numpy()) for _, values in by_seconds])
        axes.fill_between(seconds, ends[:, 0], ends[:, 1], color=colour, alpha=0.12, linewidth=0)
        axes.plot(seconds, by_seconds.mean(), style, color=colour, label=name, markersize=4)
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xticks(seconds, [str(number) for number in seconds])
    axes.set_yticks([0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.4])
    axes.minorticks_off()
    axes.set_xlabel("labelled seconds of each activity")
    axes.yaxis.set_major_formatter(in_percent)
    title_and_legend(axes, "Wrong windows of what follows, 21 new people", ncols=3)


def _each_person(axes: Axes, rows: pd.DataFrame) -> None:
    hardest = set(rows.sort_values("before", kind="stable")["person"][:N_HARDEST])
    for row in rows.sort_values("before", ascending=False).itertuples():
        is_hard = row.person in hardest
        colour = ROSE if row.after < row.before else BLUE if is_hard else FAINT
        width = 1.6 if is_hard else 0.8
        axes.plot(
            [0, 1], [row.before, row.after], "o-", color=colour, markersize=3, linewidth=width
        )
        if is_hard:
            axes.annotate(
                str(row.person),
                (0, row.before),
                (-6, 0),
                textcoords="offset points",
                ha="right",
                va="center",
                color=colour,
            )
    axes.set_xlim(-0.25, 1.15)
    axes.set_xticks([0, 1], ["as trained", f"after {SHOWN_S} s of each"])
    axes.yaxis.set_major_formatter(in_percent)
    axes.set_title("Right windows of each; the hardest by number")


def main() -> None:
    """Study one recipe."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("recipe", help="a recipe of one network with a summary, of UCI HAR")
    parser.add_argument("--folds", type=int, default=7, help="default: 7")
    parser.add_argument("--seed", type=int, default=0, help="default: 0")
    parser.add_argument(
        "--models", type=Path, default=Path("runs/adaptation"), help="where networks are kept"
    )
    parser.add_argument(
        "--scores", type=Path, help="CSV with all scores: kept there, and not worked out again"
    )
    parser.add_argument("--out", type=Path, help="JSON to write")
    parser.add_argument("--figure", type=Path, help="SVG to write")
    options = parser.parse_args()
    places, people = places_of_windows(), list[Person]()
    for fold in range(options.folds):
        how = options.recipe, options.seed, options.folds, fold, options.models
        people += held_out_people(*trained(*how), places)
    if options.scores and options.scores.exists():
        table = pd.read_csv(options.scores)
    else:
        table = scores(people)
        if options.scores:
            table.to_csv(options.scores, index=False)
    about = {
        "recipe": options.recipe,
        "folds": options.folds,
        "seed": options.seed,
        "n_people": len(people),
    }
    results = results_of(table, about)
    text = json.dumps(results, indent=1)
    print(pd.DataFrame(results["with_strengths_of_the_other_people"]).to_string())
    print(pd.DataFrame(results["strength_chosen_with_everybody"]).to_string())
    if options.out:
        write_text(options.out, text + "\n")
    if options.figure:
        write_text(options.figure, to_svg(study_figure(table)))


if __name__ == "__main__":
    main()
