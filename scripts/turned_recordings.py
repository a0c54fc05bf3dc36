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
from har.datasets.file_trees import trees_at
from har.datasets.hapt import holds_hapt, read_segments
from har.datasets.hapt_recordings import read_recordings
from har.datasets.loading import open_training
from har.model_selection.folds import folds_of
from har.recipes import load_config
from har.signals.activities import HAPT_ACTIVITIES, UCI_ACTIVITIES
from har.signals.channels import SAMPLE_RATE_HZ
from har.signals.orientation import Turn, turn_about
from har.signals.recording import Recording

# Beyond the end of a window by less than a sample.
_ROUNDING_S = 0.01


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
    parts = []
    for segment in segments.itertuples():
        first_s = (segment.first_sample - 1) / SAMPLE_RATE_HZ - _ROUNDING_S
        last_s = segment.last_sample / SAMPLE_RATE_HZ + _ROUNDING_S
        inside = timeline[(timeline["start_s"] >= first_s) & (timeline["end_s"] <= last_s)]
        is_right = inside["activity"] == HAPT_ACTIVITIES[segment.activity - 1]
        parts.append(pd.DataFrame({"right": is_right, "strange": inside["is_strange"]}))
    return pd.concat(parts)


def measure(
    classifier: ActivityClassifier, held_out: set[int], data: Path, seed: int
) -> Iterator[dict[str, object]]:
    """Yield the windows that are right and strange, by recording and turn."""
    tree = next(filter(holds_hapt, trees_at(data)))
    recordings = read_recordings(tree)
    segments = read_segments(tree, recordings)
    segments = segments[segments["activity"] <= len(UCI_ACTIVITIES)]
    for experiment, recording in recordings.items():
        if recording.subject not in held_out:
            continue
        of_recording = segments[segments["experiment"] == experiment]
        generator = np.random.default_rng([seed, experiment])
        for name, turn in turns_of(recording, generator):
            samples = turn.of(recording.samples, recording.channels)
            turned = Recording(samples, recording.subject, recording.source)
            upright = classifier.make_upright(turned, "auto")
            for cure, shown in (("", turned), (", --upright auto", upright)):
                windows = judged(classifier, shown, of_recording)
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
