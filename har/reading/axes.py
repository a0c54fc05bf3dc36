"""Whether accelerometer and gyroscope agree on how the phone turns.

In the phone's axes gravity g turns against the phone, which turns at the rate ω:
dg/dt = -ω × g. The equation holds for the true axes only: with two axes exchanged, or a sign
turned round, another of the 48 ways to relabel the gyroscope's axes fits better. Smoothed over
seconds, acceleration is mostly gravity.

What it cannot see: that all three signs of the acceleration are turned round.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np
from scipy import signal

from har.arrays import FloatArray
from har.reading.units import GYRO_FACTORS
from har.signals.channels import RAW_CHANNELS, SAMPLE_RATE_HZ
from har.signals.recording import Stretch

_COARSE_STEP = 5
_COARSE_RATE_HZ = SAMPLE_RATE_HZ / _COARSE_STEP
_SMOOTHING = signal.butter(2, 0.3, fs=_COARSE_RATE_HZ, output="sos")
_SLOWEST_RAD_PER_S = 0.1
# Longer stretches are looked at in pieces: a matter of memory alone.
_PIECE_SAMPLES = 60_000
_SHORTEST_PIECE_SAMPLES = 500

# All 61 HAPT recordings, whole and in 9150 cuts of 20 to 120 s: with these no one is refused, and
# in 60 of the whole recordings an exchange of axes is found.
_LEAST_TURNING_S = 15.0
_CLEAR_SHARE = 0.5
_CLEAR_LEAD = 0.3

_AXES = "xyz"
_EYE = np.eye(3)
UNMIXED = np.eye(6)


def _relabelings() -> FloatArray:
    orders = itertools.permutations(range(3))
    signs = list(itertools.product((1, -1), repeat=3))
    return np.array([_EYE[list(order)] * sign for order in orders for sign in signs])


RELABELINGS = _relabelings()


@dataclass(frozen=True)
class Turning:
    """How well the gyroscope explains the turning of gravity.

    Parameters
    ----------
    turning_s : float
        For how long the phone turned fast enough to tell.
    shares : ndarray, shape (48,)
        For each of `RELABELINGS` of the gyroscope, the share of gravity's movement that it
        explains; 1 is all, below 0 worse than nothing. The first is the one as named.
    """

    turning_s: float
    shares: FloatArray

    @property
    def agrees(self) -> bool:
        """Whether the names are clearly right."""
        return self._leads(0)

    @property
    def better(self) -> FloatArray | None:
        """The relabeling that is clearly right, if it is not the one as named."""
        best = int(np.argmax(self.shares))
        return RELABELINGS[best] if best and self._leads(best) else None

    def _leads(self, one: int) -> bool:
        """Tell whether one relabeling is clearly better than all others, or than the named."""
        rivals = self.shares[:1] if one else self.shares[1:]
        lead = self.shares[one] - rivals.max()
        return bool(
            self.turning_s >= _LEAST_TURNING_S
            and self.shares[one] > _CLEAR_SHARE
            and lead > _CLEAR_LEAD
        )


def measure_turning(
    samples: FloatArray, stretches: tuple[Stretch, ...], mixing: FloatArray = UNMIXED
) -> Turning:
    """Compare how gravity turns with what each relabeling of the gyroscope says.

    Parameters
    ----------
    samples : ndarray, shape (n_timesteps, 6)
        At 50 Hz, columns as in `har.signals.channels.RAW_CHANNELS`.
    stretches : tuple of Stretch
        The parts between gaps.
    mixing : ndarray, shape (6, 6)
        Each column says how a channel is made of those given: another unit, or an exchange.

    Returns
    -------
    Turning
    """
    # The movement explained by H, a matrix as a vector h, is 2 b·h - h·N h of the total.
    total, linear, square, n_turning = 0.0, np.zeros(9), np.zeros((9, 9)), 0
    for stretch in stretches:
        end = stretch.first_sample + stretch.n_samples
        for first in range(stretch.first_sample, end, _PIECE_SAMPLES):
            piece = samples[first : min(first + _PIECE_SAMPLES, end)]
            if len(piece) < _SHORTEST_PIECE_SAMPLES:
                continue
            change, effects = _turning_equations(piece, mixing)
            total += float(np.vdot(change, change))
            linear += effects.T @ change
            square += effects.T @ effects
            n_turning += len(change) // 3
    flat = RELABELINGS.reshape(48, 9)
    explained = 2 * flat @ linear - np.einsum("hi,ij,hj->h", flat, square, flat)
    return Turning(n_turning / _COARSE_RATE_HZ, explained / max(total, 1e-12))


def in_better_unit(
    samples: FloatArray, stretches: tuple[Stretch, ...], unit: str
) -> tuple[Turning, str]:
    """Measure turning in the gyroscope's unit, or in the other one if the sensors agree only then.

    Parameters
    ----------
    samples, stretches
        As for `measure_turning`.
    unit : str
        A key of `har.reading.units.GYRO_FACTORS`, from which the samples were converted.

    Returns
    -------
    turning : Turning
    unit : str
        The one given, or the better one.
    """
    turning = measure_turning(samples, stretches)
    if turning.agrees or turning.better is not None:
        return turning, unit
    for other, factor in GYRO_FACTORS.items():
        mixing = np.diag([1.0] * 3 + [factor / GYRO_FACTORS[unit]] * 3)
        rival = measure_turning(samples, stretches, mixing)
        if rival.agrees or rival.better is not None:
            return rival, other
    return turning, unit


def exchanged_columns(
    samples: FloatArray, stretches: tuple[Stretch, ...], factors: FloatArray
) -> str | None:
    """Find an acceleration and an angular rate that have each other's name.

    Parameters
    ----------
    samples, stretches
        As for `measure_turning`.
    factors : ndarray, shape (6,)
        What the values in the file were multiplied with.

    Returns
    -------
    str or None
        The two; None if no exchange makes the sensors agree.
    """
    for acc, gyro in itertools.product(range(3), range(3, 6)):
        mixing = UNMIXED.copy()
        mixing[:, [acc, gyro]] = mixing[:, [gyro, acc]]
        mixing *= factors / factors[:, None]
        if measure_turning(samples, stretches, mixing).agrees:
            return f"{RAW_CHANNELS[acc]} and {RAW_CHANNELS[gyro]} exchanged"
    return None


def _turning_equations(piece: FloatArray, mixing: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Set up dg/dt = Σ H_ij ω_j (g × e_i) for the moments when the phone turns.

    Returns
    -------
    change : ndarray, shape (3 n_moments,)
        dg/dt.
    effects : ndarray, shape (3 n_moments, 9)
        What each element of H adds to it.
    """
    n_coarse = len(piece) // _COARSE_STEP
    blocks = piece[: n_coarse * _COARSE_STEP].reshape(n_coarse, _COARSE_STEP, 6)
    coarse = blocks.mean(axis=1, dtype=np.float64) @ mixing
    smooth = signal.sosfiltfilt(_SMOOTHING, coarse, axis=0)
    gravity, rate = smooth[1:-1, :3], smooth[1:-1, 3:]
    change = (smooth[2:, :3] - smooth[:-2, :3]) * (_COARSE_RATE_HZ / 2)
    turns = np.linalg.norm(rate, axis=1) > _SLOWEST_RAD_PER_S
    gravity, rate, change = gravity[turns], rate[turns], change[turns]
    levers = np.cross(gravity[:, None, :], _EYE)
    effects = np.einsum("nic,nj->ncij", levers, rate)
    return change.ravel(), effects.reshape(-1, 9)


