"""Disturbances: windows as a worse phone, or a phone worn askew, would have measured them.

Each acts on a sensor and thus equally on all channels derived from it: body_acc_x and total_acc_x
have the same noise. The filters between a sensor and the windows are not simulated. For a gain and
a missing sensor that makes no difference, and for a rotation hardly any, since the filters are
linear except for a median of three samples. They would pass 0.65 of the standard deviation of white
noise (measured), and would smooth the steps where samples are lost.

Augmentation (`har.signals.augmentation`) draws a magnitude for each window; a disturbance has the
same for all.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Literal, get_args

import numpy as np

from har.arrays import BoolArray, FloatArray, IntArray
from har.signals.augmentation import random_axes, sensor_axes, turn, turn_about_x
from har.signals.channels import SAMPLE_RATE_HZ
from har.signals.recording import LONGEST_HOLE_S
from har.signals.resampling import resample
from har.signals.windows import Windows

Axis = Literal["x", "y", "z", "random"]
Sensor = Literal["acc", "gyro"]
# From windows, a level and a generator to signals.
Disturb = Callable[[Windows, float, np.random.Generator], FloatArray]

# Windows per spline: one through all windows of a large data set would fill the memory.
_N_PER_BLOCK = 500


def _rotated(
    windows: Windows, degrees: float, generator: np.random.Generator, axis: Axis
) -> FloatArray:
    """Rotate a phone by the same angle in every window, together with its sensors.

    The axis is one of the phone's, turned either way, or is drawn uniformly for each window.
    """
    if axis == "random":
        axes = random_axes(len(windows), generator)
    else:
        senses = generator.choice([-1.0, 1.0], size=(len(windows), 1))
        axes = senses * np.eye(3)["xyz".index(axis)]
    return turn(windows.signals, windows.channels, np.radians(degrees) * axes)


def _turned_about_x(
    windows: Windows, largest_degrees: float, generator: np.random.Generator
) -> FloatArray:
    """Turn each phone about its x axis by an angle of its own, up to the largest."""
    return turn_about_x(windows.signals, windows.channels, largest_degrees, generator)


def _amplified(
    windows: Windows, percent: float, _: np.random.Generator, sensor: Sensor
) -> FloatArray:
    """Give a sensor a wrong gain along all its axes; an error of -100 % silences it."""
    gains = 1 + np.float32(percent / 100) * _is_of(windows.channels, sensor)
    return windows.signals * gains


def _without_gyroscope(
    windows: Windows, percent: float, generator: np.random.Generator
) -> FloatArray:
    """Reduce the gyroscope's signals by a percentage: to 0 at 100 %."""
    return _amplified(windows, -percent, generator, "gyro")


def _without_gravity(windows: Windows, percent: float, _: np.random.Generator) -> FloatArray:
    """Reduce gravity by a percentage: each window's mean acceleration, along every axis."""
    means = windows.signals.mean(axis=1, keepdims=True)
    shares = np.float32(percent / 100) * _is_of(windows.channels, "acc")
    reduced: FloatArray = windows.signals - shares * means
    return reduced


def _noisy(
    windows: Windows, deviation: float, generator: np.random.Generator, sensor: Sensor
) -> FloatArray:
    """Add white noise to each axis of a sensor; its standard deviation is in g or rad/s."""
    n_sensor_axes, axis_of_channel = sensor_axes(windows.channels)
    shape = (len(windows), windows.n_timesteps, n_sensor_axes)
    noise = generator.standard_normal(shape, dtype=np.float32)[:, :, axis_of_channel]
    return windows.signals + np.float32(deviation) * noise * _is_of(windows.channels, sensor)


def _is_of(channels: tuple[str, ...], sensor: Sensor) -> FloatArray:
    """Return 1 for the channels derived from a sensor, 0 for others; shape (n_channels,)."""
    return np.array([name.split("_")[-2] == sensor for name in channels], np.float32)


def _sampled_at(windows: Windows, rate_hz: float, _: np.random.Generator) -> FloatArray:
    """Resample to a lower rate, without aliasing, and back.

    Beyond the ends of a window the signals are assumed to be mirrored.
    """
    starts = range(0, len(windows), _N_PER_BLOCK)
    blocks = (windows.signals[start : start + _N_PER_BLOCK] for start in starts)
    return np.concatenate([_down_and_up(block, windows.rate_hz, rate_hz) for block in blocks])


def _down_and_up(signals: FloatArray, own_rate_hz: float, rate_hz: float) -> FloatArray:
    """Resample windows side by side, as if they were channels of one recording."""
    n_windows, n_timesteps, n_channels = signals.shape
    n_padded = n_timesteps // 2
    padding = ((n_padded, n_padded), (0, 0), (0, 0))
    mirrored = np.pad(signals.swapaxes(0, 1), padding, mode="reflect")
    samples = mirrored.reshape(len(mirrored), n_windows * n_channels)
    slow = resample(np.arange(len(samples)) / own_rate_hz, samples, own_rate_hz, rate_hz)
    restored = resample(np.arange(len(slow)) / rate_hz, slow, rate_hz, own_rate_hz)
    inner = restored[n_padded : n_padded + n_timesteps]
    return inner.reshape(n_timesteps, n_windows, n_channels).swapaxes(0, 1)


