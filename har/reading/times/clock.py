"""The clock of a recording: the time of each sample, rate, jitter and gaps."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from har.arrays import FloatArray, IntArray
from har.errors import DataError
from har.reading.times.arrivals import spread_arrivals
from har.reading.times.order import OrderedRows, rows_in_order
from har.reading.times.steps import usual_step
from har.reading.times.time_units import (
    DECLARABLE,
    HIGHEST_RATE_HZ,
    LOWEST_RATE_HZ,
    NAMES,
    SECONDS,
    is_likely_rate,
    likely_time_unit,
)
from har.reading.times.timestamps import StampArray, Stamps
from har.signals.recording import LONGEST_HOLE_S

# Stamps such as 0.1 are not exact.
_EXACTLY = 1.000001
# Devices are never on for 16 years; longer times since something say a date.
_LONGEST_UPTIME_S = 5e8
# Stamps nearer to the one before than this part of the median step are the same moment.
_REPEATED_PART = 0.1


@dataclass(frozen=True)
class Ticks:
    """Times of samples, with the rate and jitter that they show.

    Parameters
    ----------
    seconds : ndarray of float64, shape (n_timesteps,)
        Time since the first sample, strictly increasing.
    rate_hz : float
        One over the median step.
    jitter_s : float
        Difference from the median step that 95 % of the steps stay below; a gap counts as no
        difference.
    origin_s : float
        The first stamp in seconds, by which clocks of several sensors are put together.
    longest_hole_s : float
        Longest step that is no gap, unless the rate makes it longer.
    """

    seconds: FloatArray
    rate_hz: float
    jitter_s: float
    origin_s: float = 0.0
    longest_hole_s: float = LONGEST_HOLE_S

    @property
    def longest_step_s(self) -> float:
        """Longest step that is no gap."""
        return max(self.longest_hole_s * _EXACTLY, 1.5 / self.rate_hz)

    def stretch_starts(self) -> IntArray:
        """Return the first sample of each stretch: sample 0, and those after a gap."""
        gaps = np.flatnonzero(np.diff(self.seconds) > self.longest_step_s) + 1
        return np.concatenate([[0], gaps])


@dataclass(frozen=True)
class Clock:
    """The times of a file's rows.

    Parameters
    ----------
    ticks : Ticks
        Times of the rows that are kept.
    rows : ndarray of int or None
        Rows that they belong to, in order of time; None means all as they are.
    notes : tuple of str
        Assumptions and corrections.
    unit : str
        Unit of the stamps, a key of `har.reading.times.time_units.SECONDS`.
    coarseness_s : float
        Usual step from one stamp to another one.
    is_estimated : bool
        True if times were spread evenly, or a gap is of unknown length.
    """

    ticks: Ticks
    rows: IntArray | None
    notes: tuple[str, ...]
    unit: str
    coarseness_s: float
    is_estimated: bool


def check_rate(rate_hz: float, place: str) -> None:
    """Refuse a rate that no recording of movement has.

    Parameters
    ----------
    rate_hz : float
        Samples per second; clocks may be 0.1 % off.
    place : str
        File and column, or argument, for the message.

    Raises
    ------
    DataError
        If it is not within 10 to 1000 Hz.
    """
    if not is_likely_rate(rate_hz):
        raise DataError(
            f"{place}: found {rate_hz:.4g} samples a second, "
            f"expected {LOWEST_RATE_HZ:.0f} to {HIGHEST_RATE_HZ:.0f}"
        )


def regular_ticks(n_samples: int, rate_hz: float) -> Ticks:
    """Return the ticks of evenly spaced samples."""
    return Ticks(np.arange(n_samples) / rate_hz, rate_hz, 0.0)


def read_clock(
    stamps: Stamps, samples: FloatArray | None, declared: str | None, column: str, place: str
) -> Clock:
    """Turn the stamps of a file into seconds, and note assumptions and corrections.

    Parameters
    ----------
    stamps : Stamps
        Numbers or dates, as in the file.
    samples : ndarray, shape (n_rows, n_channels), or None
        Signals, which show whether rows that share a stamp are the same.
    declared : str or None
        Unit of numbers, if the user or the heading declares it.
    column : str
        Name of the column, for notes and messages.
    place : str
        File, for messages.

    Returns
    -------
    Clock

    Raises
    ------
    DataError
        If the stamps are no times, or their rate is of no use.
    """
    place = f"{place}, {column}"
    values = stamps.values
    if values.dtype.kind == "f" and np.isinf(values).any():
        row = int(np.argmax(np.isinf(values))) + 1
        raise DataError(f"{place}, row {row}: found an infinite stamp, expected a time")
    n_known = len(values) - int(stamps.is_missing().sum())
    if n_known < 2:
        raise DataError(f"{place}: found {n_known} usable stamps, expected at least 2")
    unit = stamps.unit or declared or _guessed_unit(stamps)
    if stamps.unit is None and unit is not None:
        size_s = abs(float(np.nanmedian(values))) * SECONDS[unit]
        stamps = replace(stamps, is_date=size_s > _LONGEST_UPTIME_S)
    ordered = rows_in_order(stamps, samples, unit, place)
    spread_arrivals(ordered, samples, unit, place)
    _leave_out_repeats(ordered)
    if len(ordered.values) < 2:
        raise DataError(f"{place}: found {len(ordered.values)} usable stamps, expected at least 2")
    unit = stamps.unit or declared or _unit_of(ordered.values, values, place)
    ticks = _measured_ticks(ordered.values, unit, place)
    in_unit = f"in {NAMES[unit]}" if declared else f"taken to be in {NAMES[unit]}"
    evidence = stamps.evidence or in_unit
    jitter = f"jitter {ticks.jitter_s * 1000:.1f} ms (95 %)"
    first = f"time: {column} {evidence}, {ticks.rate_hz:.4g} Hz, {jitter}"
    steps = np.diff(values)
    coarseness_s = float(np.median(steps[steps > 0])) * SECONDS[unit]
    notes = (first, *ordered.notes)
    return Clock(ticks, ordered.rows, notes, unit, coarseness_s, ordered.is_estimated)


def _leave_out_repeats(ordered: OrderedRows) -> None:
    """Leave out rows whose stamp is next to that of the row before: it was measured once.

    Between such rows any difference of signals would be a movement without end.
    """
    steps = np.diff(ordered.values)
    if not len(steps):
        return
    is_again = np.concatenate([[False], steps < _REPEATED_PART * np.median(steps)])
    n_again = int(is_again.sum())
    if n_again:
        rows = "1 row" if n_again == 1 else f"{n_again} rows"
        ordered.notes.append(f"time: {rows} next to the stamp of an earlier row, left out")
        ordered.keep(~is_again)


def _guessed_unit(stamps: Stamps) -> str | None:
    """Guess the unit before rows are in order, from the mean step or the median one."""
    values = stamps.values[~stamps.is_missing()]
    steps = np.diff(values)
    forward = steps[steps > 0]
    if not len(forward):
        return None
    size = float(np.median(values))
    for step in (usual_step(values), float(np.median(forward))):
        if step > 0 and (unit := likely_time_unit(step, size)):
            return unit
    return None


def _unit_of(values: StampArray, as_written: StampArray, place: str) -> str:
    """Infer the unit from the median step, when rows are in order."""
    step = float(np.median(np.diff(values)))
    unit = likely_time_unit(step, float(np.nanmedian(as_written)))
    if unit is None:
        raise DataError(
            f"{place}: found steps of {step:g} in no known unit, expected 10 to 1000 samples a "
            f"second: give --time-unit ({', '.join(DECLARABLE)}) or --rate-hz"
        )
    return unit


def _measured_ticks(stamps: StampArray, unit: str, place: str) -> Ticks:
    """Measure the rate and jitter of strictly increasing stamps; refuse a rate of no use."""
    # The difference of integers is exact, whatever their size.
    seconds = (stamps - stamps[0]) * SECONDS[unit]
    steps = np.diff(seconds)
    # In place, as a day has millions of steps, whose order does not matter.
    step = float(np.median(steps, overwrite_input=True))
    if not (step > 0 and np.isfinite(seconds[-1])):
        raise DataError(
            f"{place}: found stamps from {stamps[0]:.6g} to {stamps[-1]:.6g} with steps of "
            f"{step:g}, expected 10 to 1000 samples a second"
        )
    check_rate(1 / step, f"{place} (in {NAMES[unit]})")
    # Gaps are no jitter.
    steps[steps > max(LONGEST_HOLE_S, 1.5 * step)] = step
    steps -= step
    np.abs(steps, out=steps)
    jitter_s = float(np.quantile(steps, 0.95, overwrite_input=True))
    return Ticks(seconds, 1 / step, jitter_s, float(stamps[0]) * SECONDS[unit])
