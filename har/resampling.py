"""Samples taken at any times, brought to a regular rate."""

from __future__ import annotations

import numpy as np
from scipy import interpolate, signal

from har.signals import FloatArray

# A spline through so many samples is solved at once, and so many on each side are thrown away: the
# influence of a sample on a cubic spline falls by 3.7 a step, to 1e-17 after 30.
_BLOCK_SAMPLES = 100_000
_MARGIN_SAMPLES = 30


def fits_grid(seconds: FloatArray, rate_hz: float) -> bool:
    """Tell whether each sample lies within half a step of a regular grid from the first one on.

    Parameters
    ----------
    seconds : ndarray of float64, shape (n_timesteps,)
        When the samples were taken; increasing.
    rate_hz : float
        Of the grid.

    Returns
    -------
    bool
    """
    if abs((seconds[-1] - seconds[0]) * rate_hz - len(seconds) + 1) >= 0.5:
        return False
    late = (seconds - seconds[0]) * rate_hz
    late -= np.arange(len(seconds))
    return bool(-0.5 < late.min() and late.max() < 0.5)


def resample(
    seconds: FloatArray, samples: FloatArray, from_rate_hz: float, to_rate_hz: float
) -> FloatArray:
    """Bring samples without gaps to a regular rate.

    A cubic spline goes through the samples. From a higher rate it is read at a multiple of the new
    one and then decimated through a linear-phase filter, so that nothing above half the new rate
    folds down.

    Parameters
    ----------
    seconds : ndarray of float64, shape (n_timesteps,)
        When the samples were taken; strictly increasing.
    samples : ndarray, shape (n_timesteps, n_channels)
        Without NaN.
    from_rate_hz : float
        About how many there are in a second.
    to_rate_hz : float
        How many to make.

    Returns
    -------
    ndarray of float32, shape (n_new_timesteps, n_channels)
        The first is at ``seconds[0]``, the last not after ``seconds[-1]``.
    """
    # Clocks of 50 Hz differ by less than 1 %; between the rates there is then nothing to fold.
    n_times = int(np.ceil(from_rate_hz / to_rate_hz / 1.01))
    span_s = seconds[-1] - seconds[0]
    n_new = int(np.floor(span_s * to_rate_hz + 1e-6)) + 1
    resampled = np.empty((n_new, samples.shape[1]), np.float32)
    for channel in range(samples.shape[1]):
        fine = _interpolated(seconds, samples[:, channel], to_rate_hz * n_times, n_new * n_times)
        if n_times > 1:
            fine = signal.resample_poly(fine, 1, n_times, padtype="line")
        resampled[:, channel] = fine[:n_new]
    return resampled


def _interpolated(
    seconds: FloatArray, values: FloatArray, rate_hz: float, n_new: int
) -> FloatArray:
    """Read a spline on a regular grid, block by block."""
    if len(values) == 1:
        return np.full(n_new, values[0], np.float64)
    times = np.minimum(seconds[0] + np.arange(n_new) / rate_hz, seconds[-1])
    steps = np.diff(seconds)
    # Between samples much nearer than the others a spline overshoots; PCHIP never does.
    is_even = steps.min() > 0.25 * np.median(steps)
    spline = interpolate.CubicSpline if is_even else interpolate.PchipInterpolator
    read = np.empty(n_new)
    for first in range(0, len(values), _BLOCK_SAMPLES):
        last = min(first + _BLOCK_SAMPLES, len(values) - 1)
        around = slice(max(first - _MARGIN_SAMPLES, 0), last + 1 + _MARGIN_SAMPLES)
        here = slice(*np.searchsorted(times, seconds[[first, last]]))
        piece = spline(seconds[around], values[around].astype(np.float64))
        read[here] = piece(times[here])
    read[np.searchsorted(times, seconds[-1]) :] = values[-1]
    return read
