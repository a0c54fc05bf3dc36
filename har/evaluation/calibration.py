"""Calibration: how well confidence agrees with accuracy, temperature scaling, and abstention.

The confidence of a window is the probability of its predicted activity. All functions take
``labels``, the true activities, shape (n_windows,), and ``probabilities``, those predicted, shape
(n_windows, n_activities). A probability of 0 is replaced with the smallest positive number.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd
import scipy

from har.arrays import FloatArray, IntArray

# As in Guo et al., "On calibration of modern neural networks", ICML 2017 (arXiv:1706.04599),
# from which the expected calibration error and the temperature are taken too.
N_BINS = 15
# Beyond these limits, probabilities are almost certain or almost uniform.
LEAST_TEMPERATURE, GREATEST_TEMPERATURE = 0.05, 20.0
# Accuracy that accepted windows should reach.
AIM = 0.99


@dataclass(frozen=True)
class CalibrationFigures:
    """Metrics of how far probabilities are from the truth.

    Parameters
    ----------
    ece, brier, nll : float
        Expected calibration error, Brier score, and negative log-likelihood in nats.
    """

    ece: float
    brier: float
    nll: float


@dataclass(frozen=True)
class Calibration:
    """Metrics of calibration without the temperature and with it.

    Parameters
    ----------
    temperature : float or None
        Divisor of the logits; None if there is none, and `before` is the same as `after`.
    before, after : CalibrationFigures
        Metrics without the temperature, and with it.
    """

    temperature: float | None
    before: CalibrationFigures
    after: CalibrationFigures


def calibration_of(labels: IntArray, probabilities: FloatArray) -> CalibrationFigures:
    """Return the metrics of calibration."""
    return CalibrationFigures(
        ece=expected_calibration_error(labels, probabilities),
        brier=brier_score(labels, probabilities),
        nll=negative_log_likelihood(labels, probabilities),
    )


def expected_calibration_error(labels: IntArray, probabilities: FloatArray) -> float:
    """Return the expected calibration error.

    Returns
    -------
    float
        Mean difference between confidence and accuracy over the bins, weighted by their numbers of
        windows; 0 if they agree in each bin, at most 1.
    """
    table = reliability_table(labels, probabilities)
    differences = (table["accuracy"] - table["confidence"]).abs()
    return float((differences * table["n_windows"]).sum() / len(labels))


def brier_score(labels: IntArray, probabilities: FloatArray) -> float:
    """Return the Brier score: the squared error summed over the activities (Brier, 1950).

    Returns
    -------
    float
        Mean over the windows: 0 if all are certain and right, 5/6 if six activities are equally
        probable, 2 if all are certain and wrong.
    """
    truth = np.eye(probabilities.shape[1])[labels]
    return float(((probabilities - truth) ** 2).sum(axis=1).mean())


def negative_log_likelihood(labels: IntArray, probabilities: FloatArray) -> float:
    """Return the mean negative log-likelihood of the true activities.

    Returns
    -------
    float
        Mean in nats: 0 if all are certain and right, log(6) if six activities are equally probable.
    """
    true_probabilities = probabilities[np.arange(len(labels)), labels]
    return float(-_logarithm(true_probabilities).mean())


def reliability_table(labels: IntArray, probabilities: FloatArray) -> pd.DataFrame:
    """Return confidence and accuracy in 15 bins of equal width.

    Returns
    -------
    DataFrame
        A row per bin: low (excluded unless 0), high (included), n_windows, mean confidence and
        accuracy, both NaN in bins without windows.
    """
    windows = _confidences(labels, probabilities)
    edges = np.linspace(0, 1, N_BINS + 1)
    # Rounding can make a single-precision probability slightly exceed 1.
    bins = pd.cut(windows["confidence"].clip(0, 1), edges, labels=False, include_lowest=True)
    means = windows.groupby(bins).mean().reindex(range(N_BINS))
    return pd.DataFrame(
        {
            "low": edges[:-1],
            "high": edges[1:],
            "n_windows": np.bincount(bins, minlength=N_BINS),
            "confidence": means["confidence"].to_numpy(),
            "accuracy": means["is_right"].to_numpy(),
        }
    )


def risk_coverage_table(labels: IntArray, probabilities: FloatArray) -> pd.DataFrame:
    """Return coverage and accuracy if windows below a threshold of confidence are rejected.

    Returns
    -------
    DataFrame
        A row per distinct confidence, the highest first: threshold; coverage, the share of windows
        with at least this confidence; their accuracy, which is 1 minus the risk.
    """
    windows = _confidences(labels, probabilities)
    groups = windows.groupby("confidence")["is_right"]
    accepted = groups.agg(["size", "sum"]).sort_index(ascending=False).cumsum()
    return pd.DataFrame(
        {
            "threshold": accepted.index,
            "coverage": (accepted["size"] / len(windows)).to_numpy(),
            "accuracy": (accepted["sum"] / accepted["size"]).to_numpy(),
        }
    )


def threshold_for(
    labels: IntArray, probabilities: FloatArray, accuracy: float = AIM
) -> float | None:
    """Return the lowest threshold of confidence at which accepted windows are accurate enough.

    Parameters
    ----------
    labels, probabilities : ndarray
        Windows that were not used in the training. Their accuracy above the threshold is no
        estimate of the accuracy on other windows.
    accuracy : float
        Accuracy to reach.

    Returns
    -------
    float or None
        Lowest confidence to accept; 0 if all windows can be accepted, None if no threshold is high
        enough.
    """
    table = risk_coverage_table(labels, probabilities)
    enough = table[table["accuracy"] >= accuracy]
    if enough.empty:
        return None
    loosest = enough.iloc[-1]
    return 0.0 if loosest["coverage"] == 1 else float(loosest["threshold"])


def fit_temperature(labels: IntArray, probabilities: FloatArray) -> float:
    """Return the temperature that minimises the negative log-likelihood.

    Parameters
    ----------
    labels, probabilities : ndarray
        Windows of subjects that were not used in the training.

    Returns
    -------
    float
        Temperature between 0.05 and 20: above 1 if the classifier is overconfident, below 1 if it
        is underconfident; 1 if no other is better, or if every window is right, when the optimum
        would be complete certainty.
    """
    if (probabilities.argmax(axis=1) == labels).all():
        return 1.0

    def loss(logarithm: float) -> float:
        scaled = apply_temperature(probabilities, math.exp(logarithm))
        return negative_log_likelihood(labels, scaled)

    bounds = math.log(LEAST_TEMPERATURE), math.log(GREATEST_TEMPERATURE)
    # Without `args`, the types of SciPy 1.15, the last one for Python 3.10, would not do.
    found = scipy.optimize.minimize_scalar(loss, bounds=bounds, args=(), method="bounded")
    return math.exp(min(0.0, float(found.x), key=loss))


def apply_temperature(probabilities: FloatArray, temperature: float) -> FloatArray:
    """Return probabilities after temperature scaling, which keeps their order in each window.

    Parameters
    ----------
    probabilities : ndarray of float, shape (n_windows, n_activities)
        Predicted probabilities.
    temperature : float
        Divisor of their logarithms: above 1, they become less confident.

    Returns
    -------
    ndarray of float64, shape (n_windows, n_activities)
        Probabilities; each row adds up to 1.
    """
    return np.asarray(scipy.special.softmax(_logarithm(probabilities) / temperature, axis=1))


def _logarithm(probabilities: FloatArray) -> FloatArray:
    """Return logarithms in double precision, whose smallest positive number replaces 0."""
    doubles = probabilities.astype(np.float64)
    return np.asarray(np.log(np.maximum(doubles, np.finfo(np.float64).tiny)))


def _confidences(labels: IntArray, probabilities: FloatArray) -> pd.DataFrame:
    """Return the confidence of each window and whether its prediction is right."""
    is_right = probabilities.argmax(axis=1) == labels
    return pd.DataFrame({"confidence": probabilities.max(axis=1), "is_right": is_right})
