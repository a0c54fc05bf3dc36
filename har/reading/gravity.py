"""Gravity as a check: at rest the acceleration is 1 g long, whichever way the phone lies."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import scipy

from har.arrays import FloatArray
from har.errors import DataError
from har.reading.units import STANDARD_GRAVITY, STEADY_SHARE, without_gravity
from har.signals.channels import RAW_CHANNELS, SAMPLE_RATE_HZ
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
# Typical seconds have a mean within these limits, whatever the movement: 0.89 to 1.26 g in the 205
# recordings of HAPT and MotionSense, runners' too.
_PLAUSIBLE_MEAN_G = (0.6, 1.6)

# Gravity that turns at f Hz changes by 1 / (2π f) g for each rad/s: by 0.08 above 2 Hz. In 205
# recordings and their cuts of 12 s accelerometers show 0.093 or more, gravity alone 0.054 or less.
_FAST_HZ = 2.0
_LEAST_FAST_G = 0.07
_LIVELY_RAD_PER_S = 0.05
_FEWEST_LIVELY_SECONDS = 3
# No accelerometer is as true as a computed gravity, whose length never changes.
_CONSTANT_G = 0.001
_TURNED_COSINE = 0.94
_PIECE_SAMPLES = 60_000


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
        if steady < STEADY_SHARE * length:
            raise without_gravity(f"{steady:.2g} g over a second", place)
        lowest, highest = _PLAUSIBLE_MEAN_G
        if not lowest <= steady <= highest:
            raise DataError(
                f"{place}: found acceleration that averages {steady:.2g} g over a second, expected "
                "about 1 g: --acc-unit gives its unit"
            )


def check_movement(samples: FloatArray, stretches: tuple[Stretch, ...], place: str) -> None:
    """Refuse gravity alone, which systems compute, in place of what an accelerometer measures.

    Gravity alone changes by turning only, and keeps its length.

    Parameters
    ----------
    samples, stretches, place
        Signals in g and rad/s, parts between gaps, and file, as for `check_gravity`. Without a
        gyroscope only the length can be checked.

    Raises
    ------
    DataError
        If nothing but gravity is there.
    """
    fast = _fast_share(samples, stretches) if samples.shape[1] == 6 else None
    is_slow = fast is not None and fast < _LEAST_FAST_G
    if is_slow or _has_constant_length(samples[:, :3]):
        unit = "; or the gyroscope is in another unit, which --gyro-unit gives" if is_slow else ""
        raise DataError(
            f"{place}: found acceleration too smooth for an accelerometer, as of gravity alone, "
            "without movement, expected both: name the columns of acceleration with gravity by "
            "--columns acc_x=…, or, where gravity and the rest are apart, leave --columns out, and "
            f"they are summed{unit}"
        )


def _fast_share(samples: FloatArray, stretches: tuple[Stretch, ...]) -> float | None:
    """Return how much acceleration above 2 Hz there is for each rad/s, in seconds of movement."""
    fast = scipy.signal.butter(4, _FAST_HZ, btype="high", fs=SAMPLE_RATE_HZ, output="sos")
    acc, gyro, n_seconds = 0.0, 0.0, 0
    for stretch in stretches:
        end = stretch.first_sample + stretch.n_samples
        for first in range(stretch.first_sample, end, _PIECE_SAMPLES):
            piece = samples[first : min(first + _PIECE_SAMPLES, end)]
            if len(piece) < _FEWEST_BLOCKS * _BLOCK_SAMPLES:
                continue
            _, deviations = block_moments(scipy.signal.sosfiltfilt(fast, piece, axis=0))
            squares = (deviations**2).reshape(-1, 2, 3).sum(axis=2)
            lively = squares[squares[:, 1] > _LIVELY_RAD_PER_S**2]
            acc, gyro = acc + float(lively[:, 0].sum()), gyro + float(lively[:, 1].sum())
            n_seconds += len(lively)
    return float(np.sqrt(acc / gyro)) if n_seconds >= _FEWEST_LIVELY_SECONDS else None


def _has_constant_length(acc: FloatArray) -> bool:
    """Return whether acceleration turns, but for its length is always the same."""
    means, _ = block_moments(acc)
    if len(means) < _FEWEST_BLOCKS:
        return False
    lengths = np.sqrt(np.einsum("ij,ij->i", acc, acc, dtype=np.float64))
    directions = means / np.linalg.norm(means, axis=1, keepdims=True)
    typical = directions.mean(axis=0)
    has_turned = (directions @ (typical / np.linalg.norm(typical))).min() < _TURNED_COSINE
    return bool(has_turned and lengths.std() < _CONSTANT_G)


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
