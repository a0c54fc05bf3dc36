"""Published sets of recordings with names of activities, as labelled windows.

Each set's module reads its own files; here its recordings are turned upright, cut into windows,
checked against what its authors publish, and split by people.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from har.config import PLACEMENTS, DataConfig
from har.datasets.catalogue import PublishedSet
from har.datasets.dataset import DataSet, content_fingerprint
from har.datasets.file_trees import FileTree
from har.datasets.named_windows import (
    NamedWindows,
    count_notes,
    cut_windows,
    in_published_order,
    join_windows,
    merge_alike,
)
from har.datasets.own.sample_labels import NameArray
from har.datasets.subject_split import activity_notes, find_test_subjects, split_windows
from har.errors import DataError
from har.signals.channels import RAW_CHANNELS
from har.signals.filters import channels_from
from har.signals.orientation import UPRIGHT
from har.signals.recording import Recording
from har.signals.subjects import Subject
from har.signals.wearing import made_upright
from har.signals.windows import Windows

logger = logging.getLogger(__name__)

# Mean acceleration of a window, in g: gravity, whatever the person does. Its median over all
# windows of HAPT is 1.02 g; in m/s² it would be 9.8, and without gravity 0.
_PLAUSIBLE_G = (0.8, 1.25)
_WITH_GRAVITY = ("total_acc_x", "total_acc_y", "total_acc_z")


@dataclass(frozen=True)
class NamedRecording:
    """A recording of one person, and what it shows.

    Parameters
    ----------
    recording : Recording
        Raw signals at 50 Hz; `subject` is the person, `source` the file.
    names : ndarray of str, shape (n_timesteps,)
        Activity of each sample, ``""`` where there is none.
    n_rows : int
        Rows of acceleration that it was read from, to compare with the published number.
    """

    recording: Recording
    names: NameArray
    n_rows: int


@dataclass(frozen=True)
class LeftOut:
    """Rows that could not be used.

    Parameters
    ----------
    subject : int or str
        Person.
    source : str
        File, or part of it.
    reason : str
        The fault, in one line.
    n_rows : int
        Rows of acceleration, as for `NamedRecording`.
    """

    subject: Subject
    source: str
    reason: str
    n_rows: int


Part = NamedRecording | LeftOut


@dataclass(frozen=True)
class RecordedSet:
    """What its authors publish of a data set, and the functions that read it.

    Parameters
    ----------
    facts : PublishedSet
        Entry of the catalogue.
    subjects : tuple of int or str
        All people.
    activities : tuple of str
        All activities, in the names of this project.
    test_subjects : tuple of int or str
        People to test on unless others are named.
    reason : str
        The reason for these people, for a note.
    n_rows : callable
        Published number of rows of acceleration for a placement; None if it is not known.
    holds : callable
        Function that recognises the set in a tree of files.
    read : callable
        Function that reads its recordings, with the settings of the data.
    n_before : int
        As for `har.datasets.named_windows.cut_windows`.
    notes : tuple of str
        Facts about all of it that a person should know.
    """

    facts: PublishedSet
    subjects: tuple[Subject, ...]
    activities: tuple[str, ...]
    test_subjects: tuple[Subject, ...]
    reason: str
    n_rows: Callable[[str | None], int | None]
    holds: Callable[[FileTree], bool]
    read: Callable[[FileTree, DataConfig], Iterator[Part]]
    n_before: int = 0
    notes: tuple[str, ...] = ()


def read_recorded(
    published: RecordedSet, tree: FileTree, config: DataConfig, needs_test: bool
) -> DataSet:
    """Read a published set of recordings.

    Parameters
    ----------
    published : RecordedSet
        The set.
    tree : FileTree
        Its files, or some of them.
    config : DataConfig
        Sensors, placement, test subjects, treatment of windows over several labels, and how the
        devices are worn.
    needs_test : bool
        If False and no test subject is there, all windows are training windows.

    Returns
    -------
    DataSet
        Windows of 128 samples at step 64 from each part between gaps. The notes say what is
        missing, and what was left out.

    Raises
    ------
    DataError
        If the files contradict what is published, or there are no windows.
    ConfigError
        If a test subject is not there, or nobody is left to train on.
    """
    name, place = published.facts.name, tree.place
    logger.info("Reading the recordings of %s in %s", name, place)
    pieces, people, notes, n_rows = _cut_all(published, tree, config)
    if not pieces:
        reason = next(iter(notes), ("", "no recording"))[1]
        raise DataError(f"{place}: found no usable recording of {name} ({reason}), expected some")
    subjects = np.array(people)
    present = set(people)
    usual = tuple(subject for subject in published.test_subjects if subject in present)
    asked = config.test_subjects or usual or None
    is_split = needs_test or asked is not None
    chosen = find_test_subjects(asked, subjects, place) if is_split else []
    channels = channels_from(_raw_channels(pieces[0]))
    train, test = split_windows(join_windows(pieces, subjects, channels), chosen, place)
    found = frozenset().union(*(piece.found for piece in pieces))
    all_notes = (
        *_split_notes(published, chosen, config),
        *_placement_notes(config, channels),
        *published.notes,
        *_missing_notes(published, present, found),
        *_row_notes(published, config, n_rows),
        *count_notes(pieces),
        *activity_notes(found, train, test, is_split),
        *merge_alike(notes),
    )
    source = f"{len(pieces)} recordings of {len(present)} people in {place}"
    fingerprint = content_fingerprint(train, test)
    return DataSet(name, train, test, source, fingerprint, all_notes)


def _cut_all(
    published: RecordedSet, tree: FileTree, config: DataConfig
) -> tuple[list[NamedWindows], list[Subject], list[tuple[str, str]], int]:
    """Cut all recordings into windows; return them, their people, notes and the number of rows."""
    pieces: list[NamedWindows] = []
    people: list[Subject] = []
    notes: list[tuple[str, str]] = []
    n_rows = 0
    for part in published.read(tree, config):
        n_rows += part.n_rows
        if isinstance(part, LeftOut):
            notes.append((part.source, f"left out, because {part.reason}"))
            continue
        recording = part.recording
        _check_person(recording, published)
        if config.upright:
            recording = made_upright(recording, config.upright, UPRIGHT)
        piece = cut_windows(recording, part.names, config.straddling, published.n_before)
        notes += [(recording.source, note) for note in piece.notes]
        pieces.append(replace(piece, notes=()))
        people.append(_person_of(recording))
    return pieces, people, notes, n_rows


def _raw_channels(piece: NamedWindows) -> tuple[str, ...]:
    n_channels = piece.signals.shape[2]
    return RAW_CHANNELS if n_channels == len(channels_from(RAW_CHANNELS)) else RAW_CHANNELS[:3]


def _person_of(recording: Recording) -> Subject:
    if recording.subject is None:
        raise DataError(f"{recording.source}: found no person, expected one")
    return recording.subject


def _check_person(recording: Recording, published: RecordedSet) -> None:
    if recording.subject not in published.subjects:
        listed = f"{published.subjects[0]} to {published.subjects[-1]}"
        raise DataError(
            f"{recording.source}: found person {recording.subject}, expected one of "
            f"{published.facts.name}'s, {listed}"
        )


def _split_notes(
    published: RecordedSet, chosen: Sequence[Subject], config: DataConfig
) -> Iterator[str]:
    if not chosen:
        return
    listed = ", ".join(map(str, chosen))
    if config.test_subjects:
        usual = ", ".join(map(str, published.test_subjects))
        yield f"Test subjects: {listed}, as data.test_subjects says; usual are {usual}."
    else:
        yield f"Test subjects: {listed}, {published.reason}."


def _placement_notes(config: DataConfig, channels: Sequence[str]) -> Iterator[str]:
    if config.chosen_placement:
        placements = ", ".join(PLACEMENTS[config.set])
        yield f"Placement: {config.chosen_placement}, one of {placements}."
    if not any("gyro" in channel for channel in channels):
        says = ", as data.sensors says" if config.sensors == "acc" else ": there is no gyroscope"
        yield f"Accelerations only{says}."


def _missing_notes(
    published: RecordedSet, people: Collection[Subject], found: Collection[str]
) -> Iterator[str]:
    """Say whom and what a part of the set lacks."""
    absent = [subject for subject in published.subjects if subject not in people]
    if absent:
        listed = ", ".join(map(str, absent))
        yield f"Of the {len(published.subjects)} people these are not here: {listed}."
    lacking = [name for name in in_published_order(published.activities) if name not in found]
    if lacking:
        listed = ", ".join(lacking)
        yield f"Of the {len(published.activities)} activities these are not here: {listed}."


def _row_notes(published: RecordedSet, config: DataConfig, n_rows: int) -> Iterator[str]:
    n_published = published.n_rows(config.chosen_placement)
    if n_published and n_rows != n_published:
        kind = "a part of it" if n_rows < n_published else "another version"
        yield (
            f"Rows of acceleration: {n_rows:,}, where its authors publish {n_published:,}: {kind}."
        )


def check_recorded(published: RecordedSet, windows: Windows, split: str, place: str) -> None:
    """Check a split of a set of recordings against what its authors publish.

    Parameters
    ----------
    published : RecordedSet
        The set.
    windows, split, place
        As for `har.datasets.uci_har.check_known`; a split without windows is right.

    Raises
    ------
    DataError
        If there are other people or activities, or the acceleration is not in g with gravity.
    """
    if not len(windows):
        return
    place = f"{place}, {split} split"
    for kind, found, expected in (
        ("person", windows.subject_names, published.subjects),
        ("activity", windows.activities, published.activities),
    ):
        if others := [name for name in found if name not in expected]:
            raise DataError(
                f"{place}: found {kind} {others[0]}, expected {', '.join(map(str, expected))}"
            )
    acc = [windows.channels.index(name) for name in _WITH_GRAVITY]
    means = windows.signals[:, :, acc].mean(axis=1)
    gravity = float(np.median(np.linalg.norm(means, axis=1)))
    lowest, highest = _PLAUSIBLE_G
    if not lowest <= gravity <= highest:
        raise DataError(
            f"{place}: found a mean acceleration of {gravity:.3g} g, expected {lowest} to "
            f"{highest} with gravity: its unit is another than {published.facts.name}'s, or "
            "gravity is missing"
        )
