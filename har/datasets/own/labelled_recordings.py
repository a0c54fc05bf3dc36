"""Recordings of one person each, read and cut into windows with the names of their activities."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial

from har.config import DataConfig, Upright
from har.datasets.named_windows import NamedWindows, cut_windows
from har.datasets.own.recordings_table import LabelledFile
from har.datasets.own.sample_labels import (
    NameArray,
    names_from_column,
    names_from_segments,
)
from har.datasets.own.segment_times import place_segments
from har.datasets.own.spellings import check_spellings
from har.errors import DataError, quoted
from har.reading.label_column import read_column
from har.reading.recording_files import read_recording
from har.reading.recording_start import recording_start
from har.reading.sensors.files import has_angular_rate
from har.reading.tables.opening import open_table
from har.reading.tables.row_filter import index_of, texts_in
from har.reading.times.moments import Moment
from har.signals.orientation import UPRIGHT
from har.signals.recording import Recording
from har.signals.wearing import made_upright

# Turns a recording of which an axis of the phone points up.
MakeUpright = Callable[[Recording, Upright], Recording]


def made_upright_along_x(recording: Recording, upright: Upright) -> Recording:
    """Turn a recording so that gravity points as in the windows of UCI HAR."""
    return made_upright(recording, upright, UPRIGHT)


@dataclass(frozen=True)
class LabelledRecording:
    """A file and, if several people share it, the one whose rows are read.

    Parameters
    ----------
    file : LabelledFile
        File and its labels.
    person : str
        Person who wore the phone, as written.
    """

    file: LabelledFile
    person: str

    @property
    def rows_with(self) -> tuple[str, str] | None:
        """Column and text of the rows to read; None for the whole file."""
        column = self.file.subject_column
        return (column, self.person) if column else None

    @property
    def name(self) -> str:
        """File, and person if there are several in it."""
        name = self.file.path.name
        return f"{name}, {self.person}" if self.rows_with else name


def list_recordings(files: Sequence[LabelledFile]) -> list[LabelledRecording]:
    """List each file once for each person in it.

    Parameters
    ----------
    files : sequence of LabelledFile
        Files of ``recordings.csv``.

    Returns
    -------
    list of LabelledRecording
        In the order of the table, and of the rows of a file.

    Raises
    ------
    DataError
        If a file has no such column or no person in it, or a person has two spellings.
    """
    recordings: list[LabelledRecording] = []
    for file in files:
        if file.subject_column is None:
            recordings.append(LabelledRecording(file, file.subject or ""))
            continue
        table = open_table(file.path)
        people = texts_in(table, index_of(table, file.subject_column))
        if not people:
            raise DataError(
                f"{file.path}: found no person in column {quoted(file.subject_column)}, expected "
                "some"
            )
        recordings += [LabelledRecording(file, person) for person in people]
    places: dict[str, str] = {}
    for recording in recordings:
        places.setdefault(recording.person, str(recording.file.path))
    check_spellings(places, "people")
    return recordings


def all_have_gyroscope(recordings: Sequence[LabelledRecording]) -> bool:
    """Return whether the headings of all files have a gyroscope.

    Raises
    ------
    DataError
        If only some have.
    """
    paths = dict.fromkeys(recording.file.path for recording in recordings)
    examples = {has_angular_rate(path): path for path in paths}
    if len(examples) == 2:
        raise DataError(
            f"{examples[False]}: found no gyroscope, but one in {examples[True]}, "
            "expected it in all recordings of a data set or in none; "
            "--data.sensors acc does without"
        )
    return next(iter(examples))


def read_windows(
    rows: LabelledRecording,
    needs_gyroscope: bool,
    config: DataConfig,
    make_upright: MakeUpright = made_upright_along_x,
) -> NamedWindows:
    """Read a recording and cut each part between gaps into windows.

    Parameters
    ----------
    rows : LabelledRecording
        Recording to read.
    needs_gyroscope : bool
        If False, acceleration alone is read.
    config : DataConfig
        Treatment of windows over several labels, and how phones are worn.
    make_upright : callable
        Function that turns recordings if that is told.

    Returns
    -------
    NamedWindows

    Raises
    ------
    DataError
        If the recording is invalid, or a segment is not within it.
    """
    recording, of_samples, notes = read_named_samples(rows, needs_gyroscope, config, make_upright)
    windows = cut_windows(recording, of_samples, config.straddling)
    return replace(windows, notes=(*windows.notes, *notes))


def read_named_samples(
    rows: LabelledRecording,
    needs_gyroscope: bool,
    config: DataConfig,
    make_upright: MakeUpright = made_upright_along_x,
) -> tuple[Recording, NameArray, list[str]]:
    """Read a recording and the activity of each of its samples.

    Parameters
    ----------
    rows, needs_gyroscope, config, make_upright
        As for `read_windows`.

    Returns
    -------
    recording : Recording
        Its samples, as of a phone that was worn upright.
    names : ndarray of str, shape (n_timesteps,)
        See `names_of_samples`.
    notes : list of str

    Raises
    ------
    DataError
        See `read_windows`.
    """
    recording = read_recording(
        rows.file.path,
        subject=rows.person,
        needs_gyroscope=needs_gyroscope,
        rows_with=rows.rows_with,
        **asdict(rows.file.settings),
    )
    if upright := rows.file.upright or config.upright:
        recording = make_upright(recording, upright)
    return recording, *names_of_samples(rows, recording)


def names_of_samples(rows: LabelledRecording, recording: Recording) -> tuple[NameArray, list[str]]:
    """Return the activity of each sample of a recording, and assumptions about clocks.

    Parameters
    ----------
    rows : LabelledRecording
        Recording and its labels.
    recording : Recording
        Its samples.

    Returns
    -------
    names : ndarray of str, shape (n_timesteps,)
        Activities; ``""`` where there is no label.
    notes : list of str

    Raises
    ------
    DataError
        If the labels cannot be read, or a segment is not within the recording.
    """
    file, settings = rows.file, rows.file.settings
    if file.label_column is None:
        segments, notes = place_segments(
            file.segments,
            str(file.path),
            recording.duration_s,
            partial(_start_of, rows),
        )
        return names_from_segments(recording, segments), notes
    row_times_s, values = read_column(
        file.path,
        file.label_column,
        rate_hz=settings.rate_hz,
        time_unit=settings.time_unit,
        rows_with=rows.rows_with,
    )
    return names_from_column(recording, row_times_s, values), []


def _start_of(rows: LabelledRecording) -> Moment:
    file = rows.file
    if file.settings.rate_hz is not None:
        raise DataError(
            f"{file.path}: found moments for its segments and a rate_hz in place of time stamps, "
            "expected start_s and end_s in seconds from the first sample"
        )
    return recording_start(file.path, time_unit=file.settings.time_unit, rows_with=rows.rows_with)
