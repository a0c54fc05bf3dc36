from __future__ import annotations

import numpy as np
import pytest
from builders import refused, small_windows

from har.errors import DataError
from har.model_selection.rockets import (
    SparseScaler,
    mini_rocket,
    multi_rocket_hydra,
    signals_of,
)

WINDOWS = small_windows(n_subjects=2, n_per_class=1)
COUNTS = np.random.default_rng(0).poisson(0.8, size=(40, 7)) - np.arange(7) // 6


def test_aeon_reads_channels_before_time():
    signals = signals_of(WINDOWS)
    assert signals.dtype == np.float32 and signals.flags.c_contiguous
    np.testing.assert_array_equal(signals[1, 2], WINDOWS.signals[1, :, 2])


def test_windows_shorter_than_a_kernel_are_refused():
    with refused(DataError, "windows: found 9 samples, expected at least 10"):
        signals_of(small_windows(n_timesteps=9))


def test_counts_of_zero_stay_zero_when_they_are_scaled():
    scaled = SparseScaler().fit_transform(COUNTS)
    assert (scaled[COUNTS <= 0] == 0).all()
    assert (scaled[COUNTS > 3] > 0).all()
    assert np.isfinite(SparseScaler().fit_transform(np.zeros((3, 2)))).all()


def test_counts_are_scaled_as_aeon_scales_them():
    torch = pytest.importorskip("torch")
    hydra = pytest.importorskip("aeon.classification.convolution_based._hydra")
    expected = hydra._SparseScaler().fit_transform(torch.tensor(COUNTS).float())
    scaled = SparseScaler().fit_transform(COUNTS)
    np.testing.assert_allclose(scaled, expected.numpy(), rtol=1e-4, atol=1e-5)


def test_features_are_as_many_as_their_authors_say():
    pytest.importorskip("aeon")
    signals = signals_of(WINDOWS)
    assert mini_rocket(0).fit_transform(signals).shape == (len(WINDOWS), 9996)
    pytest.importorskip("torch")
    features = multi_rocket_hydra(0).fit_transform(signals)
    # Of windows this short, Hydra's kernels have one dilation: 64 groups of 8, counted in two ways.
    assert features.shape == (len(WINDOWS), 49728 + 2 * 512)
    assert np.isfinite(features).all()
