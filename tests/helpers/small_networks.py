"""Makes networks for small windows, for the tests of what they compute and of their files."""

from __future__ import annotations

from builders import CHANNELS, small_windows

from har.config import ModelConfig
from har.models.backend import mx
from har.models.network import build_network

CPU = [mx.cpu(0)]
N_TIMESTEPS = 16
SIGNALS = small_windows().signals


def network_of(channels=CHANNELS, n_activities=3, **model):
    config = ModelConfig(**{"n_layers": 1, "hidden_size": 5, **model})
    return build_network(config, N_TIMESTEPS, channels, n_activities, CPU), config
