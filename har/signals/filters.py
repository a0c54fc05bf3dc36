"""The signal processing that made the UCI HAR windows.

The published description ("median filter and a 3rd order low-pass Butterworth at 20 Hz, gravity by
a low-pass at 0.3 Hz") is not what was done. What was done is below, found by rebuilding all 10,299
windows from the raw HAPT recordings to within half of the last printed digit. All filters are
*causal*, so the same steps run over a whole recording here and over a live phone's samples in
`har.signals.streaming`; only the median looks one sample (20 ms) ahead.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import numpy as np
import scipy

from har.arrays import FloatArray
from har.errors import DataError
from har.signals.channels import RAW_CHANNELS, SAMPLE_RATE_HZ, UCI_CHANNELS

# "zero" is how UCI HAR was made: before its first sample a recording is zero, gravity too.
# "settled" is for use: before its first sample a recording is that sample.
Start = Literal["zero", "settled"]

# For so long the start shows in body_acc. Windows that begin 0, 2, 5, 10 s after it carry
# 1.15 g, 79 mg, 10 mg, 0.06 mg of gravity after "zero" (the sensor prints steps of 1.4 mg), and
# after "settled" 11, 0.9, 0.09, 0.001 mg at rest but 304, 22, 2.5, 0.02 mg while walking, where
# the first sample is a poor guess of gravity (medians over the segments of HAPT).
WARM_UP_S = 10.0

# Order and cut-off in Hz.
_NOISE = (10, 20.0)
_GRAVITY = (3, 0.3)
_GYROSCOPE_DRIFT = (2, 0.1)


@lru_cache
def _design(order: int, cutoff_hz: float) -> tuple[FloatArray, FloatArray]:
    """Return the sections of a filter, and its state after a constant of 1; once for all."""
    sections = scipy.signal.butter(order, cutoff_hz, fs=SAMPLE_RATE_HZ, output="sos")
    return sections, scipy.signal.sosfilt_zi(sections)


@dataclass(frozen=True)
class FilterDesign:
    """A filter for programs that run it themselves.

    Parameters
    ----------
    sections : ndarray of float64, shape (n_sections, 6)
        Coefficients b0, b1, b2, a0 = 1, a1, a2 of each section, which follow each other.
    settled : ndarray of float64, shape (n_sections, 2)
        State of each section, in transposed direct form II, after a constant signal of 1.
    """

    sections: FloatArray
    settled: FloatArray


def filter_designs() -> tuple[FilterDesign, FilterDesign, FilterDesign]:
    """Return the low-passes of `UciHarLowPasses`: noise, gravity and the gyroscope's drift."""
    noise, gravity, drift = (
        FilterDesign(*_design(*which)) for which in (_NOISE, _GRAVITY, _GYROSCOPE_DRIFT)
    )
    return noise, gravity, drift


class LowPass:
    """A causal Butterworth low-pass filter that goes on where its last call ended.

    Parameters
    ----------
    order : int
        Number of poles.
    cutoff_hz : float
        Frequency at which the gain is -3 dB.
    start : {"zero", "settled"}
        Assumed signal before the first sample: zeros, or that sample.
    """

    def __init__(self, order: int, cutoff_hz: float, start: Start = "zero") -> None:
        self._sections, self._settled = _design(order, cutoff_hz)
        self._start = start
        self._state: FloatArray | None = None

    def __call__(self, signals: FloatArray) -> FloatArray:
        """Filter along the first axis; shape (n_timesteps, ..., n_channels).

        The samples at 50 Hz are those that follow the samples of the last call.
        """
        if not signals.size:
            return signals.astype(np.float64)
        if self._state is None:
            settled = np.multiply.outer(self._settled, signals[0])
            self._state = settled if self._start == "settled" else np.zeros_like(settled)
        filtered: FloatArray
        filtered, self._state = scipy.signal.sosfilt(
            self._sections, signals, axis=0, zi=self._state
        )
        return filtered


class UciHarLowPasses:
    """All filters of UCI HAR after the median; they go on where their last call ended.

    Parameters
    ----------
    start : {"zero", "settled"}
        Start of each filter, see `LowPass`.
    """

    def __init__(self, start: Start) -> None:
        self._noise = LowPass(*_NOISE, start)
        self._gravity = LowPass(*_GRAVITY, start)
        self._gyroscope_drift = LowPass(*_GYROSCOPE_DRIFT, start)

    def __call__(self, medians: FloatArray) -> FloatArray:
        """Turn medians, shape (n_timesteps, ..., 6 or 3), into the channels of `channels_from`."""
        denoised = self._noise(medians)
        total_acc, gyro = denoised[..., :3], denoised[..., 3:]
        body_acc = total_acc - self._gravity(total_acc)
        body_gyro = gyro - self._gyroscope_drift(gyro)
        return np.concatenate([body_acc, body_gyro, total_acc], axis=-1)


