"""``har inspect``: what a recording, a folder of recordings or a data set holds, for a person."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import get_args

import pandas as pd

from har.config import DataConfig, DataSetKind
from har.datasets.catalogue import PUBLISHED
from har.datasets.dataset import DataSet
from har.datasets.hapt_recordings import is_mirror
from har.datasets.loading import read_data
from har.datasets.own.labelled_recordings import (
    LabelledRecording,
    list_recordings,
    names_of_samples,
)
from har.datasets.own.recordings_table import TABLE, read_table
from har.errors import DataError, printable, shortened
from har.reading.archives import is_archive
from har.reading.recording_files import ReadingOptions, read_recording
from har.reading.recording_paths import find_recordings, holds_one_recording
from har.reading.sensors.files import has_angular_rate
from har.reading.tables.opening import open_table
from har.report.data_summary import describe_data
from har.report.recording_summary import (
    FileFindings,
    files_in_words,
    labels_in_words,
    recording_in_words,
)
from har.signals.recording import Recording


def run(
    *,
    path: Path,
    data_set: DataSetKind | None = None,
    columns: Mapping[str, str] | None = None,
    gyro: Path | None = None,
    rate_hz: float | None = None,
    time_unit: str | None = None,
    acc_unit: str | None = None,
    gyro_unit: str | None = None,
) -> None:
    """Show what a recording, a folder of recordings or a data set holds, and what is doubted.

    Parameters
    ----------
    path : Path
        File of a recording; folder with recordings, with or without ``recordings.csv``; folder or
        zip with a published data set.
    data_set : str, optional
        Published data set, a key of `har.datasets.catalogue.PUBLISHED`; by default it is found out.
    columns : mapping of str to str, optional
        Name or number of the column of each channel that its heading does not tell.
    gyro : Path, optional
        Table of the gyroscope, if it is not in the file of acceleration.
    rate_hz : float, optional
        Samples per second, in place of time stamps.
    time_unit : {"s", "ms", "us", "ns"}, optional
        Unit of time stamps; by default it is found out, as are those of the signals.
    acc_unit : {"g", "m/s2", "mg"}, optional
        Unit of accelerations.
    gyro_unit : {"rad/s", "deg/s", "mdps"}, optional
        Unit of angular rates.
    """
    about: ReadingOptions = {
        "columns": columns,
        "gyro": gyro,
        "rate_hz": rate_hz,
        "time_unit": time_unit,
        "acc_unit": acc_unit,
        "gyro_unit": gyro_unit,
    }
    if data_set is not None:
        data = read_data(path, DataConfig(set=data_set), needs_test=False)
        if data is None:
            published = PUBLISHED[data_set]
            raise DataError(f"{path}: found no {published.name} in it, expected {published.form}")
        print(describe_data(data, data_set))
    elif (path / TABLE).is_file():
        findings = list(_labelled_findings(path))
        print(f"{labels_in_words(findings, str(path))}\n\n{files_in_words(findings)}")
        _refuse_unreadable(findings, path)
    elif found := _published_at(path):
        print(describe_data(*found))
    elif path.is_dir() and not holds_one_recording(path):
        findings = [_findings_of(file, about) for file in _recordings_in(path)]
        print(files_in_words(findings))
        _refuse_unreadable(findings, path)
    else:
        recording = _read_any(path, about)
        parts = [_table_in_words(path), recording_in_words(recording)]
        print("\n".join(part for part in parts if part))


def _published_at(path: Path) -> tuple[DataSet, DataSetKind] | None:
    """Read the published data set at a path, if there is one."""
    if not (path.is_dir() or is_archive(path) or is_mirror(path)):
        return None
    kinds = [kind for kind in get_args(DataSetKind) if kind in PUBLISHED]
    for kind in kinds:
        try:
            data = read_data(path, DataConfig(set=kind), needs_test=False)
        except DataError:
            # A damaged zip may be meant as a recording; it will be named as one.
            continue
        if data is not None:
            return data, kind
    return None


def _recordings_in(folder: Path) -> list[Path]:
    try:
        return find_recordings([folder])
    except DataError:
        names = ", ".join(published.name for published in PUBLISHED.values())
        raise DataError(
            f"{folder}: found no recordings in it, nor {names}, expected either; a data set of "
            f"your own has a {TABLE}"
        ) from None


def _read_any(path: Path, about: ReadingOptions) -> Recording:
    """Read a recording, without its gyroscope where that is missing or cannot be used."""
    try:
        return read_recording(path, **about)
    except DataError as error:
        try:
            recording = read_recording(path, **about, needs_gyroscope=False)
        except DataError:
            raise error from None
        reason = str(error).removeprefix(f"{path}: ")
        note = (
            f"doubt: read without a gyroscope, because: {reason}"
            if about.get("gyro") or has_angular_rate(path)
            else "doubt: no gyroscope, which a network that was trained with one needs; "
            "har train --data.sensors acc trains one without"
        )
        return replace(recording, notes=(*recording.notes, note))


def _table_in_words(path: Path) -> str:
    """Describe the file as a table; "" where it is none, but a folder or an archive."""
    try:
        table = open_table(path)
        n_rows = sum(len(block) for block in table.blocks({"first": 0}))
    except DataError:
        return ""
    names = ", ".join(printable(shortened(name, 40)) for name in table.headings)
    return f"{path}: {n_rows:,} rows of {len(table.headings)} columns: {names}"


def _findings_of(file: Path, about: ReadingOptions) -> FileFindings:
    try:
        return FileFindings.of(file, _read_any(file, about))
    except DataError as error:
        return FileFindings(file, error=str(error))


def _labelled_findings(folder: Path) -> Iterator[FileFindings]:
    """Read each recording of a table with its labels, whatever is wrong with the others."""
    for rows in list_recordings(read_table(folder).files):
        settings = rows.file.settings
        about: ReadingOptions = {
            "rate_hz": settings.rate_hz,
            "time_unit": settings.time_unit,
            "acc_unit": settings.acc_unit,
            "gyro_unit": settings.gyro_unit,
            "rows_with": rows.rows_with,
        }
        try:
            recording = _read_any(rows.file.path, about)
            seconds = _labelled_seconds(rows, recording)
        except DataError as error:
            yield FileFindings(rows.file.path, subject=rows.person, error=str(error))
        else:
            findings = FileFindings.of(rows.file.path, recording)
            yield replace(findings, subject=rows.person, seconds=seconds)


def _labelled_seconds(rows: LabelledRecording, recording: Recording) -> dict[str, float]:
    names, _notes = names_of_samples(rows, recording)
    counts = pd.Series(Counter(names.tolist()), dtype=float).drop("", errors="ignore")
    return {str(name): float(count) for name, count in (counts / recording.rate_hz).items()}


def _refuse_unreadable(findings: list[FileFindings], path: Path) -> None:
    n_failed = sum(found.error is not None for found in findings)
    if n_failed:
        raise DataError(
            f"{path}: found {n_failed} of {len(findings)} recordings that cannot be used, expected "
            "all to be; the reasons are above"
        )
