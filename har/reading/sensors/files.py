"""Tables of a recording: one file, or an app's export with a table for each sensor.

Exports are folders, zips or workbooks: phyphox's (Accelerometer.csv, Gyroscope.csv, meta/; or a
sheet for each), Sensor Logger's (Accelerometer.csv without gravity, Gravity.csv,
TotalAcceleration.csv, Gyroscope.csv, Metadata.csv), MetaWear's (…_Accelerometer_….csv), MATLAB
Mobile's (Acceleration, AngularVelocity) and Physics Toolbox's. Acceleration with gravity is taken
before the sum of gravity and the rest.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from har.errors import DataError, listed, quoted
from har.reading.columns import NO_GYROSCOPE, has_gyroscope, sensors_in
from har.reading.sensors.names import SensorName, is_of_another_device, sensor_named
from har.reading.sensors.rows import split_by_sensor
from har.reading.tables.containers import is_hidden, unpacked
from har.reading.tables.opening import Table, open_table, table_names
from har.reading.tables.row_filter import only_rows

_SUFFIXES = (".csv", ".txt", ".tsv", ".tab", ".dat", ".parquet", ".csv.gz", ".txt.gz", ".tsv.gz")
# phyphox's folder of what describes a recording.
_DESCRIPTIONS = "meta"
_MOST_FILES = 1000
_METADATA_BYTES = 1 << 16


@dataclass(frozen=True)
class SensorTable:
    """A table, and the sensor that it is of.

    Parameters
    ----------
    table : Table
        Open table.
    sensor : {"acc", "gyro", "linear", "gravity"} or None
        Its sensor; None if it has all sensors that there are.
    has_apples_signs : bool
        True if what stands beside the table says that signs are Apple's.
    notes : tuple of str
        Tables beside it that were left out.
    """

    table: Table
    sensor: str | None = None
    has_apples_signs: bool = False
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class _File:
    """A file, or one in a zip, or a sheet of a workbook."""

    path: Path
    member: str | None = None


@dataclass(frozen=True)
class _Candidate:
    """A table of an export: its file's name, and the kinds of sensors that it has."""

    name: str
    table: Table
    kinds: frozenset[str]
    is_second: bool = False

    @property
    def is_whole(self) -> bool:
        """True if both acceleration and angular rate are in it."""
        return "gyro" in self.kinds and bool(self.kinds & {"acc", "gravity"})


def open_sensors(
    path: Path,
    gyro: Path | None = None,
    needs_gyroscope: bool = True,
    rows_with: tuple[str, str] | None = None,
) -> tuple[SensorTable, ...]:
    """Open the tables of a recording.

    Parameters
    ----------
    path : Path
        File; or a folder, zip or workbook with a table for each sensor.
    gyro : Path, optional
        File of the gyroscope, if `path` is one of acceleration alone.
    needs_gyroscope : bool
        If False, tables of angular rate are left out.
    rows_with : tuple of str, optional
        Column and text of the rows to read, where one table holds several people.

    Returns
    -------
    tuple of SensorTable
        One table with everything; or one or two of acceleration, then one of angular rate.

    Raises
    ------
    DataError
        If a file cannot be read, or the files are not those of one recording.
    """
    found = (
        [SensorTable(only_rows(open_table(path), *rows_with))] if rows_with else _opened_at(path)
    )
    if gyro is not None:
        found = [*_of_acceleration(found, path), _of_angular_rate(gyro)]
    if needs_gyroscope and found[0].sensor and found[-1].sensor != "gyro":
        names = listed(one.table.path.name for one in found)
        raise DataError(f"{path}: found {names} without a gyroscope: {NO_GYROSCOPE}")
    return tuple(one for one in found if needs_gyroscope or one.sensor != "gyro")


def has_angular_rate(path: Path) -> bool:
    """Return whether a recording has a gyroscope, as its headings and files say.

    Raises
    ------
    DataError
        If it cannot be read.
    """
    return any(
        one.sensor == "gyro" or (one.sensor is None and has_gyroscope(one.table.headings))
        for one in _opened_at(path)
    )


