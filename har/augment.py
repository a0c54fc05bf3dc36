"""Augmentation: what might as well have been measured, made of what was.

A phone sits a little differently on every person. A network that learns from 21 people takes the
tilt of their phones for part of the activity, unless it sees each window under many tilts.
"""

from __future__ import annotations

import numpy as np
from scipy.spatial.transform import Rotation

from har.errors import DataError
from har.signals import FloatArray


def rotate(
    signals: FloatArray,
    channels: tuple[str, ...],
    deviation_degrees: float,
    generator: np.random.Generator,
) -> FloatArray:
    """Turn the phone of each window by a random angle about a random axis.

    All sensors turn together, as they would in a phone that is worn askew (Um et al., *Data
    augmentation of wearable sensor data for Parkinson's disease monitoring*, ICMI 2017).

    Parameters
    ----------
    signals : ndarray of float32, shape (n_windows, n_timesteps, n_channels)
        In g and rad/s.
    channels : tuple of str
        Names of the last axis: x, y and z of one sensor, then of the next.
    deviation_degrees : float
        Standard deviation of the angle, which is normal around 0; all axes are equally likely.
    generator : numpy.random.Generator
        Draws angles and axes.

    Returns
    -------
    ndarray of float32, shape (n_windows, n_timesteps, n_channels)

    Raises
    ------
    DataError
        If the channels are not triples of x, y and z.
    """
    if any(name[-2:] != f"_{'xyz'[place % 3]}" for place, name in enumerate(channels)):
        raise DataError(
            f"rotation: found channels {', '.join(channels)}, expected triples of x, y and z"
        )
    n_windows, n_timesteps, n_channels = signals.shape
    axes = generator.normal(size=(n_windows, 3))
    axes /= np.linalg.norm(axes, axis=1, keepdims=True)
    angles = np.radians(generator.normal(scale=deviation_degrees, size=(n_windows, 1)))
    matrices = Rotation.from_rotvec(axes * angles).as_matrix().astype(np.float32)
    vectors = signals.reshape(n_windows, n_timesteps * n_channels // 3, 3)
    turned = vectors @ matrices.swapaxes(1, 2)
    return turned.reshape(signals.shape)
