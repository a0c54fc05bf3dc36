from __future__ import annotations

import numpy as np
import pytest
from builders import CHANNELS, RATE_HZ, small_windows
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import signal, stats
from scipy.spatial.transform import Rotation

from har.model_selection.features import BAND_EDGES_HZ, LAGS_S, SMALLEST_DEVIATION, summary_features
from har.signals.channels import SAMPLE_RATE_HZ, UCI_CHANNELS

TRIAD = ("body_acc_x", "body_acc_y", "body_acc_z")
SIGNALS = small_windows().signals


def features_of(signals=SIGNALS, channels=CHANNELS, rate_hz=RATE_HZ):
    return summary_features(signals, channels, rate_hz)


def one_series(values, rate_hz=SAMPLE_RATE_HZ):
    """Return the features of one window of one channel, named s."""
    table = summary_features(np.asarray(values, float)[None, :, None], ("s",), rate_hz)
    return table.iloc[0].rename(lambda name: name.removeprefix("s "))


def sine(frequency_hz, n_timesteps=128, amplitude=1.0):
    time_s = np.arange(n_timesteps) / SAMPLE_RATE_HZ
    return amplitude * np.sin(2 * np.pi * frequency_hz * time_s)


def log_of(deviation):
    return np.log10(np.maximum(deviation, SMALLEST_DEVIATION))


OVER_TIME = {
    "mean": np.mean,
    "deviation": np.std,
    "log_deviation": lambda x: log_of(np.std(x)),
    "log_change": lambda x: log_of(np.std(x[1:] - x[:-1])),
    "min": np.min,
    "max": np.max,
    "median_deviation": stats.median_abs_deviation,
    "interquartile_range": stats.iqr,
    "energy": lambda x: (x @ x) / len(x),
    "skewness": stats.skew,
    "kurtosis": lambda x: stats.kurtosis(x, fisher=False),
    "mean_crossings": lambda x: np.mean(np.sign(x - x.mean())[1:] != np.sign(x - x.mean())[:-1]),
}


