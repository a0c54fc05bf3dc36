"""Time stamps and signals of a table, read block by block and converted to g and rad/s."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from har.arrays import FloatArray
from har.errors import DataError
from har.reading.columns import Columns
from har.reading.gravity import check_columns
from har.reading.tables.opening import Table
from har.reading.times.timestamps import StampReader, Stamps
from har.reading.units import Unit, acc_unit_of, converted, factors_of, gyro_unit_of

_LARGEST = float(np.finfo(np.float32).max)


@dataclass(frozen=True)
class Signals:
    """The time stamps and signals of a table.

    Parameters
    ----------
    stamps : dict of str to Stamps
        Stamps of each column of time, by its role; none in a file without.
    samples : ndarray of float32, shape (n_timesteps, n_channels)
        Signals in g and rad/s; NaN where a cell is empty.
    acc_unit, gyro_unit : Unit
        Units in the file.
    """

    stamps: dict[str, Stamps]
    samples: FloatArray
    acc_unit: Unit
    gyro_unit: Unit


def read_signals(
    table: Table, columns: Columns, acc_unit: Unit | None, gyro_unit: Unit | None
) -> Signals:
    """Read time stamps and signals, and convert the signals to g and rad/s.

    Units that are not declared are inferred from the first rows, so that only single precision
    has to be kept.

    Parameters
    ----------
    table : Table
        Open table.
    columns : Columns
        Its columns with time stamps and signals.
    acc_unit, gyro_unit : Unit or None
        Declared units.

    Returns
    -------
    Signals

    Raises
    ------
    DataError
        If a cell is no number, or infinite, or the values cannot be in such a unit.
    """
    place = str(table.path)
    readers, samples = stamp_readers(columns, place), _Growing()
    units: tuple[Unit, Unit] | None = None
    for block in table.blocks(columns.indices):
        if block.empty:
            continue
        for role, reader in readers.items():
            reader.add(block[role], block.get("date"))
        values = np.stack(
            [_numbers(block[name], f"{place}, {columns.named(name)}") for name in columns.channels],
            axis=1,
        )
        block_gyro_unit = gyro_unit_of(values[:, 3:], gyro_unit, place)
        if units is None:
            units = (_acc_unit(values, acc_unit, place), block_gyro_unit)
        elif units[1].name == "rad/s" and block_gyro_unit.name == "deg/s":
            # A large value came late: the values before it were converted wrongly.
            return read_signals(table, columns, acc_unit, block_gyro_unit)
        samples.add(converted(values, factors_of(*units)[: values.shape[1]]))
    n_rows = 0 if samples.array is None else len(samples.array)
    if units is None or samples.array is None or n_rows < 2:
        rows = "row" if n_rows == 1 else "rows"
        raise DataError(f"{place}: found {n_rows} {rows} of numbers, expected at least 2")
    stamps = {role: reader.stamps() for role, reader in readers.items()}
    return Signals(stamps, samples.array, *units)


def stamp_readers(columns: Columns, place: str) -> dict[str, StampReader]:
    """Return a reader for each column of time.

    Parameters
    ----------
    columns : Columns
        Columns of a table.
    place : str
        File, for messages.

    Returns
    -------
    dict of str to StampReader
        By the roles of the columns.
    """
    return {role: StampReader(f"{place}, {columns.named(role)}") for role in columns.time_units}


class _Growing:
    """Samples to which rows are added without ever being in memory twice."""

    def __init__(self) -> None:
        self.array: NDArray[Any] | None = None

    def add(self, rows: FloatArray) -> None:
        """Append rows."""
        if self.array is None:
            self.array = rows.copy()
        else:
            n_before = len(self.array)
            # The system moves pages, not content, when so large an array grows.
            self.array.resize((n_before + len(rows), *rows.shape[1:]), refcheck=False)
            self.array[n_before:] = rows


def _acc_unit(values: FloatArray, declared: Unit | None, place: str) -> Unit:
    """Infer the unit of acceleration; if none fits, two columns may be exchanged."""
    try:
        return acc_unit_of(values[:, :3], declared, place)
    except DataError:
        check_columns(values, place)
        raise


def _numbers(column: pd.Series[Any], place: str) -> FloatArray:
    """Return a column's numbers, and refuse a cell that is none."""
    is_number = column.dtype.kind in "iuf"
    numbers = column if is_number else pd.to_numeric(column.astype(object), errors="coerce")
    values: FloatArray = numbers.to_numpy(np.float64)
    is_wrong = (np.abs(values) > _LARGEST) | (np.isnan(values) & column.notna().to_numpy())
    if is_wrong.any():
        first = int(np.argmax(is_wrong))
        found = str(column.iloc[first])[:40]
        raise DataError(
            f"{place}, row {column.index[first] + 1}: found {found!r}, expected a finite number"
        )
    return values
