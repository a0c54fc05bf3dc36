from __future__ import annotations

import numpy as np
import pytest
from builders import numpy_heading, numpy_logits, random_weights, refused, tiny_config
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from scipy.special import softmax

from har.classifier import ActivityClassifier
from har.config import ModelConfig
from har.errors import DataError
from har.models.backend import autograd, gluon, mx
from har.models.heading import N_SMALLEST_WINDOW, Heading, gaussian_derivatives
from har.models.network import build_network
from har.signals.augmentation import turn
from har.signals.channels import RAW_CHANNELS, UCI_CHANNELS
from har.signals.windows import Windows

N_TIMESTEPS = 48
RICH = {
    "align_heading": True,
    "views": ("channels", "compressed", "normalised"),
    "n_layers": 1,
    "hidden_size": 4,
    "conv_channels": 5,
    "conv_kernel": 3,
    "conv_skip": True,
    "pooling": "mean_max",
}


def moving(n_windows=12, seed=0, channels=UCI_CHANNELS):
    """Make windows of different strengths that sway smoothly, with gravity in accelerations."""
    random = np.random.default_rng(seed)
    noise = random.normal(size=(n_windows, N_TIMESTEPS + 4, len(channels)))
    smooth = sum(noise[:, i : i + N_TIMESTEPS] for i in range(5)) / 5
    signals = smooth * 10 ** random.uniform(-2, 0, size=(n_windows, 1, 1))
    is_vertical = [name in ("acc_x", "total_acc_x") for name in channels]
    return (signals + np.where(is_vertical, 0.9, 0)).astype(np.float32)


def about_x(signals, angles, channels=UCI_CHANNELS):
    angles = np.broadcast_to(angles, len(signals))
    return turn(signals, channels, angles[:, np.newaxis] * np.array([1.0, 0.0, 0.0]))


def heading_of(channels=UCI_CHANNELS, signals=None):
    signals = moving(channels=channels) if signals is None else signals
    heading = Heading(channels, signals.shape[1], "har_")
    heading.initialize()
    heading.hybridize()
    heading.fit(signals)
    return heading


def network_of(channels=UCI_CHANNELS, n_timesteps=N_TIMESTEPS, **model):
    config = ModelConfig(**{**RICH, **model})
    return build_network(config, n_timesteps, channels, 3, [mx.cpu()]), config


@pytest.mark.parametrize(
    "channels",
    [UCI_CHANNELS, RAW_CHANNELS, UCI_CHANNELS[:3], UCI_CHANNELS[:3] + UCI_CHANNELS[6:]],
    ids="-".join,
)
@pytest.mark.parametrize("is_hybrid", [False, True])
def test_a_network_that_turns_windows_computes_what_numpy_computes(channels, is_hybrid):
    network, config = network_of(channels)
    network.hybridize(is_hybrid)
    weights = random_weights(network)
    signals = moving(channels=channels)
    logits = network(mx.nd.array(signals)).asnumpy()
    assert_allclose(logits, numpy_logits(weights, config, signals, channels=channels), atol=1e-5)


@given(seed=st.integers(0, 1000), angle=st.floats(-np.pi, np.pi))
@settings(max_examples=25, deadline=None)
def test_turns_about_x_change_nothing(seed, angle):
    signals = moving(seed=seed)
    heading = heading_of()
    expected = heading.turned(signals)
    found = heading.turned(about_x(signals, angle))
    assert_allclose(found, expected, atol=2e-3 * np.abs(expected).max())
    assert np.median(np.abs(found - expected)) < 1e-5


def test_a_whole_network_does_not_see_turns_about_x():
    network, _ = network_of()
    random_weights(network)
    signals, angles = moving(), np.random.default_rng(1).uniform(-np.pi, np.pi, 12)
    probabilities = [
        softmax(network(mx.nd.array(given)).asnumpy(), axis=1)
        for given in (signals, about_x(signals, angles))
    ]
    assert_allclose(*probabilities, atol=1e-4)


def test_a_window_is_turned_about_x_as_a_whole():
    signals = moving()
    found = heading_of().turned(signals)
    assert_array_equal(found[:, :, ::3], signals[:, :, ::3])
    before, after = signals.reshape(12, -1, 3), found.reshape(12, -1, 3)
    products = before @ before.swapaxes(1, 2)
    assert_allclose(after @ after.swapaxes(1, 2), products, atol=1e-4)
    areas = [given[:, :-1, 1] * given[:, 1:, 2] - given[:, :-1, 2] * given[:, 1:, 1]
             for given in (before, after)]  # fmt: skip
    assert_allclose(areas[1], areas[0], atol=1e-4)


