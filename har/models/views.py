"""Views: differently scaled copies of a window, which the network reads side by side.

A standing body sways by thousandths of a g and a walking one moves by tenths. On the scale of
walking, standing and sitting are both a flat line, so the network also reads copies in which small
movements are visible: compressed, which reduces large ones, and normalised, which scales each
window by itself.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

from har.arrays import FloatArray, channel_moments
from har.config import ModelConfig
from har.models.backend import gluon, mx
from har.models.constants import SMALLEST_DEVIATION
from har.models.operators import mean_over_last


class Views(gluon.HybridBlock):  # type: ignore[misc]
    """Block that turns windows in g and rad/s into the inputs of the first layer.

    The mean and standard deviation of each channel are constants of the network, so a saved model
    takes raw units and scaling can be neither forgotten nor leaked.

    Parameters
    ----------
    config : ModelConfig
        Kinds of views, and the scale of compression.
    channels : tuple of str
        Names of the windows' channels. The views of movements contain those that begin with
        ``body_``, or all if none does.
    n_timesteps : int
        Samples in a window.
    prefix : str
        Prefix of the names of the constants.
    """

    def __init__(
        self, config: ModelConfig, channels: tuple[str, ...], n_timesteps: int, prefix: str
    ) -> None:
        super().__init__(prefix=prefix)
        self.n_timesteps = n_timesteps
        self.kinds = config.views
        self.compression = config.compression
        body = [index for index, name in enumerate(channels) if name.startswith("body_")]
        self.movements = body or list(range(len(channels)))
        self.n_channels = len(channels)
        self.is_scaled = "channels" in config.views
        if self.is_scaled:
            constant = {"shape": (1, 1, len(channels)), "grad_req": "null"}
            self.channel_mean = self.params.get("channel_mean", init="zeros", **constant)
            self.channel_scale = self.params.get("channel_scale", init="ones", **constant)

    @property
    def n_outputs(self) -> int:
        """The number of values of all views in each time step."""
        return sum(
            self.n_channels if kind == "channels" else len(self.movements) for kind in self.kinds
        )

    def hybrid_forward(self, F: Any, windows: Any, **constants: Any) -> Any:
        """Return views, shape (n_windows, n_outputs, n_timesteps), of (…, n_timesteps, n_channels).

        Convolutions, and means over time, read contiguous memory when time comes last.
        """
        signals = F.transpose(windows, axes=(0, 2, 1))
        movements = self._movements_of(F, signals)
        views = {
            "channels": lambda: _scaled(F, signals, **constants),
            "compressed": lambda: _compressed(F, movements, self.compression),
            "normalised": lambda: _normalised(F, movements, self.n_timesteps),
        }
        return F.concat(*(views[kind]() for kind in self.kinds), dim=1)

    def _movements_of(self, F: Any, signals: Any) -> Any:
        if len(self.movements) == self.n_channels:
            return signals
        channels = (F.slice_axis(signals, axis=1, begin=i, end=i + 1) for i in self.movements)
        return F.concat(*channels, dim=1)

    def set_scaling(self, blocks: Iterable[FloatArray]) -> None:
        """Set the scaling constants to the mean and standard deviation of training windows.

        Parameters
        ----------
        blocks : iterable of ndarray, shape (n_windows, n_timesteps, n_channels)
            Training windows in g and rad/s, some at a time; a constant channel is only centred.
        """
        if not self.is_scaled:
            return
        mean, scale = channel_moments(blocks)
        scale[scale == 0] = 1.0
        self.channel_mean.set_data(mx.nd.array(mean.reshape(1, 1, -1)))
        self.channel_scale.set_data(mx.nd.array(scale.reshape(1, 1, -1)))


def _scaled(F: Any, signals: Any, channel_mean: Any, channel_scale: Any) -> Any:
    mean, scale = (F.reshape(c, shape=(1, -1, 1)) for c in (channel_mean, channel_scale))
    return F.broadcast_div(F.broadcast_sub(signals, mean), scale)


def _compressed(F: Any, movements: Any, compression: float) -> Any:
    """Return the scaled arcsinh: linear far below `compression`, logarithmic far above.

    1 g and 1 rad/s become 2, which makes the standard deviation over UCI HAR about 1 for a
    compression of 0.01.
    """
    return F.arcsinh(movements / compression) * (2 / math.asinh(1 / compression))


def _normalised(F: Any, movements: Any, n_timesteps: int) -> Any:
    """Scale each channel to mean 0 and standard deviation 1 over its own window."""
    mean = mean_over_last(F, movements, n_timesteps, keepdims=True)
    centred = F.broadcast_sub(movements, mean)
    variance = mean_over_last(F, F.square(centred), n_timesteps, keepdims=True)
    return F.broadcast_div(centred, F.sqrt(variance + SMALLEST_DEVIATION**2))
