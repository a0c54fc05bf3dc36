"""A user's own recordings, with a table of their labels, as a data set."""

from __future__ import annotations

import logging
import re
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from har.arrays import FloatArray, IntArray
from har.config import DataConfig
from har.datasets.dataset import DataSet, content_fingerprint
from har.datasets.recordings_table import LabelledFile, read_table
from har.datasets.sample_labels import (
    NameArray,
    name_windows,
    names_from_column,
    names_from_segments,
)
from har.errors import ConfigError, DataError
from har.reading.columns import has_gyroscope
from har.reading.recording_files import read_column, read_recording
from har.reading.tables.opening import open_table
from har.signals.activities import HAPT_ACTIVITIES
from har.signals.channels import N_TIMESTEPS, RAW_CHANNELS, SAMPLE_RATE_HZ, WINDOW_STEP
from har.signals.filters import WARM_UP_S, channels_from, uci_har_channels
from har.signals.orientation import UPRIGHT
from har.signals.recording import Recording
from har.signals.wearing import made_upright
from har.signals.windows import Windows, sliding_windows

logger = logging.getLogger(__name__)

_SETTLING = f"Windows in the first {WARM_UP_S:g} s of a recording or after a gap, kept"
_TOO_SHORT = f"Parts between gaps that are shorter than {N_TIMESTEPS} samples, left out"


@dataclass(frozen=True)
class _NamedWindows:
    """Windows of a file, with names of activities in place of labels.

    `found` has the activities of all samples, whether or not a window contains them; `counts` has
    the numbers of windows treated specially, keyed by a description.
    """

    signals: FloatArray
    names: NameArray
    found: frozenset[str]
    counts: Counter[str]
    notes: tuple[str, ...]


def read_own_recordings(folder: Path, config: DataConfig) -> DataSet:
    """Read the recordings in a folder and cut them into labelled windows.

    Parameters
    ----------
    folder : Path
        Folder with ``recordings.csv``, see `har.datasets.recordings_table.read_table`, and
        recordings that `har.reading.recording_files.read_recording` can read.
    config : DataConfig
        Test subjects, treatment of windows over several labels, and how phones are worn.

    Returns
    -------
    DataSet
        Windows of 128 samples at step 64 from each part between gaps; nine channels, or the six of
        acceleration if no file has a gyroscope. The notes state what was left out.

    Raises
    ------
    DataError
        If the table or a recording is invalid, only some recordings have a gyroscope, or there are
        no labelled windows to train or to test on.
    ConfigError
        If no test subjects are given, or one is not in the table.
    """
    files = read_table(folder)
    test_subjects = _checked_test_subjects(config.test_subjects, files, folder)
    needs_gyroscope = _all_have_gyroscope(files)
    logger.info("Reading the %d recordings in %s", len(files), folder)
    pieces = [_windows_of(file, needs_gyroscope, config) for file in files]
    subjects = np.repeat([file.subject for file in files], [len(piece.names) for piece in pieces])
    windows = _joined(pieces, subjects, needs_gyroscope)
    is_test = np.isin(subjects, test_subjects)
    train, test = windows.where(~is_test), windows.where(is_test)
    for split, of_split in (("train", train), ("test", test)):
        if not len(of_split):
            raise DataError(
                f"{folder}: found no window with an activity to {split} on, expected some of "
                f"{N_TIMESTEPS / SAMPLE_RATE_HZ:g} s; data.test_subjects are {test_subjects}"
            )
    return DataSet(
        folder.resolve().name,
        train,
        test,
        f"{len(files)} recordings of {len({file.subject for file in files})} people in {folder}",
        content_fingerprint(train, test),
        (
            *_count_notes(pieces),
            *_activity_notes(frozenset().union(*(piece.found for piece in pieces)), train, test),
            *_file_notes(files, pieces),
        ),
    )


