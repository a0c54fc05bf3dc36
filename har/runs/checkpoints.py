"""Checkpoints of a training in the folder of its run: when they are written, and what they hold.

Each network of an ensemble has a file of arrays, with a JSON object as the bytes of one of them.
"""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path
from types import FrameType

import numpy as np

from har.arrays import FloatArray
from har.config import MOST_WEIGHTS, Config, most_threads
from har.errors import ENDING_SIGNALS, RunError, quoted
from har.files import writing_to
from har.recipes import settings_of
from har.runs.arrays_file import read_arrays, write_arrays
from har.runs.folder import RunFolder, epoch_records, epoch_values
from har.runs.json_object import INTEGER, MOST_BYTES, NUMBER, JsonObject, Kind, above_0
from har.training.checkpoint import N_STEPS_SEEDED, TrainingState
from har.training.history import EpochRecord

# The array whose bytes are JSON; those of `TrainingState.arrays` have names with a slash.
_STATE = "state"
# Weights, averages, best weights and Adam's two estimates of the largest network, and as many again
# for a data set with more channels than it was counted with.
_MOST_BYTES = 2 * 5 * 4 * MOST_WEIGHTS
# Far more than one machine has.
_MOST_PROCESSES = 10_000


def _is_moment(value: object) -> bool:
    return type(value) is int and value >= 0 and value % N_STEPS_SEEDED == 0


_STEPS = Kind(f"a multiple of {N_STEPS_SEEDED}", _is_moment, int)
_NUMBER_OF_PROCESSES = above_0(INTEGER, _MOST_PROCESSES)
# Settings that may change when a training goes on: the schedule's end, and what affects no weight.
MAY_DIFFER = frozenset({"data.root", "training.n_epochs", "training.checkpoint_steps"})


