"""From a user's file to a `Recording` at 50 Hz, and to the labels in a column beside signals."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from har.arrays import FloatArray
from har.errors import DataError
from har.reading.axes import AxesComparison, describe_relabeling, exchanged_columns, in_better_unit
from har.reading.columns import Columns, find_columns, has_gyroscope
from har.reading.gaps import fill_missing, to_regular
from har.reading.gravity import check_columns, check_gravity
from har.reading.raw_signals import Signals, read_signals, stamp_readers
from har.reading.sensor_faults import saturation_notes, stillness_notes
from har.reading.tables.opening import Table, check_heading, open_table
from har.reading.times.clock import Ticks, check_rate, regular_ticks
from har.reading.times.rival_clocks import TimeColumn, choose_clock
from har.reading.times.time_units import time_unit_named
from har.reading.times.timestamps import Stamps
from har.reading.units import Unit, acc_unit_named, factors_of, gyro_unit_named
from har.signals.recording import LONGEST_HOLE_S, Recording


@dataclass(frozen=True)
class _Request:
    """A table, and the settings to read it with."""

    table: Table
    columns: Columns
    rate_hz: float | None
    time_unit: str | None
    acc_unit: Unit | None
    gyro_unit: Unit | None
    subject: int | None

    @property
    def place(self) -> str:
        """File, for messages."""
        return str(self.table.path)


def read_recording(
    path: str | Path,
    *,
    columns: Mapping[str, str] | None = None,
    rate_hz: float | None = None,
    time_unit: str | None = None,
    acc_unit: str | None = None,
    gyro_unit: str | None = None,
    subject: int | None = None,
    needs_gyroscope: bool = True,
) -> Recording:
    """Read a recording of a phone's accelerometer and gyroscope from any table, and check it.

    The plain form is a CSV with the heading ``time_s,acc_x,acc_y,acc_z,gyro_x,gyro_y,gyro_z``;
    other common names, units and ways to write a table are recognised. Small faults are corrected
    and noted; the rest is an error.

    Parameters
    ----------
    path : str or Path
        File with a sample a row: text such as CSV, also packed; Parquet; an Excel workbook; JSON of
        Edge Impulse.
    columns : mapping of str to str, optional
        Names of columns that are not recognised: ``{"acc_x": "my column", "time": "when"}``.
    rate_hz : float, optional
        Samples per second of a file without time stamps, or with stamps of no use.
    time_unit : {"s", "ms", "us", "ns"}, optional
        Unit of time stamps.
    acc_unit : {"g", "m/s2", "mg"}, optional
        Unit of acceleration.
    gyro_unit : {"rad/s", "deg/s"}, optional
        Unit of angular rate.
    subject : int, optional
        The person who wore the phone.
    needs_gyroscope : bool
        If False, the recording has acceleration alone.

    Returns
    -------
    Recording
        Samples at 50 Hz, float32, in g and rad/s; `notes` list assumptions and corrections,
        `stretches` the parts between gaps.

    Raises
    ------
    DataError
        If the file cannot be read, or its content is not as declared or expected.
    """
    if rate_hz is not None:
        check_rate(rate_hz, "--rate-hz")
    table = open_table(Path(path))
    if not columns:
        check_heading(table)
    has_rate = rate_hz is not None or table.rate_hz is not None
    found = find_columns(table.headings, str(path), columns, needs_gyroscope, not has_rate)
    request = _Request(
        table,
        found if rate_hz is None else found.without_time(),
        rate_hz,
        time_unit_named(time_unit, "--time-unit") if time_unit else None,
        _declared(acc_unit, found.acc_unit, acc_unit_named, "acc_unit"),
        _declared(gyro_unit, found.gyro_unit, gyro_unit_named, "gyro_unit"),
        subject,
    )
    return _read(request)


def _declared(
    argument: str | None, heading: str | None, unit_named: Callable[[str, str], str], name: str
) -> Unit | None:
    """Return the unit that the user declares, else the one in the headings, if any."""
    if argument is not None:
        return Unit(unit_named(argument, name), f"as given in {name}")
    return Unit(heading, "as the heading says") if heading else None


def _read(request: _Request) -> Recording:
    """Read, fill and bring to 50 Hz, then check what only the whole recording shows."""
    signals = read_signals(request.table, request.columns, request.acc_unit, request.gyro_unit)
    channels, place = request.columns.channels, request.place
    ticks, samples, notes = _in_time(request, signals)
    complete, filling = fill_missing(
        ticks.seconds, samples, channels, LONGEST_HOLE_S, 1 / ticks.rate_hz, place
    )
    if complete is not None:
        ticks, samples = replace(ticks, seconds=ticks.seconds[complete]), samples[complete]
    notes += filling
    notes += saturation_notes(samples, channels)
    notes += stillness_notes(ticks.seconds, samples, channels, place)
    samples, stretches, regularity = to_regular(ticks, samples)
    notes = [
        *request.table.notes,
        *request.columns.notes,
        *_unit_notes(signals, channels),
        *notes,
        *regularity,
    ]
    recording = Recording(
        samples, request.subject, place, channels, notes=tuple(notes), stretches=stretches
    )
    return _checked(recording, request, signals)


def _in_time(request: _Request, signals: Signals) -> tuple[Ticks, FloatArray, list[str]]:
    """Return times and samples in order of time."""
    if request.rate_hz is not None:
        note = f"time: {request.rate_hz:g} samples a second as given in --rate-hz"
        if "time" in request.columns.names:
            note += f", instead of {request.columns.named('time')}"
        return regular_ticks(len(signals.samples), request.rate_hz), signals.samples, [note]
    if not signals.stamps and (rate_hz := request.table.rate_hz) is not None:
        check_rate(rate_hz, f"{request.place}, rate in the file")
        note = f"time: no stamps, {rate_hz:g} samples a second as the file says"
        return regular_ticks(len(signals.samples), rate_hz), signals.samples, [note]
    if not signals.stamps:
        raise DataError(f"{request.place}: found no time stamps, expected them, or --rate-hz")
    times = _time_columns(request.columns, signals.stamps, request.time_unit)
    clock = choose_clock(times, signals.samples, request.place)
    samples = signals.samples if clock.rows is None else signals.samples[clock.rows]
    return clock.ticks, samples, list(clock.notes)


def _time_columns(
    columns: Columns, stamps: Mapping[str, Stamps], time_unit: str | None
) -> list[TimeColumn]:
    """Return the columns of time, each with its stamps and the unit that is declared."""
    return [
        TimeColumn(columns.named(role), stamps[role], time_unit or unit)
        for role, unit in columns.time_units.items()
    ]


def _unit_notes(signals: Signals, channels: tuple[str, ...]) -> list[str]:
    notes = [f"acceleration: in {signals.acc_unit.name}, {signals.acc_unit.evidence}"]
    if len(channels) > 3:
        notes.append(f"gyroscope: in {signals.gyro_unit.name}, {signals.gyro_unit.evidence}")
    return notes


def _checked(recording: Recording, request: _Request, signals: Signals) -> Recording:
    """Check that gravity is there, and that the gyroscope explains its rotation."""
    samples, stretches, place = recording.samples, recording.stretches, request.place
    factors = factors_of(signals.acc_unit, signals.gyro_unit)
    check_columns(samples, place, factors[: samples.shape[1]])
    check_gravity(samples, stretches, place)
    if samples.shape[1] == 3:
        return recording
    comparison, unit = in_better_unit(samples, stretches, signals.gyro_unit.name)
    if unit != signals.gyro_unit.name:
        if request.gyro_unit is None:
            return _read(replace(request, gyro_unit=Unit(unit, "told from how the phone turns")))
        raise DataError(
            f"{place}: found angular rates that fit the turning of gravity in {unit}, "
            f"expected {signals.gyro_unit.name} {signals.gyro_unit.evidence}"
        )
    if not comparison.agrees:
        wrong = (
            exchanged_columns(samples, stretches, factors)
            if comparison.better is None
            else describe_relabeling(comparison.better)
        )
        if wrong:
            raise DataError(
                f"{place}: found a gyroscope that contradicts the accelerometer, as with {wrong}, "
                "expected both in the same right-handed axes"
            )
    return replace(recording, notes=(*recording.notes, _axes_note(comparison)))


def _axes_note(comparison: AxesComparison) -> str:
    if comparison.agrees:
        return (
            f"axes: the gyroscope explains {comparison.shares[0]:.0%} of how gravity turned in "
            f"{comparison.rotation_s:.0f} s"
        )
    return (
        "axes: could not be checked, as the phone turned too little "
        f"({comparison.rotation_s:.0f} s) or gave no clear answer"
    )


def read_column(
    path: Path, heading: str, *, rate_hz: float | None = None, time_unit: str | None = None
) -> tuple[FloatArray, pd.Series[Any]]:
    """Read a column that is no signal, such as labels, with the times of its rows.

    Parameters
    ----------
    path : Path
        File, as for `read_recording`.
    heading : str
        Name of the column.
    rate_hz, time_unit : optional
        Clock, as given to `read_recording`, so that both find the same times.

    Returns
    -------
    seconds : ndarray of float64, shape (n_rows,)
        Time since the first sample in the file, as in `har.signals.recording.Stretch`; increasing.
    values : Series
        Values of these rows as text; missing where a cell is empty.

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
        table.headings,
        str(path),
        needs_gyroscope=has_gyroscope(table.headings),
        needs_time=rate_hz is None and table.rate_hz is None,
    )
    indices = {"value": table.headings.index(heading)}
    if rate_hz is None and not columns.time_units:
        rate_hz = table.rate_hz
    if rate_hz is not None:
        blocks = [
            block["value"].astype(object) for block in table.blocks(indices, as_text=("value",))
        ]
        return regular_ticks(sum(map(len, blocks)), rate_hz).seconds, pd.concat(blocks)
    unit = time_unit_named(time_unit, "--time-unit") if time_unit else None
    readers = stamp_readers(columns, str(path))
    values, samples = [], []
    for block in table.blocks(columns.indices | indices, as_text=("value",)):
        # Empty cells of one block and text of the next have no type in common.
        values.append(block["value"].astype(object))
        numbers = block[list(columns.channels)].apply(pd.to_numeric, errors="coerce")
        samples.append(numbers.to_numpy(np.float32))
        for role, reader in readers.items():
            reader.add(block[role], block.get("date"))
    stamps = {role: reader.stamps() for role, reader in readers.items()}
    # Signals show which rows are there twice, and which only share a stamp.
    times = _time_columns(columns, stamps, unit)
    clock = choose_clock(times, np.concatenate(samples), str(path))
    every = pd.concat(values)
    return clock.ticks.seconds, every if clock.rows is None else every.iloc[clock.rows]
