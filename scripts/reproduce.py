"""Train recipes with several seeds on the official split and keep what came out.

Each run is an ordinary ``har train`` in ``runs/reproduce/``; finished ones are not run again. Their
figures go to ``results.csv`` in ``docs/results/``, as do those of classical classifiers, which are
asked for as ``baselines``, and of MiniRocket and MultiRocket-Hydra, asked for as ``rocket``, which
need the extra of that name. Whenever test subjects are scored, a line is added to
``test_scorings.csv`` there, whatever becomes of the figure. With --cross-validate, recipes are
cross-validated by ``har cv`` instead, and baselines by ``har baseline``; those figures go to
``crossval.csv``. README's table and its picture are made from both files of figures. With
--on-hapt, finished runs are scored on HAPT's own windows of the test subjects; those figures are in
the ledger only.
"""

from __future__ import annotations

import argparse
import itertools
import json
import subprocess
import sys
from collections.abc import Collection, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
from results import CROSS_VALIDATED, RESULTS, ROOT, TESTED, mean_and_deviation, show_results

if TYPE_CHECKING:
    from har.runs.manifest import GitState
    from har.runs.results import Results

RUNS = ROOT / "runs" / "reproduce"
LEDGER = RESULTS / "test_scorings.csv"
RECIPES = ("uci_har", "worn_anyhow", "ensemble", "quick", "lstm", "book", "tutorial", "gpu", "hapt")
# Groups of baselines by the word that asks for them.
BASELINES = {"baselines": ("all",), "rocket": ("mini_rocket", "multi_rocket_hydra")}


def run_har(*arguments: object, log: Path) -> None:
    """Run a verb of har with its output in a file."""
    RUNS.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "har", *map(str, arguments)]
    with log.open("w") as file:
        subprocess.run(command, cwd=ROOT, stderr=file, stdout=file, check=True)


def train(recipe: str, seed: int, n_threads: int) -> Path:
    """Train a recipe with a seed, unless it was done; recipes for a GPU run on the CPU here."""
    run = RUNS / f"{recipe}-seed{seed}"
    if not (run / "report.html").exists():
        print("training", recipe, "with seed", seed, flush=True)
        options = ["--device", "cpu", "--threads", n_threads, "--out", run, "--overwrite"]
        log = RUNS / f"{run.name}.log"
        run_har("train", "--config", recipe, "--seed", seed, *options, log=log)
        enter_run(recipe, seed, run)
    return run


def enter_run(recipe: str, seed: int, run: Path) -> None:
    """Note the test accuracy of a run that has ended."""
    results = read_run(run)
    manifest, accuracy = results.manifest, results.evaluation.accuracy
    enter_in_ledger(manifest.finished, manifest.session.git, recipe, seed, accuracy)


def read_run(run: Path) -> Results:
    """Read the files of a run that has ended."""
    from har.runs.folder import RunFolder
    from har.runs.results import Results

    return Results.read(RunFolder.open(run))


def enter_in_ledger(
    finished: str | None, git: GitState | None, recipe: str, seed: int, accuracy: float
) -> None:
    """Note that the test subjects were scored: when, at which commit, by what, with what result."""
    commit = git.commit[:12] + ("+" if git.is_dirty else "") if git else ""
    line: dict[str, object] = {
        "finished": finished,
        "commit": commit,
        "recipe": recipe,
        "seed": seed,
    }
    line["accuracy"] = round(accuracy, 6)
    pd.DataFrame([line]).to_csv(LEDGER, mode="a", index=False, header=not LEDGER.exists())


def read_result(recipe: str, seed: int, run: Path) -> dict[str, object]:
    """Take a row of figures out of a run folder."""
    results = read_run(run)
    manifest, evaluation = results.manifest, results.evaluation
    return {
        "recipe": recipe,
        "seed": seed,
        "n_parameters": manifest.model.n_parameters,
        "n_threads": manifest.training.n_threads,
        "training_s": round(manifest.duration_s or 0),
        "accuracy": round(evaluation.accuracy, 6),
        "macro_f1": round(evaluation.macro_f1, 6),
    }


def score_on_test_subjects(options: argparse.Namespace) -> list[dict[str, object]]:
    """Train what is asked for with each seed, several runs at once."""
    recipes = [name for name in options.recipes if name not in BASELINES]
    wanted = [(recipe, seed) for recipe in recipes for seed in range(options.seeds)]
    with ThreadPoolExecutor(options.jobs) as pool:
        runs = list(pool.map(lambda pair: train(pair[0], pair[1], options.threads), wanted))
    rows = [read_result(*pair, run) for pair, run in zip(wanted, runs, strict=True)]
    for group in (name for name in options.recipes if name in BASELINES):
        rows += score_baselines(BASELINES[group], options.seeds)
    return rows


