"""The command that repeats a run, and what the run depends on besides its settings."""

from __future__ import annotations

from har.report.facts import command_lines, environment_rows
from har.report.scored_run import ScoredRun
from har.report.section import Section


def reproduction_section(run: ScoredRun) -> Section:
    """Make the section on how to repeat a run."""
    manifest = run.results.manifest
    training = manifest.training
    environment = environment_rows(
        manifest.session, Device=training.device, Threads=training.n_threads, Seed=training.seed
    )
    command = command_lines(manifest.session, training.n_threads)
    return Section("reproduction", "Reproduce", {"command": command, "environment": environment})
