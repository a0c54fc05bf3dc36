"""Baselines: classical classifiers of summary features, to compare networks with.

Each has the best of the few settings that were tried, by accuracy in % over 5 folds of the training
subjects of UCI HAR (for SVMs, before their probabilities are calibrated):

===================  ================================================================
logistic_regression  C = 0.1: 95.1; 1: 95.1; **10: 95.3**
linear_svm           C = 0.003: 95.6; **0.01: 95.8**; 0.03: 95.7
rbf_svm              C = 1: 95.4; 10: 95.5; **30: 95.6**
random_forest        200 trees (no other number was tried): 93.6
gradient_boosting    **150 rounds of 7 leaves: 94.9**; 300 rounds of 4 leaves: 94.9
===================  ================================================================
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection
from typing import Any

import numpy as np
import pandas as pd
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC, LinearSVC
from threadpoolctl import threadpool_limits

from har.arrays import FloatArray, IntArray
from har.errors import DataError, UsageError
from har.evaluation.metrics import Evaluation
from har.model_selection.features import summary_features
from har.model_selection.folds import Fold, FoldScore, folds_of
from har.signals.windows import Windows

# Functions from a seed to an untrained classifier, keyed by name.
BASELINES: dict[str, Callable[[int], Any]] = {
    "logistic_regression": lambda seed: make_pipeline(
        StandardScaler(), LogisticRegression(C=10.0, max_iter=2000)
    ),
    "linear_svm": lambda seed: make_pipeline(StandardScaler(), LinearSVC(C=0.01, dual=False)),
    "rbf_svm": lambda seed: make_pipeline(StandardScaler(), SVC(C=30.0)),
    "random_forest": lambda seed: RandomForestClassifier(200, random_state=seed),
    "gradient_boosting": lambda seed: HistGradientBoostingClassifier(
        max_iter=150,
        max_leaf_nodes=7,
        max_features=0.1,
        early_stopping=False,
        random_state=seed,
    ),
}
# An SVM predicts distances from its boundaries, not probabilities. These come from sigmoids, fitted
# to its predictions for subjects that it was not trained on. In 5 folds of UCI HAR that changed the
# accuracy by less than 0.4 %, and the negative log-likelihood was about half that of a softmax of
# the distances (0.17 instead of 0.42 nats for the linear SVM, 0.22 instead of 0.46 for the other).
N_CALIBRATION_FOLDS = 4


def chosen_baselines(names: Collection[str]) -> tuple[str, ...]:
    """Return each name once, or all baselines if ``all`` is among the names; refuse others."""
    if "all" in names:
        return tuple(BASELINES)
    for name in names:
        if name not in BASELINES:
            raise UsageError(f"baselines: found {name}, expected {', '.join(BASELINES)} or all")
    return tuple(dict.fromkeys(names))


def features_of(windows: Windows) -> pd.DataFrame:
    """Return the `summary_features` of windows, a row each."""
    return summary_features(windows.signals, windows.channels, windows.rate_hz)


def fit_baseline(name: str, windows: Windows, features: pd.DataFrame, seed: int) -> Any:
    """Train a baseline.

    Parameters
    ----------
    name : str
        One of `BASELINES`.
    windows : Windows
        Training windows.
    features : DataFrame, shape (n_windows, n_features)
        Their `summary_features`.
    seed : int
        Seed of the classifier.

    Returns
    -------
    classifier
        scikit-learn classifier with ``predict_proba``.

    Raises
    ------
    DataError
        If it is an SVM and there are too few subjects to fit its probabilities.
    """
    classifier = BASELINES[name](seed)
    if not hasattr(classifier, "predict_proba"):
        splits = _calibration_splits(windows)
        classifier = CalibratedClassifierCV(classifier, cv=splits, ensemble=False)
    return classifier.fit(features, windows.labels)


def fit_timed(name: str, windows: Windows, features: pd.DataFrame, seed: int) -> tuple[Any, float]:
    """Train a baseline as `fit_baseline` does, in one thread; return it and the seconds taken."""
    with threadpool_limits(1):
        started_s = time.perf_counter()
        classifier = fit_baseline(name, windows, features, seed)
        return classifier, time.perf_counter() - started_s


def _calibration_splits(windows: Windows) -> list[tuple[IntArray, IntArray]]:
    """Split windows by subject into indices to train on and indices to calibrate on."""
    folds = folds_of(windows, max(2, min(N_CALIBRATION_FOLDS, len(windows.subject_names))))
    held_out = [np.isin(windows.subjects, fold.held_out_subjects) for fold in folds]
    for is_held_out in held_out:
        for label in np.setdiff1d(windows.labels, windows.labels[~is_held_out]):
            raise DataError(
                f"windows: found {windows.activities[label]} of so few training subjects that "
                f"{len(folds)} folds do not part them, expected more for an SVM's probabilities"
            )
    return [(np.flatnonzero(~is_out), np.flatnonzero(is_out)) for is_out in held_out]


def predict_baseline(classifier: Any, windows: Windows) -> FloatArray:
    """Compute the features of windows and return what `predict_from_features` makes of them."""
    return predict_from_features(classifier, features_of(windows), len(windows.activities))


def predict_from_features(classifier: Any, features: pd.DataFrame, n_activities: int) -> FloatArray:
    """Return the probability of each activity, from features computed before.

    Parameters
    ----------
    classifier : classifier
        Classifier from `fit_baseline`.
    features : DataFrame, shape (n_windows, n_features)
        `summary_features` of the windows.
    n_activities : int
        Number of classes.

    Returns
    -------
    ndarray of float64, shape (n_windows, n_activities)
        Probabilities; 0 for activities that were not trained on.
    """
    probabilities = np.zeros((len(features), n_activities))
    probabilities[:, classifier.classes_] = classifier.predict_proba(features)
    return probabilities


def score_baseline(
    name: str, windows: Windows, features: pd.DataFrame, fold: Fold, seed: int
) -> FoldScore:
    """Train a baseline on a fold's training subjects, then score it once on those held out.

    Parameters
    ----------
    name : str
        One of `BASELINES`.
    windows : Windows
        Windows of the fold's subjects.
    features : DataFrame, shape (n_windows, n_features)
        Their `summary_features`, which can serve all folds, since each row depends on its own
        window only.
    fold : Fold
        Subjects to train on and subjects to hold out.
    seed : int
        Seed of the classifier.

    Returns
    -------
    FoldScore
        Score whose ``training`` has ``duration_s``, without the time for features, and
        ``ms_per_window``, the prediction time with it, both in one thread.
    """
    is_train = np.isin(windows.subjects, fold.train_subjects)
    rows = np.flatnonzero(np.isin(windows.subjects, fold.held_out_subjects))
    held_out = windows.where(rows)
    classifier, fit_s = fit_timed(name, windows.where(is_train), features[is_train], seed)
    with threadpool_limits(1):
        started_s = time.perf_counter()
        probabilities = predict_baseline(classifier, held_out)
        prediction_s = time.perf_counter() - started_s
    training = {
        "duration_s": round(fit_s, 2),
        "ms_per_window": round(prediction_s / len(rows) * 1000, 3),
        "n_threads": 1,
    }
    evaluation = Evaluation(held_out.labels, probabilities, held_out.subjects, windows.activities)
    return FoldScore(seed, fold.number, rows, evaluation, training)
