"""A user's own recordings, with a table of their labels, as a data set."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path

from har.config import DataConfig
from har.datasets.dataset import DataSet, content_fingerprint
from har.datasets.named_windows import NamedWindows, count_notes, join_windows, merge_alike
from har.datasets.own.labelled_recordings import (
    LabelledRecording,
    MakeUpright,
    all_have_gyroscope,
    list_recordings,
    made_upright_along_x,
    read_windows,
)
from har.datasets.own.recordings_table import read_table
from har.datasets.own.spellings import check_spellings
from har.datasets.subject_split import activity_notes, find_test_subjects, split_windows
from har.signals.channels import RAW_CHANNELS
from har.signals.filters import channels_from
from har.signals.subjects import number_subjects, subjects_from_text

logger = logging.getLogger(__name__)


def read_own_recordings(
    folder: Path,
    config: DataConfig,
    needs_test: bool = True,
    make_upright: MakeUpright = made_upright_along_x,
) -> DataSet:
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
    make_upright : callable
        Function that turns recordings if it is told how phones are worn.

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
    place = str(folder)
    chosen = find_test_subjects(config.test_subjects, people, place) if is_split else []
    needs_gyroscope = config.sensors == "all" and all_have_gyroscope(recordings)
    logger.info("Reading the %d recordings in %s", len(recordings), folder)
    pieces = [read_windows(one, needs_gyroscope, config, make_upright) for one in recordings]
    found = _found_activities(recordings, pieces)
    channels = channels_from(RAW_CHANNELS if needs_gyroscope else RAW_CHANNELS[:3])
    train, test = split_windows(join_windows(pieces, people, channels), chosen, place)
    named = zip(recordings, pieces, strict=True)
    of_files = ((recording.name, note) for recording, piece in named for note in piece.notes)
    notes = (
        *table.notes,
        *count_notes(pieces),
        *activity_notes(found, train, test, is_split),
        *merge_alike(of_files),
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
