from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from har.models.backend import mx
from har.models.engine import call_in_engine, memory_of, set_n_threads


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


@pytest.mark.parametrize("shape", [(4,), (2, 3), (2, 3, 4)])
def test_the_memory_of_an_array_is_read_and_written_without_a_copy(shape):
    values = np.arange(np.prod(shape), dtype=np.float32)
    array = mx.nd.array(values.reshape(shape)) + 1
    memory = memory_of(array)
    assert_array_equal(memory, values + 1)
    memory += 1
    assert_array_equal((2 * array).asnumpy(), 2 * (values + 2).reshape(shape))
