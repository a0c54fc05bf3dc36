from __future__ import annotations

from xml.etree import ElementTree

import numpy as np
import pytest
from numpy.testing import assert_allclose

from har.signals.channels import RAW_CHANNELS, UCI_CHANNELS
from har.sparklines import sparklines


def signals_of(n_windows, channels, n_timesteps=128):
    shape = (n_windows, n_timesteps, len(channels))
    return np.random.default_rng(0).normal(size=shape).astype(np.float32)


def heights(svg):
    """The lines of a drawing, shape (n_axes, n_timesteps); up is positive."""
    paths = [path.get("d") for path in ElementTree.fromstring(svg).iter("path")]
    lines = []
    for path in paths:
        start, steps = path.removeprefix("M0 ").split("l")
        numbers = [int(number) for number in steps.replace("-", " -").split()]
        assert set(numbers[::2]) == {1}
        lines.append(-np.cumsum([int(start), *numbers[1::2]]))
    return np.array(lines)


def test_each_line_is_its_signal_on_a_grid():
    signals = signals_of(3, RAW_CHANNELS)
    for window, drawings in zip(signals, sparklines(signals, RAW_CHANNELS), strict=True):
        for columns, svg in zip((slice(0, 3), slice(3, 6)), drawings, strict=True):
            span = np.ptp(signals[:, :, columns])
            expected = window[:, columns].T / span * 60
            drawn = heights(svg)
            # One shift for all lines, and rounding.
            assert np.ptp(drawn - expected) <= 1.001


def test_the_total_acceleration_is_drawn_where_there_are_two():
    signals = signals_of(1, UCI_CHANNELS)
    signals[:, :, :3] = 0
    ((acceleration, _),) = sparklines(signals, UCI_CHANNELS)
    assert np.ptp(heights(acceleration)) == 60


def test_all_windows_have_one_scale_and_rest_looks_like_rest():
    signals = np.zeros((2, 128, 3), dtype=np.float32)
    signals[0, :, 0] = np.linspace(0, 2, 128)
    signals[1, :, 0] = np.linspace(0, 0.2, 128)
    (moving,), (resting,) = sparklines(signals, RAW_CHANNELS[:3])
    assert (np.ptp(heights(moving)), np.ptp(heights(resting))) == (60, 6)
    ((alone,),) = sparklines(signals[1:], RAW_CHANNELS[:3])
    assert np.ptp(heights(alone)) == pytest.approx(60 * 0.2 / 0.5)


def test_who_cannot_see_a_drawing_is_told_its_range():
    signals = signals_of(1, RAW_CHANNELS)
    signals[0, 0, 0], signals[0, 0, 1], signals[0, 0, 3] = -9, 5.128, 7
    ((acceleration, rate),) = sparklines(signals, RAW_CHANNELS)
    root = ElementTree.fromstring(acceleration)
    assert (root.get("role"), root.find("title").text) == ("img", "Acceleration, −9 to 5.13 g")
    assert ElementTree.fromstring(rate).find("title").text.endswith("to 7 rad/s")


@pytest.mark.parametrize("channels", [RAW_CHANNELS[:3], ("gyro_x",)])
def test_one_sensor_is_one_drawing(channels):
    (drawings,) = sparklines(signals_of(1, channels), channels)
    assert len(drawings) == 1
    assert len(heights(drawings[0])) == len(channels)


def test_a_drawing_is_small():
    signals = signals_of(50, UCI_CHANNELS)
    of_all = "".join(svg for drawings in sparklines(signals, UCI_CHANNELS) for svg in drawings)
    assert len(of_all) / 50 < 5000
    assert_allclose(signals, signals_of(50, UCI_CHANNELS))
