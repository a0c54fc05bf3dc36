"""Figure of accuracy over cost: a point per run, over parameters or training time."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, MaxNLocator, NullLocator

from har.arrays import FloatArray
from har.report.drawing import in_percent, tip_id, widened
from har.report.style import BLUE, INK, STYLE
from har.report.wording import percent

# From so large a ratio on, costs are shown on a logarithmic axis.
_LOG_FROM = 8
# Between the letters of points that lie on each other, as a share of the height.
_LEAST_GAP = 0.075
# As a share of the width: letters farther apart than this cannot lie on each other.
_LEAST_DISTANCE = 0.08
# Accuracies that differ by less would look far apart.
_LEAST_SPAN = 0.01


@rc_context(STYLE)
def cost_figure(runs: Mapping[str, tuple[float, float]], title: str, unit: str) -> Figure:
    """Draw the accuracy of runs over their cost.

    Parameters
    ----------
    runs : mapping of str to tuple of float
        Accuracy, between 0 and 1, and cost, more than 0, by a short name.
    title : str
        Title of the figure.
    unit : str
        Unit of the cost.

    Returns
    -------
    Figure
    """
    figure = Figure(figsize=(4.1, 3.0), layout="constrained")
    axes = figure.subplots()
    accuracies, costs = np.array(list(runs.values())).T
    for name, (accuracy, cost) in runs.items():
        tip = tip_id(cost_in_words(name, accuracy, cost, unit))
        axes.plot(cost, accuracy, "o", color=BLUE, ms=7, clip_on=False, gid=tip)
    _set_scales(axes, accuracies, costs)
    in_axes = axes.transScale + axes.transLimits
    heights = _apart(*in_axes.transform(np.column_stack([costs, accuracies])).T)
    for name, cost, height in zip(runs, costs, heights, strict=True):
        axes.annotate(
            name,
            (cost, height),
            xycoords=("data", "axes fraction"),
            xytext=(8, 0),
            textcoords="offset points",
            va="center",
            color=INK,
        )
    axes.set_title(title)
    axes.set_xlabel(unit)
    axes.yaxis.set_major_formatter(in_percent)
    return figure


def cost_in_words(name: str, accuracy: float, cost: float, unit: str) -> str:
    """Write the cost of a run's accuracy: ``"A: 97.90 % for 230,214 parameters"``."""
    return f"{name}: {percent(accuracy, 2)} for {cost:,.6g} {unit}"


def _set_scales(axes: Axes, accuracies: FloatArray, costs: FloatArray) -> None:
    low, high = widened(float(accuracies.min()), float(accuracies.max()), _LEAST_SPAN)
    cheapest, dearest = float(costs.min()), float(costs.max())
    # Space above the highest and below the lowest.
    axes.set_ylim(*widened(low, high, 1.3 * (high - low)))
    axes.yaxis.set_major_locator(MaxNLocator(nbins=5))
    if dearest >= _LOG_FROM * cheapest:
        axes.set_xscale("log")
        axes.set_xlim(cheapest / 1.5, 1.7 * dearest)
        axes.xaxis.set_major_locator(LogLocator(subs=(1, 3)))
        axes.xaxis.set_minor_locator(NullLocator())
    else:
        axes.set_xlim(0, 1.15 * dearest)
        axes.xaxis.set_major_locator(MaxNLocator(nbins=5))
    axes.xaxis.set_major_formatter(lambda cost, _: f"{cost:,.10g}")


def _apart(positions: FloatArray, heights: FloatArray) -> FloatArray:
    """Raise letters that would lie on others; positions and heights are shares of the axes."""
    apart = heights.copy()
    order = np.argsort(heights, kind="stable")
    for rank, letter in enumerate(order):
        lower = order[:rank]
        near = lower[np.abs(positions[lower] - positions[letter]) < _LEAST_DISTANCE]
        apart[letter] = max([heights[letter], *(apart[near] + _LEAST_GAP)])
    return apart
