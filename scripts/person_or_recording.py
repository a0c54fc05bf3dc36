"""Find out whether a recipe's networks see the person, or the recording.

For each fold of the training subjects a network learns from the ordinary windows of the others. It
then meets the windows of those held out as they are, remade without the filters' memory or slow
trends, and in parts: far from a change of label, early, late. The test subjects play no part.
Trained networks stay in --out, so that a second call only scores. Settings of the recipe are taken
as by har cv.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import window_variants
from joblib import Parallel, delayed
from variant_comparison import compare, markdown_of

from har.config import Config, DataConfig
from har.datasets.dataset import TrainingSet
from har.datasets.file_trees import trees_at
from har.datasets.hapt import holds_hapt, read_segments
from har.datasets.hapt_recordings import read_recordings
from har.datasets.loading import DATA_FOLDER, open_training
from har.errors import ConfigError, DataError, HarError, RunError
from har.files import whole_folder, write_text
from har.model_selection.folds import Fold, choose_folds, folds_of
from har.recipes import load_config
from har.runs.folder import RunFolder
from har.runs.manifest import Manifest, Session
from har.runs.provenance import describe_source, describe_start, now
from har.signals.channels import N_TIMESTEPS, SAMPLE_RATE_HZ
from har.signals.recording import Recording
from har.signals.windows import Windows

if TYPE_CHECKING:
    from har.classifier import ActivityClassifier

OUT, PAGE = Path("runs/person"), Path("docs/results/PERSON_OR_RECORDING.md")
N_FOLDS = 5
LEADS_S = (0, 2, 5, 10, 30)
DISTANCES_S = (2, 5)

# Kinds of networks besides the ordinary one: their windows in words, and how these are made.
RETRAINED: dict[str, tuple[str, window_variants.Remake]] = {
    "restarted": (
        "filters start 10 s before the window",
        partial(window_variants.restarted, lead_s=10),
    ),
    "detrended": ("movements less their straight lines", window_variants.without_trends),
}
RESTARTED = "Filters start afresh, settled on their first sample"
DETRENDED = "Slow trends removed"
REMADE: tuple[tuple[str, str, window_variants.Remake], ...] = (
    *(
        (
            RESTARTED,
            f"{lead_s} s before the window",
            partial(window_variants.restarted, lead_s=lead_s),
        )
        for lead_s in LEADS_S
    ),
    (DETRENDED, "movements less their straight lines", window_variants.without_trends),
    (DETRENDED, "movements less their means over the window", window_variants.without_means),
)

# A group, its windows in words, and their scores; see `score_windows`.
Part = tuple[str, str, pd.DataFrame]


@dataclass(frozen=True)
class Network:
    """A network of a fold, trained or not yet: its kind of windows, settings and folder."""

    kind: str
    config: Config
    fold: Fold
    folder: Path

    def is_trained(self) -> bool:
        """Return whether the folder holds it; refuse a network of other settings or subjects."""
        if not self.folder.exists():
            return False
        run = RunFolder.open(self.folder)
        training = run.read_trained_manifest().training
        learned_from = {*training.train_subjects, *training.validation_subjects}
        is_same = _comparable(run.read_config()) == _comparable(self.config)
        if not is_same or learned_from != set(self.fold.train_subjects):
            raise RunError(
                f"{self.folder}: found a network of other settings or subjects, "
                "expected that asked for; another --out begins anew"
            )
        return True

    def train(self, windows: Windows) -> None:
        """Train on the subjects who are not held out."""
        from har.classifier import ActivityClassifier

        print("training", self.folder.name, file=sys.stderr, flush=True)
        classifier = ActivityClassifier(self.config)
        classifier.fit(windows.of_subjects(self.fold.train_subjects))
        with whole_folder(self.folder) as folder:
            classifier.save(folder)
            told = Manifest(finished=now(), session=Session(git=describe_source()))
            RunFolder(folder).update_manifest(told)

    def load(self) -> ActivityClassifier:
        """Return the trained classifier."""
        from har.classifier import ActivityClassifier

        return ActivityClassifier.load(self.folder, self.config.device)


def _comparable(config: Config) -> Config:
    """Return the settings without those that do not change a network."""
    return replace(config, device="auto", data=replace(config.data, root=None))


@dataclass(frozen=True)
class Material:
    """Training windows of UCI HAR, and the raw recordings that they were cut from."""

    data: TrainingSet
    recordings: dict[int, Recording]
    segments: pd.DataFrame

    @classmethod
    def read(cls, config: DataConfig) -> Material:
        """Read both from where the recipe's data lies."""
        if config.set != "uci_har" or config.activities:
            raise ConfigError(
                f"data: found set {config.set}, activities {config.activities}, expected uci_har "
                "with all its activities, whose place in the recordings is known"
            )
        data = open_training(config)
        root = Path(config.root or os.environ.get("HAR_DATA") or DATA_FOLDER).expanduser()
        tree = next(filter(holds_hapt, trees_at(root)), None)
        if tree is None:
            raise DataError(
                f"{root}: found no raw recordings with labels.txt in it, expected HAPT beside "
                f"UCI HAR; har fetch hapt --to {root} gets it"
            )
        recordings = read_recordings(tree)
        return cls(data, recordings, read_segments(tree, recordings))

    def remade(self, places: pd.DataFrame, remake: window_variants.Remake) -> Windows:
        """Make windows again from the raw recordings."""
        return window_variants.remade(self.recordings, places, remake)


