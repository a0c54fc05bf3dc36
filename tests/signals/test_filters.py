from __future__ import annotations

import numpy as np
import pytest
from builders import refused
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.testing import assert_allclose, assert_array_equal
from scipy import ndimage, signal

from har.errors import DataError
from har.signals.channels import RAW_CHANNELS, UCI_CHANNELS
from har.signals.filters import (
    WARM_UP_S,
    LowPass,
    UciHarLowPasses,
    as_printed,
    channels_from,
    denoised_signals,
    filter_designs,
    inner_medians,
    uci_har_channels,
)

# Machines are shared: how long an example takes says nothing.
unhurried = settings(deadline=None)

ORDER_AND_CUTOFF_HZ = {"noise": (10, 20.0), "gravity": (3, 0.3), "drift": (2, 0.1)}
each_filter = pytest.mark.parametrize("name", ORDER_AND_CUTOFF_HZ)
each_start = pytest.mark.parametrize("start", ["zero", "settled"])


def signals_of(n_channels):
    """Sensor readings of some length, for hypothesis."""
    shapes = st.tuples(st.integers(1, 60), st.just(n_channels))
    return hnp.arrays(np.float64, shapes, elements=st.floats(-20, 20))


def low_pass(name, start="zero"):
    return LowPass(*ORDER_AND_CUTOFF_HZ[name], start)


def reference_low_pass(name, signals, start="zero"):
    """Filter by the plain difference equation, where `LowPass` uses second-order sections."""
    order, cutoff_hz = ORDER_AND_CUTOFF_HZ[name]
    coefficients = signal.butter(order, cutoff_hz / 25)
    state = np.outer(signal.lfilter_zi(*coefficients), signals[0])
    return signal.lfilter(*coefficients, signals, axis=0, zi=state * (start == "settled"))[0]


@unhurried
@given(signals_of(2))
def test_the_median_is_that_of_scipy(signals):
    expected = ndimage.median_filter(signals, (3, 1))[1:-1]
    assert_array_equal(inner_medians(signals), expected)


@each_filter
@each_start
def test_a_low_pass_is_the_butterworth_of_scipy(name, start):
    signals = np.random.default_rng(0).normal(size=(500, 3))
    expected = reference_low_pass(name, signals, start)
    assert_allclose(low_pass(name, start)(signals), expected, atol=1e-9)


@each_filter
@each_start
def test_a_low_pass_goes_on_where_its_last_call_ended(name, start):
    signals = np.random.default_rng(0).normal(size=(500, 3))
    filter_in_parts = low_pass(name, start)
    parts = [filter_in_parts(part) for part in np.split(signals, [0, 1, 1, 2, 300])]
    assert_array_equal(np.concatenate(parts), low_pass(name, start)(signals))


@each_filter
@each_start
def test_a_low_pass_filters_many_pieces_at_once_as_each_alone(name, start):
    pieces = np.random.default_rng(0).normal(size=(100, 4, 3))
    expected = [low_pass(name, start)(pieces[:, number]) for number in range(4)]
    assert_array_equal(low_pass(name, start)(pieces), np.stack(expected, axis=1))


