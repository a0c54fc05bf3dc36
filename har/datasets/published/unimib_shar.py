"""UniMiB SHAR: 30 people, nine activities and eight kinds of falls, a phone's accelerometer.

``acc_data.mat`` has a row per segment: 151 samples at 50 Hz around a peak, x, then y, then z, in
m/s². ``acc_labels.mat`` has its activity (1 to 17), person and trial. A window is the middle 128
samples; the filters have seen nothing but the segment before. The file of activities without falls,
``adl_data.mat``, is read where the other is not there.

The first half of the trials of an activity is of the right pocket, the second of the left; each
person with each pocket is one recording here, so that it can be turned upright as a whole.

Sources: the authors' README in the zip, a copy of it and of their code in
tufts-ml/time_series_prediction; public readers: a loader of class UniMib, which agrees with it, and
teco-kit/whar-datasets (cfg_unimib_shar.py), which reads the whole trials. Others take a row for
x, y, z of one sample after another, which contradicts the README: the data decide here.
"""

from __future__ import annotations

import io
import math
import re
from collections.abc import Iterator
from typing import Any

import numpy as np
import scipy

from har.arrays import BoolArray, FloatArray, IntArray
from har.config import DataConfig
from har.datasets.catalogue import UNIMIB_SHAR
from har.datasets.file_trees import FileTree
from har.datasets.own.sample_labels import NameArray
from har.datasets.published.recorded_sets import NamedRecording, RecordedSet
from har.errors import DataError, listed, parsing
from har.reading.units import ACC_FACTORS
from har.signals.channels import N_TIMESTEPS, RAW_CHANNELS, SAMPLE_RATE_HZ
from har.signals.recording import Recording, Stretch

_FILE = re.compile(r"(?:^|/)(?P<kind>acc|adl)_(?P<what>data|labels)\.mat$")
_N_SAMPLES = 151
# Twenty times as many as the published array has.
_MOST_NUMBERS = 100_000_000
# Between segments that follow each other in the file.
_APART_S = 10.0
_ACTIVITIES = (
    "SIT_TO_STAND",
    "LIE_TO_STAND",
    "WALKING",
    "RUNNING",
    "WALKING_UPSTAIRS",
    "JUMPING",
    "WALKING_DOWNSTAIRS",
    "STAND_TO_LIE",
    "STAND_TO_SIT",
    "FALLING_FORWARD",
    "FALLING_RIGHT",
    "FALLING_BACKWARD",
    "HITTING_OBSTACLE",
    "FALLING_WITH_PROTECTION",
    "FALLING_BACKWARD_FROM_CHAIR",
    "SYNCOPE",
    "FALLING_LEFT",
)


def _files(tree: FileTree) -> dict[tuple[str, str], str]:
    return {
        (found["kind"], found["what"]): name for name in tree.names if (found := _FILE.search(name))
    }


def _holds(tree: FileTree) -> bool:
    files = _files(tree)
    return any({(kind, "data"), (kind, "labels")} <= files.keys() for kind in ("acc", "adl"))


def _read(tree: FileTree, _config: DataConfig) -> Iterator[NamedRecording]:
    """Read the segments of each person and pocket."""
    files = _files(tree)
    kind = "acc" if {("acc", "data"), ("acc", "labels")} <= files.keys() else "adl"
    data, place = _array(tree, files[kind, "data"])
    labels, labels_place = _array(tree, files[kind, "labels"])
    if data.ndim != 2 or data.shape[1] != 3 * _N_SAMPLES or not np.isfinite(data).all():
        raise DataError(
            f"{place}: found an array of shape {data.shape}, expected rows of {3 * _N_SAMPLES} "
            "numbers: x, y and z of a segment"
        )
    _check_labels(labels, len(data), labels_place)
    labels = labels.astype(int)
    segments = _axes_last(data) * ACC_FACTORS["m/s2"]
    is_left = _is_left(labels)
    for person in np.unique(labels[:, 1]).tolist():
        for pocket, is_pocket in (("right", ~is_left), ("left", is_left)):
            chosen = np.flatnonzero((labels[:, 1] == person) & is_pocket)
            if len(chosen):
                # So that walking stands together, by which a recording is turned upright.
                chosen = chosen[np.lexsort((chosen, labels[chosen, 0]))]
                source = f"{place}, person {person}, {pocket} pocket"
                yield _recording(segments[chosen], labels[chosen, 0], int(person), source)


