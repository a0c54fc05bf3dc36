"""List the windows that networks get wrong whenever their person is held out of training.

Takes folders of ``har cv``: every training in them, of any recipe and seed, has named each window
of the training subjects once, without having seen its person. Printed are how many windows are
wrong in how many trainings, and those that are wrong in all: by person and activity, what they are
taken for, and how many lie at the edge of their stretch, where another activity is near.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import pandas as pd

from har.arrays import BoolArray
from har.config import DataConfig
from har.datasets.loading import open_training
from har.signals.windows import Windows, number_stretches


def read_answers(folders: list[Path]) -> pd.DataFrame:
    """Return a row for each window and training: training, index, subject, true, predicted."""
    columns = ["index", "subject", "true", "predicted"]
    parts = []
    for folder in folders:
        answers = read_folds(folder)
        parts.append(answers[columns].assign(training=f"{folder.name} " + answers["training"]))
    return pd.concat(parts, ignore_index=True)


def read_folds(folder: Path) -> pd.DataFrame:
    """Return the predictions of a folder of ``har cv``, with their training: its seed, as seed0."""
    files = sorted((folder / "folds").glob("seed*-fold*.csv"))
    parts = [pd.read_csv(file).assign(training=file.stem.partition("-")[0]) for file in files]
    return pd.concat(parts, ignore_index=True)


def at_edges(windows: Windows) -> BoolArray:
    """Return which windows are the first or the last of a stretch of one activity."""
    stretches = number_stretches(windows)
    differs = (np.diff(stretches) != 0) | (np.diff(windows.labels) != 0)
    first = np.concatenate([[True], differs])
    last = np.concatenate([differs, [True]])
    return np.asarray(first | last)


def hard_windows(answers: pd.DataFrame, windows: Windows) -> pd.DataFrame:
    """Return the windows that are wrong in all trainings, grouped by person and mistake."""
    wrong = answers[answers["true"] != answers["predicted"]]
    n_wrong = wrong.groupby("index").size()
    hard = n_wrong[n_wrong == answers["training"].nunique()].index
    rows = wrong[wrong["index"].isin(hard)]
    grouped = rows.groupby("index")
    table = pd.DataFrame(
        {
            "subject": grouped["subject"].first(),
            "true": grouped["true"].first(),
            "predicted": grouped["predicted"].agg(lambda names: names.mode()[0]),
        }
    )
    table["at_edge"] = at_edges(windows)[table.index]
    by_mistake = table.groupby(["subject", "true", "predicted"])["at_edge"].agg(["size", "sum"])
    by_mistake.columns = ["windows", "at_edge"]
    return by_mistake.sort_values("windows", ascending=False)


def main() -> None:
    """Print the counts and the table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folders", type=Path, nargs="+", help="that har cv wrote, of UCI HAR")
    options = parser.parse_args()
    answers = read_answers(options.folders)
    windows = open_training(DataConfig(n_validation_subjects=0)).windows
    is_wrong = answers["true"] != answers["predicted"]
    n_wrong = is_wrong.groupby(answers["index"]).sum()
    print(f"{answers['training'].nunique()} trainings, {len(n_wrong)} windows; wrong in so many:")
    print(n_wrong.value_counts().sort_index().to_string(header=False))
    table = hard_windows(answers, windows)
    print(f"\nwrong in all: {table['windows'].sum()}, at the edge of a stretch: ", end="")
    print(f"{table['at_edge'].sum()} (of all windows {at_edges(windows).mean():.0%} are)")
    print(table.to_string())


if __name__ == "__main__":
    main()
