"""Forked processes that read inputs under limits of time and memory, watched by their parent."""

from __future__ import annotations

import faulthandler
import gc
import multiprocessing
import os
import re
import resource
import signal
import time
import warnings
from collections.abc import Callable, Container, Iterator, Sequence
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path
from random import Random

from fuzzing.findings import shortened_input
from fuzzing.groups import Group
from fuzzing.inputs import Files, changed_input, read_input, write_input
from fuzzing.verdicts import Verdict, judge, raise_too_long

MEMORY_BYTES = 1_000_000_000
LIMIT_S = 5.0
# On the clock, for what waits and for what no signal ends; other programs may take most of it.
LONGEST_WAIT_S = 60.0
MOST_IN_POOL = 400
_FRAME = re.compile(r'File "[^"]*/har/([^"]+)", line (\d+) in (\w+)')

# Writes an input to an empty folder.
Write = Callable[[Path], object]


@dataclass(frozen=True)
class Batch:
    """Inputs that one child reads, drawn by their numbers.

    Parameters
    ----------
    group : Group
        Group of the inputs.
    seed : int
        Seed of all choices.
    numbers : range
        Numbers of the inputs in their group.
    pool : sequence of dict
        Inputs to change: whole ones, and those that earlier batches found to be answered in a new
        way.
    n_samples : int
        Number of whole ones, which come first.
    """

    group: Group
    seed: int
    numbers: range
    pool: Sequence[Files]
    n_samples: int

    def write(self, number: int, folder: Path) -> Files:
        """Draw an input, write it to a folder and return it."""
        random = Random(f"{self.seed}/{self.group.name}/{number}")
        some = random.choice(self.pool[: self.n_samples] if random.randrange(2) else self.pool)
        files = changed_input(some, self.pool[: self.n_samples], self.group.changed, random)
        write_input(files, folder)
        return files


@dataclass(frozen=True)
class Outcome:
    """What came of one input.

    Parameters
    ----------
    number : int
        Number of the input in its group.
    verdict : Verdict
        Verdict on the answer.
    milliseconds : float
        Processor time that it took.
    peak_mb : float
        Largest memory of the process so far.
    files : dict or None
        The input, if it was answered in a way that was not seen before; shortened if it is a
        finding.
    """

    number: int
    verdict: Verdict
    milliseconds: float
    peak_mb: float
    files: Files | None = None


@dataclass
class Child:
    """A process at work on a batch, as its parent sees it."""

    batch: Batch
    folder: Path
    process: multiprocessing.process.BaseProcess
    connection: Connection
    next_number: int
    heard_s: float = field(default_factory=time.monotonic)
    has_ended: bool = False

    @classmethod
    def start(cls, batch: Batch, folder: Path, known: Container[str], end_s: float) -> Child:
        """Fork a child that reads a batch and sends an `Outcome` for each input.

        Parameters
        ----------
        batch : Batch
            Inputs to read.
        folder : Path
            Folder for the input that is being read.
        known : container of str
            Signatures of verdicts that need not be sent with their inputs.
        end_s : float
            Time of `time.monotonic` at which it stops.

        Returns
        -------
        Child
        """
        context = multiprocessing.get_context("fork")
        ours, theirs = context.Pipe(duplex=False)
        arguments = batch, folder, known, end_s, theirs
        process = context.Process(target=_work, args=arguments, daemon=True)
        # What is shared stays shared: the collector writes to what it looks at.
        gc.freeze()
        with warnings.catch_warnings():
            # MXNet's threads, of which Python 3.12 and later warn, are prepared for a fork.
            warnings.simplefilter("ignore", DeprecationWarning)
            process.start()
        gc.unfreeze()
        theirs.close()
        return cls(batch, folder, process, ours, batch.numbers.start)

    def outcomes(self) -> Iterator[Outcome]:
        """Yield what it has sent; the last of a child that died is about its death."""
        while not self.has_ended and self.connection.poll():
            try:
                outcome = self.connection.recv()
            except EOFError:
                self.process.join()
                self.has_ended = True
                if self.process.exitcode != 0:
                    yield self._death(f"died with {_in_words(self.process.exitcode)}")
                return
            self.heard_s, self.next_number = time.monotonic(), outcome.number + 1
            yield outcome

    def check(self) -> Outcome | None:
        """Kill it if it has been silent for too long; return what that says of its input."""
        if self.has_ended or time.monotonic() - self.heard_s < LONGEST_WAIT_S:
            return None
        self.process.kill()
        self.process.join()
        return self._death("hung", kind="hang")

    def _death(self, words: str, kind: str = "death") -> Outcome:
        said = (self.folder / "said").read_text(errors="replace")
        frame = _FRAME.search(said)
        place = f"{frame[1]}:{frame[2]} {frame[3]}" if frame else ""
        lines = [line for line in said.splitlines() if line.strip()]
        verdict = Verdict(kind, f"{words}; {lines[0][:150] if lines else 'said nothing'}", place)
        number, self.next_number = self.next_number, self.next_number + 1
        return Outcome(number, verdict, 0.0, 0.0, read_input(self.folder / "input"))


def _in_words(status: int | None) -> str:
    if status is not None and status < 0:
        return signal.Signals(-status).name
    return f"exit status {status}"


def _work(
    batch: Batch, folder: Path, known: Container[str], end_s: float, parent: Connection
) -> None:
    """Read all inputs of a batch."""
    sent_signatures: set[str] = set()
    _limit(folder)
    place = folder / "input"
    for number in batch.numbers:
        if time.monotonic() > end_s:
            break
        files = batch.write(number, place)
        verdict, milliseconds = judged(batch.group, place)
        sent: Files | None = None
        if verdict.signature not in known and verdict.signature not in sent_signatures:
            sent_signatures.add(verdict.signature)
            sent = files
            if verdict.kind in ("traceback", "message", "value"):
                sent = shortened_input(
                    files, verdict.signature, lambda short: _again(batch, short, place)
                )
        parent.send(Outcome(number, verdict, milliseconds, _peak_mb(), sent))
    parent.close()
    # Libraries' own ends are not what is tried.
    os._exit(0)


def _again(batch: Batch, files: Files, place: Path) -> str:
    write_input(files, place)
    return judged(batch.group, place)[0].signature


def judged(group: Group, folder: Path) -> tuple[Verdict, float]:
    """Read an input under a limit of time; return the verdict and the time in ms."""
    started_s, earlier_mb = time.process_time(), _peak_mb()
    signal.setitimer(signal.ITIMER_PROF, LIMIT_S)
    try:
        verdict = judge(group.read, folder)
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
    milliseconds = 1000 * (time.process_time() - started_s)
    if verdict.is_right and earlier_mb < MEMORY_BYTES / 1e6 < _peak_mb():
        verdict = Verdict("memory", f"took {_peak_mb():.0f} MB")
    return verdict, milliseconds


def _limit(folder: Path) -> None:
    """Bound the memory of this process, and write to a file what it says."""
    signal.signal(signal.SIGPROF, raise_too_long)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    most = pages * resource.getpagesize() + MEMORY_BYTES
    resource.setrlimit(resource.RLIMIT_AS, (most, most))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    folder.mkdir(parents=True, exist_ok=True)
    said = os.open(folder / "said", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    for descriptor in (1, 2):
        os.dup2(said, descriptor)
    faulthandler.enable(said)


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000