def is_export(path: Path) -> bool:
    """Return whether a folder, zip or workbook holds one recording, with a table for each sensor.

    Parameters
    ----------
    path : Path
        Folder or file.

    Raises
    ------
    DataError
        If a zip is damaged.
    """
    candidates = _candidates(_opened(_files_in(path) or {}))
    kinds = [kind for one in candidates if not one.is_second for kind in one.kinds]
    has_acceleration = "acc" in kinds or {"gravity", "linear"} <= set(kinds)
    is_whole = any(one.is_whole for one in candidates)
    return has_acceleration and kinds.count("gyro") == 1 and not is_whole


def _opened_at(path: Path) -> list[SensorTable]:
    files = _files_in(path)
    if files is None:
        return _in_one_table(open_table(path), path.name)
    return _in_files(files, path)


def _files_in(path: Path) -> dict[str, _File] | None:
    """Find the tables in a folder, zip or workbook, by their names; None in any other file."""
    if path.is_dir():
        # What is no regular file, such as a pipe, is no table.
        found = sorted(file for file in path.rglob("*") if file.is_file())
        names = [file.relative_to(path).as_posix() for file in found]
        tables = [name for name in names if name.lower().endswith(_SUFFIXES)]
        files = {name: _File(path / name) for name in tables if _is_table(name)}
    else:
        tables = list(table_names(path))
        if len(tables) < 2:
            return None
        files = {name: _File(path, name) for name in tables if _is_table(name)}
    if len(files) > _MOST_FILES:
        raise DataError(f"{path}: found {len(files)} tables, expected at most {_MOST_FILES}")
    return files


def _is_table(name: str) -> bool:
    """Return whether a file neither is hidden nor describes a recording."""
    return not is_hidden(name) and _DESCRIPTIONS not in PurePosixPath(name.lower()).parts


def _opened(files: Mapping[str, _File]) -> dict[str, Table]:
    """Open the files that are tables."""
    opened = {}
    for name, file in files.items():
        # A note, a log, an empty table of a sensor that the phone does not have.
        with suppress(DataError):
            opened[name] = open_table(file.path, file.member)
    return opened


def _in_one_table(table: Table, name: str) -> list[SensorTable]:
    """Find the sensors of a table with everything: side by side, or in rows of each sensor."""
    if rows := split_by_sensor(table):
        return _of_kinds(rows, table.path)
    of_file = _sensor_of_file(name)
    kinds = sensors_in(table.headings)
    is_bare = "axis" in kinds and not kinds & {"acc", "gyro"}
    return [SensorTable(table, of_file.sensor if of_file and is_bare else None)]


def _in_files(files: Mapping[str, _File], place: Path) -> list[SensorTable]:
    """Choose the files of an export to read."""
    opened = _opened(files)
    candidates = _candidates(opened)
    ours = [one for one in candidates if not is_of_another_device(one.name)] or candidates
    notes = tuple(
        f"table: {quoted(one.name)} left out, as it is of another device than the others"
        for one in candidates
        if one not in ours
    )
    candidates = ours
    whole = [one for one in candidates if one.is_whole]
    if len(whole) > 1:
        names = listed(one.name for one in whole[:3])
        raise DataError(
            f"{place}: found {len(whole)} recordings ({names}, …), expected one: name its file"
        )
    if whole:
        found = _in_one_table(whole[0].table, whole[0].name)
    elif len(opened) == 1 and not candidates:
        (only,) = opened
        found = _in_one_table(opened[only], PurePosixPath(only).name)
    else:
        found = _of_kinds(_by_kind(candidates, place), place)
    has_signs = _says_apple(files)
    return [replace(one, has_apples_signs=has_signs, notes=notes) for one in found]


