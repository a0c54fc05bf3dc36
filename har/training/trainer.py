"""One step of training (forward, backward, update) and the schedule of the learning rate."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from har.arrays import FloatArray
from har.config import TrainingConfig
from har.errors import RunError
from har.models.backend import autograd, gluon, mx
from har.models.engine import memory_of
from har.models.network import ActivityNetwork, WithParts
from har.training.exchange import Exchange
from har.training.weights import AveragedWeights, Places, approach, share_statistics


def learning_rate_at(config: TrainingConfig, epochs: float) -> float:
    """Return the learning rate at a point of the training.

    Parameters
    ----------
    config : TrainingConfig
        Settings of the schedule.
    epochs : float
        Epochs trained so far, with a fraction.

    Returns
    -------
    float
        A rate that rises linearly from zero during warm-up, then stays constant, falls along half a
        cosine to zero (Loshchilov & Hutter 2017), or drops in steps.
    """
    if epochs < config.warmup_epochs:
        return config.learning_rate * epochs / config.warmup_epochs
    if config.schedule == "cosine":
        after_warmup = max(config.n_epochs - config.warmup_epochs, 1e-9)
        share_done = min((epochs - config.warmup_epochs) / after_warmup, 1.0)
        return config.learning_rate * (1 + math.cos(math.pi * share_done)) / 2
    if config.schedule == "step":
        return config.learning_rate * math.pow(config.step_factor, epochs // config.step_epochs)
    return config.learning_rate


class Trainer:
    """Updates a network's weights, a batch at a time.

    Parameters
    ----------
    network : ActivityNetwork
        Network with its weights on `devices`.
    config : TrainingConfig
        Optimizer, schedule, weight decay, clipping and averaging.
    devices : list of mxnet.Context
        Devices that share each batch.
    n_batches : int
        Steps in an epoch, for the schedule.
    exchange : Exchange or None
        Sums over the processes that share each batch; None for a single one.
    """

    def __init__(
        self,
        network: ActivityNetwork,
        config: TrainingConfig,
        devices: list[mx.Context],
        n_batches: int,
        exchange: Exchange | None = None,
    ) -> None:
        self.network = network
        self.config = config
        self.devices = devices
        self.n_batches = n_batches
        self.exchange = exchange
        self.n_steps = 0
        self._parameters = list(network.collect_params().values())
        self._trained = [p for p in self._parameters if p.grad_req != "null"]
        self._loss = gluon.loss.SoftmaxCrossEntropyLoss(sparse_label=False)
        self._loss.hybridize()
        self._outputs = WithParts(network)
        options = {"learning_rate": config.learning_rate}
        if config.optimizer == "sgd":
            options["momentum"] = config.momentum
        if config.decay_kind == "l2":
            options["wd"] = config.weight_decay
        self._averages = AveragedWeights(network, config.averaging) if config.averaging else None
        self._trainer = gluon.Trainer(
            network.collect_params(), config.optimizer, options, update_on_kvstore=False
        )

    @property
    def learning_rate(self) -> float:
        """The learning rate of the last step."""
        return float(self._trainer.learning_rate)

    def step(self, signals: FloatArray, targets: FloatArray) -> tuple[float, int]:
        """Train on a batch: forward, backward, update.

        Parameters
        ----------
        signals : ndarray of float32, shape (n_windows, n_timesteps, n_channels)
            Windows in g and rad/s.
        targets : ndarray of float32, shape (n_windows, n_activities)
            Target probabilities.

        Returns
        -------
        loss : float
            Cross-entropy, summed over the windows; the mean of all parts of the network.
        n_right : int
            Windows whose most probable activity is the target's.

        Raises
        ------
        RunError
            If there are fewer windows than devices.
        FloatingPointError
            If the loss or the gradient is not finite.
        """
        shares = self._share(signals, targets)
        with autograd.record():
            outputs = [self._outputs(x) for x, _ in shares]
            losses = [
                self._loss(part, y)
                for (_, *parts), (_, y) in zip(outputs, shares, strict=True)
                for part in parts
            ]
        autograd.backward(losses)
        loss = sum(float(part.asnumpy().sum()) for part in losses) * len(shares) / len(losses)
        if not math.isfinite(loss):
            raise FloatingPointError(f"a loss of {loss:g}")
        self._update(n_windows=len(signals))
        predicted = np.concatenate([scores.asnumpy() for scores, *_ in outputs]).argmax(axis=1)
        n_right = int(np.sum(predicted == targets.argmax(axis=1)))
        return loss, n_right

    def places(self) -> Places:
        """Return all that a step changes: weights, their averages and the optimizer's estimates."""
        places = {f"weights/{p.name}": p.list_data() for p in self._parameters}
        if self._averages:
            aside = self._averages.set_aside
            places |= {f"aside/{name}": [array] for name, array in aside.items()}
        for index, parameter in enumerate(self._trainer._params):
            for number, arrays in enumerate(self._estimates(index, parameter)):
                places[f"optimizer/{parameter.name}/{number}"] = arrays
        return places

    def _estimates(self, index: int, parameter: Any) -> list[list[Any]]:
        """Return the optimizer's arrays for a parameter, which are made at its first step."""
        if parameter.grad_req == "null":
            return []
        of_devices = []
        optimizer = self._trainer.optimizer
        for updater, device in zip(self._trainer._updaters, self.devices, strict=True):
            if index not in updater.states:
                weight = parameter.data(device)
                updater.states[index] = optimizer.create_state_multi_precision(index, weight)
                updater.states_synced[index] = True
            state = updater.states[index]
            arrays = state if isinstance(state, tuple) else (state,)
            of_devices.append([array for array in arrays if array is not None])
        return [list(arrays) for arrays in zip(*of_devices, strict=True)]

    def go_on_after(self, n_steps: int) -> None:
        """Be as after these steps of an earlier process; `places` are set to what they held."""
        self.n_steps = n_steps
        # Adam's first steps are corrected by their number.
        self._trainer.optimizer.begin_num_update = n_steps

    def settle(self) -> None:
        """Set the network to the weights to validate and to keep: the average, if there is one."""
        share_statistics(self.network)
        if self.exchange:
            fixed = [p.list_data()[0] for p in self._parameters if p.grad_req == "null"]
            self.exchange.average(list(map(memory_of, fixed)))
        if self._averages:
            self._averages.exchange()

    def resume(self) -> None:
        """Set the network to the weights to train, at the start or after `settle`."""
        if self._averages:
            self._averages.exchange()

    def _share(self, signals: FloatArray, targets: FloatArray) -> list[tuple[Any, Any]]:
        """Split a batch over the devices."""
        n_shares = len(self.devices)
        if len(signals) < n_shares:
            raise RunError(
                f"training: found a batch of {len(signals)} for {n_shares} devices, expected at "
                "least one window for each; try a larger training.batch_size"
            )
        shares = np.array_split(signals, n_shares), np.array_split(targets, n_shares)
        return [
            (mx.nd.array(x, ctx=device), mx.nd.array(y, ctx=device))
            for device, x, y in zip(self.devices, *shares, strict=True)
        ]

    def _update(self, n_windows: int) -> None:
        """Update the weights with the mean gradient of the batch."""
        self.n_steps += 1
        rate = learning_rate_at(self.config, (self.n_steps - 0.5) / self.n_batches)
        self._trainer.set_learning_rate(rate)
        if self.config.decay_kind == "decoupled" and self.config.weight_decay:
            self._shrink(rate * self.config.weight_decay)
        self._trainer.allreduce_grads()
        if self.exchange:
            n_windows = self._add_up(self.exchange, n_windows)
        self._trainer.update(n_windows / self._clipping_factor(n_windows))
        if self._averages:
            self._averages.update(self.n_steps)

    def _add_up(self, exchange: Exchange, n_windows: int) -> int:
        """Add gradients up over all processes, and return the number of windows in all shares."""
        n_in_all = np.array([n_windows], dtype=np.float32)
        gradients = [memory_of(parameter.list_grad()[0]) for parameter in self._trained]
        exchange.add_up([*gradients, n_in_all])
        return int(n_in_all[0])

    def _shrink(self, share: float) -> None:
        """Decay the weights separately from the gradient (Loshchilov & Hutter 2019)."""
        for device in self.devices:
            approach([parameter.data(device) for parameter in self._trained], None, share)

    def _clipping_factor(self, n_windows: int) -> float:
        """Return the factor that reduces the gradient's norm to at most `clip_norm`."""
        if self.config.clip_norm is None:
            return 1.0
        # Once the gradients have been added up, they are the same on every device.
        gradients = [parameter.grad(self.devices[0]) for parameter in self._trained]
        squares = mx.nd.multi_sum_sq(*gradients, num_arrays=len(gradients)).asnumpy()
        norm = math.sqrt(float(squares.sum())) / n_windows
        if not math.isfinite(norm):
            raise FloatingPointError(f"a gradient of norm {norm:g}")
        return min(1.0, self.config.clip_norm / norm) if norm else 1.0
