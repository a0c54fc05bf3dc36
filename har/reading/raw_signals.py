"""Time stamps and signals of a table, read block by block and converted to g and rad/s."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from har.arrays import BoolArray, FloatArray
from har.errors import DataError, quoted
from har.reading.columns import Columns
from har.reading.gravity import check_columns
from har.reading.tables.opening import Table
from har.reading.times.rival_clocks import TimeColumn
from har.reading.times.timestamps import StampReader, Stamps
from har.reading.units import GYRO_FACTORS, Unit, acc_unit_of, converted, factors_of, gyro_unit_of

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
    factors : ndarray, shape (n_channels,)
        Factors that the values in the file were multiplied by; negative where signs were Apple's.
    """

    stamps: dict[str, Stamps]
    samples: FloatArray
    acc_unit: Unit
    gyro_unit: Unit
    factors: FloatArray


def read_signals(
    table: Table,
    columns: Columns,
    acc_unit: Unit | None,
    gyro_unit: Unit | None,
    has_gravity: bool = True,
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
    has_gravity : bool
        If False, acceleration is without gravity, so that its size does not tell its unit.

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
    factors: FloatArray = np.ones(len(columns.channels))
    is_gyro = np.array([name.startswith("gyro") for name in columns.channels])
    for block in table.blocks(columns.indices):
        if block.empty:
            continue
        for role, reader in readers.items():
            reader.add(block[role], block.get("date"))
        values = _values(block, columns, place)
        block_gyro_unit = gyro_unit_of(values[:, is_gyro], gyro_unit, place)
        if units is None:
            known = acc_unit if acc_unit and not has_gravity else None
            found = known or _acc_unit(values, is_gyro, acc_unit, place)
            units = (found, block_gyro_unit)
            factors = factors_of(columns.channels, *units)
            factors[~is_gyro] *= -1 if columns.is_reversed else 1
        elif GYRO_FACTORS[block_gyro_unit.name] < GYRO_FACTORS[units[1].name]:
            # A large value came late: the values before it were converted wrongly.
            return read_signals(table, columns, acc_unit, block_gyro_unit, has_gravity)
        samples.add(converted(values, factors))
    n_rows = 0 if samples.array is None else len(samples.array)
    if units is None or samples.array is None or n_rows < 2:
        rows = "row" if n_rows == 1 else "rows"
        raise DataError(f"{place}: found {n_rows} {rows} of numbers, expected at least 2")
    stamps = {role: reader.stamps() for role, reader in readers.items()}
    return Signals(stamps, samples.array, *units, factors)


def _values(block: pd.DataFrame, columns: Columns, place: str) -> FloatArray:
    """Return the channels in a block, acceleration as the sum of two columns if it has to be."""
    values = np.empty((len(block), len(columns.channels)))
    for index, channel in enumerate(columns.channels):
        values[:, index] = _numbers(block[channel], f"{place}, {columns.named(channel)}")
        if columns.is_sum and channel.startswith("acc"):
            addend = f"linear_{channel[-1]}"
            values[:, index] += _numbers(block[addend], f"{place}, {columns.named(addend)}")
    return values


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


def time_columns(
    columns: Columns, stamps: Mapping[str, Stamps], time_unit: str | None
) -> list[TimeColumn]:
    """Return the columns of time, each with its stamps and the unit that is declared.

    Parameters
    ----------
    columns : Columns
        Columns of a table.
    stamps : mapping of str to Stamps
        Stamps by the roles of the columns.
    time_unit : str or None
        Unit that the user declares, which wins over those in headings.

    Returns
    -------
    list of TimeColumn
    """
    return [
        TimeColumn(columns.named(role), stamps[role], time_unit or unit)
        for role, unit in columns.time_units.items()
    ]


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


def _acc_unit(values: FloatArray, is_gyro: BoolArray, declared: Unit | None, place: str) -> Unit:
    """Infer the unit of acceleration; if none fits, two columns may be exchanged."""
    if is_gyro.all():
        return Unit("g", "without acceleration")
    try:
        return acc_unit_of(values[:, ~is_gyro], declared, place)
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
        found = quoted(str(column.iloc[first]))
        raise DataError(
            f"{place}, row {column.index[first] + 1}: found {found}, expected a finite number"
        )
    return values
