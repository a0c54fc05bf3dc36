"""The moment at which a recording starts, according to its own time stamps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pandas as pd

from har.errors import DataError
from har.reading.columns import find_columns
from har.reading.raw_signals import stamp_readers
from har.reading.tables.opening import open_table
from har.reading.tables.row_filter import only_rows
from har.reading.times.moments import Moment
from har.reading.times.time_units import DECLARABLE, EPOCH_S, SECONDS, time_unit_named
from har.reading.times.timestamps import Stamps


def recording_start(
    path: Path,
    *,
    columns: Mapping[str, str] | None = None,
    time_unit: str | None = None,
    rows_with: tuple[str, str] | None = None,
) -> Moment:
    """Read the moment of the first row of a recording.

    Parameters
    ----------
    path : Path
        File, as for `har.reading.recording_files.read_recording`.
    columns : mapping of str to str, optional
        Columns named by the user; only that of time is used.
    time_unit : str, optional
        Unit of time stamps that are numbers.
    rows_with : tuple of str, optional
        Column and text of the rows to read, where one table holds several people.

    Returns
    -------
    Moment

    Raises
    ------
    DataError
        If the time stamps do not tell the time of day.
    """
    table = open_table(path)
    table = table if rows_with is None else only_rows(table, *rows_with)
    named = {role: name for role, name in (columns or {}).items() if role in ("time", "date")}
    found = find_columns(table.headings, str(path), named, needs_gyroscope=False)
    given = time_unit_named(time_unit, "--time-unit") if time_unit else None
    readers = stamp_readers(found, str(path))
    is_naive: set[str] = set()
    for block in table.blocks({role: i for role, i in found.indices.items() if "_" not in role}):
        for role, reader in readers.items():
            reader.add(block[role], block.get("date"))
            if pd.api.types.is_datetime64_dtype(block[role]):
                is_naive.add(role)
    for role, reader in readers.items():
        unit = given or found.time_units[role]
        if moment := _first_moment(reader.stamps(), unit, role in is_naive):
            return moment
    raise DataError(
        f"{path}: found time stamps that do not tell the time of day, "
        "expected start_s and end_s in seconds from the first sample"
    )


def _first_moment(stamps: Stamps, unit: str | None, is_naive: bool) -> Moment | None:
    """Return the moment that the first stamp stands for, if it stands for one."""
    there = stamps.values[~stamps.is_missing()]
    if not len(there):
        return None
    first = there[0].item()
    if stamps.unit and stamps.is_date:
        since_1970 = Moment.since_1970(first * SECONDS[stamps.unit])
        return replace(since_1970, is_utc=not (is_naive or stamps.is_local))
    if stamps.unit:
        return Moment(first * SECONDS[stamps.unit]) if stamps.is_local else None
    for name in [unit] if unit else DECLARABLE:
        seconds = first * SECONDS[name]
        if EPOCH_S[0] <= seconds <= EPOCH_S[1]:
            return Moment.since_1970(seconds)
    return None