def describe(relabeling: FloatArray) -> str:
    """Say in words what a relabeling other than the named one means.

    Parameters
    ----------
    relabeling : ndarray, shape (3, 3)
        One of `RELABELINGS`.

    Returns
    -------
    str
        The simplest change of names or signs that makes the sensors agree.
    """
    for first, second in itertools.combinations(range(3), 2):
        exchange = _EYE.copy()
        exchange[[first, second]] = exchange[[second, first]]
        # Exchanging axes of a right-handed system makes it left-handed: the sign tells the sensor.
        for sensor, sign in (("acc", -1), ("gyro", 1)):
            if np.array_equal(relabeling, sign * exchange):
                return f"{sensor}_{_AXES[first]} and {sensor}_{_AXES[second]} exchanged"
    for axis in range(3):
        flip = np.diag([-1.0 if i == axis else 1.0 for i in range(3)])
        for sensor, sign in (("acc", -1), ("gyro", 1)):
            if np.array_equal(relabeling, sign * flip):
                return f"the sign of {sensor}_{_AXES[axis]} turned round"
    true_axes = [
        ("-" if row.sum() < 0 else "") + f"gyro_{_AXES[int(np.argmax(np.abs(row)))]}"
        for row in relabeling
    ]
    return f"gyro_x, gyro_y, gyro_z being really {', '.join(true_axes)}"
