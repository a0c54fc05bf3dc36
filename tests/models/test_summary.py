"""The summary's features, against named ones, SciPy's and the packed network's."""

from __future__ import annotations

import numpy as np
import pytest
from builders import random_weights, weights_of
from numpy.testing import assert_allclose
from scipy.signal import periodogram
from scipy.stats import entropy

from har.model_selection.features import summary_features
from har.models.backend import autograd, mx
from har.models.constants import BAND_EDGES, LAGS, LARGEST, N_PER_SIGNAL, Triads
from har.models.packed.summary import PackedSummary
from har.models.summary import Summary
from har.signals.channels import UCI_CHANNELS

N_TIMESTEPS, RATE_HZ = 128, 50.0
SIGNALS = np.random.default_rng(0).normal(size=(7, N_TIMESTEPS, 9)).cumsum(axis=1).astype("f4") / 9
DERIVED = (
    *("body_acc_length", "body_gyro_length", "total_acc_length"),
    *("body_acc_along_gravity", "body_acc_across_gravity"),
    *("body_gyro_along_gravity", "body_gyro_across_gravity"),
)


def summary_of(signals, channels=UCI_CHANNELS, scaled_by=None):
    """Give the block, its features, and its constants without their prefix."""
    block = Summary(channels, signals.shape[1], "har_")
    block.initialize()
    block.set_scaling([scaled_by if scaled_by is not None else signals])
    if scaled_by is None:
        block.mean.set_data(mx.nd.zeros(block.mean.shape))
        block.scale.set_data(mx.nd.ones(block.scale.shape) * 1e6)
    features = block(mx.nd.array(signals)).asnumpy()
    constants = {name.removeprefix("har_"): values for name, values in weights_of(block).items()}
    return block, features if scaled_by is not None else features * 1e6, constants


def of_signals(features, n_signals):
    return features[:, : n_signals * N_PER_SIGNAL].reshape(len(features), n_signals, -1)


def test_its_features_are_those_with_names():
    _, features, _ = summary_of(SIGNALS)
    named = summary_features(SIGNALS, UCI_CHANNELS, RATE_HZ)
    signals = (*UCI_CHANNELS, *DERIVED)
    found = of_signals(features, len(signals))
    lags = [f"correlation_after_{lag / RATE_HZ:g}_s" for lag in LAGS]
    lags[-1] = "correlation_after_1.0_s"
    edges = [f"{edge * RATE_HZ:g}" for edge in BAND_EDGES]
    bands = [f"log_deviation_{a}_to_{b}_hz" for a, b in zip(edges, edges[1:], strict=False)]
    names = ["mean", "log_deviation", *lags, None, *bands, "spectral_entropy", "spectral_centroid"]
    assert len(names) == N_PER_SIGNAL
    for place, name in enumerate(names):
        if name is None:
            continue
        expected = named[[f"{signal} {name}" for signal in signals]].to_numpy()
        if name.startswith("log"):
            expected = expected * 2 * np.log(10)
        if name == "spectral_centroid":
            expected = expected / RATE_HZ
        # The named entropy counts the highest frequency half, which hardly matters.
        tolerance = 0.02 if name == "spectral_entropy" else 2e-3
        assert_allclose(found[..., place], expected, rtol=1e-3, atol=tolerance, err_msg=name)
    of_triads = [
        f"{triad} correlation_{axes}"
        for triad in ("body_acc", "body_gyro", "total_acc")
        for axes in ("xy", "xz", "yz")
    ]
    of_triads += [f"total_acc tilt_{axis}" for axis in "xyz"]
    assert_allclose(features[:, -12:], named[of_triads], atol=2e-3)


