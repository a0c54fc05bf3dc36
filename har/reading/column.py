"""One more column of a recording's file, such as the activity at each sample."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from har.arrays import FloatArray
from har.errors import DataError
from har.reading.clock import read_clock, regular_ticks
from har.reading.columns import find_columns
from har.reading.recording import open_table
from har.reading.stamps import stamps_of, time_unit_named


def read_column(
    path: Path, heading: str, *, rate_hz: float | None = None, time_unit: str | None = None
) -> tuple[FloatArray, pd.Series[Any]]:
    """Read a column that is no signal, as it is, with the times at which it was written.

    Parameters
    ----------
    path : Path
        A CSV or Parquet file that `har.reading.recording.read_recording` reads.
    heading : str
        The name of the column.
    rate_hz, time_unit : optional
        As given to `read_recording`, so that both find the same times.

    Returns
    -------
    seconds : ndarray of float64, shape (n_rows,)
        From the first sample in the file, as in `har.signals.recording.Stretch`; increasing.
    values : Series
        Of as many rows; missing where a cell is empty.

    Raises
    ------
    DataError
        If the file has no such column or no times, or cannot be read.
    """
    table = open_table(path)
    if table.headings.count(heading) != 1:
        raise DataError(
            f"{path}: found {table.headings.count(heading) or 'no'} columns {heading!r}, "
            f"expected one among {', '.join(table.headings)}"
        )
    columns = find_columns(
        table.headings, str(path), needs_gyroscope=False, needs_time=rate_hz is None
    )
    places = {"value": table.headings.index(heading)}
    if rate_hz is None:
        places["time"] = columns.places["time"]
    blocks = list(table.blocks(places))
    # Empty cells of one block and text of the next have no type in common.
    values = pd.concat([block["value"].astype(object) for block in blocks])
    if rate_hz is not None:
        return regular_ticks(len(values), rate_hz).seconds, values
    time = columns.named("time")
    stamps = [stamps_of(block["time"], f"{path}, {time}") for block in blocks]
    unit = time_unit_named(time_unit, "time_unit") if time_unit else columns.time_unit
    ticks, rows, _notes = read_clock(np.concatenate(stamps), unit, time, str(path))
    return ticks.seconds, values if rows is None else values.iloc[rows]
