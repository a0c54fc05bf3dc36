"""Passes over the training windows, which all processes of a training make alike."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from har.config import TrainingConfig
from har.models.backend import mx
from har.models.network import ActivityNetwork
from har.signals.windows import Windows
from har.training.batches import Share, batches
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


def passes(
    network: ActivityNetwork,
    windows: Windows,
    config: TrainingConfig,
    devices: list[mx.Context],
    seed: int,
    exchange: Exchange | None = None,
) -> Iterator[Pass]:
    """Train a network, a pass at a time.

    Parameters
    ----------
    network, config, devices, seed
        As for `har.training.loop.fit`.
    windows : Windows
        Training windows, the same in all processes.
    exchange : Exchange or None
        Sums over the processes that share each batch; None for a single process.

    Yields
    ------
    Pass
        Figures for the windows of all processes. The network then has the weights to validate, and
        what batch normalisation measured, averaged over the processes.
    """
    generator = np.random.default_rng(seed)
    share = Share(exchange.number, exchange.n_processes, seed) if exchange else None
    n_batches = math.ceil(len(windows) / config.batch_size)
    trainer = Trainer(network, config, devices, n_batches, exchange)
    for _ in range(config.n_epochs):
        started_s = time.perf_counter()
        trainer.resume()
        totals = np.zeros(2)
        for signals, targets in batches(windows, config, generator, share):
            totals += trainer.step(signals, targets)
        trainer.settle()
        if exchange:
            exchange.add_up([totals])
        duration_s = time.perf_counter() - started_s
        yield Pass(float(totals[0]), int(totals[1]), trainer.learning_rate, duration_s)
