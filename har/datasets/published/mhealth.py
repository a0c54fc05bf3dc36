"""MHEALTH: ten people in twelve activities, inertial sensors on the ankle, the arm and the chest.

A file per person, 24 columns at 50 Hz without time stamps, acceleration in m/s² and angular rate in
deg/s; the sensor on the chest has no gyroscope. Label 0 is no activity.

Sources: the authors' README.txt in the zip of the UCI archive (dataset 319); public readers that
agree with it: teco-kit/whar-datasets (cfg_mhealth.py), and one with a table MHEALTH_COLUMNS beside
one of PAMAP2's.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np

from har.config import DataConfig
from har.datasets.catalogue import MHEALTH
from har.datasets.file_trees import FileTree
from har.datasets.published.recorded_sets import NamedRecording, RecordedSet
from har.datasets.text_tables import parse_table
from har.errors import DataError
from har.reading.units import ACC_FACTORS, GYRO_FACTORS
from har.signals.channels import RAW_CHANNELS
from har.signals.recording import Recording

_FILE = re.compile(r"(?:^|/)mHealth_subject(?P<person>\d+)\.(?:log|txt)$")
_N_COLUMNS = 24
# First columns of acceleration and of angular rate, by placement.
_COLUMNS: dict[str, tuple[int, ...]] = {"chest": (0,), "ankle": (5, 8), "arm": (14, 17)}
# In the order of their labels. Climbing stairs has a name of its own: whether all of the minute is
# upwards, README.txt does not say.
_ACTIVITIES = (
    "",
    "STANDING",
    "SITTING",
    "LAYING",
    "WALKING",
    "CLIMBING_STAIRS",
    "WAIST_BENDS_FORWARD",
    "FRONTAL_ELEVATION_OF_ARMS",
    "KNEES_BENDING",
    "CYCLING",
    "JOGGING",
    "RUNNING",
    "JUMP_FRONT_AND_BACK",
)


def _holds(tree: FileTree) -> bool:
    return any(map(_FILE.search, tree.names))


def _read(tree: FileTree, config: DataConfig) -> Iterator[NamedRecording]:
    """Read the recording of each person."""
    columns = _COLUMNS[config.chosen_placement or ""]
    columns = columns[:1] if config.sensors == "acc" else columns
    factors = (ACC_FACTORS["m/s2"], GYRO_FACTORS["deg/s"])
    files = [(int(found["person"]), name) for name in tree.names if (found := _FILE.search(name))]
    for person, name in sorted(files):
        place = f"{tree.place}/{name}"
        table = parse_table(tree.read(name), place, _N_COLUMNS)
        parts = [
            table[:, first : first + 3] * factor
            for first, factor in zip(columns, factors, strict=False)
        ]
        samples = np.hstack(parts).astype(np.float32)
        labels = table[:, -1]
        wrong = ~np.isin(labels, np.arange(len(_ACTIVITIES)))
        if wrong.any():
            row = int(np.argmax(wrong))
            raise DataError(
                f"{place}, line {row + 1}: found label {labels[row]:g}, expected 0 to "
                f"{len(_ACTIVITIES) - 1}"
            )
        names = np.array(_ACTIVITIES, object)[labels.astype(int)]
        recording = Recording(samples, person, place, RAW_CHANNELS[: samples.shape[1]])
        yield NamedRecording(recording, names, len(samples))


MHEALTH_SET = RecordedSet(
    facts=MHEALTH,
    subjects=tuple(range(1, 11)),
    activities=_ACTIVITIES[1:],
    # Papers leave one person out in turn, for which there is har cv --all-subjects --folds loso.
    test_subjects=(9, 10),
    reason="the last two, as papers have no common split but leave one person out in turn",
    n_rows=lambda _placement: 1_215_745,
    holds=_holds,
    read=_read,
)
