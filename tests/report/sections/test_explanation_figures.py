from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from drawn_figures import render
from matplotlib.colors import to_rgb
from numpy.testing import assert_allclose, assert_array_equal
from scored_run import make_explanation, make_windows

from har.explanation.findings import Importance, OccludedSpans, States, signal_groups
from har.report.sections.explanation_figures import (
    ABOVE,
    BELOW,
    attribution_figure,
    heat,
    importance_figure,
    occlusion_figure,
    states_figure,
)
from har.signals.channels import UCI_CHANNELS

NAMES = {source: source.rpartition("_")[0][:5] for source in signal_groups(UCI_CHANNELS)}


@pytest.fixture(scope="module")
def explanation():
    return make_explanation(make_windows(20))


def colours_at(image, seconds, row=0):
    """Give the colours of an image at some times."""
    left, right, *_ = image.get_extent()
    cells = image.get_array()
    return cells[row, (np.array(seconds) / (right - left) * cells.shape[1]).astype(int)]


def test_heat_is_blue_above_and_rose_below_and_fades_to_nothing():
    colours = heat(np.array([[2.0, 1.0, 0.0], [-0.5, -2.0, 1.0]]), 2.0)
    assert_allclose(colours[:, :, 3], [[1, 0.5, 0], [0.25, 1, 0.5]])
    assert_allclose(colours[0, :, :3], [to_rgb(ABOVE)] * 3)
    assert_allclose(colours[1, :2, :3], [to_rgb(BELOW)] * 2)
    assert_array_equal(heat(np.zeros(3), 0.0)[:, 3], 0)


def test_importances_are_bars_in_points_with_their_intervals(tmp_path):
    found = [
        Importance("body_acc", 0.4, 0.01, [0.3, 0.5]),
        Importance("body_gyro", -0.02, 0.01, None),
    ]
    figure = importance_figure(found, {"body_acc": "Body", "body_gyro": "Turning"})
    axes = figure.axes[0]
    assert_allclose([bar.get_width() for bar in axes.patches], [40, -2])
    intervals = [line.get_xdata() for line in axes.lines if line.get_marker() == "|"]
    assert_allclose(intervals, [[30, 50]])
    assert [tick.get_text() for tick in axes.get_yticklabels()] == ["Body", "Turning"]
    render(figure, tmp_path)


def test_occlusion_is_drawn_around_the_middle_of_each_stretch(explanation, tmp_path):
    stretches = OccludedSpans(16, tuple(range(0, 113, 8)))
    falls = np.zeros((6, 2, 15))
    falls[3, 1, 5] = 0.2
    found = replace(explanation, occlusion=falls, spans=stretches)
    figure = occlusion_figure(found, ["One", "Two"])
    first, second = figure.axes
    # Samples 40 to 55: neighbours overlap by half, so its cell reaches from 44 to 52.
    times = np.array([43.5, 44.5, 51.5, 52.5]) / 50
    assert_array_equal(colours_at(second.images[0], times, row=3)[:, 3], [0, 1, 1, 0])
    assert not first.images[0].get_array()[..., 3].any()
    assert first.images[0].get_extent() == [0, 2.56, 6, 0]
    assert [axes.get_title("left") for axes in figure.axes] == ["One", "Two"]
    render(figure, tmp_path)


def test_attributions_lie_behind_their_sensor_and_their_sums_in_its_title(explanation, tmp_path):
    window = explanation.windows[0]
    figure = attribution_figure(window, explanation, NAMES)
    sums = [window.attributions[:, sensor : sensor + 3].sum(axis=1) for sensor in (0, 3, 6)]
    strongest = max(np.abs(one).max() for one in sums)
    for axes, one in zip(figure.axes[:3], sums, strict=True):
        assert len(axes.lines) == 3
        assert_allclose(axes.images[0].get_array()[0, :, 3], 0.8 * np.abs(one) / strongest)
        assert_allclose(axes.images[0].get_extent(), [*axes.get_xlim(), *axes.get_ylim()])
        title = axes.get_title("left").replace("\N{MINUS SIGN}", "-")
        assert float(title.split(": ")[1]) == pytest.approx(one.sum(), abs=0.006)
    occluded = figure.axes[3]
    assert occluded.images[0].get_array().shape[:2] == (4, 128)
    assert occluded.get_xlim() == figure.axes[0].get_xlim() == (0, 2.56)
    render(figure, tmp_path)


def test_no_panel_lies_on_another(explanation):
    for figure in (
        attribution_figure(explanation.windows[0], explanation, NAMES),
        states_figure(explanation.states[0], explanation),
    ):
        boxes = [axes.get_position() for axes in figure.axes]
        assert all(0 < box.y0 < box.y1 < 1 for box in boxes)
        assert all(upper.y0 > lower.y1 for upper, lower in zip(boxes, boxes[1:], strict=False))
        assert {(box.x0, box.x1) for box in boxes} == {(boxes[0].x0, boxes[0].x1)}
        assert [axes.get_xlabel() for axes in figure.axes] == [""] * (len(boxes) - 1) + ["seconds"]


def test_small_falls_stay_pale(explanation):
    window = explanation.windows[0]
    window.occlusion[:] = 0.005
    figure = attribution_figure(window, explanation, NAMES)
    assert_allclose(figure.axes[3].images[0].get_array()[..., 3], 0.1)
    assert figure.axes[3].get_title("left") == "Occluded; full colour: 5 points"


def test_states_have_a_row_per_unit_and_scales_of_their_own(explanation, tmp_path):
    values = np.stack([np.full((32, 6), level) for level in (-0.5, 3.0, 0.2, 0.9, 1.0)])
    figure = states_figure(States(0, values, 3), explanation)
    _, *panels = figure.axes
    assert [axes.images[0].get_array().shape[:2] for axes in panels] == [(6, 32)] * 5
    opacities = [axes.images[0].get_array()[0, 0, 3] for axes in panels]
    assert_allclose(opacities, [0.5, 1.0, 0.2, 0.9, 1.0])
    assert panels[1].get_title("left") == "c: its memory, −3 to 3"
    assert [tick.get_text() for tick in panels[0].get_yticklabels()] == ["→", "←"]
    render(figure, tmp_path)


def test_an_lstm_that_reads_forwards_only_has_no_halves(explanation):
    states = States(0, np.zeros((5, 32, 6)), 6)
    figure = states_figure(states, explanation)
    assert [len(axes.lines) for axes in figure.axes] == [3, 0, 0, 0, 0, 0]
