from __future__ import annotations

import numpy as np
from builders import refused
from speed.commands import recording_of, rounds_of, use_of

from har.errors import RunError
from har.signals.channels import UCI_CHANNELS
from har.signals.windows import Windows


def test_a_child_is_measured_alone():
    used = use_of("-S", "-c", "x = bytearray(200_000_000); x[::4096] = x[::4096]")
    assert used.n_bytes > 200_000_000
    assert use_of("-S", "-c", "pass").n_bytes < 100_000_000
    assert 0 < used.cpu_s


def test_a_command_that_fails_is_an_error_with_its_last_line():
    with refused(RunError, "no such thing"):
        use_of("-S", "-c", "raise SystemExit('no such thing')")


def test_each_round_has_a_calibration_of_its_own():
    turns = rounds_of(lambda: 3.0, 2)
    assert [seconds for seconds, _ in turns] == [3.0, 3.0]
    assert all(loop_s > 0 for _, loop_s in turns)


def test_windows_that_overlap_by_half_are_joined_to_a_recording():
    samples = np.arange(64 * 6)[:, None] + np.arange(9) / 10
    signals = np.stack([samples[start : start + 128] for start in range(0, 64 * 5, 64)])
    windows = Windows(
        signals.astype(np.float32), np.zeros(5, int), np.ones(5, int), UCI_CHANNELS, ("A",), 50.0
    )
    found = recording_of(windows, 400)
    np.testing.assert_allclose(found[:320], samples[:320, [6, 7, 8, 3, 4, 5]])
    np.testing.assert_allclose(found[320:], samples[:80, [6, 7, 8, 3, 4, 5]])
