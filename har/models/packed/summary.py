"""The summary of windows in NumPy; `har.models.summary` explains it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from har.arrays import FloatArray
from har.models.constants import (
    LAGS,
    LARGEST,
    LARGEST_COSINE,
    SMALLEST_ENERGY,
    Triads,
)

_TINY = np.float32(SMALLEST_ENERGY)
_ONE, _OTHER = np.triu_indices(3, 1)


class PackedSummary:
    """Standardised features of windows, see `har.models.summary.Summary`.

    Parameters
    ----------
    channels : tuple of str
        Names of the windows' channels.
    weights : mapping of str to ndarray
        Parameters of the network without their prefix.
    """

    def __init__(self, channels: tuple[str, ...], weights: Mapping[str, FloatArray]) -> None:
        triads = Triads(channels)
        self._places = np.array(triads.places, dtype=np.int64).reshape(-1, 3)
        self._gravity, self._movements = triads.gravity, triads.movements
        self._waves, self._weights, self._mean = (
            weights[f"summary_{name}"] for name in ("waves", "weights", "mean")
        )
        self._factor = 1 / weights["summary_scale"]

    def __call__(self, windows: FloatArray) -> FloatArray:
        """Return features, shape (n_windows, n_features)."""
        n_windows = len(windows)
        channels = windows.transpose(0, 2, 1)
        triads = channels[:, self._places]
        derived = [_length(triads, axis=2)]
        angles = []
        if self._gravity is not None:
            mean = triads[:, self._gravity].mean(axis=2)
            down = (mean / _length(mean, axis=1)[:, np.newaxis])[:, np.newaxis, :, np.newaxis]
            angles.append(np.arccos(np.clip(down[:, 0, :, 0], -LARGEST_COSINE, LARGEST_COSINE)))
            moving = triads[:, self._movements]
            along = (moving * down).sum(axis=2)
            across = _length(moving - along[:, :, np.newaxis] * down, axis=2)
            both = np.stack([along, across], axis=2)
            derived.append(both.reshape(n_windows, -1, windows.shape[1]))
        signals = np.concatenate([channels, *derived], axis=1)
        means = signals.mean(axis=2, keepdims=True)
        centred = signals - means
        of_signals = np.concatenate([means, *self._of_spectra(centred)], axis=2)
        of_triads = _correlations(centred[:, self._places])
        parts = [of_signals.reshape(n_windows, -1), of_triads, *angles]
        features: FloatArray = (np.concatenate(parts, axis=1) - self._mean) * self._factor
        return np.clip(features, -LARGEST, LARGEST)

    def _of_spectra(self, centred: FloatArray) -> Iterator[FloatArray]:
        """Yield features of all signals, each (n_windows, n_signals, n)."""
        squares = np.square(centred @ self._waves)
        sums = squares @ self._weights
        end = 1 + len(LAGS)
        variance, energies = sums[..., :1], sums[..., end:-2]
        yield np.log(variance + _TINY)
        yield sums[..., 1:end] / (variance + _TINY)
        yield np.log(energies + _TINY)
        under_hann = squares[..., 2 * (centred.shape[2] + 1) :]
        n_frequencies = under_hann.shape[2] // 2
        power = under_hann[..., :n_frequencies] + under_hann[..., n_frequencies:] + _TINY
        total = power.sum(axis=2, keepdims=True)
        weighted = (power * np.log(power)).sum(axis=2, keepdims=True)
        yield np.log(total) - weighted / total
        yield sums[..., -1:] / (sums[..., -2:-1] + _TINY)


def _length(vectors: FloatArray, axis: int) -> FloatArray:
    length: FloatArray = np.sqrt(np.square(vectors).sum(axis=axis) + _TINY)
    return length


def _correlations(triads: FloatArray) -> FloatArray:
    """Return the correlations of x and y, x and z, y and z; shape (n_windows, 3 * n_triads)."""
    products = triads @ triads.swapaxes(2, 3) / np.float32(triads.shape[3])
    variances = np.einsum("ntaa->nta", products) + _TINY
    scales = np.sqrt(variances[..., _ONE] * variances[..., _OTHER])
    return np.asarray((products[..., _ONE, _OTHER] / scales).reshape(len(triads), -1))