def _lossy(windows: Windows, percent: float, generator: np.random.Generator) -> FloatArray:
    """Lose a percentage of the samples, with all channels: each repeats the last, as in a stream.

    The first sample of a window and the one after 0.1 s of losses are kept: a longer loss would be
    a gap, across which no window is made. Recordings are interpolated instead (`har.reading`),
    which is a milder disturbance.
    """
    times = np.arange(windows.n_timesteps)
    is_lost = generator.random((len(windows), windows.n_timesteps)) < percent / 100
    n_longest = round(LONGEST_HOLE_S * windows.rate_hz)
    n_lost_so_far = times - _last(~is_lost, times)
    is_kept = n_lost_so_far % (n_longest + 1) == 0
    kept_times = _last(is_kept, times)[:, :, np.newaxis]
    return np.asarray(np.take_along_axis(windows.signals, kept_times, axis=1))


def _last(is_so: BoolArray, times: IntArray) -> IntArray:
    """Return, for each time step, the last one up to it that is true, or else the first."""
    return np.maximum.accumulate(np.where(is_so, times, 0), axis=1)


@dataclass(frozen=True)
class Disturbance:
    """A kind of disturbance, with the levels to try.

    Parameters
    ----------
    name : str
        Name in tables and files.
    unit : str
        Unit of the levels.
    neutral : float
        Level that changes nothing.
    levels : tuple of float
        Other levels.
    disturb : callable
        Function from windows, a level and a generator to signals.
    sensor : {"acc", "gyro"} or None
        Sensor that is disturbed, if it is only one.
    """

    name: str
    unit: str
    neutral: float
    levels: tuple[float, ...]
    disturb: Disturb
    sensor: Sensor | None = None

    def fits(self, channels: tuple[str, ...]) -> bool:
        """Return whether the disturbance applies to windows of these channels."""
        return self.sensor is None or bool(_is_of(channels, self.sensor).any())

    def of(self, windows: Windows, level: float, seed: int) -> Windows:
        """Return windows with disturbed signals.

        Parameters
        ----------
        windows : Windows
            Undisturbed windows, which are not modified.
        level : float
            Strength of the disturbance.
        seed : int
            Seed; the same seed draws the same numbers at every level.

        Returns
        -------
        Windows
        """
        disturbed = self.disturb(windows, level, np.random.default_rng(seed))
        return replace(windows, signals=disturbed)


_DEGREES = (15.0, 30.0, 45.0, 60.0, 90.0, 135.0, 180.0)
_LARGEST_DEGREES = (90.0, 180.0)
_GAINS_PERCENT = (-50.0, -25.0, -10.0, 10.0, 25.0, 50.0)
# From below the resolution of UCI HAR's accelerometer (1.4 mg) to above the standard deviation of
# walking, 0.2 g and 0.45 rad/s along an axis; sitting has 0.01 g and 0.02 rad/s.
_NOISE_G = (0.001, 0.003, 0.01, 0.03, 0.1, 0.3)
_NOISE_RAD_PER_S = (0.003, 0.01, 0.03, 0.1, 0.3, 1.0)
# Recordings below 10 Hz are refused (`har.reading`); 5 Hz shows why.
_RATES_HZ = (25.0, 20.0, 12.5, 10.0, 5.0)
_LOSSES_PERCENT = (5.0, 10.0, 20.0, 30.0, 50.0)

DISTURBANCES = (
    *(
        Disturbance(f"rotation_{axis}", "degrees", 0.0, _DEGREES, partial(_rotated, axis=axis))
        for axis in get_args(Axis)
    ),
    Disturbance("random_turn_x", "degrees", 0.0, _LARGEST_DEGREES, _turned_about_x),
    *(
        Disturbance(
            f"gain_{sensor}", "%", 0.0, _GAINS_PERCENT, partial(_amplified, sensor=sensor), sensor
        )
        for sensor in get_args(Sensor)
    ),
    Disturbance("noise_acc", "g", 0.0, _NOISE_G, partial(_noisy, sensor="acc"), "acc"),
    Disturbance(
        "noise_gyro", "rad/s", 0.0, _NOISE_RAD_PER_S, partial(_noisy, sensor="gyro"), "gyro"
    ),
    Disturbance("sampling_rate", "Hz", SAMPLE_RATE_HZ, _RATES_HZ, _sampled_at),
    Disturbance("dropped_samples", "%", 0.0, _LOSSES_PERCENT, _lossy),
    Disturbance("missing_gyroscope", "%", 0.0, (100.0,), _without_gyroscope, "gyro"),
    Disturbance("missing_gravity", "%", 0.0, (100.0,), _without_gravity, "acc"),
)
