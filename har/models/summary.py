r"""Summary: features of a whole window, computed by layers of the network.

An LSTM follows a window step by step. Some of what distinguishes people who stand from people who
sit is spread over the whole window: how much each signal sways in which band of frequency, how
alike two axes move, where gravity points. Classical features say that outright, and dense layers
that read them err on other windows than the LSTM does.

Of each channel, of the length of each triad of x, y and z, and of movements along and across
gravity, these are the mean, and what follows from two spectra of the rest:

- By the theorem of Wiener and Khinchin the autocorrelation is the Fourier transform of the power
  spectrum; here of the window followed by as many zeros, so that its end does not meet its
  beginning. It gives the variance and the period of steps.
- Under a Hann window frequencies leak less into each other. That gives the energy of changes, the
  energy in bands, its entropy and its mean frequency.

Energies are logarithms: on the scale of walking, standing and sitting are equally still. Between
the axes of a triad there are correlations, and of gravity there are the angles to the axes.

Bands and lags count in samples; `har.models.constants` has them.
`har.model_selection.features` has these features, and others, with names, for other classifiers.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from har.arrays import FloatArray, channel_moments
from har.models.backend import gluon, mx
from har.models.constants import (
    LAGS,
    LARGEST,
    LARGEST_COSINE,
    N_BANDS,
    SMALLEST_ENERGY,
    SMALLEST_SCALE,
    Triads,
    spectral_tables,
)
from har.models.operators import mean_over_last


class Summary(gluon.HybridBlock):  # type: ignore[misc]
    """Block that turns windows in g and rad/s into the standardised features of their summary.

    Parameters
    ----------
    channels : tuple of str
        Names of the windows' channels; those that are no triads of x, y and z have features of
        their own only.
    n_timesteps : int
        Samples in a window.
    prefix : str
        Prefix of the names of the constants.
    """

    def __init__(self, channels: tuple[str, ...], n_timesteps: int, prefix: str) -> None:
        super().__init__(prefix=prefix)
        self.triads = Triads(channels)
        self.n_timesteps = n_timesteps
        self.n_signals = self.triads.n_signals(len(channels))
        self.n_features = self.triads.n_features(len(channels))
        waves, weights = spectral_tables(n_timesteps)
        of_features = 1, self.n_features
        self.waves = self._constant("waves", waves.shape)
        self.weights = self._constant("weights", weights.shape)
        self.mean = self._constant("mean", of_features)
        self.scale = self._constant("scale", of_features, "ones")

    def _constant(self, name: str, shape: tuple[int, ...], init: str = "zeros") -> Any:
        return self.params.get(f"summary_{name}", shape=shape, init=init, grad_req="null")

    def hybrid_forward(
        self, F: Any, windows: Any, waves: Any, weights: Any, mean: Any, scale: Any
    ) -> Any:
        """Return features, shape (n_windows, n_features)."""
        features = self._features(F, windows, waves, weights)
        standardised = F.broadcast_div(F.broadcast_sub(features, mean), scale)
        return F.clip(standardised, -LARGEST, LARGEST)

    def _features(self, F: Any, windows: Any, waves: Any, weights: Any) -> Any:
        channels = F.transpose(windows, axes=(0, 2, 1))
        triads = [[_series(F, channels, i) for i in places] for places in self.triads.places]
        derived = [_length(F, triad) for triad in triads]
        angles = []
        if self.triads.gravity is not None:
            means = [self._mean(F, axis) for axis in triads[self.triads.gravity]]
            down = [F.broadcast_div(mean, _length(F, means)) for mean in means]
            cosines = F.clip(F.concat(*down, dim=1), -LARGEST_COSINE, LARGEST_COSINE)
            angles.append(F.arccos(F.squeeze(cosines, axis=2)))
            derived += [
                part
                for number in self.triads.movements
                for part in _along_and_across(F, triads[number], down)
            ]
        signals = F.concat(channels, *derived, dim=1)
        means = self._mean(F, signals)
        centred = F.broadcast_sub(signals, means)
        of_spectra = self._of_spectra(F, F.square(F.dot(centred, waves)), weights)
        of_signals = F.reshape(F.concat(means, *of_spectra, dim=2), shape=(0, -1))
        return F.concat(of_signals, *self._correlations(F, centred), *angles, dim=1)

    def _of_spectra(self, F: Any, squares: Any, weights: Any) -> Iterator[Any]:
        """Yield features of all signals, each (n_windows, n_signals, n)."""
        sums = F.dot(squares, weights)
        ends = np.cumsum([0, 1, len(LAGS), 1 + N_BANDS, 1, 1]).tolist()
        variance, covariances, energies, energy, of_frequency = (
            F.slice_axis(sums, axis=2, begin=begin, end=end)
            for begin, end in zip(ends, ends[1:], strict=False)
        )
        yield F.log(variance + SMALLEST_ENERGY)
        yield F.broadcast_div(covariances, variance + SMALLEST_ENERGY)
        yield F.log(energies + SMALLEST_ENERGY)
        yield self._entropy(F, squares)
        yield of_frequency / (energy + SMALLEST_ENERGY)

    def _entropy(self, F: Any, squares: Any) -> Any:
        """Return the entropy of the energy under the Hann window, in nats; (…, n_signals, 1)."""
        n_frequencies = self.n_timesteps // 2
        begin = 2 * (self.n_timesteps + 1)
        cosines = F.slice_axis(squares, axis=2, begin=begin, end=begin + n_frequencies)
        sines = F.slice_axis(squares, axis=2, begin=begin + n_frequencies, end=None)
        power = cosines + sines + SMALLEST_ENERGY
        mean = mean_over_last(F, power, n_frequencies, keepdims=True)
        # Of shares p / P it is log P less the mean of log p, weighted by p.
        weighted = mean_over_last(F, power * F.log(power), n_frequencies, keepdims=True)
        return F.log(mean * n_frequencies) - weighted / mean

    def _correlations(self, F: Any, centred: Any) -> Iterator[Any]:
        """Yield the correlations of x and y, x and z, y and z of each triad; (n_windows, 1)."""
        variance = self._mean(F, F.square(centred)) + SMALLEST_ENERGY
        scaled = F.broadcast_div(centred, F.sqrt(variance * self.n_timesteps))
        # One product for all pairs of signals takes less time than the calls for each.
        of_pairs = F.reshape(F.batch_dot(scaled, scaled, transpose_b=True), shape=(0, -1))
        for x, y, z in self.triads.places:
            for one, other in ((x, y), (x, z), (y, z)):
                place = one * self.n_signals + other
                yield F.slice_axis(of_pairs, axis=1, begin=place, end=place + 1)

    def _mean(self, F: Any, series: Any) -> Any:
        return mean_over_last(F, series, self.n_timesteps, keepdims=True)

    def set_scaling(self, blocks: Iterable[FloatArray]) -> None:
        """Set the tables, and mean and scale to those of the features of training windows.

        Parameters
        ----------
        blocks : iterable of ndarray of float32, shape (n_windows, n_timesteps, n_channels)
            Training windows in g and rad/s, some at a time.
        """
        constants = self.waves, self.weights
        for constant, table in zip(constants, spectral_tables(self.n_timesteps), strict=True):
            constant.set_data(mx.nd.array(table))
        device = self.waves.list_ctx()[0]
        tables = [constant.data(device) for constant in constants]
        features = (self._features(mx.nd, mx.nd.array(b, ctx=device), *tables) for b in blocks)
        mean, scale = channel_moments(part.asnumpy()[:, np.newaxis] for part in features)
        scale[scale < SMALLEST_SCALE] = 1.0
        self.mean.set_data(mx.nd.array(mean[np.newaxis]))
        self.scale.set_data(mx.nd.array(scale[np.newaxis]))


def _series(F: Any, channels: Any, place: int) -> Any:
    return F.slice_axis(channels, axis=1, begin=place, end=place + 1)


def _length(F: Any, triad: list[Any]) -> Any:
    x, y, z = triad
    return F.sqrt(F.square(x) + F.square(y) + F.square(z) + SMALLEST_ENERGY)


def _along_and_across(F: Any, triad: list[Any], down: list[Any]) -> tuple[Any, Any]:
    """Return movements along a direction, and the length of those across it."""
    x, y, z = (F.broadcast_mul(axis, of_down) for axis, of_down in zip(triad, down, strict=True))
    along = x + y + z
    across = [a - F.broadcast_mul(along, of_down) for a, of_down in zip(triad, down, strict=True)]
    return along, _length(F, across)
