"""The number of CPU threads that trains fastest, measured on this machine as it is now.

Two threads are a little faster than one on a free machine, and half as fast where another program
has one of the cores: the threads wait for each other at the end of each operator.
"""

from __future__ import annotations

import logging
import os
import time
from dataclasses import replace
from statistics import median
from typing import Literal

import numpy as np

from har.config import Config
from har.models.backend import mx
from har.models.engine import default_n_threads, end_threads, set_n_threads
from har.models.network import build_network
from har.signals.windows import Windows
from har.training.batches import smoothed_targets
from har.training.trainer import Trainer

logger = logging.getLogger(__name__)

_N_ROUNDS = 5
# Threads that gain less are not worth what they lose once another program runs.
_LEAST_GAIN = 1.15
# An epoch that takes so much longer than expected is a reason to measure again.
_SLOWER = 4 / 3


class FixedThreads:
    """A number of CPU threads that stays the same throughout a training.

    Parameters
    ----------
    n_threads : int
        CPU threads for each operator.
    """

    def __init__(self, n_threads: int) -> None:
        self.n_threads = n_threads

    def note(self, duration_s: float) -> None:
        """Take notice of the duration of an epoch."""


class MeasuredThreads(FixedThreads):
    """The number of CPU threads that trains fastest, measured at first and when it gets slower.

    It is measured with networks of their own, on CPU contexts of their own. What is trained stays
    as it is, bit for bit, as long as the number does.

    Parameters
    ----------
    config : Config
        Settings of network and training.
    windows : Windows
        Training windows, of which one batch is used.
    device : mxnet.Context
        CPU context that trains.
    """

    def __init__(self, config: Config, windows: Windows, device: mx.Context) -> None:
        self._device = device
        self._probes = [
            _Probe(config, windows, n_threads, mx.cpu(device.device_id + number))
            for number, n_threads in enumerate(candidates(), start=1)
        ]
        self._n_windows = len(windows)
        n_threads, self._expected_s = self._measure()
        super().__init__(n_threads)

    def note(self, duration_s: float) -> None:
        """Measure again if an epoch took a third longer than measured, or than the last."""
        is_slower = duration_s > _SLOWER * self._expected_s
        self._expected_s = duration_s
        if is_slower:
            n_threads, expected_s = self._measure()
            # The next epoch is compared with this one only if it is trained in the same way.
            if n_threads != self.n_threads:
                self.n_threads, self._expected_s = n_threads, expected_s
                set_n_threads(self._device, n_threads)

    def _measure(self) -> tuple[int, float]:
        """Return the number of threads with the fastest steps, and the seconds of an epoch."""
        end_threads(self._device)
        times = [[probe.time_step() for probe in self._probes] for _ in range(_N_ROUNDS)]
        durations_s = [median(column) for column in zip(*times, strict=True)]
        speeds = {
            probe.n_threads: probe.n_windows / duration_s
            for probe, duration_s in zip(self._probes, durations_s, strict=True)
        }
        fastest = max(speeds.values())
        chosen = next(n for n, speed in speeds.items() if _LEAST_GAIN * speed >= fastest)
        found = ", ".join(f"{n}: {speed:.0f} windows/s" for n, speed in speeds.items())
        logger.info("CPU threads: %d (measured with %s)", chosen, found)
        return chosen, self._n_windows / speeds[chosen]


def choose_threads(
    config: Config,
    windows: Windows,
    devices: list[mx.Context],
    n_threads: int | Literal["auto"] | None,
    n_processes: int = 1,
) -> FixedThreads:
    """Set the number of CPU threads for a training.

    Parameters
    ----------
    config : Config
        Settings of network and training.
    windows : Windows
        Training windows.
    devices : list of mxnet.Context
        Devices to train on, before their first operator.
    n_threads : int, "auto" or None
        Number of threads; ``auto``: the fastest, measured if one process trains on one CPU; None:
        `default_n_threads`.
    n_processes : int
        Number of processes that train.

    Returns
    -------
    FixedThreads
        Number of threads, which may change only with ``auto``.
    """
    is_one_cpu = n_processes == 1 and len(devices) == 1 and devices[0].device_type == "cpu"
    if n_threads == "auto" and is_one_cpu and len(candidates()) > 1:
        threads: FixedThreads = MeasuredThreads(config, windows, devices[0])
    else:
        threads = FixedThreads(n_threads if isinstance(n_threads, int) else default_n_threads())
    for device in devices:
        set_n_threads(device, threads.n_threads)
    return threads


def candidates() -> list[int]:
    """Return the numbers of threads to compare: 1, 2, 4 and so on, and the number of cores."""
    n_cores = len(os.sched_getaffinity(0))
    return [*(2**power for power in range(n_cores.bit_length()) if 2**power < n_cores), n_cores]


class _Probe:
    """A network whose steps are timed with a number of threads."""

    def __init__(
        self, config: Config, windows: Windows, n_threads: int, device: mx.Context
    ) -> None:
        self.n_threads = n_threads
        self._device = device
        set_n_threads(device, n_threads)
        batch = windows.where(np.arange(min(len(windows), config.training.batch_size)))
        self.n_windows = len(batch)
        # Contexts of the CPU share the generator that dropout draws from.
        model = replace(config.model, conv_dropout=0.0, dropout=0.0, head_dropout=0.0)
        n_activities = len(windows.activities)
        sizes = windows.signals.shape[1], windows.channels, n_activities
        network = build_network(model, *sizes, [device])
        self._trainer = Trainer(network, config.training, [device], 1)
        self._batch = batch.signals, smoothed_targets(batch.labels, n_activities, 0.0)
        # The first step compiles the graph.
        self.time_step()

    def time_step(self) -> float:
        """Return the seconds that a step takes."""
        started_s = time.perf_counter()
        self._trainer.step(*self._batch)
        # A step returns while weights are still updated, whose threads would be started again.
        mx.nd.waitall()
        duration_s = time.perf_counter() - started_s
        # The next ones are timed, and the network is trained, as if they were alone.
        end_threads(self._device)
        return duration_s
