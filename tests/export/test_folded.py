"""Weights without what training alone needs, and the tables that programs compute themselves."""

from __future__ import annotations

import numpy as np
import pytest
from exported_models import random_model
from numpy.testing import assert_allclose, assert_array_equal

from har.export.folded import band_starts, folded_weights
from har.models.constants import LAGS, N_BANDS, NORM_EPSILON, spectral_tables


def test_a_convolution_has_its_normalisation_in_its_weights():
    model = random_model({"conv_channels": 3, "conv_layers": 1, "conv_kernel": 2})
    folded = folded_weights(model, 1)
    seen = np.random.default_rng(0).normal(size=(2, 9))
    old = {name.removeprefix("har_"): array for name, array in model.weights.items()}
    convolved = np.einsum("oik,ki->o", old["conv0_weight"][:, :, 0], seen)
    scaled = (convolved - old["norm0_running_mean"]) / np.sqrt(
        old["norm0_running_var"] + NORM_EPSILON
    )
    expected = scaled * old["norm0_gamma"] + old["norm0_beta"]
    found = folded["conv0_weight"] @ seen.ravel() + folded["conv0_bias"]
    assert_allclose(found, expected, rtol=1e-5, atol=1e-6)


def test_the_weights_of_each_network_of_an_ensemble_are_its_own():
    model = random_model({"n_members": 2, "n_aligned_members": 1})
    one, two = (folded_weights(model, number) for number in (1, 2))
    assert set(two) - set(one) == {"heading_filters", "heading_weight"}
    assert_array_equal(one["output_weight"], model.weights["har_member1_output_weight"])
    assert_array_equal(two["output_weight"], model.weights["har_member2_output_weight"])


@pytest.mark.parametrize("n_timesteps", [17, 50, 128])
def test_bands_are_those_of_the_spectral_tables(n_timesteps):
    _, weights = spectral_tables(n_timesteps)
    first = 2 + len(LAGS)
    bands = weights[2 * (n_timesteps + 1) :][: n_timesteps // 2, first : first + N_BANDS]
    starts = band_starts(n_timesteps)
    for number, (start, end) in enumerate(zip(starts, starts[1:], strict=False)):
        assert_array_equal(np.flatnonzero(bands[:, number]) + 1, range(start, end))