def beyond(edge: FloatArray, start: Start) -> FloatArray:
    """Return the sample assumed beyond a recording's first or last one."""
    return edge if start == "settled" else np.zeros_like(edge)


def inner_medians(signals: FloatArray) -> FloatArray:
    """Replace each sample but the first and the last by the median of it and its neighbours.

    The shape (n_timesteps, ..., n_channels) becomes (max(n_timesteps - 2, 0), ..., n_channels).
    """
    before, here, after = signals[:-2], signals[1:-1], signals[2:]
    medians: FloatArray = np.maximum(
        np.minimum(before, here), np.minimum(np.maximum(before, here), after)
    )
    return medians


def channels_from(raw_channels: tuple[str, ...]) -> tuple[str, ...]:
    """Return the names of the columns that `uci_har_channels` makes.

    Parameters
    ----------
    raw_channels : tuple of str
        `RAW_CHANNELS`, or its first three for a phone without a gyroscope.

    Returns
    -------
    tuple of str
        `UCI_CHANNELS`, or those six of them that are accelerations.

    Raises
    ------
    DataError
        If the raw channels are others.
    """
    if raw_channels == RAW_CHANNELS:
        return UCI_CHANNELS
    if raw_channels == RAW_CHANNELS[:3]:
        return tuple(name for name in UCI_CHANNELS if "acc" in name)
    raise DataError(
        f"channels: found {', '.join(raw_channels)}, expected {', '.join(RAW_CHANNELS)}, "
        "or the first three of them"
    )


def uci_har_channels(samples: FloatArray, start: Start = "zero") -> FloatArray:
    """Turn raw signals into the channels of UCI HAR.

    Parameters
    ----------
    samples : ndarray, shape (n_timesteps, 6) or (n_timesteps, 3)
        Columns as in `har.signals.channels.RAW_CHANNELS`, the gyroscope's may be missing:
        acceleration with gravity in g, angular rate in rad/s, at 50 Hz.
    start : {"zero", "settled"}
        Start of the filters: from zero, as UCI HAR was made, or as if the first sample had always
        been there. The median's neighbour beyond either end is zero, or the sample at that end.

    Returns
    -------
    ndarray of float64, shape (n_timesteps, 9) or (n_timesteps, 6)
        Columns as `channels_from` names them. For the first `WARM_UP_S` seconds they show what was
        assumed before the first sample.

    Raises
    ------
    DataError
        If there are neither six nor three columns.
    """
    if samples.ndim != 2 or samples.shape[1] not in (3, len(RAW_CHANNELS)):
        raise DataError(
            f"samples: found an array of shape {samples.shape}, "
            f"expected (n_timesteps, {len(RAW_CHANNELS)}) or (n_timesteps, 3)"
        )
    return UciHarLowPasses(start)(_medians(samples, start))


def denoised_signals(samples: FloatArray) -> FloatArray:
    """Return raw signals after the noise filters of UCI HAR, which start from zero.

    Parameters
    ----------
    samples
        Raw signals, as for `uci_har_channels`.

    Returns
    -------
    ndarray of float64, of the same shape and columns
        The accelerations are ``total_acc``.
    """
    return LowPass(*_NOISE)(_medians(samples, "zero"))


def _medians(samples: FloatArray, start: Start) -> FloatArray:
    """Replace each sample of a recording by the median of it and its neighbours."""
    ends = beyond(samples[:1], start), beyond(samples[-1:], start)
    return inner_medians(np.concatenate([ends[0], samples, ends[1]]))


def as_printed(values: FloatArray) -> FloatArray:
    """Round to the seven significant digits that the published files print.

    Parameters
    ----------
    values : ndarray of float64
        Any finite values below 1e7.

    Returns
    -------
    ndarray of float64
        The values that ``"%.6e" % value`` is read as.
    """
    magnitude = np.abs(values)
    exponent = np.floor(np.log10(np.where(magnitude > 0, magnitude, 1.0)))
    # Up to 10**22 a power of ten is exact in float64, so the one division rounds correctly.
    scale = 10.0 ** np.clip(6 - exponent, 0, 22)
    return np.asarray(np.rint(values * scale) / scale)
