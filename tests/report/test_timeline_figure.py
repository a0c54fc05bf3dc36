from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.colors import to_hex

from har.report.style import ACTIVITY_COLOURS, UNKNOWN_COLOUR
from har.report.timeline_figure import bands_figure, envelope, timeline_figure
from har.signals.channels import RAW_CHANNELS
from har.signals.recording import Recording, Stretch

SEGMENTS = pd.DataFrame(
    {"start_s": [0.0, 6.4], "end_s": [6.4, 20.0], "activity": ["SITTING", "WALKING"]}
)


def a_recording(n=1000, n_channels=6, **more):
    samples = np.random.default_rng(0).normal(size=(n, n_channels)).astype(np.float32)
    return Recording(samples, 1, "walk.csv", RAW_CHANNELS[:n_channels], **more)


def bands(figure):
    """Start, width and colour of each rectangle in the lowest panel, a list per band."""
    found = []
    for collection in figure.axes[-1].collections:
        boxes = [path.get_extents() for path in collection.get_paths()]
        colours = [to_hex(colour) for colour in collection.get_facecolor()]
        found.append(
            [(box.x0, round(box.width, 6), c) for box, c in zip(boxes, colours, strict=True)]
        )
    return found


def test_each_sensor_has_a_panel_over_the_activities_in_their_colours():
    figure = timeline_figure(a_recording(), {"predicted": SEGMENTS}, ("WALKING", "SITTING"))
    assert [axes.get_title("left") for axes in figure.axes] == [
        "Acceleration, g",
        "Angular rate, rad/s",
        "",
    ]
    assert bands(figure) == [
        [(0.0, 6.4, ACTIVITY_COLOURS["SITTING"]), (6.4, 13.6, ACTIVITY_COLOURS["WALKING"])]
    ]
    assert figure.axes[-1].get_xlabel() == "seconds"


def test_the_truth_is_a_second_band_with_names_of_its_own():
    truth = SEGMENTS.assign(activity=["SITTING", "JUGGLING"])
    figure = timeline_figure(
        a_recording(), {"predicted": SEGMENTS, "true": truth}, ("WALKING", "SITTING")
    )
    assert [label.get_text() for label in figure.axes[-1].get_yticklabels()] == [
        "predicted",
        "true",
    ]
    assert len(bands(figure)) == 2
    (legend,) = figure.legends
    assert [text.get_text() for text in legend.get_texts()] == ["Walking", "Sitting", "Juggling"]


@pytest.mark.parametrize("truth", [None, SEGMENTS])
def test_what_was_not_answered_is_grey_and_in_the_legend(truth):
    segments = SEGMENTS.assign(activity=["SITTING", "UNKNOWN"])
    shown = {"predicted": segments} | ({} if truth is None else {"true": truth})
    figure = timeline_figure(a_recording(), shown, ("WALKING", "SITTING"))
    assert bands(figure)[0][1] == (6.4, 13.6, UNKNOWN_COLOUR)
    (legend,) = figure.legends
    assert legend.get_texts()[-1].get_text() == "Unknown"


def test_without_gyroscope_there_is_one_panel_of_signals():
    figure = timeline_figure(
        a_recording(n_channels=3), {"predicted": SEGMENTS}, ("WALKING", "SITTING")
    )
    assert len(figure.axes) == 2


def test_signals_are_not_drawn_across_a_gap():
    stretches = (Stretch(0, 400, 0.0), Stretch(400, 600, 20.0))
    figure = timeline_figure(
        a_recording(stretches=stretches), {"predicted": SEGMENTS}, ("WALKING",)
    )
    x = [line.get_xdata() for line in figure.axes[0].lines[:2]]
    assert x[0][-1] == pytest.approx(7.98)
    assert x[1][0] == 20
    assert figure.axes[0].get_xlim() == (0, 32)


@pytest.mark.parametrize(("n", "unit"), [(8000, "seconds"), (9001, "minutes"), (541_000, "hours")])
def test_long_recordings_are_drawn_in_minutes_or_hours(n, unit):
    figure = timeline_figure(a_recording(n, 3), {"predicted": SEGMENTS}, ("WALKING",))
    assert figure.axes[-1].get_xlabel() == unit
    assert all(len(line.get_xdata()) <= 8000 for line in figure.axes[0].lines)


@given(st.integers(1, 500), st.integers(1, 60), st.integers(0, 9))
def test_an_envelope_keeps_the_least_and_the_greatest_value_and_the_order(n, n_bins, seed):
    values = np.random.default_rng(seed).normal(size=n)
    index, reduced = envelope(values, n_bins)
    assert len(index) == len(reduced) <= max(2 * n_bins, n)
    assert (np.diff(index) >= 0).all()
    assert index[-1] < n
    assert reduced.min() == values.min()
    assert reduced.max() == values.max()


def test_bands_are_drawn_alone_in_the_colours_of_their_activities():
    truth = SEGMENTS.iloc[1:]
    figure = bands_figure({"true": truth, "said": SEGMENTS}, ("WALKING", "SITTING"), 25.0)
    walking = ACTIVITY_COLOURS["WALKING"].lower()
    first, second = bands(figure)
    assert first == [(6.4, 13.6, walking)]
    assert second[1] == first[0] and len(second) == 2
    (axes,) = figure.axes
    assert [tick.get_text() for tick in axes.get_yticklabels()] == ["true", "said"]
    assert axes.get_xlim() == (0, 25)
    names = [text.get_text() for text in figure.legends[0].get_texts()]
    assert names == ["Walking", "Sitting"]
