"""From samples at any times to stretches at exactly 50 Hz."""

from __future__ import annotations

import itertools

import numpy as np

from har.arrays import FloatArray, IntArray
from har.reading.clock import Ticks
from har.signals.channels import SAMPLE_RATE_HZ
from har.signals.recording import LONGEST_HOLE_S, Stretch
from har.signals.resampling import fits_grid, resample


def to_regular(
    ticks: Ticks, samples: FloatArray
) -> tuple[FloatArray, tuple[Stretch, ...], list[str]]:
    """Cut a recording at its gaps, and bring each part to 50 Hz if it is not there already.

    Parameters
    ----------
    ticks : Ticks
        When the samples were taken.
    samples : ndarray of float32, shape (n_timesteps, n_channels)
        Without NaN.

    Returns
    -------
    samples : ndarray of float32, shape (n_new_timesteps, n_channels)
        The very array given, if all samples fit a grid of 50 Hz.
    stretches : tuple of Stretch
    notes : list of str
    """
    starts = ticks.stretch_starts()
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
    """Say how samples were brought to 50 Hz, and what cannot be had."""
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
            f"{min(steps[is_hole].max(), LONGEST_HOLE_S):.2g} s interpolated"
        )
    return notes
