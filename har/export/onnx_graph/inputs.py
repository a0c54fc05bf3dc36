"""Views of windows in ONNX; `har.models.views` explains them."""

from __future__ import annotations

import math
from collections.abc import Mapping

from har.arrays import FloatArray
from har.config import ModelConfig
from har.export.onnx_graph.builder import GraphBuilder
from har.models.constants import SMALLEST_DEVIATION


def add_views(
    graph: GraphBuilder,
    config: ModelConfig,
    channels: tuple[str, ...],
    weights: Mapping[str, FloatArray],
    signals: str,
) -> str:
    """Add all views of windows, side by side.

    Parameters
    ----------
    graph : GraphBuilder
        Graph to add to.
    config : ModelConfig
        Kinds of views, and the scale of compression.
    channels : tuple of str
        Names of the windows' channels.
    weights : mapping of str to ndarray
        Parameters of the network without their prefix.
    signals : str
        Name of the windows, shape (n_windows, n_channels, n_timesteps).

    Returns
    -------
    str
        Name of the views, shape (n_windows, n_views, n_timesteps).
    """
    body = [place for place, name in enumerate(channels) if name.startswith("body_")]
    movements = graph.taken(signals, body, axis=1) if body else signals
    views = []
    for kind in config.views:
        if kind == "channels":
            mean, scale = (
                weights[f"channel_{name}"].reshape(1, -1, 1) for name in ("mean", "scale")
            )
            views.append(graph.op("Div", graph.op("Sub", signals, mean), scale))
        elif kind == "compressed":
            unit = 2 / math.asinh(1 / config.compression)
            small = graph.op("Div", movements, config.compression)
            views.append(graph.op("Mul", graph.op("Asinh", small), unit))
        else:
            centred = graph.op("Sub", movements, graph.mean(movements, axis=2))
            variance = graph.mean(graph.square(centred), axis=2)
            deviation = graph.op("Sqrt", graph.op("Add", variance, SMALLEST_DEVIATION**2))
            views.append(graph.op("Div", centred, deviation))
    return graph.joined(views, axis=1)
