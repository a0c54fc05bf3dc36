from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from published_copies import movement

from har.datasets.published.timed_rows import put_together, time_rows
from har.errors import DataError


def timed(times_s, channels, name="accelerometer", **more):
    stamps = np.rint(np.asarray(times_s) * 1e9).astype(np.int64)
    samples = movement(times_s)[:, channels].astype(np.float32)
    return time_rows(name, stamps, "ns", samples, "made", **more)


ACC, GYRO = slice(0, 3), slice(3, 6)


@settings(max_examples=20)
@given(rate_hz=st.sampled_from([20, 25, 50, 100, 150, 200]), late_s=st.floats(0.0, 0.9))
def test_two_sensors_are_brought_to_the_same_moments(rate_hz, late_s):
    acc = timed(np.arange(10 * rate_hz) / rate_hz, ACC)
    gyro = timed(late_s + np.arange(10 * rate_hz) / rate_hz, GYRO, "gyroscope")
    recording = put_together([acc, gyro], "a", "made")
    (stretch,) = recording.stretches
    origin = min(one.series.ticks.origin_s for one in (acc, gyro))
    times = origin + stretch.start_s + np.arange(len(recording)) / 50
    inner = slice(30, -30)
    assert_allclose(recording.samples[inner], movement(times)[inner], atol=0.02)
    assert recording.subject == "a" and recording.rate_hz == 50


def test_a_step_is_a_gap_where_it_is_longer_than_asked_for():
    times = np.delete(np.arange(400) / 20, [100, 101])
    strict, lenient = (
        put_together([timed(times, ACC, longest_hole_s=hole)], 1, "made") for hole in (0.1, 0.2)
    )
    assert (len(strict.stretches), len(lenient.stretches)) == (2, 1)


def test_rows_are_those_that_were_kept_in_order():
    times = np.arange(200) / 50
    order = np.arange(200)
    order[[50, 51]] = order[[51, 50]]
    result = timed(times[order], ACC)
    assert result.rows[[50, 51]].tolist() == [51, 50]
    assert any("changed places" in note or "sorted" in note for note in result.notes)


def test_sensors_of_different_times_are_refused():
    acc, gyro = timed(np.arange(200) / 50, ACC), timed(900 + np.arange(200) / 50, GYRO, "gyro")
    with pytest.raises(DataError, match="expected sensors that measured at the same time"):
        put_together([acc, gyro], 1, "made")
