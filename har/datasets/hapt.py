"""HAPT: 10,929 windows of 30 people in six activities and six transitions between postures.

Windows are cut from the raw recordings by the published ``labels.txt``; their number for each
activity agrees with the authors' counts. The test subjects are those of UCI HAR.

Source: Reyes-Ortiz et al., *Transition-aware human activity recognition using smartphones*,
Neurocomputing 171, 2016.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from har.arrays import FloatArray
from har.datasets.catalogue import HAPT
from har.datasets.dataset import DataSet, content_fingerprint
from har.datasets.file_trees import FileTree
from har.datasets.hapt_recordings import RecordingFiles, holds_recordings, read_recordings
from har.datasets.reference import ReferenceSplit, check_split
from har.datasets.text_tables import line_numbers, parse_table
from har.datasets.uci_har import TEST_SUBJECTS, TRAIN_SUBJECTS
from har.errors import DataError
from har.signals.activities import HAPT_ACTIVITIES
from har.signals.channels import N_TIMESTEPS, WINDOW_STEP
from har.signals.filters import uci_har_channels
from har.signals.recording import Recording
from har.signals.windows import Windows, sliding_windows

_LABELS = "RawData/labels.txt"
_COLUMNS = ("experiment", "user", "activity", "first_sample", "last_sample")

_REFERENCE = {
    "train": ReferenceSplit(
        subjects=TRAIN_SUBJECTS,
        n_windows_of_class=(1226, 1073, 987, 1293, 1423, 1413, 47, 23, 75, 60, 90, 57),
        means=(-0.000195, 0.001169, 0.000626, -0.001063, 0.000487, 0.000142)
        + (0.801217, 0.040356, 0.091318),
        deviations=(0.200852, 0.138861, 0.121644, 0.417790, 0.388790, 0.275028)
        + (0.410537, 0.396047, 0.357700),
    ),
    "test": ReferenceSplit(
        subjects=TEST_SUBJECTS,
        n_windows_of_class=(496, 471, 420, 508, 556, 545, 23, 10, 32, 25, 49, 27),
        means=(0.000710, 0.000613, -0.000047, -0.014815, 0.003219, 0.002836)
        + (0.815354, 0.014488, 0.084888),
        deviations=(0.190233, 0.138640, 0.111193, 0.414506, 0.349250, 0.270655)
        + (0.401035, 0.415325, 0.308419),
    ),
}


def _labels_in(tree: FileTree) -> str | None:
    return next((name for name in tree.names if name.endswith(_LABELS)), None)


def holds_hapt(tree: FileTree) -> bool:
    """Return whether a tree contains HAPT's raw recordings with their ``labels.txt``."""
    return holds_recordings(tree) and _labels_in(tree) is not None


def read_hapt(tree: FileTree) -> DataSet:
    """Read HAPT's recordings and cut them into windows.

    Parameters
    ----------
    tree : FileTree
        Files with ``RawData/``, which contains the recordings and ``labels.txt``.

    Returns
    -------
    DataSet
        Windows of 128 samples at step 64 from the first sample of each labelled segment, in the
        order of ``labels.txt``; labels in the order of `HAPT_ACTIVITIES`.

    Raises
    ------
    DataError
        If a file is missing or damaged, or a segment is not within a recording; names the file and
        line.
    """
    recordings = read_recordings(tree)
    segments = read_segments(tree, recordings)
    n_samples = segments["last_sample"] - segments["first_sample"] + 1
    is_short = n_samples < N_TIMESTEPS
    windows = _cut(recordings, segments[~is_short])
    train, test = (windows.of_subjects(people) for people in (TRAIN_SUBJECTS, TEST_SUBJECTS))
    note = (
        f"{is_short.sum()} of {len(segments)} labelled segments are left out: they are shorter "
        f"than a window of {N_TIMESTEPS} samples."
    )
    source = f"labelled segments of the raw recordings in {tree.place}"
    return DataSet(HAPT.name, train, test, source, content_fingerprint(train, test), (note,))


def read_segments(
    tree: FileTree, recordings: Mapping[int, Recording | RecordingFiles]
) -> pd.DataFrame:
    """Read the labelled segments in ``labels.txt``.

    Parameters
    ----------
    tree : FileTree
        Files with ``RawData/labels.txt``.
    recordings : mapping of int to Recording or RecordingFiles
        Recordings keyed by experiment; their signals do not matter.

    Returns
    -------
    DataFrame
        Integer columns experiment, user, activity (1..12), first_sample and last_sample, both
        inclusive and counted from 1.

    Raises
    ------
    DataError
        If a line is invalid; names the line.
    """
    name = _labels_in(tree)
    if name is None:
        raise DataError(f"{tree.place}: found no {_LABELS}, expected it beside the recordings")
    text, place = tree.read(name), f"{tree.place}/{name}"
    table = parse_table(text, place, len(_COLUMNS))
    for line, row in zip(line_numbers(text), table.tolist(), strict=True):
        expected = _fault(row, recordings)
        if expected:
            found = " ".join(f"{value:g}" for value in row)
            raise DataError(f"{place}, line {line}: found {found}, expected {expected}")
    return pd.DataFrame(table.astype(int), columns=list(_COLUMNS))


def _fault(row: list[float], recordings: Mapping[int, Recording | RecordingFiles]) -> str | None:
    """Return what is expected in place of an invalid line, or None if the line is valid."""
    experiment, user, activity, first_sample, last_sample = row
    if not all(value.is_integer() for value in row):
        return "whole numbers"
    if not 1 <= activity <= len(HAPT_ACTIVITIES):
        return f"an activity from 1 to {len(HAPT_ACTIVITIES)} in column 3"
    recording = recordings.get(int(experiment))
    if recording is None or recording.subject != user:
        return "an experiment and a user of whom there is a recording"
    if not 1 <= first_sample <= last_sample <= len(recording):
        return f"a first and a last sample from 1 to {len(recording)}, in this order"
    return None


def _cut(recordings: Mapping[int, Recording], segments: pd.DataFrame) -> Windows:
    """Cut windows from segments that are long enough."""
    # Whole recordings are filtered, as a live phone would: a filter that starts anew in each
    # segment would need seconds to settle.
    channels: dict[int, FloatArray] = {
        experiment: uci_har_channels(recordings[experiment].samples).astype(np.float32)
        for experiment in segments["experiment"].unique().tolist()
    }
    cuts = (
        channels[row.experiment][row.first_sample - 1 : row.last_sample]
        for row in segments.itertuples()
    )
    pieces = [sliding_windows(cut, N_TIMESTEPS, WINDOW_STEP) for cut in cuts]
    each = segments.loc[segments.index.repeat([len(piece) for piece in pieces])]
    return Windows(
        np.concatenate(pieces),
        each["activity"].to_numpy() - 1,
        each["user"].to_numpy(),
        activities=HAPT_ACTIVITIES,
    )


def check_known(windows: Windows, split: str, place: str) -> None:
    """Check a split against the reference values of HAPT.

    Parameters
    ----------
    windows, split, place
        As for `har.datasets.uci_har.check_known`.
    """
    check_split(windows, _REFERENCE[split], f"{place}, {split} split")
