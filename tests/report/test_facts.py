from __future__ import annotations

import pytest

from har.config import Config, ModelConfig
from har.report.facts import network_in_words

LAYERS = "2 stacked LSTM layers of 64 units each"
TURN = "a turn about x to the usual heading"


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        ({}, f"A network of {LAYERS}"),
        ({"align_heading": True}, f"A network of {TURN}, {LAYERS}"),
        ({"n_members": 2}, f"An ensemble of 2 networks of {LAYERS}"),
        (
            {"n_members": 2, "n_aligned_members": 1},
            f"An ensemble of 2 networks of {LAYERS} (the last one behind {TURN})",
        ),
        (
            {"n_members": 3, "n_aligned_members": 2},
            f"An ensemble of 3 networks of {LAYERS} (the last 2 behind {TURN})",
        ),
        (
            {"n_members": 3, "n_aligned_members": 2, "align_heading": True},
            f"An ensemble of 3 networks of {TURN}, {LAYERS}",
        ),
    ],
)
def test_a_network_is_told_by_its_layers_and_its_members(model, expected):
    assert network_in_words(Config(model=ModelConfig(**model))) == expected
