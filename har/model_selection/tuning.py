"""Search for better settings: Optuna proposes them, cross-validation scores them.

The study is kept in a database, which several processes and machines may share.
"""

from __future__ import annotations

import json
import logging
import time
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import optuna
from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)
from optuna.exceptions import ExperimentalWarning, StorageInternalError
from optuna.pruners import MedianPruner
from optuna.samplers import TPESampler
from optuna.storages import RDBStorage, fail_stale_trials
from optuna.study import Study
from optuna.trial import FrozenTrial, Trial, TrialState
from sqlalchemy.engine import make_url
from sqlalchemy.exc import SQLAlchemyError

from har.errors import HarError, RunError, UsageError, parsing
from har.model_selection.cross_validation import score_fold
from har.model_selection.folds import Fold
from har.model_selection.ranges import Search
from har.model_selection.tuning_folder import INTERRUPTED, failure_of
from har.signals.windows import Windows

logger = logging.getLogger(__name__)

# Order of the five folds of UCI HAR by the scores of MiniRocket and early networks, so that bad
# trials are stopped soon. For other data, this order is as good as any.
_HARDEST_FIRST = (1, 0, 4, 2, 3)
# Trials to complete before any is stopped for being worse than the median.
_N_STARTUP_TRIALS = 5
# The first fold alone is not enough: its accuracy varies by one percentage point with the seed.
_N_WARMUP_STEPS = 1
# Interval of a running trial's heartbeats, and the silence after which it counts as killed.
_HEARTBEAT_S = 10
_SILENCE_S = 60
_LOOK_AGAIN_S = 2.0
# Attempts to open a database whose tables another process may be creating.
_N_TRIES = 4
_TRY_AGAIN_S = 0.5
# MXNet raises a RuntimeError if a network cannot be built or does not fit into memory.
_FAILURES = (HarError, RuntimeError)
# Settings that may differ between the machines of a study without affecting its scores.
_MAY_DIFFER = {"data.root", "device"}


def hardest_first(folds: Sequence[Fold]) -> list[Fold]:
    """Return the folds in the order of `_HARDEST_FIRST`, so that bad trials are stopped soon."""
    if len(folds) != len(_HARDEST_FIRST):
        return list(folds)
    return sorted(folds, key=lambda fold: _HARDEST_FIRST.index(fold.number))


def without_password(url: str) -> str:
    """Return a database's URL with its password hidden.

    Raises
    ------
    UsageError
        If it is not the URL of a database.
    """
    try:
        return make_url(url).render_as_string(hide_password=True)
    except SQLAlchemyError as error:
        raise UsageError(
            "--storage: found no URL of a database, expected one such as sqlite:///study.db or "
            "postgresql://user@host/name"
        ) from error


@dataclass(frozen=True)
class Task:
    """Objective of a study: scores the settings of each trial.

    Parameters
    ----------
    search : Search
        Settings and their ranges.
    windows : Windows
        Training windows.
    folds : sequence of Fold
        Folds in the order of scoring; a trial may be stopped after each.
    n_threads : int
        CPU threads.
    """

    search: Search
    windows: Windows
    folds: Sequence[Fold]
    n_threads: int = 1

    def __call__(self, trial: Trial) -> float:
        """Return the mean accuracy over the folds of the settings that a trial proposes.

        Raises
        ------
        TrialPruned
            If the mean so far is worse than that of most earlier trials.
        HarError, RuntimeError
            If the network cannot be trained with the settings; the trial stores the reason.
        """
        try:
            return self._score(trial)
        except _FAILURES as error:
            trial.set_user_attr("failure", " ".join(str(error).split()))
            raise

    def _score(self, trial: Trial) -> float:
        seed = self.search.base.seed
        # The seed depends on the trial's number: processes that share a study draw different
        # values, and a continued study draws the same values as an uninterrupted one.
        entropy = np.random.SeedSequence([seed, trial.number])
        trial.study.sampler = TPESampler(seed=int(entropy.generate_state(1)[0]))
        for key, distribution in self.search.distributions.items():
            _draw(trial, key, distribution)
        config = self.search.config_of(trial.params)
        accuracies: dict[str, float] = {}
        mean, duration_s = 0.0, 0.0
        for step, fold in enumerate(self.folds):
            score = score_fold(config, self.windows, fold, seed, self.n_threads)
            accuracies[str(fold.number)] = score.evaluation.accuracy
            duration_s += score.training["duration_s"]
            trial.set_user_attr("accuracies", accuracies)
            trial.set_user_attr("duration_s", round(duration_s, 2))
            trial.set_user_attr("n_parameters", score.training["n_parameters"])
            mean = float(np.mean(list(accuracies.values())))
            trial.report(mean, step)
            if len(accuracies) < len(self.folds) and trial.should_prune():
                raise optuna.TrialPruned
        return mean


def _draw(trial: Trial, key: str, distribution: BaseDistribution) -> None:
    match distribution:
        case CategoricalDistribution(choices=choices):
            trial.suggest_categorical(key, choices)
        case IntDistribution(low=low, high=high, step=step, log=log):
            trial.suggest_int(key, low, high, step=step, log=log)
        case FloatDistribution(low=low, high=high, step=step, log=log):
            trial.suggest_float(key, low, high, step=step, log=log)


