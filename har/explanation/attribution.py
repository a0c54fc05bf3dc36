r"""Integrated gradients: the contribution of each sample of a window to a prediction.

On the straight path from a baseline :math:`b` to the window :math:`x`, the gradient of the
prediction gives the contribution of each sample at each step; summed over the path,

.. math::

    a_j = (x_j - b_j) \int_0^1 \frac{\partial f}{\partial x_j}(b + \alpha (x - b)) \, d\alpha

adds up to :math:`f(x) - f(b)`, which is called completeness (Sundararajan, Taly & Yan, *Axiomatic
attribution for deep networks*, ICML 2017). Here :math:`f` is the logarithm of the probability of
an activity.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import log_softmax

from har.arrays import FloatArray, IntArray
from har.models.backend import autograd, mx
from har.models.temperature import Network

# Points of the path at which to evaluate the network, and then to take gradients.
_N_POINTS = 256
_N_STEPS = 256


@dataclass(frozen=True)
class Attribution:
    """The contribution of each sample of a window.

    Parameters
    ----------
    values : ndarray of float, shape (n_timesteps, n_channels)
        Contributions to the logarithm of the probability.
    gained : float
        That logarithm less the one at the baseline.
    """

    values: FloatArray
    gained: float

    @property
    def gap(self) -> float:
        """Excess of the sum of the values: 0 but for the finite number of steps."""
        return float(self.values.sum() - self.gained)


def integrated_gradients(
    network: Network,
    signals: FloatArray,
    predicted: IntArray,
    baseline: FloatArray,
    device: mx.Context,
) -> list[Attribution]:
    """Attribute the logarithm of the probability of an activity to the samples of windows.

    Parameters
    ----------
    network : ActivityNetwork, Ensemble or WithTemperature
        Network with its weights on `device`.
    signals : ndarray, shape (n_windows, n_timesteps, n_channels)
        Windows in g and rad/s.
    predicted : ndarray of int, shape (n_windows,)
        Activity to attribute in each window.
    baseline : ndarray, shape (n_channels,)
        Sample without information on the activity, such as the mean of many windows.
    device : mxnet.Context
        Device that computes.

    Returns
    -------
    list of Attribution
        Attribution of each window.
    """
    return [
        _attribution(network, window.astype(np.float64), int(activity), baseline, device)
        for window, activity in zip(signals, predicted, strict=True)
    ]


def _attribution(
    network: Network, window: FloatArray, activity: int, baseline: FloatArray, device: mx.Context
) -> Attribution:
    path = window - baseline

    def on_the_path(shares: FloatArray) -> mx.nd.NDArray:
        points = baseline + shares[:, np.newaxis, np.newaxis] * path
        return mx.nd.array(points.astype(np.float32), ctx=device)

    # Views that enlarge small movements change most near the baseline.
    shares = np.linspace(0, 1, _N_POINTS + 1) ** 3
    logits = network(on_the_path(shares)).asnumpy().astype(np.float64)
    logarithms = log_softmax(logits, axis=1)
    edges = _even_changes(shares, logarithms)
    gradients = _gradients(network, on_the_path((edges[1:] + edges[:-1]) / 2), activity)
    mean = np.tensordot(np.diff(edges), gradients, axes=1)
    return Attribution(path * mean, float(logarithms[-1, activity] - logarithms[0, activity]))


def _even_changes(shares: FloatArray, logarithms: FloatArray) -> FloatArray:
    """Cut the path into steps of about the same change in the predictions.

    An LSTM changes from one prediction to another within a hundredth of the path: even a thousand
    steps of equal length miss that change.
    """
    changes = np.abs(np.diff(logarithms, axis=0)).max(axis=1)
    # Half of the steps go by length, so that no part of the path is left out.
    weights = changes + max(changes.mean(), np.finfo(np.float64).tiny)
    reached = np.concatenate([[0.0], weights.cumsum()])
    return np.interp(np.linspace(0, reached[-1], _N_STEPS + 1), reached, shares)


def _gradients(network: Network, points: mx.nd.NDArray, activity: int) -> FloatArray:
    """Differentiate the logarithm of an activity's probability; the shape is that of the points."""
    points.attach_grad()
    # As when predicting: no dropout, and batch normalisation with what it has learned.
    with autograd.record(train_mode=False):
        logarithms = mx.nd.log_softmax(network(points), axis=1)
        total = logarithms.slice_axis(axis=1, begin=activity, end=activity + 1).sum()
    total.backward(train_mode=False)
    return np.asarray(points.grad.asnumpy(), dtype=np.float64)