@each_filter
def test_a_low_pass_halves_the_power_at_its_cutoff(name):
    cutoff_hz = ORDER_AND_CUTOFF_HZ[name][1]
    times_s = np.arange(0, 200, 0.02)
    wave = np.sin(2 * np.pi * cutoff_hz * times_s)[:, np.newaxis]
    settled = low_pass(name)(wave)[len(wave) // 2 :]
    assert np.mean(settled**2) / np.mean(wave**2) == pytest.approx(0.5, rel=1e-3)


@each_filter
@each_start
@unhurried
@given(data=st.data(), factor=st.floats(-5, 5))
def test_a_low_pass_is_linear(name, start, data, factor):
    one = data.draw(signals_of(2))
    other = data.draw(hnp.arrays(np.float64, one.shape, elements=st.floats(-20, 20)))
    filtered_one, filtered_other = low_pass(name, start)(one), low_pass(name, start)(other)
    together = low_pass(name, start)(one + factor * other)
    assert_allclose(together, filtered_one + factor * filtered_other, atol=1e-9)


@each_start
@unhurried
@given(data=st.data())
def test_only_the_next_sample_changes_what_came_before(start, data):
    samples = data.draw(signals_of(6))
    now = data.draw(st.integers(0, len(samples) - 1))
    changed = samples.copy()
    changed[now + 2 :] += 3
    before, after = uci_har_channels(samples, start), uci_har_channels(changed, start)
    # What the median puts beyond the end is a look ahead, too.
    n_known = now + 1 if now + 2 < len(samples) else len(samples)
    assert_array_equal(after[:n_known], before[:n_known])


def test_the_median_looks_one_sample_ahead():
    assert inner_medians(np.array([[0.0], [1.0], [0.0]])) == 0
    assert inner_medians(np.array([[0.0], [1.0], [1.0]])) == 1


@pytest.mark.parametrize(("start", "beyond"), [("zero", "constant"), ("settled", "nearest")])
def test_the_nine_channels_are_those_of_a_plain_reference(start, beyond):
    samples = np.random.default_rng(0).normal(size=(400, 6)) + 1
    medians = ndimage.median_filter(samples, (3, 1), mode=beyond)
    denoised = reference_low_pass("noise", medians, start)
    total_acc, gyro = denoised[:, :3], denoised[:, 3:]
    body_acc = total_acc - reference_low_pass("gravity", total_acc, start)
    body_gyro = gyro - reference_low_pass("drift", gyro, start)
    expected = np.hstack([body_acc, body_gyro, total_acc])
    assert_allclose(uci_har_channels(samples, start), expected, atol=1e-9)


def test_denoised_signals_are_those_of_a_plain_reference():
    samples = np.random.default_rng(0).normal(size=(400, 6)) + 1
    medians = ndimage.median_filter(samples, (3, 1), mode="constant")
    expected = reference_low_pass("noise", medians)
    assert_allclose(denoised_signals(samples), expected, atol=1e-9)


@each_start
def test_without_a_gyroscope_the_channels_of_acceleration_are_the_same(start):
    samples = np.random.default_rng(0).normal(size=(100, 6))
    of_acceleration = [UCI_CHANNELS.index(name) for name in channels_from(RAW_CHANNELS[:3])]
    expected = uci_har_channels(samples, start)[:, of_acceleration]
    assert_array_equal(uci_har_channels(samples[:, :3], start), expected)


def test_the_columns_have_names():
    assert channels_from(RAW_CHANNELS) == UCI_CHANNELS
    assert channels_from(("acc_x", "acc_y", "acc_z")) == (*UCI_CHANNELS[:3], *UCI_CHANNELS[6:])
    with refused(DataError, "acc_y, acc_x", "expected acc_x, acc_y, acc_z, gyro_x"):
        channels_from(("acc_y", "acc_x"))


@pytest.mark.parametrize("shape", [(100, 4), (100, 7), (100,)])
def test_other_numbers_of_columns_are_refused(shape):
    with refused(DataError, str(shape), "(n_timesteps, 6) or (n_timesteps, 3)"):
        uci_har_channels(np.zeros(shape))


@each_start
def test_no_samples_give_no_channels(start):
    assert uci_har_channels(np.empty((0, 6)), start).shape == (0, 9)


def at_rest(duration_s):
    samples = np.zeros((duration_s * 50, 6))
    samples[:, 2] = 1.0
    return samples


@pytest.mark.parametrize(("after_s", "leak_g"), [(2, 0.082), (5, 9.8e-3), (WARM_UP_S, 6e-5)])
def test_gravity_leaves_the_body_acceleration_in_ten_seconds(after_s, leak_g):
    body_acc_z = uci_har_channels(at_rest(duration_s=20))[int(after_s * 50) :, 2]
    assert np.abs(body_acc_z).max() == pytest.approx(leak_g, rel=0.1)


def test_a_settled_start_leaks_no_gravity_at_rest():
    channels = uci_har_channels(at_rest(duration_s=20), "settled")
    assert_allclose(channels, [[0, 0, 0, 0, 0, 0, 0, 0, 1]] * 1000, atol=1e-9)


@unhurried
@given(st.floats(-1e6, 1e6))
def test_a_value_is_rounded_as_it_is_printed(value):
    assume(value == 0 or abs(value) >= 1e-15)
    # Within a rounding error of halfway between two printed numbers, either will do.
    digits = abs(value) / 10.0 ** np.floor(np.log10(abs(value) or 1)) * 1e6
    assume(abs(digits % 1 - 0.5) > 1e-6)
    assert as_printed(np.array([value]))[0] == float(f"{value:.6e}")


def test_many_values_are_rounded_as_they_are_printed():
    random = np.random.default_rng(0)
    values = random.normal(size=50_000) * 10.0 ** random.uniform(-9, 3, size=50_000)
    printed = np.array([float(f"{value:.6e}") for value in values])
    assert_array_equal(as_printed(values).astype(np.float32), printed.astype(np.float32))


def test_designs_are_those_of_the_filters():
    medians = np.random.default_rng(0).normal(size=(50, 6))
    noise, gravity, drift = filter_designs()
    low = signal.sosfilt(noise.sections, medians, axis=0)
    slow = [
        signal.sosfilt(design.sections, part, axis=0)
        for design, part in ((gravity, low[:, :3]), (drift, low[:, 3:]))
    ]
    expected = np.concatenate([low - np.concatenate(slow, axis=1), low[:, :3]], axis=1)
    assert_array_equal(UciHarLowPasses("zero")(medians), expected)
    assert_array_equal(noise.settled, signal.sosfilt_zi(noise.sections))
