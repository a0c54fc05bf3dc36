"""Sparklines: signals drawn as small as a word, without axes, for pages that show many windows.

Matplotlib would need ten times the time and space for each.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from markupsafe import Markup, escape

from har.arrays import FloatArray, IntArray
from har.drawings import widened
from har.signals.channels import triads_of, unit_of
from har.style import LEAST_SPAN
from har.words import number

# Whole numbers on a grid of so many rows keep a window of 128 samples under 4 kB.
_HEIGHT = 60
_NAMES = {"g": "Acceleration", "rad/s": "Angular rate"}


def sparklines(signals: FloatArray, channels: Sequence[str]) -> list[list[Markup]]:
    """Draw windows, all to one scale, so that they can be compared.

    Parameters
    ----------
    signals : ndarray of float, shape (n_windows, n_timesteps, n_channels)
        In the units of `har.signals.channels.unit_of`.
    channels : sequence of str
        Names of the last axis.

    Returns
    -------
    list of list of Markup
        For each window an ``<svg>`` of acceleration and one of angular rate, as far as they were
        measured; a line per axis. What they range over is their accessible name.
    """
    drawn = [_draw(signals[:, :, columns], unit) for unit, columns in _sensors(channels).items()]
    return [list(of_window) for of_window in zip(*drawn, strict=True)]


def _sensors(channels: Sequence[str]) -> dict[str, list[int]]:
    """Choose the columns to draw of each unit: those of its last sensor.

    Of UCI HAR's accelerations that is the total one, which shows how the phone was held.
    """
    last = {unit_of(signal): columns for signal, columns in triads_of(channels).items()}
    return dict(sorted(last.items()))


def _draw(signals: FloatArray, unit: str) -> list[Markup]:
    """Draw one sensor of windows; shape (n_windows, n_timesteps, n_axes)."""
    low, high = widened(float(signals.min()), float(signals.max()), LEAST_SPAN[unit])
    rows = np.rint((high - signals) / (high - low) * _HEIGHT).astype(np.int64)
    return [
        _as_svg(lines, f"{_NAMES[unit]}, {number(window.min())} to {number(window.max())} {unit}")
        for lines, window in zip(rows, signals.astype(np.float64).round(2), strict=True)
    ]


def _as_svg(rows: IntArray, name: str) -> Markup:
    """Draw the columns of `rows`, shape (n_timesteps, n_axes), as lines from left to right."""
    paths = "".join(f'<path d="{_path(line)}"/>' for line in rows.T)
    return Markup(
        f'<svg class="spark" role="img" viewBox="0 -1 {len(rows) - 1} {_HEIGHT + 2}"'
        f' preserveAspectRatio="none"><title>{escape(name)}</title>{paths}</svg>'
    )


def _path(line: IntArray) -> str:
    """Write a line as steps of one to the right: ``M0 31l1 2 1-3``."""
    steps = (f"1 {step}" if step >= 0 else f"1{step}" for step in np.diff(line))
    return f"M0 {line[0]}l{' '.join(steps)}"
