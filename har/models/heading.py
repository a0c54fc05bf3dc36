r"""Heading: turns each window about x until it faces the way that training windows do.

At the waist x points up and gravity says no more: a phone at the hip measures what one at the front
measures, turned about x. People show where forward is as they move. A push upwards goes with one
forwards, and a trunk that turns accelerates the phone sideways. So write the other two axes of a
sensor as :math:`p = y + iz`. For any signal :math:`a` of the axis x the correlation over a window,

.. math::  r = \frac{\sum_t a_t p_t}{\sqrt{\sum_t a_t^2 \sum_t |p_t|^2}},

turns with the phone: from another place on the body it is :math:`e^{i\theta} r`. So do the third
moment of :math:`p` and gravity's share in it. Any sum :math:`d = \sum_j w_j r_j` with complex
weights does, too, and :math:`p \bar d / |d|` is the same however the phone was turned.

The weights are the least-squares solution of :math:`d = 1` over the training windows. They are
constants like the scaling, since both say how windows of training were measured. Where training
phones faced many ways, turned windows still become the same, but face no way in particular.

Kunze et al., *Which way am I facing: inferring horizontal device orientation from an accelerometer
signal*, ISWC 2009, take the main direction of horizontal acceleration while people walk, which
leaves a sign open and says nothing of people who stand.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from har.arrays import ComplexArray, FloatArray
from har.errors import DataError
from har.models.backend import gluon, mx
from har.models.constants import (
    MIDDLE_MOVEMENT,
    MOVEMENT_RANGE,
    SMALLEST_DEVIATION,
    SMALLEST_LENGTH,
)
from har.models.operators import mean_over_last

# Standard deviations, in samples, of the Gaussians whose derivatives filter the signals: strides
# and sway have their ups and downs within 0.1 s to 0.5 s.
_SCALES = (1.0, 2.0, 4.0)
# Samples on either side of a filter's middle: three of the largest standard deviation.
_REACH = 12
N_SMALLEST_WINDOW = 2 * _REACH + 1
# Ridge penalty for each training window.
_PENALTY = 0.002
_N_PER_BLOCK = 512


def gaussian_derivatives() -> FloatArray:
    """Return the filters: first and second derivative of a Gaussian of each scale.

    Returns
    -------
    ndarray of float32, shape (n_filters, 1, 1, n_samples)
        Kernels whose sum is 0, so that gravity leaves no trace, and whose squares add up to 1.
    """
    samples = np.arange(-_REACH, _REACH + 1)
    kernels = []
    for scale in _SCALES:
        gaussian = np.exp(-0.5 * (samples / scale) ** 2)
        second = (samples**2 - scale**2) * gaussian
        kernels += [-samples * gaussian, second - second.mean()]
    unit = np.array([kernel / np.linalg.norm(kernel) for kernel in kernels], np.float32)
    return unit[:, np.newaxis, np.newaxis]


class Heading(gluon.HybridBlock):  # type: ignore[misc]
    """Block that turns windows about x, so that turns of the phone about x change nothing.

    Parameters
    ----------
    channels : tuple of str
        Names of the windows' channels: x, y and z of one signal, then of the next. Movements are
        those that begin with ``body_``, or all if none does; gravity is sought in the last
        acceleration.
    n_timesteps : int
        Samples in a window, at least `N_SMALLEST_WINDOW`.
    prefix : str
        Prefix of the names of the constants.

    Raises
    ------
    DataError
        If the channels are not such triples, or none is an acceleration.
    """

    def __init__(self, channels: tuple[str, ...], n_timesteps: int, prefix: str) -> None:
        super().__init__(prefix=prefix)
        self.n_timesteps = n_timesteps
        self.n_filtered = n_timesteps - 2 * _REACH
        names = [name[:-2] for name in channels[::3]]
        is_acceleration = [name.split("_")[-1] == "acc" for name in names]
        if list(channels) != [f"{name}_{axis}" for name in names for axis in "xyz"] or not any(
            is_acceleration
        ):
            raise DataError(
                f"model.align_heading: found channels {', '.join(channels)}, expected x, y and z "
                "of an acceleration and of other signals"
            )
        self.n_signals = len(names)
        self.gravity = max(np.flatnonzero(is_acceleration).tolist())
        body = [place for place, name in enumerate(names) if name.startswith("body_")]
        self.movements = body or list(range(len(names)))
        n_movements = len(self.movements)
        n_references = len(_SCALES) * n_movements * (2 * n_movements + 1) + 1
        constant = {"init": "zeros", "grad_req": "null"}
        filters = 2 * len(_SCALES), 1, 1, N_SMALLEST_WINDOW
        self.filters = self.params.get("heading_filters", shape=filters, **constant)
        self.weight = self.params.get("heading_weight", shape=(2, 3 * n_references), **constant)

    def hybrid_forward(self, F: Any, windows: Any, weight: Any, filters: Any) -> Any:
        """Return turned windows, shape (n_windows, n_timesteps, n_channels) as given."""
        ahead_y, ahead_z = (
            F.expand_dims(c, axis=1) for c in self._ahead(F, windows, weight, filters)
        )
        turned = []
        for number in range(self.n_signals):
            x, y, z = (_channel(F, windows, 3 * number + axis) for axis in range(3))
            turned += [
                x,
                F.broadcast_mul(y, ahead_y) + F.broadcast_mul(z, ahead_z),
                F.broadcast_mul(z, ahead_y) - F.broadcast_mul(y, ahead_z),
            ]
        return F.concat(*turned, dim=2)

    def _ahead(self, F: Any, windows: Any, weight: Any, filters: Any) -> tuple[Any, Any]:
        """Return y and z of the unit vector that training windows have along y; (n_windows, 1)."""
        y, z = self._references(F, windows, filters)
        real = F.slice_axis(weight, axis=0, begin=0, end=1)
        imaginary = F.slice_axis(weight, axis=0, begin=1, end=2)
        along_y = _inner(F, y, real) - _inner(F, z, imaginary)
        along_z = _inner(F, z, real) + _inner(F, y, imaginary)
        length = F.sqrt(F.square(along_y) + F.square(along_z) + SMALLEST_LENGTH**2)
        return along_y / length, along_z / length

    def _references(self, F: Any, windows: Any, filters: Any) -> tuple[Any, Any]:
        """Return y and z of vectors that turn with the phone, each (n_windows, n_references).

        Some hold for people who move, others for people who are still, or lie: each is there alone,
        times gravity along x, and times the strength of the movement.
        """
        places = [3 * signal + axis for axis in range(3) for signal in self.movements]
        channels = F.concat(*(_channel(F, windows, place) for place in places), dim=2)
        signals = F.transpose(channels, axes=(0, 2, 1))
        filtered = self._filtered(F, signals, filters)
        of_scales = [self._of_scale(F, filtered, number) for number in range(len(_SCALES))]
        gravity_x, gravity_y, gravity_z = (
            F.mean(_channel(F, windows, 3 * self.gravity + axis), axis=1) for axis in range(3)
        )
        y = F.concat(*(y for y, _ in of_scales), gravity_y, dim=1)
        z = F.concat(*(z for _, z in of_scales), gravity_z, dim=1)
        factors = gravity_x, self._movement(F, signals)
        return tuple(
            F.concat(r, *(F.broadcast_mul(r, by) for by in factors), dim=1) for r in (y, z)
        )

    def _filtered(self, F: Any, signals: Any, filters: Any) -> Any:
        """Filter each channel; (n_windows, n_channels, time) to (…, n_filters, less time)."""
        images = F.reshape(F.expand_dims(F.expand_dims(signals, 2), 2), shape=(-3, 0, 0, 0))
        sizes = {"num_filter": 2 * len(_SCALES), "kernel": (1, N_SMALLEST_WINDOW)}
        filtered = F.squeeze(F.Convolution(images, filters, no_bias=True, **sizes), axis=2)
        return F.reshape(filtered, shape=(-4, -1, 3 * len(self.movements), 0, 0))

    def _of_scale(self, F: Any, filtered: Any, number: int) -> tuple[Any, Any]:
        """Return y and z of the correlations and third moments at one scale."""
        first, second = (
            F.reshape(F.slice_axis(filtered, axis=2, begin=i, end=i + 1), shape=(0, 0, -1))
            for i in (2 * number, 2 * number + 1)
        )
        n = len(self.movements)
        x, y, z = (F.slice_axis(second, axis=1, begin=i * n, end=(i + 1) * n) for i in range(3))
        along = F.concat(F.slice_axis(first, axis=1, begin=0, end=n), x, dim=1)
        length = self.n_filtered
        along = F.broadcast_div(along, _deviation(F, F.square(along), length))
        deviation = _deviation(F, F.square(y) + F.square(z), length)
        y, z = F.broadcast_div(y, deviation), F.broadcast_div(z, deviation)
        energy = F.square(y) + F.square(z)
        return tuple(
            F.concat(
                _mean_products(F, along, across, length),
                mean_over_last(F, energy * across, length),
                dim=1,
            )
            for across in (y, z)
        )

    def _movement(self, F: Any, signals: Any) -> Any:
        """Return how much people move across x: about -1 if still, 1 if they walk."""
        n, length = len(self.movements), self.n_timesteps
        across = [F.slice_axis(signals, axis=1, begin=i * n, end=i * n + 1) for i in (1, 2)]
        means = [mean_over_last(F, part, length, keepdims=True) for part in across]
        energies = [F.square(F.broadcast_sub(*pair)) for pair in zip(across, means, strict=True)]
        deviation = F.squeeze(_deviation(F, energies[0] + energies[1], length), axis=2)
        return (F.log(deviation) - MIDDLE_MOVEMENT) / MOVEMENT_RANGE

    def fit(self, signals: FloatArray) -> None:
        """Set the weights so that training windows are turned as little as possible.

        Parameters
        ----------
        signals : ndarray of float32, shape (n_windows, n_timesteps, n_channels)
            Training windows in g and rad/s.
        """
        self.filters.set_data(mx.nd.array(gaussian_derivatives()))
        gram, sums = np.zeros((), complex), np.zeros((), complex)
        for vectors in self._vectors(signals):
            gram = gram + vectors.conj().T @ vectors
            sums = sums + vectors.conj().sum(axis=0)
        penalty = _PENALTY * len(signals) * np.eye(len(gram))
        weight = np.linalg.solve(gram + penalty, sums)
        self.weight.set_data(mx.nd.array(np.stack([weight.real, weight.imag])))

    def _vectors(self, signals: FloatArray) -> Iterator[ComplexArray]:
        """Yield the references of windows as complex numbers, a block of windows at a time."""
        device = self.filters.list_ctx()[0]
        filters = self.filters.data(device)
        for start in range(0, len(signals), _N_PER_BLOCK):
            block = mx.nd.array(signals[start : start + _N_PER_BLOCK], ctx=device)
            y, z = self._references(mx.nd, block, filters)
            yield y.asnumpy() + 1j * z.asnumpy().astype(np.float64)

    def turned(self, signals: FloatArray) -> FloatArray:
        """Return turned windows, shape as given."""
        device = self.filters.list_ctx()[0]
        starts = range(0, len(signals), _N_PER_BLOCK)
        blocks = (mx.nd.array(signals[i : i + _N_PER_BLOCK], ctx=device) for i in starts)
        return np.concatenate([self(block).asnumpy() for block in blocks])


def _channel(F: Any, windows: Any, place: int) -> Any:
    return F.slice_axis(windows, axis=2, begin=place, end=place + 1)


def _deviation(F: Any, squares: Any, length: int) -> Any:
    mean = mean_over_last(F, squares, length, keepdims=True)
    return F.sqrt(mean + SMALLEST_DEVIATION**2)


def _mean_products(F: Any, along: Any, across: Any, length: int) -> Any:
    """Return the mean over time of each signal along x times each across it."""
    sums = F.batch_dot(along, across, transpose_b=True)
    return F.reshape(sums, shape=(0, -1)) * (1 / length)


def _inner(F: Any, vectors: Any, weight: Any) -> Any:
    return F.sum(F.broadcast_mul(vectors, weight), axis=1, keepdims=True)
