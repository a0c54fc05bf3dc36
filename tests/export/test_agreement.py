"""Windows that exports are compared on."""

from __future__ import annotations

import numpy as np

from har.export.agreement import made_up_windows
from har.signals.channels import RAW_CHANNELS, UCI_CHANNELS
from har.signals.windows import WindowFormat


def test_windows_are_the_same_each_time_with_gravity_where_it_is_measured():
    window_format = WindowFormat(UCI_CHANNELS, ("A", "B"), 50.0, 128)
    windows = made_up_windows(window_format)
    window_format.check(windows)
    assert np.array_equal(windows, made_up_windows(window_format))
    still = windows[0].mean(axis=0)
    assert abs(np.linalg.norm(still[6:]) - 1) < 0.01
    assert np.abs(still[:6]).max() < 0.01
    assert windows[-1].std() > 100 * windows[0, :, :6].std()


def test_raw_channels_have_gravity_too():
    windows = made_up_windows(WindowFormat(RAW_CHANNELS, ("A", "B"), 50.0, 629), 3)
    assert windows.shape == (3, 629, 6)
    assert abs(np.linalg.norm(windows[0, :, :3].mean(axis=0)) - 1) < 0.01
