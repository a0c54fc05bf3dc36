"""Calibration: a reliability diagram, a risk–coverage curve, and the figures of merit."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from har.arrays import IntArray
from har.evaluation.calibration import AIM, reliability_table, risk_coverage_table, threshold_for
from har.evaluation.metrics import Evaluation
from har.report.drawing import add_tips, in_percent, set_margins, title_and_legend
from har.report.scored_run import ScoredRun
from har.report.section import Picture, Section
from har.report.style import BLUE, FAINT, GOLD, PAPER, ROSE, STYLE
from har.report.wording import percent

_SIZE_INCHES = (4.1, 3.4)
_MARGINS_INCHES = {"left": 0.57, "right": 0.22, "bottom": 0.49, "top": 0.48}
# Narrower bands could not be pointed at.
_N_TIPS = 50


def calibration_section(run: ScoredRun) -> Section:
    """Make the section on whether confidences are shares of right predictions."""
    evaluation = run.results.evaluation
    threshold = threshold_for(evaluation.labels, evaluation.probabilities)
    confidences = evaluation.probabilities.max(axis=1)
    return Section(
        "calibration",
        "Calibration",
        {
            **vars(evaluation.calibration),
            "aim": percent(AIM, 0),
            "threshold": threshold,
            "coverage": None if threshold is None else float((confidences >= threshold).mean()),
            "n_activities": len(evaluation.activities),
            "n_validation_subjects": len(run.results.manifest.training.validation_subjects),
        },
        _pictures(evaluation, threshold),
    )


def _pictures(evaluation: Evaluation, threshold: float | None) -> dict[str, Picture]:
    predictions = evaluation.labels, evaluation.probabilities
    confidence = percent(float(evaluation.probabilities.max(axis=1).mean()))
    return {
        "reliability": Picture(
            reliability_figure(reliability_table(*predictions)),
            "Share of windows that is right, and confidence, in bins of confidence. "
            f"On average {percent(evaluation.accuracy)} right, {confidence} confidence.",
        ),
        "risk_coverage": Picture(
            risk_coverage_figure(risk_coverage_table(*predictions), threshold),
            "Share of wrong answers over the share of windows answered. "
            f"With all answered: {percent(1 - evaluation.accuracy)} wrong.",
        ),
    }


@rc_context(STYLE)
def reliability_figure(table: pd.DataFrame) -> Figure:
    """Draw accuracy in bins of confidence, above how many windows each bin has.

    Parameters
    ----------
    table : DataFrame
        Table of `har.evaluation.calibration.reliability_table`.

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
    title_and_legend(right, "Right when so sure")
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
    """Draw the share of wrong predictions if only the surest windows are answered.

    Parameters
    ----------
    table : DataFrame
        Table of `har.evaluation.calibration.risk_coverage_table`.
    threshold : float or None
        Confidence to mark, if there is one.

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
    axes.set_xlabel("share of windows answered, the surest first")
    _count_in_percent(axes)
    axes.yaxis.set_major_locator(MaxNLocator(nbins=5))
    axes.set(xlim=(0, 1), ylim=(0, max(1.1 * risk.max(), 0.01)))
    if threshold is not None:
        chosen = table[table["threshold"] >= threshold].iloc[-1]
        at = chosen["coverage"], 1 - chosen["accuracy"]
        words = f"{percent(chosen['coverage'])} answered"
        (ring,) = axes.plot(*at, "o", ls="", zorder=5, clip_on=False, label=words)
        ring.set(mfc=PAPER, mec=ROSE, mew=1.8, ms=6)
    title_and_legend(axes, "Wrong if only the surest are answered")
    shown = table.iloc[_evenly(table["coverage"])]
    add_tips(axes, shown["coverage"], _risk_tips(shown))
    return figure


def _evenly(coverage: pd.Series[float]) -> IntArray:
    """Choose rows whose coverages are about evenly apart."""
    rows = np.searchsorted(coverage, np.linspace(0, 1, _N_TIPS + 1)[1:])
    return np.asarray(np.unique(np.minimum(rows, len(coverage) - 1)))


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
    axes.xaxis.set_major_formatter(in_percent)
    axes.yaxis.set_major_formatter(in_percent)
