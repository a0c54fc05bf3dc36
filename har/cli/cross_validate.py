"""What ``har cv`` does: plan the jobs, run those that are missing, sum up all that are there."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from har.cli.terminal import show_scores, summary_in_words
from har.config import Config
from har.datasets.dataset import TrainingSet
from har.datasets.loading import open_training
from har.model_selection.cross_validation import cross_validate, n_processes
from har.model_selection.cross_validation_folder import CrossValidationFolder
from har.model_selection.folds import Fold, FoldScore, choose_folds, folds_of
from har.recipes import load_config
from har.report.pages.cross_validation import write_crossval_report
from har.runs.manifest import FoldsDescription
from har.runs.provenance import describe_start


def run_cross_validation(options: Namespace, say: Callable[[str], None]) -> str:
    """Train and score a network for each fold of the training subjects and each seed.

    Parameters
    ----------
    options : Namespace
        With ``config``, ``settings``, ``folds``, ``seeds``, ``only_folds``, ``jobs``, ``threads``,
        ``out`` and ``command``.
    say : callable
        Told in a line what is being done.

    Returns
    -------
    str
        The result in words, and where the report is.
    """
    config = load_config(options.config, *options.settings)
    data = open_training(config.data, say)
    folds = folds_of(data.windows, options.folds)
    chosen = choose_folds(folds, options.only_folds)
    folder = _start(options, config, data, folds)
    seeds = range(config.seed, config.seed + options.seeds)
    jobs = [(seed, fold) for seed in seeds for fold in chosen]
    missing = [(seed, fold) for seed, fold in jobs if not folder.has_score(seed, fold.number)]
    if len(missing) < len(jobs):
        say(f"{folder.path}: {len(jobs) - len(missing)} of {len(jobs)} folds are there already")
    n_jobs = n_processes(len(missing), options.jobs, options.threads)
    scores = cross_validate(config, data.windows, missing, n_jobs, options.threads)
    _keep(show_scores(scores, len(missing), say), len(missing), folder)
    return f"{summary_in_words(folder.write_summary())}\nreport: {write_crossval_report(folder)}"


def _start(
    options: Namespace, config: Config, data: TrainingSet, folds: list[Fold]
) -> CrossValidationFolder:
    recipe = Path(options.config).stem
    out = options.out or Path("runs") / f"cv-{recipe}-{datetime.now():%Y%m%d-%H%M%S}"
    held_out = tuple(fold.held_out_subjects for fold in folds)
    manifest = describe_start(options.command, recipe, data.describe())
    manifest = replace(manifest, folds=FoldsDescription(options.folds, held_out))
    return CrossValidationFolder.start(out, config, manifest)


def _keep(scores: Iterator[FoldScore], n_scores: int, folder: CrossValidationFolder) -> None:
    """Write each score as soon as it is there."""
    n_done = 0
    try:
        for score in scores:
            folder.write_score(score)
            n_done += 1
    except KeyboardInterrupt:
        folder.mark_ended("interrupted")
        raise KeyboardInterrupt(
            f" after {n_done} of {n_scores} folds; the same command with "
            f"--out {folder.path} goes on from there"
        ) from None
    folder.mark_ended("finished")
