"""The training loop, which the caller may stop between epochs, or between steps.

A pass over the training windows is in `har.training.passes`, one step of it is `Trainer.step`:
forward, backward, update. After a stop, another `Training` goes on from the `TrainingState`, with
the same weights bit for bit.
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
from har.training.batches import count_batches
from har.training.checkpoint import TrainingState
from har.training.history import EpochRecord
from har.training.passes import Pass, Passes
from har.training.processes import Workers
from har.training.threads import FixedThreads
from har.training.weights import BestWeights, Places, copies_of, put


class Training:
    """The training of a network, which may stop and go on.

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
    earlier : TrainingState or None
        State of an earlier training with the same settings and windows, to go on from.

    Raises
    ------
    RunError
        If there are more processes than windows in a batch, or the state is that of another
        network.
    """

    def __init__(
        self,
        network: ActivityNetwork,
        train: Windows,
        validation: Windows | None,
        config: TrainingConfig,
        devices: list[mx.Context],
        seed: int,
        threads: FixedThreads | None = None,
        workers: Workers | None = None,
        earlier: TrainingState | None = None,
    ) -> None:
        if workers:
            _check_shares(len(train), config, workers.n_processes)
        self._network = network
        self._train = train
        self._validation = validation
        self._config = config
        self._devices = devices
        self._threads = threads
        self._workers = workers
        self._best = BestWeights(network)
        exchange = workers.begin(network, seed) if workers else None
        self._passes = Passes(network, train, config, devices, seed, exchange)
        self._history: list[EpochRecord] = []
        if earlier:
            self._go_on_from(earlier)

    @property
    def _places(self) -> Places:
        best = {f"best/{name}": [array] for name, array in self._best.weights.items()}
        return {**self._passes.trainer.places(), **best}

    def _go_on_from(self, state: TrainingState) -> None:
        put(state.arrays, self._places)
        self._history = list(state.history)
        self._best.go_on_after(self._history)
        n_epochs = len(self._history)
        totals = state.loss, state.n_right
        self._passes.go_on_after(n_epochs, state.n_steps, totals, state.duration_s)
        if self._workers:
            self._workers.go_on_after(n_epochs, state.arrays)

    @property
    def n_steps(self) -> int:
        """Steps of the epoch that was begun; 0 between two epochs."""
        return self._passes.n_steps

    def state(self) -> TrainingState:
        """Return the state at the last moment; see `moments`."""
        loss, n_right = map(float, self._passes.totals)
        return TrainingState(
            history=tuple(self._history),
            n_steps=self.n_steps,
            loss=loss,
            n_right=n_right,
            duration_s=self._passes.duration_s,
            arrays=copies_of(self._places),
            n_threads=self._n_threads,
        )

    @property
    def _n_threads(self) -> int | None:
        return self._threads.n_threads if self._threads else None

    def moments(self) -> Iterator[EpochRecord | None]:
        """Train, and stop at each moment from which a later training could go on.

        Yields
        ------
        EpochRecord or None
            The record of an epoch that has ended; None between steps.

        Raises
        ------
        RunError
            If the loss or a weight is no longer finite, or another process has ended.
        """
        while not self._is_done():
            epoch = len(self._history) + 1
            if self._workers:
                self._workers.start_pass(epoch)
            done = yield from self._passes.run(epoch)
            _check_numbers(self._network, done.loss, epoch)
            self._history.append(self._record(epoch, done))
            yield self._history[-1]
            if self._threads:
                self._threads.note(done.duration_s)
        if self._config.keep == "best":
            self._best.restore()

    def _is_done(self) -> bool:
        epoch, config = len(self._history), self._config
        is_patient = config.patience is None or epoch - self._best.epoch < config.patience
        return epoch >= config.n_epochs or not is_patient

    def _record(self, epoch: int, done: Pass) -> EpochRecord:
        """Validate the weights after an epoch, and return its record."""
        scores = None
        if self._validation is not None:
            scores = score(self._network, self._validation, self._devices)
        is_best = scores is not None and self._best.offer(epoch, *scores)
        validation_loss, validation_accuracy = scores or (None, None)
        return EpochRecord(
            epoch=epoch,
            learning_rate=done.learning_rate,
            train_loss=done.loss / len(self._train),
            train_accuracy=done.n_right / len(self._train),
            validation_loss=validation_loss,
            validation_accuracy=validation_accuracy,
            windows_per_s=len(self._train) / done.duration_s,
            is_best=is_best,
            n_threads=self._n_threads,
        )


def _check_shares(n_windows: int, config: TrainingConfig, n_processes: int) -> None:
    """Refuse batches with too few windows for each process to have one."""
    n_smallest = n_windows // count_batches(n_windows, config)
    if n_smallest < n_processes:
        raise RunError(
            f"training: found a batch of {n_smallest} for {n_processes} processes, "
            "expected at least one window for each; try a larger training.batch_size"
        )


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
        Network with its weights on `devices`, as for `Training`.
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
