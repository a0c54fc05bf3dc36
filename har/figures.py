"""Figures: each function draws one `Figure` from plain arrays, and leaves no state behind."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from har.arrays import FloatArray, IntArray
from har.drawings import set_margins
from har.style import BLUE, FAINT, GOLD, INK, PAPER, ROSE, STYLE, colours_of
from har.words import activity_label, percent, short_label

# Above it, white on a shaded cell is read better than ink.
DARK_SHADE = 0.75


@dataclass(frozen=True)
class Curve:
    """One quantity over the epochs.

    Parameters
    ----------
    name : str
        What it is, for the panel's title.
    training : sequence of float
        A value per epoch.
    validation : sequence of float or None
        A value per epoch, if subjects were held out.
    is_share : bool
        Whether it goes from 0 to 1, and is shown in percent.
    """

    name: str
    training: Sequence[float]
    validation: Sequence[float] | None = None
    is_share: bool = False


@rc_context(STYLE)
def learning_curves(
    epochs: Sequence[int], curves: Sequence[Curve], kept_epoch: int | None = None
) -> Figure:
    """Draw what training and validation did over the epochs, a panel per quantity.

    Parameters
    ----------
    epochs : sequence of int
        Numbers of the epochs.
    curves : sequence of Curve
        One panel each, side by side.
    kept_epoch : int or None
        The best epoch, whose weights were kept, to mark.

    Returns
    -------
    Figure
    """
    figure = Figure(figsize=(4.1 * len(curves), 3.0))
    set_margins(figure, left=0.56, right=0.1, bottom=0.5, top=0.48)
    panels = figure.subplots(1, len(curves), squeeze=False, gridspec_kw={"wspace": 0.2})[0]
    for axes, curve in zip(panels, curves, strict=True):
        _draw_curve(axes, epochs, curve)
        if kept_epoch is not None and kept_epoch in epochs:
            _mark_epoch(axes, list(epochs).index(kept_epoch), epochs, curve)
    return figure


def _draw_curve(axes: Axes, epochs: Sequence[int], curve: Curve) -> None:
    marker = "o" if len(epochs) == 1 else None
    axes.plot(epochs, curve.training, marker=marker, color=GOLD, lw=1.4, label="training")
    if curve.validation is not None:
        axes.plot(epochs, curve.validation, marker=marker, color=BLUE, label="validation")
    axes.set_title(curve.name, pad=22)
    axes.legend(loc="lower left", bbox_to_anchor=(0, 1.03), ncols=2)
    axes.set_xlabel("epoch")
    axes.set_xlim(epochs[0] - 0.5, epochs[-1] + 0.5)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=7, min_n_ticks=1))
    axes.yaxis.set_major_locator(MaxNLocator(nbins=6, steps=[1, 2, 2.5, 5, 10]))
    if curve.is_share:
        axes.yaxis.set_major_formatter(FuncFormatter(lambda share, _: f"{100 * share:.4g} %"))
        axes.set_ylim(min(axes.get_ylim()[0], 0.9), 1.005)
    else:
        axes.set_ylim(0, 1.05 * axes.get_ylim()[1])


def _mark_epoch(axes: Axes, at: int, epochs: Sequence[int], curve: Curve) -> None:
    """Draw a line at the kept epoch, and a ring on the value it was chosen by."""
    is_validated = curve.validation is not None
    value = (curve.validation or curve.training)[at]
    ring: dict[str, Any] = {
        "mfc": PAPER,
        "mec": BLUE if is_validated else GOLD,
        "mew": 1.8,
        "ms": 6,
    }
    axes.axvline(epochs[at], color=FAINT, lw=0.8, ls=(0, (3, 3)), zorder=1)
    axes.plot(epochs[at], value, "o", zorder=5, clip_on=False, **ring)
    gap = 2 * "\N{NO-BREAK SPACE}"
    axes.text(
        epochs[at],
        0.05 if curve.is_share else 0.95,
        f"{gap}kept: epoch {epochs[at]}{gap}",
        transform=axes.get_xaxis_transform(),
        ha="left" if at < len(epochs) / 2 else "right",
        va="center",
        color=FAINT,
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
    """Tell how strongly to colour the cells of a confusion matrix.

    Parameters
    ----------
    counts : ndarray of int, shape (n_activities, n_activities)
        Windows by true (rows) and predicted activity.

    Returns
    -------
    ndarray of float, shape (n_activities, n_activities)
        Where right, the share of the row; elsewhere its cube root, so that rare mistakes show.
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
        _write_cell(axes, column, row, int(counts[row, column]), shares[row, column], colour)
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


def name_cells(axes: Axes, activities: Sequence[str], rows: Sequence[str]) -> None:
    """Write what the columns and rows of a table of shaded cells are.

    Parameters
    ----------
    axes : Axes
        With cells around whole numbers, row 0 at the top.
    activities : sequence of str
        Names of the columns.
    rows : sequence of str
        What to call the rows.
    """
    axes.set_xticks(range(len(activities)), [short_label(activity) for activity in activities])
    axes.set_yticks(range(len(rows)), rows)
    axes.xaxis.set_label_position("top")
    axes.tick_params(length=0, labeltop=True, labelbottom=False, labelcolor=INK)
    if len(activities) > 6:
        axes.tick_params(axis="x", labelrotation=90)
    axes.grid(False)
    axes.spines[:].set_visible(False)


@rc_context(STYLE)
def class_bars(scores: Mapping[str, Sequence[float]], activities: Sequence[str]) -> Figure:
    """Draw scores of each activity as bars, a panel per score.

    Parameters
    ----------
    scores : mapping of str to sequence of float
        For example precision, recall and F1: a value between 0 and 1 per activity.
    activities : sequence of str
        Their names, from top to bottom.

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
        Their names, from top to bottom.
    accuracies : sequence of float
        Between 0 and 1.
    overall : float
        The accuracy over all windows, drawn as a line.

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
    places = np.arange(len(labels))
    axes.barh(places, shares, height=0.62, color=colours)
    for place, share in zip(places, shares, strict=True):
        axes.text(1.02, float(place), f"{100 * share:.1f}", va="center")
    axes.set_yticks(places, labels, color=INK)
    axes.set_xticks([0, 0.5, 1], ["0", "50", "100 %"])
    axes.set_xlim(0, 1)
    axes.set_ylim(len(labels) - 0.5, -0.5)
    axes.grid(False, axis="y")
    axes.grid(True, axis="x")
