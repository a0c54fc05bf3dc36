from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from har.models.backend import mx
from har.models.engine import (
    call_in_engine,
    default_n_threads,
    end_threads,
    memory_of,
    set_n_threads,
    use_default_threads,
)


def n_threads_of(device):
    found = []
    call_in_engine(device, lambda: found.append(mx.base._LIB.omp_get_max_threads()))
    return found[0]


def test_each_context_has_its_own_number_of_threads():
    one, three = mx.cpu(5), mx.cpu(6)
    set_n_threads(one, 1)
    set_n_threads(three, 3)
    assert (n_threads_of(one), n_threads_of(three)) == (1, 3)
    set_n_threads(three, 2)
    assert (n_threads_of(one), n_threads_of(three)) == (1, 2)


@pytest.mark.parametrize(
    ("variable", "expected"), [("3", 3), ("2,1", 2), ("", 1), ("x", 1), (None, 1)]
)
def test_operators_have_the_threads_of_openmp_or_one(monkeypatch, variable, expected):
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    if variable is not None:
        monkeypatch.setenv("OMP_NUM_THREADS", variable)
    assert default_n_threads() == expected


def test_the_default_is_set_once_so_that_a_training_keeps_its_number(monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    device = mx.cpu(8)
    use_default_threads(device)
    assert n_threads_of(device) == 3
    set_n_threads(device, 2)
    use_default_threads(device)
    assert n_threads_of(device) == 2


def threads_of_this_process():
    return len(list(Path("/proc/self/task").iterdir()))


def test_threads_that_wait_can_be_ended_and_come_back():
    device = mx.cpu(7)
    set_n_threads(device, 4)
    values = mx.nd.ones((64, 4096), ctx=device)
    mx.nd.softmax(values).wait_to_read()
    with_threads = threads_of_this_process()
    end_threads(device)
    assert threads_of_this_process() == with_threads - 3
    mx.nd.softmax(values).wait_to_read()
    assert threads_of_this_process() == with_threads
    end_threads(device)


def test_mxnet_begins_with_one_thread_for_each_of_its_threads_whatever_openmp_is_told():
    code = """if True:
        import os
        from har.models.backend import mx
        print(mx.base._LIB.omp_get_max_threads(), os.environ["OMP_NUM_THREADS"])
    """
    environment = {**os.environ, "OMP_NUM_THREADS": "3"}
    command = [sys.executable, "-c", code]
    result = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert result.stdout.split() == ["1", "3"]


@pytest.mark.parametrize("shape", [(4,), (2, 3), (2, 3, 4)])
def test_the_memory_of_an_array_is_read_and_written_without_a_copy(shape):
    values = np.arange(np.prod(shape), dtype=np.float32)
    array = mx.nd.array(values.reshape(shape)) + 1
    memory = memory_of(array)
    assert_array_equal(memory, values + 1)
    memory += 1
    assert_array_equal((2 * array).asnumpy(), 2 * (values + 2).reshape(shape))
