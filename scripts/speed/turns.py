"""Contenders take turns, alone on the machine or beside a busy process."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

import numpy as np

from har.arrays import FloatArray
from speed.contenders import Entry
from speed.material import Material
from speed.measure import Measure, Unit, against
from speed.worker import Worker

QUIET, BUSY = "", "beside a busy process"
UNITS: dict[str, Unit] = {"training": "windows/s", "prediction": "windows/s", "single": "ms"}
BEST = "best"
# har as it is best there, PyTorch with as many threads as were best alone.
UNPREPARED = f"{BEST} {BUSY}, unprepared"


@contextmanager
def company(kind: str) -> Iterator[None]:
    """Let a process spin meanwhile if company is asked for."""
    if kind == QUIET:
        yield
        return
    with subprocess.Popen([sys.executable, "-S", "-c", "while True: pass"]) as busy:
        try:
            yield
        finally:
            busy.kill()


@dataclass(frozen=True)
class Times:
    """Seconds for a window, of each entry in each round; wall clock and processor time."""

    wall_s: dict[Entry, FloatArray]
    cpu_s: dict[Entry, FloatArray]

    @classmethod
    def of(cls, rounds: dict[Entry, list[tuple[float, float]]]) -> Times:
        """Arrange the answers of the entries."""
        arrays = {entry: np.array(turns) for entry, turns in rounds.items()}
        return cls(
            {entry: a[:, 0] for entry, a in arrays.items()},
            {entry: a[:, 1] for entry, a in arrays.items()},
        )

    def with_threads(self, n_threads: int, is_quiet: bool) -> tuple[FloatArray, FloatArray]:
        """Return har's times and PyTorch's.

        One thread alone is measured in processor time, which other processes hardly change; what
        two threads or company do shows on the clock only.
        """
        times = self.cpu_s if n_threads == 1 and is_quiet else self.wall_s
        return times[Entry("har", n_threads)], times[Entry("PyTorch", n_threads)]

    def best(self, framework: str) -> Entry:
        """Return the settings that a framework is fastest with, on the clock."""
        of_it = [entry for entry in self.wall_s if entry.framework == framework]
        return min(of_it, key=lambda entry: float(np.median(self.wall_s[entry])))

    def clocked(self, ours: Entry, theirs: Entry) -> tuple[FloatArray, FloatArray]:
        """Return the times of two entries on the clock."""
        return self.wall_s[ours], self.wall_s[theirs]


@dataclass(frozen=True)
class Turns:
    """How contenders take turns."""

    n_rounds: int
    turn_s: float
    n_cores: int

    def measure(
        self, recipe: str, entries: Sequence[Entry], tasks: Sequence[str], material: Material
    ) -> list[Measure]:
        """Let all entries do all tasks, quiet and in company."""
        measures: list[Measure] = []
        with ExitStack() as stack:
            workers = {e: stack.enter_context(e.start(material)) for e in entries}
            for task in tasks:
                quiet, busy = (self._take(workers, task, kind) for kind in (QUIET, BUSY))
                measures += self._compared(recipe, task, quiet, busy)
        return measures

    def _take(self, workers: dict[Entry, Worker], task: str, kind: str) -> Times:
        """Let all entries do a task in turn."""
        entries = [entry for entry in workers if entry.does(task)]
        rounds: dict[Entry, list[tuple[float, float]]] = {entry: [] for entry in entries}
        with company(kind):
            for number in range(self.n_rounds + 1):
                # So that nobody always follows the same other one.
                shift = number % len(entries)
                for entry in [*entries[shift:], *entries[:shift]]:
                    rounds[entry].append(workers[entry].call("seconds", task, self.turn_s))
        # The first round warms up.
        return Times.of({entry: turns[1:] for entry, turns in rounds.items()})

    def _compared(self, recipe: str, task: str, quiet: Times, busy: Times) -> Iterator[Measure]:
        def measure(setting: str, pair: tuple[FloatArray, FloatArray]) -> Measure:
            return against(task, recipe, setting, UNITS[task], pair)

        for kind, times in ((QUIET, quiet), (BUSY, busy)):
            for n_threads in sorted({1, self.n_cores}):
                setting = f"{n_threads} thread{'s' if n_threads > 1 else ''}"
                pair = times.with_threads(n_threads, kind == QUIET)
                yield measure(_joined(setting, kind), pair)
            in_processes = Entry("har", 1, self.n_cores)
            if in_processes in times.wall_s:
                pair = times.clocked(in_processes, Entry("PyTorch", self.n_cores))
                yield measure(_joined(f"{self.n_cores} processes", kind), pair)
            pair = times.clocked(times.best("har"), times.best("PyTorch"))
            yield measure(_joined(BEST, kind), pair)
        # A program's threads are set before company comes.
        yield measure(UNPREPARED, busy.clocked(busy.best("har"), quiet.best("PyTorch")))


def _joined(setting: str, kind: str) -> str:
    return " ".join(word for word in (setting, kind) if word)
