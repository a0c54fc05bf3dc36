from __future__ import annotations

import numpy as np
import pytest
from builders import (
    numpy_convolution,
    numpy_convolutions,
    numpy_lstm,
    numpy_pooling,
    random_weights,
    weights_of,
)
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from har.config import ModelConfig
from har.models.backend import autograd, mx
from har.models.layers import CellLSTM, Convolutions, FusedLSTM, TimePooling, n_pooled, n_steps

KERNELS = ("fused", "cells")
POOLINGS = ("last", "sum", "mean", "max", "mean_max", "attention")
N_TIMESTEPS, N_WINDOWS, N_INPUTS = 7, 3, 4


def lstm_of(kernel, config, input_size=N_INPUTS, n_timesteps=N_TIMESTEPS):
    if kernel == "fused":
        return FusedLSTM(config, input_size)
    return CellLSTM(config, input_size, n_timesteps)


def random_steps(*shape, seed=1):
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


def run(block, steps):
    return block(mx.nd.array(steps)).asnumpy()


@pytest.mark.parametrize("is_hybrid", [False, True])
@pytest.mark.parametrize("n_layers", [1, 2, 3])
@pytest.mark.parametrize("bidirectional", [False, True])
@pytest.mark.parametrize("kernel", KERNELS)
def test_an_lstm_follows_the_equations(kernel, bidirectional, n_layers, is_hybrid):
    config = ModelConfig(n_layers=n_layers, hidden_size=5, bidirectional=bidirectional)
    lstm = lstm_of(kernel, config)
    weights = random_weights(lstm)
    lstm.hybridize(is_hybrid)
    steps = random_steps(N_TIMESTEPS, N_WINDOWS, N_INPUTS)
    outputs = run(lstm, steps)
    assert outputs.shape == (N_TIMESTEPS, N_WINDOWS, 10 if bidirectional else 5)
    assert_allclose(outputs, numpy_lstm(weights, config, steps), atol=1e-5)


@settings(max_examples=12, deadline=None)
@given(
    n_timesteps=st.integers(1, 9),
    n_windows=st.integers(1, 5),
    n_inputs=st.integers(1, 5),
    hidden_size=st.integers(1, 9),
    n_layers=st.integers(1, 3),
    bidirectional=st.booleans(),
)
def test_both_kernels_have_the_same_weights_and_outputs(
    n_timesteps, n_windows, n_inputs, hidden_size, n_layers, bidirectional
):
    config = ModelConfig(n_layers=n_layers, hidden_size=hidden_size, bidirectional=bidirectional)
    fused, cells = (lstm_of(kernel, config, n_inputs, n_timesteps) for kernel in KERNELS)
    weights = random_weights(fused)
    assert {name: array.shape for name, array in random_weights(cells).items()} == {
        name: array.shape for name, array in weights.items()
    }
    steps = random_steps(n_timesteps, n_windows, n_inputs)
    assert_allclose(run(fused, steps), run(cells, steps), atol=1e-5)


@pytest.mark.parametrize("kernel", KERNELS)
def test_both_kernels_start_with_the_forget_bias(kernel):
    lstm = lstm_of(kernel, ModelConfig(n_layers=2, hidden_size=3, forget_bias=0.75))
    lstm.initialize()
    weights = weights_of(lstm)
    for layer in range(2):
        bias = weights[f"har_lstm{layer}_l0_i2h_bias"]
        assert_array_equal(np.split(bias, 4), [[0.0] * 3, [0.75] * 3, [0.0] * 3, [0.0] * 3])
        assert not weights[f"har_lstm{layer}_l0_h2h_bias"].any()


@pytest.mark.parametrize("is_hybrid", [False, True])
@pytest.mark.parametrize(
    ("n_layers", "dropout", "acts"),
    [(2, 0.5, True), (3, 0.1, True), (2, 0.0, False), (1, 0.5, False)],
)
@pytest.mark.parametrize("kernel", KERNELS)
def test_dropout_acts_between_layers_while_training(kernel, n_layers, dropout, acts, is_hybrid):
    lstm = lstm_of(kernel, ModelConfig(n_layers=n_layers, hidden_size=8, dropout=dropout))
    random_weights(lstm)
    lstm.hybridize(is_hybrid)
    steps = random_steps(N_TIMESTEPS, N_WINDOWS, N_INPUTS)
    predicted = run(lstm, steps)
    assert_array_equal(run(lstm, steps), predicted)
    with autograd.train_mode():
        first, second = run(lstm, steps), run(lstm, steps)
    differences = [abs(first - predicted).max(), abs(first - second).max()]
    assert all(difference > 1e-3 for difference in differences) if acts else max(differences) < 1e-6


