"""TensorBoard's event files, written while a training goes on.

TensorBoard calls each folder a run and draws a tag of all runs in one chart, so training and
validation have separate folders, and so has each network of an ensemble.

tensorboardX's `SummaryWriter` writes in a thread that flushing does not wait for, and puts the
machine's name into file names; its `RecordWriter` does neither.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from tensorboardX.proto.event_pb2 import Event
from tensorboardX.proto.summary_pb2 import Summary
from tensorboardX.record_writer import RecordWriter

from har.files import writing_to
from har.training.history import EpochRecord

# TensorBoard reads files with "tfevents" in their names.
FILE_NAME = "events.out.tfevents"
# The version that a file's first event must state.
FILE_VERSION = "brain.Event:2"


def with_event_files(
    records: Iterator[EpochRecord], folder: Path, n_members: int = 1
) -> Iterator[EpochRecord]:
    """Write the record of each epoch to event files and yield it.

    Parameters
    ----------
    records : iterator of EpochRecord
        Records from the training.
    folder : Path
        Parent of ``training/`` and ``validation/``, or of ``member_1/training/`` and so on.
    n_members : int
        Number of networks trained one after the other.

    Yields
    ------
    EpochRecord
        The same records, each after it has been written.
    """
    writers: dict[Path, RecordWriter] = {}
    with ExitStack() as stack:
        for record in records:
            parent = folder / f"member_{record.member}" if n_members > 1 else folder
            for part, values in _values_by_part(record).items():
                run = parent / part
                with writing_to(folder):
                    if run not in writers:
                        writers[run] = stack.enter_context(_begin(run))
                    _write(writers[run], record.epoch, values)
            yield record


def _values_by_part(record: EpochRecord) -> dict[str, dict[str, float]]:
    """Return an epoch's values for training and for validation, keyed by tag."""
    training = {
        "loss": record.train_loss,
        "accuracy": record.train_accuracy,
        "learning_rate": record.learning_rate,
        "windows_per_s": record.windows_per_s,
    }
    if record.validation_loss is None or record.validation_accuracy is None:
        return {"training": training}
    validation = {"loss": record.validation_loss, "accuracy": record.validation_accuracy}
    return {"training": training, "validation": validation}


@contextmanager
def _begin(folder: Path) -> Iterator[RecordWriter]:
    folder.mkdir(parents=True)
    # In a relative path, text before a colon would be taken for a kind of cloud storage.
    writer = RecordWriter(str((folder / FILE_NAME).resolve()))
    try:
        writer.write(Event(wall_time=time.time(), file_version=FILE_VERSION).SerializeToString())
        yield writer
    finally:
        # What was written was flushed; what could not be, cannot be now.
        with suppress(OSError):
            writer.close()


def _write(writer: RecordWriter, epoch: int, values: Mapping[str, float]) -> None:
    scalars = [Summary.Value(tag=tag, simple_value=value) for tag, value in values.items()]
    event = Event(wall_time=time.time(), step=epoch, summary=Summary(value=scalars))
    writer.write(event.SerializeToString())
    writer.flush()
