"""The moment at which a recording starts, according to its own time stamps."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from har.errors import DataError
from har.reading.columns import find_columns
from har.reading.tables.opening import open_table
from har.reading.times.moments import Moment, parse_moment
from har.reading.times.timestamps import SECONDS, time_unit_named

# Seconds since 1970 between 2001 and 2065.
_EPOCH_S = (1e9, 3e9)


def recording_start(
    path: Path, *, columns: Mapping[str, str] | None = None, time_unit: str | None = None
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

    Returns
    -------
    Moment

    Raises
    ------
    DataError
        If the time stamps do not tell the time of day.
    """
    table = open_table(path)
    named = {role: name for role, name in (columns or {}).items() if role == "time"}
    found = find_columns(table.headings, str(path), named, needs_gyroscope=False)
    unit = time_unit_named(time_unit, "time_unit") if time_unit else found.time_unit
    for block in table.blocks({"time": found.indices["time"]}):
        cells = block["time"].dropna()
        moment = _moment_of(cells.iloc[0], unit) if len(cells) else None
        if moment:
            return moment
        if len(cells):
            raise DataError(
                f"{path}: found time stamps such as {str(cells.iloc[0])!r}, which do not tell the "
                "time of day, expected start_s and end_s in seconds from the first sample"
            )
    raise DataError(f"{path}: found no time stamps, expected some")


def _moment_of(cell: object, unit: str | None) -> Moment | None:
    """Return the moment that a time stamp stands for, if it stands for one."""
    if isinstance(cell, pd.Timestamp):
        since_1970 = Moment.since_1970(cell.value / 1e9)
        return since_1970 if cell.tzinfo else Moment(since_1970.clock_s, since_1970.day)
    moment = parse_moment(str(cell))
    if moment:
        return moment
    try:
        number = float(str(cell))
    except ValueError:
        return None
    for name in [unit] if unit else SECONDS:
        seconds = number * SECONDS[name]
        if _EPOCH_S[0] <= seconds <= _EPOCH_S[1]:
            return Moment.since_1970(seconds)
    return None
