"""A user's own recordings, with a table of their labels, as a data set."""

from __future__ import annotations

import logging
import re
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from har.arrays import SubjectArray
from har.config import DataConfig
from har.datasets.dataset import DataSet, content_fingerprint
from har.datasets.own.labelled_recordings import (
    LabelledRecording,
    NamedWindows,
    all_have_gyroscope,
    list_recordings,
    read_windows,
)
from har.datasets.own.recordings_table import read_table
from har.datasets.own.spellings import check_spellings, folded
from har.errors import ConfigError, DataError
from har.signals.activities import HAPT_ACTIVITIES
from har.signals.channels import N_TIMESTEPS, RAW_CHANNELS, SAMPLE_RATE_HZ, WINDOW_STEP
from har.signals.filters import channels_from
from har.signals.subjects import Subject, natural_key, number_subjects, subjects_from_text
from har.signals.windows import Windows

logger = logging.getLogger(__name__)


def read_own_recordings(folder: Path, config: DataConfig, needs_test: bool = True) -> DataSet:
    """Read the recordings in a folder and cut them into labelled windows.

    Parameters
    ----------
    folder : Path
        Folder with ``recordings.csv``, see `har.datasets.own.recordings_table.read_table`, and
        recordings that `har.reading.recording_files.read_recording` can read.
    config : DataConfig
        Test subjects, sensors, column of people, treatment of windows over several labels, and how
        phones are worn.
    needs_test : bool
        If False, test subjects need not be named: all windows are training windows then.

    Returns
    -------
    DataSet
        Windows of 128 samples at step 64 from each part between gaps; nine channels, or the six of
        acceleration if no file has a gyroscope or none is asked for. The notes state what was left
        out.

    Raises
    ------
    DataError
        If the table or a recording is invalid, only some recordings have a gyroscope, or there are
        no labelled windows to train or to test on.
    ConfigError
        If test subjects are needed and none are given, or one is not in the table.
    """
    table = read_table(folder, config.subject_column)
    recordings = list_recordings(table.files)
    people = subjects_from_text(recording.person for recording in recordings)
    is_split = needs_test or config.test_subjects is not None
    chosen = _checked_test_subjects(config.test_subjects, people, folder) if is_split else []
    needs_gyroscope = config.sensors == "all" and all_have_gyroscope(recordings)
    logger.info("Reading the %d recordings in %s", len(recordings), folder)
    pieces = [read_windows(one, needs_gyroscope, config) for one in recordings]
    found = _found_activities(recordings, pieces)
    of_window = np.repeat(np.arange(len(pieces)), [len(piece.names) for piece in pieces])
    windows = _joined(pieces, people[of_window], needs_gyroscope)
    is_test = np.isin(windows.subjects, np.array(chosen, dtype=people.dtype))
    train, test = windows.where(~is_test), windows.where(is_test)
    _check_windows(train, test, is_split, folder)
    of_activities = _activity_notes if is_split else _lonely_activity_notes
    notes = (
        *table.notes,
        *_count_notes(pieces),
        *of_activities(found, train, test),
        *_file_notes(recordings, pieces),
    )
    n_people = len(number_subjects(people)[0])
    return DataSet(
        folder.resolve().name,
        train,
        test,
        f"{len(table.files)} recordings of {n_people} people in {folder}",
        content_fingerprint(train, test),
        notes,
    )


def _found_activities(
    recordings: Sequence[LabelledRecording], pieces: Sequence[NamedWindows]
) -> frozenset[str]:
    """Collect the activities of all samples, and refuse one in two spellings."""
    places: dict[str, str] = {}
    for recording, piece in zip(recordings, pieces, strict=True):
        for name in sorted(piece.found):
            places.setdefault(name, str(recording.file.path))
    check_spellings(places, "activities")
    return frozenset(places)


def _check_windows(train: Windows, test: Windows, is_split: bool, folder: Path) -> None:
    """Refuse a split without windows."""
    for split, windows in (("train", train), ("test", test)):
        if not len(windows) and (is_split or split == "train"):
            raise DataError(
                f"{folder}: found no window with an activity to {split} on, expected some of "
                f"{N_TIMESTEPS / SAMPLE_RATE_HZ:g} s"
            )


