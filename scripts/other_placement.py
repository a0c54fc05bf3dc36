"""Measure what another placement costs a network: from the waist to MotionSense's pockets.

The windows of the activities that both sets have are named by a run that was trained on UCI HAR:
as they are; with each recording turned upright as ``har predict --upright auto`` does; and with all
trials of a person as one recording, since who sits or stands all the time shows no walking to turn
by, but wears the phone as in other trials.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from functools import partial
from itertools import groupby
from pathlib import Path

import numpy as np
import pandas as pd

from har.classifier import ActivityClassifier
from har.config import DataConfig
from har.datasets.file_trees import trees_at
from har.datasets.named_windows import NamedWindows, cut_windows
from har.datasets.published.motionsense import MOTIONSENSE_SET
from har.datasets.published.recorded_sets import NamedRecording
from har.signals.channels import SAMPLE_RATE_HZ
from har.signals.recording import Recording, Stretch

# Between trials of one person, so that no window lies over two.
_APART_S = 60.0


def read_trials(data: Path, activities: Iterable[str]) -> list[NamedRecording]:
    """Read the trials of some activities, in the order of people."""
    tree = next(filter(MOTIONSENSE_SET.holds, trees_at(data)), None)
    if tree is None:
        raise SystemExit(f"{data}: found no MotionSense in it; it is to be got by hand")
    parts = MOTIONSENSE_SET.read(tree, DataConfig(set="motionsense"))
    trials = [part for part in parts if isinstance(part, NamedRecording)]
    return [trial for trial in trials if trial.names[0] in set(activities)]


def join_person(trials: Iterable[NamedRecording]) -> NamedRecording:
    """Put the trials of one person behind one another, with gaps between them."""
    parts = list(trials)
    lengths = [len(part.recording) for part in parts]
    firsts = [0, *np.cumsum(lengths).tolist()[:-1]]
    starts_s = [first / SAMPLE_RATE_HZ + number * _APART_S for number, first in enumerate(firsts)]
    recording = replace(
        parts[0].recording,
        samples=np.concatenate([part.recording.samples for part in parts]),
        stretches=tuple(map(Stretch, firsts, lengths, starts_s)),
    )
    names = np.concatenate([part.names for part in parts])
    return NamedRecording(recording, names, len(recording))


def join_people(trials: Iterable[NamedRecording]) -> Iterator[NamedRecording]:
    """Join the trials of each person, which follow one another."""
    for _person, of_person in groupby(trials, key=lambda trial: trial.recording.subject):
        yield join_person(of_person)


def right_windows(
    classifier: ActivityClassifier,
    trials: Iterable[NamedRecording],
    turn: Callable[[Recording], Recording] | None = None,
) -> pd.Series[float]:
    """Name windows of recordings, and return the share of right ones of each activity and all."""
    pieces: list[NamedWindows] = []
    for trial in trials:
        recording = turn(trial.recording) if turn else trial.recording
        pieces.append(cut_windows(recording, trial.names, "drop"))
    signals = np.concatenate([piece.signals for piece in pieces])
    names = pd.Series(np.concatenate([piece.names for piece in pieces]))
    activities = np.array(classifier.window_format_.activities)
    predicted = activities[classifier.predict_proba(signals).argmax(axis=1)]
    is_right = names == predicted
    shares = is_right.groupby(names).mean()
    shares["all"] = is_right.mean()
    return shares


def compare(run: Path, data: Path) -> pd.DataFrame:
    """Return accuracies in per cent: a row per activity and one for all, a column per treatment."""
    classifier = ActivityClassifier.load(run)
    common = set(MOTIONSENSE_SET.activities) & set(classifier.window_format_.activities)
    trials = read_trials(data, common)
    turn = partial(classifier.make_upright, upright="auto")
    columns = {
        "as it is": right_windows(classifier, trials),
        "upright auto": right_windows(classifier, trials, turn),
        "auto, by person": right_windows(classifier, join_people(trials), turn),
    }
    order = [name for name in classifier.window_format_.activities if name in common]
    return 100 * pd.DataFrame(columns).loc[[*order, "all"]]


def main() -> None:
    """Compare, and print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("run", type=Path, help="a folder that har train wrote, of UCI HAR")
    parser.add_argument("data", type=Path, help="folder or zip with MotionSense")
    options = parser.parse_args()
    print(compare(options.run, options.data).to_string(float_format="%.1f"))


if __name__ == "__main__":
    main()
