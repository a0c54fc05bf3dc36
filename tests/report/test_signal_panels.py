from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from drawn_figures import on_page
from matplotlib.colors import to_hex
from numpy.testing import assert_allclose, assert_array_equal
from scored_run import make_stretches

from har.report.drawing import save_png
from har.report.signal_panels import signals_figure, window_figure
from har.report.style import ACTIVITY_COLOURS, BLUE, GOLD, LEAST_SPAN, ROSE
from har.signals.activities import UCI_ACTIVITIES
from har.signals.channels import UCI_CHANNELS
from har.signals.windows import Windows, sliding_windows

TITLES = ["Body acceleration, g", "Angular rate, rad/s", "Total acceleration, g"]


@pytest.fixture
def stretch():
    return make_stretches((5,), (3,), (2,))


def single(signals, **kind):
    return Windows(np.float32(signals)[np.newaxis], np.zeros(1, int), np.ones(1, int), **kind)


def bars(axes):
    """Where each bar begins and ends, in which colour."""
    return [
        (*path.get_extents().intervalx.round(3).tolist(), to_hex(bar.get_facecolor()[0]))
        for bar in axes.collections
        for path in bar.get_paths()
    ]


def test_a_window_has_a_panel_per_sensor_with_its_unit(stretch):
    figure = window_figure(stretch, 2, ["SITTING"] * 5)
    titles = [axes.get_title("left") for axes in figure.axes]
    assert titles == [*TITLES, "Answers", "Labels"]
    for sensor, axes in enumerate(figure.axes[:3]):
        for axis, line in enumerate(axes.lines):
            values = line.get_ydata()
            for place, window in enumerate(stretch.signals):
                expected = window[:, 3 * sensor + axis]
                assert_array_equal(values[64 * place : 64 * place + 128], expected)
            assert line.get_color() == (BLUE, GOLD, ROSE)[axis]
            assert_allclose(line.get_xdata()[[0, 128, -1]], [-2.56, 0, 5.1])
        assert_allclose(axes.get_xlim(), (-2.56, 5.12))
        shaded = axes.patches[0]
        assert_allclose([shaded.get_x(), shaded.get_width()], [0, 2.56])


def test_what_was_answered_when_stands_under_the_signals(stretch, tmp_path):
    predicted = ["STANDING", "STANDING", "WALKING_UPSTAIRS", "SITTING", "SITTING"]
    figure = window_figure(stretch, 2, predicted)
    answers, labels = figure.axes[3:]
    names = ("STANDING", "WALKING_UPSTAIRS", "SITTING")
    colours = [ACTIVITY_COLOURS[name] for name in names]
    # Halfway between the middles of two windows, 1.28 s apart.
    edges_s = [-2.56, 0.64, 1.92, 5.12]
    assert bars(answers) == list(zip(edges_s[:-1], edges_s[1:], colours, strict=True))
    assert [text.get_text() for text in answers.texts] == ["Standing", "Upstairs", "Sitting"]
    assert bars(labels) == [(-2.56, 5.12, ACTIVITY_COLOURS["SITTING"])]
    save_png(figure, tmp_path / "figure.png", dpi=40)
    assert ">Upstairs<" in on_page(figure, "A figure", "a")


@pytest.mark.parametrize("activity", range(6))
def test_a_page_of_such_figures_stays_small(uci_har, activity):
    first = np.flatnonzero(uci_har.test.labels == activity)[0]
    stretch = uci_har.test.where(np.arange(first, first + 5))
    svg = on_page(window_figure(stretch, 2, ["LAYING", *["WALKING", "SITTING"] * 2]), "A", "a")
    assert len(svg) < 60_000


@pytest.mark.parametrize("chosen", [0, 4])
def test_time_counts_from_the_start_of_the_window(stretch, chosen):
    axes = window_figure(stretch, chosen, ["SITTING"] * 5).axes[0]
    assert_allclose(axes.get_xlim(), np.array([0, 384]) / 50 - 1.28 * chosen)


def test_a_window_without_neighbours_is_drawn_alone(tmp_path):
    figure = window_figure(make_stretches((1,), (3,), (2,)), 0, ["LAYING"])
    assert_allclose(figure.axes[0].get_xlim(), (0, 2.56))
    assert bars(figure.axes[3]) == [(0, 2.56, ACTIVITY_COLOURS["LAYING"])]
    assert [axes.texts[0].get_text() for axes in figure.axes[3:]] == ["Laying", "Sitting"]
    save_png(figure, tmp_path / "figure.png", dpi=40)


def test_long_names_are_folded(stretch):
    names = (*UCI_ACTIVITIES[:4], "STAND_TO_SIT", "something quite long that no one reads")
    stretch = replace(stretch, activities=names, labels=np.array([0, 5, 4, 4, 4]))
    answers, labels = window_figure(stretch, 2, [*names[:2], names[4], *names[2:4]]).axes[3:]
    shown = [text.get_text() for text in answers.texts]
    assert shown == ["Walking", "Upstairs", "Stand to\nsit", "Downstairs", "Sitting"]
    shown = [text.get_text() for text in labels.texts]
    assert shown == ["Walking", "something\nquite long", "Stand to sit"]


def test_windows_that_overlap_almost_wholly_can_be_drawn():
    signals = sliding_windows(np.zeros((132, 9)), 128, 1)
    stretch = Windows(signals, np.zeros(5, int), np.ones(5, int))
    assert window_figure(stretch, 2, UCI_ACTIVITIES[:5], step=1).axes[0].get_xlim()[0] == -0.04


def test_signals_of_a_window_have_a_panel_per_sensor_with_its_unit(tmp_path):
    signals = np.random.default_rng(0).normal(size=(128, 9))
    figure = signals_figure(signals, UCI_CHANNELS, rate_hz=50)
    titles = [axes.get_title("left") for axes in figure.axes]
    assert titles == ["Body acceleration, g", "Angular rate, rad/s", "Total acceleration, g"]
    for sensor, axes in enumerate(figure.axes):
        for axis, line in enumerate(axes.lines):
            assert_allclose(line.get_ydata(), signals[:, 3 * sensor + axis])
            assert line.get_color() == (BLUE, GOLD, ROSE)[axis]
        assert axes.get_xlim() == (0, 2.56)
    save_png(figure, tmp_path / "window.png")


def test_a_still_window_is_not_blown_up():
    signals = np.random.default_rng(0).normal(scale=0.001, size=(128, 9))
    spans = [np.ptp(axes.get_ylim()) for axes in signals_figure(signals, UCI_CHANNELS, 50).axes]
    assert_allclose(spans, [LEAST_SPAN[unit] for unit in ("g", "rad/s", "g")])


def test_channels_without_axes_have_a_panel_each():
    figure = signals_figure(np.zeros((20, 2)), ("heart_rate", "acc"), rate_hz=10)
    assert [axes.get_title("left") for axes in figure.axes] == ["heart_rate, g", "Acceleration, g"]