def _checked_test_subjects(
    test_subjects: tuple[Subject, ...] | None, people: SubjectArray, folder: Path
) -> list[Subject]:
    """Return the test subjects in the spelling of the table."""
    known = number_subjects(people)[0]
    listed = ", ".join(map(str, known))
    if test_subjects is None:
        raise ConfigError(
            f"data.test_subjects: found null, expected some of the subjects in {folder}: {listed}; "
            f"for example --data.test_subjects=[{known[-1]}]"
        )
    by_spelling = {folded(str(subject)): subject for subject in known}
    unknown = [subject for subject in test_subjects if folded(str(subject)) not in by_spelling]
    if unknown:
        raise ConfigError(
            f"data.test_subjects: found {unknown[0]}, "
            f"expected some of the subjects in {folder}: {listed}"
        )
    chosen = {by_spelling[folded(str(subject))] for subject in test_subjects}
    if chosen == set(known):
        raise ConfigError(
            f"data.test_subjects: found all subjects in {folder}, "
            "expected to leave at least one to train on; "
            "har cv --all-subjects holds out each in turn"
        )
    return [subject for subject in known if subject in chosen]


def _joined(
    pieces: Sequence[NamedWindows], subjects: SubjectArray, needs_gyroscope: bool
) -> Windows:
    """Join the windows of all files and turn their names into labels."""
    names = np.concatenate([piece.names for piece in pieces])
    activities = _in_published_order(set(names.tolist()))
    return Windows(
        np.concatenate([piece.signals for piece in pieces]),
        pd.Categorical(names, categories=activities).codes.astype(np.int64),
        subjects,
        channels_from(RAW_CHANNELS if needs_gyroscope else RAW_CHANNELS[:3]),
        activities,
    )


def _in_published_order(activities: Collection[str]) -> tuple[str, ...]:
    """Sort activities so that known ones have the order, and thus the colours, of HAPT."""
    ranks = {activity: rank for rank, activity in enumerate(HAPT_ACTIVITIES)}
    return tuple(
        sorted(activities, key=lambda name: (ranks.get(name, len(ranks)), natural_key(name)))
    )


def _count_notes(pieces: Sequence[NamedWindows]) -> Iterator[str]:
    yield f"Windows of {N_TIMESTEPS} samples, one every {WINDOW_STEP}: " + (
        f"{sum(len(piece.names) for piece in pieces):,}."
    )
    for kind, number in sum((piece.counts for piece in pieces), Counter[str]()).items():
        yield f"{kind}: {number:,}."


def _activity_notes(found: Collection[str], train: Windows, test: Windows) -> Iterator[str]:
    """Describe the activities that are left out, cannot be learned or are not tested."""
    label_of = {activity: label for label, activity in enumerate(train.activities)}
    for activity in _in_published_order(found):
        label = label_of.get(activity)
        if label is None:
            yield f"{activity}: fills no window, so it is left out."
        elif label not in train.labels:
            yield f"{activity}: only test subjects do it, so it cannot be learned."
        elif label not in test.labels:
            yield f"{activity}: no test subject does it, so it is not tested."


def _lonely_activity_notes(
    found: Collection[str], windows: Windows, _test: Windows
) -> Iterator[str]:
    """Describe the activities that are left out, or that one person alone does."""
    for activity in _in_published_order(found):
        if activity not in windows.activities:
            yield f"{activity}: fills no window, so it is left out."
            continue
        is_activity = windows.labels == windows.activities.index(activity)
        people = number_subjects(windows.subjects[is_activity])[0]
        if len(people) == 1:
            yield f"{activity}: only subject {people[0]} does it, so it cannot be learned."


def _file_notes(
    recordings: Sequence[LabelledRecording], pieces: Sequence[NamedWindows]
) -> Iterator[str]:
    """Merge the notes of several files that differ only in their numbers."""
    alike: dict[str, list[str]] = {}
    for recording, piece in zip(recordings, pieces, strict=True):
        for note in piece.notes:
            without_numbers = re.sub(r"[-+.\d]+(e[-+]?\d+)?", "0", note)
            alike.setdefault(without_numbers, []).append(f"{recording.name}: {note}")
    for first, *others in alike.values():
        yield f"{first} (alike in {len(others)} more)" if others else first