@contextmanager
def open_study(url: str, name: str, task: Task, fingerprint: str) -> Iterator[Study]:
    """Create a study, or join one with the same settings, ranges, data and folds.

    On leaving, the connections to the database are closed.

    Parameters
    ----------
    url : str
        URL of a database that SQLAlchemy supports.
    name : str
        Name of the study in the database.
    task : Task
        Objective of the study.
    fingerprint : str
        Digest of the data.

    Yields
    ------
    Study

    Raises
    ------
    UsageError
        If there is no such database.
    RunError
        If the study is damaged, or has other settings, ranges, data or folds.
    """
    place = without_password(url)
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    # A damaged database makes SQLAlchemy, Alembic and Optuna raise whatever they come upon.
    with parsing(place, "a study that har tune wrote", RunError):
        study, storage = _open(url, name, place)
    try:
        with parsing(place, "a study that har tune wrote", RunError):
            _check_same(study, task, fingerprint)
            study.get_trials(deepcopy=False)
        yield study
    finally:
        _close(storage)


def _open(url: str, name: str, place: str) -> tuple[Study, RDBStorage]:
    """Create or join a study; a `UsageError` if there is no such database."""
    try:
        return _create_patiently(url, name)
    except ImportError as error:
        raise UsageError(
            f"--storage: found no driver for {place}, expected it installed"
        ) from error
    except (SQLAlchemyError, StorageInternalError) as error:
        reason = str(error.__cause__ or error).splitlines()[0]
        raise UsageError(
            f"--storage: found no database at {place} ({reason}), expected one"
        ) from error


def _create_patiently(url: str, name: str) -> tuple[Study, RDBStorage]:
    """Create or join a study; retry, as processes fail that create the tables at the same time."""
    for _ in range(_N_TRIES - 1):
        try:
            return _create(url, name)
        except (SQLAlchemyError, StorageInternalError):
            time.sleep(_TRY_AGAIN_S)
    return _create(url, name)


def _create(url: str, name: str) -> tuple[Study, RDBStorage]:
    # SQLite lets one process write at a time; the others wait.
    arguments = {"connect_args": {"timeout": 60}} if url.startswith("sqlite") else {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ExperimentalWarning)
        storage = RDBStorage(
            url,
            engine_kwargs=arguments,
            heartbeat_interval=_HEARTBEAT_S,
            grace_period=_SILENCE_S,
        )
    pruner = MedianPruner(n_startup_trials=_N_STARTUP_TRIALS, n_warmup_steps=_N_WARMUP_STEPS)
    try:
        study = optuna.create_study(
            storage=storage,
            study_name=name,
            pruner=pruner,
            direction="maximize",
            load_if_exists=True,
        )
    except BaseException:
        _close(storage)
        raise
    return study, storage


def _close(storage: RDBStorage) -> None:
    """Close the connections, which Optuna leaves open and Python 3.13 and later warn of."""
    storage.remove_session()
    storage.engine.dispose()


def _check_same(study: Study, task: Task, fingerprint: str) -> None:
    """Refuse a study whose scores cannot be compared with those of this task."""
    now = {key: v for key, v in task.search.settings().items() if key not in _MAY_DIFFER}
    now |= {
        "data of fingerprint": fingerprint,
        "held-out subjects": [fold.held_out_subjects for fold in task.folds],
    }
    # In the form in which the database returns it.
    now = json.loads(json.dumps(now))
    earlier = study.user_attrs.get("identity")
    if earlier is None:
        study.set_user_attr("identity", now)
        return
    for key, value in now.items():
        if earlier.get(key) != value:
            raise RunError(
                f"study {study.study_name}: found {key} {earlier.get(key)}, expected {value} as "
                "asked for now; another --out begins anew"
            )


def run_trials(study: Study, task: Task, n_trials: int) -> Iterator[FrozenTrial]:
    """Run trials until the study has a given number, counting those of all its processes.

    Failed trials count; those whose process was killed do not. At the end each process waits for
    the trials of the others, and repeats them if a process was killed. There may be up to one extra
    trial for each other process.

    Parameters
    ----------
    study : Study
        See `open_study`.
    task : Task
        Objective of the study.
    n_trials : int
        Number of trials of the study, earlier ones included.

    Yields
    ------
    FrozenTrial
        The trials of this process, as they end.

    Raises
    ------
    RunError
        If the database does not answer.
    """
    mine: list[FrozenTrial] = []
    is_waiting = False
    try:
        while n_over(study.get_trials(deepcopy=False)) < n_trials:
            if _needs_trial(study, n_trials):
                study.optimize(
                    task,
                    n_trials=1,
                    catch=_FAILURES,
                    callbacks=[lambda _study, trial: mine.append(trial)],
                )
                yield mine.pop()
                is_waiting = False
            else:
                if not is_waiting:
                    logger.info("waiting for the trials of other processes")
                is_waiting = True
                time.sleep(_LOOK_AGAIN_S)
    # Optuna 4 raises an UnboundLocalError in `optimize` if its storage fails.
    except (SQLAlchemyError, StorageInternalError, UnboundLocalError) as error:
        reason = str(error.__context__ or error).splitlines()[0]
        raise RunError(
            f"study {study.study_name}: found no answer of its storage ({reason}), expected one"
        ) from error


def n_over(trials: Sequence[FrozenTrial]) -> int:
    """Return the number of trials that ended without being interrupted."""
    return sum(trial.state.is_finished() and failure_of(trial) != INTERRUPTED for trial in trials)


def _needs_trial(study: Study, n_trials: int) -> bool:
    """Return whether finished and running trials together are too few."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ExperimentalWarning)
        fail_stale_trials(study)
    trials = study.get_trials(deepcopy=False)
    n_running = sum(trial.state == TrialState.RUNNING for trial in trials)
    return n_over(trials) + n_running < n_trials
