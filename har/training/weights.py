"""Weights that training sets aside: the best so far, and their average over the steps."""

from __future__ import annotations

import math

from har.models.backend import mx
from har.models.network import ActivityNetwork


class BestWeights:
    """The weights of the best epoch so far on the validation subjects.

    Parameters
    ----------
    network : ActivityNetwork
        Whose weights to keep.
    """

    def __init__(self, network: ActivityNetwork) -> None:
        self.network = network
        self.epoch = 0
        self._worth = (-math.inf, -math.inf)
        self._weights: dict[str, mx.nd.NDArray] = {}

    def offer(self, epoch: int, loss: float, accuracy: float) -> bool:
        """Keep the network's weights if they are the best.

        Parameters
        ----------
        epoch : int
            When.
        loss, accuracy : float
            On the validation subjects; the loss decides between equal accuracies.

        Returns
        -------
        bool
            Whether they were.
        """
        if (accuracy, -loss) <= self._worth:
            return False
        self.epoch, self._worth = epoch, (accuracy, -loss)
        self._weights = _copies(self.network)
        return True

    def restore(self) -> None:
        """Give the network the weights that were kept."""
        _put(self._weights, self.network)


class AveragedWeights:
    r"""The average of a network's weights over the steps of training, later steps counting more.

    Noise that makes the weights of single steps differ averages out (Polyak & Juditsky 1992;
    Tarvainen & Valpola 2017). The statistics of batch normalisation are averaged as well.

    Parameters
    ----------
    network : ActivityNetwork
        That training changes.
    decay : float
        Share of the average that a step leaves: 0.99 looks back some 100 steps.

    Notes
    -----
    After step :math:`n` it is :math:`\sum_k d^{n-k} w_k / \sum_k d^{n-k}`: the weights before the
    first step count nothing, as in Adam's corrected averages (Kingma & Ba 2015).
    """

    def __init__(self, network: ActivityNetwork, decay: float) -> None:
        self.network = network
        self.decay = decay
        self._n_steps = 0
        self._set_aside = _copies(network)

    def update(self) -> None:
        """Take a step's weights into the average."""
        self._n_steps += 1
        share = (1 - self.decay) / (1 - self.decay**self._n_steps)
        for name, parameter in self.network.collect_params().items():
            average = self._set_aside[name]
            average += share * (parameter.list_data()[0] - average)

    def exchange(self) -> None:
        """Give the network the average and set its weights aside, or the other way round."""
        weights = _copies(self.network)
        _put(self._set_aside, self.network)
        self._set_aside = weights


def share_statistics(network: ActivityNetwork) -> None:
    """Give all devices the mean of their statistics of batch normalisation.

    Each device has seen its own share of the batches only.

    Parameters
    ----------
    network : ActivityNetwork
        On several devices; on one it stays as it is.
    """
    for parameter in network.collect_params().values():
        arrays = parameter.list_data()
        if parameter.grad_req == "null" and len(arrays) > 1:
            here = [array.as_in_context(arrays[0].context) for array in arrays]
            parameter.set_data(mx.nd.add_n(*here) / len(here))


def _copies(network: ActivityNetwork) -> dict[str, mx.nd.NDArray]:
    parameters = network.collect_params().items()
    return {name: parameter.list_data()[0].copy() for name, parameter in parameters}


def _put(weights: dict[str, mx.nd.NDArray], network: ActivityNetwork) -> None:
    for name, parameter in network.collect_params().items():
        parameter.set_data(weights[name])