def _checked_test_subjects(
    test_subjects: tuple[int, ...] | None, files: Sequence[LabelledFile], folder: Path
) -> tuple[int, ...]:
    known = sorted({file.subject for file in files})
    listed = ", ".join(map(str, known))
    if test_subjects is None:
        raise ConfigError(
            f"data.test_subjects: found null, expected some of the subjects in {folder}: {listed}; "
            f"for example --data.test_subjects=[{known[-1]}]"
        )
    unknown = sorted(set(test_subjects) - set(known))
    if unknown:
        raise ConfigError(
            f"data.test_subjects: found {unknown[0]}, "
            f"expected some of the subjects in {folder}: {listed}"
        )
    if set(test_subjects) == set(known):
        raise ConfigError(
            f"data.test_subjects: found all subjects in {folder}, "
            "expected to leave at least one to train on"
        )
    return test_subjects


def _all_have_gyroscope(files: Sequence[LabelledFile]) -> bool:
    """Return whether the headings of all files have a gyroscope; refuse a mixture."""
    examples = {has_gyroscope(open_table(file.path).headings): file.path for file in files}
    if len(examples) == 2:
        raise DataError(
            f"{examples[False]}: found no gyroscope, but one in {examples[True]}, "
            "expected it in all recordings of a data set or in none"
        )
    return next(iter(examples))


def _windows_of(file: LabelledFile, needs_gyroscope: bool, config: DataConfig) -> _NamedWindows:
    """Read a recording and cut each part between gaps into windows."""
    recording = read_recording(
        file.path, subject=file.subject, needs_gyroscope=needs_gyroscope, **asdict(file.settings)
    )
    if upright := file.upright or config.upright:
        recording = made_upright(recording, upright, UPRIGHT)
    names_of_samples = _names_of_samples(file, recording)
    n_channels = len(channels_from(recording.channels))
    signals = [np.empty((0, N_TIMESTEPS, n_channels), np.float32)]
    names: list[NameArray] = [np.empty(0, object)]
    counts = Counter[str]()
    for stretch in recording.stretches:
        if stretch.n_samples < N_TIMESTEPS:
            counts[_TOO_SHORT] += 1
            continue
        rows = slice(stretch.first_sample, stretch.first_sample + stretch.n_samples)
        channels = uci_har_channels(recording.samples[rows], start="settled").astype(np.float32)
        window_names, window_counts = name_windows(names_of_samples[rows], config.straddling)
        is_kept = window_names != ""
        is_settling = np.arange(len(is_kept)) * WINDOW_STEP < WARM_UP_S * SAMPLE_RATE_HZ
        counts += window_counts
        counts[_SETTLING] += int((is_kept & is_settling).sum())
        signals.append(sliding_windows(channels, N_TIMESTEPS, WINDOW_STEP)[is_kept])
        names.append(window_names[is_kept])
    return _NamedWindows(
        np.concatenate(signals),
        np.concatenate(names),
        frozenset(names_of_samples) - {""},
        counts,
        recording.notes,
    )


def _names_of_samples(file: LabelledFile, recording: Recording) -> NameArray:
    if file.label_column is None:
        return names_from_segments(recording, file.segments)
    settings = file.settings
    row_times_s, values = read_column(
        file.path, file.label_column, rate_hz=settings.rate_hz, time_unit=settings.time_unit
    )
    return names_from_column(recording, row_times_s, values)


def _joined(pieces: Sequence[_NamedWindows], subjects: IntArray, needs_gyroscope: bool) -> Windows:
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
    return tuple(sorted(activities, key=lambda name: (ranks.get(name, len(ranks)), name)))


def _count_notes(pieces: Sequence[_NamedWindows]) -> Iterator[str]:
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


def _file_notes(files: Sequence[LabelledFile], pieces: Sequence[_NamedWindows]) -> Iterator[str]:
    """Merge the notes of several files that differ only in their numbers."""
    alike: dict[str, list[str]] = {}
    for file, piece in zip(files, pieces, strict=True):
        for note in piece.notes:
            without_numbers = re.sub(r"[-+.\d]+(e[-+]?\d+)?", "0", note)
            alike.setdefault(without_numbers, []).append(f"{file.path.name}: {note}")
    for first, *others in alike.values():
        yield f"{first} (alike in {len(others)} more)" if others else first
