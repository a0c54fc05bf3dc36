"""Networks, and what they make of the windows of people whom they never saw.

Of each person the first seconds of each activity are given, in the order of time, and the rest is
scored, but for windows that overlap what was given. Each person has two recordings; in the second
the phone is worn as they liked, and the first seconds of an activity are nearly all in the first:

person      the seconds are the first of the person, all that follows is scored
recordings  half of the seconds are the first of each recording
wearing     each recording by itself: adapted to its first seconds, scored on its rest
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd

from har.arrays import BoolArray, FloatArray, IntArray
from har.classifier import ActivityClassifier
from har.datasets.loading import open_training
from har.datasets.uci_har import window_table
from har.model_selection.folds import folds_of
from har.models.constants import SUMMARY_SHARE
from har.models.packed.network import PackedNetwork
from har.recipes import load_config
from har.signals.channels import N_TIMESTEPS, SAMPLE_RATE_HZ, WINDOW_STEP
from har.signals.subjects import Subject
from har.signals.windows import Windows
from har.training.adaptation import NetworkWeights, fit_change

PROTOCOLS = ("person", "recordings", "wearing")
SECONDS = (5, 10, 20, 40, 60)
SHOWN_S = 20
# A person of whom fewer windows are left is not scored.
FEWEST_SCORED = 50


@dataclass(frozen=True)
class Places:
    """Activity, recording and place in it of one person's windows, in the order of time.

    Parameters
    ----------
    labels, recordings, first_samples : ndarray of int, shape (n_windows,)
        Activity, number of the recording, and place in it of each window.
    """

    labels: IntArray
    recordings: IntArray
    first_samples: IntArray

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

    def scored_splits(self, protocol: str, seconds: float) -> list[tuple[BoolArray, BoolArray]]:
        """Return the splits, none if there is too little to give or to score."""
        splits = list(self.splits(protocol, seconds))
        # Half of 5 s is less than a window; of some recordings 60 s are all.
        n_scored = sum(int(scored.sum()) for _, scored in splits)
        is_enough = n_scored >= FEWEST_SCORED and all(given.any() for given, _ in splits)
        return splits if is_enough else []


@dataclass(frozen=True)
class Person:
    """What a network makes of a person's windows.

    Parameters
    ----------
    subject : int
        The person.
    places : Places
        Activity and place of each window, in the order of time.
    logits : ndarray, shape (n_windows, n_activities)
        Scores, divided by the temperature.
    inputs : mapping of str to ndarray, shape (n_windows, n_inputs)
        Inputs of the linear function that each way to adapt adds.
    summary : ndarray, shape (n_windows, n_summarised)
        Features for a model of the person alone.
    """

    subject: int
    places: Places
    logits: FloatArray
    inputs: Mapping[str, FloatArray]
    summary: FloatArray

    @property
    def labels(self) -> IntArray:
        """Activity of each window."""
        return self.places.labels

    def change(self, way: str, strength: float, given: BoolArray) -> FloatArray:
        """Return the linear function of the inputs that some of the windows teach."""
        inputs = self.inputs[way][given]
        return fit_change(inputs, self.logits[given], self.labels[given], strength)

    def right_with(self, way: str, change: FloatArray) -> BoolArray:
        """Return which windows are right with a linear function of the inputs."""
        scores = self.logits + self.inputs[way] @ change
        return np.asarray(scores.argmax(axis=1) == self.labels)

    @cached_property
    def right_before(self) -> BoolArray:
        """Which windows are right without adaptation."""
        return np.asarray(self.logits.argmax(axis=1) == self.labels)


def trained(
    recipe: str, seed: int, n_folds: int, fold: int, models: Path, without: str | None = None
) -> tuple[ActivityClassifier, Windows]:
    """Train a network on a fold, unless that was done.

    Parameters
    ----------
    recipe : str
        Recipe of one network with a summary.
    seed, n_folds, fold : int
        Seed; number of folds, and which one is held out.
    models : Path
        Folder where networks are kept.
    without : str, optional
        Activity that is left out.

    Returns
    -------
    classifier : ActivityClassifier
        The network.
    windows : Windows
        All windows of all training people, of all activities.
    """
    config = load_config(recipe, f"--seed={seed}")
    windows = open_training(config.data).windows
    chosen = folds_of(windows, n_folds)[fold]
    known = [activity for activity in windows.activities if activity != without]
    name = f"{Path(recipe).stem}-seed{seed}-of{n_folds}-fold{fold}"
    folder = models / (f"{name}-without-{without}" if without else name)
    if without:
        config = load_config(recipe, f"--seed={seed}", f"--data.activities=[{','.join(known)}]")
    to_train = open_training(config.data).windows
    if not (folder / "manifest.json").exists():
        print("training", folder.name, flush=True)
        classifier = ActivityClassifier(config).fit(to_train.of_subjects(chosen.train_subjects), 1)
        classifier.save(folder)
    classifier = ActivityClassifier.load(folder, "cpu")
    if classifier.spreads_ is None or classifier.strangeness_ is None:
        # A network that an earlier version kept.
        classifier.measure_strangeness(to_train.of_subjects(chosen.train_subjects))
        classifier.save(folder)
    return classifier, windows


def network_of(classifier: ActivityClassifier) -> NetworkWeights:
    """Return a classifier's network as values."""
    parameters = classifier.trained_network().collect_params().items()
    weights = {name: parameter.list_data()[0].asnumpy() for name, parameter in parameters}
    channels = classifier.window_format_.channels
    return NetworkWeights(classifier.config.model, channels, weights)


