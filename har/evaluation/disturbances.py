"""Disturbances: windows as a worse phone, or a phone worn askew, would have measured them.

Each acts on what a sensor measures, so on all channels made of it alike: body_acc_x and total_acc_x
have the same noise. The filters that lie between a sensor and the windows are left out. For a gain
and a missing sensor that changes nothing, and for a rotation next to nothing, since those filters
are linear but for a median of three samples. Of white noise they would pass 0.65 of the deviation
(measured), and they would smooth the steps where samples are lost.

Augmentation (`har.signals.augmentation`) draws a size for each window; a disturbance has the same
for all.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from har.arrays import FloatArray, IntArray
from har.signals.augmentation import random_axes, sensor_axes, turn
from har.signals.channels import SAMPLE_RATE_HZ
from har.signals.recording import LONGEST_HOLE_S
from har.signals.resampling import resample
from har.signals.windows import Windows

Axis = Literal["x", "y", "z", "random"]
Sensor = Literal["acc", "gyro"]
# From windows, a level and what draws, to signals.
Disturb = Callable[[Windows, float, np.random.Generator], FloatArray]

# A spline through all windows of a large data set at once would fill the memory.
_N_AT_ONCE = 500


def rotated(
    windows: Windows, degrees: float, generator: np.random.Generator, axis: Axis
) -> FloatArray:
    """Turn the phone, and all its sensors with it.

    Parameters
    ----------
    windows : Windows
        With channels in triples of x, y and z.
    degrees : float
        By how much, in every window.
    generator : numpy.random.Generator
        Draws the sense of rotation of each window, or its axis.
    axis : {"x", "y", "z", "random"}
        Of the phone; random ones are all equally likely.

    Returns
    -------
    ndarray of float32, shape (n_windows, n_timesteps, n_channels)

    Raises
    ------
    DataError
        If the channels are not triples of x, y and z.
    """
    if axis == "random":
        axes = random_axes(len(windows), generator)
    else:
        senses = generator.choice([-1.0, 1.0], size=(len(windows), 1))
        axes = senses * np.eye(3)["xyz".index(axis)]
    return turn(windows.signals, windows.channels, np.radians(degrees) * axes)


def amplified(windows: Windows, percent: float, sensor: Sensor) -> FloatArray:
    """Let one sensor measure too much or too little, along all its axes.

    Parameters
    ----------
    windows : Windows
        As they were measured.
    percent : float
        How much too much; -100 silences the sensor.
    sensor : {"acc", "gyro"}
        Which one.

    Returns
    -------
    ndarray of float32, shape (n_windows, n_timesteps, n_channels)
    """
    gains = 1 + np.float32(percent / 100) * _is_of(windows.channels, sensor)
    return windows.signals * gains


def _without_gyroscope(windows: Windows, percent: float) -> FloatArray:
    """Take so much away from what the gyroscope measures: all of it at 100 %."""
    return amplified(windows, -percent, "gyro")


def noisy(
    windows: Windows, deviation: float, generator: np.random.Generator, sensor: Sensor
) -> FloatArray:
    """Add white noise to what one sensor measures.

    Parameters
    ----------
    windows : Windows
        As they were measured.
    deviation : float
        Standard deviation of the noise along each axis, in g or rad/s; it is normal around 0.
    generator : numpy.random.Generator
        Draws the noise.
    sensor : {"acc", "gyro"}
        Which one.

    Returns
    -------
    ndarray of float32, shape (n_windows, n_timesteps, n_channels)
    """
    n_sensor_axes, places = sensor_axes(windows.channels)
    shape = (len(windows), windows.n_timesteps, n_sensor_axes)
    noise = generator.standard_normal(shape, dtype=np.float32)[:, :, places]
    return windows.signals + np.float32(deviation) * noise * _is_of(windows.channels, sensor)


def _is_of(channels: tuple[str, ...], sensor: Sensor) -> FloatArray:
    """Give 1 for the channels that a sensor measures, 0 for others; shape (n_channels,)."""
    return np.array([name.split("_")[-2] == sensor for name in channels], np.float32)


def sampled_at(windows: Windows, rate_hz: float) -> FloatArray:
    """Sample more slowly, without aliasing, and come back as recordings of that rate do.

    Parameters
    ----------
    windows : Windows
        As they were measured.
    rate_hz : float
        Of the slower phone; see `har.signals.resampling.resample` for both ways.

    Returns
    -------
    ndarray of float32, shape (n_windows, n_timesteps, n_channels)
        What lies beyond a window's ends is taken as mirrored there.
    """
    starts = range(0, len(windows), _N_AT_ONCE)
    blocks = (windows.signals[start : start + _N_AT_ONCE] for start in starts)
    return np.concatenate([_there_and_back(block, windows.rate_hz, rate_hz) for block in blocks])


def _there_and_back(signals: FloatArray, own_rate_hz: float, rate_hz: float) -> FloatArray:
    """Resample some windows side by side, as if they were channels of one recording."""
    n_windows, n_timesteps, n_channels = signals.shape
    n_beyond = n_timesteps // 2
    beyond = ((n_beyond, n_beyond), (0, 0), (0, 0))
    mirrored = np.pad(signals.swapaxes(0, 1), beyond, mode="reflect")
    samples = mirrored.reshape(len(mirrored), n_windows * n_channels)
    slow = resample(np.arange(len(samples)) / own_rate_hz, samples, own_rate_hz, rate_hz)
    again = resample(np.arange(len(slow)) / rate_hz, slow, rate_hz, own_rate_hz)
    inner = again[n_beyond : n_beyond + n_timesteps]
    return inner.reshape(n_timesteps, n_windows, n_channels).swapaxes(0, 1)


def lossy(windows: Windows, percent: float, generator: np.random.Generator) -> FloatArray:
    """Lose samples, and hold the last one that came, as in a live stream.

    Recordings are interpolated instead (`har.reading`), which is milder.

    Parameters
    ----------
    windows : Windows
        As they were measured.
    percent : float
        How probable it is that a sample is lost, with all its channels. Never lost are the first
        of a window, and one after 0.1 s of losses: a longer hole is a gap, across which no window
        is made.
    generator : numpy.random.Generator
        Draws which are lost.

    Returns
    -------
    ndarray of float32, shape (n_windows, n_timesteps, n_channels)
    """
    times = np.arange(windows.n_timesteps)
    is_lost = generator.random((len(windows), windows.n_timesteps)) < percent / 100
    n_longest = round(LONGEST_HOLE_S * windows.rate_hz)
    n_lost_so_far = times - _last(~is_lost, times)
    is_kept = n_lost_so_far % (n_longest + 1) == 0
    held: FloatArray = np.take_along_axis(
        windows.signals, _last(is_kept, times)[:, :, np.newaxis], axis=1
    )
    return held


def _last(is_so: NDArray[np.bool_], times: IntArray) -> IntArray:
    """Find for each time step the last one at which it was so, the first if it never was."""
    return np.maximum.accumulate(np.where(is_so, times, 0), axis=1)


@dataclass(frozen=True)
class Disturbance:
    """A way to disturb windows, and how strongly to try it.

    Parameters
    ----------
    name : str
        In tables and files.
    unit : str
        Of the levels.
    neutral : float
        The level that changes nothing.
    levels : tuple of float
        Others.
    disturb : callable
        From windows, a level and a generator to signals.
    sensor : {"acc", "gyro"} or None
        Which sensor there must be, if it is about one.
    """

    name: str
    unit: str
    neutral: float
    levels: tuple[float, ...]
    disturb: Disturb
    sensor: Sensor | None = None

    def fits(self, channels: tuple[str, ...]) -> bool:
        """Tell whether there is anything to disturb."""
        return self.sensor is None or bool(_is_of(channels, self.sensor).any())

    def of(self, windows: Windows, level: float, seed: int) -> Windows:
        """Disturb windows.

        Parameters
        ----------
        windows : Windows
            They stay as they are.
        level : float
            How strongly.
        seed : int
            The same seed draws the same, at whatever level.

        Returns
        -------
        Windows
            With other signals.
        """
        disturbed = self.disturb(windows, level, np.random.default_rng(seed))
        return replace(windows, signals=disturbed)


def _undrawn(disturb: Callable[[Windows, float], FloatArray]) -> Disturb:
    """Give a function that draws nothing the form of those that do."""
    return lambda windows, level, _: disturb(windows, level)


_DEGREES = (15.0, 30.0, 45.0, 60.0, 90.0, 135.0, 180.0)
_GAINS_PERCENT = (-50.0, -25.0, -10.0, 10.0, 25.0, 50.0)
# From below the steps in which UCI HAR's sensors print (1.4 mg) to above the deviation of walking,
# 0.2 g and 0.45 rad/s along an axis; sitting has 0.01 g and 0.02 rad/s.
_NOISE_G = (0.001, 0.003, 0.01, 0.03, 0.1, 0.3)
_NOISE_RAD_PER_S = (0.003, 0.01, 0.03, 0.1, 0.3, 1.0)
# Recordings below 10 Hz are refused (`har.reading`); 5 Hz shows why.
_RATES_HZ = (25.0, 20.0, 12.5, 10.0, 5.0)
_LOSSES_PERCENT = (5.0, 10.0, 20.0, 30.0, 50.0)

DISTURBANCES = (
    *(
        Disturbance(f"rotation_{axis}", "degrees", 0.0, _DEGREES, partial(rotated, axis=axis))
        for axis in get_args(Axis)
    ),
    *(
        Disturbance(
            f"gain_{sensor}",
            "%",
            0.0,
            _GAINS_PERCENT,
            _undrawn(partial(amplified, sensor=sensor)),
            sensor,
        )
        for sensor in get_args(Sensor)
    ),
    Disturbance("noise_acc", "g", 0.0, _NOISE_G, partial(noisy, sensor="acc"), "acc"),
    Disturbance(
        "noise_gyro", "rad/s", 0.0, _NOISE_RAD_PER_S, partial(noisy, sensor="gyro"), "gyro"
    ),
    Disturbance("sampling_rate", "Hz", SAMPLE_RATE_HZ, _RATES_HZ, _undrawn(sampled_at)),
    Disturbance("dropped_samples", "%", 0.0, _LOSSES_PERCENT, lossy),
    Disturbance("missing_gyroscope", "%", 0.0, (100.0,), _undrawn(_without_gyroscope), "gyro"),
)
