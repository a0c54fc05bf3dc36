"""The adaptation to a person: what was learned of whom, and how held-out windows are named."""

from __future__ import annotations

from har.report.scored_run import ScoredRun
from har.report.section import Section
from har.runs.adaptation import AdaptationDescription, TaughtActivity


def adaptation_section(run: ScoredRun) -> Section | None:
    """Make the section of a run that was adapted to a person; None for others."""
    return adaptation_section_of(run.results.manifest.adaptation)


def adaptation_section_of(adaptation: AdaptationDescription | None) -> Section | None:
    """Make the section of an adaptation; None without one."""
    if adaptation is None:
        return None
    return Section(
        "adaptation",
        "Adaptation",
        {
            "about": adaptation,
            "new": [row.activity for row in adaptation.activities if row.is_new],
            "n_windows": sum(row.n_windows for row in adaptation.activities),
            "rows": [
                (row, _seconds(row, adaptation.seconds_per_window)) for row in adaptation.activities
            ],
        },
    )


def _seconds(row: TaughtActivity, seconds_per_window: float) -> float:
    """Return about how long an activity was shown: windows overlap by half."""
    return (row.n_windows + 1) * seconds_per_window
