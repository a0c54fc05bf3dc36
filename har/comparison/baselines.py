"""Baselines beside runs: trained on the same windows, and scored on the same windows."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable, Sequence

from joblib import Parallel, delayed

from har.arrays import FloatArray
from har.comparison.contenders import Contender, FinishedRun, check_fingerprint
from har.evaluation.metrics import Evaluation
from har.model_selection.baselines import (
    BASELINES,
    Inputs,
    fit_timed,
    inputs_of,
    predict_from_inputs,
)
from har.runs.results import check_same_windows
from har.signals.data_description import DataDescription
from har.signals.windows import Windows

logger = logging.getLogger(__name__)


def predict_with_baselines(
    names: Sequence[str], run: FinishedRun, train: Windows, test: Windows, data: DataDescription
) -> list[Contender]:
    """Train baselines on all training windows of a run's data, and predict the run's test windows.

    Parameters
    ----------
    names : sequence of str
        Names from `har.model_selection.baselines.BASELINES`.
    run : FinishedRun
        The run whose seed and scored windows are taken.
    train, test : Windows
        Splits of the run's data, as opened again.
    data : DataDescription
        Description of these data.

    Returns
    -------
    list of Contender
        In the same order. Training times are those in one thread, with the inputs'.

    Raises
    ------
    HarError
        If the data is not the run's; or as from `fit_baseline`.
    """
    check_fingerprint(run, data.fingerprint, str(data.source))
    check_same_windows(run.results, test, run.folder.predictions)
    test = test.where(run.results.predictions["index"].to_numpy())
    logger.info("baselines: %s learn from %d windows", ", ".join(names), len(train))
    seed = run.results.config.seed
    kinds = dict.fromkeys(BASELINES[name].inputs for name in names)
    timed = {kind: _timed(kind, train) for kind in kinds}
    of_train = {name: timed[BASELINES[name].inputs] for name in names}
    of_test = inputs_of(names, test)
    predictions = Parallel(n_jobs=min(len(names), len(os.sched_getaffinity(0))))(
        delayed(_predict)(name, train, of_train[name][0], of_test[name], seed) for name in names
    )
    return [
        Contender(
            name=name,
            folder=None,
            seed=seed,
            settings={},
            n_parameters=None,
            duration_s=round(of_train[name][1] + fit_s, 1),
            evaluation=Evaluation(test.labels, probabilities, test.subjects, test.activities),
        )
        for name, (probabilities, fit_s) in zip(names, predictions, strict=True)
    ]


def _timed(kind: Callable[[Windows], Inputs], windows: Windows) -> tuple[Inputs, float]:
    """Return inputs of one kind, and the seconds that making them took."""
    started_s = time.perf_counter()
    return kind(windows), time.perf_counter() - started_s


def _predict(
    name: str, train: Windows, inputs: Inputs, of_test: Inputs, seed: int
) -> tuple[FloatArray, float]:
    """Train one baseline; return its probabilities and its training time in seconds."""
    classifier, fit_s = fit_timed(name, train, inputs, seed)
    return predict_from_inputs(classifier, of_test, len(train.activities)), fit_s
