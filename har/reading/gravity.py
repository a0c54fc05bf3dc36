"""Gravity as a check: at rest the acceleration is 1 g long, whichever way the phone lies."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from har.arrays import FloatArray
from har.errors import DataError
from har.reading.units import STANDARD_GRAVITY
from har.signals.channels import RAW_CHANNELS
from har.signals.recording import Stretch

# A second at 50 Hz.
_BLOCK_SAMPLES = 50
_BLOCKS_AT_ONCE = 2000
_FEWEST_BLOCKS = 10
_QUIET_SHARE = 0.3
# On cuts of 20 s to a whole recording out of all of HAPT, the quietest seconds miss 1 g by 0.067 at
# most; when a column carries something else, by 0.1 and more as soon as the phone has been turned.
_LARGEST_MISS = 0.1
_FITTING_MISS = 0.05
# No movement and no fall lasts for seconds at such lengths: beyond them the unit is another.
_LARGEST_G, _SMALLEST_G = 4.0, 0.25
_FEWEST_ODD_SECONDS = 3


def block_moments(samples: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return the mean and the standard deviation of each block of 50 samples.

    Parameters
    ----------
    samples : ndarray, shape (n_timesteps, n_channels)
        Signals in any units; NaN makes a block NaN.

    Returns
    -------
    means, deviations : ndarray of float64, shape (n_blocks, n_channels)
        An incomplete last block is left out.
    """
    n_blocks, n_channels = len(samples) // _BLOCK_SAMPLES, samples.shape[1]
    means, deviations = np.empty((2, n_blocks, n_channels))
    for first in range(0, n_blocks, _BLOCKS_AT_ONCE):
        here = slice(first, min(first + _BLOCKS_AT_ONCE, n_blocks))
        rows = samples[here.start * _BLOCK_SAMPLES : here.stop * _BLOCK_SAMPLES]
        blocks = rows.reshape(-1, _BLOCK_SAMPLES, n_channels)
        means[here], deviations[here] = blocks.mean(1), blocks.std(1)
    return means, deviations


def misnamed_columns(samples: FloatArray, factors: FloatArray | float = 1.0) -> str | None:
    """Find a column whose name is exchanged with another's, or whose unit differs from the others'.

    In the quietest seconds the acceleration is equally long, unless two columns are exchanged, or
    one is in m/s² and the others are in g.

    Parameters
    ----------
    samples : ndarray, shape (n_timesteps, 3 or 6)
        Signals with the columns of `har.signals.channels.RAW_CHANNELS`.
    factors : float or ndarray, shape (3 or 6,)
        Factors that the values in the file were multiplied by.

    Returns
    -------
    str or None
        The error that would explain different lengths; None if they are equal, or none does.
    """
    means, deviations = (moments / factors for moments in block_moments(samples))
    is_whole = np.isfinite(means).all(axis=1)
    means, deviations = means[is_whole], deviations[is_whole]
    if len(means) < _FEWEST_BLOCKS:
        return None
    typical = np.median(deviations, axis=0)
    movement = (deviations / np.where(typical > 0, typical, 1)).max(axis=1)
    n_quiet = max(int(_QUIET_SHARE * len(means)), _FEWEST_BLOCKS // 2)
    quiet = means[np.argsort(movement)[:n_quiet]]
    if _miss(quiet) <= _LARGEST_MISS:
        return None
    miss, explanation = min((_miss(changed), text) for changed, text in _rearranged(quiet))
    return explanation if miss < _FITTING_MISS else None


def check_columns(samples: FloatArray, place: str, factors: FloatArray | float = 1.0) -> None:
    """Refuse a recording in which `misnamed_columns` finds an error.

    Parameters
    ----------
    samples, factors
        Signals and their factors, as for `misnamed_columns`.
    place : str
        File, for the message.

    Raises
    ------
    DataError
        If two columns seem to be exchanged, or one in another unit.
    """
    if misnamed := misnamed_columns(samples, factors):
        raise DataError(
            f"{place}: found accelerations at rest of different lengths, as with {misnamed}, "
            "expected about 1 g: name the columns right"
        )


def check_gravity(samples: FloatArray, stretches: tuple[Stretch, ...], place: str) -> None:
    """Refuse acceleration without gravity, or in more than one unit.

    Parameters
    ----------
    samples : ndarray, shape (n_timesteps, n_channels)
        Signals at 50 Hz; the first three channels are acceleration, presumably in g.
    stretches : tuple of Stretch
        Parts between gaps.
    place : str
        File, for the message.

    Raises
    ------
    DataError
        If the length of the acceleration changes, or gravity is missing.
    """
    means, deviations = block_moments(samples[:, :3])
    # The root of the mean square, and the length of the mean.
    lengths = np.sqrt((means**2 + deviations**2).sum(axis=1))
    odd = np.flatnonzero((lengths > _LARGEST_G) | (lengths < _SMALLEST_G))
    if len(odd) >= _FEWEST_ODD_SECONDS:
        first = int(odd[0]) * _BLOCK_SAMPLES
        stretch = next(s for s in reversed(stretches) if s.first_sample <= first)
        start_s = stretch.start_s + (first - stretch.first_sample) / _BLOCK_SAMPLES
        raise DataError(
            f"{place}: found accelerations of {lengths[odd[0]]:.3g} g in the second from "
            f"{start_s:.1f} s on, and {len(odd) - 1} more such seconds, "
            "expected about 1 g throughout: one unit, and gravity included"
        )
    if len(means) >= _FEWEST_BLOCKS:
        length, steady = np.median(lengths), np.median(np.linalg.norm(means, axis=1))
        if steady < 0.4 * length:
            raise DataError(
                f"{place}: found acceleration that averages {steady:.2g} g over a second, expected "
                "about 1 g: gravity was removed; apps call what is needed accelerometer, raw or "
                "total acceleration, or acceleration with gravity"
            )


def _miss(means: FloatArray) -> float:
    """Measure how far lengths are from 1 g, in g or in m/s² as fits better."""
    lengths = np.linalg.norm(means[:, :3], axis=1)
    return float(min(np.abs(lengths / one - 1).mean() for one in (1.0, STANDARD_GRAVITY)))


def _rearranged(means: FloatArray) -> Iterator[tuple[FloatArray, str]]:
    """Correct one possible error after the other, each with its description."""
    for axis in range(3):
        for other in range(3, means.shape[1]):
            changed = means.copy()
            changed[:, [axis, other]] = means[:, [other, axis]]
            yield changed, f"{RAW_CHANNELS[axis]} and {RAW_CHANNELS[other]} exchanged"
        for factor, unit in ((STANDARD_GRAVITY, "g"), (1 / STANDARD_GRAVITY, "m/s2")):
            changed = means.copy()
            changed[:, axis] *= factor
            others = "m/s2" if unit == "g" else "g"
            yield changed, f"{RAW_CHANNELS[axis]} in {unit} and the others in {others}"
