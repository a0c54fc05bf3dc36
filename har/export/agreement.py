"""Windows to compare what was exported with, where no real ones are at hand."""

from __future__ import annotations

import numpy as np

from har.arrays import FloatArray
from har.signals.channels import triads_of
from har.signals.windows import WindowFormat

N_WINDOWS = 64
# From a phone that lies still to one that is run with, in g and rad/s.
_STRENGTHS = (0.001, 1.5)


def made_up_windows(window_format: WindowFormat, n_windows: int = N_WINDOWS) -> FloatArray:
    """Return windows of oscillations, noise and gravity, of all strengths and directions.

    Parameters
    ----------
    window_format : WindowFormat
        Format of the windows.
    n_windows : int
        Number of them.

    Returns
    -------
    ndarray of float32, shape (n_windows, n_timesteps, n_channels)
        The same at each call, in g and rad/s.
    """
    random = np.random.default_rng(0)
    n_timesteps, n_channels = window_format.n_timesteps, len(window_format.channels)
    shape = n_windows, 1, n_channels
    time_s = np.arange(n_timesteps)[:, np.newaxis] / window_format.rate_hz
    strength = np.geomspace(*_STRENGTHS, n_windows)[:, np.newaxis, np.newaxis]
    phase, frequency_hz = random.uniform(0, 2 * np.pi, shape), random.uniform(0.5, 5, shape)
    windows = np.sin(2 * np.pi * frequency_hz * time_s + phase)
    windows += 0.3 * random.normal(size=(n_windows, n_timesteps, n_channels))
    windows *= strength
    down = random.normal(size=(n_windows, 3))
    down /= np.linalg.norm(down, axis=1, keepdims=True)
    for name, places in triads_of(window_format.channels).items():
        if "acc" in name and not name.startswith("body_") and len(places) == 3:
            windows[..., places] += down[:, np.newaxis]
    return windows.astype(np.float32)
