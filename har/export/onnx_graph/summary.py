"""The summary of windows in ONNX; `har.models.summary` explains it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from har.arrays import FloatArray
from har.export.onnx_graph.builder import GraphBuilder
from har.models.constants import (
    LAGS,
    LARGEST,
    LARGEST_COSINE,
    N_BANDS,
    N_PER_SIGNAL,
    SMALLEST_ENERGY,
    Triads,
)

# Of a product of three signals with themselves: where variances and covariances stand, and of
# which two variances each covariance is.
_VARIANCES, _COVARIANCES = [0, 4, 8], [1, 2, 5]
_ONE, _OTHER = [0, 0, 1], [1, 2, 2]


class SummaryGraph:
    """Adds the standardised features of windows.

    Parameters
    ----------
    graph : GraphBuilder
        Graph to add to.
    channels : tuple of str
        Names of the windows' channels.
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
        self._triads = Triads(channels)
        self._n_signals = self._triads.n_signals(len(channels))
        self._n_timesteps = n_timesteps
        self._waves, self._weights, self._mean, scale = (
            weights[f"summary_{name}"] for name in ("waves", "weights", "mean", "scale")
        )
        self._factor = 1 / scale

    def features(self, signals: str) -> str:
        """Return features, shape (n_windows, n_features), of (…, n_channels, n_timesteps)."""
        graph = self._graph
        derived, angles = self._of_triads(signals)
        every = graph.joined([signals, *derived], axis=1)
        means = graph.mean(every, axis=2)
        centred = graph.op("Sub", every, means)
        waves = graph.op("MatMul", centred, graph.constant(self._waves, "waves"))
        of_signals = graph.joined([means, *self._of_spectra(graph.square(waves))], axis=2)
        parts = [graph.reshaped(of_signals, 0, self._n_signals * N_PER_SIGNAL)]
        parts += self._correlations(centred)
        plain = graph.joined([*parts, *angles], axis=1)
        scaled = graph.op("Mul", graph.op("Sub", plain, self._mean), self._factor)
        return graph.op("Clip", scaled, -LARGEST, LARGEST)

    def _of_triads(self, signals: str) -> tuple[list[str], list[str]]:
        """Return signals derived from triads, and angles of gravity."""
        graph, of = self._graph, self._triads
        if not of.places:
            return [], []
        triads = graph.taken(signals, np.array(of.places), axis=1)
        derived = [graph.op("Squeeze", self._length(triads), np.array([2]))]
        if of.gravity is None:
            return derived, []
        mean = graph.mean(graph.taken(triads, [of.gravity], axis=1), axis=3)
        # Shape (n_windows, 1, 3, 1), of length 1.
        down = graph.op("Div", mean, self._length(mean))
        cosines = graph.op("Clip", graph.reshaped(down, 0, 3), -LARGEST_COSINE, LARGEST_COSINE)
        if of.movements:
            moving = graph.taken(triads, of.movements, axis=1)
            along = graph.total(graph.op("Mul", moving, down), axis=2)
            across = self._length(graph.op("Sub", moving, graph.op("Mul", along, down)))
            both = graph.joined([along, across], axis=2)
            derived.append(graph.reshaped(both, 0, 2 * len(of.movements), self._n_timesteps))
        return derived, [graph.op("Acos", cosines)]

    def _length(self, vectors: str) -> str:
        """Return lengths, shape (n_windows, n, 1, n_timesteps), of (n_windows, n, 3, …)."""
        squares = self._graph.total(self._graph.square(vectors), axis=2)
        return self._graph.op("Sqrt", self._positive(squares))

    def _positive(self, values: str) -> str:
        return self._graph.op("Add", values, SMALLEST_ENERGY)

    def _of_spectra(self, squares: str) -> Iterator[str]:
        """Yield features of all signals, each (n_windows, n_signals, n)."""
        graph = self._graph
        sums = graph.op("MatMul", squares, graph.constant(self._weights, "spectra"))
        sizes = 1, len(LAGS), 1 + N_BANDS, 1, 1
        variance, covariances, energies, energy, of_frequency = graph.split(sums, sizes, axis=2)
        yield graph.op("Log", self._positive(variance))
        yield graph.op("Div", covariances, self._positive(variance))
        yield graph.op("Log", self._positive(energies))
        yield self._entropy(squares)
        yield graph.op("Div", of_frequency, self._positive(energy))

    def _entropy(self, squares: str) -> str:
        """Return the entropy of the energy under the Hann window, in nats; (…, n_signals, 1)."""
        graph, n_frequencies = self._graph, self._n_timesteps // 2
        sizes = 2 * (self._n_timesteps + 1), n_frequencies, n_frequencies
        _, cosines, sines = graph.split(squares, sizes, axis=2)
        power = self._positive(graph.op("Add", cosines, sines))
        total = graph.total(power, axis=2)
        weighted = graph.total(graph.op("Mul", power, graph.op("Log", power)), axis=2)
        return graph.op("Sub", graph.op("Log", total), graph.op("Div", weighted, total))

    def _correlations(self, centred: str) -> Iterator[str]:
        """Yield the correlations of x and y, x and z, y and z, if there are triads."""
        graph, n_triads = self._graph, len(self._triads.places)
        if not n_triads:
            return
        triads = graph.taken(centred, np.array(self._triads.places), axis=1)
        products = graph.op("MatMul", triads, graph.moved(triads, 0, 1, 3, 2))
        means = graph.op("Div", graph.reshaped(products, 0, 0, 9), float(self._n_timesteps))
        variances = self._positive(graph.taken(means, _VARIANCES, axis=2))
        one, other = (graph.taken(variances, places, axis=2) for places in (_ONE, _OTHER))
        scales = graph.op("Sqrt", graph.op("Mul", one, other))
        correlations = graph.op("Div", graph.taken(means, _COVARIANCES, axis=2), scales)
        yield graph.reshaped(correlations, 0, 3 * n_triads)
