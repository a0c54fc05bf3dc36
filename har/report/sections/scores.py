"""Scores of each activity, and the accuracy of each subject."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from har.report.scored_run import ScoredRun
from har.report.section import Picture, Section
from har.report.style import BLUE, INK, ROSE, STYLE, colours_of
from har.report.wording import activity_label, percent


def activities_section(run: ScoredRun) -> Section:
    """Make the section of precision, recall and F1 by activity."""
    rows = run.results.evaluation.per_class
    scores = {
        name: [row[key] for row in rows.values()]
        for name, key in (("Precision", "precision"), ("Recall", "recall"), ("F1", "f1"))
    }
    bars = class_bars(scores, list(rows))
    return Section(
        "activities",
        "Activities",
        {"rows": list(rows.items())},
        {"per_class": Picture(bars, "Precision, recall and F1 by activity")},
    )


def subjects_section(run: ScoredRun) -> Section:
    """Make the section of accuracy by subject."""
    rows, overall = run.hardest_first, run.results.evaluation.accuracy
    bars = subject_bars(list(map(str, rows)), [row["accuracy"] for row in rows.values()], overall)
    return Section(
        "subjects",
        "Subjects",
        {"rows": list(rows.items()), "overall": overall},
        {"per_subject": Picture(bars, "Accuracy by subject")},
    )


@rc_context(STYLE)
def class_bars(scores: Mapping[str, Sequence[float]], activities: Sequence[str]) -> Figure:
    """Draw scores of each activity as bars, a panel per score.

    Parameters
    ----------
    scores : mapping of str to sequence of float
        Value of each activity, between 0 and 1, by name of the score.
    activities : sequence of str
        Names from top to bottom.

    Returns
    -------
    Figure
    """
    size = (1.6 + 2.3 * len(scores), 0.8 + 0.34 * len(activities))
    figure = Figure(figsize=size, layout="constrained")
    panels = figure.subplots(1, len(scores), squeeze=False, sharey=True)[0]
    labels = [activity_label(activity) for activity in activities]
    colours = list(colours_of(activities).values())
    for axes, (name, values) in zip(panels, scores.items(), strict=True):
        _draw_bars(axes, labels, values, colours)
        axes.set_title(name)
    return figure


@rc_context(STYLE)
def subject_bars(subjects: Sequence[str], accuracies: Sequence[float], overall: float) -> Figure:
    """Draw each subject's accuracy as a bar.

    Parameters
    ----------
    subjects : sequence of str
        Names from top to bottom.
    accuracies : sequence of float
        Accuracy of each subject, between 0 and 1.
    overall : float
        Accuracy over all windows, drawn as a line.

    Returns
    -------
    Figure
    """
    figure = Figure(figsize=(6.4, 1.0 + 0.32 * len(subjects)), layout="constrained")
    axes = figure.subplots()
    _draw_bars(axes, [f"Subject {s}" for s in subjects], accuracies, [BLUE] * len(subjects))
    axes.set_title("Accuracy by subject")
    axes.axvline(overall, color=ROSE, lw=1.4, ls=(0, (3, 2)))
    axes.set_xlabel(f"dashed: all windows together, {percent(overall)}")
    return figure


def _draw_bars(
    axes: Axes, labels: Sequence[str], shares: Sequence[float], colours: Sequence[str]
) -> None:
    rows = range(len(labels))
    axes.barh(rows, shares, height=0.62, color=colours)
    for row, share in enumerate(shares):
        axes.text(1.02, row, f"{100 * share:.1f}", va="center")
    axes.set_yticks(rows, labels, color=INK)
    axes.set_xticks([0, 0.5, 1], ["0", "50", "100 %"])
    axes.set_xlim(0, 1)
    axes.set_ylim(len(labels) - 0.5, -0.5)
    axes.grid(False, axis="y")
    axes.grid(True, axis="x")