def is_known(classifier: ActivityClassifier, subject: Subject) -> bool:
    """Return whether a network was trained, or its training was watched, on a person."""
    return subject in {*classifier.train_subjects_, *classifier.validation_subjects_}


def rows_in_time(windows: Windows, places: pd.DataFrame, subject: Subject) -> IntArray:
    """Return the rows of a person's windows, in the order of time."""
    rows = np.flatnonzero(windows.subjects == subject)
    order = np.lexsort((places["first"].to_numpy()[rows], places["recording"].to_numpy()[rows]))
    return np.asarray(rows[order])


def places_at(windows: Windows, places: pd.DataFrame, rows: IntArray) -> Places:
    """Return the places of some windows."""
    recordings, firsts = (places[name].to_numpy()[rows] for name in ("recording", "first"))
    return Places(windows.labels[rows], recordings, firsts)


def people_of(
    classifier: ActivityClassifier,
    windows: Windows,
    places: pd.DataFrame,
    subjects: Collection[Subject],
) -> Iterator[Person]:
    """Yield what a network makes of each of some people."""
    network = network_of(classifier)
    packed = PackedNetwork(network.config, network.channels, network.weights)
    if classifier.spreads_ is None or classifier.strangeness_ is None:
        raise SystemExit("expected a recipe of one network with a summary")
    (spread,), strangeness = classifier.spreads_, classifier.strangeness_
    for subject in subjects:
        rows = rows_in_time(windows, places, subject)
        (outputs,) = packed.of_members(windows.signals[rows])
        summary = np.asarray(outputs.summary)
        ones = np.ones((len(rows), 1))
        read = (1 - SUMMARY_SHARE) * np.hstack([outputs.features, ones]) / packed.temperature
        of_lstm = outputs.features @ strangeness.whitening - strangeness.centres.mean(0)
        yield Person(
            int(subject),
            places_at(windows, places, rows),
            outputs.logits.astype(np.float64) / packed.temperature,
            {
                "summary": np.hstack([spread.whitened(summary), ones]),
                "last layer": read,
                "bias": read[:, -1:],
                "lstm": np.hstack([of_lstm, ones]),
            },
            summary,
        )


def places_of_windows(split: str) -> pd.DataFrame:
    """Return recording and first sample of each window of a split of UCI HAR, in its order."""
    table = window_table()
    runs = table[table["split"] == split]
    each = runs.loc[runs.index.repeat(runs["n_windows"])]
    number = each.groupby(level=0).cumcount()
    first = each["first_sample"] + WINDOW_STEP * number
    return pd.DataFrame({"recording": each["experiment"], "first": first}).reset_index(drop=True)
