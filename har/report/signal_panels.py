"""Signals over time, a panel per sensor: one window, or a window among its neighbours."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from itertools import groupby

import numpy as np
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from har.arrays import FloatArray
from har.report.drawing import set_margins, widened
from har.report.style import BLUE, GOLD, GRID, INK, LEAST_SPAN, ROSE, STYLE, colours_of
from har.report.wording import short_label, signal_label
from har.signals.channels import WINDOW_STEP, triads_of, unit_of
from har.signals.windows import Windows, join_windows

# Lines may be off by so much, in 1/72 inch: nobody sees it, and a figure is a quarter smaller.
_STYLE = {**STYLE, "path.simplify_threshold": 0.4}
# Letters that fit across the figure of a window and its neighbours.
_N_LETTERS = 56


@rc_context(STYLE)
def signals_figure(signals: FloatArray, channels: Sequence[str], rate_hz: float) -> Figure:
    """Draw the signals of one window.

    Parameters
    ----------
    signals : ndarray of float, shape (n_timesteps, n_channels)
        Signals in the units of `har.signals.channels.unit_of`.
    channels : sequence of str
        Names of the columns.
    rate_hz : float
        Samples per second.

    Returns
    -------
    Figure
        A panel for each of `har.signals.channels.triads_of`.
    """
    n_panels = len(triads_of(channels))
    figure = Figure(figsize=(4.1, 0.5 + 1.0 * n_panels))
    set_margins(figure, left=0.48, right=0.1, bottom=0.48, top=0.26)
    grid = {"hspace": 0.5}
    panels = figure.subplots(n_panels, 1, sharex=True, squeeze=False, gridspec_kw=grid)[:, 0]
    _time_below_only(list(panels))
    _draw_signals(list(panels), signals, channels, np.arange(len(signals)) / rate_hz)
    panels[-1].set(xlim=(0, len(signals) / rate_hz), xlabel="seconds")
    return figure


def _time_below_only(panels: Sequence[Axes]) -> None:
    """Leave ticks of the time they share to the last panel: each tick costs as much as a line."""
    for axes in panels[:-1]:
        axes.tick_params(axis="x", bottom=False)


def _draw_signals(
    panels: Sequence[Axes], signals: FloatArray, channels: Sequence[str], seconds: FloatArray
) -> None:
    """Draw signals, shape (n_timesteps, n_channels), over their times: a panel for each triad."""
    triads = triads_of(channels)
    for axes, (name, columns) in zip(panels, triads.items(), strict=True):
        for column in columns:
            axis = channels[column][-2:]
            colour = {"_x": BLUE, "_y": GOLD, "_z": ROSE}.get(axis, INK)
            axes.plot(seconds, signals[:, column], color=colour, lw=1.2, label=axis[-1])
        _finish_panel(axes, name)
    if list(triads) != list(channels):
        panels[0].legend(loc="lower right", bbox_to_anchor=(1, 1.04), ncols=3)


def _finish_panel(axes: Axes, name: str) -> None:
    unit = unit_of(name)
    axes.set_title(f"{signal_label(name)}, {unit}", fontweight="normal")
    axes.set_ylim(*widened(*axes.get_ylim(), LEAST_SPAN[unit]))
    axes.yaxis.set_major_locator(MaxNLocator(nbins=3))


@rc_context(_STYLE)
def window_figure(
    stretch: Windows, chosen: int, predicted: Sequence[str], step: int = WINDOW_STEP
) -> Figure:
    """Draw a window and its neighbours: a panel per sensor, then the predictions and the labels.

    Parameters
    ----------
    stretch : Windows
        Windows that were cut one after the other, in the order of time.
    chosen : int
        Index of the window that is shaded, and from whose start time counts.
    predicted : sequence of str
        Predicted activity of each window.
    step : int
        Number of samples from the start of a window to the start of the next.

    Returns
    -------
    Figure
        Channels that differ only in ``_x``, ``_y`` and ``_z`` share a panel. Of overlapping
        windows, each one's prediction is shown where its middle is the nearest.
    """
    heights = [1.0] * len(triads_of(stretch.channels)) + [0.45, 0.45]
    figure = Figure(figsize=(4.1, 0.5 + 1.12 * sum(heights)))
    set_margins(figure, left=0.48, right=0.1, bottom=0.48, top=0.26)
    grid = {"hspace": 0.62, "height_ratios": heights}
    *panels, predictions, labels = figure.subplots(len(heights), 1, sharex=True, gridspec_kw=grid)
    _time_below_only([*panels, predictions, labels])
    start_s, window_s = -chosen * step / stretch.rate_hz, stretch.n_timesteps / stretch.rate_hz
    signals = join_windows(stretch.signals, step)
    seconds = start_s + np.arange(len(signals)) / stretch.rate_hz
    _draw_signals(panels, signals, stretch.channels, seconds)
    edges_s = start_s + _edges(stretch, step) / stretch.rate_hz
    colours = colours_of(stretch.activities)
    true = [stretch.activities[label] for label in stretch.labels]
    _draw_band(predictions, "Answers", predicted, edges_s, colours)
    _draw_band(labels, "Labels", true, edges_s, colours)
    for axes in figure.axes:
        axes.axvspan(0, window_s, color=GRID, alpha=0.6, lw=0, zorder=0)
    labels.set(xlim=edges_s[[0, -1]], xlabel="seconds from the start of the window")
    return figure


def _edges(stretch: Windows, step: int) -> FloatArray:
    """Find the samples where each window's prediction begins, and where the last one's ends."""
    changes = (stretch.n_timesteps + step) / 2 + step * np.arange(len(stretch) - 1)
    return np.array([0, *changes, stretch.n_timesteps + step * (len(stretch) - 1)])


def _draw_band(
    axes: Axes,
    title: str,
    names: Sequence[str],
    edges_s: FloatArray,
    colours: Mapping[str, str],
) -> None:
    """Draw a bar in the activity's colour wherever it lasts, with its name under it."""
    first = 0
    for name, alike in groupby(names):
        n_windows = len(list(alike))
        start_s, end_s = edges_s[first], edges_s[first + n_windows]
        first += n_windows
        length_s = end_s - start_s
        axes.broken_barh([(start_s, length_s)], (0.8, 0.2), color=colours[name], lw=0)
        n_letters = 1 + int(_N_LETTERS * length_s / (edges_s[-1] - edges_s[0]))
        lines = textwrap.wrap(short_label(name), n_letters)[:2]
        middle_s = start_s + length_s / 2
        axes.text(middle_s, 0.68, "\n".join(lines), ha="center", va="top", fontsize=8)
    axes.set_title(title, fontweight="normal")
    axes.set(ylim=(0, 1), yticks=[])
    axes.grid(False)
    axes.spines["bottom"].set_visible(False)
    axes.tick_params(axis="x", length=0)
