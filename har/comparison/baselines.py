"""Baselines beside runs: trained on the same windows, and asked about the same windows."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Sequence

import pandas as pd
from joblib import Parallel, delayed

from har.arrays import FloatArray
from har.comparison.contenders import Contender, ScoredRun, check_fingerprint
from har.datasets.dataset import DataSet
from har.evaluation.metrics import Evaluation
from har.model_selection.baselines import features_of, fit_timed, predict_from_features
from har.runs.results import check_same_windows
from har.signals.windows import Windows

logger = logging.getLogger(__name__)


def answer_with_baselines(names: Sequence[str], run: ScoredRun, data: DataSet) -> list[Contender]:
    """Train baselines on all training windows of a run's data, and ask them what the run was asked.

    Parameters
    ----------
    names : sequence of str
        Of `har.model_selection.baselines.BASELINES`.
    run : ScoredRun
        The run whose seed and scored windows are taken.
    data : DataSet
        The run's data, as opened again.

    Returns
    -------
    list of Contender
        In the same order. Training times are those in one thread, with the features'.

    Raises
    ------
    HarError
        If the data is not the run's; or as from `fit_baseline`.
    """
    check_fingerprint(run, data.fingerprint, data.source)
    check_same_windows(run.results, data.test, run.folder.predictions)
    test = data.test.where(run.results.predictions["index"].to_numpy())
    logger.info("baselines: %s learn from %d windows", ", ".join(names), len(data.train))
    seed = run.results.config.seed
    started_s = time.perf_counter()
    features = features_of(data.train)
    features_s = time.perf_counter() - started_s
    of_test = features_of(test)
    answers = Parallel(n_jobs=min(len(names), len(os.sched_getaffinity(0))))(
        delayed(_answer)(name, data.train, features, of_test, seed) for name in names
    )
    return [
        Contender(
            name=name,
            folder=None,
            seed=seed,
            settings={},
            n_parameters=None,
            duration_s=round(features_s + fit_s, 1),
            evaluation=Evaluation(test.labels, probabilities, test.subjects, test.activities),
        )
        for name, (probabilities, fit_s) in zip(names, answers, strict=True)
    ]


def _answer(
    name: str, train: Windows, features: pd.DataFrame, of_test: pd.DataFrame, seed: int
) -> tuple[FloatArray, float]:
    """Train one baseline; give its probabilities, and how long it was trained in seconds."""
    classifier, fit_s = fit_timed(name, train, features, seed)
    return predict_from_features(classifier, of_test, len(train.activities)), fit_s
