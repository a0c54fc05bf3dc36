"""Orientation of a phone: where gravity points along its axes, and turns that change it.

An accelerometer at rest measures 1 g upwards, so that the axis that reads +1 g points up. Apple's
phones report the opposite sign; there it points down.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from har.arrays import FloatArray
from har.config import Upright

Direction = tuple[float, float, float]

AXES: dict[str, Direction] = {
    "x": (1.0, 0.0, 0.0),
    "-x": (-1.0, 0.0, 0.0),
    "y": (0.0, 1.0, 0.0),
    "-y": (0.0, -1.0, 0.0),
    "z": (0.0, 0.0, 1.0),
    "-z": (0.0, 0.0, -1.0),
}
# In the windows of UCI HAR, of a phone across the waist.
UPRIGHT = AXES["x"]

# Beyond it the shortest turn hangs on small components, and many turns are as good.
OPPOSITE_DEGREES = 135.0
_STEP_DEGREES = 45
_SMALLEST_LENGTH = 1e-9


def angles_degrees(vectors: FloatArray, others: FloatArray | Direction) -> FloatArray:
    """Return the angles between vectors and others.

    Parameters
    ----------
    vectors : ndarray, shape (..., 3)
        Vectors of any length.
    others : ndarray or tuple, shape (..., 3)
        As many vectors, or one.

    Returns
    -------
    ndarray of float64, shape (...)
        Degrees from 0 to 180.
    """
    first, second = np.asarray(vectors, np.float64), np.asarray(others, np.float64)
    lengths = np.linalg.norm(first, axis=-1) * np.linalg.norm(second, axis=-1)
    cosines = (first * second).sum(axis=-1) / np.maximum(lengths, _SMALLEST_LENGTH)
    return np.asarray(np.degrees(np.arccos(np.clip(cosines, -1, 1))))


def nearest_axis(direction: FloatArray | Direction) -> str:
    """Return the axis of the phone, with its sign, that is nearest to a direction."""
    return min(AXES, key=lambda axis: float(angles_degrees(np.array(AXES[axis]), direction)))


def shortest_turn(source: FloatArray | Direction, target: FloatArray | Direction) -> FloatArray:
    """Return the smallest rotation that brings one direction to another.

    Directions that are almost opposite have no clear one: the phone is first turned upside down
    about the normal of its screen, as in a pouch, or about y where that normal points up.

    Parameters
    ----------
    source, target : ndarray or tuple, shape (3,)
        Vectors of any length above 0.

    Returns
    -------
    ndarray of float64, shape (3, 3)
        Matrix by which column vectors are multiplied.
    """
    start, end = (np.asarray(v, np.float64) / np.linalg.norm(v) for v in (source, target))
    if angles_degrees(start, end) > OPPOSITE_DEGREES:
        is_flat = nearest_axis(start) in ("z", "-z")
        half_turn = np.diag([-1.0, 1.0, -1.0] if is_flat else [-1.0, -1.0, 1.0])
        return np.asarray(shortest_turn(half_turn @ start, end) @ half_turn)
    cross = _cross_matrix(np.cross(start, end))
    # Rodrigues' formula: the sine is in the length of the axis, 1 / (1 + cosine) in the factor.
    return np.asarray(np.eye(3) + cross + cross @ cross / (1 + start @ end))


def turn_about(direction: FloatArray | Direction, degrees: float) -> FloatArray:
    """Return the rotation by an angle about a direction, counter-clockwise seen from its tip.

    Parameters
    ----------
    direction : ndarray or tuple, shape (3,)
        Vector of any length above 0.
    degrees : float
        Angle.

    Returns
    -------
    ndarray of float64, shape (3, 3)
    """
    cross = _cross_matrix(np.asarray(direction, np.float64) / np.linalg.norm(direction))
    angle = np.radians(degrees)
    return np.asarray(np.eye(3) + np.sin(angle) * cross + (1 - np.cos(angle)) * cross @ cross)


def _cross_matrix(vector: FloatArray) -> FloatArray:
    """Return the matrix that multiplies a vector by this one, as a cross product."""
    x, y, z = vector.tolist()
    return np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])


@dataclass(frozen=True)
class Turn:
    """A turn of the phone, and perhaps of the signs of its acceleration.

    Parameters
    ----------
    rotation : ndarray of float64, shape (3, 3)
        Rotation of the vectors of all sensors.
    reverses_acc : bool
        Whether the signs of acceleration are reversed besides. Gravity and gyroscope cannot tell
        such a phone from one that is turned: it measures what a mirrored person would do.
    """

    rotation: FloatArray
    reverses_acc: bool = False

    def of(self, signals: FloatArray, channels: Sequence[str]) -> FloatArray:
        """Return the signals that a phone turned so would have measured.

        Parameters
        ----------
        signals : ndarray, shape (..., n_channels)
            Samples, or windows.
        channels : sequence of str
            Names of the channels: x, y and z of one sensor, then of the next.

        Returns
        -------
        ndarray of the same shape and type
        """
        vectors = signals.reshape(-1, len(channels) // 3, 3)
        result = vectors @ self.rotation.T.astype(signals.dtype)
        if self.reverses_acc:
            result[:, ["acc" in name for name in channels[::3]]] *= -1
        return np.asarray(result.reshape(signals.shape))

    def in_words(self) -> str:
        """Name the axes after a right-angled turn (``x, y, z are y, -x, z``), else its angle."""
        if np.abs(self.rotation - np.rint(self.rotation)).max() < 1e-6:
            words = f"x, y, z are now {', '.join(map(nearest_axis, self.rotation))}"
        else:
            cosine = np.clip((np.trace(self.rotation) - 1) / 2, -1, 1)
            words = f"a turn by {np.degrees(np.arccos(cosine)):.0f}°"
        return f"{words}, and the signs of acceleration reversed," if self.reverses_acc else words


def axis_turn(axis: Upright, in_training: Direction) -> Turn:
    """Return the right-angled turn that brings an axis of the phone upright.

    Parameters
    ----------
    axis : {"x", "-x", "y", "-y", "z", "-z"}
        Axis that points up while the person stands.
    in_training : tuple of float
        Direction of gravity in training, of which the nearest axis is taken.

    Returns
    -------
    Turn
    """
    return Turn(shortest_turn(AXES[axis], AXES[nearest_axis(in_training)]))


def turns_to(gravity: FloatArray, in_training: Direction) -> list[Turn]:
    """Return turns that bring gravity to its direction in training.

    Parameters
    ----------
    gravity, in_training : ndarray or tuple, shape (3,)
        Directions.

    Returns
    -------
    list of Turn
        The shortest; then the same and a turn about the vertical, by steps of 45°. Where gravity is
        almost opposite, as many more with the signs of acceleration reversed.
    """
    degrees = range(0, 360, _STEP_DEGREES)
    shortest = shortest_turn(gravity, in_training)
    turns = [Turn(turn_about(in_training, angle) @ shortest) for angle in degrees]
    if angles_degrees(gravity, in_training) > OPPOSITE_DEGREES:
        opposite = shortest_turn(-gravity, in_training)
        turns += [Turn(turn_about(in_training, angle) @ opposite, True) for angle in degrees]
    return turns
