from __future__ import annotations

import json
import random
import signal
from dataclasses import replace

import numpy as np
import pytest
from builders import refused, tiny_config

from har.errors import RunError
from har.runs.arrays_file import read_arrays, write_arrays
from har.runs.checkpoints import RunCheckpoints
from har.runs.folder import RunFolder
from har.training.checkpoint import TrainingState
from har.training.history import EpochRecord

RECORDS = (
    EpochRecord(1, 0.1, 1.5, 0.5, 1.4, 0.6, 1000.0, True, n_threads=2),
    EpochRecord(2, 0.05, 1.2, 0.7, None, None, 900.5, False, n_threads=2),
)
ARRAYS = {"weights/a": np.arange(6, dtype=np.float32).reshape(2, 3), "best/a": np.float32([0.1])}
STATE = TrainingState(RECORDS, 10, 3.25, 7.0, 0.5, ARRAYS, n_threads=2)
CONFIG = tiny_config(n_epochs=5)


def checkpoints_in(folder, config=CONFIG):
    return RunCheckpoints(RunFolder(folder), config)


def is_same(state, other):
    is_same_beside = replace(state, arrays={}) == replace(other, arrays={})
    pairs = zip(state.arrays.items(), other.arrays.items(), strict=True)
    return is_same_beside and all(
        name == other_name and array.dtype == values.dtype and np.array_equal(array, values)
        for (name, array), (other_name, values) in pairs
    )


def test_a_state_is_read_back_as_it_was_written(tmp_path):
    assert not checkpoints_in(tmp_path).exist()
    assert checkpoints_in(tmp_path).read(1) is None
    checkpoints_in(tmp_path).write(1, STATE)
    again = checkpoints_in(tmp_path)
    assert again.exist()
    assert is_same(again.read(1), STATE)
    assert (again.place, again.n_threads) == ("step 10 of epoch 3", 2)
    assert again.read_history() == list(RECORDS)
    assert [path.name for path in (tmp_path / "checkpoints").iterdir()] == ["member1.npz"]


def test_networks_of_an_ensemble_have_checkpoints_of_their_own(tmp_path):
    config = tiny_config({"n_members": 3}, n_epochs=5)
    checkpoints = checkpoints_in(tmp_path, config)
    checkpoints.write(1, replace(STATE, n_steps=0))
    checkpoints.write(2, replace(STATE, history=RECORDS[:1], n_steps=0))
    history = checkpoints_in(tmp_path, config).read_history()
    assert [(record.member, record.epoch) for record in history] == [(1, 1), (1, 2), (2, 1)]
    assert checkpoints.place == "epoch 1 of member 2"


def test_the_number_of_processes_is_that_of_the_checkpoint_unless_told(tmp_path):
    assert checkpoints_in(tmp_path).use_processes(None) == 1
    checkpoints = checkpoints_in(tmp_path)
    assert checkpoints.use_processes(2) == 2
    checkpoints.write(1, STATE)
    again = checkpoints_in(tmp_path)
    again.read(1)
    assert again.use_processes(None) == 2
    assert again.use_processes(1) == 1


def test_without_steps_it_is_due_at_the_end_of_each_epoch():
    checkpoints = checkpoints_in(None)
    assert [checkpoints.is_due(n_steps) for n_steps in (10, 100, 0)] == [False, False, True]


def test_with_steps_it_is_due_after_as_many(tmp_path):
    checkpoints = checkpoints_in(tmp_path, tiny_config(checkpoint_steps=25))
    written = []
    for n_steps in (10, 20, 30, 40, 50, 60, 0, 10, 20, 30):
        if checkpoints.is_due(n_steps):
            checkpoints.write(1, replace(STATE, n_steps=n_steps))
            written.append(n_steps)
    assert written == [30, 60, 0, 30]


def test_a_signal_is_obeyed_after_the_next_checkpoint(tmp_path):
    checkpoints = checkpoints_in(tmp_path)
    handler = signal.getsignal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt), checkpoints.heeding():
        signal.raise_signal(signal.SIGINT)
        assert checkpoints.is_due(10)
        checkpoints.write(1, STATE)
    assert checkpoints.exist()
    assert signal.getsignal(signal.SIGINT) is handler


