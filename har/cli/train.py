"""Training whose run folder tells at any time how it goes, and in the end how it ended."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict
from typing import TYPE_CHECKING

from har.cli.terminal import shown
from har.runs.folder import RunFolder
from har.runs.lock import held
from har.signals.windows import Windows

if TYPE_CHECKING:
    from har.classifier import ActivityClassifier


@contextmanager
def watched(run: RunFolder) -> Iterator[None]:
    """Hold a run's folder while the block runs, and tell in the manifest why it failed if it does.

    Parameters
    ----------
    run : RunFolder
        The run that is trained.
    """
    with held(run.path):
        try:
            yield
        except Exception as error:
            reason = " ".join((str(error) or repr(error)).split())
            # Where the disk is full, that is the failure to tell of.
            with suppress(OSError):
                run.mark_ended("failed", failure=reason)
            raise


def fit_and_keep(
    classifier: ActivityClassifier,
    windows: Windows,
    run: RunFolder,
    say: Callable[[str], None],
    is_for_tensorboard: bool = False,
) -> None:
    """Train, showing and keeping each epoch.

    Parameters
    ----------
    classifier : ActivityClassifier
        Changed in place.
    windows : Windows
        What to learn from.
    run : RunFolder
        Gets a line of metrics an epoch.
    say : callable
        Writes a plain line.
    is_for_tensorboard : bool
        Whether to write event files, too, which needs tensorboardX.

    Raises
    ------
    KeyboardInterrupt
        With what was done; the manifest then says so, too.
    """
    done = "epoch 0"
    n_epochs, n_members = classifier.config.training.n_epochs, classifier.config.model.n_members
    records = classifier.fit_epochs(windows)
    if is_for_tensorboard:
        from har.training.tensorboard import with_event_files

        records = with_event_files(records, run.events, n_members)
    try:
        for record in shown(records, n_epochs, say, n_members):
            run.append_epoch(asdict(record))
            member = f" of member {record.member}" if n_members > 1 else ""
            done = f"epoch {record.epoch}{member}"
    except KeyboardInterrupt:
        run.mark_ended("interrupted")
        raise KeyboardInterrupt(
            f" after {done}; {run.path} keeps the figures so far, and no model"
        ) from None
