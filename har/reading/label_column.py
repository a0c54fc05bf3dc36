"""A column of labels beside the signals of a recording, with the times of its rows."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from har.arrays import FloatArray
from har.reading.columns import find_columns, has_gyroscope
from har.reading.raw_signals import stamp_readers, time_columns
from har.reading.tables.cells import as_text
from har.reading.tables.opening import open_table
from har.reading.tables.row_filter import index_of, only_rows
from har.reading.times.clock import regular_ticks
from har.reading.times.rival_clocks import choose_clock
from har.reading.times.time_units import time_unit_named


def read_column(
    path: Path,
    heading: str,
    *,
    rate_hz: float | None = None,
    time_unit: str | None = None,
    rows_with: tuple[str, str] | None = None,
) -> tuple[FloatArray, NDArray[np.object_]]:
    """Read a column that is no signal, such as labels, with the times of its rows.

    Parameters
    ----------
    path : Path
        CSV or Parquet file, as for `read_recording`.
    heading : str
        Name of the column.
    rate_hz, time_unit, rows_with : optional
        Clock and rows, as given to `read_recording`, so that both find the same times.

    Returns
    -------
    seconds : ndarray of float64, shape (n_rows,)
        Time since the first sample in the file, as in `har.signals.recording.Stretch`; increasing.
    values : ndarray of str, shape (n_rows,)
        Values of these rows as text; ``""`` where a cell is empty.

    Raises
    ------
    DataError
        If the file has no such column or no times, or cannot be read.
    """
    table = open_table(path)
    table = table if rows_with is None else only_rows(table, *rows_with)
    indices = {"value": index_of(table, heading)}
    columns = find_columns(
        table.headings,
        str(path),
        needs_gyroscope=has_gyroscope(table.headings),
        needs_time=rate_hz is None and table.rate_hz is None,
    )
    if rate_hz is None and not columns.time_units:
        rate_hz = table.rate_hz
    columns = columns if rate_hz is None else columns.without_time()
    readers = stamp_readers(columns, str(path))
    cells, samples = [], []
    for block in table.blocks(columns.indices | indices, ("value",)):
        cells.append(as_text(block["value"]).to_numpy(object))
        numbers = block[list(columns.channels)].apply(pd.to_numeric, errors="coerce")
        samples.append(numbers.to_numpy(np.float32))
        for role, reader in readers.items():
            reader.add(block[role], block.get("date"))
    values = np.concatenate(cells)
    if rate_hz is not None:
        return regular_ticks(len(values), rate_hz).seconds, values
    unit = time_unit_named(time_unit, "--time-unit") if time_unit else None
    stamps = {role: reader.stamps() for role, reader in readers.items()}
    # Signals show which rows are there twice, and which only share a stamp.
    times = time_columns(columns, stamps, unit)
    clock = choose_clock(times, np.concatenate(samples), str(path))
    return clock.ticks.seconds, values if clock.rows is None else values[clock.rows]
