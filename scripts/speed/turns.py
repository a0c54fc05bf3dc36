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

QUIET, BUSY = "", "beside a busy process"
UNITS: dict[str, Unit] = {"training": "windows/s", "prediction": "windows/s", "single": "ms"}
BEST = "best"


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

    def best(self) -> tuple[FloatArray, FloatArray]:
        """Return har's and PyTorch's times on the clock, each with the settings it is best with."""
        ours, theirs = (
            min(
                (s for entry, s in self.wall_s.items() if entry.framework == name),
                key=lambda s: float(np.median(s)),
            )
            for name in ("har", "PyTorch")
        )
        return ours, theirs


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
        with ExitStack() as stack:
            workers = {e: stack.enter_context(e.start(material)) for e in entries}
            measures: list[Measure] = []
            for task in tasks:
                for kind in (QUIET, BUSY):
                    rounds: dict[Entry, list[tuple[float, float]]] = {e: [] for e in entries}
                    with company(kind):
                        for number in range(self.n_rounds + 1):
                            # So that nobody always follows the same other one.
                            shift = number % len(entries)
                            for entry in [*entries[shift:], *entries[:shift]]:
                                turn = workers[entry].call("seconds", task, self.turn_s)
                                rounds[entry].append(turn)
                    # The first round warms up.
                    times = Times.of({entry: turns[1:] for entry, turns in rounds.items()})
                    measures += self._compared(recipe, task, kind, times)
        return measures

    def _compared(self, recipe: str, task: str, kind: str, times: Times) -> Iterator[Measure]:
        for n_threads in sorted({1, self.n_cores}):
            setting = f"{n_threads} thread{'s' if n_threads > 1 else ''}"
            pair = times.with_threads(n_threads, kind == QUIET)
            yield against(task, recipe, _joined(setting, kind), UNITS[task], pair)
        yield against(task, recipe, _joined(BEST, kind), UNITS[task], times.best())


def _joined(setting: str, kind: str) -> str:
    return " ".join(word for word in (setting, kind) if word)