@pytest.mark.parametrize("feature", OVER_TIME)
def test_features_over_time_are_those_of_numpy_and_scipy(feature):
    table = features_of()
    for place, channel in enumerate(CHANNELS):
        expected = [OVER_TIME[feature](window[:, place].astype(float)) for window in SIGNALS]
        np.testing.assert_allclose(table[f"{channel} {feature}"], expected, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("lag_s", LAGS_S)
def test_correlations_after_a_lag_are_the_autocorrelation(lag_s):
    values = np.random.default_rng(0).normal(size=128)
    z = (values - values.mean()) / values.std()
    autocorrelation = np.correlate(z, z, "full")[127:] / 128
    lag = round(lag_s * SAMPLE_RATE_HZ)
    found = one_series(values)[f"correlation_after_{lag_s}_s"]
    assert found == pytest.approx(autocorrelation[lag])


def test_a_lag_longer_than_the_window_gives_no_correlation():
    assert one_series(sine(2.0, n_timesteps=20))["correlation_after_1.0_s"] == 0


def test_spectra_are_those_of_a_windowed_periodogram():
    values = np.random.default_rng(0).normal(size=128)
    f, density = signal.periodogram(values, 50.0, window="hann", detrend="constant")
    f, density = f[1:], density[1:]
    found = one_series(values)
    assert found["dominant_frequency"] == f[density.argmax()]
    assert found["spectral_entropy"] == pytest.approx(stats.entropy(density))
    assert found["spectral_centroid"] == pytest.approx(np.average(f, weights=density))
    for low, high in zip(BAND_EDGES_HZ, BAND_EDGES_HZ[1:], strict=False):
        variance = density[(f > low) & (f <= high)].sum() * 50.0 / 128
        name = f"log_deviation_{low:g}_to_{high:g}_hz"
        assert found[name] == pytest.approx(np.log10(variance) / 2)


@pytest.mark.parametrize(("frequency_hz", "band"), [(2.5, "2_to_3"), (5.1, "4_to_6")])
def test_a_sine_is_found_at_its_frequency_with_its_deviation(frequency_hz, band):
    found = one_series(sine(frequency_hz, amplitude=0.01) + 1.0)
    bands = found.filter(like="_hz")
    assert bands.idxmax() == f"log_deviation_{band}_hz"
    assert bands.max() == pytest.approx(np.log10(0.01 / np.sqrt(2)), abs=0.05)
    assert found["dominant_frequency"] == pytest.approx(frequency_hz, abs=0.4)
    assert found["spectral_centroid"] == pytest.approx(frequency_hz, abs=0.1)


def test_the_length_of_a_triad_is_summarised_like_a_channel():
    table = features_of()
    lengths = np.linalg.norm(SIGNALS[..., :3].astype(float), axis=2)
    np.testing.assert_allclose(table["acc_length deviation"], lengths.std(axis=1))
    assert "gyro_length deviation" not in table  # a gyroscope of one axis
    assert "gyro_x deviation" in table


def test_axes_of_a_triad_are_correlated_as_numpy_says():
    table = features_of()
    for axes, first, second in (("xy", 0, 1), ("xz", 0, 2), ("yz", 1, 2)):
        expected = [np.corrcoef(window[:, first], window[:, second])[0, 1] for window in SIGNALS]
        np.testing.assert_allclose(table[f"acc correlation_{axes}"], expected, rtol=1e-5)


def test_the_magnitude_area_is_the_mean_of_absolute_values_over_all_axes():
    expected = np.abs(SIGNALS[..., :3]).mean(axis=1).sum(axis=1)
    np.testing.assert_allclose(features_of()["acc magnitude_area"], expected, rtol=1e-6)


def test_tilts_are_the_angles_between_mean_gravity_and_the_axes():
    gravity = np.array([0.0, -np.sin(0.3), np.cos(0.3)])
    window = np.tile(gravity, (1, 128, 1)) + sine(2.0)[None, :, None]
    channels = ("total_acc_x", "total_acc_y", "total_acc_z")
    window -= window.mean(axis=1, keepdims=True) - gravity
    tilts = summary_features(window, channels, 50.0).filter(like="tilt")
    np.testing.assert_allclose(tilts.iloc[0], [np.pi / 2, np.pi / 2 + 0.3, 0.3])


def test_movements_are_parted_into_those_along_and_across_gravity():
    along, across, up = sine(2.0), sine(3.0, amplitude=0.5), np.array([0.0, 0.6, 0.8])
    body_acc = np.outer(along, up) + np.outer(across, [0.0, 0.8, -0.6])
    total_acc = body_acc - body_acc.mean(axis=0) + 0.98 * up
    window = np.concatenate([body_acc, total_acc], axis=1)[None]
    found = features_of(window, UCI_CHANNELS[:3] + UCI_CHANNELS[6:], SAMPLE_RATE_HZ).iloc[0]
    for part, expected in (("along", along), ("across", np.abs(across))):
        for name, value in one_series(expected).items():
            assert found[f"body_acc_{part}_gravity {name}"] == pytest.approx(value, abs=1e-9)


def test_parts_along_and_across_gravity_are_the_same_however_the_phone_is_turned():
    signals = np.random.default_rng(0).normal(size=(5, 128, 9))
    turn = Rotation.random(random_state=0).as_matrix()
    turned = (signals.reshape(5, 128, 3, 3) @ turn.T).reshape(signals.shape)
    tables = (features_of(each, UCI_CHANNELS, SAMPLE_RATE_HZ) for each in (signals, turned))
    before, after = (table.filter(regex="gravity|length") for table in tables)
    assert before.shape[1] == 7 * 32
    np.testing.assert_allclose(before, after, atol=1e-6)


def test_a_triad_without_gravity_has_no_tilts():
    assert not any("tilt" in name for name in features_of(SIGNALS[..., :3], TRIAD))


def test_small_movements_differ_as_much_in_their_logarithms_as_large_ones():
    sway, walk = one_series(sine(1.5, amplitude=0.002)), one_series(sine(1.5, amplitude=0.2))
    still = one_series(sine(1.5, amplitude=0.001))
    assert sway["log_deviation"] - still["log_deviation"] == pytest.approx(np.log10(2))
    assert walk["log_deviation"] - sway["log_deviation"] == pytest.approx(2)


def test_the_channels_of_uci_har_have_527_features_of_different_names():
    signals = np.random.default_rng(0).normal(size=(3, 128, 9))
    table = summary_features(signals, UCI_CHANNELS, SAMPLE_RATE_HZ)
    assert table.shape == (3, 527)
    assert table.columns.is_unique


def test_a_windows_features_do_not_depend_on_the_windows_around_it():
    together = features_of()
    order = np.random.default_rng(0).permutation(len(SIGNALS))
    np.testing.assert_array_equal(features_of(SIGNALS[order]), together.iloc[order])
    for place in (0, 5, len(SIGNALS) - 1):
        alone = features_of(SIGNALS[place : place + 1])
        np.testing.assert_array_equal(alone, together.iloc[[place]])


@given(arrays(np.float32, 4, elements=st.floats(-50, 50, width=32)), st.sampled_from([2, 16, 128]))
@settings(max_examples=50, deadline=None)
def test_a_constant_window_has_finite_features_and_no_movement(values, n_timesteps):
    table = features_of(np.tile(values, (1, n_timesteps, 1)))
    assert np.isfinite(table.to_numpy()).all()
    assert np.allclose(table.filter(like="log_deviation"), np.log10(SMALLEST_DEVIATION))


@given(arrays(np.float32, (2, 16, 4), elements=st.floats(-50, 50, width=32)))
@settings(max_examples=50, deadline=None)
def test_any_finite_window_has_finite_features(signals):
    assert np.isfinite(features_of(signals).to_numpy()).all()
