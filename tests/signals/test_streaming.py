from __future__ import annotations

import numpy as np
import pytest
from builders import refused
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_array_equal

from har.errors import DataError
from har.signals.channels import UCI_CHANNELS
from har.signals.filters import uci_har_channels
from har.signals.streaming import UciHarStream, WindowStream
from har.signals.windows import sliding_windows

# Machines are shared: how long an example takes says nothing.
unhurried = settings(deadline=None, max_examples=50)
each_start = pytest.mark.parametrize("start", ["zero", "settled"])
each_phone = pytest.mark.parametrize("n_raw_channels", [6, 3])


def noise(n_timesteps, n_channels):
    return np.random.default_rng(0).normal(size=(n_timesteps, n_channels)) + 1


def in_chunks(data, signals):
    """Cut signals anywhere, for hypothesis; some chunks are empty."""
    places = st.lists(st.integers(0, len(signals)), max_size=8).map(sorted)
    return np.split(signals, data.draw(places))


def pushed(stream, chunks):
    return np.concatenate([*(stream.push(chunk) for chunk in chunks), stream.finish()])


@each_start
@each_phone
@unhurried
@given(data=st.data(), n_samples=st.integers(0, 300))
def test_any_chunks_give_the_channels_of_the_whole(start, n_raw_channels, data, n_samples):
    samples = noise(n_samples, n_raw_channels)
    live = pushed(UciHarStream(n_raw_channels, start), in_chunks(data, samples))
    assert_array_equal(live, uci_har_channels(samples, start))


@each_start
def test_single_samples_give_the_channels_of_the_whole(start):
    samples = noise(400, 6).astype(np.float32)
    live = pushed(UciHarStream(start=start), samples[:, np.newaxis])
    assert_array_equal(live, uci_har_channels(samples, start))


def test_channels_come_one_sample_late():
    stream = UciHarStream()
    lengths = [len(stream.push(noise(n, 6))) for n in (0, 1, 0, 1, 10)]
    assert lengths == [0, 0, 0, 1, 10]
    assert len(stream.finish()) == 1


@each_start
def test_after_finish_a_new_stretch_knows_nothing_of_the_old(start):
    stream = UciHarStream(start=start)
    pushed(stream, [noise(70, 6) * 100])
    assert_array_equal(pushed(stream, [noise(50, 6)]), uci_har_channels(noise(50, 6), start))


def test_finishing_nothing_gives_nothing():
    stream = UciHarStream(n_raw_channels=3)
    assert stream.finish().shape == (0, 6)
    pushed(stream, [noise(5, 3)])
    assert stream.finish().shape == (0, 6)


def test_a_pushed_array_may_be_overwritten():
    stream, samples, reused = UciHarStream(), noise(20, 6), np.empty((1, 6))
    live = []
    for sample in samples:
        reused[:] = sample
        live.append(stream.push(reused))
    assert_array_equal(
        np.concatenate([*live, stream.finish()]), uci_har_channels(samples, "settled")
    )


def test_the_stream_names_its_channels():
    assert UciHarStream().channels == UCI_CHANNELS


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_a_value_that_is_no_number_is_refused_and_leaves_no_trace(bad):
    stream, samples = UciHarStream(), noise(20, 6)
    first = stream.push(samples[:10])
    with refused(DataError, "samples", "NaN or infinite", "expected finite"):
        stream.push(np.full((1, 6), bad))
    live = [first, stream.push(samples[10:]), stream.finish()]
    assert_array_equal(np.concatenate(live), uci_har_channels(samples, "settled"))


def test_other_shapes_are_refused():
    with refused(DataError, "(5, 3)", "(n_samples, 6)"):
        UciHarStream().push(noise(5, 3))
    with refused(DataError, "channels", "acc_x, acc_y"):
        UciHarStream(n_raw_channels=4)


@unhurried
@given(
    data=st.data(),
    n_samples=st.integers(0, 120),
    size=st.integers(1, 30),
    step=st.integers(1, 40),
)
def test_any_chunks_give_the_windows_of_the_whole(data, n_samples, size, step):
    channels = noise(n_samples, 9)
    stream = WindowStream(size, step, n_channels=9)
    live = [stream.push(chunk) for chunk in in_chunks(data, channels)]
    signals = np.concatenate([windows.signals for windows in live])
    first_samples = np.concatenate([windows.first_samples for windows in live])
    expected = (
        sliding_windows(channels, size, step) if n_samples >= size else np.empty((0, size, 9))
    )
    assert_array_equal(signals, expected.astype(np.float32))
    assert signals.dtype == np.float32
    assert_array_equal(first_samples, step * np.arange(len(expected)))


def test_a_window_comes_with_its_last_sample():
    stream = WindowStream(size=128, step=64, n_channels=9)
    n_windows = [len(stream.push(noise(1, 9))) for _ in range(256)]
    assert np.flatnonzero(n_windows).tolist() == [127, 191, 255]


def test_after_a_restart_counting_starts_anew():
    stream = WindowStream(size=4, step=2, n_channels=1)
    stream.push(np.arange(7.0)[:, np.newaxis])
    stream.restart()
    windows = stream.push(np.arange(20.0, 25.0)[:, np.newaxis])
    assert windows.first_samples.tolist() == [0]
    assert windows.signals.ravel().tolist() == [20, 21, 22, 23]


def test_only_what_a_later_window_needs_is_kept():
    stream = WindowStream(size=128, step=64, n_channels=9)
    for _ in range(50):
        stream.push(noise(1000, 9))
        assert stream._pending.base is None
        assert len(stream._pending) < 128
