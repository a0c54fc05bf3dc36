"""``har train``: train into a run folder that shows at any time how it goes, then score."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict
from importlib.util import find_spec
from pathlib import Path

from har.cli.evaluate import score, show_result
from har.cli.options import new_in_runs
from har.cli.terminal import shown
from har.config import Config
from har.datasets.loading import open_data
from har.datasets.whole_recordings import true_segments
from har.errors import Interrupted, UsageError, install_command
from har.recipes import load_config
from har.runs.folder import RunFolder
from har.runs.lock import held
from har.runs.provenance import describe_start
from har.training.history import EpochRecord


def run(
    *,
    config: str = "uci_har",
    settings: Sequence[str] = (),
    out: Path | None = None,
    overwrite: bool = False,
    tensorboard: bool = False,
    threads: int | None = None,
    processes: int = 1,
    command: Sequence[str] = (),
) -> None:
    """Train a network, score it on the test subjects and write a report.

    Parameters
    ----------
    config : str
        Name or file of a recipe.
    settings : sequence of str
        Settings that differ from the recipe's: ``["--model.hidden_size", "32"]``.
    out : Path, optional
        Folder of the run; by default a new one in ``runs/``.
    overwrite : bool
        Whether to replace an earlier run in that folder.
    tensorboard : bool
        Whether to write event files, too, which needs tensorboardX.
    threads : int, optional
        CPU threads; by default ``OMP_NUM_THREADS``, or as many as measured to be fastest.
    processes : int
        Processes that share each batch, with one thread each unless `threads` says otherwise.
    command : sequence of str
        Command line, to be kept in the manifest.
    """
    if tensorboard and find_spec("tensorboardX") is None:
        raise UsageError(
            f"har train: found no tensorboardX, expected it: {install_command('tensorboard')}"
        )
    resolved = load_config(config, *settings)
    is_measured = threads is None and "OMP_NUM_THREADS" not in os.environ
    from har.classifier import ActivityClassifier

    classifier = ActivityClassifier(resolved)
    data = open_data(resolved.data)
    recipe = Path(config).stem
    folder = RunFolder.create(out or new_in_runs(recipe), overwrite)
    with _watched(folder):
        folder.write_config(resolved)
        folder.update_manifest(describe_start(command, recipe, data.describe()))
        started_s = time.monotonic()
        records = classifier.fit_epochs(data.train, "auto" if is_measured else threads, processes)
        _keep(records, classifier.config, folder, tensorboard)
        classifier.measure_strangeness(data.train)
        whose = data.train.activities, data.train.subject_names
        classifier.learn_context(true_segments(resolved.data, *whose))
        classifier.save(folder.path)
        folder.mark_ended("finished", duration_s=round(time.monotonic() - started_s, 1))
    show_result(score(classifier, data, folder), data, folder)


@contextmanager
def _watched(folder: RunFolder) -> Iterator[None]:
    """Hold a run's folder while the block runs; if it fails, note the reason in the manifest."""
    with held(folder.path):
        try:
            yield
        except Interrupted:
            # The manifest has it already.
            raise
        except Exception as error:
            reason = " ".join((str(error) or repr(error)).split())
            # Where the disk is full, that is the failure to report.
            with suppress(OSError):
                folder.mark_ended("failed", failure=reason)
            raise


def _keep(
    records: Iterator[EpochRecord], config: Config, folder: RunFolder, is_for_tensorboard: bool
) -> None:
    """Train, showing and keeping each epoch; the manifest notes an interruption, too."""
    done = "epoch 0"
    n_epochs, n_members = config.training.n_epochs, config.model.n_members
    if is_for_tensorboard:
        from har.training.tensorboard import with_event_files

        records = with_event_files(records, folder.events, n_members)
    try:
        for record in shown(records, n_epochs, n_members):
            folder.append_epoch(asdict(record))
            member = f" of member {record.member}" if n_members > 1 else ""
            done = f"epoch {record.epoch}{member}"
    except KeyboardInterrupt as stop:
        folder.mark_ended("interrupted")
        raise Interrupted(
            f"interrupted after {done}; {folder.path} keeps the figures so far, and no model",
            stop,
        ) from None
