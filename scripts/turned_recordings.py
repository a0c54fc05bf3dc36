"""Measure what a turned phone costs, on recordings of people who were held out of training.

The training subjects of UCI HAR are held out fold by fold, as by ``har cv``; the test subjects play
no part. A network is trained on the others, and the whole recordings of those who were held out, as
HAPT has them, are classified: as they are, and turned at random, a turn for each recording, each
with and without ``--upright auto``. A window counts if it lies in one labelled stretch of the six
activities. Printed are the shares of right windows, and of windows that are called strange.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.spatial.transform import Rotation

from har.classifier import ActivityClassifier
from har.config import DataConfig
from har.datasets.loading import open_training
from har.datasets.whole_recordings import whole_recordings
from har.evaluation.agreement import windows_in_segments
from har.model_selection.folds import folds_of
from har.recipes import load_config
from har.signals.activities import UCI_ACTIVITIES
from har.signals.orientation import Turn, turn_about
from har.signals.recording import Recording


def trained(recipe: str, seed: int, fold: int, models: Path) -> tuple[ActivityClassifier, set[int]]:
    """Train a network on a fold, unless that was done, and return who was held out."""
    config = load_config(recipe, f"--seed={seed}")
    windows = open_training(config.data).windows
    chosen = folds_of(windows, 5)[fold]
    held_out = {int(subject) for subject in chosen.held_out_subjects}
    folder = models / f"{Path(recipe).stem}-seed{seed}-fold{fold}"
    if not (folder / "manifest.json").exists():
        print("training", folder.name, flush=True)
        classifier = ActivityClassifier(config).fit(windows.of_subjects(chosen.train_subjects))
        classifier.save(folder)
    return ActivityClassifier.load(folder, "cpu"), held_out


def turns_of(recording: Recording, generator: np.random.Generator) -> Iterator[tuple[str, Turn]]:
    """Yield each way to turn a recording, with its name."""
    yield "as it is", Turn(np.eye(3))
    yield "about the vertical", Turn(turn_about((1, 0, 0), generator.uniform(0, 360)))
    seed = int(generator.integers(1 << 31))
    yield "in all angles", Turn(Rotation.random(None, seed).as_matrix())


def judged(
    classifier: ActivityClassifier, recording: Recording, segments: pd.DataFrame
) -> pd.DataFrame:
    """Return the windows in labelled stretches: whether they are right, and strange."""
    timeline = classifier.predict_recording(recording, context="none")
    rows, true = windows_in_segments(timeline, segments)
    inside = timeline.iloc[rows]
    return pd.DataFrame({"right": inside["activity"] == true, "strange": inside["is_strange"]})


def measure(
    classifier: ActivityClassifier, held_out: set[int], data: Path, seed: int
) -> Iterator[dict[str, object]]:
    """Yield the windows that are right and strange, by recording and turn."""
    config = DataConfig(set="uci_har", root=str(data))
    for recording, segments in whole_recordings(config, UCI_ACTIVITIES, held_out):
        # As in the name of its file, …/acc_exp07_user04.txt.
        experiment = int(recording.source.rpartition("exp")[2].partition("_")[0])
        generator = np.random.default_rng([seed, experiment])
        for name, turn in turns_of(recording, generator):
            samples = turn.of(recording.samples, recording.channels)
            turned = Recording(samples, recording.subject, recording.source)
            upright = classifier.make_upright(turned, "auto")
            for cure, shown in (("", turned), (", --upright auto", upright)):
                windows = judged(classifier, shown, segments)
                yield {
                    "turned": name + cure,
                    "experiment": experiment,
                    "n_windows": len(windows),
                    "right": int(windows["right"].sum()),
                    "strange": int(windows["strange"].sum()),
                }


def main() -> None:
    """Measure the recipes and folds that are asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("recipes", nargs="+", help="names of recipes or YAML files")
    parser.add_argument("--folds", type=int, nargs="+", default=[0, 1, 2, 3, 4], metavar="N")
    parser.add_argument("--seed", type=int, default=0, help="of networks and turns (default: 0)")
    parser.add_argument("--hapt", type=Path, required=True, help="where HAPT lies")
    parser.add_argument(
        "--models",
        type=Path,
        default=Path("runs/turned"),
        help="where networks are kept, and not trained again (default: runs/turned)",
    )
    options = parser.parse_args()
    for recipe in options.recipes:
        rows = []
        for fold in options.folds:
            classifier, held_out = trained(recipe, options.seed, fold, options.models)
            rows += list(measure(classifier, held_out, options.hapt, options.seed))
        sums = pd.DataFrame(rows).groupby("turned", sort=False)[["n_windows", "right", "strange"]]
        table = sums.sum()
        for share in ("right", "strange"):
            table[share] = (100 * table[share] / table["n_windows"]).round(2)
        print(f"{recipe}, percent of windows\n{table.to_string()}", flush=True)


if __name__ == "__main__":
    main()
