"""Rows with time stamps as recordings at 50 Hz, of one sensor or of two with their own clocks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from har.arrays import FloatArray, IntArray
from har.reading.gaps import to_regular
from har.reading.sensors.alignment import SensorSeries, align
from har.reading.times.clock import read_clock
from har.reading.times.timestamps import StampArray, Stamps
from har.signals.channels import RAW_CHANNELS
from har.signals.recording import LONGEST_HOLE_S, Recording
from har.signals.subjects import Subject


@dataclass(frozen=True)
class TimedRows:
    """Rows of one sensor in order of time.

    Parameters
    ----------
    series : SensorSeries
        Their times and signals.
    rows : ndarray of int, shape (n_kept,)
        Indices of the rows that were kept, in order of time.
    notes : tuple of str
        Assumptions and corrections about their times.
    """

    series: SensorSeries
    rows: IntArray
    notes: tuple[str, ...]


def time_rows(
    name: str,
    stamps: StampArray,
    unit: str,
    samples: FloatArray,
    place: str,
    longest_hole_s: float = LONGEST_HOLE_S,
) -> TimedRows:
    """Put the rows of a sensor in order of time.

    Parameters
    ----------
    name : str
        Name of the sensor.
    stamps : ndarray, shape (n_rows,)
        Time stamps.
    unit : {"s", "ms", "ns"}
        Their unit.
    samples : ndarray of float32, shape (n_rows, n_channels)
        Signals in g or rad/s, without NaN.
    place : str
        File, for messages.
    longest_hole_s : float
        Longest step between rows that is no gap.

    Returns
    -------
    TimedRows

    Raises
    ------
    DataError
        If there is no order in the stamps, or they are too few.
    """
    clock = read_clock(Stamps(stamps), samples, unit, name, place)
    rows = np.arange(len(samples)) if clock.rows is None else clock.rows
    ticks = replace(clock.ticks, longest_hole_s=longest_hole_s)
    return TimedRows(SensorSeries(name, ticks, samples[rows]), rows, clock.notes)


def put_together(
    sensors: Sequence[TimedRows], subject: Subject, place: str, notes: Sequence[str] = ()
) -> Recording:
    """Bring one sensor, or two, to 50 Hz wherever they measured.

    Parameters
    ----------
    sensors : sequence of TimedRows
        One with all channels; or accelerometer, then gyroscope, whose stamps are of one clock.
    subject : int or str
        Person.
    place : str
        File, for messages.
    notes : sequence of str
        Notes to begin with.

    Returns
    -------
    Recording
        Its times count from the first sample of any sensor.

    Raises
    ------
    DataError
        If there is no time at which both sensors were measured.
    """
    series = [sensor.series for sensor in sensors]
    if len(series) == 1:
        samples, stretches, resampled = to_regular(series[0].ticks, series[0].samples, place)
    else:
        parts, stretches, resampled = align(series, place)
        samples = np.hstack(parts)
    of_clocks = [note for sensor in sensors for note in sensor.notes]
    return Recording(
        samples,
        subject,
        place,
        RAW_CHANNELS[: samples.shape[1]],
        notes=(*notes, *of_clocks, *resampled),
        stretches=stretches,
    )