def _axes_last(rows: FloatArray) -> FloatArray:
    """Return segments as samples of three axes, whichever of both comes first in the rows."""
    # Movement is smooth: the next sample of an axis differs less than one that is further away.
    next_value, third_value = (
        float(np.abs(rows[:, lag:] - rows[:, :-lag]).mean()) for lag in (1, 3)
    )
    if third_value < next_value:
        return rows.reshape(-1, _N_SAMPLES, 3)
    return rows.reshape(-1, 3, _N_SAMPLES).transpose(0, 2, 1)


def _recording(segments: FloatArray, labels: IntArray, person: int, source: str) -> NamedRecording:
    """Join segments to a recording with a gap after each."""
    stretches = tuple(
        Stretch(number * _N_SAMPLES, _N_SAMPLES, number * _APART_S)
        for number in range(len(segments))
    )
    samples = segments.reshape(-1, 3).astype(np.float32)
    recording = Recording(samples, person, source, RAW_CHANNELS[:3], stretches=stretches)
    names: NameArray = np.array(_ACTIVITIES, object)[labels - 1]
    return NamedRecording(recording, np.repeat(names, _N_SAMPLES), len(segments))


def _array(tree: FileTree, name: str) -> tuple[FloatArray, str]:
    """Return the one array of a file of MATLAB, and the file's name in messages."""
    place = f"{tree.place}/{name}"
    file: Any = io.BytesIO(tree.read(name))
    expected = "a MATLAB file of one array"
    with parsing(place, expected):
        # Sizes and types of the arrays, before anything is unpacked.
        listed_arrays = scipy.io.whosmat(file)
    found = [f"{kind} {name} of shape {shape}" for name, shape, kind in listed_arrays]
    if len(found) != 1 or not _is_small_array(*listed_arrays[0][1:]):
        raise DataError(f"{place}: found {listed(found) or 'no array'}, expected {expected}")
    with parsing(place, expected):
        file.seek(0)
        content = scipy.io.loadmat(file, variable_names=[listed_arrays[0][0]])
        (array,) = (value for name, value in content.items() if not name.startswith("__"))
        return np.asarray(array, np.float64), place


def _is_small_array(shape: tuple[int, ...], kind: str) -> bool:
    """Return whether an array has plain numbers, and not many more than the published ones."""
    is_possible = min(shape, default=0) >= 0 and math.prod(shape) <= _MOST_NUMBERS
    return is_possible and (kind in ("double", "single") or kind.startswith(("int", "uint")))


def _check_labels(labels: FloatArray, n_segments: int, place: str) -> None:
    if labels.shape != (n_segments, 3):
        raise DataError(
            f"{place}: found labels of shape {labels.shape}, expected ({n_segments}, 3): activity, "
            "person and trial of each segment"
        )
    highest = len(_ACTIVITIES)
    wrong = (labels[:, 0] < 1) | (labels[:, 0] > highest) | (labels != np.rint(labels)).any(axis=1)
    if wrong.any():
        row = int(np.argmax(wrong))
        raise DataError(
            f"{place}, row {row + 1}: found activity {labels[row, 0]:g}, expected 1 to {highest}, "
            "and whole numbers"
        )


def _is_left(labels: FloatArray) -> BoolArray:
    """Return which segments are of the left pocket: the later half of an activity's trials."""
    n_trials = np.zeros(len(_ACTIVITIES) + 1)
    activities = labels[:, 0].astype(int)
    np.maximum.at(n_trials, activities, labels[:, 2])
    return np.asarray(labels[:, 2] > n_trials[activities] / 2)


UNIMIB_SHAR_SET = RecordedSet(
    facts=UNIMIB_SHAR,
    subjects=tuple(range(1, 31)),
    activities=_ACTIVITIES,
    # Li, Shirahama, Nisar, Köping and Grzegorzek, Sensors 18(2), 2018.
    test_subjects=tuple(range(21, 31)),
    reason="as in Li et al. (Sensors 2018)",
    # Rows are segments here.
    n_rows=lambda _placement: 11_771,
    holds=_holds,
    read=_read,
    n_before=(_N_SAMPLES - N_TIMESTEPS) // 2,
    notes=(
        f"Windows are the middle {N_TIMESTEPS / SAMPLE_RATE_HZ:g} s of segments of "
        f"{_N_SAMPLES / SAMPLE_RATE_HZ:g} s around a peak; filters are settled on the segment's "
        "first sample, so that gravity is not yet apart from movement.",
    ),
)
