"""MotionSense: 24 people in six activities, an iPhone in the front pocket of the trousers.

Core Motion's device motion at 50 Hz without time stamps: gravity and user acceleration apart, in g
and with Apple's signs, which their sum is turned from. A file is one trial of one person.

Sources: the authors' description, https://github.com/mmalekzadeh/motion-sense (README.md,
msda/dataset_builder.py); public readers that agree with it: teco-kit/whar-datasets
(cfg_motion_sense.py) and iantangc/ContrastiveLearningHAR (raw_data_processing.py).
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator

import numpy as np
import pandas as pd

from har.arrays import FloatArray
from har.config import DataConfig
from har.datasets.catalogue import MOTIONSENSE
from har.datasets.file_trees import FileTree
from har.datasets.published.recorded_sets import NamedRecording, RecordedSet
from har.errors import DataError, parsing, quoted
from har.signals.channels import RAW_CHANNELS
from har.signals.recording import Recording

_FILE = re.compile(r"(?:^|/)A_DeviceMotion_data/(?P<code>[a-z]{3})_\d+/sub_(?P<person>\d+)\.csv$")
_ACTIVITIES = {
    "dws": "WALKING_DOWNSTAIRS",
    "ups": "WALKING_UPSTAIRS",
    "wlk": "WALKING",
    "jog": "JOGGING",
    "std": "STANDING",
    "sit": "SITTING",
}
_SENSORS = ("gravity", "userAcceleration", "rotationRate")
_COLUMNS = [f"{sensor}.{axis}" for sensor in _SENSORS for axis in "xyz"]


def _holds(tree: FileTree) -> bool:
    return any(map(_FILE.search, tree.names))


def _read(tree: FileTree, config: DataConfig) -> Iterator[NamedRecording]:
    """Read all trials; a trial has one activity."""
    files = [(name, found) for name in tree.names if (found := _FILE.search(name))]
    for name, found in sorted(files, key=lambda file: int(file[1]["person"])):
        place = f"{tree.place}/{name}"
        activity = _ACTIVITIES.get(found["code"])
        if activity is None:
            raise DataError(
                f"{place}: found activity {quoted(found['code'])}, expected "
                f"{', '.join(_ACTIVITIES)}"
            )
        gravity, user, rate = np.split(_columns(tree.read(name), place), 3, axis=1)
        # At rest Core Motion's acceleration points down; an accelerometer measures +1 g upwards.
        samples = np.hstack([-(gravity + user), rate][: 1 if config.sensors == "acc" else 2])
        channels = RAW_CHANNELS[: samples.shape[1]]
        recording = Recording(samples, int(found["person"]), place, channels)
        names = np.full(len(samples), activity, object)
        yield NamedRecording(recording, names, len(samples))


def _columns(text: bytes, place: str) -> FloatArray:
    """Return gravity, user acceleration and rotation rate, nine columns."""
    with parsing(place, f"numbers in columns {', '.join(_COLUMNS)}"):
        table = pd.read_csv(io.BytesIO(text), usecols=_COLUMNS, dtype=np.float64)[_COLUMNS]
    values: FloatArray = table.to_numpy(np.float32)
    if not np.isfinite(values).all():
        row = int(np.argmin(np.isfinite(values).all(axis=1)))
        raise DataError(f"{place}, row {row + 1}: found a missing value, expected numbers")
    return values


MOTIONSENSE_SET = RecordedSet(
    facts=MOTIONSENSE,
    subjects=tuple(range(1, 25)),
    activities=tuple(_ACTIVITIES.values()),
    # test_ids = [4, 9, 11, 21] in msda/msda_table2_(I)act(subject).ipynb, which counts from 0.
    test_subjects=(5, 10, 12, 22),
    reason="those of its authors' own split by people",
    n_rows=lambda _placement: 1_412_865,
    holds=_holds,
    read=_read,
    notes=("Signs of acceleration are Apple's in the files, and reversed here.",),
)
