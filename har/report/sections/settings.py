"""Every setting of a run, and which of them differ from the defaults."""

from __future__ import annotations

from har.report.facts import settings_rows
from har.report.scored_run import ScoredRun
from har.report.section import Section


def settings_section(run: ScoredRun) -> Section:
    """Make the section that lists the settings."""
    return Section("settings", "Settings", {"settings": settings_rows(run.results.config)})
