"""Passes over the training windows, which all processes of a training make alike."""

from __future__ import annotations

import time
from collections.abc import Generator
from dataclasses import dataclass

import numpy as np

from har.config import TrainingConfig
from har.errors import RunError, listed
from har.models.backend import mx
from har.models.network import ActivityNetwork
from har.signals.windows import Windows
from har.training.batches import WHOLE_BATCH, Share, batches, count_batches, windows_of_batches
from har.training.checkpoint import N_STEPS_SEEDED
from har.training.draws import seed_dropout
from har.training.exchange import Exchange
from har.training.trainer import Trainer


@dataclass(frozen=True)
class Pass:
    """Figures of a pass over the training windows.

    Parameters
    ----------
    loss : float
        Cross-entropy, summed over the windows.
    n_right : int
        Windows that were classified correctly.
    learning_rate : float
        Learning rate of the last step.
    duration_s : float
        Time that it took.
    """

    loss: float
    n_right: int
    learning_rate: float
    duration_s: float


class Passes:
    """Passes over the training windows, each of which may stop between two steps and go on later.

    Parameters
    ----------
    network, config, devices, seed
        As for `har.training.loop.Training`.
    windows : Windows
        Training windows, the same in all processes.
    exchange : Exchange or None
        Sums over the processes that share each batch; None for a single process.

    Attributes
    ----------
    n_steps : int
        Steps of the pass that was begun; 0 between two passes.
    totals : ndarray of float64, shape (2,)
        Loss and number of windows classified correctly, summed over the windows of these steps.
    duration_s : float
        Time of these steps.
    """

    def __init__(
        self,
        network: ActivityNetwork,
        windows: Windows,
        config: TrainingConfig,
        devices: list[mx.Context],
        seed: int,
        exchange: Exchange | None = None,
    ) -> None:
        self._windows = windows
        self._config = config
        self._seed = seed
        self._exchange = exchange
        self._share = Share(exchange.number, exchange.n_processes) if exchange else WHOLE_BATCH
        self._n_batches = count_batches(len(windows), config)
        self.trainer = Trainer(network, config, devices, self._n_batches, exchange)
        # Others have statistics of batch normalisation of their own until the end of a pass.
        self._may_stop = exchange is None and len(devices) == 1
        self._begin()

    def _begin(self) -> None:
        self.n_steps = 0
        self.totals = np.zeros(2)
        self.duration_s = 0.0

    def go_on_after(
        self,
        n_epochs: int,
        n_steps: int = 0,
        totals: tuple[float, float] = (0.0, 0.0),
        duration_s: float = 0.0,
    ) -> None:
        """Be as after complete epochs, and steps of the next one, of an earlier process."""
        self.n_steps = n_steps
        self.totals = np.array(totals)
        self.duration_s = duration_s
        self.trainer.go_on_after(n_epochs * self._n_batches + n_steps)

    def run(self, epoch: int) -> Generator[None, None, Pass]:
        """Make a pass, or what remains of it.

        The network then has the weights to validate, and what batch normalisation measured,
        averaged over the processes.

        Parameters
        ----------
        epoch : int
            Number of the epoch, from 1.

        Yields
        ------
        None
            After each tenth step, where one process trains on one device; a new `Passes` can go on
            from there.

        Returns
        -------
        Pass
            Figures for the windows of all processes.

        Raises
        ------
        RunError
            If the loss or the gradient of a batch is not finite.
        """
        started_s = time.perf_counter()
        if not self.n_steps:
            self.trainer.resume()
        draws = self._seed, epoch, self.n_steps
        for signals, targets in batches(self._windows, self._config, *draws, self._share):
            if self.n_steps % N_STEPS_SEEDED == 0:
                seed_dropout(self._seed, epoch, self.n_steps, self._share.number)
            try:
                self.totals += self.trainer.step(signals, targets)
            except FloatingPointError as error:
                raise self._not_finite(epoch, error) from error
            self.n_steps += 1
            is_at_seed = self.n_steps % N_STEPS_SEEDED == 0 and self.n_steps < self._n_batches
            if is_at_seed and self._may_stop:
                self.duration_s += time.perf_counter() - started_s
                yield
                started_s = time.perf_counter()
        self.trainer.settle()
        if self._exchange:
            self._exchange.add_up([self.totals])
        loss, n_right = self.totals
        duration_s = self.duration_s + time.perf_counter() - started_s
        self._begin()
        return Pass(float(loss), int(n_right), self.trainer.learning_rate, duration_s)

    def _not_finite(self, epoch: int, error: FloatingPointError) -> RunError:
        """Return the error about a step, which names the people whose windows it had."""
        of_epoch = windows_of_batches(len(self._windows), self._config, self._seed, epoch)
        subjects = np.unique(self._windows.subjects[of_epoch[self.n_steps]])
        return RunError(
            f"training, epoch {epoch}, step {self.n_steps + 1} of {self._n_batches}: found {error} "
            f"for windows of the subjects {listed(subjects.tolist())}, expected a finite one; try "
            "a smaller training.learning_rate, or a training.clip_norm"
        )
