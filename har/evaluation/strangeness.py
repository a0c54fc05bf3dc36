"""Strangeness: how unlike anything in training a window is, from a network's features.

The Mahalanobis distance to the nearest activity, with one covariance for all (Lee et al., *A simple
unified framework for detecting out-of-distribution samples and adversarial attacks*, NeurIPS 2018),
of the features that the network's last layer reads.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np
from scipy import linalg
from threadpoolctl import threadpool_limits

from har.arrays import BoolArray, FloatArray, IntArray, SubjectArray

# This share of the windows of people whom nothing was fitted to is called strange.
STRANGE_SHARE = 0.01

_N_GROUPS = 5
# New people are farther away than a few held out, or than those who were trained on and left out of
# this alone: of UCI HAR's training people, held out in five folds, 1 % of the windows are beyond
# 1.39 times what `quick` tells from two people held out, and 1.37 times what `worn_anyhow` tells
# from those it was trained on.
_NEW_PEOPLE = 1.4
_SMALLEST = 1e-12
# So many windows are in double precision at a time.
_N_PER_BLOCK = 4096


@dataclass(frozen=True)
class Strangeness:
    """Distance of features from those of the training windows.

    Parameters
    ----------
    centres : ndarray of float64, shape (n_activities, n_whitened)
        Mean features of each activity, whitened.
    whitening : ndarray of float64, shape (n_features, n_whitened)
        Matrix after which the features of an activity have the covariance 1.
    threshold : float
        Distance that 1 % of the windows of new people exceed.

    Raises
    ------
    ValueError
        If these are not finite numbers that fit each other.
    """

    centres: FloatArray
    whitening: FloatArray
    threshold: float

    def __post_init__(self) -> None:
        n_whitened = self.whitening.shape[-1]
        if (
            self.centres.ndim != 2
            or self.whitening.ndim != 2
            or self.centres.shape[1] != n_whitened
        ):
            raise ValueError("centres and whitening do not fit each other")
        values = np.concatenate([self.centres.ravel(), self.whitening.ravel(), [self.threshold]])
        if values.dtype.kind != "f" or not np.isfinite(values).all() or self.threshold <= 0:
            raise ValueError("centres, whitening or a threshold that are no finite numbers")

    def to_arrays(self) -> dict[str, FloatArray]:
        """Return all arrays by their names, for a file."""
        return {
            "centres": self.centres,
            "whitening": self.whitening,
            "threshold": np.array(self.threshold),
        }

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, FloatArray]) -> Strangeness:
        """Return the object of which `to_arrays` gave the arrays.

        Raises
        ------
        KeyError, ValueError
            If an array is missing, or they do not fit each other.
        """
        return cls(arrays["centres"], arrays["whitening"], float(arrays["threshold"]))

    def with_centres(self, features: FloatArray, labels: IntArray) -> Strangeness:
        """Return a strangeness that also knows activities that were taught later.

        Parameters
        ----------
        features : ndarray, shape (n_windows, n_features)
            Features of windows of these activities.
        labels : ndarray of int, shape (n_windows,)
            Their activities.
        """
        new = centres_of(features, labels, self.whitening)
        return replace(self, centres=np.concatenate([self.centres, new]))

    def score(self, features: FloatArray) -> FloatArray:
        """Return the distance to the nearest activity, in units of the threshold.

        Parameters
        ----------
        features : ndarray, shape (n_windows, n_features)
            Features of windows.

        Returns
        -------
        ndarray of float64, shape (n_windows,)
            Strangeness: above 1, a window is strange.
        """
        return _distances(features, self.centres, self.whitening) / self.threshold


def centres_of(features: FloatArray, labels: IntArray, whitening: FloatArray) -> FloatArray:
    """Return the mean whitened features of each activity, in the order of their labels."""
    whitened = features.astype(np.float64) @ whitening
    return np.array([whitened[labels == label].mean(axis=0) for label in np.unique(labels)])


def is_strange(strangeness: FloatArray) -> BoolArray:
    """Return which windows are unlike anything in training."""
    return np.asarray(strangeness > 1)


def fit_strangeness(
    features: FloatArray,
    labels: IntArray,
    subjects: SubjectArray,
    held_out: FloatArray | None = None,
) -> Strangeness:
    """Learn from training windows, and estimate the threshold for people who are new.

    Parameters
    ----------
    features : ndarray, shape (n_windows, n_features)
        Features of the training windows.
    labels, subjects : ndarray, shape (n_windows,)
        Their activities and people.
    held_out : ndarray, shape (n_held_out_windows, n_features), optional
        Features of windows of people whom the network was not trained on, at least one. Without
        them, groups of the training's people are left out in turn, whom the network knows, though.
        Either way the threshold is put as much higher as new people were found to be farther away.

    Returns
    -------
    Strangeness
    """
    # Matrices are small: several threads would wait for each other longer than they compute.
    with threadpool_limits(1, "blas"):
        centres, whitening = whitened_centres(features, labels)
        if held_out is None:
            distances = _left_out_distances(features, labels, subjects)
        else:
            distances = _distances(held_out, centres, whitening)
    threshold = _NEW_PEOPLE * max(float(np.quantile(distances, 1 - STRANGE_SHARE)), _SMALLEST)
    return Strangeness(centres, whitening, threshold)


def whitened_centres(features: FloatArray, labels: IntArray) -> tuple[FloatArray, FloatArray]:
    """Return the mean features of each activity that is there, whitened, and the whitening.

    Parameters
    ----------
    features : ndarray, shape (n_windows, n_features)
        Features of windows.
    labels : ndarray of int, shape (n_windows,)
        Their activities.

    Returns
    -------
    centres : ndarray of float64, shape (n_present, n_whitened)
        Whitened means, in the order of the labels.
    whitening : ndarray of float64, shape (n_features, n_whitened)
        Matrix after which the features of an activity have the covariance 1.
    """
    present, of_window = np.unique(labels, return_inverse=True)
    means = np.stack(
        [features[labels == label].mean(axis=0, dtype=np.float64) for label in present]
    )
    centred = (features[block] - means[of_window[block]] for block in _blocks(len(features)))
    variances, axes = linalg.eigh(shrunk_covariance(centred))
    # Some features never vary, as where no unit of a convolution is above 0.
    kept = variances > max(1e-9 * variances.max(), _SMALLEST)
    whitening = axes[:, kept] / np.sqrt(variances[kept])
    return means @ whitening, whitening


def shrunk_covariance(blocks: Iterable[FloatArray]) -> FloatArray:
    """Return the covariance of centred values, shrunk towards a multiple of the identity.

    Ledoit and Wolf, *A well-conditioned estimator for large-dimensional covariance matrices*,
    Journal of Multivariate Analysis 88, 2004. scikit-learn has it too, for all values at once.

    Parameters
    ----------
    blocks : iterable of ndarray of float64, shape (n_windows, n_features)
        Values with mean 0, some windows at a time.

    Returns
    -------
    ndarray of float64, shape (n_features, n_features)
    """
    n, products, fourth = 0, np.zeros(()), 0.0
    for values in blocks:
        n += len(values)
        products = products + values.T @ values
        fourth += float((np.square(values).sum(axis=1) ** 2).sum())
    covariance = np.asarray(products / n)
    n_features = len(covariance)
    variance = float(covariance.trace()) / n_features
    squares = float(np.square(covariance).sum())
    spread = squares / n_features - variance**2
    error = min((fourth / n - squares) / (n_features * n), spread)
    share = error / spread if error > 0 else 0.0
    return (1 - share) * covariance + share * variance * np.eye(n_features)


def _blocks(n_windows: int) -> Iterator[slice]:
    for first in range(0, n_windows, _N_PER_BLOCK):
        yield slice(first, first + _N_PER_BLOCK)


def _left_out_distances(
    features: FloatArray, labels: IntArray, subjects: SubjectArray
) -> FloatArray:
    """Return the distance of each window, learned from the other people's."""
    people = np.unique(subjects)
    if len(people) == 1:
        return _distances(features, *whitened_centres(features, labels))
    distances = np.empty(len(features))
    for group in np.array_split(people, min(_N_GROUPS, len(people))):
        is_out = np.isin(subjects, group)
        others = whitened_centres(features[~is_out], labels[~is_out])
        distances[is_out] = _distances(features[is_out], *others)
    return distances


def _distances(features: FloatArray, centres: FloatArray, whitening: FloatArray) -> FloatArray:
    distances = np.empty(len(features))
    for block in _blocks(len(features)):
        whitened = features[block].astype(np.float64) @ whitening
        to_each = [np.linalg.norm(whitened - centre, axis=1) for centre in centres]
        distances[block] = np.min(to_each, axis=0)
    return distances
