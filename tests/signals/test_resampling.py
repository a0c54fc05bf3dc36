from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from scipy import interpolate

from har.signals import resampling
from har.signals.resampling import fits_grid, resample

INSIDE = slice(25, -25)


def sine(seconds, frequency_hz):
    return np.sin(2 * np.pi * frequency_hz * np.asarray(seconds) + 0.3)


@settings(deadline=None, max_examples=30)
@given(st.floats(10, 400), st.integers(0, 2**31), st.floats(0, 0.3))
def test_a_slow_movement_survives_any_rate_and_jitter(rate_hz, seed, jitter):
    seconds = np.arange(int(20 * rate_hz)) / rate_hz
    seconds[1:] += np.random.default_rng(seed).uniform(-jitter, jitter, len(seconds) - 1) / rate_hz
    resampled = resample(seconds, sine(seconds, 0.8)[:, None], rate_hz, 50.0)
    at = np.arange(len(resampled)) / 50
    assert seconds[-1] - 0.02 < at[-1] <= seconds[-1] + 1e-6
    assert_allclose(resampled[INSIDE, 0], sine(at, 0.8)[INSIDE], atol=0.02)


@pytest.mark.parametrize(("frequency_hz", "gain"), [(2.0, 1.0), (10.0, 1.0), (18.0, 1.0)])
def test_what_50_hz_can_show_keeps_its_strength(frequency_hz, gain):
    seconds = np.arange(4000) / 200
    resampled = resample(seconds, sine(seconds, frequency_hz)[:, None], 200.0, 50.0)[:, 0]
    at = np.arange(len(resampled)) / 50
    assert_allclose(resampled[INSIDE], gain * sine(at, frequency_hz)[INSIDE], atol=0.02)


@pytest.mark.parametrize("frequency_hz", [32.0, 45.0, 60.0, 90.0])
def test_what_50_hz_cannot_show_does_not_fold_down(frequency_hz):
    seconds = np.arange(4000) / 200
    resampled = resample(seconds, sine(seconds, frequency_hz)[:, None], 200.0, 50.0)
    assert np.abs(resampled[INSIDE]).max() < 0.02


def test_between_like_rates_the_spline_is_scipys():
    random = np.random.default_rng(0)
    seconds = np.cumsum(random.uniform(0.018, 0.022, 3000))
    samples = random.normal(size=(3000, 2))
    resampled = resample(seconds, samples, 50.0, 50.0)
    at = seconds[0] + np.arange(len(resampled)) / 50
    assert_allclose(resampled, interpolate.CubicSpline(seconds, samples)(at), atol=1e-6)


@pytest.mark.parametrize("rate_hz", [49.0, 120.0])
def test_blocks_leave_no_seams(monkeypatch, rate_hz):
    seconds = np.arange(5000) / rate_hz
    samples = np.random.default_rng(0).normal(size=(5000, 2))
    whole = resample(seconds, samples, rate_hz, 50.0)
    monkeypatch.setattr(resampling, "_BLOCK_SAMPLES", 300)
    assert_allclose(resample(seconds, samples, rate_hz, 50.0), whole, atol=1e-6)


def test_stamps_close_together_make_no_overshoot():
    seconds = np.arange(200) / 50
    seconds[100] = seconds[99] + 1e-4
    samples = np.random.default_rng(0).uniform(-1, 1, size=(200, 1))
    assert np.abs(resample(seconds, samples, 50.0, 50.0)).max() <= 1


@pytest.mark.parametrize("n_samples", [1, 2, 3])
def test_a_few_samples_are_enough(n_samples):
    samples = np.arange(n_samples, dtype=float)[:, None]
    resampled = resample(np.arange(n_samples) / 50, samples, 50.0, 50.0)
    assert_array_equal(resampled, samples.astype(np.float32))


@pytest.mark.parametrize(
    ("changes", "fits"),
    [({}, True), ({7: 0.009}, True), ({7: -0.009}, True), ({7: 0.011}, False), ({-1: 0.02}, False)],
)
def test_a_grid_fits_samples_within_half_a_step(changes, fits):
    seconds = 3.0 + np.arange(100) / 50
    for place, late in changes.items():
        seconds[place] += late
    assert fits_grid(seconds, 50.0) is fits
