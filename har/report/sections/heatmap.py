"""Heat map: the share of windows named right by subject and activity."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib import rc_context
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure

from har.arrays import FloatArray, IntArray
from har.evaluation.metrics import Evaluation
from har.report.drawing import DARK_SHADE, name_cells
from har.report.scored_run import ScoredRun
from har.report.section import Picture, Section
from har.report.style import FAINT, INK, PAPER, ROSE, STYLE
from har.signals.subjects import Subject


@dataclass(frozen=True)
class HeatmapCell:
    """Windows of one subject and activity.

    Parameters
    ----------
    n_right, n_windows : int
        Number of windows named right, and of all.
    percent : str
        Share named right; empty without windows.
    shade : float
        Strength of the colour, from 0 to 1.
    """

    n_right: int
    n_windows: int
    percent: str
    shade: float


@dataclass(frozen=True)
class HeatmapRow:
    """Windows of one subject, a cell per activity."""

    subject: Subject
    cells: Sequence[HeatmapCell]


def heatmap_section(run: ScoredRun) -> Section:
    """Make the section of who was named right while doing what, the hardest subject first."""
    evaluation = run.results.evaluation
    subjects, n_right, n_windows = _counts(evaluation)
    figure = heatmap_figure(n_right, n_windows, subjects, evaluation.activities)
    return Section(
        "heatmap",
        "Heatmap",
        {"rows": _rows(subjects, n_right, n_windows), "activities": evaluation.activities},
        {"subjects_and_activities": Picture(figure, "Windows named right by subject and activity")},
    )


def _counts(evaluation: Evaluation) -> tuple[list[Subject], IntArray, IntArray]:
    """Count each subject's windows named right, and all of them, the hardest subject first."""
    confusions = evaluation.confusions_by_subject
    n_right = np.diagonal(confusions, axis1=1, axis2=2)
    n_windows = confusions.sum(axis=2)
    order = np.argsort(n_right.sum(axis=1) / n_windows.sum(axis=1), kind="stable")
    subjects = tuple(evaluation.per_subject)
    return [subjects[row] for row in order], n_right[order], n_windows[order]


def _rows(subjects: Sequence[Subject], n_right: IntArray, n_windows: IntArray) -> list[HeatmapRow]:
    shades = wrong_shades(n_right, n_windows)
    rows = zip(subjects, n_right.tolist(), n_windows.tolist(), shades.tolist(), strict=True)
    return [
        HeatmapRow(subject, [_cell(*values) for values in zip(*columns, strict=True)])
        for subject, *columns in rows
    ]


def _cell(n_right: int, n_windows: int, shade: float) -> HeatmapCell:
    percent = whole_percent(n_right, n_windows) if n_windows else ""
    return HeatmapCell(n_right, n_windows, percent, shade)


def whole_percent(n_right: int, n_windows: int) -> str:
    """Write a share of windows in whole percent; only all are 100 %, and only none are 0 %."""
    whole = round(100 * n_right / n_windows)
    if 0 < n_right < n_windows:
        whole = min(max(whole, 1), 99)
    return f"{whole}\N{NO-BREAK SPACE}%"


def wrong_shades(n_right: IntArray, n_windows: IntArray) -> FloatArray:
    """Return how strongly to colour each cell.

    Parameters
    ----------
    n_right, n_windows : ndarray of int, shape (n_subjects, n_activities)
        Number of windows named right, and of all.

    Returns
    -------
    ndarray of float, shape (n_subjects, n_activities)
        The root of the share that is wrong, so that rare mistakes show; 0 without windows.
    """
    return np.asarray(np.sqrt((n_windows - n_right) / np.maximum(n_windows, 1)))


@rc_context(STYLE)
def heatmap_figure(
    n_right: IntArray, n_windows: IntArray, subjects: Sequence[Subject], activities: Sequence[str]
) -> Figure:
    """Draw the share of windows named right for each subject and activity.

    Parameters
    ----------
    n_right, n_windows : ndarray of int, shape (n_subjects, n_activities)
        Number of windows named right, and of all.
    subjects : sequence of int or str
        Names of the rows, from top to bottom.
    activities : sequence of str
        Names of the columns.

    Returns
    -------
    Figure
        The more of a cell's windows are wrong, the more strongly it is shaded; where there are
        none, it has a dash.
    """
    shades = wrong_shades(n_right, n_windows)
    n_rows, n_columns = shades.shape
    figure = Figure(figsize=(1.1 + 0.86 * n_columns, 0.9 + 0.42 * n_rows), layout="constrained")
    axes = figure.subplots()
    shading = LinearSegmentedColormap.from_list("", [PAPER, ROSE])
    # Paper between the cells, as in a printed table.
    edges = (np.arange(n_columns + 1) - 0.5, np.arange(n_rows + 1) - 0.5)
    axes.pcolormesh(*edges, shades, cmap=shading, vmin=0, vmax=1, edgecolors=PAPER, linewidth=2)
    for (row, column), shade in np.ndenumerate(shades):
        right, total = int(n_right[row, column]), int(n_windows[row, column])
        text = f"{whole_percent(right, total)}\n{right}/{total}" if total else "–"
        colour = PAPER if shade > DARK_SHADE else INK if total else FAINT
        axes.text(column, row, text, ha="center", va="center", fontsize=8, color=colour)
    axes.invert_yaxis()
    name_cells(axes, activities, [f"Subject {subject}" for subject in subjects])
    return figure
