from __future__ import annotations

import numpy as np
import pytest
from builders import (
    random_weights,
    refused,
    weights_of,
)
from numpy.testing import assert_allclose
from small_networks import CPU, SIGNALS, network_of

from har.errors import RunError
from har.models.export import load_weights
from har.models.network import predict_probabilities


@pytest.mark.parametrize("front", ["", "arg:", "aux:"])
def test_weights_load_into_the_other_kernel(front):
    fused, _ = network_of(n_layers=2, bidirectional=True)
    cells, _ = network_of(n_layers=2, bidirectional=True, kernel="cells")
    weights = random_weights(fused)
    load_weights(cells, {front + name: w for name, w in weights.items()}, "model")
    loaded = weights_of(cells)
    assert all((loaded[name] == weights[name]).all() for name in weights)
    assert_allclose(
        predict_probabilities(cells, SIGNALS, CPU),
        predict_probabilities(fused, SIGNALS, CPU),
        atol=1e-5,
    )


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda arrays: arrays.pop("har_output_bias"), "no parameter 'har_output_bias'"),
        (
            lambda arrays: arrays.update(extra=arrays["har_output_bias"]),
            "unknown parameter 'extra'",
        ),
        (
            lambda arrays: arrays.update(har_output_bias=np.zeros(4, np.float32)),
            "har_output_bias of shape (4,), expected (3,)",
        ),
    ],
)
def test_weights_of_another_network_are_refused(change, message):
    network, _ = network_of()
    arrays = weights_of(network)
    change(arrays)
    with refused(RunError, "model.params: found", message, "expected"):
        load_weights(network, arrays, "model.params")
