"""UCI HAR: 10,299 windows of 30 people in six activities.

The published text files and the raw HAPT recordings lead to the same windows. In either case the
windows are checked against reference values before they are used.

Source: Anguita et al., *A public domain dataset for human activity recognition using smartphones*,
ESANN 2013.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import resources

import numpy as np
import pandas as pd

from har.arrays import FloatArray, IntArray
from har.datasets.dataset import SPLITS
from har.datasets.file_trees import FileTree
from har.datasets.reference import ReferenceSplit, check_split
from har.datasets.text_tables import parse_integers, parse_table
from har.errors import DataError
from har.signals.activities import UCI_ACTIVITIES
from har.signals.channels import N_TIMESTEPS, UCI_CHANNELS, WINDOW_STEP
from har.signals.filters import as_printed, uci_har_channels
from har.signals.recording import Recording
from har.signals.windows import Windows, sliding_windows

N_SUBJECTS = 30
TRAIN_SUBJECTS = (1, 3, 5, 6, 7, 8, 11, 14, 15, 16, 17, 19, 21, 22, 23, 25, 26, 27, 28, 29, 30)
TEST_SUBJECTS = (2, 4, 9, 10, 12, 13, 18, 20, 24)

_REFERENCE = {
    "train": ReferenceSplit(
        subjects=TRAIN_SUBJECTS,
        n_windows_of_class=(1226, 1073, 986, 1286, 1374, 1407),
        means=(-0.000636, -0.000292, -0.000275, 0.000506, -0.000824, 0.000113)
        + (0.804749, 0.028755, 0.086498),
        deviations=(0.194846, 0.122427, 0.106879, 0.406815, 0.381854, 0.255743)
        + (0.414112, 0.390995, 0.357769),
    ),
    "test": ReferenceSplit(
        subjects=TEST_SUBJECTS,
        n_windows_of_class=(496, 471, 420, 491, 532, 537),
        means=(-0.000738, -0.000380, -0.000026, -0.013185, 0.001455, 0.002850)
        + (0.817263, 0.004349, 0.080671),
        deviations=(0.184310, 0.120603, 0.095535, 0.396516, 0.340445, 0.249416)
        + (0.406513, 0.412041, 0.307925),
    ),
}


def _signal_name(split: str, channel: str) -> str:
    return f"{split}/Inertial Signals/{channel}_{split}.txt"


def _folder_in(tree: FileTree) -> str | None:
    """Return the path above ``train/Inertial Signals`` in a tree, or None."""
    ending = _signal_name("train", UCI_CHANNELS[0])
    folders = [name.removesuffix(ending) for name in tree.names if name.endswith(ending)]
    return folders[0] if folders else None


def holds_uci_har(tree: FileTree) -> bool:
    """Return whether a tree contains the published windows."""
    return _folder_in(tree) is not None


def read_published(tree: FileTree) -> tuple[Windows, Windows]:
    """Read the published text files.

    Parameters
    ----------
    tree : FileTree
        Files with ``train/`` and ``test/``, each with ``Inertial Signals``, labels and subjects.
        The files of 561 features are not needed.

    Returns
    -------
    train, test : Windows

    Raises
    ------
    DataError
        If a file is missing or invalid, files differ in their numbers of rows, or a subject is in
        both splits; names the file, line and column.
    """
    folder = _folder_in(tree) or ""
    train, test = (_read_split(tree, folder, split) for split in SPLITS)
    shared = set(train.subject_names) & set(test.subject_names)
    if shared:
        raise DataError(
            f"{tree.place}/{folder}: found subject {min(shared)} in both train and test, "
            "expected each subject in one of them"
        )
    return train, test


def _read_split(tree: FileTree, folder: str, split: str) -> Windows:
    def content_and_place(name: str) -> tuple[bytes, str]:
        """Return the content of a file and its name in messages."""
        if folder + name not in tree.names:
            raise DataError(f"{tree.place}/{folder}{name}: found no such file, expected it")
        return tree.read(folder + name), f"{tree.place}/{folder}{name}"

    names = [_signal_name(split, channel) for channel in UCI_CHANNELS]
    numbers = parse_integers(*content_and_place(f"{split}/y_{split}.txt"), 1, len(UCI_ACTIVITIES))
    subjects = parse_integers(*content_and_place(f"{split}/subject_{split}.txt"), 1, N_SUBJECTS)
    signals = np.empty((len(numbers), N_TIMESTEPS, len(UCI_CHANNELS)), np.float32)
    _check_rows(subjects, len(numbers), f"{tree.place}/{folder}{split}/subject_{split}.txt")
    for channel, name in enumerate(names):
        table = parse_table(*content_and_place(name), n_columns=N_TIMESTEPS)
        _check_rows(table, len(numbers), f"{tree.place}/{folder}{name}")
        signals[:, :, channel] = table
    return Windows(signals, numbers - 1, subjects)


def _check_rows(table: FloatArray | IntArray, n_rows: int, place: str) -> None:
    if len(table) != n_rows:
        raise DataError(
            f"{place}: found {len(table)} rows, expected {n_rows}, one for each row of y_*.txt"
        )


def window_table() -> pd.DataFrame:
    """Return the position of every window of UCI HAR in the HAPT recordings.

    Returns
    -------
    DataFrame
        Columns split, subject, activity (1..6), experiment, first_sample (from 0), n_windows. Each
        of the 857 rows is a run of windows at step 64; rows are in the order of the files.
    """
    table = resources.files("har.datasets") / "uci_har_windows.csv"
    with table.open(encoding="utf-8") as stream:
        return pd.read_csv(stream)


def subject_of_experiment() -> dict[int, int]:
    """Return the subject of each of the 61 experiments."""
    table = window_table()
    return dict(zip(table["experiment"].tolist(), table["subject"].tolist(), strict=True))


def rebuild(recordings: Mapping[int, Recording], place: str) -> tuple[Windows, Windows]:
    """Rebuild the published windows from raw recordings.

    Parameters
    ----------
    recordings : mapping of int to Recording
        HAPT's recordings keyed by experiment.
    place : str
        Source of the recordings, for messages.

    Returns
    -------
    train, test : Windows
        Windows in published order, rounded to the digits of the published files.

    Raises
    ------
    DataError
        If an experiment is missing or too short, or has another subject than expected.
    """
    _check_experiments(recordings, place)
    channels = {
        experiment: as_printed(uci_har_channels(recording.samples)).astype(np.float32)
        for experiment, recording in recordings.items()
    }
    table = window_table()
    train, test = (_cut(channels, table[table["split"] == split]) for split in SPLITS)
    return train, test


def _check_experiments(recordings: Mapping[int, Recording], place: str) -> None:
    table = window_table()
    ends = table["first_sample"] + _n_samples(table["n_windows"])
    end_of_experiment = ends.groupby(table["experiment"]).max()
    for experiment, subject in subject_of_experiment().items():
        recording, end = recordings.get(experiment), int(end_of_experiment[experiment])
        if recording is None or recording.subject != subject or len(recording) < end:
            found = "no recording"
            if recording is not None:
                found = f"{len(recording)} samples of user {recording.subject}"
            raise DataError(
                f"{place}, experiment {experiment}: found {found}, "
                f"expected at least {end} samples of user {subject}"
            )


def _n_samples(n_windows: pd.Series[int]) -> pd.Series[int]:
    """Return the number of samples in each run of overlapping windows."""
    return N_TIMESTEPS + WINDOW_STEP * (n_windows - 1)


def _cut(channels: Mapping[int, FloatArray], runs: pd.DataFrame) -> Windows:
    """Cut runs of windows from filtered recordings."""
    runs = runs.assign(end=runs["first_sample"] + _n_samples(runs["n_windows"]))
    cuts = (channels[run.experiment][run.first_sample : run.end] for run in runs.itertuples())
    pieces = [sliding_windows(cut, N_TIMESTEPS, WINDOW_STEP) for cut in cuts]
    return Windows(np.concatenate(pieces), *_labels_and_subjects(runs))


def _labels_and_subjects(runs: pd.DataFrame) -> tuple[IntArray, IntArray]:
    """Return the label (from 0) and the subject of each window of some runs."""
    each = runs.loc[runs.index.repeat(runs["n_windows"])]
    return each["activity"].to_numpy() - 1, each["subject"].to_numpy()


def check_known(windows: Windows, split: str, place: str) -> None:
    """Check a split against the reference values of UCI HAR.

    Neither counts nor means would reveal two windows in the wrong order, so the label and the
    subject of each window are checked too.

    Parameters
    ----------
    windows : Windows
        Windows that were read.
    split : str
        ``"train"`` or ``"test"``.
    place : str
        Source of the windows, for messages.

    Raises
    ------
    DataError
        If they differ; names the first difference.
    """
    place = f"{place}, {split} split"
    check_split(windows, _REFERENCE[split], place)
    table = window_table()
    labels, subjects = _labels_and_subjects(table[table["split"] == split])
    wrong = np.flatnonzero((windows.labels != labels) | (windows.subjects != subjects))
    if len(wrong):
        row = wrong[0]
        raise DataError(
            f"{place}, row {row + 1}: found {UCI_ACTIVITIES[windows.labels[row]]} of subject "
            f"{windows.subjects[row]}, expected {UCI_ACTIVITIES[labels[row]]} of subject "
            f"{subjects[row]}"
        )
