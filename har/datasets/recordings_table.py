"""``recordings.csv``, the table of a user's own recordings: files, subjects and labels."""

from __future__ import annotations

import csv
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

from har.config import Upright
from har.datasets.file_trees import SEARCH_DEPTH, Folder
from har.errors import DataError
from har.reading.times.clock import check_rate
from har.reading.times.timestamps import time_unit_named
from har.reading.units import acc_unit_named, gyro_unit_named

TABLE = "recordings.csv"

_SEGMENT_COLUMNS = ("start_s", "end_s", "activity")
_LABEL_COLUMN = "label_column"
_UNITS = {"time_unit": time_unit_named, "acc_unit": acc_unit_named, "gyro_unit": gyro_unit_named}
_SETTINGS = ("rate_hz", *_UNITS)
_OPTIONAL = (*_SETTINGS, "upright")
_SECONDS = "0 or more seconds from the recording's first sample"
_EXPECTED = "file, subject and either start_s, end_s, activity or label_column"


@dataclass(frozen=True)
class Segment:
    """A part of a recording with one activity.

    Parameters
    ----------
    start_s, end_s : float
        Seconds from the first sample; the sample at `end_s` is excluded.
    activity : str
        Name of the activity.
    place : str
        Line of the table, for messages.
    """

    start_s: float
    end_s: float
    activity: str
    place: str


@dataclass(frozen=True)
class ReadingSettings:
    """Options for reading a file, from the table; see `har.read_recording`."""

    rate_hz: float | None = None
    time_unit: str | None = None
    acc_unit: str | None = None
    gyro_unit: str | None = None


@dataclass(frozen=True)
class LabelledFile:
    """The file of a recording and its labels.

    Parameters
    ----------
    path : Path
        Existing file.
    subject : int
        Number of the person who wore the phone.
    settings : ReadingSettings
        Options for reading the file.
    segments : tuple of Segment
        Labelled segments in the order of the table; empty with a label column.
    label_column : str or None
        Column of the file that names the activity of each sample.
    upright : {"x", "-x", "y", "-y", "z", "-z", "auto"} or None
        Axis of the phone that points up; None: as the settings say.
    """

    path: Path
    subject: int
    settings: ReadingSettings
    segments: tuple[Segment, ...]
    label_column: str | None
    upright: Upright | None = None


@dataclass(frozen=True)
class _Row:
    """A line of the table, and its name in messages."""

    cells: Mapping[str, str]
    place: str

    def fault(self, column: str, expected: str) -> DataError:
        """Return an error about a cell."""
        return DataError(
            f"{self.place}, {column}: found {self.cells[column]!r}, expected {expected}"
        )

    def number(self, column: str, expected: str) -> float:
        """Return a cell as a finite number."""
        try:
            value = float(self.cells[column])
        except ValueError:
            value = math.nan
        if not math.isfinite(value):
            raise self.fault(column, expected)
        return value


def read_table(folder: Path) -> tuple[LabelledFile, ...]:
    """Read the table of a folder with recordings.

    Parameters
    ----------
    folder : Path
        Folder with ``recordings.csv``, whose columns are file, subject and either start_s, end_s,
        activity (a row per segment) or label_column (a row per file); optional columns are rate_hz,
        time_unit, acc_unit, gyro_unit and upright. Paths of files are relative to the folder.

    Returns
    -------
    tuple of LabelledFile
        Files in the order of the table; they exist, but have not been opened.

    Raises
    ------
    DataError
        If there is no table, a file it names is missing, or a line is invalid.
    """
    rows_of_file: dict[str, list[_Row]] = {}
    names = Folder(folder).names
    for row in _rows(folder / TABLE):
        if Path(row.cells["file"]).as_posix() not in names:
            raise row.fault("file", f"a file in {folder}, at most {SEARCH_DEPTH} folders deep")
        rows_of_file.setdefault(Path(row.cells["file"]).as_posix(), []).append(row)
    if not rows_of_file:
        raise DataError(f"{folder / TABLE}: found no rows, expected one for each segment or file")
    return tuple(_labelled_file(folder / name, rows) for name, rows in rows_of_file.items())


def read_segments(table: Path, recording: Path) -> tuple[Segment, ...]:
    """Read the labelled segments of one recording.

    Parameters
    ----------
    table : Path
        Table in the form of `read_table`, with a row per segment.
    recording : Path
        File of the recording; rows of files with another name are ignored.

    Returns
    -------
    tuple of Segment

    Raises
    ------
    DataError
        If the table is missing, a line is invalid, or the recording has no segment.
    """
    rows = [row for row in _rows(table) if Path(row.cells["file"]).name == recording.name]
    segments = _labelled_file(recording, rows).segments if rows else ()
    if not segments:
        raise DataError(f"{table}: found no segment of {recording.name}, expected some")
    return segments


