from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.testing import assert_allclose, assert_array_equal
from scipy import ndimage, signal

from har.filters import (
    GRAVITY,
    GYROSCOPE_DRIFT,
    NOISE,
    LowPass,
    as_printed,
    median_of_three,
    uci_har_channels,
)

# Machines are shared: how long an example takes says nothing.
unhurried = settings(deadline=None)

ORDER_AND_CUTOFF_HZ = {"noise": (10, 20.0), "gravity": (3, 0.3), "drift": (2, 0.1)}
FILTERS = {"noise": NOISE, "gravity": GRAVITY, "drift": GYROSCOPE_DRIFT}
each_filter = pytest.mark.parametrize("name", FILTERS)


def signals_of(n_channels):
    """Sensor readings of some length, for hypothesis."""
    shapes = st.tuples(st.integers(1, 60), st.just(n_channels))
    return hnp.arrays(np.float64, shapes, elements=st.floats(-20, 20))


def reference_low_pass(name, signals):
    """Filter by the plain difference equation, where `LowPass` uses second-order sections."""
    order, cutoff_hz = ORDER_AND_CUTOFF_HZ[name]
    return signal.lfilter(*signal.butter(order, cutoff_hz / 25), signals, axis=0)


@unhurried
@given(signals_of(2))
def test_the_median_is_that_of_scipy(signals):
    expected = ndimage.median_filter(signals, (3, 1), mode="constant")
    assert_array_equal(median_of_three(signals), expected)


@each_filter
def test_a_low_pass_is_the_butterworth_of_scipy(name):
    signals = np.random.default_rng(0).normal(size=(500, 3))
    assert_allclose(FILTERS[name](signals), reference_low_pass(name, signals), atol=1e-9)


@each_filter
def test_a_low_pass_halves_the_power_at_its_cutoff(name):
    cutoff_hz = ORDER_AND_CUTOFF_HZ[name][1]
    times_s = np.arange(0, 200, 0.02)
    wave = np.sin(2 * np.pi * cutoff_hz * times_s)[:, np.newaxis]
    settled = FILTERS[name](wave)[len(wave) // 2 :]
    assert np.mean(settled**2) / np.mean(wave**2) == pytest.approx(0.5, rel=1e-3)


@each_filter
@unhurried
@given(data=st.data(), factor=st.floats(-5, 5))
def test_a_low_pass_is_linear(name, data, factor):
    one = data.draw(signals_of(2))
    other = data.draw(hnp.arrays(np.float64, one.shape, elements=st.floats(-20, 20)))
    together = FILTERS[name](one + factor * other)
    assert_allclose(together, FILTERS[name](one) + factor * FILTERS[name](other), atol=1e-9)


@pytest.mark.parametrize(
    ("process", "n_channels", "look_ahead"),
    [(NOISE, 2, 0), (GRAVITY, 2, 0), (median_of_three, 2, 1), (uci_har_channels, 6, 1)],
)
@unhurried
@given(data=st.data())
def test_what_comes_later_changes_nothing_before(process, n_channels, look_ahead, data):
    signals = data.draw(signals_of(n_channels))
    now = data.draw(st.integers(0, len(signals) - 1))
    changed = signals.copy()
    changed[now + look_ahead + 1 :] += 3
    assert_array_equal(process(changed)[: now + 1], process(signals)[: now + 1])


def test_the_median_looks_one_sample_ahead():
    signals = np.array([[0.0], [1.0], [0.0]])
    changed = np.array([[0.0], [1.0], [1.0]])
    assert median_of_three(signals)[1] == 0
    assert median_of_three(changed)[1] == 1


def test_the_nine_channels_are_those_of_a_plain_reference():
    samples = np.random.default_rng(0).normal(size=(400, 6))
    denoised = reference_low_pass("noise", signal.medfilt(samples, (3, 1)))
    total_acc, gyro = denoised[:, :3], denoised[:, 3:]
    body_acc = total_acc - reference_low_pass("gravity", total_acc)
    body_gyro = gyro - reference_low_pass("drift", gyro)
    expected = np.hstack([body_acc, body_gyro, total_acc])
    assert_allclose(uci_har_channels(samples), expected, atol=1e-9)


@pytest.mark.parametrize(("after_s", "leak_g"), [(2, 0.082), (5, 9.8e-3), (10, 6e-5)])
def test_gravity_leaves_the_body_acceleration_in_ten_seconds(after_s, leak_g):
    at_rest = np.zeros((1000, 6))
    at_rest[:, 2] = 1.0
    body_acc_z = uci_har_channels(at_rest)[after_s * 50 :, 2]
    assert np.abs(body_acc_z).max() == pytest.approx(leak_g, rel=0.1)


def test_filters_of_other_orders_can_be_made():
    assert LowPass(order=3, cutoff_hz=0.3) == GRAVITY


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
