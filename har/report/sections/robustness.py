"""The figure of robustness: accuracy over the strength of disturbances."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd
from markupsafe import Markup
from matplotlib import rc_context
from matplotlib.figure import Figure
from matplotlib.ticker import NullLocator

from har.evaluation.robustness import Robustness
from har.report.drawing import add_tips, set_margins, to_svg
from har.report.style import BLUE, FAINT, GOLD, INK, ROSE, STYLE
from har.report.wording import number, percent


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


@dataclass(frozen=True)
class _Panel:
    """A figure: the names of its curves by disturbance, and a sentence for a newcomer."""

    title: str
    axis: str
    curves: Mapping[str, str]
    sentence: str
    is_logarithmic: bool = False


_SENSORS = {"acc": "accelerometer", "gyro": "gyroscope"}

_PANELS = {
    "rotation": _Panel(
        "Phone turned",
        "degrees",
        {f"rotation_{axis}": axis for axis in "xyz"} | {"rotation_random": "any axis"},
        "Nobody wears a phone quite straight. Each window's phone is turned about one of its own "
        "axes, one way or the other, or about any axis; at 180 degrees it is upside down or back "
        "to front.",
    ),
    "gain": _Panel(
        "Sensor that measures too much",
        "% too much",
        {f"gain_{sensor}": words for sensor, words in _SENSORS.items()},
        "A badly calibrated sensor measures everything too large or too small: at "
        "−50\N{NO-BREAK SPACE}% only half of what it should.",
    ),
    "noise_acc": _Panel(
        "Noise of the accelerometer",
        "standard deviation, g",
        {"noise_acc": "accelerometer"},
        "A cheap sensor is off by a little, at random, in each sample. Gravity is 1 g; the signal "
        "of somebody who sits still varies by about 0.01 g.",
        is_logarithmic=True,
    ),
    "noise_gyro": _Panel(
        "Noise of the gyroscope",
        "standard deviation, rad/s",
        {"noise_gyro": "gyroscope"},
        "The same for how fast the phone turns: a full turn in six seconds is 1 rad/s.",
        is_logarithmic=True,
    ),
    "sampling_rate": _Panel(
        "Fewer samples a second",
        "samples a second",
        {"sampling_rate": "resampled"},
        "To save its battery a phone may measure less often. What lies between its samples is "
        "filled in with a smooth curve, but movement faster than half the rate is lost.",
        is_logarithmic=True,
    ),
    "dropped_samples": _Panel(
        "Samples lost",
        "% of the samples",
        {"dropped_samples": "last one held"},
        "A busy phone or a bad radio link loses samples. The last one that came stands in for what "
        "is missing, as in a live stream.",
    ),
}


def robustness_pictures(robustness: Robustness) -> dict[str, Figure]:
    """Draw how accuracy falls.

    Parameters
    ----------
    robustness : Robustness
        As measured.

    Returns
    -------
    dict of str to Figure
        By the name of the file; kinds that were not measured are left out.
    """
    by_name = dict(tuple(robustness.table.groupby("disturbance")))
    pictures = {}
    for name, panel in _PANELS.items():
        curves = {words: by_name[key] for key, words in panel.curves.items() if key in by_name}
        if curves:
            pictures[f"robustness_{name}"] = robustness_figure(
                panel.title, panel.axis, curves, robustness.accuracy, panel.is_logarithmic
            )
    return pictures


def robustness_view(robustness: Robustness, pictures: Mapping[str, Figure]) -> dict[str, Any]:
    """Collect what ``robustness.html`` shows.

    Parameters
    ----------
    robustness : Robustness
        As measured.
    pictures : mapping of str to Figure
        Those of `robustness_pictures`, and perhaps others.

    Returns
    -------
    dict
        accuracy and n_windows as they are; panels, each with svg, sentence and lowest;
        without_gyroscope, an accuracy or None.
    """
    table = robustness.table
    panels = [
        _panel_view(name, table[table["disturbance"].isin(panel.curves)], pictures)
        for name, panel in _PANELS.items()
        if f"robustness_{name}" in pictures
    ]
    return {
        "accuracy": robustness.accuracy,
        "n_windows": robustness.n_windows,
        "panels": panels,
        "without_gyroscope": robustness.without_gyroscope,
    }


def _panel_view(name: str, rows: pd.DataFrame, pictures: Mapping[str, Figure]) -> dict[str, Any]:
    panel = _PANELS[name]
    lowest = rows.loc[rows["accuracy"].idxmin()]
    curves = [
        f"{words}, {_levels_in_words(rows[rows['disturbance'] == key])}"
        for key, words in panel.curves.items()
        if (rows["disturbance"] == key).any()
    ]
    title = f"{panel.title}: accuracy by {panel.axis}. {'. '.join(curves)}."
    return {
        "svg": Markup(
            to_svg(pictures[f"robustness_{name}"], title, f"robustness-{name.replace('_', '-')}")
        ),
        "sentence": panel.sentence,
        "lowest": float(lowest["accuracy"]),
        "where": f"{number(lowest['level'])}\N{NO-BREAK SPACE}{lowest['unit']}"
        + (f" ({panel.curves[lowest['disturbance']]})" if len(curves) > 1 else ""),
    }


def _levels_in_words(rows: pd.DataFrame) -> str:
    pairs = rows.sort_values("level")[["level", "accuracy"]].itertuples(index=False)
    return ", ".join(f"{number(level)}: {percent(accuracy)}" for level, accuracy in pairs)
