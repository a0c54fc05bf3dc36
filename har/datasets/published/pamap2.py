"""PAMAP2: nine people in twelve activities, inertial sensors on the chest, the wrist and the ankle.

A file per person in ``Protocol/``, 54 columns at 100 Hz: time in s, activity, heart rate, then 17
columns for each of hand, chest and ankle, of which the accelerometer of ±16 g in m/s² (that of
±6 g saturates) and the gyroscope in rad/s are read. NaN where a wireless sensor lost rows. Activity
0 are moments between activities, and no activity. ``Optional/``, other activities of five people,
is not read.

Sources: the authors' readme.pdf and DescriptionOfActivities.pdf in the zip of the UCI archive
(dataset 231); public readers that agree with them: teco-kit/whar-datasets (cfg_pamap2.py) and
foo2810/PAMAP2-Loader.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator

import numpy as np
import pandas as pd

from har.arrays import FloatArray
from har.config import DataConfig
from har.datasets.catalogue import PAMAP2
from har.datasets.file_trees import FileTree
from har.datasets.own.sample_labels import names_from_column
from har.datasets.published.recorded_sets import LeftOut, NamedRecording, Part, RecordedSet
from har.datasets.published.timed_rows import put_together, time_rows
from har.errors import DataError, parsing
from har.reading.gaps import fill_missing
from har.reading.units import ACC_FACTORS
from har.signals.channels import RAW_CHANNELS
from har.signals.recording import LONGEST_HOLE_S

_FILE = re.compile(r"(?:^|/)Protocol/subject(?P<person>10\d)\.dat$")
_N_COLUMNS = 54
_RATE_HZ = 100.0
# The first column of each sensor is its temperature; acceleration of ±16 g and angular rate follow.
_FIRST_COLUMNS = {"hand": 3, "chest": 20, "ankle": 37}
_ACC, _GYRO = slice(1, 4), slice(7, 10)
_ACTIVITIES = {
    0: "",
    1: "LAYING",
    2: "SITTING",
    3: "STANDING",
    4: "WALKING",
    5: "RUNNING",
    6: "CYCLING",
    7: "NORDIC_WALKING",
    12: "WALKING_UPSTAIRS",
    13: "WALKING_DOWNSTAIRS",
    16: "VACUUM_CLEANING",
    17: "IRONING",
    24: "ROPE_JUMPING",
}


def _holds(tree: FileTree) -> bool:
    return any(map(_FILE.search, tree.names))


def _read(tree: FileTree, config: DataConfig) -> Iterator[Part]:
    """Read the recording of each person."""
    first = _FIRST_COLUMNS[config.chosen_placement or ""]
    for name in tree.names:
        if found := _FILE.search(name):
            place = f"{tree.place}/{name}"
            table = _table(tree.read(name), place)
            sensor = table[:, first : first + 17]
            parts = [sensor[:, _ACC] * ACC_FACTORS["m/s2"], sensor[:, _GYRO]]
            samples = np.hstack(parts[: 1 if config.sensors == "acc" else 2]).astype(np.float32)
            yield _recording(int(found["person"]), place, table[:, :2], samples)


def _recording(person: int, place: str, table: FloatArray, samples: FloatArray) -> Part:
    """Fill short holes, and bring what is there to 50 Hz."""
    activities = pd.Series(table[:, 1]).map(_ACTIVITIES)
    if activities.isna().any():
        row = int(np.argmax(activities.isna()))
        raise DataError(
            f"{place}, line {row + 1}: found activity {table[row, 1]:g}, expected one of "
            f"{', '.join(map(str, _ACTIVITIES))}"
        )
    channels = RAW_CHANNELS[: samples.shape[1]]
    try:
        complete, filled = fill_missing(
            table[:, 0], samples, channels, LONGEST_HOLE_S, 1 / _RATE_HZ, place
        )
        seconds = table[:, 0].astype(np.float64)
        kept = slice(None) if complete is None else complete
        timed = time_rows("sensor", seconds[kept], "s", samples[kept], place)
    except DataError as error:
        return LeftOut(person, place, str(error).removeprefix(f"{place}: "), len(table))
    ticks = timed.series.ticks
    if abs(ticks.rate_hz / _RATE_HZ - 1) > 0.05:
        raise DataError(f"{place}: found {ticks.rate_hz:.4g} rows a second, expected {_RATE_HZ:g}")
    recording = put_together([timed], person, place, filled)
    names = activities.to_numpy(object)[kept][timed.rows]
    of_samples = names_from_column(recording, ticks.seconds, names)
    return NamedRecording(recording, of_samples, len(table))


def _table(text: bytes, place: str) -> FloatArray:
    with parsing(place, f"{_N_COLUMNS} numbers a line"):
        table = pd.read_csv(io.BytesIO(text), sep=r"\s+", header=None, dtype=np.float64)
    if table.shape[1] != _N_COLUMNS or table.iloc[-1:].isna().iloc[:, :2].to_numpy().any():
        raise DataError(
            f"{place}: found {table.shape[1]} columns or a line that is cut off, expected "
            f"{_N_COLUMNS} numbers a line"
        )
    values: FloatArray = table.to_numpy()
    return values


PAMAP2_SET = RecordedSet(
    facts=PAMAP2,
    subjects=tuple(range(101, 110)),
    activities=tuple(_ACTIVITIES.values())[1:],
    # Hammerla, Halloran and Plötz, IJCAI 2016: train on all but 105 (validation) and 106 (test).
    # Validation subjects are drawn with the seed here, as for every set.
    test_subjects=(106,),
    reason="as in Hammerla et al. (IJCAI 2016), who validate on 105",
    n_rows=lambda _placement: 2_872_533,
    holds=_holds,
    read=_read,
    notes=("Optional/ is not read, and moments between activities (activity 0) have no label.",),
)
