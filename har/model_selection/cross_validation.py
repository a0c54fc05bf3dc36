"""Cross-validation over training subjects: each fold and seed is a job, several at a time."""

from __future__ import annotations

import multiprocessing
import os
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from functools import partial

import numpy as np
from joblib import Parallel, delayed

from har.config import Config
from har.model_selection.folds import Fold, FoldScore
from har.runs.provenance import describe_source
from har.signals.windows import Windows

# Of a worker, the process that its jobs come from.
_PARENT = os.getppid()


def n_processes(n_jobs: int, asked_for: int | None, n_threads: int) -> int:
    """Count the processes to train in: as asked for, else as many as there are cores for."""
    n_at_most = asked_for or len(os.sched_getaffinity(0)) // n_threads
    return max(1, min(n_jobs, n_at_most))


def cross_validate(
    config: Config,
    windows: Windows,
    jobs: Iterable[tuple[int, Fold]],
    n_jobs: int = 1,
    n_threads: int = 1,
) -> Iterator[FoldScore]:
    """Train and score a network for each seed and fold.

    Parameters
    ----------
    config : Config
        Network and training; each job has its own seed instead of this one's.
    windows : Windows
        Training windows; as memory maps, they reach other processes without being copied.
    jobs : iterable of (int, Fold)
        Seeds, and whom to hold out.
    n_jobs : int
        How many processes train at a time; with 1, it is this one.
    n_threads : int
        CPU threads of each job.

    Yields
    ------
    FoldScore
        As jobs end, in any order.

    Raises
    ------
    HarError
        If a job fails; see `ActivityClassifier.fit`.
    """
    score = partial(score_fold, config, windows, n_threads=n_threads)
    yield from run_jobs(score, jobs, n_jobs)


def run_jobs(
    score: Callable[[Fold, int], FoldScore], jobs: Iterable[tuple[int, Fold]], n_jobs: int = 1
) -> Iterator[FoldScore]:
    """Score each seed and fold, however that is done.

    Jobs go through joblib: inside ``joblib.parallel_config("dask")`` or ``"ray"`` they are spread
    over that cluster's machines.

    Parameters
    ----------
    score : callable
        Scores one fold with one seed.
    jobs, n_jobs
        As for `cross_validate`.

    Yields
    ------
    FoldScore
        As jobs end, in any order.
    """
    # A batch of one: a score that is there can be kept, whatever happens after.
    parallel = Parallel(n_jobs=n_jobs, batch_size=1, return_as="generator_unordered")
    yield from parallel(delayed(score)(fold, seed) for seed, fold in jobs)


def score_fold(
    config: Config, windows: Windows, fold: Fold, seed: int, n_threads: int = 1
) -> FoldScore:
    """Train a network on a fold's training subjects, then score it once on those held out.

    Parameters
    ----------
    config : Config
        Network and training. If validation subjects choose the epoch, they are some of the fold's
        training subjects.
    windows : Windows
        Windows of the fold's subjects.
    fold : Fold
        Whom to hold out.
    seed : int
        Takes the place of the settings' own.
    n_threads : int
        CPU threads, unless MXNet was loaded before, which reads their number once.

    Returns
    -------
    FoldScore
        Its ``training`` has ``duration_s`` and ``ms_per_window`` (of prediction).
    """
    if "mxnet" not in sys.modules:
        os.environ["OMP_NUM_THREADS"] = str(n_threads)
    from har.classifier import ActivityClassifier

    started_s = time.perf_counter()
    classifier = ActivityClassifier(replace(config, seed=seed))
    for _record in classifier.fit_epochs(windows.of_subjects(fold.train_subjects)):
        _stop_if_orphaned()
    fitted_s = time.perf_counter()
    rows = np.flatnonzero(np.isin(windows.subjects, fold.held_out_subjects))
    evaluation = classifier.evaluate(windows.where(rows))
    predicted_s = time.perf_counter()
    description, git = classifier.describe(), describe_source()
    training = {
        "duration_s": round(fitted_s - started_s, 2),
        "ms_per_window": round((predicted_s - fitted_s) / len(rows) * 1000, 3),
        "n_parameters": description.model.n_parameters,
        **description.training.to_dict(),
        "git": git.to_dict() if git else None,
    }
    return FoldScore(seed, fold.number, rows, evaluation, training)


def _stop_if_orphaned() -> None:
    """End a worker whose main process was killed: it would train on, for nobody."""
    is_worker = multiprocessing.parent_process() is not None
    if is_worker and os.getppid() != _PARENT:
        os._exit(1)
