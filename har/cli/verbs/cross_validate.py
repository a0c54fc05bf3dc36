"""``har cv``: plan the jobs, run those that are missing, sum up all that are there."""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Literal

from har.cli.options import new_in_runs, way_to_go_on
from har.cli.terminal import show_scores, summary_in_words
from har.config import DataConfig
from har.datasets.loading import open_all_subjects, open_training
from har.datasets.whole_recordings import true_segments, whole_recordings
from har.errors import Interrupted
from har.model_selection.cross_validation import RecordingsOf, SegmentsOf, cross_validate
from har.model_selection.cross_validation_folder import CrossValidationFolder
from har.model_selection.folds import FoldScore, choose_folds, folds_of
from har.model_selection.parallel import n_processes
from har.recipes import load_config
from har.report.pages.cross_validation import write_crossval_report
from har.runs.lock import held
from har.runs.manifest import FoldsDescription
from har.runs.provenance import describe_start
from har.signals.subjects import Subject
from har.signals.windows import Windows

logger = logging.getLogger(__name__)


def run(
    *,
    config: str = "uci_har",
    settings: Sequence[str] = (),
    folds: int | Literal["loso"] = 5,
    seeds: int = 3,
    all_subjects: bool = False,
    only_folds: Sequence[int] | None = None,
    out: Path | None = None,
    jobs: int | None = None,
    threads: int = 1,
    cluster: str | None = None,
    recordings: bool = False,
    command: Sequence[str] = (),
) -> None:
    """Train and score a network for each fold of the training subjects and each seed.

    With `all_subjects`, test subjects are held out in turn like all others: they need not be named
    in own recordings, and the folder and the page say that official ones are among them.

    Parameters
    ----------
    config : str
        Name or file of a recipe.
    settings : sequence of str
        Settings that differ from the recipe's: ``["--model.hidden_size", "32"]``.
    folds : int or "loso"
        Number of folds, or one for each subject.
    seeds : int
        Number of networks for each fold, with seeds from the recipe's on.
    all_subjects : bool
        Whether everybody is held out in turn, also the test subjects.
    only_folds : sequence of int, optional
        Numbers of the folds to score; by default all.
    out : Path, optional
        Folder to make or to go on in; by default a new one in ``runs/``.
    jobs : int, optional
        Number of folds at a time; by default as many as cores allow.
    threads : int
        CPU threads of each.
    cluster : str, optional
        Address of a Dask scheduler whose workers train, in place of `jobs` processes.
    recordings : bool
        Whether to score timelines of the held-out people's whole recordings, too.
    command : sequence of str
        Command line, to be kept in the manifest.
    """
    recipe = load_config(config, *settings)
    name = Path(config).stem
    path = out or new_in_runs(f"cv-{name}")
    with held(path):
        CrossValidationFolder.prepare(path)
        data = open_all_subjects(recipe.data) if all_subjects else open_training(recipe.data)
        if all_subjects:
            recipe = replace(recipe, data=replace(recipe.data, test_subjects=None))
        planned = folds_of(data.windows, folds)
        chosen = choose_folds(planned, only_folds)
        held_out = tuple(fold.held_out_subjects for fold in planned)
        described = FoldsDescription(folds, held_out, all_subjects)
        readers = _readers(recipe.data, data.windows, held_out[0]) if recordings else (None, None)
        manifest = describe_start(command, name, data.describe(), described)
        folder = CrossValidationFolder.start(path, recipe, manifest)
        pairs = [
            (seed, fold) for seed in range(recipe.seed, recipe.seed + seeds) for fold in chosen
        ]
        missing = [job for job in pairs if not folder.has_score(job[0], job[1].number, recordings)]
        n_there = len(pairs) - len(missing)
        if n_there:
            logger.info("%s: %d of %d folds are there already", folder.path, n_there, len(pairs))
        n_jobs = n_processes(len(missing), jobs, threads)
        scores = cross_validate(recipe, data.windows, missing, n_jobs, threads, cluster, *readers)
        _keep(show_scores(scores, len(missing)), len(missing), folder, command)
        words = summary_in_words(folder.write_summary())
        print(f"{words}\nreport: {write_crossval_report(folder)}")


def _readers(
    config: DataConfig, windows: Windows, people: Collection[Subject]
) -> tuple[RecordingsOf, SegmentsOf]:
    """Return what reads the recordings of some people, once it is known that it can."""
    recordings_of = partial(whole_recordings, config, windows.activities)
    for _recording in recordings_of(people):
        break
    return recordings_of, partial(true_segments, config, windows.activities)


def _keep(
    scores: Iterator[FoldScore],
    n_scores: int,
    folder: CrossValidationFolder,
    command: Sequence[str],
) -> None:
    """Write each score as soon as it is there."""
    n_done = 0
    try:
        with folder.noting_early_end():
            for score in scores:
                folder.write_score(score)
                n_done += 1
    except KeyboardInterrupt as stop:
        raise Interrupted(
            f"interrupted after {n_done} of {n_scores} folds, which {folder.path} keeps; "
            f"{way_to_go_on(command, folder.path)}",
            stop,
        ) from None
    folder.mark_ended("finished")
