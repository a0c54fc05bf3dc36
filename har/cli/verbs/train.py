"""``har train``: train into a run folder that shows at any time how it goes, then score."""

from __future__ import annotations

import itertools
import shutil
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from har.cli.options import DEFAULT_RECIPE, new_in_runs
from har.cli.terminal import shown
from har.cli.verbs.evaluate import score, show_result
from har.config import Config, openmp_threads
from har.datasets.loading import open_data
from har.datasets.whole_recordings import true_segments
from har.errors import HarError, Interrupted, UsageError, install_command
from har.recipes import load_config
from har.runs.checkpoints import RunCheckpoints
from har.runs.folder import RunFolder
from har.runs.lock import held
from har.runs.provenance import describe_session, describe_start
from har.runs.resuming import go_on, resumed_config, way_to_resume
from har.training.history import EpochRecord

if TYPE_CHECKING:
    from har.classifier import ActivityClassifier
    from har.datasets.dataset import DataSet


def run(
    *,
    config: str | None = None,
    settings: Sequence[str] = (),
    out: Path | None = None,
    overwrite: bool = False,
    resume: Path | None = None,
    tensorboard: bool = False,
    threads: int | None = None,
    processes: int | None = None,
    command: Sequence[str] = (),
) -> None:
    """Train a network, score it on the test subjects and write a report.

    Parameters
    ----------
    config : str, optional
        Name or file of a recipe; by default ``uci_har``.
    settings : sequence of str
        Settings that differ from the recipe's: ``["--model.hidden_size", "32"]``.
    out : Path, optional
        Folder of the run; by default a new one in ``runs/``.
    overwrite : bool
        Whether to replace an earlier run in that folder.
    resume : Path, optional
        Folder of an interrupted run to go on with, in place of `config`, `out` and `overwrite`.
    tensorboard : bool
        Whether to write event files, too, which needs tensorboardX.
    threads : int, optional
        CPU threads; by default as before the interruption, else ``OMP_NUM_THREADS``, or as many as
        measured to be fastest.
    processes : int, optional
        Processes that share each batch, with one thread each unless `threads` says otherwise; by
        default as before the interruption, else one.
    command : sequence of str
        Command line, to be kept in the manifest.
    """
    if tensorboard and find_spec("tensorboardX") is None:
        raise UsageError(
            f"har train: found no tensorboardX, expected it: {install_command('tensorboard')}"
        )
    if resume is None:
        recipe = Path(config or DEFAULT_RECIPE).stem
        resolved = load_config(config or DEFAULT_RECIPE, *settings)
        path = out or new_in_runs(recipe)
    else:
        _check_alone(config, out, overwrite)
        resolved = resumed_config(RunFolder.open(resume), settings)
        path = resume
    default_threads: int | Literal["auto"] | None = None if openmp_threads() else "auto"
    with held(path):
        if resume is None:
            RunFolder.prepare(path, overwrite)
        from har.classifier import ActivityClassifier

        classifier = ActivityClassifier(resolved)
        data = open_data(resolved.data)
        if resume is None:
            run = RunFolder.create(path, overwrite)
            run.update_manifest(describe_start(command, recipe, data.describe()))
            run.write_config(resolved)
        else:
            run = RunFolder.open(path)
            go_on(run, resolved, data.describe(), describe_session(command))
        _train(classifier, data, run, threads or default_threads, processes, tensorboard)
        show_result(score(classifier, data, run), data, run)


def _train(
    classifier: ActivityClassifier,
    data: DataSet,
    run: RunFolder,
    threads: int | Literal["auto"] | None,
    processes: int | None,
    is_for_tensorboard: bool,
) -> None:
    """Train, from the last checkpoint on if there is one, and save the model."""
    config, started_s = classifier.config, time.monotonic()
    with _watched(run, config) as checkpoints:
        history = checkpoints.read_history()
        run.write_epochs(map(asdict, history))
        numbers = threads if isinstance(threads, int) else checkpoints.n_threads or threads
        records = classifier.fit_epochs(
            data.train, numbers, checkpoints.use_processes(processes), checkpoints
        )
        with checkpoints.heeding():
            _keep(records, history, config, run, is_for_tensorboard)
        classifier.measure_strangeness(data.train)
        whose = data.train.activities, data.train.subject_names
        classifier.learn_context(true_segments(config.data, *whose))
        # Those of a model with fewer epochs.
        run.remove_scores()
        classifier.save(run.path)
        speeds = filter(None, (record.windows_per_s for record in history))
        before_s = sum(classifier.n_train_windows_ / speed for speed in speeds)
        duration_s = time.monotonic() - started_s + before_s
        run.mark_ended("finished", duration_s=round(duration_s, 1))


def _check_alone(config: str | None, out: Path | None, overwrite: bool) -> None:
    """Refuse what a training that goes on has already."""
    given = {"--config": config is not None, "--out": out is not None, "--overwrite": overwrite}
    for option, is_given in given.items():
        if is_given:
            raise UsageError(
                f"har train: found {option} beside --resume, expected the run's folder alone, "
                "which has its recipe"
            )


@contextmanager
def _watched(run: RunFolder, config: Config) -> Iterator[RunCheckpoints]:
    """Note in a run's manifest how the block ends if it does early.

    Yields
    ------
    RunCheckpoints
        The run's checkpoints, of which the last is told when the block ends early.
    """
    checkpoints = RunCheckpoints(run, config)
    try:
        with run.noting_early_end():
            yield checkpoints
    except KeyboardInterrupt as stop:
        raise Interrupted(f"interrupted; {_kept(run, checkpoints)}", stop) from None
    except HarError as error:
        if not checkpoints.place:
            raise
        raise type(error)(f"{error}; {_kept(run, checkpoints)}") from error


def _kept(run: RunFolder, checkpoints: RunCheckpoints) -> str:
    if not checkpoints.place:
        return f"{run.path} has no checkpoint yet"
    return f"all up to {checkpoints.place} is kept, and goes on with: {way_to_resume(run)}"


def _keep(
    records: Iterator[EpochRecord],
    history: Sequence[EpochRecord],
    config: Config,
    run: RunFolder,
    is_for_tensorboard: bool,
) -> None:
    """Train, showing and keeping each epoch after those of the history."""
    n_epochs, n_members = config.training.n_epochs, config.model.n_members
    if is_for_tensorboard:
        from har.training.tensorboard import with_event_files

        # Those of before are written again with the history.
        shutil.rmtree(run.events, ignore_errors=True)
        every = with_event_files(itertools.chain(history, records), run.events, n_members)
        records = itertools.islice(every, len(history), None)
    for record in shown(records, n_epochs, n_members, len(history)):
        run.append_epoch(asdict(record))
