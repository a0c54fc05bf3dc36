"""Whole recordings of a data set with the true segments in them, to score timelines with.

HAPT's recordings are those that the windows of UCI HAR were cut from, of the same people.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from har.config import DataConfig
from har.datasets.catalogue import HAPT, PUBLISHED
from har.datasets.file_trees import trees_at
from har.datasets.hapt import holds_hapt, read_segments
from har.datasets.hapt_recordings import RecordingFiles, find_recordings
from har.datasets.loading import DATA_FOLDER, path_of
from har.datasets.own.labelled_recordings import (
    all_have_gyroscope,
    list_recordings,
    read_named_samples,
)
from har.datasets.own.recordings_table import TABLE, read_table
from har.datasets.own.sample_labels import segments_from_names
from har.errors import ConfigError, DataError, UsageError
from har.signals.activities import HAPT_ACTIVITIES
from har.signals.channels import N_TIMESTEPS, SAMPLE_RATE_HZ
from har.signals.recording import Recording
from har.signals.subjects import Subject, subjects_from_text

logger = logging.getLogger(__name__)

# Data sets whose labels say what follows an activity. Of UCI HAR's the turns between postures are
# left out.
_SETS_WITH_CHANGES = ("hapt", "recordings")

# A recording, perhaps of which the signals are not read yet, and its segments.
_Labelled = tuple[Recording | RecordingFiles, pd.DataFrame]


def whole_recordings(
    config: DataConfig, activities: tuple[str, ...], subjects: Collection[Subject]
) -> Iterator[tuple[Recording, pd.DataFrame]]:
    """Read the recordings of some people, and what they did in them.

    Parameters
    ----------
    config : DataConfig
        Choice of the data set, its path, and how its phones are worn.
    activities : tuple of str
        Activities that count as labelled.
    subjects : collection of int or str
        People, as the windows of the data set name them.

    Yields
    ------
    recording : Recording
        Raw signals at 50 Hz, long enough for a window.
    segments : DataFrame
        Columns start_s, end_s and activity; at least a row, in the order of time.

    Raises
    ------
    UsageError
        If the data set has no whole recordings.
    DataError
        If they are not where the data set is, or a file is damaged.
    ConfigError
        If no path is given for own recordings.
    """
    for recording, segments in _known(config, activities, subjects):
        yield recording if isinstance(recording, Recording) else recording.read(), segments


def true_segments(
    config: DataConfig, activities: tuple[str, ...], subjects: Collection[Subject]
) -> Iterator[pd.DataFrame]:
    """Read what some people did in their recordings, where labels say what follows an activity.

    HAPT's signals are not read. Own recordings are: the samples that a label covers are known once
    their times, gaps and rate are.

    Parameters
    ----------
    config, activities, subjects
        As for `whole_recordings`.

    Yields
    ------
    DataFrame
        Segments of a recording, as `whole_recordings` yields them. None of a data set whose labels
        do not say what follows an activity.

    Raises
    ------
    HarError
        See `whole_recordings`.
    """
    if config.set in _SETS_WITH_CHANGES:
        for _recording, segments in _known(config, activities, subjects):
            yield segments


def _known(
    config: DataConfig, activities: tuple[str, ...], subjects: Collection[Subject]
) -> Iterator[_Labelled]:
    """Find the recordings with known activities that are long enough for a window."""
    if config.set not in _FINDERS:
        name = PUBLISHED[config.set].name if config.set in PUBLISHED else config.set
        raise UsageError(
            f"--recordings: found the data set {name}, of which har reads windows only, "
            "expected UCI HAR, HAPT or own recordings"
        )
    for recording, segments in _FINDERS[config.set](config, subjects):
        known = segments[segments["activity"].isin(activities)]
        if not len(known) or _longest_stretch(recording) < N_TIMESTEPS:
            reason = "no activity that the network knows" if not len(known) else "no whole window"
            logger.info("note: %s: %s in it, left out.", recording.source, reason)
            continue
        yield recording, known.sort_values("start_s", ignore_index=True)


def _longest_stretch(recording: Recording | RecordingFiles) -> int:
    """Count the samples of the longest part between gaps, of which HAPT's recordings have none."""
    if isinstance(recording, RecordingFiles):
        return len(recording)
    return max(stretch.n_samples for stretch in recording.stretches)


def _find_hapt(config: DataConfig, subjects: Collection[Subject]) -> Iterator[_Labelled]:
    path = path_of(config) or DATA_FOLDER
    tree = next(filter(holds_hapt, trees_at(path)), None)
    if tree is None:
        raise DataError(
            f"{path}: found no whole recordings in it, expected those of {HAPT.name}, which the "
            f"windows of UCI HAR were cut from: {HAPT.form}; "
            f"har fetch --data.set hapt puts them into {DATA_FOLDER}/, a folder for --data.root"
        )
    recordings = find_recordings(tree)
    segments = segments_in_seconds(read_segments(tree, recordings))
    for experiment, of_recording in segments.groupby("experiment"):
        files = recordings[int(experiment)]
        if files.subject in subjects:
            yield files, of_recording


def segments_in_seconds(segments: pd.DataFrame) -> pd.DataFrame:
    """Return HAPT's segments with seconds and names in place of samples and numbers.

    Parameters
    ----------
    segments : DataFrame
        Result of `har.datasets.hapt.read_segments`.

    Returns
    -------
    DataFrame
        Columns experiment, start_s, end_s and activity.
    """
    return pd.DataFrame(
        {
            "experiment": segments["experiment"],
            "start_s": (segments["first_sample"] - 1) / SAMPLE_RATE_HZ,
            "end_s": segments["last_sample"] / SAMPLE_RATE_HZ,
            "activity": np.array(HAPT_ACTIVITIES)[segments["activity"] - 1],
        }
    )


def _find_own(config: DataConfig, subjects: Collection[Subject]) -> Iterator[_Labelled]:
    path = path_of(config)
    if path is None:
        raise ConfigError(f"data.root: found null, expected the folder with {TABLE}")
    rows = list_recordings(read_table(Path(path), config.subject_column).files)
    people = subjects_from_text(row.person for row in rows)
    needs_gyroscope = config.sensors == "all" and all_have_gyroscope(rows)
    for row, person in zip(rows, people.tolist(), strict=True):
        if person in subjects:
            recording, names, _notes = read_named_samples(row, needs_gyroscope, config)
            yield replace(recording, subject=person), segments_from_names(recording, names)


_FINDERS: Mapping[str, Callable[[DataConfig, Collection[Subject]], Iterator[_Labelled]]] = {
    "uci_har": _find_hapt,
    "hapt": _find_hapt,
    "recordings": _find_own,
}
