"""The clock of a recording: the time of each sample, rate, jitter and gaps."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from har.arrays import FloatArray, IntArray
from har.errors import DataError
from har.reading.times.timestamps import (
    HIGHEST_RATE_HZ,
    LOWEST_RATE_HZ,
    NAMES,
    RATE_TOLERANCE,
    SECONDS,
    StampArray,
    rows_in_order,
    time_unit_of,
)
from har.signals.recording import LONGEST_HOLE_S

# Stamps such as 0.1 are not exact.
_EXACTLY = 1.000001


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
    """

    seconds: FloatArray
    rate_hz: float
    jitter_s: float
    origin_s: float = 0.0

    @property
    def longest_step_s(self) -> float:
        """Longest step that is no gap."""
        return max(LONGEST_HOLE_S * _EXACTLY, 1.5 / self.rate_hz)

    def stretch_starts(self) -> IntArray:
        """Return the first sample of each stretch: sample 0, and those after a gap."""
        gaps = np.flatnonzero(np.diff(self.seconds) > self.longest_step_s) + 1
        return np.concatenate([[0], gaps])


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
    if not LOWEST_RATE_HZ / RATE_TOLERANCE <= rate_hz <= HIGHEST_RATE_HZ * RATE_TOLERANCE:
        raise DataError(
            f"{place}: found {rate_hz:.4g} samples a second, "
            f"expected {LOWEST_RATE_HZ:.0f} to {HIGHEST_RATE_HZ:.0f}"
        )


def regular_ticks(n_samples: int, rate_hz: float) -> Ticks:
    """Return the ticks of evenly spaced samples."""
    return Ticks(np.arange(n_samples) / rate_hz, rate_hz, 0.0)


def read_clock(
    stamps: StampArray, declared: str | None, column: str, place: str
) -> tuple[Ticks, IntArray | None, list[str]]:
    """Turn the stamps of a file into seconds, and note assumptions and corrections.

    Parameters
    ----------
    stamps : ndarray
        Numbers or dates, as in the file.
    declared : str or None
        Their unit, if the user or the heading declares it.
    column : str
        Name of the column, for notes and messages.
    place : str
        File, for messages.

    Returns
    -------
    ticks : Ticks
    rows : ndarray of int or None
        Rows that they belong to; None means all.
    notes : list of str

    Raises
    ------
    DataError
        If the stamps are no times, or their rate is of no use.
    """
    place = f"{place}, {column}"
    if stamps.dtype.kind == "f" and np.isinf(stamps).any():
        row = int(np.argmax(np.isinf(stamps))) + 1
        raise DataError(f"{place}, row {row}: found an infinite stamp, expected a time")
    rows, notes = rows_in_order(stamps, place)
    stamps = stamps if rows is None else stamps[rows]
    if len(stamps) < 2:
        raise DataError(f"{place}: found {len(stamps)} usable stamps, expected at least 2")
    if stamps.dtype.kind == "M":
        unit, evidence = "ns", "as dates"
        stamps = stamps.astype(np.int64)
    elif declared:
        unit, evidence = declared, f"in {NAMES[declared]}"
    else:
        unit = time_unit_of(stamps, place)
        evidence = f"taken to be in {NAMES[unit]}"
    ticks = _measured_ticks(stamps, unit, place)
    jitter = f"jitter {ticks.jitter_s * 1000:.1f} ms (95 %)"
    return ticks, rows, [f"time: {column} {evidence}, {ticks.rate_hz:.4g} Hz, {jitter}", *notes]


def _measured_ticks(stamps: StampArray, unit: str, place: str) -> Ticks:
    """Measure the rate and jitter of strictly increasing stamps; refuse a rate of no use."""
    # The difference of integers is exact, whatever their size.
    seconds = (stamps - stamps[0]) * SECONDS[unit]
    steps = np.diff(seconds)
    # In place, as a day has millions of steps, whose order does not matter.
    step = float(np.median(steps, overwrite_input=True))
    check_rate(1 / step, f"{place} (in {NAMES[unit]})")
    # Gaps are no jitter.
    steps[steps > max(LONGEST_HOLE_S, 1.5 * step)] = step
    steps -= step
    np.abs(steps, out=steps)
    jitter_s = float(np.quantile(steps, 0.95, overwrite_input=True))
    return Ticks(seconds, 1 / step, jitter_s, float(stamps[0]) * SECONDS[unit])
