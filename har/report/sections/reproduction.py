"""The command that repeats a run, and what the run depends on besides its settings."""

from __future__ import annotations

import pandas as pd

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
        Threads=training.n_threads or _changed_threads(run.results.metrics),
        Processes=training.n_processes if training.n_processes > 1 else None,
        Seed=training.seed,
    )
    command = command_lines(manifest.session, training.n_threads)
    return Section("reproduction", "Reproduce", {"command": command, "environment": environment})


def _changed_threads(metrics: pd.DataFrame) -> str | None:
    """Name the numbers of CPU threads of a training in which it changed."""
    if "n_threads" not in metrics:
        return None
    numbers = [str(int(number)) for number in metrics["n_threads"].dropna().unique()]
    return f"{', then '.join(numbers)}: not repeatable bit for bit" if len(numbers) > 1 else None
