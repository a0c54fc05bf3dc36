"""Clocks and counters that begin anew while a recording goes on: midnight, 2³², summer time."""

from __future__ import annotations

import numpy as np

from har.arrays import BoolArray
from har.reading.times.steps import usual_step
from har.reading.times.time_units import SECONDS
from har.reading.times.timestamps import StampArray, Stamps

# A wrap is unmistakable if the clock goes on within this many steps, as the counter is full.
_MOST_STEPS = 3.0
_COUNTER_BITS = (16, 24, 31, 32)
# Counts of ns may be written as µs, ms or seconds.
_COUNTER_SCALES = (1, 1e3, 1e6, 1e9)
_DAY_S, _HOUR_S = 86_400.0, 3600.0
# Of a clock time alone nobody knows the day; one before the last is of the next day.
_NEARLY = 0.999


def continued(stamps: Stamps, unit: str | None) -> tuple[StampArray, list[str]]:
    """Continue stamps whose clock began anew.

    Parameters
    ----------
    stamps : Stamps
        Stamps in the order of the file, none missing.
    unit : str or None
        Unit of the stamps, if it is known.

    Returns
    -------
    values : ndarray, shape (n_rows,)
        Stamps that go on; the array given if nothing began anew.
    notes : list of str
    """
    values = stamps.values
    notes: list[str] = []
    if len(values) < 3:
        return values, notes
    if stamps.period is not None:
        values, notes = _with_clock_continued(values, stamps.period)
    elif stamps.unit is None:
        values, notes = _with_counter_continued(values, unit)
    if stamps.is_local or (stamps.is_date and stamps.unit is None and unit):
        values, more = _with_summer_time(values, stamps.unit or unit or "s", stamps.is_local)
        notes += more
    return values, notes


def _with_clock_continued(values: StampArray, period: float) -> tuple[StampArray, list[str]]:
    """Continue clock times over midnight, or over the hour where hours are not written."""
    steps = np.diff(values)
    turns = np.zeros(len(values), np.int64)
    # Rows that changed places at midnight go forward by almost a period.
    turns[1:] = np.cumsum((steps < -period / 2).astype(np.int64) - (steps > _NEARLY * period))
    if not turns.any():
        return values, []
    n_turns = int(turns.max() - turns.min())
    over = "the hour" if period * SECONDS["ns"] <= _HOUR_S else "midnight"
    if period * SECONDS["ns"] == _DAY_S / 2:
        over = "twelve o'clock"
    times = "once" if n_turns == 1 else f"{n_turns} times"
    return values + turns * int(period), [f"time: the clock passes {over} {times}"]


def _with_counter_continued(values: StampArray, unit: str | None) -> tuple[StampArray, list[str]]:
    """Continue a counter that was full, if all shows that it was."""
    steps = np.diff(values)
    if not (steps < 0).any():
        return values, []
    step, span = usual_step(values), float(values.max()) - float(values.min())
    near = _MOST_STEPS * step
    for period, name in _periods(unit):
        starts_at = 0.0 if values.min() >= 0 else -period / 2
        is_full = span <= period and float(values.max()) >= starts_at + period - near
        is_empty = float(values.min()) <= starts_at + near
        if not (is_full and is_empty):
            continue
        wraps = (np.abs(steps + period) <= near).astype(np.int64) - (np.abs(steps - period) <= near)
        if not (wraps > 0).any():
            continue
        turns = np.concatenate([[0], np.cumsum(wraps)])
        if values.dtype.kind == "i" and float(period).is_integer():
            moved = values + turns * int(period)
        else:
            moved = values + turns * period
        n_turns = int((wraps > 0).sum())
        times = "once" if n_turns == 1 else f"{n_turns} times"
        return moved, [f"time: the counter began anew at {name} {times}, and is continued"]
    return values, []


def _periods(unit: str | None) -> list[tuple[float, str]]:
    """Return the differences after which counters of numbers begin anew, with their names."""
    periods = [
        (2.0**bits / scale, f"2^{bits}" if scale == 1 else f"2^{bits} / {scale:.0e}")
        for bits in _COUNTER_BITS
        for scale in _COUNTER_SCALES
    ]
    days = [(_DAY_S / SECONDS[unit], "midnight")] if unit else []
    return [*days, *periods]


def _with_summer_time(
    values: StampArray, unit: str, is_local: bool
) -> tuple[StampArray, list[str]]:
    """Continue stamps over an hour that comes twice, or is left out."""
    steps = np.diff(values)
    hour, near = _HOUR_S / SECONDS[unit], _MOST_STEPS * usual_step(values)
    is_back = (steps >= -hour - near / _MOST_STEPS) & (steps <= -hour + near)
    is_ahead: BoolArray = np.zeros(len(steps), np.bool_)
    if is_local:
        # The hour is left out between two full hours; a gap would begin and end anywhere.
        is_ahead = (steps >= hour) & (steps <= hour + near)
        to_hour = -values[:-1] % round(hour)
        is_ahead &= (to_hour <= near) & (values[1:] % round(hour) <= near)
    hours = np.concatenate([[0], np.cumsum(is_back.astype(np.int64) - is_ahead.astype(np.int64))])
    if not hours.any():
        return values, []
    notes = []
    if is_back.any():
        notes.append("time: the clock was put back by an hour (summer time), and is continued")
    if is_ahead.any():
        notes.append("time: the clock was put forward by an hour (summer time), and is continued")
    whole = values.dtype.kind == "i" and float(hour).is_integer()
    return values + hours * (int(hour) if whole else hour), notes
