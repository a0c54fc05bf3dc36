"""The turn of windows to their heading in ONNX; `har.models.heading` explains it.

ONNX has no complex numbers: a vector (y, z), which is y + iz there, is a pair of names here.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from har.arrays import FloatArray, IntArray
from har.export.onnx_graph.builder import GraphBuilder
from har.models.constants import (
    MIDDLE_MOVEMENT,
    MOVEMENT_RANGE,
    SMALLEST_DEVIATION,
    SMALLEST_LENGTH,
)

_Pair = tuple[str, str]


class HeadingGraph:
    """Adds the turn of windows about x.

    Parameters
    ----------
    graph : GraphBuilder
        Graph to add to.
    channels : tuple of str
        Names of the windows' channels: x, y and z of one signal, then of the next.
    n_timesteps : int
        Samples in a window.
    weights : mapping of str to ndarray
        Parameters of the network without their prefix.
    """

    def __init__(
        self,
        graph: GraphBuilder,
        channels: tuple[str, ...],
        n_timesteps: int,
        weights: Mapping[str, FloatArray],
    ) -> None:
        self._graph = graph
        names = [name[:-2] for name in channels[::3]]
        body = [place for place, name in enumerate(names) if name.startswith("body_")]
        self._n_signals = len(names)
        self._movements = body or list(range(len(names)))
        self._gravity = max(i for i, name in enumerate(names) if name.split("_")[-1] == "acc")
        filters = weights["heading_filters"]
        self._filters = filters.reshape(-1, 1, filters.shape[-1])
        self._n_scales = len(self._filters) // 2
        self._n_timesteps = n_timesteps
        self._n_filtered = n_timesteps - filters.shape[-1] + 1
        self._weight = weights["heading_weight"]

    def turned(self, signals: str) -> str:
        """Return turned windows, shape (n_windows, n_channels, n_timesteps) as given."""
        graph = self._graph
        vectors = graph.reshaped(signals, 0, self._n_signals, 3, self._n_timesteps)
        x, y, z = (graph.taken(vectors, axis, axis=2) for axis in range(3))
        real, imaginary = self._weighted(self._references(vectors, x, (y, z)))
        length = self._length((real, imaginary), SMALLEST_LENGTH**2)
        # Shape (n_windows, 1, 1): one direction for all signals and all times.
        real, imaginary = (
            graph.reshaped(graph.op("Div", part, length), -1, 1, 1) for part in (real, imaginary)
        )
        faced_y = graph.op("Add", graph.op("Mul", y, real), graph.op("Mul", z, imaginary))
        faced_z = graph.op("Sub", graph.op("Mul", z, real), graph.op("Mul", y, imaginary))
        each = [graph.op("Unsqueeze", part, _axes(2)) for part in (x, faced_y, faced_z)]
        turned = graph.joined(each, axis=2)
        return graph.reshaped(turned, 0, 3 * self._n_signals, self._n_timesteps)

    def _weighted(self, references: _Pair) -> _Pair:
        """Return the weighted sum of references, shape (n_windows, 1)."""
        graph = self._graph
        real, imaginary = references
        of_real, of_imaginary = self._weight[0][:, None], self._weight[1][:, None]
        return (
            graph.op(
                "Sub",
                graph.op("MatMul", real, of_real),
                graph.op("MatMul", imaginary, of_imaginary),
            ),
            graph.op(
                "Add",
                graph.op("MatMul", real, of_imaginary),
                graph.op("MatMul", imaginary, of_real),
            ),
        )

    def _references(self, vectors: str, x: str, plane: _Pair) -> _Pair:
        """Return vectors that turn with the phone, shape (n_windows, n_references)."""
        graph = self._graph
        moving = graph.taken(vectors, self._movements, axis=1)
        of_scales = self._of_scales(self._filtered(moving))
        gravity = (self._mean_of_gravity(part) for part in plane)
        references = [graph.joined(parts, axis=1) for parts in zip(of_scales, gravity, strict=True)]
        factors = self._mean_of_gravity(x), self._movement(moving)
        real, imaginary = (
            graph.joined([part, *(graph.op("Mul", part, each) for each in factors)], axis=1)
            for part in references
        )
        return real, imaginary

    def _mean_of_gravity(self, axis: str) -> str:
        """Return the mean of the signal with gravity, shape (n_windows, 1)."""
        return self._graph.mean(self._graph.taken(axis, self._gravity, axis=1), axis=1)

    def _movement(self, moving: str) -> str:
        """Return how much the first signal moves across x, shape (n_windows, 1)."""
        graph = self._graph
        plane = graph.taken(graph.taken(moving, 0, axis=1), [1, 2], axis=1)
        centred = graph.op("Sub", plane, graph.mean(plane, axis=2))
        energy = graph.total(graph.square(centred), axis=1)
        deviation = graph.reshaped(self._deviation(energy, axis=2), -1, 1)
        above = graph.op("Sub", graph.op("Log", deviation), MIDDLE_MOVEMENT)
        return graph.op("Div", above, MOVEMENT_RANGE)

    def _filtered(self, moving: str) -> str:
        """Return (n_windows, n_movements, 3, n_scales, 2, less time)."""
        graph = self._graph
        each = graph.reshaped(moving, -1, 1, self._n_timesteps)
        seen = graph.op("Conv", each, graph.constant(self._filters, "filters"))
        shape = len(self._movements), 3, self._n_scales, 2, self._n_filtered
        return graph.reshaped(seen, -1, *shape)

    def _of_scales(self, filtered: str) -> _Pair:
        """Return correlations and third moments of all scales, shape (n_windows, n)."""
        graph, n_movements = self._graph, len(self._movements)
        x = graph.moved(graph.taken(filtered, 0, axis=2), 0, 2, 3, 1, 4)
        along = graph.reshaped(x, 0, 0, 2 * n_movements, self._n_filtered)
        along = graph.op("Div", along, self._deviation(graph.square(along), axis=3))
        second = (graph.taken(graph.taken(filtered, axis, axis=2), 1, axis=3) for axis in (1, 2))
        real, imaginary = (graph.moved(part, 0, 2, 1, 3) for part in second)
        squares = self._squared_length((real, imaginary))
        deviation = self._deviation(squares, axis=3)
        across = [graph.op("Div", part, deviation) for part in (real, imaginary)]
        lengths = self._squared_length((across[0], across[1]))
        real, imaginary = (self._of_axis(along, part, lengths) for part in across)
        return real, imaginary

    def _of_axis(self, along: str, across: str, lengths: str) -> str:
        """Return one axis of `_of_scales`."""
        graph, n_movements = self._graph, len(self._movements)
        products = graph.op("MatMul", along, graph.moved(across, 0, 1, 3, 2))
        correlations = graph.op("Div", products, float(self._n_filtered))
        thirds = graph.mean(graph.op("Mul", lengths, across), axis=3)
        parts = [
            graph.reshaped(correlations, 0, 0, 2 * n_movements**2),
            graph.reshaped(thirds, 0, 0, n_movements),
        ]
        n_each = 2 * n_movements**2 + n_movements
        return graph.reshaped(graph.joined(parts, axis=2), 0, self._n_scales * n_each)

    def _squared_length(self, pair: _Pair) -> str:
        real, imaginary = map(self._graph.square, pair)
        return self._graph.op("Add", real, imaginary)

    def _length(self, pair: _Pair, smallest: float) -> str:
        squares = self._graph.op("Add", self._squared_length(pair), smallest)
        return self._graph.op("Sqrt", squares)

    def _deviation(self, squares: str, axis: int) -> str:
        mean = self._graph.mean(squares, axis)
        return self._graph.op("Sqrt", self._graph.op("Add", mean, SMALLEST_DEVIATION**2))


def _axes(axis: int) -> IntArray:
    return np.array([axis])