def test_a_signal_after_the_last_checkpoint_is_not_lost(tmp_path):
    with pytest.raises(KeyboardInterrupt), checkpoints_in(tmp_path).heeding():
        signal.raise_signal(signal.SIGINT)


def test_a_signal_that_is_ignored_stays_so(tmp_path):
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with checkpoints_in(tmp_path).heeding():
            signal.raise_signal(signal.SIGINT)
            assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, before)


@pytest.mark.parametrize(
    "config", [tiny_config(n_epochs=5, batch_size=3), tiny_config({"hidden_size": 9}, n_epochs=5)]
)
def test_a_checkpoint_of_other_settings_is_refused(config, tmp_path):
    checkpoints_in(tmp_path).write(1, STATE)
    with refused(RunError, "member1.npz: found a training with ", " as in config.yaml"):
        checkpoints_in(tmp_path, config).read(1)


def test_more_epochs_may_be_asked_for_and_not_fewer_than_are_done(tmp_path):
    checkpoints_in(tmp_path).write(1, STATE)
    assert is_same(checkpoints_in(tmp_path, tiny_config(n_epochs=9)).read(1), STATE)
    with refused(RunError, "found 2 epochs that are done, expected at most the 1 of"):
        checkpoints_in(tmp_path, tiny_config(n_epochs=1)).read(1)


def test_a_damaged_checkpoint_is_refused_unless_what_it_says_is_the_same(tmp_path):
    checkpoints_in(tmp_path).write(1, STATE)
    file, generator = tmp_path / "checkpoints" / "member1.npz", random.Random(0)
    content = file.read_bytes()
    n_refused = 0
    for _damage in range(300):
        damaged = bytearray(content)
        damaged[generator.randrange(len(content))] ^= 1 << generator.randrange(8)
        file.write_bytes(damaged)
        try:
            state = checkpoints_in(tmp_path).read(1)
        except RunError as error:
            assert str(error).startswith(f"{file}: found ")
            n_refused += 1
        else:
            # The bit was that of a time or another entry of the archive that says nothing.
            assert is_same(state, STATE)
    assert n_refused > 200


@pytest.mark.parametrize(
    ("key", "value", "part"),
    [
        ("n_steps", -10, "found -10 as n_steps, expected a multiple of 10"),
        ("n_steps", 7, "found 7 as n_steps"),
        ("n_steps", "10", "found '10' as n_steps"),
        ("n_processes", 0, "found 0 as n_processes"),
        ("n_processes", 10**6, "found 1000000 as n_processes"),
        ("n_threads", "2", "found '2' as n_threads"),
        ("loss", None, "found no 'loss'"),
        ("history", [{**vars(RECORDS[0]), "epoch": "1"}], "found '1' as history"),
        ("history", [{**vars(RECORDS[0]), "n_threads": 2.5}], "found 2.5 as history"),
        ("history", [{**vars(RECORDS[0]), "mood": "good"}], "found a line with other keys"),
    ],
)
def test_a_state_of_other_values_than_a_training_writes_is_refused(key, value, part, tmp_path):
    checkpoints_in(tmp_path).write(1, STATE)
    file = tmp_path / "checkpoints" / "member1.npz"
    arrays = read_arrays(file, 1 << 20)
    content = {**json.loads(arrays["state"].tobytes()), key: value}
    text = np.frombuffer(json.dumps(content).encode(), np.uint8)
    write_arrays(file, {**arrays, "state": text})
    with refused(RunError, f"{file}: ", part):
        checkpoints_in(tmp_path).read(1)


def test_a_training_in_more_processes_than_there_may_be_asks_how_many(tmp_path, monkeypatch):
    checkpoints = checkpoints_in(tmp_path)
    checkpoints.use_processes(4)
    checkpoints.write(1, STATE)
    again = checkpoints_in(tmp_path)
    again.read(1)
    monkeypatch.setattr("har.runs.checkpoints.most_threads", lambda: 2)
    with refused(RunError, "checkpoints: found a training in 4 processes, expected at most 2"):
        again.use_processes(None)
    assert again.use_processes(1) == 1


def test_arrays_without_a_state_are_refused(tmp_path):
    (tmp_path / "checkpoints").mkdir()
    file = tmp_path / "checkpoints" / "member1.npz"
    np.savez(file, other=np.zeros(1))
    with refused(RunError, "member1.npz: found no state"):
        checkpoints_in(tmp_path).read(1)
