"""Spread: where the features of each activity lie, and how they vary within one.

It is what a network's training leaves for those who go on without its windows: a change of a
network can be kept small where training windows vary, and features of other people be drawn.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
from threadpoolctl import threadpool_limits

from har.arrays import FloatArray, IntArray
from har.evaluation.strangeness import centres_of, whitened_centres

_ARRAYS = ("labels", "centres", "whitening")


@dataclass(frozen=True)
class Spread:
    """Centres of activities, and the whitening of what varies about them.

    Parameters
    ----------
    labels : ndarray of int, shape (n_present,)
        The activities that there are centres of, from 0.
    centres : ndarray of float32, shape (n_present, n_whitened)
        Mean features of each, whitened.
    whitening : ndarray of float32, shape (n_features, n_whitened)
        Matrix after which the features of an activity have the covariance 1.

    Raises
    ------
    ValueError
        If these are not finite numbers that fit each other.
    """

    labels: IntArray
    centres: FloatArray
    whitening: FloatArray

    def __post_init__(self) -> None:
        arrays = self.centres, self.whitening
        if any(array.ndim != 2 or array.dtype.kind != "f" for array in arrays):
            raise ValueError("centres or a whitening that are no tables of numbers")
        n_present, n_whitened = self.centres.shape
        if self.labels.shape != (n_present,) or self.whitening.shape[1] != n_whitened:
            raise ValueError("labels, centres and a whitening that do not fit each other")
        if not n_present or self.labels.dtype.kind != "i" or self.labels.min() < 0:
            raise ValueError("labels that are no activities")
        if not all(np.isfinite(array).all() for array in arrays):
            raise ValueError("centres or a whitening that are no finite numbers")

    def whitened(self, features: FloatArray) -> FloatArray:
        """Return whitened features less the mean of the centres, shape (n_windows, n_whitened)."""
        return np.asarray(
            features.astype(np.float64) @ self.whitening.astype(np.float64) - self.middle
        )

    @property
    def middle(self) -> FloatArray:
        """The mean of the centres, shape (n_whitened,)."""
        return np.asarray(self.centres.mean(axis=0, dtype=np.float64))

    def with_centres(self, features: FloatArray, labels: IntArray) -> Spread:
        """Return a spread that also has centres of activities that were taught later.

        Parameters
        ----------
        features : ndarray, shape (n_windows, n_features)
            Features of windows of these activities.
        labels : ndarray of int, shape (n_windows,)
            Their activities.
        """
        new = centres_of(features, labels, self.whitening)
        centres = np.concatenate([self.centres, new]).astype(self.centres.dtype)
        return replace(
            self, labels=np.concatenate([self.labels, np.unique(labels)]), centres=centres
        )

    def drawn(self, n_each: int, seed: int) -> tuple[FloatArray, IntArray]:
        """Draw features as those of the training windows are spread.

        Parameters
        ----------
        n_each : int
            Number for each activity.
        seed : int
            The same seed draws the same features.

        Returns
        -------
        features : ndarray of float64, shape (n_each * n_present, n_features)
            Features, of normal distributions.
        labels : ndarray of int
            Their activities.
        """
        shape = len(self.labels), n_each, self.centres.shape[1]
        noise = np.random.default_rng(seed).standard_normal(shape)
        whitened = (self.centres[:, np.newaxis] + noise).reshape(-1, shape[2])
        back = np.linalg.pinv(self.whitening.astype(np.float64))
        return np.asarray(whitened @ back), np.repeat(self.labels, n_each)


def fit_spread(features: FloatArray, labels: IntArray) -> Spread:
    """Learn from training windows.

    Parameters
    ----------
    features : ndarray, shape (n_windows, n_features)
        Features of the training windows.
    labels : ndarray of int, shape (n_windows,)
        Their activities.

    Returns
    -------
    Spread
    """
    # As in `fit_strangeness`, several threads would wait for each other.
    with threadpool_limits(1, "blas"):
        centres, whitening = whitened_centres(features, labels)
    single = centres.astype(np.float32), whitening.astype(np.float32)
    return Spread(np.unique(labels).astype(np.int64), *single)


def spreads_to_arrays(spreads: Sequence[Spread]) -> dict[str, FloatArray | IntArray]:
    """Return all arrays of the spreads of an ensemble's networks by their names, for a file."""
    return {
        f"network{number}_{name}": getattr(spread, name)
        for number, spread in enumerate(spreads, start=1)
        for name in _ARRAYS
    }


def spreads_from_arrays(arrays: Mapping[str, npt.NDArray[Any]]) -> tuple[Spread, ...]:
    """Return the spreads of which `spreads_to_arrays` gave the arrays.

    Raises
    ------
    KeyError, ValueError
        If an array is missing, or they do not fit each other.
    """
    n_networks = -(-len(arrays) // len(_ARRAYS))
    return tuple(
        Spread(
            arrays[f"network{number}_labels"],
            arrays[f"network{number}_centres"],
            arrays[f"network{number}_whitening"],
        )
        for number in range(1, n_networks + 1)
    )
