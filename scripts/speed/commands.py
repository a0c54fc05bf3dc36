"""What whole commands take: processor time beside a calibration loop, and memory."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd

from har.arrays import FloatArray
from har.errors import RunError
from har.signals.channels import RAW_CHANNELS, SAMPLE_RATE_HZ, UCI_CHANNELS, WINDOW_STEP
from har.signals.windows import Windows
from speed import launch
from speed.measure import Measure, alone, memory
from speed.worker import Worker

RECIPE = "quick"
_MINUTE, _DAY = round(60 * SAMPLE_RATE_HZ), round(24 * 3600 * SAMPLE_RATE_HZ)
_LOOPS, _N_SORTED = 1_000_000, 1_000_000


@dataclass(frozen=True)
class Usage:
    """What a process took: processor seconds of it and its children, and bytes at its peak."""

    cpu_s: float
    n_bytes: int


def use_of(*arguments: object, given: Path = Path(os.devnull), **variables: str) -> Usage:
    """Run Python with arguments and one thread, and return what that took.

    Parameters
    ----------
    *arguments
        Arguments of Python.
    given : Path
        File with the standard input.
    **variables
        Variables of the environment.
    """
    command = [sys.executable, *map(str, arguments)]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", **variables}
    with given.open() as stdin:
        launched = subprocess.run(
            [sys.executable, "-S", launch.__file__, *command],
            env=environment,
            stdin=stdin,
            capture_output=True,
            text=True,
            check=True,
        )
    status, cpu_s, n_bytes = json.loads(launched.stdout)
    if status:
        last = launched.stderr.strip().rpartition("\n")[2]
        raise RunError(
            f"benchmark: found {' '.join(command[1:4])} failed, expected success; {last}"
        )
    return Usage(cpu_s, n_bytes)


def _seconds_of(*arguments: object) -> float:
    return use_of(*arguments).cpu_s


def recording_of(windows: Windows, n_samples: int) -> FloatArray:
    """Join windows of UCI HAR to a recording, over and over.

    Returns
    -------
    ndarray of float32, shape (n_samples, 6)
        Acceleration in g and angular rate in rad/s at 50 Hz.
    """
    names = ("total_acc", "body_gyro")
    columns = [UCI_CHANNELS.index(f"{name}_{axis}") for name in names for axis in "xyz"]
    # Neighbours overlap by half.
    n_windows = min(len(windows), -(-n_samples // WINDOW_STEP))
    samples = windows.signals[:n_windows, :WINDOW_STEP, columns].reshape(-1, len(columns))
    n_times = -(-n_samples // len(samples))
    joined: FloatArray = np.tile(samples, (n_times, 1))[:n_samples]
    return joined


class LiveStream:
    """Measures the delay of a stream; in a process of its own, since it is bound to one core."""

    def median_delay_s(self, run: Path, recording: Path) -> float:
        """Return the median delay from the last sample of a window to its answer."""
        from stream_latency import measure_one, read_lines

        return float(np.median(measure_one(run, *read_lines(recording)).delays_s))


def calibration_s() -> float:
    """Return the processor seconds of a fixed piece of work: Python, and NumPy on memory."""
    numbers = np.random.default_rng(0).random(_N_SORTED)
    started_s = time.process_time()
    total = 0
    for number in range(_LOOPS):
        total += number * number
    np.sort(numbers)
    return time.process_time() - started_s


def rounds_of(work: Callable[[], float], n_rounds: int) -> list[tuple[float, float]]:
    """Return seconds of work, each with those of the calibration loop before and after it."""
    turns = []
    for _ in range(n_rounds):
        before_s = calibration_s()
        seconds = work()
        turns.append((seconds, (before_s + calibration_s()) / 2))
    return turns


@dataclass(frozen=True)
class Commands:
    """Measures commands of har in a folder of their own.

    Parameters
    ----------
    folder : Path
        Empty folder.
    windows : Windows
        Training windows of UCI HAR.
    root : str or None
        Folder or zip they were read from, as for har train.
    n_rounds : int
        Rounds of what takes seconds.
    """

    folder: Path
    windows: Windows
    root: str | None
    n_rounds: int

    def start(self) -> Iterator[Measure]:
        """Measure the start of the program and of what it imports."""
        for subject, arguments in (
            ("har --help", ("-m", "har", "--help")),
            ("import har", ("-c", "import har")),
            ("import har.classifier", ("-c", "import har.classifier")),
        ):
            yield self._time("start", subject, partial(_seconds_of, *arguments))

    def reading(self) -> Iterator[Measure]:
        """Measure how UCI HAR is read, from its text files and from the cache."""
        code = f"import har; har.load_uci_har({self.root!r})"

        def first() -> float:
            with TemporaryDirectory() as cache:
                return use_of("-c", code, HAR_CACHE=cache).cpu_s

        yield self._time("reading", "UCI HAR", first, "first")
        yield self._time("reading", "UCI HAR", partial(_seconds_of, "-c", code), "from the cache")

    def train(self) -> Iterator[Measure]:
        """Measure a whole training with its report."""
        usages: list[Usage] = []

        def train() -> float:
            usages.append(self._train(self.folder / "whole"))
            return usages[-1].cpu_s

        yield alone("har train", RECIPE, "1 thread", "s", rounds_of(train, 1))
        yield memory("har train", RECIPE, [usage.n_bytes for usage in usages])

    def day(self) -> Iterator[Measure]:
        """Measure the prediction of a day's recording."""
        recording, usages = self._recording("day.csv", _DAY), []
        out = self.folder / "timeline.csv"

        def predict() -> float:
            usages.append(use_of("-m", "har", "predict", self._run(), recording, "--out", out))
            return usages[-1].cpu_s

        yield alone("har predict", "a day", "1 thread", "s", rounds_of(predict, 1))
        yield memory("har predict", "a day", [usage.n_bytes for usage in usages])

    def report(self) -> Iterator[Measure]:
        """Measure the drawing of a report."""
        arguments = "-m", "har", "report", self._run()
        yield self._time("har report", RECIPE, partial(_seconds_of, *arguments))

    def stream(self) -> Iterator[Measure]:
        """Measure the delay from the last sample of a window to its answer, and samples/s."""
        run, short, long = (
            self._run(),
            self._recording("minute.csv", _MINUTE),
            self._recording("minutes.csv", 16 * _MINUTE),
        )

        def delay_s() -> float:
            return float(live.call("median_delay_s", run, short))

        with Worker(LiveStream, environment={"OMP_NUM_THREADS": "1"}) as live:
            turns = rounds_of(delay_s, self.n_rounds)
        yield alone("har stream", "delay", "median", "ms", turns)

        def sample_s() -> float:
            both = (use_of("-m", "har", "stream", run, given=file) for file in (short, long))
            start_s, all_s = (usage.cpu_s for usage in both)
            return (all_s - start_s) / (15 * _MINUTE)

        turns = rounds_of(sample_s, self.n_rounds)
        yield alone("har stream", "samples", "processor time", "samples/s", turns)

    def _time(
        self, part: str, subject: str, work: Callable[[], float], setting: str = ""
    ) -> Measure:
        return alone(part, subject, setting, "s", rounds_of(work, self.n_rounds))

    def _train(self, run: Path, *settings: str) -> Usage:
        options = ["--config", RECIPE, "--out", run, "--overwrite", *settings]
        if self.root:
            options += ["--data.root", self.root]
        return use_of("-m", "har", "train", *options)

    def _run(self) -> Path:
        """Return a run to predict with: the recipe's, trained for an epoch if there is none."""
        run = self.folder / "run"
        if not run.exists():
            self._train(run, "--training.n_epochs", "1")
        return run

    def _recording(self, name: str, n_samples: int) -> Path:
        """Write a recording as CSV, unless it is there."""
        path = self.folder / name
        if not path.exists():
            table = pd.DataFrame(recording_of(self.windows, n_samples), columns=list(RAW_CHANNELS))
            moments = np.arange(len(table)) / SAMPLE_RATE_HZ
            table.insert(0, "time_s", [f"{moment:.2f}" for moment in moments])
            table.to_csv(path, index=False, float_format="%.6g")
        return path


# What each part measures, in the order in which they are run.
PARTS: dict[str, Callable[[Commands], Iterator[Measure]]] = {
    "start": Commands.start,
    "reading": Commands.reading,
    "train": Commands.train,
    "day": Commands.day,
    "report": Commands.report,
    "stream": Commands.stream,
}
