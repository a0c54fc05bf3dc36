"""Tables of a recording: one file, or an app's export with a file for each sensor.

Exports are folders or zips: phyphox's (Accelerometer.csv, Gyroscope.csv, meta/), Sensor Logger's
(Accelerometer.csv without gravity, Gravity.csv, TotalAcceleration.csv, Gyroscope.csv,
Metadata.csv), MetaWear's (…_Accelerometer_….csv), MATLAB Mobile's (Acceleration, AngularVelocity)
and Physics Toolbox's. Acceleration with gravity is taken before the sum of gravity and the rest.
"""

from __future__ import annotations

import csv
import tempfile
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from har.errors import DataError
from har.reading.columns import NO_GYROSCOPE, sensors_in
from har.reading.sensor_names import SensorName, sensor_named
from har.reading.sensor_rows import split_by_sensor
from har.reading.tables.opening import Table, open_table

_SUFFIXES = (".csv", ".txt", ".tsv", ".tab", ".dat", ".parquet", ".csv.gz", ".txt.gz", ".tsv.gz")
# Folders of what describes a recording.
_NO_TABLES = {"meta", "__macosx"}
_MOST_FILES = 1000
_MOST_BYTES = 8 << 30
_COPIED_BYTES = 1 << 20


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
    """

    table: Table
    sensor: str | None = None
    has_apples_signs: bool = False


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


@contextmanager
def open_sensors(
    path: Path, gyro: Path | None = None, needs_gyroscope: bool = True
) -> Iterator[tuple[SensorTable, ...]]:
    """Open the tables of a recording.

    Parameters
    ----------
    path : Path
        File, or a folder or zip with a file for each sensor.
    gyro : Path, optional
        File of the gyroscope, if `path` is one of acceleration alone.
    needs_gyroscope : bool
        If False, tables of angular rate are left out.

    Yields
    ------
    tuple of SensorTable
        One table with everything; or one or two of acceleration, then one of angular rate.

    Raises
    ------
    DataError
        If a file cannot be read, or the files are not those of one recording; also what is raised
        in the block, with the names of packed files.
    """
    with _unpacked(path) as files:
        try:
            found = _in_one_table(path) if files is None else _in_files(files, path)
            if gyro is not None:
                found = [*_of_acceleration(found, path), _of_angular_rate(gyro)]
            if needs_gyroscope and found[0].sensor and found[-1].sensor != "gyro":
                names = ", ".join(one.table.path.name for one in found)
                raise DataError(f"{path}: found {names} without a gyroscope: {NO_GYROSCOPE}")
            yield tuple(one for one in found if needs_gyroscope or one.sensor != "gyro")
        except DataError as error:
            if files is None or path.is_dir():
                raise
            # What was unpacked lies somewhere else.
            folder = str(next(iter(files.values())).parents[0])
            raise DataError(str(error).replace(folder, str(path))) from None


def is_export(path: Path) -> bool:
    """Return whether a folder or zip holds one recording, with a file for each sensor.

    Parameters
    ----------
    path : Path
        Folder or file.

    Raises
    ------
    DataError
        If a zip is damaged.
    """
    with _unpacked(path) as files:
        candidates = [] if files is None else _candidates(files)
    kinds = frozenset[str]().union(*(one.kinds for one in candidates))
    return {"gyro", "acc"} <= kinds and not any(one.is_whole for one in candidates)


@contextmanager
def _unpacked(path: Path) -> Iterator[dict[str, Path] | None]:
    """Find the tables in a folder or zip, unpacked, by their names; None for any other file."""
    if path.is_dir():
        names = [file.relative_to(path).as_posix() for file in sorted(path.rglob("*"))]
        yield {name: path / name for name in _tables_among(names, path)}
        return
    members = _members(path)
    if len(members) < 2:
        yield None
        return
    with tempfile.TemporaryDirectory() as folder:
        yield {name: _extracted(path, name, Path(folder)) for name in members}


def _members(path: Path) -> list[str]:
    """Return the tables in a zip; none for any other file, of which workbooks are zips, too."""
    if not (path.is_file() and zipfile.is_zipfile(path)):
        return []
    with zipfile.ZipFile(path) as archive:
        infos = archive.infolist()
    if any(info.filename == "[Content_Types].xml" for info in infos):
        return []
    tables = _tables_among([info.filename for info in infos], path)
    n_bytes = sum(info.file_size for info in infos if info.filename in tables)
    if n_bytes > _MOST_BYTES:
        raise DataError(
            f"{path}: found {n_bytes / 1e9:.1f} GB in a zip, expected at most "
            f"{_MOST_BYTES / 1e9:.1f}: unpack it, and give the folder"
        )
    return tables


def _tables_among(names: list[str], place: Path) -> list[str]:
    """Return the names of tables, without those that describe a recording or are hidden."""
    found = []
    for name in names:
        parts = PurePosixPath(name).parts
        is_hidden = any(part.startswith(".") for part in parts if part != "..")
        is_hidden = is_hidden or any(part.lower() in _NO_TABLES for part in parts)
        if name.lower().endswith(_SUFFIXES) and not is_hidden:
            found.append(name)
    if len(found) > _MOST_FILES:
        raise DataError(f"{place}: found {len(found)} tables, expected at most {_MOST_FILES}")
    return found


def _extracted(path: Path, name: str, folder: Path) -> Path:
    """Extract a member of a zip, never outside of a folder or larger than it says."""
    target = folder / name.replace("\\", "/").replace("/", " - ")
    try:
        with zipfile.ZipFile(path) as archive, archive.open(name) as packed:
            n_left = archive.getinfo(name).file_size
            with target.open("wb") as file:
                while n_left > 0 and (part := packed.read(min(n_left, _COPIED_BYTES))):
                    file.write(part)
                    n_left -= len(part)
    except (OSError, RuntimeError, ValueError, NotImplementedError, zipfile.BadZipFile) as error:
        raise DataError(f"{path}/{name}: found {error}, expected a whole file") from None
    return target


def _in_one_table(path: Path) -> list[SensorTable]:
    """Open a file with everything in it: side by side, or in rows of each sensor."""
    table = open_table(path)
    if rows := split_by_sensor(table):
        return _of_kinds(rows, path)
    name = _sensor_of_file(path.name)
    kinds = sensors_in(table.headings)
    is_bare = "axis" in kinds and not kinds & {"acc", "gyro"}
    return [SensorTable(table, name.sensor if name and is_bare else None)]


def _in_files(files: dict[str, Path], place: Path) -> list[SensorTable]:
    """Choose the files of an export to read."""
    candidates = _candidates(files)
    whole = [one for one in candidates if one.is_whole]
    if len(whole) > 1:
        names = ", ".join(one.name for one in whole[:3])
        raise DataError(
            f"{place}: found {len(whole)} recordings ({names}, …), expected one: name its file"
        )
    has_signs = _says_apple(files)
    if whole:
        rows = split_by_sensor(whole[0].table)
        found = _of_kinds(rows, place) if rows else [SensorTable(whole[0].table)]
    else:
        found = _of_kinds(_by_kind(candidates, place), place)
    return [replace(one, has_apples_signs=has_signs) for one in found]


def _candidates(files: dict[str, Path]) -> list[_Candidate]:
    """Open the files that are tables, and see what sensors they have."""
    opened = {}
    for name, file in files.items():
        try:
            opened[name] = open_table(file)
        except DataError:
            # A note, a log, an empty table of a sensor that the phone does not have.
            continue
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
            names = " and ".join(one.name for one in ours)
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
        found = ", ".join(sorted({table.path.name for table in tables.values()})) or "no table"
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
    found = _in_one_table(path)
    return replace(found[-1], sensor="gyro")


def _says_apple(files: Mapping[str, Path]) -> bool:
    """Return whether Sensor Logger's Metadata.csv tells of an iPhone whose signs were kept."""
    folders = {file.parent for file in files.values()}
    for file in (file for folder in folders for file in folder.glob("*etadata.csv")):
        with file.open(encoding="utf-8-sig", errors="replace", newline="") as stream:
            row = next(csv.DictReader(stream), {})
        is_apple = str(row.get("platform")).lower() == "ios"
        if is_apple and str(row.get("standardisation")).lower() not in {"true", "1", "yes"}:
            return True
    return False
