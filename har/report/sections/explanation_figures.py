"""Figures of what a network looks at.

Heat maps are pictures of one colour, more or less transparent, so that they lie on light and dark
paper alike.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure

from har.arrays import FloatArray
from har.explanation.findings import (
    ExplainedWindow,
    Explanation,
    Importance,
    States,
    signal_groups,
)
from har.report.signal_panels import signals_figure
from har.report.style import BLUE, FAINT, INK, STYLE
from har.report.wording import activity_label, number, signed

# P. Tol's "bright" blue and "muted" rose (sronpersonalpages.nl/~pault): halfway between light and
# dark, and distinguished by those who see no red or no green.
ABOVE, BELOW = "#4477aa", "#cc6677"
_WIDTH_INCHES = 4.1
# Above a panel, with the ticks of the one over it.
_TITLE_INCHES = 0.3
# Signals are drawn over their attributions, and must stay readable.
_FAINTNESS = 0.8
# Falls of a thousandth would look as if much depended on them.
_LEAST_FULL = 0.05


def heat(values: FloatArray, limit: float) -> FloatArray:
    """Colour numbers: blue above zero, rose below, the fainter the nearer.

    Parameters
    ----------
    values : ndarray of float, any shape
        Numbers to colour.
    limit : float
        Number from which on the colour is full.

    Returns
    -------
    ndarray of float, shape (…, 4)
        Red, green, blue and opacity between 0 and 1.
    """
    colours = np.where((values >= 0)[..., np.newaxis], to_rgb(ABOVE), to_rgb(BELOW))
    opacity = np.clip(np.abs(values) / max(limit, np.finfo(float).tiny), 0, 1)
    return np.concatenate([colours, opacity[..., np.newaxis]], axis=-1)


@rc_context(STYLE)
def importance_figure(importances: Sequence[Importance], names: Mapping[str, str]) -> Figure:
    """Draw how much accuracy is lost without each source, with its interval.

    Parameters
    ----------
    importances : sequence of Importance
        Importances from top to bottom.
    names : mapping of str to str
        Labels of the sources.

    Returns
    -------
    Figure
    """
    figure = Figure(figsize=(_WIDTH_INCHES, 0.8 + 0.42 * len(importances)), layout="constrained")
    axes = figure.subplots()
    rows = range(len(importances))
    axes.barh(rows, [100 * one.lost for one in importances], height=0.5, color=BLUE)
    for row, one in enumerate(importances):
        if one.interval:
            low, high = (100 * end for end in one.interval)
            axes.plot([low, high], [row, row], color=INK, lw=1.2, marker="|", ms=6)
    axes.set_yticks(rows, [names[one.signal] for one in importances], color=INK)
    axes.set_ylim(len(importances) - 0.5, -0.5)
    axes.set_xlabel("percentage points of accuracy lost")
    axes.grid(False, axis="y")
    axes.grid(True, axis="x")
    axes.axvline(0, color=FAINT, lw=0.8)
    return figure


@rc_context(STYLE)
def occlusion_figure(explanation: Explanation, names: Sequence[str]) -> Figure:
    """Draw the fall of the prediction's probability by activity, source and time.

    Parameters
    ----------
    explanation : Explanation
        Explanation with the falls.
    names : sequence of str
        Labels of the sources.

    Returns
    -------
    Figure
        A panel per source with a row per activity; all share one scale.
    """
    occlusion, activities = explanation.occlusion, explanation.activities
    panel = 0.38 + 0.17 * len(activities)
    figure = Figure(figsize=(_WIDTH_INCHES, 0.6 + panel * len(names)), layout="constrained")
    panels = figure.subplots(len(names), 1, sharex=True, squeeze=False)[:, 0]
    limit = float(np.abs(occlusion).max())
    for axes, name, falls in zip(panels, names, occlusion.swapaxes(0, 1), strict=True):
        _draw_spans(axes, falls, limit, explanation)
        labels = [activity_label(activity) for activity in activities]
        axes.set_yticks(np.arange(len(activities)) + 0.5, labels)
        axes.set_title(name, fontweight="normal")
    panels[-1].set_xlabel("seconds")
    return figure


def _draw_spans(axes: Axes, falls: FloatArray, limit: float, explanation: Explanation) -> None:
    """Draw a cell per row and span, each around the middle of its span."""
    spans = explanation.spans
    starts = np.array(spans.starts)
    edges = np.concatenate([[0], (starts[1:] + starts[:-1] + spans.size) / 2])
    n_timesteps = starts[-1] + spans.size
    # A picture has cells of one size: of a sample.
    cells = np.searchsorted(edges, np.arange(n_timesteps), side="right") - 1
    _draw_heat(axes, falls[:, cells], limit, n_timesteps / explanation.rate_hz)


def _draw_heat(
    axes: Axes,
    rows: FloatArray,
    limit: float,
    duration_s: float,
    limits: tuple[float, float] | None = None,
) -> None:
    """Draw numbers, shape (n_rows, n_steps), over time; a row is 1 high, or all fill the limits."""
    extent = (0, duration_s, *(limits or (len(rows), 0)))
    axes.imshow(heat(rows, limit), extent=extent, aspect="auto", interpolation="none")
    axes.grid(False)
    axes.tick_params(axis="y", length=0)


@rc_context(STYLE)
def attribution_figure(
    window: ExplainedWindow, explanation: Explanation, names: Mapping[str, str]
) -> Figure:
    """Draw one window: its signals, what speaks for and against the prediction, and occlusion.

    Parameters
    ----------
    window : ExplainedWindow
        Window to draw.
    explanation : Explanation
        Explanation that it is part of.
    names : mapping of str to str
        Labels of the sources.

    Returns
    -------
    Figure
        Behind the signals of each sensor lies the sum of their attributions at each sample.
    """
    channels, rate_hz = explanation.channels, explanation.rate_hz
    figure = signals_figure(window.signals, channels, rate_hz)
    panels = figure.axes
    sources = list(signal_groups(channels).items())
    sums = [window.attributions[:, columns].sum(axis=1) for _, columns in sources[: len(panels)]]
    limit = max(float(np.abs(one).max()) for one in sums)
    for axes, attributions in zip(panels, sums, strict=True):
        limits = axes.get_ylim()
        duration_s = len(window.signals) / rate_hz
        _draw_heat(axes, attributions[np.newaxis], limit / _FAINTNESS, duration_s, limits)
        total = signed(float(attributions.sum()))
        axes.set_title(f"{axes.get_title('left')}: {total}", fontweight="normal")
    axes = _panel_below(figure, _TITLE_INCHES + 0.17 * len(sources))
    full = max(float(np.abs(window.occlusion).max()), _LEAST_FULL)
    _draw_spans(axes, window.occlusion, full, explanation)
    axes.set_title(f"Occluded; full colour: {100 * full:.0f} points", fontweight="normal")
    axes.set_yticks(np.arange(len(sources)) + 0.5, [names[source] for source, _ in sources])
    return figure


@rc_context(STYLE)
def states_figure(states: States, explanation: Explanation) -> Figure:
    """Draw what an LSTM holds at each step, under the signals it reads.

    Parameters
    ----------
    states : States
        States to draw.
    explanation : Explanation
        Explanation with the window; the signals of its first source are drawn.

    Returns
    -------
    Figure
        A panel for h, c and each gate, with a row per unit.
    """
    signals, rate_hz = explanation.window(states.index).signals, explanation.rate_hz
    first = next(iter(signal_groups(explanation.channels).values()))
    channels = [explanation.channels[column] for column in first]
    figure = signals_figure(signals[:, first], channels, rate_hz)
    largest = float(np.abs(states.values[1]).max())
    panels = {
        "h: what it tells, −1 to 1": 1.0,
        f"c: its memory, −{number(round(largest, 1))} to {number(round(largest, 1))}": largest,
        "i: how much it writes, 0 to 1": 1.0,
        "f: how much it keeps, 0 to 1": 1.0,
        "o: how much it tells, 0 to 1": 1.0,
    }
    n_units = states.values.shape[2]
    for (title, limit), values in zip(panels.items(), states.values, strict=True):
        axes = _panel_below(figure, 0.95)
        _draw_heat(axes, values.T, limit, len(signals) / rate_hz)
        axes.set_title(title, fontweight="normal")
        axes.set_yticks([])
        if states.n_forward < n_units:
            axes.axhline(states.n_forward, color=INK, lw=0.8)
            middles = [states.n_forward / 2, (states.n_forward + n_units) / 2]
            axes.set_yticks(middles, ["→", "←"])
    return figure


def _panel_below(figure: Figure, height_inches: float) -> Axes:
    """Add a panel over the same time below those of `signals_figure`; the figure gets higher."""
    above = figure.axes[-1]
    width, height = figure.get_size_inches()
    grown = height + height_inches
    figure.set_size_inches(width, grown)
    for axes in figure.axes:
        box = axes.get_position()
        lifted = (box.y0 * height + height_inches) / grown
        axes.set_position((box.x0, lifted, box.width, box.height * height / grown))
    box = above.get_position()
    bottom = box.y0 - height_inches / grown
    size = (box.width, (height_inches - _TITLE_INCHES) / grown)
    below: Axes = figure.add_axes((box.x0, bottom, *size), sharex=above)
    below.set_xlabel(above.get_xlabel())
    above.set_xlabel("")
    above.tick_params(axis="x", bottom=False, labelbottom=False)
    return below
