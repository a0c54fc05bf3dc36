"""Views: copies of a window that the network sees side by side, each showing something else.

A standing body sways by thousandths of a g and a walking one moves by tenths. On the scale of
walking, standing and sitting are both a flat line, so the network is also shown copies of the
movements on which the small ones can be seen: compressed, so that large ones take less room, and
normalised, so that each window has a scale of its own.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from har.arrays import FloatArray
from har.config import ModelConfig
from har.models.backend import gluon, mx

# g and rad/s. The stillest window of UCI HAR has a deviation of 0.0014, the sensor's own noise, so
# this changes nothing but keeps the view of a sensor that gives a constant finite.
SMALLEST_DEVIATION = 1e-4


class Views(gluon.HybridBlock):  # type: ignore[misc]
    """From windows in g and rad/s to the numbers that the first layer reads.

    The mean and deviation of each channel are constants of the network, so a saved model takes
    raw units and scaling can be neither forgotten nor leaked.

    Parameters
    ----------
    config : ModelConfig
        Which views, and the scale of compression.
    channels : tuple of str
        Names of the windows' channels. The views of movements show those that begin with
        ``body_``; all, if none does.
    prefix : str
        Of the names of the constants.
    """

    def __init__(self, config: ModelConfig, channels: tuple[str, ...], prefix: str) -> None:
        super().__init__(prefix=prefix)
        self.kinds = config.views
        self.compression = config.compression
        places = [place for place, name in enumerate(channels) if name.startswith("body_")]
        self.movements = places or list(range(len(channels)))
        self.n_channels = len(channels)
        self.is_scaled = "channels" in config.views
        if self.is_scaled:
            constant = {"shape": (1, 1, len(channels)), "grad_req": "null"}
            self.channel_mean = self.params.get("channel_mean", init="zeros", **constant)
            self.channel_scale = self.params.get("channel_scale", init="ones", **constant)

    @property
    def n_outputs(self) -> int:
        """Count the numbers of all views in each time step."""
        return sum(
            self.n_channels if kind == "channels" else len(self.movements) for kind in self.kinds
        )

    def hybrid_forward(self, F: Any, windows: Any, **constants: Any) -> Any:
        """Show windows, shape (n_windows, n_timesteps, n_channels), as (…, n_outputs)."""
        movements = self._movements_of(F, windows)
        show = {
            "channels": lambda: _scaled(F, windows, **constants),
            "compressed": lambda: _compressed(F, movements, self.compression),
            "normalised": lambda: _normalised(F, movements),
        }
        return F.concat(*(show[kind]() for kind in self.kinds), dim=2)

    def _movements_of(self, F: Any, windows: Any) -> Any:
        if len(self.movements) == self.n_channels:
            return windows
        channels = (F.slice_axis(windows, axis=2, begin=i, end=i + 1) for i in self.movements)
        return F.concat(*channels, dim=2)

    def set_scaling(self, signals: FloatArray) -> None:
        """Fix the scaling constants to the mean and deviation of training windows.

        Parameters
        ----------
        signals : ndarray, shape (n_windows, n_timesteps, n_channels)
            In g and rad/s; a channel that never changes is only centred.
        """
        if not self.is_scaled:
            return
        mean = signals.mean(axis=(0, 1), keepdims=True, dtype="float64")
        scale = signals.std(axis=(0, 1), keepdims=True, dtype="float64")
        # Rounding can give a constant a deviation that is not quite zero.
        scale[np.ptp(signals, axis=(0, 1), keepdims=True) == 0] = 1.0
        self.channel_mean.set_data(mx.nd.array(mean))
        self.channel_scale.set_data(mx.nd.array(scale))


def _scaled(F: Any, windows: Any, channel_mean: Any, channel_scale: Any) -> Any:
    return F.broadcast_div(F.broadcast_sub(windows, channel_mean), channel_scale)


def _compressed(F: Any, movements: Any, compression: float) -> Any:
    """Take arcsinh: linear far below `compression`, logarithmic far above.

    1 g and 1 rad/s become 2, which makes the deviation over UCI HAR about 1 for a compression of
    0.01.
    """
    return F.arcsinh(movements / compression) * (2 / math.asinh(1 / compression))


def _normalised(F: Any, movements: Any) -> Any:
    """Give each channel mean 0 and deviation 1 over its own window."""
    centred = F.broadcast_sub(movements, F.mean(movements, axis=1, keepdims=True))
    variance = F.mean(F.square(centred), axis=1, keepdims=True)
    return F.broadcast_div(centred, F.sqrt(variance + SMALLEST_DEVIATION**2))
