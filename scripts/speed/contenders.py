"""Frameworks that compute a recipe's network, each in a process of its own."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

import har
from har.arrays import FloatArray
from har.config import Config, TrainingConfig
from har.errors import RunError
from har.runs.folder import RunFolder
from har.signals.windows import Windows
from speed.material import N_BATCHES, N_CHECKED, N_PREDICTED, Material
from speed.worker import Worker

BATCH_SIZE = 256
TOLERANCE = 1e-4
TASKS = ("training", "prediction", "single")


def training_of(config: Config) -> TrainingConfig:
    """Return a recipe's training with a constant rate and no augmentation: all steps are alike."""
    return replace(
        config.training,
        schedule="constant",
        warmup_epochs=0,
        rotation_degrees=0.0,
        turn_degrees=0.0,
        gain=0.0,
        time_warp=0.0,
    )


class Contender:
    """A framework with a recipe's network.

    Its tasks `training`, `prediction` and `single` return the number of windows of a call.

    Parameters
    ----------
    material : Material
        Model and windows of the recipe.
    """

    def __init__(self, material: Material) -> None:
        self.config = RunFolder.open(material.run).read_config()
        self.settings = training_of(self.config)
        self.signals, self.targets = material.read("signals"), material.read("targets")
        self.starts = itertools.cycle(range(len(self.signals)))
        self.batches: Iterator[Any] = itertools.cycle(self.to_batches(self.settings.batch_size))

    def to_batches(self, size: int) -> list[tuple[FloatArray, FloatArray]]:
        """Cut windows and targets into full batches."""
        n_batches = len(self.signals) // size
        arrays = (np.split(a[: n_batches * size], n_batches) for a in (self.signals, self.targets))
        return list(zip(*arrays, strict=True))

    def probabilities(self, signals: FloatArray) -> FloatArray:
        """Return the probability of each activity in each window, in batches of 256."""
        raise NotImplementedError

    def step(self, signals: FloatArray, targets: FloatArray) -> float:
        """Train on a batch, and return the mean loss."""
        raise NotImplementedError

    def training(self) -> int:
        """Take a step on the next batch."""
        signals, targets = next(self.batches)
        self.step(signals, targets)
        return len(signals)

    def prediction(self) -> int:
        """Find the probabilities of several batches of windows."""
        self.probabilities(self.signals[:N_PREDICTED])
        return N_PREDICTED

    def single(self) -> int:
        """Find the probabilities of the next window alone."""
        start = next(self.starts)
        self.probabilities(self.signals[start : start + 1])
        return 1

    def check(self, expected: FloatArray) -> None:
        """Refuse answers that differ from those expected of the first windows."""
        found = self.probabilities(self.signals[:N_CHECKED])
        difference = float(np.abs(found - expected).max())
        if not difference < TOLERANCE:
            raise RunError(
                f"benchmark: found probabilities of {type(self).__name__} {difference:.1e} off, "
                f"expected less than {TOLERANCE}"
            )

    def seconds(self, task: str, least_s: float) -> tuple[float, float]:
        """Do a task over and over for some time.

        Parameters
        ----------
        task : {"training", "prediction", "single"}
            Name of the method.
        least_s : float
            Seconds after which no new call is made.

        Returns
        -------
        wall_s, cpu_s : float
            Seconds for a window: that passed, and that all processors spent on it.
        """
        work: Callable[[], int] = getattr(self, task)
        n_windows = 0
        cpu_s, wall_s = time.process_time(), time.perf_counter()
        while True:
            n_windows += work()
            passed_s = time.perf_counter() - wall_s
            if passed_s >= least_s:
                return passed_s / n_windows, (time.process_time() - cpu_s) / n_windows


