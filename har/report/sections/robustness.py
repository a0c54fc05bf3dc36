"""Robustness: accuracy over the strength of disturbances."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd
from matplotlib import rc_context
from matplotlib.figure import Figure
from matplotlib.ticker import NullLocator

from har.datasets.catalogue import PUBLISHED
from har.report.drawing import add_tips, set_margins, title_and_legend
from har.report.scored_run import ScoredRun
from har.report.section import Picture, Section
from har.report.style import BLUE, FAINT, GOLD, INK, ROSE, STYLE
from har.report.wording import number, percent


@dataclass(frozen=True)
class _Panel:
    """Disturbances of one kind: names of the curves by disturbance, a sentence for a newcomer."""

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
    "turn": _Panel(
        "Phone turned about the vertical",
        "degrees at most",
        {"random_turn_x": "turned at random"},
        "A phone may sit at the front, at the hip or behind, its screen to the body or away. Each "
        "window's phone is turned about its x axis by an angle of its own, up to the largest, one "
        "way or the other; at 180 degrees that is any angle.",
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


@dataclass(frozen=True)
class _ShownPanel:
    """Name of a figure, its sentence for a newcomer, and where accuracy is lowest.

    `strange` is the share of windows there that are unlike training, if that is known.
    """

    picture: str
    sentence: str
    lowest: float
    where: str
    strange: float | None


def robustness_section(run: ScoredRun) -> Section | None:
    """Make the section on disturbances, or None if they were not measured."""
    robustness = run.results.robustness
    if robustness is None:
        return None
    table = robustness.table
    pictures, shown = {}, []
    for name, panel in _PANELS.items():
        rows = table[table["disturbance"].isin(panel.curves)]
        if len(rows):
            picture = f"robustness_{name}"
            pictures[picture] = _picture(panel, rows, robustness.accuracy)
            shown.append(_shown(picture, panel, rows))
    return Section(
        "robustness",
        "Robustness",
        {
            "accuracy": robustness.accuracy,
            "n_windows": robustness.n_windows,
            "panels": shown,
            "without_gyroscope": robustness.without_gyroscope,
            "without_gravity": robustness.without_gravity,
            "strange_without_gravity": robustness.strange_without_gravity,
            "is_worn_at_waist": _is_at_waist(run.results.config.data.set),
        },
        pictures,
    )


def _is_at_waist(data_set: str) -> bool:
    return data_set in PUBLISHED and PUBLISHED[data_set].is_at_waist


def _picture(panel: _Panel, rows: pd.DataFrame, undisturbed: float) -> Picture:
    curves = _curves(panel, rows)
    figure = robustness_figure(panel.title, panel.axis, curves, undisturbed, panel.is_logarithmic)
    words = ". ".join(f"{name}, {_levels_in_words(curve)}" for name, curve in curves.items())
    return Picture(figure, f"{panel.title}: accuracy by {panel.axis}. {words}.")


def _shown(picture: str, panel: _Panel, rows: pd.DataFrame) -> _ShownPanel:
    lowest = rows.loc[rows["accuracy"].idxmin()]
    level = f"{number(lowest['level'])}\N{NO-BREAK SPACE}{lowest['unit']}"
    is_one_of_several = len(_curves(panel, rows)) > 1
    curve = f" ({panel.curves[lowest['disturbance']]})" if is_one_of_several else ""
    strange = float(lowest["strange"]) if "strange" in rows else None
    accuracy = float(lowest["accuracy"])
    return _ShownPanel(picture, panel.sentence, accuracy, level + curve, strange)


def _curves(panel: _Panel, rows: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Return the rows of each curve that was measured, by its name."""
    by_disturbance = dict(tuple(rows.groupby("disturbance")))
    return {
        name: by_disturbance[disturbance]
        for disturbance, name in panel.curves.items()
        if disturbance in by_disturbance
    }


def _levels_in_words(rows: pd.DataFrame) -> str:
    pairs = rows.sort_values("level")[["level", "accuracy"]].itertuples(index=False)
    return ", ".join(f"{number(level)}: {percent(accuracy)}" for level, accuracy in pairs)


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
        Title of the figure: what was disturbed.
    axis : str
        Label of the levels, with their unit.
    curves : mapping of str to DataFrame
        One to four curves by name: columns level and accuracy, in any order. The levels are the
        same in all.
    undisturbed : float
        Accuracy to compare with, drawn as a line.
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
    axes.set_xlabel(axis)
    add_tips(axes, levels, [_tip(level, axis, curves) for level in levels])
    title_and_legend(axes, title, ncols=5, columnspacing=1.2)
    return figure


def _tip(level: float, axis: str, curves: Mapping[str, pd.DataFrame]) -> str:
    at = {name: curve.loc[curve["level"] == level, "accuracy"] for name, curve in curves.items()}
    accuracies = (f"{name} {percent(share.iloc[0])}" for name, share in at.items())
    return f"{number(level)} {axis}: {', '.join(accuracies)}"
