"""Augmentation: windows as they might as well have been measured, made of those that were.

A phone sits a little differently on every person, and people move with more or less vigour, faster
or slower. A network that learns from 21 people takes the tilt of their phones, their strength and
their pace for part of the activity, unless it sees each window with many of them.

After Um et al., *Data augmentation of wearable sensor data for Parkinson's disease monitoring*,
ICMI 2017, whose time-warp changes the pace within a window, too.
"""

from __future__ import annotations

import numpy as np
import scipy

from har.arrays import FloatArray, IntArray
from har.errors import DataError


def rotate(
    signals: FloatArray,
    channels: tuple[str, ...],
    deviation_degrees: float,
    generator: np.random.Generator,
) -> FloatArray:
    """Turn the phone of each window by a random angle about a random axis.

    All sensors turn together, as they would in a phone that is worn askew.

    Parameters
    ----------
    signals : ndarray of float32, shape (n_windows, n_timesteps, n_channels)
        Windows in g and rad/s.
    channels : tuple of str
        Names of the last axis: x, y and z of one sensor, then of the next.
    deviation_degrees : float
        Standard deviation of the angle, which is normal around 0; all axes are equally likely.
    generator : numpy.random.Generator
        Source of the angles and axes.

    Returns
    -------
    ndarray of float32, shape (n_windows, n_timesteps, n_channels)
    """
    axes = random_axes(len(signals), generator)
    angles = np.radians(generator.normal(scale=deviation_degrees, size=(len(signals), 1)))
    return turn(signals, channels, axes * angles)


def turn_about_x(
    signals: FloatArray,
    channels: tuple[str, ...],
    largest_degrees: float,
    generator: np.random.Generator,
) -> FloatArray:
    """Turn the phone of each window by a random angle about its x axis.

    At the waist x points up when somebody stands, so that the phone faces another way: to the side,
    or the body.

    Parameters
    ----------
    signals, channels, generator
        Windows, the names of their channels and the source of the angles, as for `rotate`.
    largest_degrees : float
        Largest angle, either way; all angles up to it are equally likely.

    Returns
    -------
    ndarray of float32, shape (n_windows, n_timesteps, n_channels)
    """
    largest = np.radians(largest_degrees)
    angles = generator.uniform(-largest, largest, size=(len(signals), 1))
    return turn(signals, channels, angles * np.array([1.0, 0.0, 0.0]))


def random_axes(n_axes: int, generator: np.random.Generator) -> FloatArray:
    """Draw directions in space, all equally likely.

    Parameters
    ----------
    n_axes : int
        Number of directions.
    generator : numpy.random.Generator
        Source of the directions.

    Returns
    -------
    ndarray of float64, shape (n_axes, 3)
        Vectors of length 1.
    """
    axes = generator.normal(size=(n_axes, 3))
    axes /= np.linalg.norm(axes, axis=1, keepdims=True)
    return axes


def turn(signals: FloatArray, channels: tuple[str, ...], rotations: FloatArray) -> FloatArray:
    """Turn the phone of each window by a given rotation; all sensors turn together.

    Parameters
    ----------
    signals, channels
        Windows and the names of their channels, as for `rotate`.
    rotations : ndarray of float, shape (n_windows, 3)
        Rotation vectors: along the axis, as long as the angle in radians.

    Returns
    -------
    ndarray of float32, shape (n_windows, n_timesteps, n_channels)

    Raises
    ------
    DataError
        If the channels are not triples of x, y and z.
    """
    expected = [f"_{'xyz'[index % 3]}" for index in range(len(channels))]
    if len(channels) % 3 or [name[-2:] for name in channels] != expected:
        raise DataError(
            f"rotation: found channels {', '.join(channels)}, expected triples of x, y and z"
        )
    n_windows, n_timesteps, n_channels = signals.shape
    matrices = scipy.spatial.transform.Rotation.from_rotvec(rotations).as_matrix()
    vectors = signals.reshape(n_windows, n_timesteps * n_channels // 3, 3)
    turned = vectors @ matrices.astype(np.float32).swapaxes(1, 2)
    return turned.reshape(signals.shape)


def scale_axes(
    signals: FloatArray, channels: tuple[str, ...], deviation: float, generator: np.random.Generator
) -> FloatArray:
    """Multiply each axis of each window's sensors by a random gain.

    Channels made of the same axis of the same sensor have one gain: body_acc_x and total_acc_x
    share theirs, body_gyro_x has another.

    Parameters
    ----------
    signals, generator
        Windows and source of the gains, as for `rotate`.
    channels : tuple of str
        Names of the last axis, which end in a sensor and its axis: ``acc_x``.
    deviation : float
        Standard deviation of the gain, which is normal around 1.

    Returns
    -------
    ndarray of float32, shape (n_windows, n_timesteps, n_channels)
    """
    n_sensor_axes, axis_of_channel = sensor_axes(channels)
    gains = generator.normal(1.0, deviation, size=(len(signals), 1, n_sensor_axes))
    return signals * gains[:, :, axis_of_channel].astype(np.float32)


def sensor_axes(channels: tuple[str, ...]) -> tuple[int, IntArray]:
    """Group channels that come from the same axis of the same sensor.

    Parameters
    ----------
    channels : tuple of str
        Names that end in a sensor and its axis: ``acc_x``.

    Returns
    -------
    n_sensor_axes : int
        Number of different axes.
    axis_of_channel : ndarray of int, shape (n_channels,)
        Index of each channel's axis, from 0.
    """
    endings = ["_".join(name.split("_")[-2:]) for name in channels]
    different, axis_of_channel = np.unique(endings, return_inverse=True)
    return len(different), axis_of_channel


def stretch_time(
    signals: FloatArray, largest_change: float, generator: np.random.Generator
) -> FloatArray:
    """Play each window faster or slower, about its middle.

    Parameters
    ----------
    signals, generator
        Windows and source of a pace for each, as for `rotate`.
    largest_change : float
        Bound of the pace, which is uniform between 1 - this and 1 + this.

    Returns
    -------
    ndarray of float32, shape (n_windows, n_timesteps, n_channels)
        Linearly interpolated; a faster window is continued by its mirror image at both ends.
    """
    last = signals.shape[1] - 1
    pace = generator.uniform(1 - largest_change, 1 + largest_change, size=(len(signals), 1))
    moments = last / 2 + pace * (np.arange(last + 1) - last / 2)
    moments = last - np.abs(last - np.abs(moments))
    before = np.minimum(moments.astype(int), max(last - 1, 0))
    share = (moments - before)[:, :, np.newaxis].astype(np.float32)
    after = np.minimum(before + 1, last)
    window = np.arange(len(signals))[:, np.newaxis]
    return np.asarray(signals[window, before] * (1 - share) + signals[window, after] * share)
