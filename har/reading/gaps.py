"""What is missing in a recording: short holes are filled, and it is cut at long ones, its gaps.

Empty cells are filled channel by channel. Then the rows that remain are cut at the gaps, and each
part is brought to 50 Hz.
"""

from __future__ import annotations

import itertools

import numpy as np

from har.arrays import BoolArray, FloatArray, IntArray
from har.errors import DataError
from har.reading.times.clock import Ticks
from har.signals.channels import SAMPLE_RATE_HZ
from har.signals.recording import Stretch
from har.signals.resampling import fits_grid, resample

# A packet is lost every few seconds at worst. Many stretches are no harm unless they are short.
_MOST_STRETCHES, _FEWEST_SAMPLES = 10_000, 25


def fill_channel(
    seconds: FloatArray, values: FloatArray, longest_s: float, step_s: float
) -> tuple[FloatArray, BoolArray]:
    """Interpolate short runs of missing values in one channel.

    Parameters
    ----------
    seconds : ndarray of float64, shape (n_timesteps,)
        Times of the samples, increasing.
    values : ndarray, shape (n_timesteps,)
        Values, NaN where missing.
    longest_s : float
        Longest run to fill; those at either end are never filled.
    step_s : float
        Time from a sample to the next, the length of a single missing one.

    Returns
    -------
    filled : ndarray, shape (n_timesteps,)
        Values with the short runs filled.
    was_filled : ndarray of bool, shape (n_timesteps,)
    """
    known = np.flatnonzero(~np.isnan(values))
    # The time from one known value to the next, less a step, belongs to the missing ones between.
    is_short = np.diff(seconds[known]) - step_s <= longest_s * 1.000001
    here = np.flatnonzero(np.isnan(values))
    run = np.searchsorted(known, here) - 1
    inside = (run >= 0) & (run < len(known) - 1)
    here, run = here[inside], run[inside]
    here = here[is_short[run]]
    filled = values.copy()
    filled[here] = np.interp(seconds[here], seconds[known], values[known])
    was_filled = np.zeros(len(values), np.bool_)
    was_filled[here] = True
    return filled, was_filled


def fill_missing(
    seconds: FloatArray,
    samples: FloatArray,
    channels: tuple[str, ...],
    longest_s: float,
    step_s: float,
    place: str,
) -> tuple[BoolArray | None, list[str]]:
    """Fill short runs of missing values in place, and find the rows that stay incomplete.

    Parameters
    ----------
    seconds, longest_s, step_s
        Times of the samples, longest run to fill and length of a step, as for `fill_channel`.
    samples : ndarray, shape (n_timesteps, n_channels)
        Values, NaN where missing; short runs are overwritten.
    channels : tuple of str
        Names of the columns.
    place : str
        File, for the message.

    Returns
    -------
    complete : ndarray of bool, shape (n_timesteps,), or None
        Rows to keep; None if all.
    notes : list of str

    Raises
    ------
    DataError
        If a channel has no values, or too few rows are complete.
    """
    notes = []
    complete = np.ones(len(samples), np.bool_)
    for index, channel in enumerate(channels):
        is_missing = np.isnan(samples[:, index])
        n_missing = int(is_missing.sum())
        if n_missing == len(samples):
            raise DataError(f"{place}: found no value of {channel} in any row, expected numbers")
        if n_missing:
            filled, was_filled = fill_channel(seconds, samples[:, index], longest_s, step_s)
            samples[:, index] = filled
            complete &= ~np.isnan(filled)
            share = n_missing / len(samples)
            notes.append(
                f"{channel}: {n_missing} cells ({share:.2g} of all) were empty, "
                f"{int(was_filled.sum())} of them interpolated in runs of up to {longest_s:g} s"
            )
    n_complete = int(complete.sum())
    n_left_out = len(complete) - n_complete
    if n_complete < 2:
        raise DataError(
            f"{place}: found {n_complete} rows with all of {', '.join(channels)}, "
            "expected at least 2"
        )
    if n_left_out:
        notes.append(f"rows: {n_left_out} left out for empty cells in longer runs, or at the ends")
    return (complete if n_left_out else None), notes


