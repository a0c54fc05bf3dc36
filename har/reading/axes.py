"""Axes: a check that accelerometer and gyroscope share them.

As the phone rotates at the rate ω, gravity g rotates the other way in the phone's axes:
dg/dt = -ω × g. The equation holds for the true axes only: with two axes exchanged, or a sign
reversed, another of the 48 ways to relabel the gyroscope's axes fits better. Smoothed over
seconds, acceleration is mostly gravity.

One error remains unseen: all three signs of the acceleration reversed.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import scipy

from har.arrays import FloatArray
from har.reading.units import GYRO_FACTORS
from har.signals.channels import RAW_CHANNELS, SAMPLE_RATE_HZ
from har.signals.recording import Stretch

_COARSE_STEP = 5
_COARSE_RATE_HZ = SAMPLE_RATE_HZ / _COARSE_STEP
_SMOOTHING_HZ = 0.3
_SLOWEST_RAD_PER_S = 0.1
# Longer stretches are worked through in pieces, to save memory.
_PIECE_SAMPLES = 60_000
_SHORTEST_PIECE_SAMPLES = 500

# Of all 61 HAPT recordings, whole and in 9150 cuts of 20 to 120 s, these limits refuse none, and
# they find an exchange of axes in 60 of the whole recordings.
_LEAST_ROTATION_S = 15.0
_CLEAR_SHARE = 0.5
_CLEAR_LEAD = 0.3

# Where gravity would have turned at such a rate for so long, it turned a tenth as fast at least: in
# 61 recordings of HAPT and 144 of MotionSense, and in their cuts of 12 s, at most 6 times as slowly
# in the true unit, and 12 to 1000 times in deg/s that are taken for rad/s.
_TURNING_RAD_PER_S = 0.3
_LEAST_TURNING_S = 3.0
_LARGEST_EXCESS = 10.0

_AXES = "xyz"
_EYE = np.eye(3)
UNMIXED = np.eye(6)

# Of one or several stretches; see `smoothed`.
SmoothSignals = Sequence[FloatArray]


def _relabelings() -> FloatArray:
    orders = itertools.permutations(range(3))
    signs = list(itertools.product((1, -1), repeat=3))
    return np.array([_EYE[list(order)] * sign for order in orders for sign in signs])


RELABELINGS = _relabelings()


@dataclass(frozen=True)
class AxesComparison:
    """The share of gravity's rotation that the gyroscope explains, by the naming of its axes.

    Parameters
    ----------
    rotation_s : float
        Time during which the phone rotated fast enough to compare.
    shares : ndarray, shape (48,)
        Explained share of gravity's rotation for each of `RELABELINGS` of the gyroscope: 1 is all,
        below 0 worse than nothing. The first is that of the axes as named.
    """

    rotation_s: float
    shares: FloatArray

    @property
    def agrees(self) -> bool:
        """True if the names are clearly right."""
        return self._leads(0)

    @property
    def better(self) -> FloatArray | None:
        """The relabeling that is clearly right; None if there is none, or the names are."""
        best = int(np.argmax(self.shares))
        return RELABELINGS[best] if best and self._leads(best) else None

    def _leads(self, one: int) -> bool:
        """Return whether a relabeling clearly beats the names; they must beat all others."""
        rivals = self.shares[:1] if one else self.shares[1:]
        lead = self.shares[one] - rivals.max()
        return bool(
            self.rotation_s >= _LEAST_ROTATION_S
            and self.shares[one] > _CLEAR_SHARE
            and lead > _CLEAR_LEAD
        )


def smoothed(samples: FloatArray, stretches: tuple[Stretch, ...]) -> SmoothSignals:
    """Smooth signals over seconds, once for all comparisons.

    Parameters
    ----------
    samples : ndarray, shape (n_timesteps, 6)
        Signals at 50 Hz with the columns of `har.signals.channels.RAW_CHANNELS`.
    stretches : tuple of Stretch
        Parts between gaps.

    Returns
    -------
    sequence of ndarray of float64, shape (n_coarse, 6)
        Signals at 10 Hz, in pieces.
    """
    smoothing = scipy.signal.butter(2, _SMOOTHING_HZ, fs=_COARSE_RATE_HZ, output="sos")
    pieces = []
    for piece in _pieces(samples, stretches):
        n_coarse = len(piece) // _COARSE_STEP
        blocks = piece[: n_coarse * _COARSE_STEP].reshape(n_coarse, _COARSE_STEP, 6)
        coarse = blocks.mean(axis=1, dtype=np.float64)
        pieces.append(scipy.signal.sosfiltfilt(smoothing, coarse, axis=0))
    return pieces


def compare_axes(signals: SmoothSignals, mixing: FloatArray = UNMIXED) -> AxesComparison:
    """Compare gravity's rotation with the gyroscope, under each relabeling of its axes.

    Parameters
    ----------
    signals : sequence of ndarray
        Result of `smoothed`.
    mixing : ndarray, shape (6, 6)
        Matrix that turns the samples into those to compare: other units, or an exchange.

    Returns
    -------
    AxesComparison
    """
    # The movement explained by H, a matrix as a vector h, is 2 b·h - h·N h of the total.
    total, linear, square, n_moments = 0.0, np.zeros(9), np.zeros((9, 9)), 0
    for piece in signals:
        change, effects = _rotation_equations(piece @ mixing)
        total += float(np.vdot(change, change))
        linear += effects.T @ change
        square += effects.T @ effects
        n_moments += len(change) // 3
    flat = RELABELINGS.reshape(48, 9)
    explained = 2 * flat @ linear - np.einsum("hi,ij,hj->h", flat, square, flat)
    return AxesComparison(n_moments / _COARSE_RATE_HZ, explained / max(total, 1e-12))


def in_better_unit(signals: SmoothSignals, unit: str) -> tuple[AxesComparison, str]:
    """Compare axes in the gyroscope's unit, or in the other one if they agree only then.

    Parameters
    ----------
    signals
        Result of `smoothed`.
    unit : str
        Unit that the samples were converted from, a key of `har.reading.units.GYRO_FACTORS`.

    Returns
    -------
    comparison : AxesComparison
    unit : str
        The unit given, or the better one.
    """
    comparison = compare_axes(signals)
    if comparison.agrees or comparison.better is not None:
        return comparison, unit
    for other, factor in GYRO_FACTORS.items():
        mixing = np.diag([1.0] * 3 + [factor / GYRO_FACTORS[unit]] * 3)
        rival = compare_axes(signals, mixing)
        if rival.agrees or rival.better is not None:
            return rival, other
    return comparison, unit


def turning_excess(signals: SmoothSignals) -> float | None:
    """Compare the size of the angular rate with gravity's, however little the phone turned.

    Parameters
    ----------
    signals
        Result of `smoothed`.

    Returns
    -------
    float or None
        How many times as fast the angular rate would have turned gravity as it turned; None if that
        is plausible, or too little to tell.
    """
    expected, measured, n_moments = 0.0, 0.0, 0
    for piece in signals:
        gravity, rate, change = _motion(piece)
        turning = np.linalg.norm(np.cross(gravity, rate), axis=1)
        is_turning = turning > _TURNING_RAD_PER_S
        expected += float((turning[is_turning] ** 2).sum())
        measured += float((change[is_turning] ** 2).sum())
        n_moments += int(is_turning.sum())
    excess = float(np.sqrt(expected / max(measured, 1e-12)))
    is_told = n_moments >= _LEAST_TURNING_S * _COARSE_RATE_HZ and excess > _LARGEST_EXCESS
    return excess if is_told else None


def unit_of_excess(excess: float, unit: str) -> str | None:
    """Return the unit of angular rate in which an excess is plausible, the largest if several.

    Parameters
    ----------
    excess : float
        Excess from `turning_excess`.
    unit : str
        Unit that the samples were converted from, a key of `har.reading.units.GYRO_FACTORS`.
    """
    for other, factor in GYRO_FACTORS.items():
        in_other = excess * factor / GYRO_FACTORS[unit]
        if 1 / _LARGEST_EXCESS < in_other < _LARGEST_EXCESS:
            return other
    return None


def exchanged_columns(signals: SmoothSignals, factors: FloatArray) -> str | None:
    """Find an acceleration and an angular rate whose names are exchanged.

    Parameters
    ----------
    signals
        Result of `smoothed`.
    factors : ndarray, shape (6,)
        Factors that the values in the file were multiplied by.

    Returns
    -------
    str or None
        The exchange in words; None if none makes the sensors agree.
    """
    for acc, gyro in itertools.product(range(3), range(3, 6)):
        mixing = UNMIXED.copy()
        mixing[:, [acc, gyro]] = mixing[:, [gyro, acc]]
        mixing *= factors / factors[:, None]
        if compare_axes(signals, mixing).agrees:
            return f"{RAW_CHANNELS[acc]} and {RAW_CHANNELS[gyro]} exchanged"
    return None


def describe_relabeling(relabeling: FloatArray) -> str:
    """Describe the error that a relabeling corrects.

    Parameters
    ----------
    relabeling : ndarray, shape (3, 3)
        One of `RELABELINGS` but the first.

    Returns
    -------
    str
        The simplest exchange of names or signs that would explain it.
    """
    for first, second in itertools.combinations(range(3), 2):
        exchange = _EYE.copy()
        exchange[[first, second]] = exchange[[second, first]]
        # Exchanging axes of a right-handed system makes it left-handed: the sign shows the sensor.
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


def _rotation_equations(piece: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Set up dg/dt = Σ H_ij ω_j (g × e_i) for the moments when the phone rotates.

    The left-hand side has the shape (3 n_moments,), the effects of H's elements (3 n_moments, 9).
    """
    gravity, rate, change = _motion(piece)
    rotates = np.linalg.norm(rate, axis=1) > _SLOWEST_RAD_PER_S
    gravity, rate, change = gravity[rotates], rate[rotates], change[rotates]
    levers = np.cross(gravity[:, None, :], _EYE)
    effects = np.einsum("nic,nj->ncij", levers, rate)
    return change.ravel(), effects.reshape(-1, 9)


def _motion(smooth: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return gravity, angular rate, and the rate of change of gravity."""
    gravity, rate = smooth[1:-1, :3], smooth[1:-1, 3:]
    change = (smooth[2:, :3] - smooth[:-2, :3]) * (_COARSE_RATE_HZ / 2)
    return gravity, rate, change


def _pieces(samples: FloatArray, stretches: tuple[Stretch, ...]) -> Iterator[FloatArray]:
    """Yield the samples between gaps, in pieces that are not too long and none too short."""
    for stretch in stretches:
        end = stretch.first_sample + stretch.n_samples
        for first in range(stretch.first_sample, end, _PIECE_SAMPLES):
            piece = samples[first : min(first + _PIECE_SAMPLES, end)]
            if len(piece) >= _SHORTEST_PIECE_SAMPLES:
                yield piece
