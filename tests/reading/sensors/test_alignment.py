from __future__ import annotations

import numpy as np
import pytest
from builders import refused
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from har.errors import DataError
from har.reading.sensors.alignment import SensorSeries, align, share_ticks
from har.reading.times.clock import Ticks


def series(name, origin_s=0.0, rate_hz=50.0, n_samples=500, without=()):
    """Measure the sine of the time at each tick, but for some."""
    kept = np.delete(np.arange(n_samples), list(without))
    seconds = kept / rate_hz - kept[0] / rate_hz
    values = np.sin(seconds + origin_s)[:, None].astype(np.float32)
    return SensorSeries(name, Ticks(seconds, rate_hz, 0.0, origin_s), values)


@settings(deadline=None, max_examples=30)
@given(
    origins=st.tuples(st.floats(0, 3), st.floats(0, 3)),
    rates=st.tuples(st.sampled_from([31.0, 50.0, 62.5]), st.sampled_from([25.0, 57.0, 100.0])),
)
def test_sensors_meet_wherever_both_measured(origins, rates):
    one, other = (
        series(name, origin, rate, int(rate * 8))
        for name, origin, rate in zip("ab", origins, rates, strict=True)
    )
    (first, second), (stretch,), _notes = align([one, other], "walk")
    assert len(first) == len(second) == stretch.n_samples
    assert stretch.start_s == pytest.approx(max(origins) - min(origins))
    at = np.arange(len(first)) / 50 + max(origins)
    assert_allclose(first[20:-20, 0], np.sin(at)[20:-20], atol=2e-3)
    assert_allclose(second[20:-20, 0], np.sin(at)[20:-20], atol=2e-3)


def test_gaps_of_either_part_the_recording():
    one = series("a", 1.7e9, without=range(100, 150))
    other = series("b", 1.7e9 + 0.01, without=range(300, 310))
    samples, stretches, notes = align([one, other], "walk")
    assert len(stretches) == 3
    assert [round(stretch.start_s, 2) for stretch in stretches] == [0.01, 3.0, 6.21]
    assert sum(stretch.n_samples for stretch in stretches) == len(samples[0]) == len(samples[1])
    assert "time: 2 gaps, of one sensor or of several" in notes


def test_what_only_one_sensor_has_is_left_out_with_a_note():
    _samples, (stretch,), notes = align([series("a"), series("b", 4.0)], "walk")
    assert (stretch.start_s, stretch.n_samples) == (4.0, 300)
    assert any("8.0 s at the ends left out" in note for note in notes)
    assert any("count from near 0" in note for note in notes)


def test_sensors_without_a_common_time_are_refused():
    with refused(
        DataError, "walk: found acc from 0 to 9.98 s and gyro from 1700000000 to", "one clock"
    ):
        align([series("acc"), series("gyro", 1.7e9)], "walk")


def test_equal_ticks_are_known():
    assert share_ticks([series("a"), series("b")])
    assert not share_ticks([series("a"), series("b", 0.01)])
    assert not share_ticks([series("a"), series("b", n_samples=499)])