def _candidates(opened: Mapping[str, Table]) -> list[_Candidate]:
    """Find what sensors tables have."""
    names = {name: _sensor_of_file(PurePosixPath(name).name) for name in opened}
    with_gravity = [
        name
        for name, sensor in names.items()
        if sensor
        and (sensor.sensor == "gravity" or sensor.is_second or "total" in name.lower())
        and sensor.sensor != "gyro"
    ]
    candidates = []
    for name, table in opened.items():
        kinds, of_file = sensors_in(table.headings), names[name]
        if "axis" in kinds and not kinds & {"acc", "gyro", "linear", "gravity"}:
            if of_file is None:
                kinds = frozenset(split_by_sensor(table) or ())
            elif with_gravity and name not in with_gravity and _is_sensor_loggers(table, of_file):
                kinds = frozenset(["linear"])
            else:
                kinds = frozenset([of_file.sensor])
        if kinds := kinds - {"axis"}:
            candidates.append(_Candidate(name, table, kinds, bool(of_file and of_file.is_second)))
    return candidates


def _sensor_of_file(name: str) -> SensorName | None:
    """Return the sensor that a file is named after."""
    ending = next((suffix for suffix in _SUFFIXES if name.lower().endswith(suffix)), "")
    return sensor_named(name[: len(name) - len(ending)])


def _is_sensor_loggers(table: Table, sensor: SensorName) -> bool:
    """Return whether this is Sensor Logger's Accelerometer.csv, which has no gravity."""
    return sensor.sensor == "acc" and not sensor.is_second and "seconds_elapsed" in table.headings


def _by_kind(candidates: list[_Candidate], place: Path) -> dict[str, Table]:
    """Choose a table for each kind of sensor."""
    chosen = {}
    for kind in ("acc", "gyro", "linear", "gravity"):
        ours = [one for one in candidates if kind in one.kinds]
        ours = [one for one in ours if not one.is_second] or ours
        if len(ours) > 1 and kind in ("acc", "gyro"):
            names = listed(one.name for one in ours)
            raise DataError(
                f"{place}: found several tables of one kind of sensor, {names}, expected one: name "
                "the file of acceleration, and that of angular rate by --gyro FILE"
            )
        if len(ours) == 1:
            chosen[kind] = ours[0].table
    return chosen


def _of_kinds(tables: Mapping[str, Table], place: Path) -> list[SensorTable]:
    """Take acceleration with gravity, or gravity and the rest, then angular rate."""
    if "acc" in tables:
        kinds = ["acc"]
    elif "gravity" in tables and "linear" in tables:
        kinds = ["gravity", "linear"]
    else:
        found = listed(sorted({table.path.name for table in tables.values()})) or "no table"
        without = "acceleration without gravity" if "linear" in tables else "no acceleration"
        raise DataError(
            f"{place}: found {without} ({found}), expected acceleration with gravity, in a file "
            "such as Accelerometer.csv, or with x, y, z in rows of a sensor"
        )
    kinds += [kind for kind in ("gyro",) if kind in tables]
    return [SensorTable(tables[kind], kind) for kind in kinds]


def _of_acceleration(found: list[SensorTable], path: Path) -> list[SensorTable]:
    """Leave out angular rate, which the user gives in another file."""
    if any(one.sensor == "gyro" for one in found[:1]):
        raise DataError(f"{path}: found angular rate, expected acceleration beside --gyro")
    return [replace(one, sensor=one.sensor or "acc") for one in found if one.sensor != "gyro"]


def _of_angular_rate(path: Path) -> SensorTable:
    found = _in_one_table(open_table(path), path.name)
    return replace(found[-1], sensor="gyro")


def _says_apple(files: Mapping[str, _File]) -> bool:
    """Return whether Sensor Logger's Metadata.csv tells of an iPhone whose signs were kept."""
    for name, file in files.items():
        if name.endswith("etadata.csv"):
            source = unpacked(file.path, "zip" if file.member else None, file.member)
            text = source.start(_METADATA_BYTES).decode("utf-8-sig", errors="replace")
            row = next(csv.DictReader(text.splitlines()), {})
            is_apple = str(row.get("platform")).lower() == "ios"
            if is_apple and str(row.get("standardisation")).lower() not in {"true", "1", "yes"}:
                return True
    return False
