"""Models to export, with random weights, and windows that they judge."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
from builders import random_weights
from small_networks import CPU

from har.config import ModelConfig
from har.export.trained_model import TrainedModel
from har.models.constants import PREFIX, member_prefix
from har.models.ensemble import joined
from har.models.heading import gaussian_derivatives
from har.models.network import build_network
from har.signals.activities import UCI_ACTIVITIES
from har.signals.channels import UCI_CHANNELS
from har.signals.windows import WindowFormat

WITH_CONVOLUTIONS = {"conv_channels": 4, "conv_kernel": 5, "conv_layers": 2, "conv_stride": 2}
# Each option of the network at least once, and what meets in recipes.
SETTINGS = [
    {"pooling": "last"},
    {"pooling": "last", "bidirectional": True, "n_layers": 2},
    {"pooling": "sum", "n_layers": 3, "standardise": False},
    {"pooling": "attention", "bidirectional": True},
    {"pooling": "mean", "embedding_size": 7, "views": ("normalised",)},
    {"pooling": "max", **WITH_CONVOLUTIONS, "conv_stride": 1, "conv_kernel": 4},
    {"pooling": "mean_max", **WITH_CONVOLUTIONS, "conv_skip": True, "embedding_size": 3},
    {"pooling": "last", "views": ("compressed", "channels"), "compression": 0.5},
    {"pooling": "mean", "align_heading": True, "views": ("normalised", "channels")},
    {"pooling": "mean", "summary_size": 7},
    {"pooling": "mean", "summary_size": 7, "align_heading": True, **WITH_CONVOLUTIONS},
    {"pooling": "mean", "n_members": 3, "n_aligned_members": 1, "summary_size": 5},
]


def options_in_words(options):
    return "-".join(map(str, options.values()))


def random_model(
    settings, channels=UCI_CHANNELS, n_timesteps=32, rate_hz=50.0, temperature=1.3, seed=0
):
    """Make a model with random weights; a temperature of None is none."""
    config = ModelConfig(**{"n_layers": 1, "hidden_size": 5, **settings})
    sizes = n_timesteps, channels, len(UCI_ACTIVITIES), CPU
    prefixes = {n: member_prefix(n, config.n_members) for n in range(1, config.n_members + 1)}
    network = joined([build_network(config.of_member(n), *sizes, prefixes[n]) for n in prefixes])
    weights = random_weights(network, seed, scale=0.3)
    for name in weights:
        if name.endswith("filters"):
            weights[name] = gaussian_derivatives()
    if temperature is not None:
        weights[f"{PREFIX}temperature"] = np.full((1, 1), temperature, np.float32)
    window_format = WindowFormat(channels, UCI_ACTIVITIES, rate_hz, n_timesteps)
    manifest = SimpleNamespace(model=SimpleNamespace(window_format=window_format))
    return TrainedModel("a run", config, weights, manifest)


def windows_of(model, n_windows=3, seed=0, scale=0.3):
    """Make windows with gravity along an axis; of UCI HAR's channels it is x of total_acc."""
    random = np.random.default_rng(seed)
    window_format = model.window_format
    shape = n_windows, window_format.n_timesteps, len(window_format.channels)
    windows = scale * random.normal(size=shape)
    windows[..., shape[2] // 3 * 2] += 1.0
    return windows.astype(np.float32)
