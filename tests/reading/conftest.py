"""A phone that is carried about, as its sensors see it, and how apps write it down."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from scipy.spatial.transform import Rotation

from har.signals.channels import RAW_CHANNELS

PLAIN = ("time_s", *RAW_CHANNELS)


def carried_phone(n_samples=6000, rate_hz=50.0, fastest_rad_per_s=1.2, seed=0) -> np.ndarray:
    """Make acceleration in g and angular rate in rad/s: it turns now and then, and shakes a bit."""
    random = np.random.default_rng(seed)
    time = np.arange(n_samples) / rate_hz
    # Slow waves that come and go in 20 s, so that there is rest between.
    envelope = np.clip(np.sin(2 * np.pi * time / 20 + 1), 0, None)
    rates = 2 * np.pi * np.array([0.05, 0.08, 0.13])
    phases = random.uniform(0, 2 * np.pi, 3)
    omega = fastest_rad_per_s * envelope[:, None] * np.sin(time[:, None] * rates + phases)
    orientation = Rotation.from_euler("xyz", random.uniform(-1, 1, 3))
    gravity = np.empty((n_samples, 3))
    for i in range(n_samples):
        gravity[i] = orientation.inv().apply([0.0, 0.0, 1.0])
        orientation = orientation * Rotation.from_rotvec(omega[i] / rate_hz)
    shaking = random.normal(scale=0.02, size=(n_samples, 3)) * (0.1 + envelope[:, None])
    noise = random.normal(scale=0.003, size=(n_samples, 3))
    return np.hstack([gravity + shaking, omega + noise])


@pytest.fixture(scope="session")
def phone():
    """Two minutes of a carried phone at 50 Hz, shape (6000, 6)."""
    samples = carried_phone()
    samples.flags.writeable = False
    return samples


@pytest.fixture
def written(tmp_path, phone):
    """Write a CSV: `written(samples, seconds=None, names=PLAIN, **to_csv)` gives its path."""

    def write(samples=None, seconds=None, names=PLAIN, edit=None, **options):
        samples = phone if samples is None else samples
        seconds = np.arange(len(samples)) / 50 if seconds is None else seconds
        frame = pd.DataFrame(dict(zip(names, [seconds, *samples.T], strict=True)))
        if edit:
            frame = edit(frame)
        path = tmp_path / "walk.csv"
        frame.to_csv(path, **{"index": False, **options})
        return path

    return write


@pytest.fixture(scope="session")
def make():
    """What tests of several modules make recordings with."""
    return SimpleNamespace(carried_phone=carried_phone, plain=PLAIN)