def _rows(table: Path) -> Iterator[_Row]:
    try:
        # Spreadsheets begin UTF-8 with a byte order mark.
        with table.open(encoding="utf-8-sig", newline="") as stream:
            reader = csv.DictReader(stream, restval="", skipinitialspace=True, strict=True)
            _check_heading(tuple(reader.fieldnames or ()), str(table))
            for cells in reader:
                place = f"{table}, line {reader.line_num}"
                if None in cells:
                    raise DataError(
                        f"{place}: found {len(cells) - 1 + len(cells[None])} cells, "
                        f"expected {len(cells) - 1} as in the heading"
                    )
                row = _Row({name: text.strip() for name, text in cells.items()}, place)
                # Spreadsheets can leave lines of commas at the end.
                if any(row.cells.values()):
                    yield row
    except (FileNotFoundError, NotADirectoryError):
        raise DataError(
            f"{table.parent}: found no {table.name} in it, "
            f"expected a table with the columns {_EXPECTED}"
        ) from None
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"{table}: found {error}, expected a CSV file in UTF-8") from None


def _check_heading(columns: tuple[str, ...], place: str) -> None:
    is_by_column = _LABEL_COLUMN in columns
    required = ("file", "subject", *((_LABEL_COLUMN,) if is_by_column else _SEGMENT_COLUMNS))
    allowed = (*required, *_OPTIONAL)
    unknown = [column for column in columns if column not in allowed]
    if unknown and is_by_column and set(unknown) <= set(_SEGMENT_COLUMNS):
        found = f"both {_LABEL_COLUMN} and {', '.join(unknown)}"
        raise DataError(f"{place}: found {found}, expected {_EXPECTED}")
    if unknown:
        raise DataError(
            f"{place}: found the unknown columns {', '.join(unknown)}, expected {_EXPECTED}; "
            f"besides, if need be, {', '.join(_OPTIONAL)}"
        )
    missing = [column for column in required if column not in columns]
    if missing or len(set(columns)) < len(columns):
        raise DataError(
            f"{place}: found the columns {', '.join(columns) or 'none'}, "
            f"expected {_EXPECTED}, each once"
        )


def _labelled_file(path: Path, rows: list[_Row]) -> LabelledFile:
    first = rows[0]
    label_column = first.cells.get(_LABEL_COLUMN)
    if label_column is not None:
        if not label_column:
            raise first.fault(_LABEL_COLUMN, "the name of a column of the recording")
        if len(rows) > 1:
            raise rows[1].fault("file", f"a row for each file, as in {first.place}")
    for row in rows[1:]:
        _check_same(row, first)
    segments = () if label_column else tuple(map(_segment, rows))
    _check_overlaps(segments)
    return LabelledFile(
        path, _subject(first), _settings(first), segments, label_column, _upright(first)
    )


def _check_same(row: _Row, first: _Row) -> None:
    """Refuse rows that contradict each other about a file."""
    for column in ("subject", *_OPTIONAL):
        if row.cells.get(column) != first.cells.get(column):
            raise row.fault(
                column, f"{first.cells[column]!r} for {row.cells['file']} as in {first.place}"
            )


def _subject(row: _Row) -> int:
    text = row.cells["subject"]
    if not (text.isdecimal() and len(text) < 10):
        raise row.fault("subject", "a whole number for each person")
    return int(text)


def _settings(row: _Row) -> ReadingSettings:
    given = {name: row.cells[name] for name in _SETTINGS if row.cells.get(name)}
    rate_hz = row.number("rate_hz", "samples per second") if "rate_hz" in given else None
    if rate_hz is not None:
        check_rate(rate_hz, f"{row.place}, rate_hz")
    units = {
        name: unit_named(given[name], f"{row.place}, {name}")
        for name, unit_named in _UNITS.items()
        if name in given
    }
    return ReadingSettings(rate_hz, **units)


def _upright(row: _Row) -> Upright | None:
    text = row.cells.get("upright")
    choice = next((choice for choice in get_args(Upright) if choice == text), None)
    if text and choice is None:
        raise row.fault("upright", f"one of {', '.join(get_args(Upright))}")
    return choice


def _segment(row: _Row) -> Segment:
    start_s, end_s = (row.number(name, _SECONDS) for name in ("start_s", "end_s"))
    activity = row.cells["activity"]
    if start_s < 0:
        raise row.fault("start_s", _SECONDS)
    if end_s <= start_s:
        raise row.fault("end_s", f"an end after the start at {start_s:g} s")
    if not activity:
        raise DataError(
            f"{row.place}: found an unlabelled segment, "
            "expected an activity; leave the row out to leave the segment unlabelled"
        )
    return Segment(start_s, end_s, activity, row.place)


def _check_overlaps(segments: tuple[Segment, ...]) -> None:
    """Refuse segments that overlap and differ in activity."""
    last: Segment | None = None
    for segment in sorted(segments, key=lambda segment: segment.start_s):
        if last and segment.start_s < last.end_s and segment.activity != last.activity:
            raise DataError(
                f"{segment.place}: found {segment.activity} from {segment.start_s:g} s on, "
                f"expected nothing before {last.end_s:g} s, when {last.activity} ends"
            )
        if last is None or segment.end_s > last.end_s:
            last = segment
