"""Small windows and settings for many tests, and the network in plain NumPy."""

from __future__ import annotations

from contextlib import contextmanager

import numpy as np
import pytest
from scipy.special import expit, log_softmax, softmax

from har.config import Config, DataConfig, ModelConfig, TrainingConfig
from har.signals.windows import Windows

CHANNELS = ("acc_x", "acc_y", "acc_z", "gyro_x")
ACTIVITIES = ("REST", "WALK", "RUN")
RATE_HZ = 20.0


def small_windows(seed=0, n_subjects=6, n_per_class=4, n_timesteps=16) -> Windows:
    """Make windows of three activities that are easy to distinguish: still, slow and fast."""
    random = np.random.default_rng(seed)
    labels = np.tile(np.repeat(np.arange(len(ACTIVITIES)), n_per_class), n_subjects)
    subjects = np.repeat(np.arange(1, n_subjects + 1), n_per_class * len(ACTIVITIES))
    order = random.permutation(len(labels))
    labels, subjects = labels[order], subjects[order]
    phase = random.uniform(0, 2 * np.pi, size=(len(labels), 1, len(CHANNELS)))
    time = np.arange(n_timesteps)[None, :, None] / RATE_HZ
    frequency_hz = np.array([0.0, 1.5, 5.0])[labels][:, None, None]
    strength = np.array([0.0, 0.7, 2.0])[labels][:, None, None]
    signals = strength * np.sin(2 * np.pi * frequency_hz * time + phase)
    signals += random.normal(scale=0.1, size=signals.shape) + [0.0, 0.0, 1.0, 0.0]
    return Windows(signals.astype(np.float32), labels, subjects, CHANNELS, ACTIVITIES, RATE_HZ)


def tiny_config(model=None, n_validation_subjects=2, seed=0, device="cpu", **training) -> Config:
    """Make settings for `small_windows` with which training takes a moment."""
    return Config(
        seed=seed,
        device=device,
        data=DataConfig(n_validation_subjects=n_validation_subjects),
        model=ModelConfig(**{"n_layers": 1, "hidden_size": 8, **(model or {})}),
        training=TrainingConfig(
            **{"n_epochs": 2, "batch_size": 16, "learning_rate": 0.02, **training}
        ),
    )


@contextmanager
def refused(kind, *parts):
    """Expect an error of exactly this kind, in one line that contains these parts."""
    with pytest.raises(kind) as caught:
        yield
    message = str(caught.value)
    assert type(caught.value) is kind, caught.value
    assert "\n" not in message, message
    for part in parts:
        assert part in message, (part, message)


def random_weights(block, seed=0, scale=0.5, devices=None) -> dict[str, np.ndarray]:
    """Set every parameter of a Gluon block, biases too, to random values; return them."""
    random = np.random.default_rng(seed)
    block.initialize(ctx=devices, force_reinit=True)
    weights = {}
    for name, parameter in sorted(block.collect_params().items()):
        values = random.uniform(-scale, scale, parameter.shape).astype(np.float32)
        weights[name] = np.abs(values) + 0.5 if name.endswith(("scale", "var")) else values
        if name.endswith(("summary_waves", "summary_weights")):
            weights[name] = _spectral_table(name, parameter.shape)
        parameter.set_data(weights[name])
    return weights


def _spectral_table(name, shape) -> np.ndarray:
    """Return a table of a summary, which of random numbers would have negative energies."""
    from har.models.constants import spectral_tables

    # The waves have a row for each sample; the weights one for each wave, whose number is unique.
    candidates = map(spectral_tables, [shape[0]] if name.endswith("waves") else range(2, shape[0]))
    place = 0 if name.endswith("waves") else 1
    return next(tables[place] for tables in candidates if tables[place].shape == shape)


def weights_of(block) -> dict[str, np.ndarray]:
    """Copy every parameter of a Gluon block."""
    return {
        name: parameter.list_data()[0].asnumpy()
        for name, parameter in block.collect_params().items()
    }


