"""The figure of README: wrong windows over labelled seconds, and each person."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from adaptation.people import SHOWN_S
from adaptation.ways import ALONE, N_HARDEST, SUMMARY, with_chosen_strengths
from har.evaluation.intervals import interval_over
from har.report.drawing import in_percent, title_and_legend
from har.report.style import BLUE, FAINT, GOLD, INK, ROSE, STYLE


@rc_context(STYLE)
def study_figure(table: pd.DataFrame) -> Figure:
    """Draw accuracy over seconds, and each person before and after."""
    chosen = with_chosen_strengths(table)
    chosen = chosen[chosen["protocol"] == "person"]
    figure = Figure(figsize=(8.6, 3.5), layout="constrained")
    over, each = figure.subplots(1, 2, gridspec_kw={"width_ratios": [1.15, 1]})
    _over_seconds(over, chosen)
    _each_person(each, chosen[(chosen["seconds"] == SHOWN_S) & (chosen["way"] == SUMMARY)])
    return figure


def _over_seconds(axes: Axes, chosen: pd.DataFrame) -> None:
    lines = (
        (SUMMARY, "after", "adapted", BLUE, "o-"),
        (SUMMARY, "before", "as trained", INK, "s--"),
        (ALONE, "after", "this person alone", GOLD, "^:"),
    )
    seconds = np.unique(chosen["seconds"])
    for way, column, name, colour, style in lines:
        by_seconds = (1 - chosen[chosen["way"] == way].set_index("seconds")[column]).groupby(
            level=0
        )
        ends = np.array([interval_over(values.to_numpy()) for _, values in by_seconds])
        axes.fill_between(seconds, ends[:, 0], ends[:, 1], color=colour, alpha=0.12, linewidth=0)
        axes.plot(seconds, by_seconds.mean(), style, color=colour, label=name, markersize=4)
    axes.set_xscale("log")
    axes.set_yscale("log")
    n_people = chosen["person"].nunique()
    of_each = chosen.groupby("seconds")["person"].nunique()
    axes.set_xticks(
        seconds,
        [f"{s}" if of_each[s] == n_people else f"{s}\n({of_each[s]} people)" for s in seconds],
    )
    axes.set_yticks([0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.4])
    axes.minorticks_off()
    axes.set_xlabel("labelled seconds of each activity")
    axes.yaxis.set_major_formatter(in_percent)
    title_and_legend(axes, f"Wrong windows of what follows, {n_people} new people", ncols=3)


def _each_person(axes: Axes, rows: pd.DataFrame) -> None:
    hardest = set(rows.sort_values("before", kind="stable")["person"][:N_HARDEST])
    for row in rows.sort_values("before", ascending=False).itertuples():
        is_hard = row.person in hardest
        colour = ROSE if row.after < row.before else BLUE if is_hard else FAINT
        width = 1.6 if is_hard else 0.8
        axes.plot(
            [0, 1], [row.before, row.after], "o-", color=colour, markersize=3, linewidth=width
        )
        if is_hard:
            axes.annotate(
                str(row.person),
                (0, row.before),
                (-6, 0),
                textcoords="offset points",
                ha="right",
                va="center",
                color=colour,
            )
    axes.set_xlim(-0.25, 1.15)
    axes.set_xticks([0, 1], ["as trained", f"after {SHOWN_S} s of each"])
    axes.yaxis.set_major_formatter(in_percent)
    axes.set_title("Right windows of each; the hardest by number")
