"""Training shared by several processes: each computes the gradient of its share of each batch.

They add their gradients up and all take the same step, so that their weights stay the same, bit for
bit. They meet once in a step, where the threads of one process meet at the end of each operator,
and all of them wait when another program has one of the cores. What differs from a single process:
batch normalisation takes the mean over each share, as with several devices, and dropout and
augmentation are drawn by each process for its share.

The workers are started afresh, since MXNet cannot go on in a forked process. They do nothing but
what the main process says, through pipes which end when it ends.
"""

from __future__ import annotations

import math
import multiprocessing
import pickle
import signal
import sys
from collections.abc import Mapping
from ctypes import Array, c_float
from dataclasses import dataclass, replace
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from types import TracebackType

from har.arrays import FloatArray
from har.config import Config, ModelConfig
from har.errors import ENDING_SIGNALS, HarError, RunError
from har.models.backend import parse_devices
from har.models.engine import memory_of, set_n_threads
from har.models.network import ActivityNetwork, build_network
from har.signals.windows import Windows
from har.training.exchange import Exchange
from har.training.passes import Passes
from har.training.weights import put


@dataclass(frozen=True)
class _Begin:
    """The order to begin to train a network, whose weights come through the exchange.

    Parameters
    ----------
    config : Config
        Settings of network and training.
    windows : Windows
        Training windows.
    n_threads : int
        CPU threads of each process.
    seed : int
        Seed of the network.
    """

    config: Config
    windows: Windows
    n_threads: int
    seed: int = 0

    def build(self) -> ActivityNetwork:
        """Build a network, whose weights are to be replaced."""
        windows, devices = self.windows, parse_devices(self.config.device)
        sizes = windows.signals.shape[1], windows.channels, len(windows.activities)
        return build_network(self.config.model, *sizes, devices)

    def with_model(self, model: ModelConfig) -> _Begin:
        """Return the order for a network of other settings."""
        return replace(self, config=replace(self.config, model=model))

    def n_values(self) -> int:
        """Count the weights of the network and the constants in it."""
        parameters = self.build().collect_params().values()
        return sum(math.prod(parameter.shape) for parameter in parameters)


@dataclass(frozen=True)
class _GoOn:
    """The order to be as after epochs of an earlier process.

    Parameters
    ----------
    n_epochs : int
        Number of these epochs.
    arrays : mapping of str to ndarray
        Values of `Trainer.places`, without averages.
    """

    n_epochs: int
    arrays: Mapping[str, FloatArray]


@dataclass(frozen=True)
class _NextPass:
    """The order to train for an epoch.

    Parameters
    ----------
    epoch : int
        Number of the epoch, from 1.
    """

    epoch: int


class Workers:
    """The other processes of a training; a context manager that starts and ends them.

    Parameters
    ----------
    config : Config
        Settings of network and training.
    windows : Windows
        Training windows.
    n_processes : int
        Number of processes, this one included.
    n_threads : int
        CPU threads of each.

    Raises
    ------
    RunError
        If the device is not one CPU.
    """

    def __init__(self, config: Config, windows: Windows, n_processes: int, n_threads: int) -> None:
        devices = parse_devices(config.device)
        if len(devices) > 1 or devices[0].device_type != "cpu":
            raise RunError(
                f"training: found {n_processes} processes for {config.device}, expected them with "
                "device cpu alone"
            )
        self.n_processes = n_processes
        self._order = _Begin(config, windows, n_threads)
        # Some networks of an ensemble have constants that others have not.
        of_members = {config.model.of_member(number) for number in (1, config.model.n_members)}
        n_values = max(self._order.with_model(model).n_values() for model in of_members) + 1
        self._n_floats = Exchange.n_floats(n_values, n_processes)
        self._workers: list[_Worker] = []

    def __enter__(self) -> Workers:
        # They import modules while the main process goes on.
        context = multiprocessing.get_context("spawn")
        memory = context.RawArray("f", self._n_floats)
        for number in range(1, self.n_processes):
            here, there = context.Pipe()
            arguments = there, memory, number, self.n_processes
            process = context.Process(target=_work, args=arguments, daemon=True)
            # It would allow signals when it is started.
            resource_tracker.ensure_running()
            # A group of processes gets them together: the main one ends its workers.
            before = signal.pthread_sigmask(signal.SIG_BLOCK, ENDING_SIGNALS)
            try:
                process.start()
            finally:
                signal.pthread_sigmask(signal.SIG_SETMASK, before)
            there.close()
            self._workers.append(_Worker(process, here, number + 1, self.n_processes))
        self._exchange = Exchange(memory, 0, self.n_processes, self._workers)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        for worker in self._workers:
            worker.end()

    def begin(self, network: ActivityNetwork, seed: int) -> Exchange:
        """Let the workers begin to train a network like this one, and return the exchange."""
        self._tell(replace(self._order.with_model(network.config), seed=seed))
        self._exchange.add_up(_values_of(network))
        return self._exchange

    def go_on_after(self, n_epochs: int, arrays: Mapping[str, FloatArray]) -> None:
        """Let the workers be as after epochs of an earlier process; see `TrainingState`."""
        names = [name for name in arrays if name.startswith(("weights/", "optimizer/"))]
        # Workers train without averages: between two epochs, the weights to train are set aside.
        own = {
            name: arrays.get(name.replace("weights/", "aside/", 1), arrays[name]) for name in names
        }
        self._tell(_GoOn(n_epochs, own))

    def start_pass(self, epoch: int) -> None:
        """Let the workers train for the epoch of that number, from 1."""
        self._tell(_NextPass(epoch))

    def _tell(self, order: object) -> None:
        for worker in self._workers:
            worker.send(order)


