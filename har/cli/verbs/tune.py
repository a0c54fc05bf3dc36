"""``har tune``: run the missing trials, and keep the table and the best recipe."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path

from har.cli.options import RUNS, way_to_go_on
from har.cli.terminal import trial_in_words
from har.datasets.loading import open_training
from har.errors import Interrupted, UsageError, install_command
from har.model_selection.folds import folds_of

try:
    from optuna import Study
except ModuleNotFoundError as error:
    raise UsageError(
        f"har tune: found no optuna, expected it: {install_command('tune')}"
    ) from error

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
from har.runs.lock import held
from har.runs.provenance import describe_start

logger = logging.getLogger(__name__)


def run(
    *,
    config: str = "uci_har",
    settings: Sequence[str] = (),
    trials: int = 20,
    out: Path | None = None,
    storage: str | None = None,
    threads: int = 1,
    command: Sequence[str] = (),
) -> None:
    """Search for better settings of a recipe by cross-validation.

    Parameters
    ----------
    config : str
        Name or file of a recipe.
    settings : sequence of str
        Settings and ranges that differ from the recipe's: ``["--model.hidden_size", "16..128"]``.
    trials : int
        Number of trials of the study, those before included.
    out : Path, optional
        Folder to make or to go on in, which names the study; by default one of the recipe's name in
        ``runs/``.
    storage : str, optional
        URL of a database to share; by default a file in `out`.
    threads : int
        CPU threads.
    command : sequence of str
        Command line, to be kept in the manifest.
    """
    search = load_search(config, *settings)
    recipe = Path(config).stem
    path = out or RUNS / f"tune-{recipe}"
    # Several processes share a search.
    with held(path, is_shared=True):
        folder = TuningFolder.prepare(path)
        data = open_training(search.base.data)
        task = Task(search, data.windows, hardest_first(folds_of(data.windows, 5)), threads)
        url = storage or f"sqlite:///{folder.study.resolve()}"
        kept_command = [part.replace(url, without_password(url)) for part in command]
        # A command without its password does not go on.
        words = way_to_go_on(command if list(command) == kept_command else (), folder.path)
        with open_study(url, folder.path.resolve().name, task, data.fingerprint) as study:
            folder.write_start(search, describe_start(kept_command, recipe, data.describe()))
            _run_trials(trials, study, task, folder, words)
            best = best_of(study.get_trials())
    if best is None:
        print(f"no trial was scored on all folds; why: {folder.trials}")
    else:
        print(f"best: trial {best.number}, accuracy {best.value:.2%}; recipe: {folder.best}")


def _run_trials(
    n_trials: int, study: Study, task: Task, folder: TuningFolder, to_go_on: str
) -> None:
    """Run the trials that are missing, and keep the table of all after each."""
    try:
        with folder.noting_early_end():
            for trial in run_trials(study, task, n_trials):
                trials = study.get_trials()
                folder.write_trials(task.search, trials)
                logger.info("%s", trial_in_words(trial, n_over(trials), n_trials))
    except KeyboardInterrupt as stop:
        raise Interrupted(
            f"interrupted after {n_over(study.get_trials())} of {n_trials} trials, which "
            f"{folder.path} keeps; {to_go_on}",
            stop,
        ) from None
    folder.write_trials(task.search, study.get_trials())
    folder.mark_ended("finished")
