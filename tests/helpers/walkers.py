"""People who stand and walk, as a phone measures them that is worn across the waist, x up."""

from __future__ import annotations

import numpy as np

from har.signals.channels import RAW_CHANNELS
from har.signals.recording import Recording


def samples_of(*parts, seed=0):
    """Return samples at 50 Hz of parts such as ``("walk", 20)``: what, and for how many seconds."""
    return np.concatenate([_part(what, 50 * length_s, seed) for what, length_s in parts])


def _part(what, n, seed):
    random = np.random.default_rng(seed)
    samples = random.normal(scale=0.004, size=(n, 6))
    gravity = [0.12, 0.0, 0.97] if what == "lie" else [0.97, -0.12, -0.05]
    samples[:, :3] += gravity
    if what == "walk":
        phase = 2 * np.pi * 1.9 * np.arange(n) / 50
        samples[:, 0] += 0.3 * np.sin(phase) + 0.1 * np.sin(2 * phase)
        samples[:, 1] += 0.12 * np.sin(phase / 2)
        samples[:, 2] += 0.2 * np.cos(phase)
        samples[:, 3:] += 0.5 * np.sin(phase / 2)[:, None] * [1.0, 0.4, 0.6]
    return samples.astype(np.float32)


def recording_of(samples, **more):
    return Recording(samples, 1, "walk.csv", RAW_CHANNELS[: samples.shape[1]], **more)
