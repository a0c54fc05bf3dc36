"""Confusion matrix: which activities were taken for which, as a table of the page and a figure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure

from har.arrays import FloatArray, IntArray
from har.report.drawing import DARK_SHADE, name_cells
from har.report.scored_run import ScoredRun
from har.report.section import Picture, Section
from har.report.sections.single_windows.wrong_windows import group_id
from har.report.style import BLUE, FAINT, INK, PAPER, ROSE, STYLE
from har.report.wording import activity_label, percent


@dataclass(frozen=True)
class ConfusionCell:
    """Windows of one true and one predicted activity; `share` is their share of the row."""

    count: int
    share: float
    is_right: bool
    shade: float
    link: str | None


@dataclass(frozen=True)
class ConfusionRow:
    """Windows of one true activity, a cell per predicted one."""

    activity: str
    cells: Sequence[ConfusionCell]


def confusion_section(run: ScoredRun) -> Section:
    """Make the section of the confusion matrix, whose wrong cells lead to their windows."""
    results = run.results
    evaluation = results.evaluation
    links = {
        (true, predicted): group_id(true, predicted)
        for true, predicted in np.argwhere(evaluation.confusion_matrix).tolist()
        if true != predicted
    }
    figure = confusion_figure(evaluation.confusion_matrix, evaluation.activities)
    return Section(
        "confusion",
        "Confusions",
        {
            "rows": confusion_rows(evaluation.confusion_matrix, evaluation.activities, links),
            "activities": evaluation.activities,
        },
        {"confusion_matrix": Picture(figure, "Test windows by true and predicted activity")},
    )


def row_shares(counts: IntArray) -> FloatArray:
    """Divide each row of a confusion matrix by its sum.

    Parameters
    ----------
    counts : ndarray of int, shape (n_activities, n_activities)
        Windows by true (rows) and predicted activity.

    Returns
    -------
    ndarray of float, shape (n_activities, n_activities)
        A row without windows is 0.
    """
    totals = counts.sum(axis=1, keepdims=True)
    return np.asarray(counts / np.maximum(totals, 1), dtype=np.float64)


def row_shades(counts: IntArray) -> FloatArray:
    """Return how strongly to colour the cells of a confusion matrix.

    Parameters
    ----------
    counts : ndarray of int, shape (n_activities, n_activities)
        Windows by true (rows) and predicted activity.

    Returns
    -------
    ndarray of float, shape (n_activities, n_activities)
        Share of the row where right; elsewhere its cube root, so that rare mistakes show.
    """
    shares = row_shares(counts)
    return np.where(np.eye(len(counts), dtype=bool), shares, np.cbrt(shares))


@rc_context(STYLE)
def confusion_figure(counts: IntArray, activities: Sequence[str]) -> Figure:
    """Draw which activities were taken for which.

    Parameters
    ----------
    counts : ndarray of int, shape (n_activities, n_activities)
        Windows by true (rows) and predicted activity.
    activities : sequence of str
        Names of rows and columns.

    Returns
    -------
    Figure
        Cells hold the count and its share of the row, and are shaded by `row_shades`: blue where
        right, rose where wrong.
    """
    n = len(activities)
    shares, shades = row_shares(counts), row_shades(counts)
    figure = Figure(figsize=(1.9 + 0.86 * n, 0.9 + 0.6 * n), layout="constrained")
    axes = figure.subplots()
    is_right = np.eye(n, dtype=bool)
    for colour, hidden in ((BLUE, ~is_right), (ROSE, is_right)):
        shading = LinearSegmentedColormap.from_list("", [PAPER, colour])
        visible = np.where(hidden, np.nan, shades)
        axes.imshow(visible, cmap=shading, vmin=0, vmax=1, aspect="auto")
    for row, column in np.ndindex(n, n):
        colour = PAPER if shades[row, column] > DARK_SHADE else INK
        _write_cell(axes, column, row, int(counts[row, column]), float(shares[row, column]), colour)
    name_cells(axes, activities, [activity_label(activity) for activity in activities])
    axes.set_xlabel("predicted", labelpad=8)
    axes.set_ylabel("true", labelpad=8)
    # White rules between the cells, as in a printed table.
    for edge in np.arange(n - 1) + 0.5:
        axes.axhline(edge, color=PAPER, lw=2)
        axes.axvline(edge, color=PAPER, lw=2)
    return figure


def _write_cell(axes: Axes, x: int, y: int, count: int, share: float, colour: str) -> None:
    if not count:
        axes.text(x, y, "0", ha="center", va="center", color=FAINT, alpha=0.6)
        return
    axes.text(x, y - 0.14, f"{count}", ha="center", va="center", fontsize=10, color=colour)
    axes.text(x, y + 0.22, percent(share), ha="center", va="center", fontsize=7.5, color=colour)


def confusion_rows(
    confusion_matrix: IntArray,
    activities: tuple[str, ...],
    links: Mapping[tuple[int, int], str] = MappingProxyType({}),
) -> list[ConfusionRow]:
    """Return the rows of a confusion matrix, for ``confusions_section`` in ``parts.html``.

    Parameters
    ----------
    confusion_matrix : ndarray of int, shape (n_activities, n_activities)
        Windows by true (rows) and predicted activity.
    activities : tuple of str
        Names of the classes.
    links : mapping of tuple of int to str
        Ids of the lists of windows, by the numbers of the true and the predicted activity.

    Returns
    -------
    list of ConfusionRow
    """
    shares, shades = row_shares(confusion_matrix), row_shades(confusion_matrix)
    return [
        ConfusionRow(
            activity,
            [
                ConfusionCell(
                    count=int(count),
                    share=float(shares[true, predicted]),
                    is_right=predicted == true,
                    shade=float(shades[true, predicted]),
                    link=links.get((true, predicted)),
                )
                for predicted, count in enumerate(confusion_matrix[true])
            ],
        )
        for true, activity in enumerate(activities)
    ]
