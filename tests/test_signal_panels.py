from __future__ import annotations

import numpy as np
from numpy.testing import assert_allclose

from har.drawings import save_png
from har.signal_panels import signals_figure
from har.signals.channels import UCI_CHANNELS
from har.style import BLUE, GOLD, LEAST_SPAN, ROSE


def test_a_window_has_a_panel_per_sensor_with_its_unit(tmp_path):
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