def numpy_lstm(weights, config, steps) -> np.ndarray:
    """Run LSTM layers by their equations; steps have shape (time, window, value)."""
    for layer in range(config.n_layers):
        forward = _one_direction(weights, f"har_lstm{layer}_l0", steps)
        if config.bidirectional:
            backward = _one_direction(weights, f"har_lstm{layer}_r0", steps[::-1])[::-1]
            forward = np.concatenate([forward, backward], axis=2)
        steps = forward
    return steps


def _one_direction(weights, name, steps) -> np.ndarray:
    w_i, w_f, w_g, w_o = np.split(weights[f"{name}_i2h_weight"], 4)
    u_i, u_f, u_g, u_o = np.split(weights[f"{name}_h2h_weight"], 4)
    bias = weights[f"{name}_i2h_bias"].astype(float) + weights[f"{name}_h2h_bias"]
    b_i, b_f, b_g, b_o = np.split(bias, 4)
    h = c = np.zeros((steps.shape[1], u_i.shape[1]))
    outputs = []
    for x in steps:
        i = expit(x @ w_i.T + h @ u_i.T + b_i)
        f = expit(x @ w_f.T + h @ u_f.T + b_f)
        g = np.tanh(x @ w_g.T + h @ u_g.T + b_g)
        o = expit(x @ w_o.T + h @ u_o.T + b_o)
        c = f * c + i * g
        h = o * np.tanh(c)
        outputs.append(h)
    return np.stack(outputs)


def numpy_pooling(weights, config, hidden) -> np.ndarray:
    """Pool hidden states, shape (time, window, unit), over time."""
    if config.pooling == "last" and config.bidirectional:
        forward, backward = np.split(hidden, 2, axis=2)
        return np.concatenate([forward[-1], backward[0]], axis=1)
    if config.pooling == "last":
        return hidden[-1]
    if config.pooling == "attention":
        seen = np.tanh(hidden @ weights["har_attention_weight"].T + weights["har_attention_bias"])
        share = softmax(seen @ weights["har_score_weight"].T, axis=0)
        return (share * hidden).sum(axis=0)
    if config.pooling == "mean_max":
        return np.concatenate([hidden.mean(axis=0), hidden.max(axis=0)], axis=1)
    return {"sum": np.sum, "mean": np.mean, "max": np.max}[config.pooling](hidden, axis=0)


def numpy_heading(weights, signals, channels) -> np.ndarray:
    """Turn windows of shape (window, time, channel) about x; planes are complex numbers."""
    vectors = signals.reshape(*signals.shape[:2], -1, 3)
    x, plane = vectors[..., 0], vectors[..., 1] + 1j * vectors[..., 2]
    is_movement = np.array([name.startswith("body_") for name in channels[::3]])
    moves = np.flatnonzero(is_movement if is_movement.any() else ~is_movement)
    total = max(place for place, name in enumerate(channels[::3]) if name.endswith("acc_x"))
    turned = []
    for window_x, window_plane in zip(x, plane, strict=True):
        gravity_x, gravity = window_x[:, total].mean(), window_plane[:, total].mean()
        of_scales = _numpy_references(weights, window_x[:, moves], window_plane[:, moves])
        references = np.array([*of_scales, gravity])
        movement = np.sqrt(np.var(window_plane[:, moves[0]]) + 1e-8)
        factors = np.array([1, gravity_x, (np.log(movement) + 3.5) / 1.5])
        real, imaginary = weights["har_heading_weight"].astype(float)
        ahead = np.outer(factors, references).ravel() @ (real + 1j * imaginary)
        faced = window_plane * ahead.conj() / np.sqrt(np.abs(ahead) ** 2 + 1e-12)
        turned.append(np.stack([window_x, faced.real, faced.imag], axis=2))
    return np.stack(turned).reshape(signals.shape)


def _numpy_references(weights, x, plane):
    """Yield correlations and third moments, scale by scale; x and plane: (time, movement)."""
    first_and_second = weights["har_heading_filters"][:, 0, 0].astype(float).reshape(3, 2, -1)
    for kernels in first_and_second:
        seen = np.array([[np.correlate(of, k, "valid") for of in x.T] for k in kernels])
        real, imaginary = (
            np.array([np.correlate(of, kernels[1], "valid") for of in part.T])
            for part in (plane.real, plane.imag)
        )
        along = seen.reshape(-1, seen.shape[2])
        along /= np.sqrt(np.mean(along**2, axis=1, keepdims=True) + 1e-8)
        across = real + 1j * imaginary
        across /= np.sqrt(np.mean(np.abs(across) ** 2, axis=1, keepdims=True) + 1e-8)
        yield from (along @ across.T).ravel() / along.shape[1]
        yield from np.mean(np.abs(across) ** 2 * across, axis=1)


