"""What ``har tune`` does: run the missing trials, and keep the table and the best recipe."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Callable
from pathlib import Path

from optuna import Study

from har.cli.terminal import trial_in_words
from har.datasets.loading import open_training
from har.model_selection.folds import folds_of
from har.model_selection.ranges import load_search
from har.model_selection.tuning import (
    Task,
    hardest_first,
    n_over,
    open_study,
    run_trials,
    without_password,
)
from har.model_selection.tuning_folder import TuningFolder, best_of
from har.runs.provenance import describe_start


def run_search(options: Namespace, say: Callable[[str], None]) -> str:
    """Search for better settings of a recipe by cross-validation.

    Parameters
    ----------
    options : Namespace
        With ``config``, ``settings``, ``trials``, ``out``, ``storage``, ``threads`` and
        ``command``.
    say : callable
        Told in a line what is being done.

    Returns
    -------
    str
        The best trial in words, and where its recipe is.
    """
    search = load_search(options.config, *options.settings)
    data = open_training(search.base.data, say)
    task = Task(search, data.windows, hardest_first(folds_of(data.windows, 5)), options.threads)
    recipe = Path(options.config).stem
    folder = TuningFolder.prepare(options.out or Path("runs") / f"tune-{recipe}")
    storage = options.storage or f"sqlite:///{folder.study.resolve()}"
    study = open_study(storage, folder.path.resolve().name, task, data.fingerprint)
    command = [part.replace(storage, without_password(storage)) for part in options.command]
    folder.write_start(search, describe_start(command, recipe, data.describe()))
    _run_trials(options.trials, study, task, folder, say)
    best = best_of(study.get_trials())
    if best is None:
        return f"no trial was scored on all folds; why: {folder.trials}"
    return f"best: trial {best.number}, accuracy {best.value:.2%}; recipe: {folder.best}"


def _run_trials(
    n_trials: int, study: Study, task: Task, folder: TuningFolder, say: Callable[[str], None]
) -> None:
    """Run the trials that are missing, and keep the table of all after each."""
    try:
        for trial in run_trials(study, task, n_trials, say):
            trials = study.get_trials()
            folder.write_trials(task.search, trials)
            say(trial_in_words(trial, n_over(trials), n_trials))
    except KeyboardInterrupt:
        folder.mark_ended("interrupted")
        raise KeyboardInterrupt(
            f" after {n_over(study.get_trials())} of {n_trials} trials; the same command with "
            f"--out {folder.path} goes on from there"
        ) from None
    folder.write_trials(task.search, study.get_trials())
    folder.mark_ended("finished")
