"""The processing of UCI HAR for live signals: from samples as they are measured to windows.

However the samples are cut into chunks, the results are those of `uci_har_channels` in
`har.signals.filters` and `sliding_windows` in `har.signals.windows` for the whole.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from har.arrays import FloatArray, IntArray
from har.errors import DataError
from har.signals.channels import RAW_CHANNELS
from har.signals.filters import Start, UciHarLowPasses, beyond, channels_from, inner_medians
from har.signals.windows import sliding_windows


class UciHarStream:
    """Turn raw samples into the channels of UCI HAR, one sample (20 ms) late.

    The delay is the median's, which looks one sample ahead. The state is the last two raw samples
    and the memories of three low-pass filters.

    Parameters
    ----------
    n_raw_channels : int
        6, or 3 for a phone without a gyroscope.
    start : {"zero", "settled"}
        Start of the filters, as for `uci_har_channels`.

    Raises
    ------
    DataError
        If there are neither six nor three channels.
    """

    def __init__(self, n_raw_channels: int = len(RAW_CHANNELS), start: Start = "settled") -> None:
        self._n_raw_channels = n_raw_channels
        self._start = start
        self.channels = channels_from(RAW_CHANNELS[:n_raw_channels])
        self._begin()

    def _begin(self) -> None:
        self._low_passes = UciHarLowPasses(self._start)
        self._last_two: FloatArray = np.empty((0, self._n_raw_channels))

    def push(self, samples: FloatArray) -> FloatArray:
        """Filter the next samples.

        Parameters
        ----------
        samples : ndarray, shape (n_samples, n_raw_channels)
            Raw samples, any number of them. After a gap, call `finish` first.

        Returns
        -------
        ndarray of float64, shape (n_samples, n_channels)
            The channels of the sample before the first one, up to that before the last one. After
            the start there is no sample before the first one, and the result is one row shorter.

        Raises
        ------
        DataError
            If the shape is wrong, or a value is NaN or infinite, which the filters would never
            forget.
        """
        if samples.ndim != 2 or samples.shape[1] != self._n_raw_channels:
            raise DataError(
                f"samples: found an array of shape {samples.shape}, "
                f"expected (n_samples, {self._n_raw_channels})"
            )
        if not np.isfinite(samples).all():
            raise DataError("samples: found NaN or infinite values, expected finite numbers")
        if not len(self._last_two):
            self._last_two = beyond(samples[:1], self._start)
        return self._push_unchecked(samples)

    def _push_unchecked(self, samples: FloatArray) -> FloatArray:
        signals = np.concatenate([self._last_two, samples])
        self._last_two = signals[-2:].copy()
        return self._low_passes(inner_medians(signals))

    def finish(self) -> FloatArray:
        """End a stretch without gaps; the next samples start a new one.

        Returns
        -------
        ndarray of float64, shape (1, n_channels)
            The channels of the last sample; no row if there was no sample.
        """
        last = self._push_unchecked(beyond(self._last_two[-1:], self._start))
        self._begin()
        return last


@dataclass(frozen=True)
class LiveSamples:
    """Samples at 50 Hz that follow each other without a gap.

    Parameters
    ----------
    samples : ndarray of float32, shape (n_samples, n_channels)
        Raw signals in g and rad/s, with the columns of `har.signals.channels.RAW_CHANNELS` or the
        first three of them.
    first_slot : int
        Time of the first of them, in steps of 20 ms from the start of the stream.
    is_after_gap : bool
        True if a gap lies before them, so that filters and windows must start anew.
    """

    samples: FloatArray
    first_slot: int
    is_after_gap: bool


@dataclass(frozen=True)
class LiveWindows:
    """Windows that became complete, and their positions.

    Parameters
    ----------
    signals : ndarray of float32, shape (n_windows, size, n_channels)
        Windows in g and rad/s.
    first_samples : ndarray of int, shape (n_windows,)
        Index of each window's first sample, from the start or the last `restart`.
    """

    signals: FloatArray
    first_samples: IntArray

    def __len__(self) -> int:
        """Count the windows."""
        return len(self.signals)


class WindowStream:
    """Cut signals that come in chunks into windows, each as soon as it is complete.

    Parameters
    ----------
    size, step : int
        Window length and hop in samples.
    n_channels : int
        Number of channels.
    """

    def __init__(self, size: int, step: int, n_channels: int) -> None:
        self._size = size
        self._step = step
        self._n_channels = n_channels
        self.restart()

    def restart(self) -> None:
        """Forget all samples, as after a gap: the next one is sample 0."""
        self._pending: FloatArray = np.empty((0, self._n_channels), dtype=np.float32)
        self._next_first_sample = 0
        # With a step longer than a window, samples between two windows are in neither.
        self._n_to_skip = 0

    @property
    def n_missing(self) -> int:
        """The number of samples that the next window still needs."""
        return self._n_to_skip + self._size - len(self._pending)

    def push(self, channels: FloatArray) -> LiveWindows:
        """Cut the next samples into windows; keep those that a later window needs.

        Parameters
        ----------
        channels : ndarray, shape (n_samples, n_channels)
            Filtered samples, any number of them.

        Returns
        -------
        LiveWindows
            The windows that these samples complete, in order; often none.
        """
        new = channels[self._n_to_skip :].astype(np.float32)
        self._n_to_skip = max(0, self._n_to_skip - len(channels))
        self._pending = np.concatenate([self._pending, new])
        n_windows = max(0, (len(self._pending) - self._size) // self._step + 1)
        signals: FloatArray = np.empty((0, self._size, self._n_channels), dtype=np.float32)
        if n_windows:
            signals = sliding_windows(self._pending, self._size, self._step).copy()
        first_samples = self._next_first_sample + self._step * np.arange(n_windows)
        n_done = self._step * n_windows
        self._next_first_sample += n_done
        self._n_to_skip += max(0, n_done - len(self._pending))
        self._pending = self._pending[n_done:].copy()
        return LiveWindows(signals, first_samples)
