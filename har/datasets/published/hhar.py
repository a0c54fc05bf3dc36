"""HHAR: nine people in six activities, eight phones about the waist and four watches at once.

A file for each sensor of phones and of watches, a row per sample: Index, Arrival_Time (ms),
Creation_Time (ns), x, y, z (m/s² and rad/s), User (a to i), Model, Device, gt. Each device samples
as fast as it can, 50 to 200 times a second. Each person with each device is one recording: several
of a person are of the same minutes. ``gt`` is ``null`` or empty between activities.

Creation_Time is what the device stamped, finely; on some devices it passes at another pace than the
clock, or differs between the sensors. There Arrival_Time is taken, which comes in packets.

Sources: the authors' readme.txt in the zip of the UCI archive (dataset 344), "for the semantics of
the different timestamp versions" their paper; public readers that agree with it:
teco-kit/whar-datasets (cfg_hhar.py) and Gr33nMayhem/PERCOM_Variability_Research
(dataloader_HHAR_har.py).
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from har.arrays import FloatArray, IntArray
from har.config import DataConfig
from har.datasets.catalogue import HHAR
from har.datasets.file_trees import FileTree
from har.datasets.own.sample_labels import NameArray, names_from_column
from har.datasets.published.recorded_sets import LeftOut, NamedRecording, Part, RecordedSet
from har.datasets.published.timed_rows import TimedRows, put_together, time_rows
from har.errors import DataError, parsing, quoted
from har.reading.units import ACC_FACTORS

_FILE = re.compile(
    r"(?:^|/)(?P<device>Phones|Watch)_(?P<sensor>accelerometer|gyroscope)\.csv$", re.IGNORECASE
)
_DEVICES = {"phone": "phones", "watch": "watch"}
_ACTIVITIES = {
    "walk": "WALKING",
    "stairsup": "WALKING_UPSTAIRS",
    "stairsdown": "WALKING_DOWNSTAIRS",
    "sit": "SITTING",
    "stand": "STANDING",
    "bike": "CYCLING",
}
_CODES = {name: code for code, name in enumerate(("", *_ACTIVITIES))}
_CODES["null"] = 0
_COLUMNS = {
    "Arrival_Time": np.int64,
    "Creation_Time": np.int64,
    "x": np.float32,
    "y": np.float32,
    "z": np.float32,
    "User": "category",
    "Device": "category",
    "gt": "category",
}
_CLOCKS = {"Creation_Time": ("ns", 1e-9), "Arrival_Time": ("ms", 1e-3)}
_ROWS_AT_ONCE = 500_000
# Steps longer than this are no part of the pace of a clock.
_LONGEST_STEP_S = 1.0
_SAME_PACE = 0.05
# With less of the accelerometer's time than this, the other clock may do better.
_ENOUGH = 0.5


@dataclass(frozen=True)
class _Rows:
    """Rows of one sensor of one device on one person.

    Parameters
    ----------
    stamps : dict of str to ndarray of int64, shape (n_rows,)
        Stamps by the name of their column.
    samples : ndarray of float32, shape (n_rows, 3)
        Signals in g or rad/s.
    labels : ndarray of int8, shape (n_rows,)
        Codes of activities, 0 where there is none.
    """

    stamps: dict[str, NDArray[np.int64]]
    samples: FloatArray
    labels: IntArray


def _holds(tree: FileTree) -> bool:
    found = [match for name in tree.names if (match := _FILE.search(name))]
    return any(match["sensor"].lower() == "accelerometer" for match in found)


def _read(tree: FileTree, config: DataConfig) -> Iterator[Part]:
    """Read the recording of each person with each device."""
    sensors = ("accelerometer",) if config.sensors == "acc" else ("accelerometer", "gyroscope")
    prefix = _DEVICES[config.chosen_placement or ""]
    names = {
        match["sensor"].lower(): name
        for name in tree.names
        if (match := _FILE.search(name)) and match["device"].lower() == prefix
    }
    for sensor in sensors:
        if sensor not in names:
            raise DataError(
                f"{tree.place}: found no {prefix}_{sensor}.csv, expected it; "
                "--data.placement and --data.sensors say which files are read"
            )
    tables = {sensor: _rows_of(tree, names[sensor], sensor) for sensor in sensors}
    for (person, device), acc in sorted(tables["accelerometer"].items()):
        place = f"{tree.place}, person {person} with {device}"
        gyro = tables["gyroscope"].get((person, device)) if "gyroscope" in tables else None
        if len(sensors) == 2 and gyro is None:
            reason = "there is no gyroscope; --data.sensors acc does without"
            yield LeftOut(person, place, reason, len(acc.samples))
        else:
            yield _part(person, place, acc, gyro)


def _rows_of(tree: FileTree, name: str, sensor: str) -> dict[tuple[str, str], _Rows]:
    """Read a file in blocks, and sort its rows by person and device."""
    place = f"{tree.place}/{name}"
    factor = np.float32(ACC_FACTORS["m/s2"] if sensor == "accelerometer" else 1.0)
    blocks: dict[tuple[str, str], list[_Rows]] = defaultdict(list)
    for chunk in _chunks_of(tree, name, place):
        for key, rows in chunk.groupby(["User", "Device"], observed=True):
            person, device = map(str, key)
            blocks[person.strip(), device.strip()].append(_block(rows, factor, place))
    # One after the other, so that not all rows are in memory twice.
    return {key: _joined(blocks.pop(key)) for key in list(blocks)}


def _chunks_of(tree: FileTree, name: str, place: str) -> Iterator[pd.DataFrame]:
    """Read a file's rows, some at a time."""
    with parsing(place, f"numbers in columns {', '.join(_COLUMNS)}"), tree.open(name) as file:
        yield from pd.read_csv(
            file,
            usecols=list(_COLUMNS),
            dtype=_COLUMNS,
            keep_default_na=False,
            chunksize=_ROWS_AT_ONCE,
        )


