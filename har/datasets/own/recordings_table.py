"""``recordings.csv``, the table of a user's own recordings: files, subjects and labels."""

from __future__ import annotations

import difflib
import logging
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

from har.config import Upright
from har.datasets.file_trees import SEARCH_DEPTH, Folder
from har.datasets.own.segment_times import (
    Edge,
    Segment,
    WrittenSegment,
    as_seconds,
    check_overlaps,
    place_segments,
)
from har.datasets.own.spellings import check_spellings
from har.datasets.own.written_tables import Row, parse_number, read_rows
from har.errors import DataError, listed, quoted, reason_of
from har.reading.times.clock import check_rate
from har.reading.times.moments import Moment, parse_moment
from har.reading.times.time_units import time_unit_named
from har.reading.units import acc_unit_named, gyro_unit_named

logger = logging.getLogger(__name__)

TABLE = "recordings.csv"

_EDGES = ("start_s", "end_s")
_LABEL_COLUMN = "label_column"
_SUBJECT_COLUMN = "subject_column"
_UNITS = {"time_unit": time_unit_named, "acc_unit": acc_unit_named, "gyro_unit": gyro_unit_named}
_SETTINGS = ("rate_hz", *_UNITS)
_OPTIONAL = (*_SETTINGS, "upright")
_KNOWN = ("file", "subject", _SUBJECT_COLUMN, *_EDGES, "activity", _LABEL_COLUMN, *_OPTIONAL)
# Times of day fit in a column of any of these names.
_RENAMED = {
    **dict.fromkeys(("start", "start_time", "starttime", "begin"), "start_s"),
    **dict.fromkeys(("end", "end_time", "endtime", "stop"), "end_s"),
}
_LIKE_AN_EDGE = re.compile(r"start|begin|onset|end|stop|until|(from|to)(?![a-z])")
_SECONDS = "0 or more seconds from the recording's first sample, or a date and time of day"
_EXPECTED = "file, subject and either start_s, end_s, activity or label_column"


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
    subject : str or None
        Person who wore the phone, as written; None if `subject_column` names several.
    settings : ReadingSettings
        Options for reading the file.
    segments : tuple of WrittenSegment
        Labelled segments in the order of the table; empty with a label column.
    label_column : str or None
        Column of the file that names the activity of each sample.
    subject_column : str or None
        Column of the file that names the person of each sample.
    upright : {"x", "-x", "y", "-y", "z", "-z", "auto"} or None
        Axis of the phone that points up; None: as the settings say.
    """

    path: Path
    subject: str | None
    settings: ReadingSettings
    segments: tuple[WrittenSegment, ...]
    label_column: str | None
    subject_column: str | None = None
    upright: Upright | None = None


@dataclass(frozen=True)
class RecordingsTable:
    """The content of ``recordings.csv``.

    Parameters
    ----------
    files : tuple of LabelledFile
        Files in the order of the table; they exist, but have not been opened.
    notes : tuple of str
        Columns that were left out.
    """

    files: tuple[LabelledFile, ...]
    notes: tuple[str, ...] = ()


def read_table(folder: Path, subject_column: str | None = None) -> RecordingsTable:
    """Read the table of a folder with recordings.

    Parameters
    ----------
    folder : Path
        Folder with ``recordings.csv``, whose columns are file, subject and either start_s, end_s,
        activity (a row per segment), activity alone (for the whole file), or label_column (a row
        per file); optional columns are subject_column in place of subject, rate_hz, time_unit,
        acc_unit, gyro_unit and upright. Others are left out. Paths of files are relative to the
        folder.
    subject_column : str or None
        Column of all files that names the person of each sample, in place of subject.

    Returns
    -------
    RecordingsTable

    Raises
    ------
    DataError
        If there is no table, a file it names is missing, or a line is invalid.
    """
    rows_of_file: dict[str, list[Row]] = {}
    names = Folder(folder).names
    rows, notes = _rows(folder / TABLE, subject_column is not None)
    for row in rows:
        name = Path(row.get("file").replace("\\", "/")).as_posix()
        if name not in names:
            raise row.fault("file", f"a file in {folder}, at most {SEARCH_DEPTH} folders deep")
        rows_of_file.setdefault(name, []).append(row)
    if not rows_of_file:
        raise DataError(f"{folder / TABLE}: found no rows, expected one for each segment or file")
    files = tuple(
        _labelled_file(folder / name, rows, subject_column) for name, rows in rows_of_file.items()
    )
    _check_names(rows)
    return RecordingsTable(files, notes)


def _check_names(rows: Sequence[Row]) -> None:
    """Refuse activities and people in two spellings."""
    for column, kind in (("activity", "activities"), ("subject", "people")):
        places: dict[str, str] = {}
        for row in rows:
            if name := row.get(column):
                places.setdefault(name, row.place)
        check_spellings(places, kind)


def read_segments(
    table: Path, recording: Path, duration_s: float, read_start: Callable[[], Moment]
) -> tuple[Segment, ...]:
    """Read the labelled segments of one recording.

    Parameters
    ----------
    table : Path
        Table in the form of `read_table`, with a row per segment.
    recording : Path
        File of the recording; rows of files with another name are ignored.
    duration_s, read_start
        As for `har.datasets.own.segment_times.place_segments`.

    Returns
    -------
    tuple of Segment

    Raises
    ------
    DataError
        If the table is missing, a line is invalid, or the recording has no segment.
    """
    rows, _notes = _rows(table, has_subject_column=True)
    rows = [row for row in rows if Path(row.get("file")).name == recording.name]
    first_of_column = rows and rows[0].get(_LABEL_COLUMN)
    written = () if first_of_column else tuple(map(_segment, rows))
    if not written:
        raise DataError(f"{table}: found no segment of {recording.name}, expected some")
    segments, notes = place_segments(written, str(recording), duration_s, read_start)
    for note in notes:
        logger.info("note: %s", note)
    return segments


def _rows(table: Path, has_subject_column: bool) -> tuple[list[Row], tuple[str, ...]]:
    """Read and check the rows, and note the columns that are left out."""
    try:
        columns, rows = read_rows(table, _KNOWN, _column_named)
    except (FileNotFoundError, NotADirectoryError):
        raise DataError(
            f"{table.parent}: found no {table.name} in it, "
            f"expected a table with the columns {_EXPECTED}"
        ) from None
    except OSError as error:
        raise DataError(
            f"{table}: found {reason_of(error)}, expected a CSV file in UTF-8"
        ) from error
    _check_heading(columns, str(table), has_subject_column)
    others = [column for column in columns if column not in _KNOWN]
    notes = (f"{table.name}: the columns {listed(others)} are left out.",) if others else ()
    return rows, notes


def _column_named(heading: str) -> str:
    name = re.sub(r"\s+", "_", heading.casefold())
    name = _RENAMED.get(name, name)
    return name if name in _KNOWN else heading


def _check_heading(columns: tuple[str, ...], place: str, has_subject_column: bool) -> None:
    is_by_column = _LABEL_COLUMN in columns
    if is_by_column and (both := [c for c in (*_EDGES, "activity") if c in columns]):
        found = f"both {_LABEL_COLUMN} and {', '.join(both)}"
        raise DataError(f"{place}: found {found}, expected {_EXPECTED}")
    for column in columns:
        absent = [known for known in _KNOWN if known not in columns]
        meant = difflib.get_close_matches(column.casefold(), absent, n=1, cutoff=0.8)
        if column not in _KNOWN and meant:
            raise DataError(
                f"{place}: found the column {quoted(column)}, expected {quoted(meant[0])}?"
            )
    has_edges = [edge in columns for edge in _EDGES]
    like_edges = [c for c in columns if c not in _KNOWN and _LIKE_AN_EDGE.match(c.casefold())]
    is_lacking = "file" not in columns or not (is_by_column or "activity" in columns)
    is_lacking |= not (has_subject_column or "subject" in columns or _SUBJECT_COLUMN in columns)
    is_lacking |= any(has_edges) != all(has_edges)
    if like_edges and not is_by_column and not any(has_edges):
        raise DataError(
            f"{place}: found the column {like_edges[0]}, but no start_s and end_s, "
            f"expected {_EXPECTED}, each once"
        )
    if is_lacking or len(set(columns)) < len(columns):
        raise DataError(
            f"{place}: found the columns {listed(columns) or 'none'}, "
            f"expected {_EXPECTED}, each once"
        )


def _labelled_file(path: Path, rows: Sequence[Row], subject_column: str | None) -> LabelledFile:
    first = rows[0]
    label_column = first.get(_LABEL_COLUMN) or None
    if _LABEL_COLUMN in first.cells:
        if not label_column:
            raise first.fault(_LABEL_COLUMN, "the name of a column of the recording")
        if len(rows) > 1:
            raise rows[1].fault("file", f"a row for each file, as in {first.place}")
    for row in rows[1:]:
        _check_same(row, first)
    segments = () if label_column else tuple(map(_segment, rows))
    check_overlaps([placed for one in segments if (placed := as_seconds(one))])
    subject_column = subject_column or first.get(_SUBJECT_COLUMN) or None
    subject = first.get("subject") or None
    if subject_column and subject:
        raise first.fault(
            "subject", f"none, as column {quoted(subject_column)} of the file names people"
        )
    if not subject_column and not subject:
        raise first.fault("subject", "a name or number for each person, or a subject_column")
    if subject_column and any((one.start, one.end) != (None, None) for one in segments):
        raise DataError(
            f"{first.place}: found start_s or end_s for a file of several people, expected a "
            "label_column, or an activity for the whole file"
        )
    return LabelledFile(
        path,
        subject,
        _settings(first),
        segments,
        label_column,
        subject_column,
        _upright(first),
    )


def _check_same(row: Row, first: Row) -> None:
    """Refuse rows that contradict each other about a file."""
    for column in ("subject", _SUBJECT_COLUMN, *_OPTIONAL):
        if row.get(column) != first.get(column):
            cure = "; of several people in one file a subject_column tells" * (column == "subject")
            raise row.fault(
                column,
                f"{quoted(first.get(column))} for {row.get('file')} as in {first.place}{cure}",
            )


def _settings(row: Row) -> ReadingSettings:
    given = {name: row.get(name) for name in _SETTINGS if row.get(name)}
    rate_hz = row.number("rate_hz", "samples per second") if "rate_hz" in given else None
    if rate_hz is not None:
        check_rate(rate_hz, f"{row.place}, rate_hz")
    units = {
        name: unit_named(given[name], f"{row.place}, {name}")
        for name, unit_named in _UNITS.items()
        if name in given
    }
    return ReadingSettings(rate_hz, **units)


def _upright(row: Row) -> Upright | None:
    text = row.get("upright")
    choice = next((choice for choice in get_args(Upright) if choice == text), None)
    if text and choice is None:
        raise row.fault("upright", f"one of {', '.join(get_args(Upright))}")
    return choice


def _segment(row: Row) -> WrittenSegment:
    start, end = (_edge(row, name) for name in _EDGES)
    activity = row.get("activity")
    if isinstance(start, float) and start < 0:
        raise row.fault("start_s", _SECONDS)
    if isinstance(end, float) and not isinstance(start, Moment) and end <= (start or 0.0):
        raise row.fault("end_s", f"an end after the start at {start or 0:g} s")
    is_mixed = isinstance(start, Moment) != isinstance(end, Moment)
    if is_mixed and None not in (start, end):
        raise row.fault("end_s", "seconds in both start_s and end_s, or moments in both")
    if not activity:
        raise DataError(
            f"{row.place}: found an unlabelled segment, "
            "expected an activity; leave the row out to leave the segment unlabelled"
        )
    return WrittenSegment(start, end, activity, row.place)


def _edge(row: Row, column: str) -> Edge:
    """Read seconds or a moment; None of an empty cell."""
    text = row.get(column)
    if not text:
        return None
    number = parse_number(text)
    edge = parse_moment(text, f"{row.place}, {column}") if number is None else number
    if edge is None:
        raise row.fault(column, _SECONDS)
    return edge
