"""The summary of `har.models.summary` in PyTorch."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

from har.models.constants import (
    LAGS,
    LARGEST,
    LARGEST_COSINE,
    N_BANDS,
    SMALLEST_ENERGY,
    Triads,
    spectral_tables,
)


class Summary(nn.Module):  # type: ignore[misc]
    """Standardised features, shape (n_windows, n_features), of (…, n_channels, n_timesteps).

    Parameters
    ----------
    channels : tuple of str
        Names of the windows' channels.
    n_timesteps : int
        Samples in a window.
    """

    def __init__(self, channels: tuple[str, ...], n_timesteps: int) -> None:
        super().__init__()
        self.triads = Triads(channels)
        self.n_features = self.triads.n_features(len(channels))
        waves, weights = spectral_tables(n_timesteps)
        self.register_buffer("waves", torch.from_numpy(waves))
        self.register_buffer("weights", torch.from_numpy(weights))
        self.register_buffer("mean", torch.zeros(1, self.n_features))
        self.register_buffer("scale", torch.ones(1, self.n_features))

    def forward(self, channels: Any) -> Any:
        """Compute features."""
        triads = [channels[:, places] for places in self.triads.places]
        derived = [_length(triad) for triad in triads]
        of_triads = [_correlations(triad) for triad in triads]
        if self.triads.gravity is not None:
            mean = triads[self.triads.gravity].mean(dim=2, keepdim=True)
            down = mean / _length(mean)
            cosines = down[..., 0].clamp(-LARGEST_COSINE, LARGEST_COSINE)
            of_triads.append(torch.arccos(cosines))
            for number in self.triads.movements:
                along = (triads[number] * down).sum(dim=1, keepdim=True)
                derived += [along, _length(triads[number] - along * down)]
        signals = torch.cat([channels, *derived], dim=1)
        features = torch.cat([self._of_signals(signals).flatten(1), *of_triads], dim=1)
        return ((features - self.mean) / self.scale).clamp(-LARGEST, LARGEST)

    def _of_signals(self, signals: Any) -> Any:
        """Return features of all signals, shape (n_windows, n_signals, n_per_signal)."""
        n_timesteps = signals.shape[2]
        means = signals.mean(dim=2, keepdim=True)
        squares = torch.square((signals - means) @ self.waves)
        sizes = 1, len(LAGS), 1 + N_BANDS, 1, 1
        variance, covariances, energies, energy, of_frequency = torch.split(
            squares @ self.weights, sizes, dim=2
        )
        under_hann = squares[..., 2 * (n_timesteps + 1) :]
        power = under_hann.unflatten(2, (2, -1)).sum(dim=2) + SMALLEST_ENERGY
        share = power / power.sum(dim=2, keepdim=True)
        parts = [
            means,
            torch.log(variance + SMALLEST_ENERGY),
            covariances / (variance + SMALLEST_ENERGY),
            torch.log(energies + SMALLEST_ENERGY),
            -(share * torch.log(share)).sum(dim=2, keepdim=True),
            of_frequency / (energy + SMALLEST_ENERGY),
        ]
        return torch.cat(parts, dim=2)


def _length(vectors: Any) -> Any:
    """Return lengths, shape (n_windows, 1, n), of vectors of shape (n_windows, 3, n)."""
    return torch.sqrt(torch.square(vectors).sum(dim=1, keepdim=True) + SMALLEST_ENERGY)


def _correlations(triad: Any) -> Any:
    """Return the correlations of x and y, x and z, y and z; shape (n_windows, 3)."""
    centred = triad - triad.mean(dim=2, keepdim=True)
    products = centred @ centred.transpose(1, 2) / triad.shape[2]
    variances = products.diagonal(dim1=1, dim2=2) + SMALLEST_ENERGY
    one, other = torch.triu_indices(3, 3, 1)
    return products[:, one, other] / torch.sqrt(variances[:, one] * variances[:, other])