def _block(rows: pd.DataFrame, factor: np.float32, place: str) -> _Rows:
    words = rows["gt"].astype(str).str.strip()
    labels = words.map(_CODES)
    if labels.isna().any():
        raise DataError(
            f"{place}: found activity {quoted(words[labels.isna()].iloc[0])}, expected "
            f"{', '.join(_ACTIVITIES)} or null"
        )
    return _Rows(
        {clock: rows[clock].to_numpy() for clock in _CLOCKS},
        rows[["x", "y", "z"]].to_numpy() * factor,
        labels.to_numpy(np.int8),
    )


def _joined(parts: list[_Rows]) -> _Rows:
    return _Rows(
        {clock: np.concatenate([part.stamps[clock] for part in parts]) for clock in _CLOCKS},
        np.concatenate([part.samples for part in parts]),
        np.concatenate([part.labels for part in parts]),
    )


def _part(person: str, place: str, acc: _Rows, gyro: _Rows | None) -> Part:
    """Make a recording by the finer of the two clocks that serves."""
    made: list[NamedRecording] = []
    reasons: list[str] = []
    for clock in _CLOCKS:
        sensors = [acc] if gyro is None else [acc, gyro]
        if clock == "Creation_Time" and not all(map(_is_true_pace, sensors)):
            reasons.append("Creation_Time passes at another pace than Arrival_Time")
            continue
        try:
            one = _by_clock(clock, person, place, sensors)
        except DataError as error:
            reasons.append(str(error).removeprefix(f"{place}: "))
            continue
        made.append(one)
        if one.recording.duration_s >= _ENOUGH * _elapsed_s(acc, clock):
            break
    if not made:
        return LeftOut(person, place, "; ".join(reasons), len(acc.samples))
    return max(made, key=lambda one: len(one.recording))


def _by_clock(clock: str, person: str, place: str, sensors: list[_Rows]) -> NamedRecording:
    unit, _seconds = _CLOCKS[clock]
    names = (f"accelerometer by {clock}", f"gyroscope by {clock}")
    timed = [
        time_rows(name, rows.stamps[clock], unit, rows.samples, place)
        for name, rows in zip(names, sensors, strict=False)
    ]
    recording = put_together(timed, person, place)
    labels = sensors[0].labels[timed[0].rows]
    names_of_rows: NameArray = np.array(["", *_ACTIVITIES.values()], object)[labels]
    of_samples = names_from_column(recording, _seconds_in(timed), names_of_rows)
    return NamedRecording(recording, of_samples, len(sensors[0].samples))


def _seconds_in(timed: list[TimedRows]) -> FloatArray:
    """Return the times of the accelerometer's rows, from the first sample of any sensor."""
    ticks = [one.series.ticks for one in timed]
    return ticks[0].seconds + (ticks[0].origin_s - min(one.origin_s for one in ticks))


def _elapsed_s(rows: _Rows, clock: str) -> float:
    """Return the time that passed by a clock, gaps and steps back left out."""
    steps = np.diff(rows.stamps[clock]) * _CLOCKS[clock][1]
    return float(steps[(steps > 0) & (steps < _LONGEST_STEP_S)].sum())


def _is_true_pace(rows: _Rows) -> bool:
    """Return whether a second of Creation_Time is one of Arrival_Time."""
    created, arrived = (_elapsed_s(rows, clock) for clock in _CLOCKS)
    return abs(created - arrived) <= _SAME_PACE * max(arrived, 1e-9)


HHAR_SET = RecordedSet(
    facts=HHAR,
    subjects=tuple("abcdefghi"),
    activities=tuple(_ACTIVITIES.values()),
    # Its authors leave one person out in turn, for which there is har cv --all-subjects.
    test_subjects=("h", "i"),
    reason="the last two, as its authors leave one person out in turn",
    n_rows=lambda placement: 13_062_475 if placement == "phone" else None,
    holds=_holds,
    read=_read,
    notes=("Devices on one person at once are recordings of their own, of the same minutes.",),
)
