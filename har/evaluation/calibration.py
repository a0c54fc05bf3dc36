"""Whether probabilities mean what they say, how to mend them, and when better not to answer.

The confidence in a window is the probability of the activity that is named. All functions take
``labels``, the true activities, shape (n_windows,), and ``probabilities``, what the classifier
said, shape (n_windows, n_activities). A probability of 0 counts as the smallest number there is.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.optimize import minimize_scalar
from scipy.special import softmax

from har.arrays import FloatArray, IntArray

# As in Guo et al., "On calibration of modern neural networks", ICML 2017 (arXiv:1706.04599),
# from which the expected calibration error and the temperature are taken too.
N_BINS = 15
# Beyond these ends probabilities are all but certain, or all but even.
LEAST_TEMPERATURE, GREATEST_TEMPERATURE = 0.05, 20.0
AIM = 0.99


@dataclass(frozen=True)
class CalibrationFigures:
    """How far probabilities are from the truth.

    Parameters
    ----------
    ece : float
        Expected calibration error.
    brier : float
        Brier score.
    nll : float
        Negative log-likelihood, in nats.
    """

    ece: float
    brier: float
    nll: float


@dataclass(frozen=True)
class Calibration:
    """Figures of calibration without the temperature and with it.

    Parameters
    ----------
    temperature : float or None
        Divisor of the logits; None if there is none, and `before` is the same as `after`.
    before, after : CalibrationFigures
        Figures without the temperature, and with it.
    """

    temperature: float | None
    before: CalibrationFigures
    after: CalibrationFigures


def calibration_of(labels: IntArray, probabilities: FloatArray) -> CalibrationFigures:
    """Collect the figures of calibration.

    Parameters
    ----------
    labels : ndarray of int, shape (n_windows,)
        The true activities.
    probabilities : ndarray of float, shape (n_windows, n_activities)
        What the classifier said.

    Returns
    -------
    CalibrationFigures
    """
    return CalibrationFigures(
        ece=expected_calibration_error(labels, probabilities),
        brier=brier_score(labels, probabilities),
        nll=negative_log_likelihood(labels, probabilities),
    )


def expected_calibration_error(labels: IntArray, probabilities: FloatArray) -> float:
    """Mean distance of confidence and accuracy over the bins, each by its number of windows.

    Returns
    -------
    float
        0 if each confidence is the share that is right, at most 1.
    """
    table = reliability_table(labels, probabilities)
    gaps = (table["accuracy"] - table["confidence"]).abs()
    return float((gaps * table["n_windows"]).sum() / len(labels))


def brier_score(labels: IntArray, probabilities: FloatArray) -> float:
    """Mean squared distance from the truth, summed over the activities (Brier, 1950).

    Returns
    -------
    float
        0 if each window was certain and right, 5/6 if all six activities were equally probable,
        2 if each was certain and wrong.
    """
    truth = np.eye(probabilities.shape[1])[labels]
    return float(((probabilities - truth) ** 2).sum(axis=1).mean())


def negative_log_likelihood(labels: IntArray, probabilities: FloatArray) -> float:
    """Mean surprise at the true activities: 0 if each was certain, log(6) if all guess evenly.

    Returns
    -------
    float
        In nats.
    """
    of_truth = probabilities[np.arange(len(labels)), labels]
    return float(-_logarithm(of_truth).mean())


def reliability_table(labels: IntArray, probabilities: FloatArray) -> pd.DataFrame:
    """Compare confidence with accuracy, in 15 bins of equal width.

    Returns
    -------
    DataFrame
        A row per bin: low (not in the bin, but for 0), high, n_windows, confidence (its mean) and
        accuracy, both NaN where there are no windows.
    """
    windows = _confidences(labels, probabilities)
    edges = np.linspace(0, 1, N_BINS + 1)
    # The sum of single-precision probabilities may exceed 1 by a hair.
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
    """Tell what would remain, and how accurate, if only confident windows were answered.

    Returns
    -------
    DataFrame
        A row per different confidence, the highest first: threshold; coverage, the share of
        windows that are at least so confident; accuracy among them, which is 1 less the risk.
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
    """Find the smallest confidence with which what is accepted is accurate enough.

    Parameters
    ----------
    labels, probabilities : ndarray
        Of windows that played no part in the training. What they give is no measure of how
        accurate the accepted windows of others will be.
    accuracy : float
        What is aimed at.

    Returns
    -------
    float or None
        Accept a window that is at least so confident. 0 if all can be accepted; None if no
        confidence is high enough.
    """
    table = risk_coverage_table(labels, probabilities)
    enough = table[table["accuracy"] >= accuracy]
    if enough.empty:
        return None
    loosest = enough.iloc[-1]
    return 0.0 if loosest["coverage"] == 1 else float(loosest["threshold"])


def fit_temperature(labels: IntArray, probabilities: FloatArray) -> float:
    """Find the temperature with which the truth is least surprising.

    Parameters
    ----------
    labels, probabilities : ndarray
        Of windows of people who played no part in the training.

    Returns
    -------
    float
        Between 0.05 and 20: more than 1 if the classifier was too sure, less if it was not sure
        enough; 1 if no other is better, or if every window is right, which would ask for certainty.
    """
    if (probabilities.argmax(axis=1) == labels).all():
        return 1.0

    def surprise(logarithm: float) -> float:
        """Score a temperature, given as its logarithm."""
        return negative_log_likelihood(
            labels, apply_temperature(probabilities, math.exp(logarithm))
        )

    bounds = math.log(LEAST_TEMPERATURE), math.log(GREATEST_TEMPERATURE)
    found = minimize_scalar(surprise, bounds=bounds, method="bounded")
    return math.exp(min(0.0, float(found.x), key=surprise))


def apply_temperature(probabilities: FloatArray, temperature: float) -> FloatArray:
    """Make probabilities less sure (above 1) or surer (below 1); the order of a window's stays.

    Parameters
    ----------
    probabilities : ndarray of float, shape (n_windows, n_activities)
        What the classifier said.
    temperature : float
        Divides their logarithms, which then are made to sum to 1 again.

    Returns
    -------
    ndarray of float64, shape (n_windows, n_activities)
    """
    return np.asarray(softmax(_logarithm(probabilities) / temperature, axis=1))


def _logarithm(probabilities: FloatArray) -> FloatArray:
    """Take logarithms in double precision; single precision has no number so small."""
    doubles = probabilities.astype(np.float64)
    return np.asarray(np.log(np.maximum(doubles, np.finfo(np.float64).tiny)))


def _confidences(labels: IntArray, probabilities: FloatArray) -> pd.DataFrame:
    """List each window's confidence, and whether it is right."""
    is_right = probabilities.argmax(axis=1) == labels
    return pd.DataFrame({"confidence": probabilities.max(axis=1), "is_right": is_right})
