"""The training loop, a generator of `EpochRecord` that the caller may stop at any epoch.

A pass over the training windows is in `har.training.passes`, one step of it is `Trainer.step`:
forward, backward, update.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from har.config import TrainingConfig
from har.errors import RunError
from har.evaluation.calibration import negative_log_likelihood
from har.models.backend import mx
from har.models.network import ActivityNetwork, predict_probabilities
from har.signals.windows import Windows
from har.training.history import EpochRecord
from har.training.passes import passes
from har.training.processes import Workers
from har.training.threads import FixedThreads
from har.training.weights import BestWeights


def fit(
    network: ActivityNetwork,
    train: Windows,
    validation: Windows | None,
    config: TrainingConfig,
    devices: list[mx.Context],
    seed: int,
    threads: FixedThreads | None = None,
    workers: Workers | None = None,
) -> Iterator[EpochRecord]:
    """Train a network, an epoch at a time.

    Parameters
    ----------
    network : ActivityNetwork
        Network, trained in place. After the last record it has the weights that `config.keep`
        selects.
    train : Windows
        Training windows.
    validation : Windows or None
        Windows of other subjects, to choose the best epoch and to stop early.
    config : TrainingConfig
        Settings of the training.
    devices : list of mxnet.Context
        Devices of the network's weights; several share each batch.
    seed : int
        Seed for the order of the windows and their augmentation.
    threads : FixedThreads or None
        Number of CPU threads, which may change between epochs; None: whatever it is.
    workers : Workers or None
        Other processes that share each batch, which have the same training windows; None to train
        in this one alone.

    Yields
    ------
    EpochRecord

    Raises
    ------
    RunError
        If the loss or a weight is no longer finite, or another process has ended.
    """
    n_smallest = len(train) // math.ceil(len(train) / config.batch_size)
    if workers and n_smallest < workers.n_processes:
        raise RunError(
            f"training: found a batch of {n_smallest} for {workers.n_processes} processes, "
            "expected at least one window for each; try a larger training.batch_size"
        )
    exchange = workers.begin(network, seed) if workers else None
    best = BestWeights(network)
    all_passes = passes(network, train, config, devices, seed, exchange)
    for epoch in range(1, config.n_epochs + 1):
        if workers:
            workers.start_pass()
        done = next(all_passes)
        _check_numbers(network, done.loss, epoch)
        scores = None if validation is None else score(network, validation, devices)
        is_best = scores is not None and best.offer(epoch, *scores)
        validation_loss, validation_accuracy = scores or (None, None)
        yield EpochRecord(
            epoch=epoch,
            learning_rate=done.learning_rate,
            train_loss=done.loss / len(train),
            train_accuracy=done.n_right / len(train),
            validation_loss=validation_loss,
            validation_accuracy=validation_accuracy,
            windows_per_s=len(train) / done.duration_s,
            is_best=is_best,
            n_threads=threads.n_threads if threads else None,
        )
        if threads:
            threads.note(done.duration_s)
        if config.patience is not None and epoch - best.epoch >= config.patience:
            break
    if config.keep == "best":
        best.restore()


def _check_numbers(network: ActivityNetwork, loss: float, epoch: int) -> None:
    """Refuse a loss or weights that are not finite."""
    parameters = network.collect_params().values()
    weights = (parameter.list_data()[0].asnumpy() for parameter in parameters)
    if not (math.isfinite(loss) and all(np.isfinite(array).all() for array in weights)):
        raise RunError(
            f"training, epoch {epoch}: found a loss of {loss:g} and weights that are no numbers, "
            "expected finite ones; try a smaller training.learning_rate"
        )


def score(
    network: ActivityNetwork, windows: Windows, devices: list[mx.Context]
) -> tuple[float, float]:
    """Return the loss and accuracy of a network on validation windows.

    Parameters
    ----------
    network, devices
        Network with its weights on `devices`, as for `fit`.
    windows : Windows
        Validation windows, of subjects the network is not trained on.

    Returns
    -------
    loss, accuracy : float
        Mean negative log-likelihood in nats, and share of correctly classified windows.
    """
    probabilities = predict_probabilities(network, windows.signals, devices)
    accuracy = float(np.mean(probabilities.argmax(axis=1) == windows.labels))
    return negative_log_likelihood(windows.labels, probabilities), accuracy
