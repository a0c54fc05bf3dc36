from __future__ import annotations

import multiprocessing
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from har.training.exchange import Exchange


class Pipe:
    """One end of a pipe, as a process sees another."""

    def __init__(self, connection):
        self.send, self.receive = connection.send, connection.recv


def exchanges(n_processes, n_values):
    """Return the parts of some processes in an exchange, to be used by threads."""
    n_floats = Exchange.n_floats(n_values, n_processes)
    memory = multiprocessing.get_context("spawn").RawArray("f", n_floats)
    pipes = [multiprocessing.Pipe() for _ in range(n_processes - 1)]
    main = Exchange(memory, 0, n_processes, [Pipe(here) for here, _ in pipes])
    others = [
        Exchange(memory, number, n_processes, [Pipe(there)])
        for number, (_, there) in enumerate(pipes, start=1)
    ]
    return [main, *others]


def in_all(function, parts):
    """Call a function in a thread for each process, and return what each returns."""
    with ThreadPoolExecutor(len(parts)) as pool:
        return list(pool.map(function, parts))


@pytest.mark.parametrize("n_processes", [2, 3])
def test_all_processes_get_the_same_sums_added_up_in_their_order(n_processes):
    values = np.random.default_rng(0).normal(size=(n_processes, 3, 7)).astype(np.float32)

    def add_up(part):
        sums = []
        for turn in range(3):
            arrays = [values[part.number, turn, :2].copy(), values[part.number, turn, 2:].copy()]
            part.add_up(arrays)
            sums.append(np.concatenate(arrays))
        return sums

    for sums in in_all(add_up, exchanges(n_processes, 7)):
        expected = values[0].copy()
        for others in values[1:]:
            expected += others
        assert_array_equal(sums, expected)


def test_the_mean_of_equal_values_is_that_value_and_of_others_their_mean():
    equal = np.array([0.1, 1e-38, 3e38, -7.3], dtype=np.float32)

    def average(part):
        arrays = [equal.copy(), np.array([part.number], dtype=np.float32)]
        part.average(arrays)
        return arrays

    for same, mean in in_all(average, exchanges(3, 5)):
        assert_array_equal(same, equal)
        assert mean == [1]
