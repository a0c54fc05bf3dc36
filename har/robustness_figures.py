"""The figure of robustness: accuracy over the strength of disturbances."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd
from matplotlib import rc_context
from matplotlib.figure import Figure
from matplotlib.ticker import NullLocator

from har.drawings import add_tips, set_margins
from har.style import BLUE, FAINT, GOLD, INK, ROSE, STYLE
from har.words import number, percent


@rc_context(STYLE)
def robustness_figure(
    title: str,
    axis: str,
    curves: Mapping[str, pd.DataFrame],
    undisturbed: float,
    is_logarithmic: bool = False,
) -> Figure:
    """Draw accuracy over the levels of one disturbance, or of several of one kind.

    Parameters
    ----------
    title : str
        What was disturbed.
    axis : str
        What the levels are, with their unit.
    curves : mapping of str to DataFrame
        By their names, one to four: columns level and accuracy, in any order. The levels are the
        same in all.
    undisturbed : float
        The accuracy to compare with, drawn as a line.
    is_logarithmic : bool
        Whether equal ratios of levels lie equally far apart; 0 then is left of all others.

    Returns
    -------
    Figure
        Accuracy goes from 0 to 100 %, so that figures can be compared.
    """
    figure = Figure(figsize=(4.1, 2.7))
    set_margins(figure, left=0.57, right=0.22, bottom=0.49, top=0.48)
    axes = figure.subplots()
    axes.axhline(undisturbed, color=FAINT, lw=1, ls=(0, (3, 3)), label="undisturbed")
    for (name, curve), colour in zip(curves.items(), (BLUE, GOLD, ROSE, INK), strict=False):
        ordered = curve.sort_values("level")
        line = axes.plot(ordered["level"], ordered["accuracy"], "o-", color=colour, label=name)
        line[0].set(markersize=3.5, linewidth=1.4)
    levels = sorted(set().union(*(curve["level"] for curve in curves.values())))
    if is_logarithmic:
        axes.set_xscale("symlog", linthresh=min(x for x in levels if x > 0), linscale=0.5)
        axes.xaxis.set_minor_locator(NullLocator())
    axes.set_xticks(levels, list(map(number, levels)))
    axes.set_yticks([0, 0.25, 0.5, 0.75, 1], ["0", "25", "50", "75", "100 %"])
    axes.set_ylim(0, 1.02)
    axes.set_title(title, pad=22)
    axes.set_xlabel(axis)
    add_tips(axes, levels, [_tip(level, axis, curves) for level in levels])
    axes.legend(loc="lower left", bbox_to_anchor=(0, 1.03), ncols=5, columnspacing=1.2)
    return figure


def _tip(level: float, axis: str, curves: Mapping[str, pd.DataFrame]) -> str:
    at = {name: curve.loc[curve["level"] == level, "accuracy"] for name, curve in curves.items()}
    told = (f"{name} {percent(share.iloc[0])}" for name, share in at.items())
    return f"{number(level)} {axis}: {', '.join(told)}"