class Har(Contender):
    """har, through its classifier and its trainer."""

    def __init__(self, material: Material) -> None:
        from har.classifier import ActivityClassifier
        from har.models.temperature import WithTemperature
        from har.training.trainer import Trainer

        super().__init__(material)
        self.classifier = ActivityClassifier.load(material.run, device="cpu")
        network = self.classifier.trained_network()
        if isinstance(network, WithTemperature):
            network = network.network
        self.trainer = Trainer(network, self.settings, self.classifier.devices, n_batches=100)

    def probabilities(self, signals: FloatArray) -> FloatArray:
        """Ask the classifier."""
        return self.classifier.predict_proba(signals)

    def step(self, signals: FloatArray, targets: FloatArray) -> float:
        """Ask the trainer."""
        total_loss, _n_right = self.trainer.step(signals, targets)
        return total_loss / len(signals)


class HarInProcesses(Har):
    """har's training in several processes, which it starts when it is first asked to train."""

    def __init__(self, material: Material, n_threads: int, n_processes: int) -> None:
        super().__init__(material)
        data = replace(self.config.data, n_validation_subjects=0)
        # It trains for as long as it is asked to.
        endless = replace(
            self.settings, n_epochs=10**9, keep="last", patience=None, calibrate=False
        )
        config = replace(self.config, data=data, training=endless)
        n_windows = N_BATCHES * self.settings.batch_size
        labels = self.targets[:n_windows].argmax(axis=1)
        self.windows = Windows(
            self.signals[:n_windows],
            labels,
            np.zeros(len(labels), dtype=int),
            activities=self.classifier.window_format_.activities,
        )
        trained = har.ActivityClassifier(config)
        self.epochs = trained.fit_epochs(self.windows, n_threads, n_processes)

    def training(self) -> int:
        """Train for an epoch of few batches."""
        next(self.epochs)
        return len(self.windows)


class PyTorch(Contender):
    """The same network in PyTorch."""

    def __init__(self, material: Material) -> None:
        from speed.torch_training import TorchModel

        super().__init__(material)
        channels = RunFolder.open(material.run).read_trained_manifest().model.window_format.channels
        self.model = TorchModel(self.config.model, self.settings, channels, material.read_weights())

    def probabilities(self, signals: FloatArray) -> FloatArray:
        """Predict batch by batch."""
        starts = range(0, len(signals), BATCH_SIZE)
        return np.concatenate([self.model.predict(signals[i : i + BATCH_SIZE]) for i in starts])

    def step(self, signals: FloatArray, targets: FloatArray) -> float:
        """Take a step."""
        return self.model.step(signals, targets)


# One more framework is one more class, with its name here.
FRAMEWORKS: dict[str, type[Har] | type[PyTorch]] = {"har": Har, "PyTorch": PyTorch}


@dataclass(frozen=True)
class Entry:
    """A framework and the number of threads that it may use, in each of its processes."""

    framework: str
    n_threads: int
    n_processes: int = 1

    def start(self, material: Material) -> Worker:
        """Start it in a process of its own, and check its answers."""
        if self.n_processes > 1:
            how = material, self.n_threads, self.n_processes
            worker = Worker(HarInProcesses, *how, environment=self.environment)
        else:
            worker = Worker(FRAMEWORKS[self.framework], material, environment=self.environment)
        worker.call("check", material.read("probabilities"))
        return worker

    def does(self, task: str) -> bool:
        """Return whether it does a task: several processes only train."""
        return self.n_processes == 1 or task == "training"

    @property
    def environment(self) -> dict[str, str]:
        """Variables of the process.

        har keeps freed memory by itself. Others are told to, as whoever follows PyTorch's tuning
        guide chooses an allocator that does: it saves 15 to 20 % of a training step.
        """
        kept = str(2**30)
        variables = {"OMP_NUM_THREADS": str(self.n_threads)}
        if self.framework != "har":
            variables |= {"MALLOC_TRIM_THRESHOLD_": kept, "MALLOC_MMAP_THRESHOLD_": kept}
        return variables


def entries(n_cores: int) -> list[Entry]:
    """Return who takes turns.

    Each framework with one thread and with one on each core; har also with a process on each core.
    PyTorch can train in several processes, too, which is not timed.
    """
    with_threads = [Entry(name, n) for name in FRAMEWORKS for n in sorted({1, n_cores})]
    return [*with_threads, Entry("har", 1, n_cores)] if n_cores > 1 else with_threads
