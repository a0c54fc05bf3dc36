"""What a packed network reads, in NumPy: windows that face forward, and views of them.

The equations are those of `har.models.heading` and `har.models.views`, without MXNet's calls, whose
costs a single window pays alone; see `har.models.packed.network`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from har.arrays import FloatArray
from har.config import ModelConfig
from har.models.constants import (
    MIDDLE_MOVEMENT,
    MOVEMENT_RANGE,
    SMALLEST_DEVIATION,
    SMALLEST_LENGTH,
)

_TINY = np.float32(SMALLEST_DEVIATION**2)


class PackedViews:
    """Views of windows, see `har.models.views.Views`.

    Parameters
    ----------
    config : ModelConfig
        Kinds of views, and the scale of compression.
    channels : tuple of str
        Names of the windows' channels.
    weights : mapping of str to ndarray
        Parameters of the network without their prefix.
    """

    def __init__(
        self, config: ModelConfig, channels: tuple[str, ...], weights: Mapping[str, FloatArray]
    ) -> None:
        self._kinds = config.views
        self._compression = np.float32(config.compression)
        self._compressed_unit = np.float32(2 / math.asinh(1 / config.compression))
        body = [index for index, name in enumerate(channels) if name.startswith("body_")]
        self._movements = _span(body or list(range(len(channels))))
        n_movements = len(body) or len(channels)
        self._widths = [len(channels) if k == "channels" else n_movements for k in config.views]
        self._mean = self._scale = np.empty((1, 1, 0), np.float32)
        if "channels" in config.views:
            self._mean, self._scale = weights["channel_mean"], weights["channel_scale"]
        self.n_outputs = sum(self._widths)

    def write(self, windows: FloatArray, out: FloatArray) -> None:
        """Write all views side by side into `out`, shape (n_windows, n_timesteps, n_outputs)."""
        movements = windows[..., self._movements]
        start = 0
        for kind, width in zip(self._kinds, self._widths, strict=True):
            view = out[..., start : start + width]
            start += width
            if kind == "channels":
                np.subtract(windows, self._mean, out=view)
                np.divide(view, self._scale, out=view)
            elif kind == "compressed":
                np.multiply(
                    np.arcsinh(movements / self._compression), self._compressed_unit, out=view
                )
            else:
                centred = movements - _mean_over_time(movements)
                variance = _mean_over_time(np.square(centred))
                np.divide(centred, np.sqrt(variance + _TINY), out=view)


def _span(places: list[int]) -> slice | list[int]:
    """Return neighbouring places as a slice, whose use copies nothing."""
    first, last = places[0], places[-1]
    return slice(first, last + 1) if places == list(range(first, last + 1)) else places


def _mean_over_time(values: FloatArray) -> FloatArray:
    """Return means, shape (n_windows, 1, n), of (n_windows, n_timesteps, n): as one product."""
    n_timesteps = values.shape[1]
    mean: FloatArray = np.full((1, n_timesteps), 1 / n_timesteps, np.float32) @ values
    return mean


class PackedHeading:
    """Turn of windows about x, see `har.models.heading.Heading`: a vector (y, z) is y + iz here.

    Parameters
    ----------
    channels, weights
        As for `PackedViews`.
    """

    def __init__(self, channels: tuple[str, ...], weights: Mapping[str, FloatArray]) -> None:
        names = [name[:-2] for name in channels[::3]]
        body = [place for place, name in enumerate(names) if name.startswith("body_")]
        self._movements = body or list(range(len(names)))
        self._gravity = max(i for i, name in enumerate(names) if name.split("_")[-1] == "acc")
        filters = weights["heading_filters"]
        # Pairs of a first and a second derivative, one pair a scale.
        self._filters = filters.reshape(-1, 2, filters.shape[-1])
        real, imaginary = weights["heading_weight"]
        self._weight = real + 1j * imaginary

    def turned(self, windows: FloatArray) -> FloatArray:
        """Return turned windows, shape (n_windows, n_timesteps, n_channels) as given."""
        vectors = windows.reshape(*windows.shape[:2], -1, 3)
        x, plane = vectors[..., 0], vectors[..., 1] + 1j * vectors[..., 2]
        ahead = self._references(x, plane) @ self._weight
        ahead /= np.sqrt(np.square(np.abs(ahead)) + np.float32(SMALLEST_LENGTH**2))
        faced = plane * ahead.conj()[:, np.newaxis, np.newaxis]
        turned = np.stack([x, faced.real, faced.imag], axis=-1)
        return turned.reshape(windows.shape)

    def _references(self, x: FloatArray, plane: FloatArray) -> FloatArray:
        """Return vectors that turn with the phone, complex, shape (n_windows, n_references)."""
        moving = plane[..., self._movements]
        seen_x = self._filtered(x[..., self._movements])
        seen_plane = self._filtered(moving)
        gravity = plane[..., self._gravity].mean(axis=1, keepdims=True)
        of_scales = [
            self._of_scale(seen_x[..., scale, :], seen_plane[..., scale, 1])
            for scale in range(len(self._filters))
        ]
        references = np.concatenate([*of_scales, gravity], axis=1)
        gravity_x = x[..., self._gravity].mean(axis=1, keepdims=True)
        first = moving[..., 0]
        energy = np.square(np.abs(first - first.mean(axis=1, keepdims=True)))
        movement = np.log(_deviation(energy, axis=1)) - MIDDLE_MOVEMENT
        factors = 1, gravity_x, movement / MOVEMENT_RANGE
        return np.concatenate([references * factor for factor in factors], axis=1)

    def _filtered(self, signals: FloatArray) -> FloatArray:
        """Filter signals over time; to shape (n_windows, less time, n_signals, n_scales, 2)."""
        cuts = sliding_window_view(signals, self._filters.shape[-1], axis=1)
        filtered: FloatArray = np.einsum("nlck,sdk->nlcsd", cuts, self._filters)
        return filtered

    def _of_scale(self, x: FloatArray, plane: FloatArray) -> FloatArray:
        """Return correlations and third moments at one scale, shape (n_windows, n)."""
        along = np.concatenate([x[..., 0], x[..., 1]], axis=2)
        along = along / _deviation(np.square(along), axis=1)
        across = plane / _deviation(np.square(np.abs(plane)), axis=1)
        products = np.einsum("nti,ntj->nij", along, across) / np.float32(along.shape[1])
        thirds = (np.square(np.abs(across)) * across).mean(axis=1)
        return np.concatenate([products.reshape(len(products), -1), thirds], axis=1)


def _deviation(squares: FloatArray, axis: int) -> FloatArray:
    deviation: FloatArray = np.sqrt(squares.mean(axis=axis, keepdims=True) + _TINY)
    return deviation