class _Worker:
    """A worker, as the main process sees it."""

    def __init__(
        self, process: BaseProcess, connection: Connection, number: int, n_processes: int
    ) -> None:
        self._process = process
        self._connection = connection
        self._name = f"process {number} of {n_processes}"

    def send(self, message: object) -> None:
        """Send a message; a `RunError` if the worker has ended."""
        try:
            _send(self._connection, message)
        except OSError as error:
            raise self._reason() from error

    def receive(self) -> None:
        """Wait until the worker gets there; a `RunError` if it has ended."""
        try:
            message = self._connection.recv()
        except (EOFError, OSError) as error:
            raise self._reason() from error
        if message is not None:
            raise RunError(message)

    def _reason(self) -> RunError:
        self._process.join()
        status = self._process.exitcode or 0
        how = f"killed by {signal.Signals(-status).name}" if status < 0 else "ended"
        hint = "out of memory? Fewer --processes need less"
        if status >= 0:
            how, hint = f"ended with status {status}", "a script needs if __name__ == '__main__'"
        return RunError(f"training: found {self._name} {how}, expected it to last; {hint}")

    def end(self) -> None:
        """End the worker, whatever it does."""
        self._connection.close()
        self._process.kill()
        self._process.join()


class _Main:
    """The main process, as a worker sees it, which ends with it."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def send(self, message: object) -> None:
        """Send a message."""
        try:
            _send(self._connection, message)
        except OSError:
            sys.exit()

    def receive(self) -> object:
        """Wait for a message, and return it."""
        try:
            return self._connection.recv()
        except (EOFError, OSError):
            sys.exit()


def _send(connection: Connection, message: object) -> None:
    """Send a message that `Connection.recv` reads.

    `Connection.send` lends the pickler's buffer; where the other process has ended, the error keeps
    both in a cycle, and Python 3.13 complains of the buffer when it drops them.
    """
    connection.send_bytes(pickle.dumps(message))


def _work(connection: Connection, memory: Array[c_float], number: int, n_processes: int) -> None:
    """Train as the main process says."""
    main = _Main(connection)
    exchange = Exchange(memory, number, n_processes, [main])
    passes: Passes | None = None
    try:
        while True:
            order = main.receive()
            if isinstance(order, _Begin):
                passes = _begin(order, exchange)
            elif passes and isinstance(order, _GoOn):
                put(order.arrays, passes.trainer.places())
                passes.go_on_after(order.n_epochs)
            elif passes and isinstance(order, _NextPass):
                for _moment in passes.run(order.epoch):
                    continue
    except HarError as error:
        main.send(str(error))


def _begin(order: _Begin, exchange: Exchange) -> Passes:
    """Build the network of the main process, and return its passes."""
    devices = parse_devices(order.config.device)
    set_n_threads(devices[0], order.n_threads)
    network = order.build()
    values = _values_of(network)
    for array in values:
        array[:] = 0
    exchange.add_up(values)
    # Only the main process needs the average of the weights.
    training = replace(order.config.training, averaging=0.0)
    return Passes(network, order.windows, training, devices, order.seed, exchange)


def _values_of(network: ActivityNetwork) -> list[FloatArray]:
    """Return the weights of a network and the constants in it, to be read or written."""
    return [memory_of(parameter.list_data()[0]) for parameter in network.collect_params().values()]
