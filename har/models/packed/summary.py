"""The summary of windows in NumPy; `har.models.summary` explains it."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from har.arrays import FloatArray
from har.models.summary_tables import (
    LAGS,
    LARGEST,
    LARGEST_COSINE,
    N_BANDS,
    SMALLEST_ENERGY,
    Triads,
)

_TINY = np.float32(SMALLEST_ENERGY)


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
        self._triads = Triads(channels)
        self._waves, self._weights, self._mean, self._scale = (
            weights[f"summary_{name}"] for name in ("waves", "weights", "mean", "scale")
        )

    def __call__(self, windows: FloatArray) -> FloatArray:
        """Return features, shape (n_windows, n_features)."""
        channels = windows.transpose(0, 2, 1)
        triads = [channels[:, places] for places in self._triads.places]
        derived = [_length(triad) for triad in triads]
        of_triads = [_correlations(triad) for triad in triads]
        if self._triads.gravity is not None:
            mean = triads[self._triads.gravity].mean(axis=2, keepdims=True)
            down = mean / _length(mean)
            of_triads.append(np.arccos(np.clip(down[..., 0], -LARGEST_COSINE, LARGEST_COSINE)))
            for number in self._triads.movements:
                along = (triads[number] * down).sum(axis=1, keepdims=True)
                derived += [along, _length(triads[number] - along * down)]
        signals = np.concatenate([channels, *derived], axis=1)
        of_signals = self._of_signals(signals).reshape(len(windows), -1)
        features = np.concatenate([of_signals, *of_triads], axis=1)
        standardised: FloatArray = (features - self._mean) / self._scale
        return np.clip(standardised, -LARGEST, LARGEST).astype(np.float32)

    def _of_signals(self, signals: FloatArray) -> FloatArray:
        """Return features of all signals, shape (n_windows, n_signals, n_per_signal)."""
        n_timesteps = signals.shape[2]
        means = signals.mean(axis=2, keepdims=True)
        squares = np.square((signals - means) @ self._waves)
        sums = squares @ self._weights
        ends = np.cumsum([1, len(LAGS), 1 + N_BANDS, 1]).tolist()
        variance, covariances, energies, energy, of_frequency = np.split(sums, ends, axis=2)
        under_hann = squares[..., 2 * (n_timesteps + 1) :]
        power = under_hann.reshape(*squares.shape[:2], 2, -1).sum(axis=2) + _TINY
        share = power / power.sum(axis=2, keepdims=True)
        parts = [
            means,
            np.log(variance + _TINY),
            covariances / (variance + _TINY),
            np.log(energies + _TINY),
            -(share * np.log(share)).sum(axis=2, keepdims=True),
            of_frequency / (energy + _TINY),
        ]
        return np.concatenate(parts, axis=2)


def _length(vectors: FloatArray) -> FloatArray:
    """Return lengths, shape (n_windows, 1, n), of vectors of shape (n_windows, 3, n)."""
    length: FloatArray = np.sqrt(np.square(vectors).sum(axis=1, keepdims=True) + _TINY)
    return length


def _correlations(triad: FloatArray) -> FloatArray:
    """Return the correlations of x and y, x and z, y and z; shape (n_windows, 3)."""
    centred = triad - triad.mean(axis=2, keepdims=True)
    products = centred @ centred.transpose(0, 2, 1) / np.float32(triad.shape[2])
    variances = np.einsum("nii->ni", products) + _TINY
    one, other = np.triu_indices(3, 1)
    scales = np.sqrt(variances[:, one] * variances[:, other])
    correlations: FloatArray = products[:, one, other] / scales
    return correlations
