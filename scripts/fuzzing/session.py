"""All groups side by side, a batch of each at a time, until the inputs or the time are used up."""

from __future__ import annotations

import sys
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from multiprocessing.connection import wait
from pathlib import Path

from fuzzing.children import MOST_IN_POOL, Batch, Child, Outcome
from fuzzing.findings import Findings
from fuzzing.groups import Group
from fuzzing.inputs import Files

_BATCH = 250
_LOOK_S = 0.5
_TELL_S = 15.0


@dataclass
class Progress:
    """What one group has done so far.

    Parameters
    ----------
    group : Group
        The group.
    n_inputs : int
        Number of inputs that it is asked for.
    pool : list of dict
        Inputs to change: samples, then those that were answered in a new way.
    n_samples : int
        Number of samples.
    """

    group: Group
    n_inputs: int
    pool: list[Files]
    n_samples: int
    n_done: int = 0
    next_number: int = 0
    child: Child | None = None
    counts: Counter[str] = field(default_factory=Counter)
    signatures: set[str] = field(default_factory=set)
    peak_mb: float = 0.0
    slowest_ms: float = 0.0
    total_s: float = 0.0

    @property
    def share(self) -> float:
        """Share of its inputs that were begun."""
        return self.next_number / self.n_inputs

    def take(self, outcome: Outcome, findings: Findings) -> None:
        """Count an outcome, and keep an input that was answered in a new way."""
        verdict = outcome.verdict
        self.n_done += 1
        self.counts[verdict.kind if verdict.is_right else "findings"] += 1
        self.counts["warned"] += verdict.n_warnings > 0
        self.peak_mb = max(self.peak_mb, outcome.peak_mb)
        self.slowest_ms = max(self.slowest_ms, outcome.milliseconds)
        self.total_s += outcome.milliseconds / 1000
        is_new = verdict.signature not in self.signatures
        self.signatures.add(verdict.signature)
        if not verdict.is_right:
            findings.add(self.group.name, verdict, outcome.files)
        elif is_new and outcome.files is not None and len(self.pool) < MOST_IN_POOL:
            self.pool.append(outcome.files)

    def row(self) -> str:
        """Return the line of the table."""
        counts = self.counts
        rate = self.n_done / self.total_s if self.total_s else 0.0
        return (
            f"{self.group.name:11} {self.n_done:7} {counts['accepted']:8} {counts['refused']:7} "
            f"{counts['findings']:8} {counts['warned']:6} {len(self.signatures):7} "
            f"{self.peak_mb:7.0f} {self.slowest_ms:10.0f} {rate:8.0f}"
        )


HEADING = (
    f"{'group':11} {'inputs':>7} {'accepted':>8} {'refused':>7} {'findings':>8} {'warned':>6} "
    f"{'answers':>7} {'peak MB':>7} {'slowest ms':>10} {'inputs/s':>8}"
)


def run_groups(
    groups: Sequence[Group],
    n_inputs: int,
    seed: int,
    seconds: float,
    n_jobs: int,
    scratch: Path,
    findings: Findings,
) -> list[Progress]:
    """Let all groups read their inputs.

    Parameters
    ----------
    groups : sequence of Group
        Groups to run.
    n_inputs : int
        Number of inputs of all of them together.
    seed : int
        Seed of all inputs: the same ones are drawn however many processes there are.
    seconds : float
        Time on the clock after which nothing more is begun.
    n_jobs : int
        Processes at a time.
    scratch : Path
        Empty folder for inputs.
    findings : Findings
        Collection that is added to.

    Returns
    -------
    list of Progress
    """
    total = sum(group.n_inputs for group in groups)
    all_progress = []
    for group in groups:
        samples = list(group.samples())
        share = max(1, round(n_inputs * group.n_inputs / total))
        all_progress.append(Progress(group, share, samples, len(samples)))
    end_s = time.monotonic() + seconds
    told_s = time.monotonic()
    while True:
        running = [progress for progress in all_progress if progress.child is not None]
        ready = [p for p in all_progress if p.child is None and p.next_number < p.n_inputs]
        if time.monotonic() < end_s:
            for progress in sorted(ready, key=lambda p: p.share)[: n_jobs - len(running)]:
                _begin(progress, seed, scratch, end_s)
                running.append(progress)
        if not running:
            break
        wait([p.child.connection for p in running if p.child], _LOOK_S)
        for progress in running:
            _follow(progress, findings)
        if time.monotonic() - told_s > _TELL_S:
            told_s = time.monotonic()
            _tell(all_progress, end_s)
    return all_progress


def _begin(progress: Progress, seed: int, scratch: Path, end_s: float) -> None:
    """Start a child for the next batch; one that died left the rest of its own."""
    first = progress.next_number
    # Where batches begin does not depend on who died: so the pool of each input is the same.
    last = min(progress.n_inputs, (first // _BATCH + 1) * _BATCH)
    batch = Batch(
        progress.group, seed, range(first, last), tuple(progress.pool), progress.n_samples
    )
    folder = scratch / progress.group.name
    progress.child = Child.start(batch, folder, frozenset(progress.signatures), end_s)


def _follow(progress: Progress, findings: Findings) -> None:
    """Take what a child has sent; forget it once it has ended."""
    child = progress.child
    if child is None:
        return
    for outcome in child.outcomes():
        progress.take(outcome, findings)
        progress.next_number = outcome.number + 1
    if (outcome_of_kill := child.check()) is not None:
        progress.take(outcome_of_kill, findings)
        progress.next_number = outcome_of_kill.number + 1
        progress.child = None
    elif child.has_ended:
        progress.child = None
        if progress.next_number == child.batch.numbers.start:
            # It ended at once, as its time was over.
            progress.n_inputs = progress.next_number


def _tell(all_progress: Sequence[Progress], end_s: float) -> None:
    n_done = sum(progress.n_done for progress in all_progress)
    n_asked = sum(progress.n_inputs for progress in all_progress)
    n_found = sum(progress.counts["findings"] for progress in all_progress)
    left_s = max(0.0, end_s - time.monotonic())
    print(
        f"{n_done} of {n_asked} inputs, {n_found} findings, at most {left_s:.0f} s left",
        file=sys.stderr,
        flush=True,
    )