def numpy_views(weights, config, signals, channels=CHANNELS) -> np.ndarray:
    """Return all views, side by side, of windows of shape (window, time, channel)."""
    signals = signals.astype(float)
    is_movement = np.array([name.startswith("body_") for name in channels])
    movements = signals[:, :, is_movement] if is_movement.any() else signals
    views = {
        "compressed": 2
        * np.arcsinh(movements / config.compression)
        / np.arcsinh(1 / config.compression),
        "normalised": (movements - movements.mean(axis=1, keepdims=True))
        / np.sqrt(movements.var(axis=1, keepdims=True) + 1e-8),
    }
    if "channels" in config.views:
        views["channels"] = (signals - weights["har_channel_mean"]) / weights["har_channel_scale"]
    return np.concatenate([views[kind] for kind in config.views], axis=2)


def numpy_convolutions(weights, config, values, is_training=False) -> np.ndarray:
    """Convolve over time; values have shape (window, time, value)."""
    for layer in range(config.conv_layers if config.conv_channels else 0):
        values = numpy_convolution(weights[f"har_conv{layer}_weight"], config, values)
        mean, variance, scale, offset = (
            weights[f"har_norm{layer}_{name}"]
            for name in ("running_mean", "running_var", "gamma", "beta")
        )
        if is_training:
            mean, variance = values.mean(axis=(0, 1)), values.var(axis=(0, 1))
        values = np.maximum((values - mean) / np.sqrt(variance + 1e-5) * scale + offset, 0)
    return values


def numpy_convolution(kernels, config, values) -> np.ndarray:
    """Convolve over time once; kernels have shape (output, value, 1, step)."""
    width = config.conv_kernel // 2
    padded = np.pad(values, [(0, 0), (width, width), (0, 0)])
    seen = np.lib.stride_tricks.sliding_window_view(padded, config.conv_kernel, axis=1)
    return np.einsum("wtck,ock->wto", seen[:, :: config.conv_stride], kernels[:, :, 0])


def numpy_logits(weights, config, signals, is_training=False, channels=CHANNELS) -> np.ndarray:
    """Run the whole network of `har.models.network`; signals have shape (window, time, channel)."""
    signals = signals.astype(float)
    if config.align_heading:
        signals = numpy_heading(weights, signals, channels)
    shown = numpy_views(weights, config, signals, channels)
    steps = convolved = numpy_convolutions(weights, config, shown, is_training)
    if config.embedding_size:
        embedded = steps @ weights["har_embedding_weight"].T + weights["har_embedding_bias"]
        steps = np.maximum(embedded, 0)
    hidden = numpy_lstm(weights, config, steps.swapaxes(0, 1))
    pooled = numpy_pooling(weights, config, hidden)
    if config.conv_skip:
        pooled = np.concatenate([pooled, convolved.mean(axis=1)], axis=1)
    logits = pooled @ weights["har_output_weight"].T + weights["har_output_bias"]
    if not config.summary_size:
        return logits
    of_summary = numpy_summary_logits(weights, signals, channels)
    return 0.6 * log_softmax(logits, axis=1) + 0.4 * log_softmax(of_summary, axis=1)


def numpy_summary_logits(weights, signals, channels) -> np.ndarray:
    """Judge a summary; its features are those that `tests/models/test_summary.py` looks at."""
    from har.models.packed.summary import PackedSummary

    plain = {name.removeprefix("har_"): values for name, values in weights.items()}
    features = PackedSummary(channels, plain)(signals)
    hidden = features @ plain["summary_hidden_weight"].T + plain["summary_hidden_bias"]
    return np.maximum(hidden, 0) @ plain["summary_output_weight"].T + plain["summary_output_bias"]
