"""Features: what a network's last layer reads, for a judgement of how unusual a window is."""

from __future__ import annotations

from typing import Any

import numpy as np

from har.arrays import FloatArray
from har.models.backend import gluon, mx
from har.models.network import in_batches, probabilities_of
from har.models.temperature import Network


class WithFeatures(gluon.HybridBlock):  # type: ignore[misc]
    """A network that returns its features beside its logits.

    It has no weights of its own, and is compiled at the first call.

    Parameters
    ----------
    network : ActivityNetwork, Ensemble or WithTemperature
        Network with its weights.
    """

    def __init__(self, network: Network) -> None:
        super().__init__(prefix="")
        self.network = network
        self.hybridize()

    def hybrid_forward(self, F: Any, windows: Any) -> tuple[Any, Any]:
        """Return logits and features, shape (n_windows, n_activities) and (n_windows, n_features).

        Windows are in g and rad/s, shape (n_windows, n_timesteps, n_channels).
        """
        outputs: tuple[Any, Any] = self.network.logits_and_features(F, windows)
        return outputs


def predict_with_features(
    network: WithFeatures, signals: FloatArray, devices: list[mx.Context]
) -> tuple[FloatArray, FloatArray]:
    """Return the probability of each activity in each window, and the window's features.

    Parameters
    ----------
    network : WithFeatures
        Network with its weights on `devices`.
    signals : ndarray of float32, shape (n_windows, n_timesteps, n_channels)
        At least one window, in g and rad/s.
    devices : list of mxnet.Context
        Devices that take turns with the batches.

    Returns
    -------
    probabilities : ndarray of float64, shape (n_windows, n_activities)
        As `har.models.network.predict_probabilities` returns.
    features : ndarray of float32, shape (n_windows, n_features)
        Input of the last layer; of an ensemble, those of all members.

    Raises
    ------
    RunError
        If the network's scores are not finite.
    """
    outputs = in_batches(network, signals, devices)
    pairs = [(logits.asnumpy(), features.asnumpy()) for logits, features in outputs]
    logits, features = map(np.concatenate, zip(*pairs, strict=True))
    return probabilities_of(logits), features
