"""Event files: what TensorBoard shows of a training while it goes on.

Each folder is what TensorBoard calls a run, and runs draw the same tag into one chart: so training
and validation have a folder each, and so has each network of an ensemble.

tensorboardX's `SummaryWriter` leaves events to a thread that flushing does not wait for, and names
its files after the machine; its `RecordWriter` does neither.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing
from pathlib import Path

from tensorboardX.proto.event_pb2 import Event
from tensorboardX.proto.summary_pb2 import Summary
from tensorboardX.record_writer import RecordWriter

from har.training.history import EpochRecord

# TensorBoard reads files with "tfevents" in their names.
FILE_NAME = "events.out.tfevents"
# What it expects of a file's first event.
FILE_VERSION = "brain.Event:2"


def with_event_files(
    records: Iterator[EpochRecord], folder: Path, n_members: int = 1
) -> Iterator[EpochRecord]:
    """Write epochs to event files as they end.

    Parameters
    ----------
    records : iterator of EpochRecord
        What training yields.
    folder : Path
        For ``training/`` and ``validation/``, or ``member_1/training/`` and so on.
    n_members : int
        How many networks are trained one after the other.

    Yields
    ------
    EpochRecord
        The same records; a reader of the files can see them by then.
    """
    writers: dict[Path, RecordWriter] = {}
    with ExitStack() as stack:
        for record in records:
            place = folder / f"member_{record.member}" if n_members > 1 else folder
            for part, values in _values_by_part(record).items():
                if place / part not in writers:
                    writers[place / part] = stack.enter_context(closing(_begin(place / part)))
                _write(writers[place / part], record.epoch, values)
            yield record


def _values_by_part(record: EpochRecord) -> dict[str, dict[str, float]]:
    """Part an epoch's values, by tag, into those of training and those of validation."""
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


def _begin(folder: Path) -> RecordWriter:
    folder.mkdir(parents=True)
    # In a relative path, what stands before a colon would count as a kind of cloud storage.
    writer = RecordWriter(str((folder / FILE_NAME).resolve()))
    writer.write(Event(wall_time=time.time(), file_version=FILE_VERSION).SerializeToString())
    return writer


def _write(writer: RecordWriter, epoch: int, values: Mapping[str, float]) -> None:
    scalars = [Summary.Value(tag=tag, simple_value=value) for tag, value in values.items()]
    event = Event(wall_time=time.time(), step=epoch, summary=Summary(value=scalars))
    writer.write(event.SerializeToString())
    writer.flush()
