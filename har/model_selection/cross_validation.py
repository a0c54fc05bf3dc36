"""Cross-validation over training subjects, with a parallel job for each fold and seed."""

from __future__ import annotations

import multiprocessing
import os
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, replace
from functools import partial

import numpy as np
from joblib import Parallel, delayed

from har.config import Config
from har.model_selection.folds import Fold, FoldScore
from har.runs.provenance import describe_source
from har.signals.windows import Windows

# In a worker, the process that started it.
_PARENT = os.getppid()


def n_processes(n_jobs: int, asked_for: int | None, n_threads: int) -> int:
    """Return the number of worker processes: the one requested, else as many as cores allow."""
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
        Settings of the network and its training; jobs override the seed.
    windows : Windows
        Training windows; memory maps reach other processes without being copied.
    jobs : iterable of (int, Fold)
        Seed and fold of each job.
    n_jobs : int
        Number of processes; with 1, this process does all jobs.
    n_threads : int
        CPU threads of each job.

    Yields
    ------
    FoldScore
        Score of each job as it ends, in any order.

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
    """Score each seed and fold with a given function.

    Jobs run through joblib: inside ``joblib.parallel_config("dask")`` or ``"ray"`` they are
    distributed over that cluster's machines.

    Parameters
    ----------
    score : callable
        Function that scores a fold with a seed.
    jobs, n_jobs
        See `cross_validate`.

    Yields
    ------
    FoldScore
        Score of each job as it ends, in any order.
    """
    # Batches of one job, so that the caller can save each score at once.
    parallel = Parallel(n_jobs=n_jobs, batch_size=1, return_as="generator_unordered")
    yield from parallel(delayed(score)(fold, seed) for seed, fold in jobs)


def score_fold(
    config: Config, windows: Windows, fold: Fold, seed: int, n_threads: int = 1
) -> FoldScore:
    """Train a network on a fold's training subjects, then score it once on those held out.

    Parameters
    ----------
    config : Config
        Settings of the network and its training. Validation subjects are taken from the fold's
        training subjects.
    windows : Windows
        Windows of the fold's subjects.
    fold : Fold
        Subjects to train on and subjects to hold out.
    seed : int
        Seed in place of that of the settings.
    n_threads : int
        CPU threads; without effect if MXNet has been loaded, since it reads the number once.

    Returns
    -------
    FoldScore
        Score whose ``training`` has ``duration_s`` and ``ms_per_window`` (of prediction).
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
        "git": git and asdict(git),
    }
    return FoldScore(seed, fold.number, rows, evaluation, training)


def _stop_if_orphaned() -> None:
    """End a worker whose main process was killed, so that it does not train in vain."""
    is_worker = multiprocessing.parent_process() is not None
    if is_worker and os.getppid() != _PARENT:
        os._exit(1)
