"""Rockets: features from random convolutional kernels of raw windows, from aeon, which is optional.

Kernels, biases and scalers are as their authors set them; a ridge classifier reads the features.
MiniRocket is by Dempster, Schmidt and Webb (2021), MultiRocket by Tan, Dempster, Bergmeir and Webb
(2022), Hydra, and MultiRocket beside it, by Dempster, Schmidt and Webb (2023).
"""

from __future__ import annotations

from importlib.util import find_spec
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.linear_model import RidgeClassifierCV
from sklearn.pipeline import make_pipeline, make_union
from sklearn.preprocessing import StandardScaler

from har.arrays import FloatArray, IntArray
from har.errors import DataError, UsageError, install_command
from har.signals.windows import Windows

# As in aeon's classifiers.
RIDGE_STRENGTHS = np.logspace(-3, 3, 10)
# Kernels have 9 weights, and are also applied to differences of neighbouring samples.
N_TIMESTEPS_NEEDED = 10


def check_installed(name: str, *packages: str) -> None:
    """Refuse a baseline whose packages are not installed.

    Parameters
    ----------
    name : str
        Name of the baseline.
    *packages : str
        Names of the packages that it imports.

    Raises
    ------
    UsageError
        If one of them is not installed.
    """
    for package in packages:
        if find_spec(package) is None:
            raise UsageError(
                f"{name}: found no {package}, expected it: {install_command('rocket')}"
            )


def signals_of(windows: Windows) -> FloatArray:
    """Return the signals of windows as aeon reads them.

    Returns
    -------
    ndarray of float32, shape (n_windows, n_channels, n_timesteps)

    Raises
    ------
    DataError
        If windows are shorter than a kernel.
    """
    n_timesteps = windows.signals.shape[1]
    if n_timesteps < N_TIMESTEPS_NEEDED:
        raise DataError(
            f"windows: found {n_timesteps} samples, expected at least {N_TIMESTEPS_NEEDED} for "
            "convolutional kernels"
        )
    return np.ascontiguousarray(windows.signals.transpose(0, 2, 1), dtype=np.float32)


def mini_rocket(seed: int) -> Any:
    """Return an untrained transformer from signals to about 10,000 features of MiniRocket."""
    from aeon.transformations.collection.convolution_based import MiniRocket

    return make_pipeline(MiniRocket(random_state=seed), StandardScaler(with_mean=False))


def multi_rocket_hydra(seed: int) -> Any:
    """Return an untrained transformer from signals to about 50,000 features of both methods."""
    from aeon.transformations.collection.convolution_based import HydraTransformer, MultiRocket

    hydra = HydraTransformer(random_state=seed, output_type="numpy")
    return make_union(
        make_pipeline(hydra, SparseScaler()),
        make_pipeline(MultiRocket(random_state=seed), StandardScaler()),
    )


class SparseScaler(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Hydra's scaler of counts, many of which are 0, and stay so; aeon's own is private."""

    def fit(self, counts: FloatArray, _labels: IntArray | None = None) -> SparseScaler:
        """Take mean and standard deviation of the roots of counts, shape (n_windows, n_counts)."""
        roots = np.sqrt(np.maximum(counts, 0))
        self.mean_ = roots.mean(axis=0)
        # A count that is seldom above 0 is not to weigh much.
        self.scale_ = roots.std(axis=0, ddof=1) + (roots == 0).mean(axis=0) ** 4 + 1e-8
        return self

    def transform(self, counts: FloatArray) -> FloatArray:
        """Standardise the roots of counts, shape (n_windows, n_counts), that are above 0."""
        roots = np.sqrt(np.maximum(counts, 0))
        return np.where(roots > 0, (roots - self.mean_) / self.scale_, 0).astype(np.float32)


def ridge(_seed: int) -> Any:
    """Return an untrained ridge classifier, which chooses its strength by leaving windows out."""
    return RidgeClassifierCV(alphas=RIDGE_STRENGTHS)