def score_baselines(asked_for: Collection[str], n_seeds: int) -> Iterator[dict[str, object]]:
    """Train each baseline on all training subjects with each seed, one after the other."""
    from har.config import DataConfig
    from har.datasets.loading import open_data
    from har.evaluation.metrics import Evaluation
    from har.model_selection import baselines
    from har.runs.provenance import describe_source, now

    data = open_data(DataConfig())
    train, test = data.train, data.test
    names = baselines.chosen_baselines(asked_for)
    inputs, of_test = baselines.inputs_of(names, train), baselines.inputs_of(names, test)
    for name, seed in itertools.product(names, range(n_seeds)):
        print("training", name, "with seed", seed, flush=True)
        classifier, training_s = baselines.fit_timed(name, train, inputs[name], seed)
        n_activities = len(test.activities)
        probabilities = baselines.predict_from_inputs(classifier, of_test[name], n_activities)
        evaluation = Evaluation(test.labels, probabilities, test.subjects, test.activities)
        enter_in_ledger(now(), describe_source(), name, seed, evaluation.accuracy)
        yield {
            "recipe": name,
            "seed": seed,
            "n_parameters": None,
            "n_threads": 1,
            "training_s": round(training_s),
            "accuracy": round(evaluation.accuracy, 6),
            "macro_f1": round(evaluation.macro_f1, 6),
        }


def score_on_hapt(options: argparse.Namespace) -> str:
    """Score finished runs on windows that HAPT cuts at other places of the test subjects."""
    from har.classifier import ActivityClassifier
    from har.config import DataConfig
    from har.datasets.loading import open_data
    from har.runs.provenance import describe_source, now
    from har.signals.activities import UCI_ACTIVITIES

    test = open_data(DataConfig(set="hapt", activities=UCI_ACTIVITIES)).test
    lines = []
    for recipe in options.recipes:
        runs = [RUNS / f"{recipe}-seed{seed}" for seed in range(options.seeds)]
        accuracies = [ActivityClassifier.load(run, "cpu").evaluate(test).accuracy for run in runs]
        for seed, accuracy in enumerate(accuracies):
            enter_in_ledger(now(), describe_source(), f"{recipe} on HAPT", seed, accuracy)
        lines.append(
            f"{recipe}, {len(test)} windows of HAPT: {mean_and_deviation(pd.Series(accuracies))}"
        )
    return "\n".join(lines)


def cross_validate(options: argparse.Namespace) -> list[dict[str, object]]:
    """Cross-validate what is asked for, one after the other; finished folds are not run again."""
    rows: list[dict[str, object]] = []
    for name in options.recipes:
        print("cross-validating", name, flush=True)
        common = ["--seeds", options.seeds, "--jobs", options.jobs]
        log = RUNS / f"cv-{name}.log"
        if name in BASELINES:
            figures = RUNS / f"cv-{name}.json"
            run_har("baseline", *BASELINES[name], *common, "--out", figures, log=log)
            summaries = json.loads(figures.read_text())["baselines"]
        else:
            folder = RUNS / f"cv-{name}"
            common += ["--threads", options.threads, "--out", folder]
            run_har("cv", "--config", name, *common, log=log)
            summaries = {name: json.loads((folder / "cv.json").read_text())}
        rows += [row for pair in summaries.items() for row in rows_of_summary(*pair)]
    return rows


def rows_of_summary(name: str, summary: dict[str, Any]) -> Iterator[dict[str, object]]:
    """Take a row of figures for each seed out of a summary of folds."""
    for seed, scores in pd.DataFrame(summary["scores"]).groupby("seed"):
        yield {
            "recipe": name,
            "seed": seed,
            "n_folds": len(scores),
            "n_parameters": summary["cost"]["n_parameters"],
            "training_s": round(summary["cost"]["mean_duration_s"], 1),
            "ms_per_window": summary["cost"]["ms_per_window"],
            "accuracy": round(scores["accuracy"].mean(), 6),
            "macro_f1": round(scores["macro_f1"].mean(), 6),
        }


def keep(rows: list[dict[str, object]], file: Path) -> None:
    """Put rows in place of the earlier ones of the same recipes, in the order of `RECIPES`."""
    table = pd.DataFrame(rows)
    if file.exists():
        earlier = pd.read_csv(file)
        table = pd.concat([earlier[~earlier["recipe"].isin(table["recipe"])], table])
    places = {recipe: place for place, recipe in enumerate(RECIPES)}
    order = table["recipe"].map(places).fillna(len(RECIPES)).argsort(kind="stable")
    table.iloc[order].astype({"n_parameters": "Int64"}).to_csv(file, index=False)


def main() -> None:
    """Train what is asked for, then renew the results and README's table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "recipes", nargs="*", default=RECIPES, help=f"default: all; or: {', '.join(BASELINES)}"
    )
    instead = parser.add_mutually_exclusive_group()
    instead.add_argument("--cross-validate", action="store_true", help="leave test subjects be")
    instead.add_argument("--on-hapt", action="store_true", help="score runs on HAPT's windows")
    parser.add_argument("--seeds", type=int, default=3, help="how many, from 0 (default: 3)")
    parser.add_argument("--jobs", type=int, default=2, help="runs at once (default: 2)")
    parser.add_argument("--threads", type=int, default=1, help="CPU threads a run (default: 1)")
    options = parser.parse_args()
    if options.on_hapt:
        print(score_on_hapt(options))
        return
    if options.cross_validate:
        keep(cross_validate(options), CROSS_VALIDATED)
    else:
        keep(score_on_test_subjects(options), TESTED)
    print(show_results())


if __name__ == "__main__":
    main()
