"""Sums and means of arrays over the processes that train one network together.

The arrays are copied to memory that the processes share. For each sum the processes meet through
their pipes; a pipe also says at once that the process at its other end is gone.
"""

from __future__ import annotations

from collections.abc import Sequence
from ctypes import Array, c_float
from typing import Protocol

import numpy as np

from har.arrays import FloatArray


class Peer(Protocol):
    """Another process, at the other end of a pipe; both methods raise if it has ended."""

    def send(self, message: object) -> None:
        """Send a message."""

    def receive(self) -> object:
        """Wait for a message, and return it."""


class Exchange:
    """The part of one process in sums over all; each process calls the same methods in turn.

    Parameters
    ----------
    memory : ctypes array of float
        Shared memory of `n_floats` values.
    number : int
        Number of this process; 0 is the main process, which started the others.
    n_processes : int
        Number of processes.
    peers : sequence of Peer
        In the main process all others, in these the main process.
    """

    def __init__(
        self,
        memory: Array[c_float],
        number: int,
        n_processes: int,
        peers: Sequence[Peer],
    ) -> None:
        self.number = number
        self.n_processes = n_processes
        self._peers = peers
        # Two places in turn: while a process writes to one, others may still read the other.
        self._places = np.ctypeslib.as_array(memory).reshape(2, n_processes, -1)
        self._n_meetings = 0

    @staticmethod
    def n_floats(n_values: int, n_processes: int) -> int:
        """Return the size of the shared memory for sums of up to `n_values` values."""
        return 2 * n_processes * n_values

    def add_up(self, arrays: Sequence[FloatArray]) -> None:
        """Replace arrays by their sums over all processes, the same bit for bit in each.

        Parameters
        ----------
        arrays : sequence of ndarray, shape (n_values,)
            Arrays, changed in place and added up in single precision.

        Raises
        ------
        RunError
            If another process has ended.
        """
        first, *others = self._values_of_each(arrays)
        total = first.copy()
        for values in others:
            total += values
        _put(total, arrays)

    def average(self, arrays: Sequence[FloatArray]) -> None:
        """Replace arrays by their means over all processes; see `add_up`."""
        # In double precision, so that the mean of equal values is that value.
        _put(self._values_of_each(arrays).mean(axis=0, dtype=np.float64), arrays)

    def _values_of_each(self, arrays: Sequence[FloatArray]) -> FloatArray:
        """Return the values of all arrays in each process, shape (n_processes, n_values)."""
        n_values = sum(array.size for array in arrays)
        place: FloatArray = self._places[self._n_meetings % 2, :, :n_values]
        np.concatenate(arrays, out=place[self.number], casting="same_kind")
        self._n_meetings += 1
        if self.number:
            self._send()
            self._receive()
        else:
            self._receive()
            self._send()
        return place

    def _send(self) -> None:
        for peer in self._peers:
            peer.send(None)

    def _receive(self) -> None:
        for peer in self._peers:
            peer.receive()


def _put(values: FloatArray, arrays: Sequence[FloatArray]) -> None:
    """Divide values over arrays."""
    end = 0
    for array in arrays:
        begin, end = end, end + array.size
        array[:] = values[begin:end]