def test_energy_of_changes_and_entropy_are_those_of_the_periodogram():
    frequencies, density = periodogram(SIGNALS[..., 0], window="hann", axis=1)
    _, features, _ = summary_of(SIGNALS)
    density = density[:, 1:] / N_TIMESTEPS
    changes = (density * (2 - 2 * np.cos(2 * np.pi * frequencies[1:]))).sum(axis=1)
    found = of_signals(features, 16)[:, 0]
    assert_allclose(found[:, 2 + len(LAGS)], np.log(changes), rtol=1e-3)
    # The periodogram counts what stands for negative frequencies twice, the highest once.
    density[:, -1] *= 2
    assert_allclose(found[:, -2], entropy(density, axis=1), rtol=1e-3)


@pytest.mark.parametrize(
    "channels",
    [
        UCI_CHANNELS,
        UCI_CHANNELS[6:] + UCI_CHANNELS[:3],
        ("acc_x", "acc_y", "acc_z", "gyro_x"),
        ("body_acc_x", "body_acc_y", "body_acc_z"),
        ("strength", "light"),
    ],
    ids="-".join,
)
@pytest.mark.parametrize("n_timesteps", [2, 3, 16, 127, 128])
def test_packed_features_are_those_of_the_layers(channels, n_timesteps):
    signals = SIGNALS[:, :n_timesteps, : len(channels)]
    block, features, constants = summary_of(signals, channels, scaled_by=signals)
    assert features.shape == (len(signals), block.n_features)
    assert np.ptp(features, axis=0).max() > 1
    assert_allclose(PackedSummary(channels, constants)(signals), features, atol=5e-3)


def test_features_are_standardised_by_training_windows():
    _, features, _ = summary_of(SIGNALS, scaled_by=SIGNALS)
    assert_allclose(features.mean(axis=0), 0, atol=1e-3)
    varies = features.std(axis=0) > 0
    assert_allclose(features.std(axis=0)[varies], 1, atol=1e-3)


def test_signals_without_bounds_or_without_change_stay_finite():
    block, _, _ = summary_of(SIGNALS, scaled_by=SIGNALS)
    signals = np.stack([0 * SIGNALS[0], 0 * SIGNALS[0] + 1, 1e4 * SIGNALS[0], 1e-9 * SIGNALS[0]])
    windows = mx.nd.array(signals)
    windows.attach_grad()
    with autograd.record():
        features = block(windows)
        total = features.sum()
    total.backward()
    assert np.isfinite(features.asnumpy()).all()
    assert np.abs(features.asnumpy()).max() <= LARGEST
    assert np.isfinite(windows.grad.asnumpy()).all()


def test_its_gradient_is_that_of_differences():
    block, _, _ = summary_of(SIGNALS, scaled_by=SIGNALS)
    weights = mx.nd.array(np.random.default_rng(1).normal(size=(1, block.n_features)))
    windows = mx.nd.array(SIGNALS[:1])
    windows.attach_grad()
    with autograd.record():
        total = (block(windows) * weights).sum()
    total.backward()
    step = np.zeros_like(SIGNALS[:1])
    step[0, 60, 4] = 0.02
    ends = [(block(mx.nd.array(SIGNALS[:1] + s)) * weights).sum().asscalar() for s in (step, -step)]
    slope = (ends[0] - ends[1]) / 0.04
    assert windows.grad.asnumpy()[0, 60, 4] == pytest.approx(slope, rel=0.05)


def test_triads_are_found_by_their_names():
    triads = Triads(("light", *UCI_CHANNELS))
    assert triads.places == [[1, 2, 3], [4, 5, 6], [7, 8, 9]]
    assert (triads.gravity, triads.movements) == (2, [0, 1])
    alone = Triads(("body_acc_x", "body_acc_y", "body_acc_z", "acc_x"))
    assert (alone.places, alone.gravity, alone.movements) == ([[0, 1, 2]], None, [])


def test_random_weights_leave_the_tables_as_they_are():
    block = Summary(UCI_CHANNELS, 32, "har_")
    expected = summary_of(SIGNALS[:, :32])[2]
    found = random_weights(block)
    for name in ("summary_waves", "summary_weights"):
        assert_allclose(found[f"har_{name}"], expected[name])
