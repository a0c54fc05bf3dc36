from __future__ import annotations

import numpy as np
import pytest
from builders import numpy_views, random_weights
from numpy.testing import assert_allclose

from har.config import ModelConfig
from har.models.backend import mx
from har.models.views import Views
from har.signals.channels import UCI_CHANNELS

KINDS = ("channels", "compressed", "normalised")
SIGNALS = np.random.default_rng(0).normal(size=(5, 16, 9)).astype(np.float32)


def shown(*kinds, signals=SIGNALS, channels=UCI_CHANNELS, **model):
    """Views with time before values, as windows have it."""
    views = Views(ModelConfig(views=kinds, **model), channels, signals.shape[1], "har_")
    views.initialize()
    return views(mx.nd.array(signals)).asnumpy().swapaxes(1, 2)


@pytest.mark.parametrize("is_hybrid", [False, True])
@pytest.mark.parametrize(
    "channels",
    [UCI_CHANNELS, UCI_CHANNELS[::-1], ("body_acc_x", "gyro_x"), ("acc_x", "gyro_x")],
    ids="-".join,
)
@pytest.mark.parametrize("kinds", [KINDS, KINDS[::-1], *((kind,) for kind in KINDS)], ids="-".join)
def test_views_are_side_by_side_in_their_order(kinds, channels, is_hybrid):
    config = ModelConfig(views=kinds, compression=0.1)
    views = Views(config, channels, SIGNALS.shape[1], "har_")
    weights = random_weights(views)
    views.hybridize(is_hybrid)
    signals = SIGNALS[:, :, : len(channels)]
    found = views(mx.nd.array(signals)).asnumpy()
    assert found.shape == (5, views.n_outputs, 16)
    expected = numpy_views(weights, config, signals, channels).swapaxes(1, 2)
    assert_allclose(found, expected, rtol=1e-4, atol=1e-5)


def test_views_of_movements_leave_gravity_out():
    changed = SIGNALS.copy()
    changed[:, :, 6:] += 1
    for kind in ("compressed", "normalised"):
        assert_allclose(shown(kind, signals=changed), shown(kind))
    assert not np.allclose(shown("channels", signals=changed), shown("channels"))


def test_compression_enlarges_small_movements_and_keeps_signs_and_order():
    movements = np.float32([-2, -1, -0.01, -0.001, 0, 0.001, 0.01, 1, 2]).reshape(1, 9, 1)
    seen = shown("compressed", signals=movements, channels=("acc_x",))[0, :, 0]
    assert_allclose(seen, -seen[::-1], atol=1e-6)
    assert (np.diff(seen) > 0).all()
    assert seen[7] == pytest.approx(2)
    assert seen[6] / seen[5] == pytest.approx(np.arcsinh(1) / np.arcsinh(0.1), rel=1e-4)
    assert seen[5] > 0.03 > 30 * 0.001 / 2


@pytest.mark.parametrize("strength", [0.002, 1.0])
def test_normalised_movements_have_mean_0_and_deviation_1_over_each_window(strength):
    seen = shown("normalised", signals=SIGNALS * np.float32(strength) + np.float32(0.3))
    assert_allclose(seen.mean(axis=1), 0, atol=1e-4)
    assert_allclose(seen.std(axis=1), 1, rtol=0.01)


def test_a_sensor_that_gives_a_constant_is_normalised_to_zero():
    still = np.full_like(SIGNALS, 0.25)
    assert not shown("normalised", signals=still).any()


def test_a_view_depends_on_its_own_window_alone():
    assert_allclose(shown(*KINDS, signals=SIGNALS[2:3]), shown(*KINDS)[2:3], atol=1e-6)
