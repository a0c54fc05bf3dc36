"""Doubts about samples that were read: another unit, or no gravity."""

from __future__ import annotations

import math

import numpy as np

from har.arrays import FloatArray
from har.reading.units import LARGEST_RAD_PER_S, STEADY_SHARE
from har.signals.channels import SAMPLE_RATE_HZ

# Half of the time even a runner's acceleration is nearer to 1 g than this.
_DOUBT_AFTER = round(10 * SAMPLE_RATE_HZ)
_PLAUSIBLE_G = (0.3, 3.0)
_BLOCK_SAMPLES = 10
_CLEAR_TURN_RAD = 0.3
_FEWEST_TURNS = 8
_TURNED_SHARE = 0.2


class Doubts:
    """Looks at samples, 10 s at a time, and says each doubt once."""

    def __init__(self) -> None:
        self._samples: list[FloatArray] = []
        self._largest_rate = 0.0
        self._is_acc_doubtful = self._is_gyro_doubtful = True

    def see(self, sample: FloatArray) -> None:
        """Look at a sample.

        Parameters
        ----------
        sample : ndarray of float32, shape (n_channels,)
            Values in g and rad/s.
        """
        if not (self._is_acc_doubtful or self._is_gyro_doubtful):
            return
        values = sample.tolist()
        self._samples.append(sample)
        if len(values) > 3:
            self._largest_rate = max(self._largest_rate, max(values[3:]), -min(values[3:]))

    def next(self) -> str | None:
        """Return a doubt that was not said before, in a sentence; None if there is none."""
        if self._is_gyro_doubtful and self._largest_rate > LARGEST_RAD_PER_S:
            self._is_gyro_doubtful = False
            return (
                f"gyroscope: found {self._largest_rate:.3g} rad/s, expected at most "
                f"{LARGEST_RAD_PER_S:.0f}: is it in another unit (--gyro-unit)?"
            )
        if len(self._samples) < _DOUBT_AFTER:
            return None
        samples = np.array(self._samples[:_DOUBT_AFTER], np.float64)
        self._samples = self._samples[_DOUBT_AFTER:]
        if self._is_acc_doubtful:
            self._is_acc_doubtful = False
            if doubt := _doubt_of_acceleration(samples[:, :3]):
                self._is_gyro_doubtful = False
                return doubt
        if self._is_gyro_doubtful and samples.shape[1] > 3:
            doubt = _doubt_of_turning(samples)
            self._is_gyro_doubtful = doubt is None
            return doubt
        return None


def _doubt_of_turning(samples: FloatArray) -> str | None:
    """Return the doubt whether angular rates are in rad/s, if gravity does not turn with them."""
    n_blocks = len(samples) // _BLOCK_SAMPLES
    means = samples[: n_blocks * _BLOCK_SAMPLES].reshape(n_blocks, _BLOCK_SAMPLES, -1).mean(axis=1)
    gravity = means[:, :3] / np.maximum(np.linalg.norm(means[:, :3], axis=1, keepdims=True), 1e-9)
    # Between the middles of neighbouring blocks; what turns about the vertical turns no gravity.
    rate = (means[1:, 3:] + means[:-1, 3:]) / 2
    block_s = _BLOCK_SAMPLES / SAMPLE_RATE_HZ
    expected = np.linalg.norm(np.cross(rate, gravity[:-1]), axis=1) * block_s
    found = np.linalg.norm(gravity[1:] - gravity[:-1], axis=1)
    turns = expected > _CLEAR_TURN_RAD
    if turns.sum() < _FEWEST_TURNS:
        return None
    share = float(np.median(found[turns] / np.minimum(expected[turns], 1.0)))
    if share > _TURNED_SHARE:
        return None
    return (
        f"gyroscope: gravity turned by {share:.0%} of what the angular rates say: are they in "
        "deg/s (--gyro-unit deg/s)?"
    )


def _doubt_of_acceleration(acc: FloatArray) -> str | None:
    """Return the doubt whether 10 s of acceleration are in g, and have gravity."""
    length_g = float(np.median(np.linalg.norm(acc, axis=1)))
    lowest, highest = _PLAUSIBLE_G
    if not lowest <= length_g <= highest:
        cause = (
            "is it in m/s² (--acc-unit m/s2)?"
            if length_g > highest
            else "is gravity in it, or the unit another (--acc-unit)?"
        )
        return f"acceleration: found a median length of {length_g:.3g} g, expected about 1: {cause}"
    n_seconds = math.floor(len(acc) / SAMPLE_RATE_HZ)
    seconds = acc[: n_seconds * round(SAMPLE_RATE_HZ)].reshape(n_seconds, -1, 3)
    steady_g = float(np.median(np.linalg.norm(seconds.mean(axis=1), axis=1)))
    if steady_g < STEADY_SHARE * length_g:
        return (
            f"acceleration: averages {steady_g:.2g} g over a second, expected about 1: gravity was "
            "removed; apps call what is needed accelerometer, raw or total acceleration"
        )
    return None
