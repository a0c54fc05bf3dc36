"""Cross-validation over training subjects, with a parallel job for each fold and seed."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, replace
from functools import partial

import numpy as np
import pandas as pd

from har.config import Config
from har.model_selection.folds import Fold, FoldScore
from har.model_selection.parallel import run_jobs
from har.runs.provenance import describe_source
from har.signals.recording import Recording
from har.signals.subjects import Subject
from har.signals.windows import Windows

RecordingsOf = Callable[[Sequence[Subject]], Iterable[tuple[Recording, pd.DataFrame]]]
SegmentsOf = Callable[[Sequence[Subject]], Iterable[pd.DataFrame]]


def cross_validate(
    config: Config,
    windows: Windows,
    jobs: Iterable[tuple[int, Fold]],
    n_jobs: int = 1,
    n_threads: int = 1,
    cluster: str | None = None,
    recordings_of: RecordingsOf | None = None,
    segments_of: SegmentsOf | None = None,
) -> Iterator[FoldScore]:
    """Train and score a network for each seed and fold.

    Parameters
    ----------
    config : Config
        Settings of the network and its training; jobs override the seed.
    windows : Windows
        Training windows.
    jobs : iterable of (int, Fold)
        Seed and fold of each job.
    n_jobs : int
        Number of processes; with 1, this process does all jobs.
    n_threads : int
        CPU threads of each job.
    cluster : str, optional
        Address of a Dask scheduler whose workers do the jobs; see `run_jobs`.
    recordings_of, segments_of : callable, optional
        As for `score_fold`.

    Yields
    ------
    FoldScore
        Score of each job as it ends, in any order.

    Raises
    ------
    HarError
        If a job fails, see `ActivityClassifier.fit`, or its worker or cluster, see `run_jobs`.
    """
    score = partial(
        score_fold,
        n_threads=n_threads,
        recordings_of=recordings_of,
        segments_of=segments_of,
    )
    pairs = ((fold, seed) for seed, fold in jobs)
    yield from run_jobs(score, pairs, n_jobs, shared=(config, windows), cluster=cluster)


def score_fold(
    config: Config,
    windows: Windows,
    fold: Fold,
    seed: int,
    n_threads: int = 1,
    n_processes: int = 1,
    recordings_of: RecordingsOf | None = None,
    segments_of: SegmentsOf | None = None,
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
    n_threads, n_processes : int
        CPU threads, and processes that share each batch, as for `ActivityClassifier.fit`.
    recordings_of : callable, optional
        Function from subjects to their whole recordings and true segments, to score these, too.
    segments_of : callable, optional
        Function from subjects to the true segments of their recordings, from which their context
        is learned.

    Returns
    -------
    FoldScore
        Score whose ``training`` has ``duration_s`` and ``ms_per_window`` (of prediction).
    """
    from har.classifier import ActivityClassifier

    started_s = time.perf_counter()
    classifier = ActivityClassifier(replace(config, seed=seed))
    known = windows.of_subjects(fold.train_subjects)
    # Not `fit`, which also learns how strange a window is: no score asks for it.
    for _record in classifier.fit_epochs(known, n_threads, n_processes):
        continue
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
    recordings = None
    if recordings_of is not None:
        if segments_of is not None:
            classifier.learn_context(segments_of(fold.train_subjects))
        recordings = classifier.evaluate_recordings(recordings_of(fold.held_out_subjects))
    return FoldScore(seed, fold.number, rows, evaluation, training, recordings)
