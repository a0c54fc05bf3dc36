"""Orientation of a phone: where gravity points along its axes, and turns that change it.

An accelerometer at rest measures 1 g upwards, so that the axis that reads +1 g points up. Apple's
phones report the opposite sign; there it points down.
"""

from __future__ import annotations

import numpy as np

from har.arrays import FloatArray

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


def turned(samples: FloatArray, rotation: FloatArray) -> FloatArray:
    """Return the samples that a phone turned by a rotation would have measured.

    Parameters
    ----------
    samples : ndarray, shape (n_timesteps, n_channels)
        Signals with x, y and z of one sensor, then of the next.
    rotation : ndarray, shape (3, 3)
        Rotation of all vectors.

    Returns
    -------
    ndarray of the same shape and type
    """
    vectors = samples.reshape(-1, 3)
    return np.asarray(vectors @ rotation.T.astype(samples.dtype)).reshape(samples.shape)


def turn_in_words(rotation: FloatArray) -> str:
    """Name the axes after a right-angled turn (``x, y, z are y, -x, z``), else give its angle."""
    if np.abs(rotation - np.rint(rotation)).max() < 1e-6:
        rows = (nearest_axis(row) for row in rotation)
        return f"x, y, z are now {', '.join(rows)}"
    cosine = np.clip((np.trace(rotation) - 1) / 2, -1, 1)
    return f"a turn by {np.degrees(np.arccos(cosine)):.0f}°"
