"""The command that repeats a run, and what the run depends on besides its settings."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from har.report.facts import command_lines, environment_rows
from har.report.scored_run import ScoredRun
from har.report.section import Section


def reproduction_section(run: ScoredRun) -> Section:
    """Make the section on how to repeat a run."""
    manifest = run.results.manifest
    training = manifest.training
    environment = environment_rows(
        manifest.session,
        Device=training.device,
        Threads=training.n_threads or _changes_in_words(training.n_threads_by_epoch or ()),
        Processes=training.n_processes if training.n_processes > 1 else None,
        Seed=training.seed,
    )
    command = command_lines(manifest.session, training.n_threads)
    return Section("reproduction", "Reproduce", {"command": command, "environment": environment})


def _changes_in_words(n_threads_by_epoch: Sequence[int]) -> str | None:
    """Write how the number of CPU threads changed while a network was trained."""
    numbers = [str(number) for number, _ in groupby(n_threads_by_epoch)]
    return f"{', then '.join(numbers)}: not repeatable bit for bit" if numbers else None