@pytest.mark.parametrize("kernel", KERNELS)
def test_dropout_leaves_out_its_share_of_the_values_between_layers(kernel):
    config = ModelConfig(n_layers=2, hidden_size=4, dropout=0.25)
    lstm = lstm_of(kernel, config)
    weights = random_weights(lstm)
    # The second layer passes on its first input alone, through a fully open input gate.
    for name, array in weights.items():
        if "lstm1" in name:
            array[:] = 0
    weights["har_lstm1_l0_i2h_bias"][:] = [20.0] * 4 + [-20.0] * 4 + [0.0] * 4 + [20.0] * 4
    weights["har_lstm1_l0_i2h_weight"][8, 0] = 1.0
    for name, parameter in lstm.collect_params().items():
        parameter.set_data(weights[name])
    mx.random.seed(0)
    with autograd.train_mode():
        outputs = run(lstm, random_steps(N_TIMESTEPS, 400, N_INPUTS))
    assert np.mean(abs(outputs[:, :, 0]) < 1e-7) == pytest.approx(0.25, abs=0.03)


@pytest.mark.parametrize("bidirectional", [False, True])
@pytest.mark.parametrize("pooling", POOLINGS)
def test_pooling_is_what_its_name_says(pooling, bidirectional):
    config = ModelConfig(hidden_size=3, bidirectional=bidirectional, pooling=pooling)
    block = TimePooling(config, N_TIMESTEPS)
    weights = random_weights(block)
    assert bool(weights) == (pooling == "attention")
    hidden = random_steps(N_TIMESTEPS, N_WINDOWS, 6 if bidirectional else 3)
    pooled = run(block, hidden)
    assert pooled.shape == (N_WINDOWS, n_pooled(config))
    assert_allclose(pooled, numpy_pooling(weights, config, hidden), atol=1e-6)


def test_attention_that_scores_all_steps_alike_is_a_mean():
    block = TimePooling(ModelConfig(hidden_size=3, pooling="attention"), N_TIMESTEPS)
    random_weights(block, scale=0)
    hidden = random_steps(N_TIMESTEPS, N_WINDOWS, 3)
    assert_allclose(run(block, hidden), hidden.mean(axis=0), atol=1e-6)


def test_the_last_output_of_a_bidirectional_lstm_has_seen_the_whole_window():
    config = ModelConfig(n_layers=1, hidden_size=3, bidirectional=True, pooling="last")
    lstm, pooling = FusedLSTM(config, N_INPUTS), TimePooling(config, N_TIMESTEPS)
    random_weights(lstm)
    steps = random_steps(N_TIMESTEPS, 1, N_INPUTS)
    before = run(pooling, run(lstm, steps))
    for changed in (0, -1):
        other = steps.copy()
        other[changed] += 1
        assert (run(pooling, run(lstm, other)) != before).all()


def convolutions_of(**model):
    config = ModelConfig(conv_channels=5, conv_kernel=3, **model)
    block = Convolutions(config, N_INPUTS)
    return block, config, random_weights(block)


@settings(max_examples=12, deadline=None)
@given(
    n_timesteps=st.integers(1, 20),
    conv_layers=st.integers(1, 3),
    conv_kernel=st.integers(1, 9),
    conv_stride=st.integers(1, 4),
)
def test_convolutions_follow_the_equations_and_leave_the_steps_that_are_promised(
    n_timesteps, **model
):
    config = ModelConfig(conv_channels=5, **model)
    block = Convolutions(config, N_INPUTS)
    weights = random_weights(block)
    windows = random_steps(N_WINDOWS, n_timesteps, N_INPUTS)
    convolved = run(block, windows.swapaxes(1, 2))
    assert convolved.shape == (n_steps(config, n_timesteps), N_WINDOWS, 5)
    expected = numpy_convolutions(weights, config, windows)
    assert_allclose(convolved.swapaxes(0, 1), expected, atol=1e-5)


def test_without_convolutions_windows_stay_as_they_are():
    config = ModelConfig(conv_channels=0)
    windows = random_steps(N_WINDOWS, N_INPUTS, N_TIMESTEPS)
    steps = run(Convolutions(config, N_INPUTS), windows)
    assert_array_equal(steps, windows.transpose(2, 0, 1))
    assert n_steps(config, N_TIMESTEPS) == N_TIMESTEPS


def test_while_training_convolutions_are_normalised_over_the_batch_and_its_statistics_kept():
    block, config, weights = convolutions_of(conv_layers=1)
    windows = random_steps(N_WINDOWS, N_TIMESTEPS, N_INPUTS)
    with autograd.record():
        convolved = block(mx.nd.array(windows.swapaxes(1, 2)))
    convolved.backward()
    expected = numpy_convolutions(weights, config, windows, is_training=True)
    assert_allclose(convolved.asnumpy().swapaxes(0, 1), expected, atol=1e-4)
    kept = weights_of(block)["har_norm0_running_mean"]
    seen = numpy_convolution(weights["har_conv0_weight"], config, windows).mean(axis=(0, 1))
    assert_allclose(kept, 0.9 * weights["har_norm0_running_mean"] + 0.1 * seen, atol=1e-6)


@pytest.mark.parametrize(("conv_dropout", "acts"), [(0.5, True), (0.0, False)])
def test_dropout_acts_after_convolutions_while_training(conv_dropout, acts):
    block, _, _ = convolutions_of(conv_dropout=conv_dropout)
    windows = random_steps(N_WINDOWS, N_INPUTS, N_TIMESTEPS)
    assert_array_equal(run(block, windows), run(block, windows))
    with autograd.train_mode():
        first, second = run(block, windows), run(block, windows)
    assert np.array_equal(first, second) != acts
