"""Panels of signals over time, one per sensor: what every figure of windows begins with."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from har.arrays import FloatArray
from har.drawings import set_margins, widened
from har.signals.channels import triads_of, unit_of
from har.style import BLUE, GOLD, INK, LEAST_SPAN, ROSE, STYLE
from har.words import signal_label


@rc_context(STYLE)
def signals_figure(signals: FloatArray, channels: Sequence[str], rate_hz: float) -> Figure:
    """Draw the signals of one window.

    Parameters
    ----------
    signals : ndarray of float, shape (n_timesteps, n_channels)
        In the units of `har.signals.channels.unit_of`.
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
    draw_signals(list(panels), signals, channels, np.arange(len(signals)) / rate_hz)
    panels[-1].set(xlim=(0, len(signals) / rate_hz), xlabel="seconds")
    return figure


def draw_signals(
    panels: Sequence[Axes], signals: FloatArray, channels: Sequence[str], seconds: FloatArray
) -> None:
    """Draw signals over time.

    Parameters
    ----------
    panels : sequence of Axes
        One for each of `har.signals.channels.triads_of`.
    signals : ndarray of float, shape (n_timesteps, n_channels)
        In the units of `har.signals.channels.unit_of`.
    channels : sequence of str
        Names of the columns.
    seconds : ndarray of float, shape (n_timesteps,)
        When each sample was taken.
    """
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
