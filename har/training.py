"""The training loop, as a generator: each epoch is a record, stopping is the caller's choice.

Read `fit` from top to bottom; one step is `Trainer.step`: forward, backward, update.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from typing import Any

import numpy as np

from har.arrays import FloatArray
from har.batches import batches
from har.config import TrainingConfig
from har.errors import RunError
from har.evaluation.calibration import negative_log_likelihood
from har.history import EpochRecord
from har.models.backend import autograd, gluon, mx
from har.models.network import ActivityNetwork, predict_probabilities
from har.signals.windows import Windows
from har.weights import AveragedWeights, BestWeights, share_statistics


def fit(
    network: ActivityNetwork,
    train: Windows,
    validation: Windows | None,
    config: TrainingConfig,
    devices: list[mx.Context],
    seed: int,
) -> Iterator[EpochRecord]:
    """Train a network, an epoch at a time.

    Parameters
    ----------
    network : ActivityNetwork
        Changed in place. When the last record was taken, it has the weights that
        `config.keep` asks for.
    train : Windows
        What to learn from.
    validation : Windows or None
        Of other subjects, to choose the best epoch and to stop early.
    config : TrainingConfig
        Optimizer, schedule and the rest.
    devices : list of mxnet.Context
        Where the network's weights are; several share each batch.
    seed : int
        Of the order of the windows.

    Yields
    ------
    EpochRecord

    Raises
    ------
    RunError
        If the loss or a weight is no longer a number.
    """
    generator = np.random.default_rng(seed)
    trainer = Trainer(network, config, devices, math.ceil(len(train) / config.batch_size))
    best = BestWeights(network)
    for epoch in range(1, config.n_epochs + 1):
        started_s = time.perf_counter()
        trainer.resume()
        n_right, total_loss = 0, 0.0
        for signals, targets in batches(train, config, generator):
            loss, n_right_in_batch = trainer.step(signals, targets)
            total_loss += loss
            n_right += n_right_in_batch
        trainer.settle()
        duration_s = time.perf_counter() - started_s
        _check_numbers(network, total_loss, epoch)
        scores = None if validation is None else score(network, validation, devices)
        is_best = scores is not None and best.offer(epoch, *scores)
        validation_loss, validation_accuracy = scores or (None, None)
        yield EpochRecord(
            epoch=epoch,
            learning_rate=trainer.learning_rate,
            train_loss=total_loss / len(train),
            train_accuracy=n_right / len(train),
            validation_loss=validation_loss,
            validation_accuracy=validation_accuracy,
            windows_per_s=len(train) / duration_s,
            is_best=is_best,
        )
        if config.patience is not None and epoch - best.epoch >= config.patience:
            break
    if config.keep == "best":
        best.restore()


def _check_numbers(network: ActivityNetwork, loss: float, epoch: int) -> None:
    """Refuse to go on, or to end, with a loss or weights that are no numbers."""
    parameters = network.collect_params().values()
    weights = (parameter.list_data()[0].asnumpy() for parameter in parameters)
    if not (math.isfinite(loss) and all(np.isfinite(array).all() for array in weights)):
        raise RunError(
            f"training, epoch {epoch}: found a loss of {loss:g} and weights that are no numbers, "
            "expected finite ones; try a smaller training.learning_rate"
        )


def learning_rate_at(config: TrainingConfig, epochs: float) -> float:
    """Find the learning rate at a moment of training.

    Parameters
    ----------
    config : TrainingConfig
        The schedule.
    epochs : float
        How much has been trained, in epochs.

    Returns
    -------
    float
        Rises linearly from zero while warming up; then stays, falls along half a cosine to zero
        (Loshchilov & Hutter 2017), or drops in steps.
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
    """Changes a network's weights, a batch at a time.

    Parameters
    ----------
    network : ActivityNetwork
        With its weights on `devices`.
    config : TrainingConfig
        Optimizer, schedule, decay, clipping and averaging.
    devices : list of mxnet.Context
        Share each batch.
    n_batches : int
        Steps in an epoch, for the schedule.
    """

    def __init__(
        self,
        network: ActivityNetwork,
        config: TrainingConfig,
        devices: list[mx.Context],
        n_batches: int,
    ) -> None:
        self.network = network
        self.config = config
        self.devices = devices
        self.n_batches = n_batches
        self.n_steps = 0
        parameters = network.collect_params().values()
        self._trained = [p for p in parameters if p.grad_req != "null"]
        self._loss = gluon.loss.SoftmaxCrossEntropyLoss(sparse_label=False)
        self._loss.hybridize()
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
        """Forward, backward, update.

        Parameters
        ----------
        signals : ndarray of float32, shape (n_windows, n_timesteps, n_channels)
            In g and rad/s.
        targets : ndarray of float32, shape (n_windows, n_activities)
            What the probabilities should be.

        Returns
        -------
        loss : float
            Cross-entropy, summed over the windows.
        n_right : int
            Windows whose most probable activity is the target's.

        Raises
        ------
        RunError
            If there are fewer windows than devices.
        """
        shares = self._share(signals, targets)
        with autograd.record():
            scores = [self.network(x) for x, _ in shares]
            losses = [self._loss(s, y) for s, (_, y) in zip(scores, shares, strict=True)]
        autograd.backward(losses)
        self._update(n_windows=len(signals))
        n_right = sum(_n_right(s, y) for s, (_, y) in zip(scores, shares, strict=True))
        return sum(float(loss.sum().asscalar()) for loss in losses), n_right

    def settle(self) -> None:
        """Give the network the weights to measure and to keep: the average, if asked for."""
        share_statistics(self.network)
        if self._averages:
            self._averages.exchange()

    def resume(self) -> None:
        """Give the network the weights to go on from, after `settle` or at the start."""
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
        """Go a step along the mean gradient of the batch."""
        self.n_steps += 1
        rate = learning_rate_at(self.config, (self.n_steps - 0.5) / self.n_batches)
        self._trainer.set_learning_rate(rate)
        if self.config.decay_kind == "decoupled" and self.config.weight_decay:
            self._shrink(1 - rate * self.config.weight_decay)
        self._trainer.allreduce_grads()
        self._trainer.update(n_windows / self._shortening(n_windows))
        if self._averages:
            self._averages.update()

    def _shrink(self, factor: float) -> None:
        """Decay the weights apart from the gradient (Loshchilov & Hutter 2019)."""
        for parameter in self._trained:
            for weights in parameter.list_data():
                weights *= factor

    def _shortening(self, n_windows: int) -> float:
        """Find by what to multiply the gradient, so that its norm is at most `clip_norm`."""
        if self.config.clip_norm is None:
            return 1.0
        # After the gradients were added up, they are the same on every device.
        gradients = [parameter.grad(self.devices[0]) for parameter in self._trained]
        squares = mx.nd.multi_sum_sq(*gradients, num_arrays=len(gradients)).asnumpy()
        norm = math.sqrt(float(squares.sum())) / n_windows
        return min(1.0, self.config.clip_norm / norm) if norm else 1.0


def _n_right(scores: mx.nd.NDArray, targets: mx.nd.NDArray) -> int:
    return int((scores.argmax(axis=1) == targets.argmax(axis=1)).sum().asscalar())


def score(
    network: ActivityNetwork, windows: Windows, devices: list[mx.Context]
) -> tuple[float, float]:
    """Measure a network on windows it does not learn from.

    Parameters
    ----------
    network : ActivityNetwork
        With its weights on `devices`.
    windows : Windows
        Of validation subjects.
    devices : list of mxnet.Context
        Where to compute.

    Returns
    -------
    loss, accuracy : float
        Mean negative log-likelihood, and the share of windows that are right.
    """
    probabilities = predict_probabilities(network, windows.signals, devices)
    accuracy = float(np.mean(probabilities.argmax(axis=1) == windows.labels))
    return negative_log_likelihood(windows.labels, probabilities), accuracy
