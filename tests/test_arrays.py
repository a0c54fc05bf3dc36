from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from har.arrays import blocks_of, channel_moments, check_text


@pytest.mark.parametrize("n_windows", [1, 2047, 2048, 4100])
def test_moments_in_blocks_are_those_of_all_windows(n_windows):
    offsets = np.array([1000.0, 0.0, -3.0], np.float32)
    noise = np.random.default_rng(0).normal(size=(n_windows, 4, 3)).astype(np.float32)
    signals = noise * np.array([0.01, 1.0, 0.0], np.float32) + offsets
    blocks = list(blocks_of(signals))
    assert_array_equal(np.concatenate(blocks), signals)
    means, deviations = channel_moments(blocks)
    assert_allclose(means, signals.mean(axis=(0, 1), dtype=np.float64), rtol=1e-12)
    expected = signals.std(axis=(0, 1), dtype=np.float64)
    assert_allclose(deviations, expected, rtol=1e-9)


def test_a_constant_channel_does_not_deviate_whatever_is_rounded():
    signals = np.full((5000, 128, 1), 0.1, np.float32)
    assert channel_moments(blocks_of(signals))[1] == 0


@pytest.mark.parametrize("order", "<>")
def test_text_of_characters_that_there_are_not_is_refused(order):
    text = np.array(["walk", "\U0010ffff"]).astype(f"{order}U4")
    check_text(text)
    check_text(np.array([]).astype("U1"))
    check_text(np.array([b"\xff"]))
    damaged = text.copy()
    damaged.view(f"{order}u4")[5] = 0x110000
    with pytest.raises(ValueError, match="characters beyond those of Unicode"):
        check_text(damaged)
