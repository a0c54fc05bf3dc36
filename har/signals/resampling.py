"""Resampling: from samples at any times to a regular rate."""

from __future__ import annotations

import numpy as np
import scipy

from har.arrays import FloatArray

# Samples are made block by block, to save memory, each with a margin that is cut off again: a
# sample's influence on a cubic spline falls by a factor of 3.7 a step, to 1e-17 after 30, and the
# filter reaches 10 samples far.
_BLOCK_SAMPLES = 50_000
_MARGIN_SAMPLES = 30


def fits_grid(seconds: FloatArray, rate_hz: float) -> bool:
    """Return whether each sample lies within half a step of a regular grid.

    Parameters
    ----------
    seconds : ndarray of float64, shape (n_timesteps,)
        Times of the samples, increasing; the grid begins at the first one.
    rate_hz : float
        Rate of the grid.
    """
    # In place, as a day has millions of samples.
    late = np.arange(len(seconds), dtype=np.float64)
    late /= -rate_hz
    late += seconds
    late -= seconds[0]
    return bool(-0.5 / rate_hz < late.min() and late.max() < 0.5 / rate_hz)


def resample(
    seconds: FloatArray,
    samples: FloatArray,
    from_rate_hz: float,
    to_rate_hz: float,
    span_s: tuple[float, float] | None = None,
) -> FloatArray:
    """Bring samples without gaps to a regular rate.

    A cubic spline goes through the samples. From a higher rate it is read at a multiple of the new
    one and then decimated through a linear-phase filter, so that nothing above half the new rate
    folds down.

    Parameters
    ----------
    seconds : ndarray of float64, shape (n_timesteps,)
        Times of the samples, strictly increasing.
    samples : ndarray, shape (n_timesteps, n_channels)
        Any signals without NaN.
    from_rate_hz : float
        Approximate rate of the samples.
    to_rate_hz : float
        Rate to bring them to.
    span_s : tuple of float, optional
        Times of the first new sample and of an end that the last one does not exceed, both within
        `seconds`; by default all of them.

    Returns
    -------
    ndarray of float32, shape (n_new_timesteps, n_channels)
    """
    start_s, end_s = span_s or (seconds[0], seconds[-1])
    # Clocks of 50 Hz differ by less than 1 %; between such rates there is nothing to fold.
    n_times = int(np.ceil(from_rate_hz / to_rate_hz / 1.01))
    n_new = int(np.floor((end_s - start_s) * to_rate_hz + 1e-6)) + 1
    resampled = np.empty((n_new, samples.shape[1]), np.float32)
    for first in range(0, n_new, _BLOCK_SAMPLES):
        last = min(first + _BLOCK_SAMPLES, n_new)
        start, end = max(first - _MARGIN_SAMPLES, 0), min(last + _MARGIN_SAMPLES, n_new)
        fine = start_s + np.arange(start * n_times, end * n_times) / (to_rate_hz * n_times)
        block = _interpolated(seconds, samples, np.minimum(fine, seconds[-1]))
        if n_times > 1:
            block = scipy.signal.resample_poly(block, 1, n_times, axis=0, padtype="edge")
        resampled[first:last] = block[first - start : last - start]
    return resampled


def _interpolated(seconds: FloatArray, samples: FloatArray, times: FloatArray) -> FloatArray:
    """Evaluate a spline through the samples around some times."""
    first, last = np.searchsorted(seconds, times[[0, -1]])
    around = slice(max(first - _MARGIN_SAMPLES, 0), last + _MARGIN_SAMPLES)
    knots, values = seconds[around], samples[around].astype(np.float64)
    if len(knots) == 1:
        return np.repeat(values, len(times), axis=0)
    steps = np.diff(knots)
    # Between samples much nearer than the others a spline overshoots; PCHIP never does.
    is_even = steps.min() > 0.25 * np.median(steps)
    spline = scipy.interpolate.CubicSpline if is_even else scipy.interpolate.PchipInterpolator
    return np.asarray(spline(knots, values)(times))
