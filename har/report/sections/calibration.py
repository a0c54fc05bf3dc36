"""Figures of calibration: a reliability diagram, and a risk–coverage curve."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from markupsafe import Markup
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from har.arrays import IntArray
from har.evaluation.calibration import AIM, reliability_table, risk_coverage_table, threshold_for
from har.evaluation.metrics import Evaluation
from har.report.drawing import add_tips, set_margins, to_svg
from har.report.style import BLUE, FAINT, GOLD, PAPER, ROSE, STYLE
from har.report.wording import percent

_SIZE_INCHES = (4.1, 3.4)
_MARGINS_INCHES = {"left": 0.57, "right": 0.22, "bottom": 0.49, "top": 0.48}
# Narrower bands could not be pointed at.
_N_TIPS = 50


@rc_context(STYLE)
def reliability_figure(table: pd.DataFrame) -> Figure:
    """Draw how often the classifier is right when it is so sure, over how often it is so sure.

    Parameters
    ----------
    table : DataFrame
        What `har.evaluation.calibration.reliability_table` gives.

    Returns
    -------
    Figure
    """
    figure = Figure(figsize=_SIZE_INCHES)
    set_margins(figure, **_MARGINS_INCHES)
    grid = {"height_ratios": [3.2, 1], "hspace": 0.2}
    right, often = figure.subplots(2, 1, sharex=True, gridspec_kw=grid)
    bars = {"x": table["low"], "width": table["high"] - table["low"], "align": "edge"}
    bars |= {"edgecolor": PAPER, "linewidth": 1}
    right.bar(height=table["accuracy"].fillna(0), color=BLUE, label="right", **bars)
    right.plot([0, 1], [0, 1], color=FAINT, lw=0.8, ls=(0, (3, 3)))
    seen = table[table["n_windows"] > 0]
    right.hlines(
        seen["confidence"], seen["low"], seen["high"], color=GOLD, lw=2.2, label="confidence"
    )
    right.set_title("Right when so sure", pad=22)
    right.legend(loc="lower left", bbox_to_anchor=(0, 1.03), ncols=2)
    often.bar(height=table["n_windows"] / table["n_windows"].sum(), color=FAINT, **bars)
    often.set_xlabel("confidence; below: share of windows")
    for axes in (right, often):
        _count_in_percent(axes)
        axes.set(xlim=(0, 1), ylim=(0, 1.02))
        add_tips(axes, (table["low"] + table["high"]) / 2, _reliability_tips(table))
    often.set_yticks([0, 1])
    return figure


@rc_context(STYLE)
def risk_coverage_figure(table: pd.DataFrame, threshold: float | None) -> Figure:
    """Draw how many mistakes remain if only the surest windows are answered.

    Parameters
    ----------
    table : DataFrame
        What `har.evaluation.calibration.risk_coverage_table` gives.
    threshold : float or None
        A confidence to mark, if there is one.

    Returns
    -------
    Figure
    """
    figure = Figure(figsize=_SIZE_INCHES)
    set_margins(figure, **_MARGINS_INCHES)
    axes = figure.subplots()
    risk = 1 - table["accuracy"]
    marker = "o" if len(table) == 1 else None
    axes.plot(table["coverage"], risk, marker=marker, color=BLUE, label="wrong answers")
    axes.set_title("Wrong if only the surest are answered", pad=22)
    axes.set_xlabel("share of windows answered, the surest first")
    _count_in_percent(axes)
    axes.yaxis.set_major_locator(MaxNLocator(nbins=5))
    axes.set(xlim=(0, 1), ylim=(0, max(1.1 * risk.max(), 0.01)))
    if threshold is not None:
        chosen = table[table["threshold"] >= threshold].iloc[-1]
        at = chosen["coverage"], 1 - chosen["accuracy"]
        ring: dict[str, Any] = {"mfc": PAPER, "mec": ROSE, "mew": 1.8, "ms": 6}
        words = f"{percent(chosen['coverage'])} answered"
        axes.plot(*at, "o", ls="", zorder=5, clip_on=False, label=words, **ring)
    axes.legend(loc="lower left", bbox_to_anchor=(0, 1.03), ncols=2)
    told = table.iloc[_evenly(table["coverage"])]
    add_tips(axes, told["coverage"], _risk_tips(told))
    return figure


def _evenly(coverage: pd.Series[float]) -> IntArray:
    """Choose rows whose coverages are about evenly apart."""
    places = np.searchsorted(coverage, np.linspace(0, 1, _N_TIPS + 1)[1:])
    return np.asarray(np.unique(np.minimum(places, len(coverage) - 1)))


def _risk_tips(table: pd.DataFrame) -> list[str]:
    return [
        f"{percent(row.coverage)} answered, with a confidence of at least {row.threshold:.6g}: "
        f"{percent(1 - row.accuracy)} wrong"
        for row in table.itertuples()
    ]


def _reliability_tips(table: pd.DataFrame) -> list[str]:
    return [
        f"Confidence {percent(row.low, 0)} to {percent(row.high, 0)}: "
        + (
            f"{percent(row.accuracy)} right, {percent(row.confidence)} sure, "
            f"{row.n_windows:,} windows"
            if row.n_windows
            else "no windows"
        )
        for row in table.itertuples()
    ]


def _count_in_percent(axes: Axes) -> None:
    in_percent = FuncFormatter(lambda share, _: f"{100 * share:.4g} %")
    axes.xaxis.set_major_formatter(in_percent)
    axes.yaxis.set_major_formatter(in_percent)


def calibration_pictures(evaluation: Evaluation) -> dict[str, Figure]:
    """Draw the reliability diagram and the risk–coverage curve.

    Parameters
    ----------
    evaluation : Evaluation
        Of a run.

    Returns
    -------
    dict of str to Figure
        By the name of the file.
    """
    predictions = evaluation.labels, evaluation.probabilities
    return {
        "reliability": reliability_figure(reliability_table(*predictions)),
        "risk_coverage": risk_coverage_figure(
            risk_coverage_table(*predictions), threshold_for(*predictions)
        ),
    }


def calibration_view(evaluation: Evaluation, pictures: Mapping[str, Figure]) -> dict[str, Any]:
    """Collect what ``calibration.html`` shows.

    Parameters
    ----------
    evaluation : Evaluation
        Of a run.
    pictures : mapping of str to Figure
        Those of `calibration_pictures`, and perhaps others.

    Returns
    -------
    dict
        figures, a list of ``<svg>`` elements; answered, how many windows are if the answers are to
        be accurate enough: aim, threshold and coverage; n_activities; and before, after and
        temperature, those of `Evaluation.calibration`.
    """
    return {
        **vars(evaluation.calibration),
        "figures": _drawings(evaluation, pictures),
        "answered": _answered(evaluation),
        "n_activities": len(evaluation.activities),
    }


def _drawings(evaluation: Evaluation, pictures: Mapping[str, Figure]) -> list[Markup]:
    """Draw the figures for the page, with a sentence for those who cannot see them."""
    confidence = percent(evaluation.probabilities.max(axis=1).mean())
    titles = {
        "reliability": "Share of windows that is right, and confidence, in bins of confidence. "
        f"On average {percent(evaluation.accuracy)} right, {confidence} confidence.",
        "risk_coverage": "Share of wrong answers over the share of windows answered. "
        f"With all answered: {percent(1 - evaluation.accuracy)} wrong.",
    }
    return [
        Markup(to_svg(pictures[name], title, name.replace("_", "-")))
        for name, title in titles.items()
    ]


def _answered(evaluation: Evaluation) -> dict[str, Any]:
    threshold = threshold_for(evaluation.labels, evaluation.probabilities)
    confidences = evaluation.probabilities.max(axis=1)
    coverage = None if threshold is None else float((confidences >= threshold).mean())
    return {"aim": percent(AIM, 0), "threshold": threshold, "coverage": coverage}
