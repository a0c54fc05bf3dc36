"""Pictures of timelines: coloured bands of activities, under the signals or alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from har.arrays import FloatArray
from har.report.style import BLUE, FAINT, GOLD, INK, ROSE, STYLE, colours_of
from har.report.wording import activity_label, signal_label
from har.signals.channels import unit_of
from har.signals.recording import Recording

# Twice the pixels across a wide figure; more points would only cost time and space.
_N_BINS = 1500
_MINUTES_FROM_S, _HOURS_FROM_S = 180, 3 * 3600


@rc_context(STYLE)
def timeline_figure(
    recording: Recording, bands: Mapping[str, pd.DataFrame], activities: Sequence[str]
) -> Figure:
    """Draw a recording's signals over the activities that were found in it.

    Parameters
    ----------
    recording : Recording
        Measured signals. Long ones are drawn as the range of each small interval.
    bands, activities
        As for `bands_figure`.

    Returns
    -------
    Figure
    """
    sensors = [sensor for sensor in ("acc", "gyro") if f"{sensor}_x" in recording.channels]
    heights = [3.0] * len(sensors) + [0.45 * len(bands)]
    figure = Figure(figsize=(10, 1.0 + 0.6 * sum(heights)), layout="constrained")
    panels = figure.subplots(len(heights), 1, sharex=True, height_ratios=heights)
    scale, unit = _time_scale(recording.duration_s)
    for axes, sensor in zip(panels[:-1], sensors, strict=True):
        _draw_signals(axes, recording, sensor, scale)
        axes.set_title(f"{signal_label(sensor)}, {unit_of(sensor)}", fontweight="normal")
    panels[0].legend(loc="lower right", bbox_to_anchor=(1, 1.02), ncols=3)
    occurring = pd.concat([band["activity"] for band in bands.values()]).unique()
    colours = colours_of([*activities, *occurring])
    _draw_bands(panels[-1], bands, colours, scale)
    panels[-1].set(xlim=(0, recording.duration_s / scale), xlabel=unit)
    _add_legend(figure, {name: colours[name] for name in colours if name in occurring})
    return figure


@rc_context(STYLE)
def bands_figure(
    bands: Mapping[str, pd.DataFrame], activities: Sequence[str], duration_s: float
) -> Figure:
    """Draw several namings of the same recording as bands, one below the other.

    Parameters
    ----------
    bands : mapping of str to DataFrame
        Columns start_s, end_s and activity, by the name of the band. Time that no segment covers
        stays blank.
    activities : sequence of str
        Names of the classes, which decide on the colours.
    duration_s : float
        Duration of the recording.

    Returns
    -------
    Figure
    """
    figure = Figure(figsize=(10, 1.0 + 0.32 * len(bands)), layout="constrained")
    axes = figure.subplots()
    scale, unit = _time_scale(duration_s)
    occurring = set(pd.concat([band["activity"] for band in bands.values()]))
    colours = colours_of([*activities, *sorted(occurring - set(activities))])
    _draw_bands(axes, bands, colours, scale)
    axes.set(xlim=(0, duration_s / scale), xlabel=unit)
    _add_legend(figure, {name: colours[name] for name in colours if name in occurring})
    return figure


def _add_legend(figure: Figure, colours: Mapping[str, str]) -> None:
    patches = [Patch(color=colour, label=activity_label(name)) for name, colour in colours.items()]
    figure.legend(
        handles=patches, loc="outside lower left", ncols=6, handlelength=0.9, borderaxespad=0.6
    )


def _time_scale(duration_s: float) -> tuple[float, str]:
    if duration_s < _MINUTES_FROM_S:
        return 1.0, "seconds"
    return (60.0, "minutes") if duration_s < _HOURS_FROM_S else (3600.0, "hours")


def _draw_signals(axes: Axes, recording: Recording, sensor: str, scale: float) -> None:
    for axis, colour in zip("xyz", (BLUE, GOLD, ROSE), strict=True):
        column = recording.channels.index(f"{sensor}_{axis}")
        for number, stretch in enumerate(recording.stretches):
            end = stretch.first_sample + stretch.n_samples
            values = recording.samples[stretch.first_sample : end, column]
            n_bins = max(1, round(_N_BINS * len(values) / len(recording)))
            index, drawn = envelope(values, n_bins)
            time = (stretch.start_s + index / recording.rate_hz) / scale
            label = axis if number == 0 else None
            axes.plot(time, drawn, color=colour, lw=0.7, label=label)


def envelope(values: FloatArray, n_bins: int) -> tuple[FloatArray, FloatArray]:
    """Reduce a signal to the least and the greatest value of each interval.

    Parameters
    ----------
    values : ndarray, shape (n_timesteps,)
        Signal.
    n_bins : int
        Number of intervals.

    Returns
    -------
    index, reduced : ndarray
        Indices in `values` and what to draw there; all of them if there are few.
    """
    if len(values) <= 2 * n_bins:
        return np.arange(len(values), dtype=np.float64), values
    first = np.linspace(0, len(values), n_bins, endpoint=False).astype(np.int64)
    index = np.repeat(first, 2).astype(np.float64)
    ranges = np.stack([np.minimum.reduceat(values, first), np.maximum.reduceat(values, first)], 1)
    return index, ranges.ravel()


def _draw_bands(
    axes: Axes, bands: Mapping[str, pd.DataFrame], colours: Mapping[str, str], scale: float
) -> None:
    for row, band in enumerate(bands.values()):
        starts, widths = band["start_s"] / scale, (band["end_s"] - band["start_s"]) / scale
        spans = list(zip(starts, widths, strict=True))
        fills = [colours[activity] for activity in band["activity"]]
        axes.broken_barh(spans, (row - 0.4, 0.8), facecolors=fills, linewidth=0)
    axes.set_yticks(range(len(bands)), list(bands), color=INK)
    axes.set_ylim(len(bands) - 0.5, -0.5)
    axes.grid(False)
    axes.tick_params(axis="x", color=FAINT)
