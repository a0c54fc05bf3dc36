"""Trained models whose weights are random, of any settings, for the tests of exports."""

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
from har.runs.manifest import ModelDescription
from har.signals.activities import UCI_ACTIVITIES
from har.signals.channels import UCI_CHANNELS
from har.signals.orientation import UPRIGHT
from har.signals.windows import WindowFormat

WITH_CONVOLUTIONS = {"conv_channels": 4, "conv_kernel": 5, "conv_layers": 2, "conv_stride": 2}
# Each option of a network in at least one of its values.
SETTINGS = [
    {"pooling": "last"},
    {"pooling": "last", "bidirectional": True},
    {"pooling": "sum", "n_layers": 3, "bidirectional": True, "kernel": "cells"},
    {"pooling": "attention", "bidirectional": True},
    {"pooling": "mean", "embedding_size": 7, "views": ("normalised",)},
    {"pooling": "max", **WITH_CONVOLUTIONS, "conv_stride": 1, "conv_kernel": 4},
    {"pooling": "mean_max", **WITH_CONVOLUTIONS, "conv_skip": True, "embedding_size": 3},
    {"pooling": "last", "views": ("compressed", "channels"), **WITH_CONVOLUTIONS},
    {"pooling": "mean", "standardise": False},
    {"pooling": "attention", "align_heading": True, "views": ("normalised", "channels")},
    {"pooling": "mean", "summary_size": 7},
    {"pooling": "mean", "summary_size": 7, "align_heading": True, **WITH_CONVOLUTIONS},
    {"pooling": "mean", "n_members": 3, "n_aligned_members": 1},
]


def random_model(settings, channels=UCI_CHANNELS, n_timesteps=32, temperature=None, seed=0):
    """Return a model of such settings, with few units unless they say otherwise."""
    config = ModelConfig(**{"n_layers": 1, "hidden_size": 5, **settings})
    sizes = n_timesteps, channels, len(UCI_ACTIVITIES), CPU
    members = [
        build_network(config.of_member(n), *sizes, member_prefix(n, config.n_members))
        for n in range(1, config.n_members + 1)
    ]
    weights = random_weights(joined(members), seed, scale=0.3)
    for name in weights:
        if name.endswith("heading_filters"):
            weights[name] = gaussian_derivatives()
    if temperature is not None:
        weights[f"{PREFIX}temperature"] = np.full((1, 1), temperature, np.float32)
    form = WindowFormat(channels, UCI_ACTIVITIES, 50.0, n_timesteps)
    manifest = SimpleNamespace(model=ModelDescription(form, 0, UPRIGHT))
    return TrainedModel("runs/random", config, weights, manifest)


def random_windows(n_windows, n_timesteps=32, n_channels=9, seed=0):
    """Return windows in which the first axis of the last triad has gravity."""
    random = np.random.default_rng(seed)
    windows = 0.3 * random.normal(size=(n_windows, n_timesteps, n_channels))
    windows[..., -3] += 1.0
    return windows.astype(np.float32)
