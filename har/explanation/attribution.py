r"""Integrated gradients: how much each sample of a window adds to an answer.

On the straight way from a baseline :math:`b` to the window :math:`x`, the gradient of the answer
tells what each sample adds at each step; summed over the way,

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

# Where on the way to look first, and where to take gradients.
_N_LOOKS = 256
_N_STEPS = 256


@dataclass(frozen=True)
class Attribution:
    """What each sample of a window adds.

    Parameters
    ----------
    values : ndarray of float, shape (n_timesteps, n_channels)
        To the logarithm of the probability.
    gained : float
        That logarithm less that at the baseline.
    """

    values: FloatArray
    gained: float

    @property
    def gap(self) -> float:
        """By how much the sum of the values is too large: 0 but for the steps being finite."""
        return float(self.values.sum() - self.gained)


def integrated_gradients(
    network: Network,
    signals: FloatArray,
    answers: IntArray,
    baseline: FloatArray,
    device: mx.Context,
) -> list[Attribution]:
    """Find what each sample adds to the logarithm of the probability of an activity.

    Parameters
    ----------
    network : ActivityNetwork, Ensemble or WithTemperature
        With its weights on `device`.
    signals : ndarray, shape (n_windows, n_timesteps, n_channels)
        In g and rad/s.
    answers : ndarray of int, shape (n_windows,)
        An activity for each window.
    baseline : ndarray, shape (n_channels,)
        A sample that tells nothing of the activity, such as the mean of many windows.
    device : mxnet.Context
        Where to compute.

    Returns
    -------
    list of Attribution
        One for each window.
    """
    return [
        _attribution(network, window.astype(np.float64), int(answer), baseline, device)
        for window, answer in zip(signals, answers, strict=True)
    ]


def _attribution(
    network: Network, window: FloatArray, answer: int, baseline: FloatArray, device: mx.Context
) -> Attribution:
    way = window - baseline

    def on_the_way(shares: FloatArray) -> mx.nd.NDArray:
        points = baseline + shares[:, np.newaxis, np.newaxis] * way
        return mx.nd.array(points.astype(np.float32), ctx=device)

    # Views that enlarge small movements change most near the baseline.
    looks = np.linspace(0, 1, _N_LOOKS + 1) ** 3
    logits = network(on_the_way(looks)).asnumpy().astype(np.float64)
    logarithms = log_softmax(logits, axis=1)
    edges = _even_changes(looks, logarithms)
    gradients = _gradients(network, on_the_way((edges[1:] + edges[:-1]) / 2), answer)
    mean = np.tensordot(np.diff(edges), gradients, axes=1)
    return Attribution(way * mean, float(logarithms[-1, answer] - logarithms[0, answer]))


def _even_changes(looks: FloatArray, logarithms: FloatArray) -> FloatArray:
    """Cut the way into steps in each of which about as much happens.

    An LSTM goes over from one answer to another in a hundredth of the way: equal steps, a thousand
    of them even, miss what happens there.
    """
    changes = np.abs(np.diff(logarithms, axis=0)).max(axis=1)
    # Half of the steps go by length, so that no part of the way is left out.
    weights = changes + max(changes.mean(), np.finfo(np.float64).tiny)
    reached = np.concatenate([[0.0], weights.cumsum()])
    return np.interp(np.linspace(0, reached[-1], _N_STEPS + 1), reached, looks)


def _gradients(network: Network, points: mx.nd.NDArray, answer: int) -> FloatArray:
    """Differentiate the logarithm of an activity's probability; shape as that of the points."""
    points.attach_grad()
    # As when predicting: no dropout, and batch normalisation with what it has learned.
    with autograd.record(train_mode=False):
        logarithms = mx.nd.log_softmax(network(points), axis=1)
        total = logarithms.slice_axis(axis=1, begin=answer, end=answer + 1).sum()
    total.backward(train_mode=False)
    return np.asarray(points.grad.asnumpy(), dtype=np.float64)
