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
    Importance,
    OccludedSpans,
    States,
    signal_groups,
)
from har.report.signal_panels import signals_figure
from har.report.style import BLUE, FAINT, INK, STYLE
from har.report.wording import activity_label, number, signed

# P. Tol's "bright" blue and "muted" rose (sronpersonalpages.nl/~pault): halfway between light and
# dark, and told apart by those who see no red or no green.
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
        What to colour.
    limit : float
        From here on the colour is full.

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
        From top to bottom.
    names : mapping of str to str
        What to call each source.

    Returns
    -------
    Figure
    """
    figure = Figure(figsize=(_WIDTH_INCHES, 0.8 + 0.42 * len(importances)), layout="constrained")
    axes = figure.subplots()
    places = np.arange(len(importances))
    axes.barh(places, [100 * one.lost for one in importances], height=0.5, color=BLUE)
    for place, one in zip(places, importances, strict=True):
        if one.interval:
            low, high = (100 * end for end in one.interval)
            axes.plot([low, high], [place, place], color=INK, lw=1.2, marker="|", ms=6)
    axes.set_yticks(places, [names[one.signal] for one in importances], color=INK)
    axes.set_ylim(len(importances) - 0.5, -0.5)
    axes.set_xlabel("percentage points of accuracy lost")
    axes.grid(False, axis="y")
    axes.grid(True, axis="x")
    axes.axvline(0, color=FAINT, lw=0.8)
    return figure


@rc_context(STYLE)
def occlusion_figure(
    occlusion: FloatArray,
    activities: Sequence[str],
    names: Sequence[str],
    spans: OccludedSpans,
    rate_hz: float,
) -> Figure:
    """Draw how much less probable the answer gets, by activity, source and time.

    Parameters
    ----------
    occlusion : ndarray of float, shape (n_activities, n_groups, n_spans)
        As shares of 1.
    activities, names : sequence of str
        Of the activities, and what to call each source.
    spans : OccludedSpans
        What was occluded.
    rate_hz : float
        Samples per second.

    Returns
    -------
    Figure
        A panel per source with a row per activity; all share one scale.
    """
    panel = 0.38 + 0.17 * len(activities)
    figure = Figure(figsize=(_WIDTH_INCHES, 0.6 + panel * len(names)), layout="constrained")
    panels = figure.subplots(len(names), 1, sharex=True, squeeze=False)[:, 0]
    limit = float(np.abs(occlusion).max())
    for axes, name, falls in zip(panels, names, occlusion.swapaxes(0, 1), strict=True):
        _draw_spans(axes, falls, limit, spans, rate_hz)
        labels = [activity_label(activity) for activity in activities]
        axes.set_yticks(np.arange(len(activities)) + 0.5, labels)
        axes.set_title(name, fontweight="normal")
    panels[-1].set_xlabel("seconds")
    return figure


def _draw_spans(
    axes: Axes, falls: FloatArray, limit: float, spans: OccludedSpans, rate_hz: float
) -> None:
    """Draw a cell per row and span, each around the middle of its span."""
    starts = np.array(spans.starts)
    edges = np.concatenate([[0], (starts[1:] + starts[:-1] + spans.size) / 2])
    n_timesteps = starts[-1] + spans.size
    # A picture has cells of one size: of a sample.
    cells = np.searchsorted(edges, np.arange(n_timesteps), side="right") - 1
    _draw_heat(axes, falls[:, cells], limit, n_timesteps / rate_hz)


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
    window: ExplainedWindow,
    channels: Sequence[str],
    names: Mapping[str, str],
    spans: OccludedSpans,
    rate_hz: float,
) -> Figure:
    """Draw one window: its signals, what speaks for the answer and against it, and occlusion.

    Parameters
    ----------
    window : ExplainedWindow
        What to draw.
    channels : sequence of str
        Names of its channels.
    names : mapping of str to str
        What to call each source.
    spans : OccludedSpans
        What was occluded.
    rate_hz : float
        Samples per second.

    Returns
    -------
    Figure
        Behind the signals of each sensor lies the sum of their attributions at each sample.
    """
    figure = signals_figure(window.signals, channels, rate_hz)
    panels = figure.axes
    sources = list(signal_groups(channels).items())
    sums = [window.attributions[:, places].sum(axis=1) for _, places in sources[: len(panels)]]
    limit = max(float(np.abs(one).max()) for one in sums)
    for axes, attributions in zip(panels, sums, strict=True):
        limits = axes.get_ylim()
        duration_s = len(window.signals) / rate_hz
        _draw_heat(axes, attributions[np.newaxis], limit / _FAINTNESS, duration_s, limits)
        total = signed(attributions.sum())
        axes.set_title(f"{axes.get_title('left')}: {total}", fontweight="normal")
    axes = _panel_below(figure, _TITLE_INCHES + 0.17 * len(sources))
    full = max(float(np.abs(window.occlusion).max()), _LEAST_FULL)
    _draw_spans(axes, window.occlusion, full, spans, rate_hz)
    axes.set_title(f"Occluded; full colour: {100 * full:.0f} points", fontweight="normal")
    axes.set_yticks(np.arange(len(sources)) + 0.5, [names[source] for source, _ in sources])
    return figure


@rc_context(STYLE)
def states_figure(
    states: States, signals: FloatArray, channels: Sequence[str], rate_hz: float
) -> Figure:
    """Draw what an LSTM holds at each step, under the signals it reads.

    Parameters
    ----------
    states : States
        What to draw.
    signals : ndarray of float, shape (n_timesteps, n_channels)
        Of the window; those of the first source are drawn.
    channels : sequence of str
        Names of the window's channels.
    rate_hz : float
        Samples per second.

    Returns
    -------
    Figure
        A panel for h, c and each gate, with a row per unit.
    """
    first = next(iter(signal_groups(channels).values()))
    figure = signals_figure(signals[:, first], [channels[place] for place in first], rate_hz)
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
    """Make a figure of `signals_figure` higher, with one more panel over the same time."""
    above = figure.axes[-1]
    width, height = figure.get_size_inches()
    grown = height + height_inches
    figure.set_size_inches(width, grown)
    for axes in figure.axes:
        box = axes.get_position()
        lifted = (box.y0 * height + height_inches) / grown
        axes.set_position((box.x0, lifted, box.width, box.height * height / grown))
    room = above.get_position()
    bottom = room.y0 - height_inches / grown
    size = (room.width, (height_inches - _TITLE_INCHES) / grown)
    below: Axes = figure.add_axes((room.x0, bottom, *size), sharex=above)
    below.set_xlabel(above.get_xlabel())
    above.set_xlabel("")
    above.tick_params(labelbottom=False)
    return below
