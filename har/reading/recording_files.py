"""From a user's file to a `Recording` at 50 Hz."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypedDict

import numpy as np

from har.arrays import FloatArray
from har.errors import DataError, reason_of
from har.reading.axes import (
    AxesComparison,
    describe_relabeling,
    exchanged_columns,
    in_better_unit,
    smoothed,
    turning_excess,
    unit_of_excess,
)
from har.reading.columns import REVERSED_NOTE, Columns, find_columns
from har.reading.gaps import fill_missing, to_regular
from har.reading.gravity import check_columns, check_gravity, check_movement
from har.reading.raw_signals import Signals, read_signals, time_columns
from har.reading.sensor_faults import saturation_notes, stillness_notes
from har.reading.sensors.alignment import SensorSeries, align, share_ticks
from har.reading.sensors.files import SensorTable, open_sensors
from har.reading.sensors.rows import SensorRows
from har.reading.tables.opening import Table, check_heading
from har.reading.times.clock import Ticks, check_rate, regular_ticks
from har.reading.times.rival_clocks import choose_clock
from har.reading.times.time_units import time_unit_named
from har.reading.units import Unit, acc_unit_named, gyro_unit_named
from har.signals.channels import RAW_CHANNELS
from har.signals.recording import LONGEST_HOLE_S, Recording, Stretch
from har.signals.subjects import Subject

_SENSORS = {"acc": "acceleration", "gyro": "angular rate"}
_SUM_NOTE = "acceleration: the sum of gravity and of acceleration without gravity, of two tables"


@dataclass(frozen=True)
class _Settings:
    """What the user declares; see `read_recording`."""

    columns: Mapping[str, str]
    rate_hz: float | None
    time_unit: str | None
    acc_unit: Unit | None
    gyro_unit: Unit | None
    needs_gyroscope: bool


@dataclass(frozen=True)
class _Part:
    """A table with some or all of the sensors."""

    table: Table
    sensor: str | None
    columns: Columns
    notes: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """Sensor, for notes and messages."""
        return _SENSORS["gyro" if self.sensor == "gyro" else "acc"]


@dataclass(frozen=True)
class _ReadPart:
    """The samples of a table in order of time, without missing ones, before they are at 50 Hz."""

    signals: Signals
    series: SensorSeries
    channels: tuple[str, ...]
    notes: list[str]


class ReadingOptions(TypedDict, total=False):
    """Options that people give with a file, by their names in `read_recording`."""

    columns: Mapping[str, str] | None
    gyro: Path | None
    rate_hz: float | None
    time_unit: str | None
    acc_unit: str | None
    gyro_unit: str | None
    rows_with: tuple[str, str] | None


def read_recording(
    path: str | Path,
    *,
    columns: Mapping[str, str] | None = None,
    gyro: str | Path | None = None,
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
        Table with a sample a row, or with a row for each event of a sensor: text such as CSV, also
        packed; Parquet; an Excel workbook; JSON of Edge Impulse. Or a folder, zip or
        workbook with a table for each sensor, as apps export them.
    columns : mapping of str to str, optional
        Names or numbers, from 1, of columns that are not recognised:
        ``{"acc_x": "my column", "time": "1"}``.
    gyro : str or Path, optional
        Table of the gyroscope, if it is not in `path`.
    rate_hz : float, optional
        Samples per second of a file without time stamps, or with stamps of no use.
    time_unit : {"s", "ms", "us", "ns"}, optional
        Unit of time stamps.
    acc_unit : {"g", "m/s2", "mg"}, optional
        Unit of acceleration.
    gyro_unit : {"rad/s", "deg/s", "mdps"}, optional
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
        check_rate(rate_hz, "--rate-hz")
    settings = _Settings(
        columns or {},
        rate_hz,
        time_unit_named(time_unit, "--time-unit") if time_unit else None,
        _given(acc_unit, acc_unit_named, "--acc-unit"),
        _given(gyro_unit, gyro_unit_named, "--gyro-unit"),
        needs_gyroscope,
    )
    gyro = None if gyro is None else Path(gyro)
    try:
        tables = open_sensors(Path(path), gyro, needs_gyroscope, rows_with)
        recording = _read([_part(table, settings) for table in tables], settings, str(path))
    except MemoryError as error:
        raise DataError(
            f"{path}: found {reason_of(error)}, expected a recording of a few days at most"
        ) from error
    return replace(recording, subject=subject)


def _given(argument: str | None, unit_named: Callable[[str, str], str], option: str) -> Unit | None:
    """Return the unit that the user declares, if any."""
    return Unit(unit_named(argument, option), f"as given by {option}") if argument else None


def _part(found: SensorTable, settings: _Settings) -> _Part:
    """Find the columns of a table."""
    table, place = found.table, str(found.table.path)
    if settings.rate_hz is not None and isinstance(table, SensorRows):
        raise DataError(
            f"{place}: found rows of several sensors, expected their time stamps to be used: "
            "leave --rate-hz out"
        )
    if not settings.columns:
        check_heading(table)
    given = {"time": settings.time_unit, "acc": settings.acc_unit, "gyro": settings.gyro_unit}
    columns = find_columns(
        table.headings,
        place,
        _named_for(found, settings.columns),
        settings.needs_gyroscope,
        settings.rate_hz is None and table.rate_hz is None,
        sensor=found.sensor,
        declared=[name for name, unit in given.items() if unit],
    )
    if settings.rate_hz is not None:
        columns = columns.without_time()
    if found.has_apples_signs and found.sensor != "gyro":
        columns = replace(columns, is_reversed=True)
    return _Part(table, found.sensor, columns, found.notes)


def _named_for(found: SensorTable, named: Mapping[str, str]) -> dict[str, str]:
    """Return the columns that the user names and that are in this table."""
    if found.sensor is None:
        return dict(named)
    other = "acc" if found.sensor == "gyro" else "gyro"
    headings = found.table.headings
    return {
        role: heading
        for role, heading in named.items()
        if not role.startswith(other) and (role != "time" or heading in headings)
    }


def _read(parts: Sequence[_Part], settings: _Settings, place: str) -> Recording:
    """Read all parts, bring them to one grid of 50 Hz, and check the whole."""
    parts = _with_one_clock(parts)
    is_reversed = any(part.columns.is_reversed for part in parts)
    read: list[_ReadPart] = []
    for part in parts:
        if part.sensor != "gyro":
            part = replace(part, columns=replace(part.columns, is_reversed=is_reversed))
        read.append(_read_part(part, settings, read[0].signals.acc_unit if read else None))
    samples, stretches, regularity = _together(read, place)
    is_sum = len([one for one in read if "acc_x" in one.channels]) > 1
    unit_notes = [note for one in read for note in _unit_notes(one.signals, one.channels)]
    notes = [note for part in parts for note in (*part.notes, *part.table.notes)]
    notes += [note for part in parts for note in part.columns.notes if note != REVERSED_NOTE]
    notes += [_SUM_NOTE] * is_sum + [REVERSED_NOTE] * is_reversed + unit_notes
    notes += [note for one in read for note in one.notes]
    channels = RAW_CHANNELS if samples.shape[1] > 3 else RAW_CHANNELS[:3]
    recording = Recording(
        samples,
        None,
        place,
        channels,
        notes=tuple(dict.fromkeys([*notes, *regularity])),
        stretches=stretches,
    )
    return _checked(recording, parts, settings, read)


def _with_one_clock(parts: Sequence[_Part]) -> Sequence[_Part]:
    """Leave the tables of a recording one column of time, so that their stamps can be compared."""
    names = [{part.columns.names[role] for role in part.columns.time_units} for part in parts]
    common = set.intersection(*names)
    if len(parts) == 1 or not common:
        return parts
    first = next(
        name
        for role in parts[0].columns.time_units
        if (name := parts[0].columns.names[role]) in common
    )
    return [replace(part, columns=part.columns.with_time(first)) for part in parts]


def _read_part(part: _Part, settings: _Settings, gravitys_unit: Unit | None) -> _ReadPart:
    """Read a table, fill what is missing in it, and find what only one sensor can show."""
    columns = part.columns
    acc_unit = settings.acc_unit or _of_heading(columns.acc_unit)
    is_linear = part.sensor == "linear"
    signals = read_signals(
        part.table,
        columns,
        acc_unit or (gravitys_unit if is_linear else None),
        settings.gyro_unit or _of_heading(columns.gyro_unit),
        has_gravity=not is_linear,
    )
    place, channels = str(part.table.path), columns.channels
    ticks, samples, notes = _in_time(part, signals, settings)
    complete, filling = fill_missing(
        ticks.seconds, samples, channels, LONGEST_HOLE_S, 1 / ticks.rate_hz, place
    )
    if complete is not None:
        ticks, samples = replace(ticks, seconds=ticks.seconds[complete]), samples[complete]
    notes += filling
    if part.sensor not in ("gravity", "linear"):
        notes += saturation_notes(samples, channels)
        notes += stillness_notes(ticks.seconds, samples, channels, place)
    return _ReadPart(signals, SensorSeries(part.name, ticks, samples), channels, notes)


def _of_heading(unit: str | None) -> Unit | None:
    return Unit(unit, "as the heading says") if unit else None


def _in_time(
    part: _Part, signals: Signals, settings: _Settings
) -> tuple[Ticks, FloatArray, list[str]]:
    """Return times and samples in order of time."""
    columns, place = part.columns, str(part.table.path)
    if settings.rate_hz is not None:
        note = f"time: {settings.rate_hz:g} samples a second as given by --rate-hz"
        if "time" in columns.names:
            note += f", instead of {columns.named('time')}"
        return regular_ticks(len(signals.samples), settings.rate_hz), signals.samples, [note]
    if not signals.stamps and (rate_hz := part.table.rate_hz) is not None:
        check_rate(rate_hz, f"{place}, rate in the file")
        note = f"time: no stamps, {rate_hz:g} samples a second as the file says"
        return regular_ticks(len(signals.samples), rate_hz), signals.samples, [note]
    if not signals.stamps:
        raise DataError(f"{place}: found no time stamps, expected them, or --rate-hz")
    times = time_columns(columns, signals.stamps, settings.time_unit)
    clock = choose_clock(times, signals.samples, place)
    samples = signals.samples if clock.rows is None else signals.samples[clock.rows]
    return clock.ticks, samples, list(clock.notes)


def _together(
    read: Sequence[_ReadPart], place: str
) -> tuple[FloatArray, tuple[Stretch, ...], list[str]]:
    """Bring the sensors to one grid, and add up what are two parts of acceleration."""
    series = [one.series for one in read]
    if len(series) == 1:
        return to_regular(series[0].ticks, series[0].samples, place)
    if share_ticks(series):
        widths = np.cumsum([one.samples.shape[1] for one in series])[:-1].tolist()
        stacked = np.hstack([one.samples for one in series])
        samples, stretches, notes = to_regular(series[0].ticks, stacked, place)
        aligned = np.split(samples, widths, axis=1)
    else:
        aligned, stretches, notes = align(series, place)
    acc = [values for one, values in zip(read, aligned, strict=True) if "acc_x" in one.channels]
    gyro = [
        values for one, values in zip(read, aligned, strict=True) if "acc_x" not in one.channels
    ]
    total = acc[0] if len(acc) == 1 else np.sum(acc, axis=0, dtype=np.float32)
    return np.hstack([total, *gyro]), stretches, notes


def _unit_notes(signals: Signals, channels: tuple[str, ...]) -> list[str]:
    notes = []
    if "acc_x" in channels:
        notes.append(f"acceleration: in {signals.acc_unit.name}, {signals.acc_unit.evidence}")
    if "gyro_x" in channels:
        notes.append(f"gyroscope: in {signals.gyro_unit.name}, {signals.gyro_unit.evidence}")
    return notes


def _checked(
    recording: Recording, parts: Sequence[_Part], settings: _Settings, read: Sequence[_ReadPart]
) -> Recording:
    """Check that gravity is there, and that the gyroscope explains its rotation."""
    samples, stretches, place = recording.samples, recording.stretches, recording.source
    factors = np.concatenate(
        [
            read[0].signals.factors,
            *(one.signals.factors for one in read[1:] if "gyro_x" in one.channels),
        ]
    )
    check_columns(samples, place, factors)
    check_gravity(samples, stretches, place)
    if samples.shape[1] == 3:
        check_movement(samples, stretches, place)
        return recording
    gyro_unit = read[-1].signals.gyro_unit
    signals = smoothed(samples, stretches)
    is_declared = bool(settings.gyro_unit or parts[-1].columns.gyro_unit)
    comparison, unit = in_better_unit(signals, gyro_unit.name)
    if unit != gyro_unit.name and is_declared:
        raise DataError(
            f"{place}: found angular rates that fit the turning of gravity in {unit}, "
            f"expected {gyro_unit.name} {gyro_unit.evidence}"
        )
    if unit != gyro_unit.name:
        told = Unit(unit, "told from how the phone turns")
        return _read(parts, replace(settings, gyro_unit=told), place)
    doubts = []
    if excess := turning_excess(signals):
        smaller = unit_of_excess(excess, unit)
        if smaller and not is_declared:
            told = Unit(
                smaller,
                f"told from how gravity stood still: {unit} would have turned it "
                f"{excess:.0f} times as far",
            )
            return _read(parts, replace(settings, gyro_unit=told), place)
        doubts.append(
            f"doubt: the gyroscope, in {unit} {gyro_unit.evidence}, would have turned gravity "
            f"{excess:.0f} times as far as it turned"
            + (f"; it could be in {smaller}: --gyro-unit {smaller}" if smaller else "")
        )
    check_movement(samples[:, :3] if doubts else samples, stretches, place)
    if not comparison.agrees:
        wrong = (
            exchanged_columns(signals, factors)
            if comparison.better is None
            else describe_relabeling(comparison.better)
        )
        if wrong:
            raise DataError(
                f"{place}: found a gyroscope that contradicts the accelerometer, as with {wrong}, "
                "expected both in the same right-handed axes"
            )
    return replace(recording, notes=(*recording.notes, _axes_note(comparison), *doubts))


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
