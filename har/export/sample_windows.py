"""Made-up signals on which an exported model is compared with the one it was made of."""

from __future__ import annotations

import numpy as np

from har.arrays import FloatArray
from har.errors import DataError
from har.inference.timeline import raw_channels_of
from har.signals.channels import SAMPLE_RATE_HZ, WINDOW_STEP
from har.signals.filters import uci_har_channels
from har.signals.windows import WindowFormat, sliding_windows

_LENGTH_S = 80
_SEED = 0


def raw_channels_or_none(window_format: WindowFormat) -> tuple[str, ...] | None:
    """Return the raw channels that windows are made of, or None if they are no UCI HAR's."""
    try:
        return raw_channels_of(window_format)
    except DataError:
        return None


def made_up_samples(n_raw_channels: int) -> FloatArray:
    """Return raw samples at 50 Hz: a phone that lies still, sways, walks, and is turned.

    Parameters
    ----------
    n_raw_channels : int
        6, or 3 without a gyroscope.

    Returns
    -------
    ndarray of float32, shape (n_samples, n_raw_channels)
        Acceleration in g, angular rate in rad/s.
    """
    random = np.random.default_rng(_SEED)
    time_s = np.arange(int(_LENGTH_S * SAMPLE_RATE_HZ)) / SAMPLE_RATE_HZ
    # A quarter each: still, sway, steps, brisk steps.
    strength = np.repeat([0.0, 0.01, 0.25, 0.6], len(time_s) // 4)
    phase = 2 * np.pi * np.cumsum(np.repeat([0.3, 0.4, 1.8, 2.4], len(time_s) // 4))
    phase = phase / SAMPLE_RATE_HZ
    angle = 0.5 * np.sin(2 * np.pi * time_s / 40)
    samples = random.normal(scale=0.004, size=(len(time_s), 6))
    samples[:, 0] += np.cos(angle) + strength * np.sin(phase)
    samples[:, 1] += 0.2 * strength * np.sin(phase / 2 + 0.4) - 0.2 * np.sin(angle)
    samples[:, 2] += np.sin(angle) + 0.5 * strength * np.cos(phase)
    samples[:, 3:] += strength[:, np.newaxis] * np.sin(phase / 2)[:, np.newaxis] * [1.0, 0.4, -0.7]
    return samples[:, :n_raw_channels].astype(np.float32)


def made_up_windows(window_format: WindowFormat) -> FloatArray:
    """Return windows that a model can judge.

    Parameters
    ----------
    window_format : WindowFormat
        Format of the windows.

    Returns
    -------
    ndarray of float32, shape (n_windows, n_timesteps, n_channels)
        Those of `made_up_samples`; for other channels than UCI HAR's, its first acceleration again
        and again.
    """
    raw_channels = raw_channels_or_none(window_format)
    if raw_channels is None:
        places = np.arange(len(window_format.channels)) % 6
        signals = made_up_samples(6)[:, places]
    else:
        signals = uci_har_channels(made_up_samples(len(raw_channels)), "settled")
    windows = sliding_windows(signals.astype(np.float32), window_format.n_timesteps, WINDOW_STEP)
    return np.ascontiguousarray(windows)