def walking(n_windows=60, seed=0):
    """Make windows of steps: up and down, and a quarter of a step later forwards, along z."""
    random = np.random.default_rng(seed)
    pace_hz = random.uniform(1.5, 2.2, size=(n_windows, 1))
    phase = 2 * np.pi * (pace_hz * np.arange(128) / 50 + random.uniform(size=(n_windows, 1)))
    signals = random.normal(scale=0.05, size=(n_windows, 128, 9))
    signals[:, :, 0] += 0.3 * np.sin(phase)
    signals[:, :, 2] += 0.2 * np.cos(phase)
    signals[:, :, 6:] = signals[:, :, :3] + [1, 0, 0]
    return signals.astype(np.float32)


def test_windows_of_turned_phones_face_as_those_of_training_did():
    heading = heading_of(signals=walking())
    new = walking(seed=1)
    angles = np.random.default_rng(2).uniform(-np.pi, np.pi, len(new))
    found = heading.turned(about_x(new, angles))
    cosines = (found * new)[:, :, 1:3].sum(axis=(1, 2)) / (new[:, :, 1:3] ** 2).sum(axis=(1, 2))
    assert np.min(cosines) > 0.9


def test_gravity_leaves_no_trace_in_the_filters():
    kernels = gaussian_derivatives()
    assert kernels.shape == (6, 1, 1, N_SMALLEST_WINDOW)
    assert_allclose(kernels.sum(axis=3), 0, atol=1e-6)
    assert_allclose((kernels**2).sum(axis=3), 1, atol=1e-6)


@pytest.mark.parametrize("value", [0.0, 1.0])
def test_a_window_without_any_movement_stays_finite(value):
    network, _ = network_of()
    network.set_heading(moving())
    still = mx.nd.array(np.full((2, N_TIMESTEPS, 9), value, np.float32))
    still.attach_grad()
    with autograd.record():
        logits = network(still)
    logits.backward()
    assert np.isfinite(logits.asnumpy()).all() and np.isfinite(still.grad.asnumpy()).all()


def test_gradients_of_turned_windows_are_those_of_finite_differences():
    heading, signals = heading_of(), moving(6)
    weights = {name: value.data().asnumpy() for name, value in heading.collect_params().items()}
    random = np.random.default_rng(3)
    slopes, way = random.normal(size=(2, *signals.shape)) / 100
    windows = mx.nd.array(signals)
    windows.attach_grad()
    with autograd.record():
        total = (heading(windows) * mx.nd.array(slopes)).sum()
    total.backward()
    above, below = (
        (numpy_heading(weights, signals + sign * 1e-4 * way, UCI_CHANNELS) * slopes).sum((1, 2))
        for sign in (1, -1)
    )
    found = (windows.grad.asnumpy() * way).sum(axis=(1, 2))
    assert_allclose(found, (above - below) / 2e-4, rtol=1e-3, atol=1e-5)


OF_TWO = {"n_members": 2, "align_heading": False, "n_aligned_members": 1}


@pytest.mark.parametrize("members", [{}, {"n_members": 2}, OF_TWO])
def test_gluon_alone_runs_an_exported_model_that_turns_windows(tmp_path, members):
    signals = walking(24)
    labels = np.tile([0, 1, 2], 8)
    signals *= (1 + labels)[:, None, None].astype(np.float32)
    windows = Windows(signals, labels, np.repeat([1, 2, 3, 4], 6), UCI_CHANNELS, ("A", "B", "C"))
    config = tiny_config({**RICH, **members}, n_epochs=1)
    fitted = ActivityClassifier(config).fit(windows)
    fitted.save(tmp_path / "run")
    expected = fitted.predict_proba(windows)
    loaded = ActivityClassifier.load(tmp_path / "run", device="cpu")
    assert_array_equal(loaded.predict_proba(windows), expected)
    run = tmp_path / "run"
    files = (str(run / "model-symbol.json"), ["data"], str(run / "model-0000.params"))
    block = gluon.SymbolBlock.imports(*files, ctx=mx.cpu())
    turned = signals if members == OF_TWO else about_x(signals, 2.0)
    scores = block(mx.nd.array(turned)).asnumpy()
    assert_allclose(softmax(scores, axis=1), expected, atol=1e-3)


@pytest.mark.parametrize(
    "channels", [UCI_CHANNELS[::-1], UCI_CHANNELS[:4], UCI_CHANNELS[3:6], ("x", "y", "z")]
)
def test_channels_that_cannot_be_turned_are_refused(channels):
    with refused(DataError, "model.align_heading: found channels", "expected x, y and z"):
        network_of(channels)


def test_windows_that_are_too_short_to_tell_are_refused():
    with refused(DataError, "model.align_heading: found windows of 24 samples", "at least 25"):
        network_of(n_timesteps=24)
