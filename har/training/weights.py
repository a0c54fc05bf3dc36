"""Weights that training keeps: the best so far, their average over the steps, a checkpoint's."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence

import numpy as np

from har.arrays import FloatArray
from har.errors import RunError
from har.models.backend import mx
from har.models.network import ActivityNetwork
from har.training.history import EpochRecord

# Arrays of MXNet by name; of each one on every device.
Places = Mapping[str, list[mx.nd.NDArray]]

# MXNet's own limit is 60.
_N_IN_CALL = 50


class BestWeights:
    """The weights of the best epoch so far on the validation subjects.

    Parameters
    ----------
    network : ActivityNetwork
        Network being trained.
    """

    def __init__(self, network: ActivityNetwork) -> None:
        self.network = network
        self.epoch = 0
        self._best_score = (-math.inf, -math.inf)
        # Their values count once an epoch was the best.
        self.weights = _copies(network)

    def go_on_after(self, history: Sequence[EpochRecord]) -> None:
        """Be as after epochs of an earlier process; `weights` are set to what they were then."""
        for record in history:
            if record.is_best and record.validation_accuracy is not None:
                loss = record.validation_loss or 0.0
                self.epoch, self._best_score = record.epoch, (record.validation_accuracy, -loss)

    def offer(self, epoch: int, loss: float, accuracy: float) -> bool:
        """Keep the network's weights if they are the best so far, and return whether they are.

        Parameters
        ----------
        epoch : int
            Number of the epoch.
        loss, accuracy : float
            Figures for the validation subjects; the loss decides between equal accuracies.
        """
        if (accuracy, -loss) <= self._best_score:
            return False
        self.epoch, self._best_score = epoch, (accuracy, -loss)
        self.weights = _copies(self.network)
        return True

    def restore(self) -> None:
        """Set the network to the weights that were kept."""
        _put(self.weights, self.network)


class AveragedWeights:
    r"""Exponential moving average of a network's weights over the steps of training.

    It averages out the noise in the weights of single steps (Polyak & Juditsky 1992; Tarvainen &
    Valpola 2017). The statistics of batch normalisation are averaged as well.

    Parameters
    ----------
    network : ActivityNetwork
        Network being trained.
    decay : float
        Share of the average kept in each step: 0.99 averages over some 100 steps.

    Notes
    -----
    After step :math:`n` it is :math:`\sum_k d^{n-k} w_k / \sum_k d^{n-k}`: the initial weights have
    no influence, as in Adam's bias-corrected averages (Kingma & Ba 2015).
    """

    def __init__(self, network: ActivityNetwork, decay: float) -> None:
        self.network = network
        self.decay = decay
        self._parameters = dict(network.collect_params().items())
        # The average, or the weights to train while the network has the average.
        self.set_aside = _copies(network)

    def update(self, n_steps: int) -> None:
        """Add the weights after the step of that number, from 1, to the average."""
        share = (1 - self.decay) / (1 - self.decay**n_steps)
        weights = [self._parameters[name].list_data()[0] for name in self.set_aside]
        approach(list(self.set_aside.values()), weights, share)

    def exchange(self) -> None:
        """Exchange the network's weights and the average."""
        weights = _copies(self.network)
        _put(self.set_aside, self.network)
        self.set_aside = weights


def approach(
    arrays: Sequence[mx.nd.NDArray], targets: Sequence[mx.nd.NDArray] | None, share: float
) -> None:
    """Move arrays by a share of the way to their targets, in place.

    Parameters
    ----------
    arrays, targets : sequence of NDArray
        Arrays, and as many of the same shapes; None: the target is zero.
    share : float
        0 to stay, 1 to become the targets.

    Notes
    -----
    It is the update of stochastic gradient descent, which takes many arrays in one call, with the
    negative target as the gradient and a decay of 1: ``a - share * (a - target)``. A call for each
    array and each operation took a tenth of a training step.
    """
    others, factor = (arrays, 0.0) if targets is None else (targets, -1.0)
    for start in range(0, len(arrays), _N_IN_CALL):
        chosen = slice(start, start + _N_IN_CALL)
        pairs = list(zip(arrays[chosen], others[chosen], strict=True))
        mx.nd.multi_sgd_update(
            *itertools.chain(*pairs),
            lrs=[share] * len(pairs),
            wds=[1.0] * len(pairs),
            rescale_grad=factor,
            num_weights=len(pairs),
            out=[array for array, _ in pairs],
        )


def share_statistics(network: ActivityNetwork) -> None:
    """Set the statistics of batch normalisation to their mean over all devices.

    Each device has only seen its own share of the batches; on a single one, nothing changes.
    """
    for parameter in network.collect_params().values():
        arrays = parameter.list_data()
        if parameter.grad_req == "null" and len(arrays) > 1:
            copies = [array.as_in_context(arrays[0].context) for array in arrays]
            parameter.set_data(mx.nd.add_n(*copies) / len(copies))


def _copies(network: ActivityNetwork) -> dict[str, mx.nd.NDArray]:
    parameters = network.collect_params().items()
    return {name: parameter.list_data()[0].copy() for name, parameter in parameters}


def _put(weights: dict[str, mx.nd.NDArray], network: ActivityNetwork) -> None:
    for name, parameter in network.collect_params().items():
        parameter.set_data(weights[name])


def copies_of(places: Places) -> dict[str, FloatArray]:
    """Return the values in places, those on the first device."""
    return {name: arrays[0].asnumpy() for name, arrays in places.items()}


def put(values: Mapping[str, FloatArray], places: Places) -> None:
    """Write values to places.

    Parameters
    ----------
    values : mapping of str to ndarray
        An array for each place.
    places : mapping of str to list of NDArray
        Places of the same names and shapes, changed on all devices.

    Raises
    ------
    RunError
        If a name is missing or unknown, or a shape is another.
    """
    if set(values) != set(places):
        odd = min(set(values) ^ set(places))
        state = "no" if odd in places else "the unknown"
        raise RunError(f"checkpoint: found {state} array {odd}, expected those of the network")
    for name, arrays in places.items():
        value = values[name]
        if value.shape != arrays[0].shape or value.dtype != np.float32:
            raise RunError(
                f"checkpoint: found {name} of shape {value.shape} and type {value.dtype}, expected "
                f"{arrays[0].shape} of float32"
            )
        for array in arrays:
            array[:] = value
