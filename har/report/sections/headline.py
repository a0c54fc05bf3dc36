"""Headline results: accuracy, balanced accuracy and macro F1, each with its intervals."""

from __future__ import annotations

from har.report.scored_run import ScoredRun
from har.report.section import Section


def headline_section(run: ScoredRun) -> Section:
    """Make the section of the headline results."""
    results = run.results
    return Section(
        "headline",
        "Results",
        {
            "evaluation": results.evaluation,
            "manifest": results.manifest,
            "n_epochs": len(results.metrics),
            "n_members": results.config.model.n_members,
        },
    )