def to_regular(
    ticks: Ticks, samples: FloatArray, place: str
) -> tuple[FloatArray, tuple[Stretch, ...], list[str]]:
    """Cut a recording at its gaps, and bring each part to 50 Hz if it is not there already.

    Parameters
    ----------
    ticks : Ticks
        Times of the samples.
    samples : ndarray of float32, shape (n_timesteps, n_channels)
        Signals without NaN.
    place : str
        File, for the message.

    Returns
    -------
    samples : ndarray of float32, shape (n_new_timesteps, n_channels)
        The array given itself, if all samples fit a grid of 50 Hz.
    stretches : tuple of Stretch
    notes : list of str

    Raises
    ------
    DataError
        If there is hardly anything but gaps.
    """
    starts = ticks.stretch_starts()
    check_stretches(len(starts), len(samples), place)
    parts = [slice(*ends) for ends in itertools.pairwise([*starts.tolist(), len(samples)])]
    notes = _gap_notes(ticks.seconds, starts)
    if all(fits_grid(ticks.seconds[part], SAMPLE_RATE_HZ) for part in parts):
        notes.append(f"samples: as they are, each within half a step of {SAMPLE_RATE_HZ:g} Hz")
        lengths = [part.stop - part.start for part in parts]
    else:
        notes += _resampling_notes(ticks)
        resampled = [
            resample(ticks.seconds[part], samples[part], ticks.rate_hz, SAMPLE_RATE_HZ)
            for part in parts
        ]
        lengths = [len(part) for part in resampled]
        samples = resampled[0] if len(resampled) == 1 else np.concatenate(resampled)
    firsts = [0, *np.cumsum(lengths).tolist()[:-1]]
    starts_s = ticks.seconds[starts].tolist()
    return samples, tuple(map(Stretch, firsts, lengths, starts_s)), notes


def check_stretches(n_stretches: int, n_samples: int, place: str) -> None:
    """Refuse a recording that is hardly anything but gaps.

    Raises
    ------
    DataError
        If there are many stretches, of half a second or less in the mean.
    """
    if n_stretches > _MOST_STRETCHES and n_samples < _FEWEST_SAMPLES * n_stretches:
        raise DataError(
            f"{place}: found {n_stretches - 1:,} gaps among {n_samples:,} samples, expected "
            "samples that follow each other for seconds"
        )


def _gap_notes(seconds: FloatArray, starts: IntArray) -> list[str]:
    n_gaps = len(starts) - 1
    if n_gaps == 0:
        return []
    lengths_s = seconds[starts[1:]] - seconds[starts[1:] - 1]
    longest = int(np.argmax(lengths_s))
    at_s = seconds[starts[1 + longest] - 1] - seconds[0]
    return [
        f"time: {n_gaps} {'gap' if n_gaps == 1 else 'gaps'}, the longest "
        f"{lengths_s[longest]:.2f} s from {at_s:.1f} s on"
    ]


def _resampling_notes(ticks: Ticks) -> list[str]:
    """Note how samples were brought to 50 Hz, and what their rate cannot show."""
    steps = np.diff(ticks.seconds)
    is_hole = (steps > 1.5 / ticks.rate_hz) & (steps <= ticks.longest_step_s)
    notes = [f"samples: brought from {ticks.rate_hz:.4g} Hz to {SAMPLE_RATE_HZ:g} Hz"]
    if ticks.rate_hz > SAMPLE_RATE_HZ * 1.01:
        notes[0] += f" through a low-pass at {SAMPLE_RATE_HZ / 2:g} Hz"
    if ticks.rate_hz < SAMPLE_RATE_HZ * 0.99:
        notes[0] += f"; movement faster than {ticks.rate_hz / 2:.3g} Hz is missing"
    if n_holes := int(is_hole.sum()):
        notes.append(
            f"time: {n_holes} {'hole' if n_holes == 1 else 'holes'} of up to "
            f"{min(steps[is_hole].max(), ticks.longest_hole_s):.2g} s interpolated"
        )
    return notes
