"""The turn of `har.models.heading` in PyTorch."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn
from torch.nn import functional

# As in har.models.heading, which needs MXNet and explains them.
N_SCALES = 3
N_IN_FILTER = 25
SMALLEST_DEVIATION = 1e-4
SMALLEST_LENGTH = 1e-6
MIDDLE_MOVEMENT, MOVEMENT_RANGE = -3.5, 1.5


class Heading(nn.Module):  # type: ignore[misc]
    """Turn windows, (n_windows, n_channels, n_timesteps), about x until they face forward.

    Parameters
    ----------
    channels : tuple of str
        Names of the windows' channels, x, y and z of each signal.
    """

    def __init__(self, channels: tuple[str, ...]) -> None:
        super().__init__()
        names = [name[:-2] for name in channels[::3]]
        self.gravity = max(n for n, name in enumerate(names) if name.split("_")[-1] == "acc")
        body = [n for n, name in enumerate(names) if name.startswith("body_")]
        self.movements = body or list(range(len(names)))
        n = len(self.movements)
        n_references = 3 * (N_SCALES * n * (2 * n + 1) + 1)
        self.register_buffer("filters", torch.zeros(2 * N_SCALES, 1, N_IN_FILTER))
        self.register_buffer("weight", torch.zeros(2, n_references))

    def forward(self, windows: Any) -> Any:
        """Turn each window."""
        n_windows, n_channels, n_timesteps = windows.shape
        signals = windows.reshape(n_windows, n_channels // 3, 3, n_timesteps)
        x, y, z = signals.unbind(dim=2)
        ahead_y, ahead_z = self._ahead(signals)
        turned = [x, y * ahead_y + z * ahead_z, z * ahead_y - y * ahead_z]
        return torch.stack(turned, dim=2).reshape(windows.shape)

    def _ahead(self, signals: Any) -> tuple[Any, Any]:
        """Return y and z of the direction ahead, shape (n_windows, 1, 1)."""
        y, z = self._references(signals)
        real, imaginary = self.weight
        along_y, along_z = y @ real - z @ imaginary, z @ real + y @ imaginary
        length = torch.sqrt(along_y**2 + along_z**2 + SMALLEST_LENGTH**2)
        return tuple((along / length)[:, None, None] for along in (along_y, along_z))

    def _references(self, signals: Any) -> tuple[Any, Any]:
        """Return y and z of vectors that turn with the phone, shape (n_windows, n_references)."""
        moving = signals[:, self.movements]
        n_windows, n_signals, n_axes, n_timesteps = moving.shape
        each = moving.reshape(-1, 1, n_timesteps)
        filtered = functional.conv1d(each, self.filters)
        filtered = filtered.reshape(n_windows, n_signals, n_axes, 2 * N_SCALES, -1)
        of_scales = [
            _of_scale(filtered[:, :, :, 2 * n], filtered[:, :, :, 2 * n + 1])
            for n in range(N_SCALES)
        ]
        gravity = signals[:, self.gravity].mean(dim=2)
        factors = gravity[:, :1], _movement(moving[:, 0])
        vectors = (
            torch.cat([*(part[axis] for part in of_scales), gravity[:, axis + 1, None]], dim=1)
            for axis in (0, 1)
        )
        y, z = (torch.cat([v, *(v * by for by in factors)], dim=1) for v in vectors)
        return y, z


def _of_scale(first: Any, second: Any) -> tuple[Any, Any]:
    """Return y and z of correlations and third moments; (n_windows, n_signals, 3, time) each."""
    along = torch.cat([first[:, :, 0], second[:, :, 0]], dim=1)
    along = along / _deviation(along**2)
    y, z = second[:, :, 1], second[:, :, 2]
    deviation = _deviation(y**2 + z**2)
    y, z = y / deviation, z / deviation
    energy = y**2 + z**2
    of_y, of_z = (
        torch.cat(
            [
                (along @ across.transpose(1, 2)).flatten(1) / along.shape[-1],
                (energy * across).mean(dim=2),
            ],
            dim=1,
        )
        for across in (y, z)
    )
    return of_y, of_z


def _movement(signal: Any) -> Any:
    """Return how much people move across x, shape (n_windows, 1)."""
    across = signal[:, 1:]
    energy = (across - across.mean(dim=2, keepdim=True)).square().sum(dim=1)
    return (_deviation(energy).log() - MIDDLE_MOVEMENT) / MOVEMENT_RANGE


def _deviation(squares: Any) -> Any:
    return torch.sqrt(squares.mean(dim=-1, keepdim=True) + SMALLEST_DEVIATION**2)
