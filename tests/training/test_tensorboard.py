from __future__ import annotations

import socket
import time
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from event_records import events_in, expected, scalars_in

from har.training.history import EpochRecord
from har.training.tensorboard import with_event_files

HISTORY = [
    EpochRecord(1, 1e-3, 1.25, 0.5, 1.5, 0.4, 3210.5, True),
    EpochRecord(2, 5e-4, 0.75, 0.7, 1.0, 0.6, 3333.0, True),
]
UNVALIDATED = {"validation_loss": None, "validation_accuracy": None, "is_best": False}


def test_every_epoch_is_in_the_files_with_training_and_validation_under_the_same_tags(tmp_path):
    assert list(with_event_files(iter(HISTORY), tmp_path / "events")) == HISTORY
    assert {folder.name for folder in (tmp_path / "events").iterdir()} == {"training", "validation"}
    training, validation = (scalars_in(tmp_path / "events" / p) for p in ("training", "validation"))
    assert training == expected(HISTORY, "train", "learning_rate", "windows_per_s")
    assert validation == expected(HISTORY, "validation")


def test_an_epoch_can_be_read_before_the_next_one_is_trained(tmp_path):
    records = with_event_files(iter(HISTORY), tmp_path)
    for n_epochs in (1, 2):
        next(records)
        assert scalars_in(tmp_path / "validation") == expected(HISTORY[:n_epochs], "validation")
    records.close()


def test_without_validation_there_are_only_training_values(tmp_path):
    records = [replace(record, **UNVALIDATED) for record in HISTORY]
    assert list(with_event_files(iter(records), tmp_path)) == records
    assert [folder.name for folder in tmp_path.iterdir()] == ["training"]


def test_each_network_of_an_ensemble_has_folders_of_its_own(tmp_path):
    records = [replace(record, member=member) for member in (1, 2) for record in HISTORY]
    list(with_event_files(iter(records), tmp_path, n_members=2))
    assert {folder.name for folder in tmp_path.iterdir()} == {"member_1", "member_2"}
    for folder in tmp_path.iterdir():
        assert scalars_in(folder / "validation") == expected(HISTORY, "validation")


def test_times_are_those_of_writing_and_nothing_names_the_machine(tmp_path):
    before = time.time()
    list(with_event_files(iter(HISTORY), tmp_path))
    (file,) = (tmp_path / "training").iterdir()
    times = [before, *(event.wall_time for event in events_in(file)), time.time()]
    assert all(one <= other for one, other in pairwise(times))
    assert socket.gethostname() not in file.name
    assert socket.gethostname().encode() not in file.read_bytes()


def test_what_interrupts_training_goes_through_and_leaves_whole_files(tmp_path):
    def training():
        yield HISTORY[0]
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        list(with_event_files(training(), tmp_path))
    assert np.isclose(scalars_in(tmp_path / "training")["loss", 1], 1.25)