def train_missing(networks: Sequence[Network], material: Material, n_jobs: int) -> None:
    """Train the networks that are not there yet, some at a time."""
    missing = [network for network in networks if not network.is_trained()]
    windows = {"ordinary": material.data.windows}
    for kind in {network.kind for network in missing} & set(RETRAINED):
        windows[kind] = material.remade(window_variants.uci_har_places(), RETRAINED[kind][1])
    Parallel(n_jobs=n_jobs)(delayed(network.train)(windows[network.kind]) for network in missing)


def score_windows(networks: Sequence[Network], windows: Windows) -> pd.DataFrame:
    """Let each network classify the windows of the subjects that it has not seen.

    Returns a row per window, indexed by its place among `windows`: subject, label, fold, and right,
    the share of networks (seeds) that were right.
    """
    tables = []
    for network in networks:
        rows = np.flatnonzero(np.isin(windows.subjects, network.fold.held_out_subjects))
        held_out = windows.where(rows)
        is_right = network.load().predict(held_out) == held_out.labels
        tables.append(pd.DataFrame({"fold": network.fold.number, "right": is_right}, index=rows))
    table = pd.concat(tables).groupby(level=0).mean()
    return table.assign(subject=windows.subjects[table.index], label=windows.labels[table.index])


def parts_of(reference: pd.DataFrame, places: pd.DataFrame, material: Material) -> Iterator[Part]:
    """Split the ordinary windows by their distance to a change of label, and by time."""

    def part(is_in: Any) -> pd.DataFrame:
        return reference[np.asarray(is_in)[reference.index]]

    group = "Distance to the nearest change of label"
    distance_s = window_variants.seconds_to_change(places, material.segments)
    for limit_s in DISTANCES_S:
        yield group, f"more than {limit_s} s", part(distance_s > limit_s)
        yield group, f"at most {limit_s} s", part(distance_s <= limit_s)
    n_samples = places["experiment"].map({e: len(r) for e, r in material.recordings.items()})
    third = 3 * (places["first_sample"] + N_TIMESTEPS // 2) // n_samples
    for number, name in enumerate(("first", "middle", "last")):
        yield "Position in the recording", f"{name} third", part(third == number)
    minute = places["first_sample"] // round(60 * SAMPLE_RATE_HZ)
    for number in sorted(set(minute)):
        yield "Time since the recording began", f"minute {number + 1}", part(minute == number)


def parts_of_hapt(
    networks: Sequence[Network], places: pd.DataFrame, material: Material
) -> Iterator[Part]:
    """Classify HAPT's own windows of the same people."""
    group = "HAPT's own windows, filtered as those of UCI HAR, cut at other places"
    hapt_places = window_variants.hapt_places(material.segments)
    table = score_windows(networks, material.remade(hapt_places, window_variants.as_recorded))
    yield group, "all of the six activities", table
    is_new = window_variants.greatest_overlap(hapt_places, places) <= 0.5
    yield group, "at most half of them in any window of UCI HAR", table[is_new[table.index]]


def score_every_part(networks: Sequence[Network], material: Material) -> list[dict[str, Any]]:
    """Return a row of the table for each kind and part of the windows, the reference first."""
    places = window_variants.uci_har_places()
    ordinary = [network for network in networks if network.kind == "ordinary"]
    reference = score_windows(ordinary, material.data.windows)

    def every_part() -> Iterator[Part]:
        yield "Reference", "as they are", reference
        for group, name, remake in REMADE:
            yield group, name, score_windows(ordinary, material.remade(places, remake))
        yield from parts_of(reference, places, material)
        yield from parts_of_hapt(ordinary, places, material)
        for kind, (name, remake) in RETRAINED.items():
            retrained = [network for network in networks if network.kind == kind]
            if retrained:
                table = score_windows(retrained, material.remade(places, remake))
                yield "Networks that learned from remade windows, scored on such", name, table

    return [
        {"group": group, "windows": name, **compare(table, reference)}
        for group, name, table in every_part()
        if len(table)
    ]


def page_of(result: dict[str, Any]) -> str:
    """Return the results as Markdown."""
    folds, seeds = (", ".join(map(str, result[key])) for key in ("folds", "seeds"))
    code = result["git"] or {"commit": "unknown", "is_dirty": False}
    changes = ", with changes" if code["is_dirty"] else ""
    early = ", ".join(f"{n} ({lead})" for lead, n in result["n_since_start"].items())
    introduction = f"""# Is it the person, or the recording?

Written by `scripts/person-or-recording` from recipe `{result["recipe"]}`: folds {folds} of
{N_FOLDS}, seeds {seeds}; commit {code["commit"][:12]}{changes}; {result["started"]}.

Unless it says otherwise, networks learned from the ordinary windows of the training subjects
outside a fold, and were scored on those in it; the test subjects play no part. Accuracy is the mean
over folds, in per cent. A difference, in points, is the mean over subjects of how much more is
right than of the same subject's reference windows of the same activity, so it is fair to parts in
which other activities prevail; in brackets its 95 % bootstrap interval over subjects. Filters that
would start before the recording start with it: {early} of the windows.
"""
    return f"{introduction}\n{markdown_of(result['rows'])}"


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command line; arguments that it does not know are settings."""
    made = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="example: scripts/person-or-recording --config quick --folds 0 1 --retrain",
        allow_abbrev=False,
    )
    made.add_argument("--config", default="uci_har", help="a recipe's name or a YAML file")
    made.add_argument(
        "--folds",
        type=int,
        nargs="+",
        choices=range(N_FOLDS),
        default=range(N_FOLDS),
        metavar="FOLD",
        help="which of the five of har cv, from 0 (default: all)",
    )
    made.add_argument("--seeds", type=int, default=1, help="networks for each fold (default: 1)")
    made.add_argument(
        "--retrain",
        action="store_true",
        help="also train on windows whose filters start 10 s before them, and on detrended ones",
    )
    made.add_argument("--jobs", type=int, default=1, help="networks trained at a time (default: 1)")
    made.add_argument("--threads", type=int, default=1, help="CPU threads of each (default: 1)")
    made.add_argument(
        "--out", type=Path, default=OUT, help="networks, figures as JSON (default: %(default)s)"
    )
    made.add_argument("--page", type=Path, default=PAGE, help="Markdown (default: %(default)s)")
    return made


def networks_for(options: argparse.Namespace, config: Config, folds: list[Fold]) -> list[Network]:
    """Return all networks that are needed, each with its folder."""
    kinds = ("ordinary", *(RETRAINED if options.retrain else ()))
    recipe = Path(options.config).stem
    return [
        Network(
            kind,
            replace(config, seed=seed),
            fold,
            options.out / f"{recipe}-{kind}-seed{seed}-fold{fold.number}",
        )
        for kind in kinds
        for seed in range(config.seed, config.seed + options.seeds)
        for fold in folds
    ]


def n_since_start(folds: Sequence[Fold]) -> dict[str, int]:
    """Count the windows whose filters would start before the recording, for each lead."""
    places = window_variants.uci_har_places()
    held_out = [subject for fold in folds for subject in fold.held_out_subjects]
    start_s = places["first_sample"][places["subject"].isin(held_out)] / SAMPLE_RATE_HZ
    return {f"{lead_s} s": int((start_s < lead_s).sum()) for lead_s in LEADS_S}


def run(options: argparse.Namespace, settings: Sequence[str]) -> str:
    """Train, score, write JSON and page, and return the page."""
    config = load_config(options.config, *settings)
    material = Material.read(config.data)
    folds = choose_folds(folds_of(material.data.windows, N_FOLDS), options.folds)
    networks = networks_for(options, config, folds)
    train_missing(networks, material, options.jobs)
    recipe = Path(options.config).stem
    result = {
        **describe_start(sys.argv, recipe, material.data.describe()).to_dict(),
        "settings": asdict(config),
        "folds": [fold.number for fold in folds],
        "seeds": sorted({network.config.seed for network in networks}),
        "n_since_start": n_since_start(folds),
        "rows": score_every_part(networks, material),
        "status": "finished",
        "finished": now(),
    }
    write_text(options.out / f"{recipe}.json", json.dumps(result, indent=2) + "\n")
    page = page_of(result)
    options.page.parent.mkdir(parents=True, exist_ok=True)
    write_text(options.page, page)
    return page


def main() -> int:
    """Run the study, and print its page."""
    options, settings = parser().parse_known_args()
    # OpenMP reads it when MXNet is loaded, here and in the processes that train.
    os.environ["OMP_NUM_THREADS"] = str(options.threads)
    try:
        print(run(options, settings))
    except HarError as error:
        print(error, file=sys.stderr)
        return error.exit_status
    return 0


if __name__ == "__main__":
    sys.exit(main())
