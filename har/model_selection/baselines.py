"""Baselines: classifiers of summary features or of raw windows, to compare networks with.

Each of the classical ones has the best of the few settings that were tried, by accuracy in % over
5 folds of the training subjects of UCI HAR (for SVMs, before their probabilities are calibrated):

===================  ================================================================
logistic_regression  C = 0.1: 95.1; 1: 95.1; **10: 95.3**
linear_svm           C = 0.003: 95.6; **0.01: 95.8**; 0.03: 95.7
rbf_svm              C = 1: 95.4; 10: 95.5; **30: 95.6**
random_forest        200 trees (no other number was tried): 93.6
gradient_boosting    **150 rounds of 7 leaves: 94.9**; 300 rounds of 4 leaves: 94.9
===================  ================================================================

``mini_rocket`` and ``multi_rocket_hydra`` are as their authors set them, see `rockets`.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any, TypeAlias

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
from har.model_selection.rockets import (
    check_installed,
    mini_rocket,
    multi_rocket_hydra,
    ridge,
    signals_of,
)
from har.signals.windows import Windows

# What a baseline reads of windows, a row each.
Inputs: TypeAlias = "pd.DataFrame | FloatArray"


def features_of(windows: Windows) -> pd.DataFrame:
    """Return the `summary_features` of windows, a row each."""
    return summary_features(windows.signals, windows.channels, windows.rate_hz)


@dataclass(frozen=True)
class Baseline:
    """How a baseline is made.

    Parameters
    ----------
    classifier : callable
        Function from a seed to an untrained classifier.
    inputs : callable
        Function from windows to what is read of them.
    transformer : callable, optional
        Function from a seed to an untrained transformer of the inputs. It sees no labels, and is
        fitted once, as it takes long, while classifiers are fitted again for their probabilities.
    packages : tuple of str
        Packages of the extra ``rocket`` that it needs.
    """

    classifier: Callable[[int], Any]
    inputs: Callable[[Windows], Inputs] = features_of
    transformer: Callable[[int], Any] | None = None
    packages: tuple[str, ...] = ()


BASELINES: dict[str, Baseline] = {
    "logistic_regression": Baseline(
        lambda seed: make_pipeline(StandardScaler(), LogisticRegression(C=10.0, max_iter=2000))
    ),
    "linear_svm": Baseline(
        lambda seed: make_pipeline(StandardScaler(), LinearSVC(C=0.01, dual=False))
    ),
    "rbf_svm": Baseline(lambda seed: make_pipeline(StandardScaler(), SVC(C=30.0))),
    "random_forest": Baseline(lambda seed: RandomForestClassifier(200, random_state=seed)),
    "gradient_boosting": Baseline(
        lambda seed: HistGradientBoostingClassifier(
            max_iter=150,
            max_leaf_nodes=7,
            max_features=0.1,
            early_stopping=False,
            random_state=seed,
        )
    ),
    "mini_rocket": Baseline(ridge, signals_of, mini_rocket, ("aeon",)),
    "multi_rocket_hydra": Baseline(ridge, signals_of, multi_rocket_hydra, ("aeon", "torch")),
}
# An SVM or a ridge predicts distances from its boundaries, not probabilities. These come from
# sigmoids, fitted to its predictions for subjects that it was not trained on. In 5 folds of UCI HAR
# that changed an SVM's accuracy by less than 0.4 %, and the negative log-likelihood was about half
# that of a softmax of the distances (0.17 instead of 0.42 nats for the linear SVM, 0.22 instead of
# 0.46 for the other).
N_CALIBRATION_FOLDS = 4


def chosen_baselines(names: Collection[str]) -> tuple[str, ...]:
    """Return the chosen names of baselines, each once.

    Parameters
    ----------
    names : collection of str
        Names of baselines; ``"all"`` stands for each that needs no extra package.

    Returns
    -------
    tuple of str

    Raises
    ------
    UsageError
        If there is no baseline of such a name, or a package that it needs is not installed.
    """
    chosen: dict[str, None] = {}
    for name in [names] if isinstance(names, str) else names:
        if name == "all":
            chosen |= dict.fromkeys(name for name in BASELINES if not BASELINES[name].packages)
        elif name in BASELINES:
            check_installed(name, *BASELINES[name].packages)
            chosen[name] = None
        else:
            raise UsageError(f"baselines: found {name}, expected {', '.join(BASELINES)} or all")
    return tuple(chosen)


def inputs_of(names: Collection[str], windows: Windows) -> dict[str, Inputs]:
    """Return what each baseline reads of windows, made once for those that read the same."""
    kinds = {BASELINES[name].inputs: None for name in names}
    made = {kind: kind(windows) for kind in kinds}
    return {name: made[BASELINES[name].inputs] for name in names}


def fit_baseline(name: str, windows: Windows, inputs: Inputs, seed: int) -> Any:
    """Train a baseline.

    Parameters
    ----------
    name : str
        One of `BASELINES`.
    windows : Windows
        Training windows.
    inputs : DataFrame or ndarray, shape (n_windows, …)
        Its inputs of these windows, from `inputs_of`.
    seed : int
        Seed of whatever draws at random.

    Returns
    -------
    classifier
        scikit-learn classifier with ``predict_proba``.

    Raises
    ------
    DataError
        If it predicts distances and there are too few subjects to fit its probabilities.
    """
    baseline = BASELINES[name]
    classifier = baseline.classifier(seed)
    if not hasattr(classifier, "predict_proba"):
        splits = _calibration_splits(name, windows)
        classifier = CalibratedClassifierCV(classifier, cv=splits, ensemble=False)
    if baseline.transformer is not None:
        classifier = make_pipeline(baseline.transformer(seed), classifier)
    return classifier.fit(inputs, windows.labels)


def fit_timed(name: str, windows: Windows, inputs: Inputs, seed: int) -> tuple[Any, float]:
    """Train a baseline as `fit_baseline` does, in one thread; return it and the seconds taken."""
    with threadpool_limits(1):
        started_s = time.perf_counter()
        classifier = fit_baseline(name, windows, inputs, seed)
        return classifier, time.perf_counter() - started_s


def _calibration_splits(name: str, windows: Windows) -> list[tuple[IntArray, IntArray]]:
    """Split windows by subject into indices to train on and indices to calibrate on."""
    folds = folds_of(windows, max(2, min(N_CALIBRATION_FOLDS, len(windows.subject_names))))
    held_out = [np.isin(windows.subjects, fold.held_out_subjects) for fold in folds]
    for is_held_out in held_out:
        for label in np.setdiff1d(windows.labels, windows.labels[~is_held_out]):
            raise DataError(
                f"windows: found {windows.activities[label]} of so few training subjects that "
                f"{len(folds)} folds do not part them, expected more for {name}'s probabilities"
            )
    return [(np.flatnonzero(~is_out), np.flatnonzero(is_out)) for is_out in held_out]


def predict_baseline(name: str, classifier: Any, windows: Windows) -> FloatArray:
    """Return what `predict_from_inputs` makes of the inputs that windows are for a baseline."""
    inputs = BASELINES[name].inputs(windows)
    return predict_from_inputs(classifier, inputs, len(windows.activities))


def predict_from_inputs(classifier: Any, inputs: Inputs, n_activities: int) -> FloatArray:
    """Return the probability of each activity, from inputs made before.

    Parameters
    ----------
    classifier : classifier
        Classifier from `fit_baseline`.
    inputs : DataFrame or ndarray, shape (n_windows, …)
        Its inputs of the windows, from `inputs_of`.
    n_activities : int
        Number of classes.

    Returns
    -------
    ndarray of float64, shape (n_windows, n_activities)
        Probabilities; 0 for activities that were not trained on.
    """
    probabilities = np.zeros((len(inputs), n_activities))
    probabilities[:, classifier.classes_] = classifier.predict_proba(inputs)
    return probabilities


def score_baseline(name: str, windows: Windows, inputs: Inputs, fold: Fold, seed: int) -> FoldScore:
    """Train a baseline on a fold's training subjects, then score it once on those held out.

    Parameters
    ----------
    name : str
        One of `BASELINES`.
    windows : Windows
        Windows of the fold's subjects.
    inputs : DataFrame or ndarray, shape (n_windows, …)
        Its inputs of these windows, from `inputs_of`, which can serve all folds, since each row
        depends on its own window only.
    fold : Fold
        Subjects to train on and subjects to hold out.
    seed : int
        Seed of whatever draws at random.

    Returns
    -------
    FoldScore
        Score whose ``training`` has ``duration_s``, without the time for the inputs, and
        ``ms_per_window``, the prediction time with it, both in one thread.
    """
    is_train = np.isin(windows.subjects, fold.train_subjects)
    rows = np.flatnonzero(np.isin(windows.subjects, fold.held_out_subjects))
    held_out = windows.where(rows)
    classifier, fit_s = fit_timed(name, windows.where(is_train), inputs[is_train], seed)
    with threadpool_limits(1):
        started_s = time.perf_counter()
        probabilities = predict_baseline(name, classifier, held_out)
        prediction_s = time.perf_counter() - started_s
    training = {
        "duration_s": round(fit_s, 2),
        "ms_per_window": round(prediction_s / len(rows) * 1000, 3),
        "n_threads": 1,
    }
    evaluation = Evaluation(held_out.labels, probabilities, held_out.subjects, windows.activities)
    return FoldScore(seed, fold.number, rows, evaluation, training)
