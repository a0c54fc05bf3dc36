"""Train recipes with several seeds on the official split and keep what came out.

Each run is an ordinary ``har train`` in ``runs/reproduce/``; finished ones are not run again. Their
figures go to ``configs/results.csv``, from which README's table is made. Whenever test subjects are
scored, a line is added to ``configs/test_scorings.csv``, whatever becomes of the figure.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pandas as pd

ROOT = Path(__file__).parents[1]
RUNS = ROOT / "runs" / "reproduce"
RESULTS = ROOT / "configs" / "results.csv"
LEDGER = ROOT / "configs" / "test_scorings.csv"
README = ROOT / "README.md"
BEGIN, END = "<!-- results: begin -->", "<!-- results: end -->"
RECIPES = ("quick", "lstm", "uci_har", "book", "tutorial", "gpu", "hapt")


def train(recipe: str, seed: int, n_threads: int) -> Path:
    """Train a recipe with a seed, unless it was done; recipes for a GPU run on the CPU here."""
    run = RUNS / f"{recipe}-seed{seed}"
    if not (run / "report.html").exists():
        command = [sys.executable, "-m", "har", "train", "--config", recipe, "--seed", str(seed)]
        command += ["--device", "cpu", "--threads", str(n_threads), "--out", str(run)]
        print("training", recipe, "with seed", seed, flush=True)
        RUNS.mkdir(parents=True, exist_ok=True)
        with (RUNS / f"{run.name}.log").open("w") as log:
            subprocess.run([*command, "--overwrite"], cwd=ROOT, stderr=log, stdout=log, check=True)
        enter_in_ledger(recipe, seed, run)
    return run


def enter_in_ledger(recipe: str, seed: int, run: Path) -> None:
    """Note that the test subjects were scored: when, at which commit, by what, with what result."""
    manifest = json.loads((run / "manifest.json").read_text())
    accuracy = json.loads((run / "evaluation.json").read_text())["accuracy"]
    git = manifest["git"] or {"commit": "", "is_dirty": ""}
    line = {
        "finished": manifest["finished"],
        "commit": git["commit"][:12] + ("+" if git["is_dirty"] else ""),
        "recipe": recipe,
        "seed": seed,
        "accuracy": round(accuracy, 6),
    }
    pd.DataFrame([line]).to_csv(LEDGER, mode="a", index=False, header=not LEDGER.exists())


def read_result(recipe: str, seed: int, run: Path) -> dict[str, object]:
    """Take a row of figures out of a run folder."""
    manifest = json.loads((run / "manifest.json").read_text())
    evaluation = json.loads((run / "evaluation.json").read_text())
    return {
        "recipe": recipe,
        "seed": seed,
        "n_parameters": manifest["model"]["n_parameters"],
        "n_threads": manifest["training"]["n_threads"],
        "training_s": round(manifest["duration_s"]),
        "accuracy": round(evaluation["accuracy"], 6),
        "macro_f1": round(evaluation["macro_f1"], 6),
    }


def markdown_table(results: pd.DataFrame) -> str:
    """Make README's table: means ± sample standard deviations over seeds, the median of times."""
    lines = [
        "| recipe | parameters | training | test accuracy | test macro F1 | seeds |",
        "|---|---:|---:|---:|---:|---:|",
    ]
    for recipe, rows in results.groupby("recipe", sort=False):
        seconds = rows["training_s"].median()
        cells = [
            f"`{recipe}.yaml`",
            f"{rows['n_parameters'].iloc[0]:,}",
            f"{seconds / 60:.1f} min",
            *(
                f"{100 * rows[k].mean():.2f} ± {100 * rows[k].std():.2f} %"
                for k in ("accuracy", "macro_f1")
            ),
            str(len(rows)),
        ]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def renew_readme(readme: str, table: str) -> str:
    """Put a table between the marks in README's text."""
    before, rest = readme.split(BEGIN)
    _old, after = rest.split(END)
    return f"{before}{BEGIN}\n{table}\n{END}{after}"


def main() -> None:
    """Train what is asked for, then renew the results and README's table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("recipes", nargs="*", default=RECIPES, help="default: all")
    parser.add_argument("--seeds", type=int, default=3, help="how many, from 0 (default: 3)")
    parser.add_argument("--jobs", type=int, default=2, help="runs at once (default: 2)")
    parser.add_argument("--threads", type=int, default=1, help="CPU threads a run (default: 1)")
    options = parser.parse_args()
    wanted = [(recipe, seed) for recipe in options.recipes for seed in range(options.seeds)]
    with ThreadPoolExecutor(options.jobs) as pool:
        runs = list(pool.map(lambda pair: train(*pair, options.threads), wanted))
    rows = pd.DataFrame([read_result(*pair, run) for pair, run in zip(wanted, runs, strict=True)])
    if RESULTS.exists():
        earlier = pd.read_csv(RESULTS)
        rows = pd.concat([earlier[~earlier["recipe"].isin(options.recipes)], rows])
    order = {recipe: place for place, recipe in enumerate(RECIPES)}
    rows = rows.sort_values(
        ["recipe", "seed"], key=lambda c: c.map(order) if c.name == "recipe" else c
    )
    rows.to_csv(RESULTS, index=False)
    table = markdown_table(rows)
    README.write_text(renew_readme(README.read_text(), table))
    print(table)


if __name__ == "__main__":
    main()