class RunCheckpoints:
    """The checkpoints of a training in its run's folder; see `har.training.checkpoint.Checkpoints`.

    Parameters
    ----------
    run : RunFolder
        Folder of the run.
    config : Config
        Settings of the training.

    Attributes
    ----------
    place : str
        Words for the last checkpoint, such as "epoch 3"; empty if there is none.
    n_threads : int or None
        CPU threads at the last checkpoint; None if there is none.
    """

    def __init__(self, run: RunFolder, config: Config) -> None:
        self._run = run
        self._config = config
        self._n_processes = 1
        self._n_steps = 0
        self._signal: int | None = None
        self.place = ""
        self.n_threads: int | None = None

    def _file(self, member: int) -> Path:
        return self._run.checkpoints / f"member{member}.npz"

    def exist(self) -> bool:
        """Return whether there is a checkpoint to go on from."""
        return self._file(1).exists()

    def read_history(self) -> list[EpochRecord]:
        """Return the records of all epochs that are done, and take the last one for the `place`."""
        history: list[EpochRecord] = []
        for member in range(1, self._config.model.n_members + 1):
            state = self.read(member)
            if state:
                history += (replace(record, member=member) for record in state.history)
        return history

    def use_processes(self, n_processes: int | None) -> int:
        """Return a number of processes, by default the last checkpoint's, and note it for more.

        Raises
        ------
        RunError
            If there were more than this machine may start.
        """
        self._n_processes = n_processes or self._n_processes
        if self._n_processes > most_threads():
            raise RunError(
                f"{self._run.checkpoints}: found a training in {self._n_processes} processes, "
                f"expected at most {most_threads()} on this machine; --processes tells how many"
            )
        return self._n_processes

    def read(self, member: int) -> TrainingState | None:
        """Return the last state of a network, from 1; None if it has not begun.

        Raises
        ------
        RunError
            If the file is damaged, or is of a training with other settings.
        """
        file = self._file(member)
        if not file.exists():
            return None
        arrays = read_arrays(file, _MOST_BYTES)
        content = _object_in(arrays.pop(_STATE, None), file)
        self._check_settings(content, file)
        history = epoch_records(list(map(epoch_values, content.inners("history"))), str(file))
        n_epochs = self._config.training.n_epochs
        if len(history) > n_epochs:
            raise RunError(
                f"{file}: found {len(history)} epochs that are done, expected at most the "
                f"{n_epochs} of training.n_epochs"
            )
        state = TrainingState(
            history=tuple(history),
            n_steps=content.required("n_steps", _STEPS),
            loss=content.required("loss", NUMBER),
            n_right=content.required("n_right", NUMBER),
            duration_s=content.required("duration_s", NUMBER),
            arrays=arrays,
            n_threads=content.optional("n_threads", INTEGER),
        )
        self._n_processes = content.required("n_processes", _NUMBER_OF_PROCESSES)
        self._note(member, state)
        return state

    def _check_settings(self, content: JsonObject, file: Path) -> None:
        earlier = content.inner("settings")
        found = earlier.content if earlier else {}
        for key, value in _settings(self._config).items():
            if key not in MAY_DIFFER and found.get(key) != value:
                raise RunError(
                    f"{file}: found a training with {key} {quoted(found.get(key))}, expected "
                    f"{quoted(value)} as in {self._run.config.name}"
                )

    def is_due(self, n_steps: int) -> bool:
        """Return whether to write a state after these steps of an epoch; 0 at its end."""
        every = self._config.training.checkpoint_steps
        is_after_steps = every is not None and n_steps - self._n_steps >= every
        return self._signal is not None or n_steps == 0 or is_after_steps

    def write(self, member: int, state: TrainingState) -> None:
        """Keep a state in place of the last one of that network; then obey a signal that came.

        Raises
        ------
        RunError
            If the folder cannot be written. The last state is then unchanged.
        KeyboardInterrupt
            If a signal came while `heeding`.
        """
        content = {
            "settings": _settings(self._config),
            "n_processes": self._n_processes,
            "n_threads": state.n_threads,
            "n_steps": state.n_steps,
            "loss": state.loss,
            "n_right": state.n_right,
            "duration_s": state.duration_s,
            "history": [asdict(record) for record in state.history],
        }
        text = json.dumps(content).encode()
        file = self._file(member)
        with writing_to(self._run.path):
            file.parent.mkdir(exist_ok=True)
            write_arrays(file, {_STATE: np.frombuffer(text, np.uint8), **state.arrays})
        self._note(member, state)
        if self._signal is not None:
            self._obey(self._signal)

    def _note(self, member: int, state: TrainingState) -> None:
        self._n_steps = state.n_steps
        self.n_threads = state.n_threads
        place = f"epoch {len(state.history)}"
        if state.n_steps:
            place = f"step {state.n_steps} of epoch {len(state.history) + 1}"
        has_members = self._config.model.n_members > 1
        self.place = f"{place} of member {member}" if has_members else place

    @contextmanager
    def heeding(self) -> Iterator[None]:
        """Let a signal that would end the block do so after the next checkpoint, which is due then.

        A second Ctrl-C ends it at once. Signals that are ignored, as by nohup, stay so.
        """
        handlers = {number: signal.getsignal(number) for number in ENDING_SIGNALS}
        self._handlers = {number: h for number, h in handlers.items() if callable(h)}
        try:
            for number in self._handlers:
                signal.signal(number, self._note_signal)
            yield
        finally:
            for number, handler in self._handlers.items():
                signal.signal(number, handler)
        # One that came after the last checkpoint.
        if self._signal is not None:
            self._obey(self._signal)

    def _note_signal(self, number: int, _frame: FrameType | None) -> None:
        # `timeout` and service managers send theirs twice.
        if self._signal == signal.SIGINT == number:
            self._obey(number)
        self._signal = number

    def _obey(self, number: int) -> None:
        self._signal = None
        self._handlers[signal.Signals(number)](number, None)


def _settings(config: Config) -> dict[str, object]:
    """Return the settings as JSON reads them back."""
    settings: dict[str, object] = json.loads(json.dumps(settings_of(config)))
    return settings


def _object_in(array: FloatArray | None, file: Path) -> JsonObject:
    if array is None or array.dtype != np.uint8 or array.size > MOST_BYTES:
        raise RunError(f"{file}: found no state, expected what a training wrote")
    return JsonObject.parse(array.tobytes().decode(errors="replace"), str(file))
