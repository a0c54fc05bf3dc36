from __future__ import annotations

import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from har.models.backend import autograd, mx
from har.models.operators import (
    max_over_first,
    mean_over_first,
    mean_over_last,
    sum_over_first,
)

OVER_FIRST = {
    sum_over_first: mx.nd.sum,
    mean_over_first: mx.nd.mean,
    max_over_first: mx.nd.max,
}


def values_of(*shape):
    return np.random.default_rng(sum(shape)).normal(size=shape).astype(np.float32)


def result_and_gradient(function, values):
    array = mx.nd.array(values)
    array.attach_grad()
    with autograd.record():
        result = function(array)
        # Each output counts differently.
        total = (result * mx.nd.array(values_of(*result.shape))).sum()
    total.backward()
    return result.asnumpy(), array.grad.asnumpy()


def assert_same(ours, plain, values):
    for found, expected in zip(
        result_and_gradient(ours, values), result_and_gradient(plain, values), strict=True
    ):
        assert found.shape == expected.shape
        assert_allclose(found, expected, atol=1e-5)


@pytest.mark.parametrize("ours", OVER_FIRST, ids=lambda function: function.__name__)
@given(length=st.integers(1, 40), n=st.integers(1, 3), size=st.integers(1, 4))
def test_over_the_first_axis_results_and_gradients_are_those_of_the_plain_operator(
    ours, length, n, size
):
    plain = OVER_FIRST[ours]
    assert_same(
        lambda x: ours(mx.nd, x, length), lambda x: plain(x, axis=0), values_of(length, n, size)
    )


@given(length=st.integers(1, 40), n=st.integers(1, 3), keepdims=st.booleans())
def test_over_the_last_axis_results_and_gradients_are_those_of_the_plain_operator(
    length, n, keepdims
):
    assert_same(
        lambda x: mean_over_last(mx.nd, x, length, keepdims),
        lambda x: mx.nd.mean(x, axis=2, keepdims=keepdims),
        values_of(n, 4, length),
    )


def test_in_a_compiled_graph_results_are_the_same():
    values = values_of(5, 3, 2)
    data = mx.sym.var("data")
    outputs = mx.sym.Group(
        [function(mx.sym, data, 5) for function in OVER_FIRST] + [mean_over_last(mx.sym, data, 2)]
    )
    results = outputs.eval(data=mx.nd.array(values))
    expected = [values.sum(0), values.mean(0), values.max(0), values.mean(2)]
    for found, wanted in zip(results, expected, strict=True):
        assert_allclose(found.asnumpy(), wanted, atol=1e-6)


def cpu_s(function, array):
    """Processor time of a call, forward and backward."""
    started_s = time.process_time()
    with autograd.record():
        result = function(array)
    result.backward()
    mx.nd.waitall()
    return time.process_time() - started_s


@pytest.mark.parametrize(
    ("ours", "plain"),
    [
        (lambda x: mean_over_first(mx.nd, x, 32), lambda x: mx.nd.mean(x, axis=0)),
        (lambda x: max_over_first(mx.nd, x, 32), lambda x: mx.nd.max(x, axis=0)),
        (lambda x: mean_over_last(mx.nd, x, 128), lambda x: mx.nd.mean(x, axis=2)),
        (
            lambda x: mx.nd.transpose(x, axes=(2, 0, 1)),
            lambda x: mx.nd.swapaxes(mx.nd.swapaxes(x, 1, 2), 0, 1),
        ),
    ],
    ids=["mean over first", "maximum over first", "mean over last", "transpose"],
)
def test_each_costs_less_than_the_plain_operator(ours, plain):
    array = mx.nd.array(values_of(32, 256, 128))
    array.attach_grad()
    turns = [(cpu_s(ours, array), cpu_s(plain, array)) for _ in range(12)]
    ours_s, plain_s = (min(times_s) for times_s in zip(*turns, strict=True))
    assert ours_s < plain_s
