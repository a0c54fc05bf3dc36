"""WISDM: a phone's accelerometer (2011), and phone and watch with gyroscopes (2019).

Lines are ``person,activity,stamp,x,y,z;``, stamps in ns, acceleration in m/s², angular rate in
rad/s. In the file of 2011 some lines are cut off, lack their end or hold two, some come twice, and
some have the stamp 0; those that cannot be read are counted and left out. Nominally 20 samples a
second, stamps are 0.05 to 0.11 s apart, in 2019 of some people 0.01 to 0.04 s: the stamps are
believed. The activities of 2019 are letters, A to S without N.

Sources: readme.txt and WISDM_ar_v1.1_raw_about.txt of 2011, README.txt, activity_key.txt and
WISDM-dataset-description.pdf of 2019 (UCI archive, dataset 507); public readers that agree with
them: teco-kit/whar-datasets (cfg_wisdm.py, cfg_wisdm_19_phone.py) and teco-kit/ISWC22-HAR
(dataloader_WISDM_har.py), which both number the rows in place of their stamps. A public audit of
2019 finds 20 samples a second in three quarters of the recordings, and 25, 50 or 100 in the others.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator

import numpy as np
import pandas as pd

from har.config import DataConfig
from har.datasets.catalogue import WISDM_2011, WISDM_2019
from har.datasets.file_trees import FileTree
from har.datasets.published.recorded_sets import LeftOut, NamedRecording, Part, RecordedSet
from har.datasets.published.timed_rows import TimedRows, put_together, time_rows
from har.errors import DataError, parsing, quoted
from har.reading.units import ACC_FACTORS

_FILE_2011 = re.compile(r"(?:^|/)WISDM_ar_v1\.1_raw\.txt$")
_FILE_2019 = re.compile(
    r"(?:^|/)raw/(?P<device>phone|watch)/(?P<sensor>accel|gyro)/"
    r"data_(?P<person>\d{4})_(?P=sensor)_(?P=device)\.txt$"
)
_COLUMNS = ("person", "activity", "stamp", "x", "y", "z", "more")
_NAMES_2011 = {
    "Walking": "WALKING",
    "Upstairs": "WALKING_UPSTAIRS",
    "Downstairs": "WALKING_DOWNSTAIRS",
    "Sitting": "SITTING",
    "Standing": "STANDING",
    "Jogging": "JOGGING",
}
_NAMES_2019 = {
    "A": "WALKING",
    "B": "JOGGING",
    "C": "STAIRS",
    "D": "SITTING",
    "E": "STANDING",
    "F": "TYPING",
    "G": "BRUSHING_TEETH",
    "H": "EATING_SOUP",
    "I": "EATING_CHIPS",
    "J": "EATING_PASTA",
    "K": "DRINKING",
    "L": "EATING_SANDWICH",
    "M": "KICKING",
    "O": "CATCHING",
    "P": "DRIBBLING",
    "Q": "WRITING",
    "R": "CLAPPING",
    "S": "FOLDING_CLOTHES",
}
_FACTORS = {"accel": ACC_FACTORS["m/s2"], "gyro": 1.0}
# Steps of 0.11 s are usual where the phone was busy: at 20 Hz, three samples at most are missing.
_LONGEST_HOLE_S = 0.2
# A handful of the lines of 2011 are malformed.
_MOST_MALFORMED = 0.02


def _lines(text: bytes, activities: dict[str, str], place: str) -> tuple[pd.DataFrame, int]:
    """Read the lines of a file, and count those that cannot be used.

    Returns
    -------
    table : DataFrame
        Columns person (int), activity (this project's names), stamp (int, ns), x, y, z (float).
    n_left_out : int

    Raises
    ------
    DataError
        If an activity is unknown, or too many lines are malformed.
    """
    # Each ends in ";", whether or not a new line begins there.
    rows = [row for row in re.split(rb"[;\r\n]+", text) if row.strip(b" ,\t")]
    # So that pandas takes the number of columns from it, and a row of eight is one too many.
    heading = ",".join(_COLUMNS).encode()
    with parsing(place, "person,activity,stamp,x,y,z; in each line"):
        table = pd.read_csv(
            io.BytesIO(b"\n".join([heading, *rows])),
            dtype=str,
            keep_default_na=False,
            on_bad_lines="skip",
            skipinitialspace=True,
        )
        numbers = table[["person", "stamp", "x", "y", "z"]].apply(pd.to_numeric, errors="coerce")
        # Whole numbers of more than 64 bits are Python's.
        is_finite = np.isfinite(numbers[["x", "y", "z"]].astype(float))
    is_whole = numbers.notna().all(axis=1) & (table["more"].fillna("") == "")
    is_whole &= is_finite.all(axis=1)
    n_malformed = len(rows) - int(is_whole.sum())
    if n_malformed > _MOST_MALFORMED * len(rows):
        raise DataError(
            f"{place}: found {n_malformed:,} of {len(rows):,} lines that cannot be read, expected "
            "person,activity,stamp,x,y,z; in each"
        )
    names = table["activity"].str.strip()
    unknown = sorted(set(names[is_whole]) - set(activities))
    if unknown:
        raise DataError(
            f"{place}: found activity {quoted(unknown[0])}, expected {', '.join(activities)}"
        )
    numbers["activity"] = names.map(activities)
    kept = numbers[is_whole & (numbers["stamp"] > 0)]
    return kept.astype({"person": int, "stamp": np.int64}), len(rows) - len(kept)


def _timed(rows: pd.DataFrame, sensor: str, place: str) -> TimedRows:
    samples = (rows[["x", "y", "z"]].to_numpy() * _FACTORS[sensor]).astype(np.float32)
    name = {"accel": "accelerometer", "gyro": "gyroscope"}[sensor]
    return time_rows(name, rows["stamp"].to_numpy(), "ns", samples, place, _LONGEST_HOLE_S)


def _part(
    sensors: dict[str, pd.DataFrame], person: int, activity: str, place: str, n_rows: int
) -> Part:
    """Make a recording of the rows of one activity of one person."""
    try:
        timed = [_timed(rows, sensor, place) for sensor, rows in sensors.items()]
        recording = put_together(timed, person, place)
    except DataError as error:
        return LeftOut(person, place, str(error).removeprefix(f"{place}: "), n_rows)
    return NamedRecording(recording, np.full(len(recording), activity, object), n_rows)


def _read_2011(tree: FileTree, _config: DataConfig) -> Iterator[Part]:
    """Read each run of lines of one person and one activity."""
    name = next(filter(_FILE_2011.search, tree.names))
    place = f"{tree.place}/{name}"
    table, n_left_out = _lines(tree.read(name), _NAMES_2011, place)
    if n_left_out:
        reason = f"{n_left_out:,} lines are malformed or have no stamp"
        yield LeftOut(0, place, reason, n_left_out)
    is_new = table[["person", "activity"]].ne(table[["person", "activity"]].shift()).any(axis=1)
    for number, rows in table.groupby(is_new.cumsum()):
        person, activity = int(rows["person"].iloc[0]), str(rows["activity"].iloc[0])
        here = f"{place}, run {number} of lines"
        yield _part({"accel": rows}, person, activity, here, len(rows))


def _read_2019(tree: FileTree, config: DataConfig) -> Iterator[Part]:
    """Read each activity of each person."""
    files = {
        (int(found["person"]), found["sensor"]): name
        for name in tree.names
        if (found := _FILE_2019.search(name)) and found["device"] == config.chosen_placement
    }
    sensors = ("accel",) if config.sensors == "acc" else ("accel", "gyro")
    for person in sorted({person for person, _sensor in files}):
        tables = {
            sensor: _table_2019(tree, files[person, sensor], person)
            for sensor in sensors
            if (person, sensor) in files
        }
        place = f"{tree.place}, person {person}"
        rows = {sensor: dict(iter(table.groupby("activity"))) for sensor, table in tables.items()}
        for activity in _NAMES_2019.values():
            here = {
                s: of_sensor[activity] for s, of_sensor in rows.items() if activity in of_sensor
            }
            n_rows = len(here.get("accel", ()))
            if len(here) == len(sensors):
                yield _part(here, person, activity, f"{place}, {activity}", n_rows)
            elif here:
                missing = "gyroscope" if "accel" in here else "accelerometer"
                cure = "; --data.sensors acc does without" if missing == "gyroscope" else ""
                yield LeftOut(person, place, f"{activity} has no {missing}{cure}", n_rows)


def _table_2019(tree: FileTree, name: str, person: int) -> pd.DataFrame:
    place = f"{tree.place}/{name}"
    table, _n_left_out = _lines(tree.read(name), _NAMES_2019, place)
    others = table.loc[table["person"] != person, "person"]
    if len(others):
        raise DataError(f"{place}: found person {others.iloc[0]} in it, expected {person} alone")
    return table


WISDM_2011_SET = RecordedSet(
    facts=WISDM_2011,
    subjects=tuple(range(1, 37)),
    activities=tuple(_NAMES_2011.values()),
    # Ignatov, Applied Soft Computing 62, 2018: 26 people to train on, the other ten to test on.
    test_subjects=tuple(range(27, 37)),
    reason="as in Ignatov (Applied Soft Computing 2018)",
    n_rows=lambda _placement: 1_098_207,
    holds=lambda tree: any(map(_FILE_2011.search, tree.names)),
    read=_read_2011,
)
WISDM_2019_SET = RecordedSet(
    facts=WISDM_2019,
    subjects=tuple(range(1600, 1651)),
    activities=tuple(_NAMES_2019.values()),
    # Its authors and most papers train on each person's own data; a fifth is a usual share.
    test_subjects=tuple(range(1641, 1651)),
    reason="the last ten, as its authors have no split by people",
    n_rows=lambda placement: {"phone": 4_804_403, "watch": 3_777_046}.get(placement or ""),
    holds=lambda tree: any(map(_FILE_2019.search, tree.names)),
    read=_read_2019,
)
