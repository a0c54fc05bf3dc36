"""From a user's file to a `Recording` at 50 Hz, and to the labels in a column beside signals."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from har.arrays import FloatArray
from har.errors import DataError
from har.reading.axes import AxesComparison, describe_relabeling, exchanged_columns, in_better_unit
from har.reading.columns import Columns, find_columns
from har.reading.gaps import fill_missing, to_regular
from har.reading.gravity import check_columns, check_gravity
from har.reading.raw_signals import Signals, read_signals
from har.reading.sensor_faults import saturation_notes, stillness_notes
from har.reading.tables.opening import Table, open_table
from har.reading.tables.row_filter import index_of, only_rows
from har.reading.tables.text_cells import as_text
from har.reading.times.clock import Ticks, check_rate, read_clock, regular_ticks
from har.reading.times.timestamps import stamps_of, time_unit_named
from har.reading.units import Unit, acc_unit_named, factors_of, gyro_unit_named
from har.signals.recording import LONGEST_HOLE_S, Recording
from har.signals.subjects import Subject


@dataclass(frozen=True)
class _Request:
    """A table, and the settings to read it with."""

    table: Table
    columns: Columns
    rate_hz: float | None
    time_unit: str | None
    acc_unit: Unit | None
    gyro_unit: Unit | None
    subject: Subject | None

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
    subject: Subject | None = None,
    needs_gyroscope: bool = True,
    rows_with: tuple[str, str] | None = None,
) -> Recording:
    """Read a recording of a phone's accelerometer and gyroscope from any table, and check it.

    The plain form is a CSV with the heading ``time_s,acc_x,acc_y,acc_z,gyro_x,gyro_y,gyro_z``;
    other common names, units and ways to write a table are recognised. Small faults are corrected
    and noted; the rest is an error.

    Parameters
    ----------
    path : str or Path
        CSV or Parquet file with a sample a row.
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
    subject : int or str, optional
        The person who wore the phone.
    needs_gyroscope : bool
        If False, the recording has acceleration alone.
    rows_with : tuple of str, optional
        A column and the text in it, to read these rows alone: ``("person", "P01")``.

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
        check_rate(rate_hz, "rate_hz")
    table = _open(Path(path), rows_with)
    found = find_columns(
        table.headings, str(path), columns, needs_gyroscope, needs_time=rate_hz is None
    )
    request = _Request(
        table,
        found if rate_hz is None else found.without_time(),
        rate_hz,
        time_unit_named(time_unit, "time_unit") if time_unit else found.time_unit,
        _declared(acc_unit, found.acc_unit, acc_unit_named, "acc_unit"),
        _declared(gyro_unit, found.gyro_unit, gyro_unit_named, "gyro_unit"),
        subject,
    )
    return _read(request)


def _open(path: Path, rows_with: tuple[str, str] | None) -> Table:
    table = open_table(path)
    return table if rows_with is None else only_rows(table, *rows_with)


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
    notes = [*request.columns.notes, *_unit_notes(signals, channels), *notes, *regularity]
    recording = Recording(
        samples, request.subject, place, channels, notes=tuple(notes), stretches=stretches
    )
    return _checked(recording, request, signals)


def _in_time(request: _Request, signals: Signals) -> tuple[Ticks, FloatArray, list[str]]:
    """Return times and samples in order of time."""
    if request.rate_hz is not None:
        note = f"time: {request.rate_hz:g} samples a second as given in rate_hz"
        if "time" in request.columns.names:
            note += f", instead of {request.columns.named('time')}"
        return regular_ticks(len(signals.samples), request.rate_hz), signals.samples, [note]
    if signals.stamps is None:
        raise DataError(f"{request.place}: found no time stamps, expected them, or rate_hz")
    ticks, rows, notes = read_clock(
        signals.stamps, request.time_unit, request.columns.named("time"), request.place
    )
    return ticks, signals.samples if rows is None else signals.samples[rows], notes


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
    table = _open(path, rows_with)
    indices = {"value": index_of(table, heading)}
    columns = find_columns(
        table.headings, str(path), needs_gyroscope=False, needs_time=rate_hz is None
    )
    if rate_hz is None:
        indices["time"] = columns.indices["time"]
    stamps, cells = [], []
    time_place = f"{path}, {columns.named('time')}" if rate_hz is None else ""
    for block in table.blocks(indices, ("value",)):
        cells.append(as_text(block["value"]).to_numpy(object))
        if rate_hz is None and len(block):
            stamps.append(stamps_of(block["time"], time_place))
    values = np.concatenate(cells)
    if rate_hz is not None:
        return regular_ticks(len(values), rate_hz).seconds, values
    unit = time_unit_named(time_unit, "time_unit") if time_unit else columns.time_unit
    ticks, rows, _notes = read_clock(np.concatenate(stamps), unit, columns.named("time"), str(path))
    return ticks.seconds, values if rows is None else values[rows]
