"""A trained network in JSON, for ``page/network.js``: settings, and the weights of `folded`."""

from __future__ import annotations

import math
from base64 import b64encode
from collections.abc import Mapping

import numpy as np

from har.arrays import FloatArray
from har.config import ModelConfig
from har.export.folded import folded_weights
from har.export.trained_model import TrainedModel
from har.models.constants import Triads

Weights = Mapping[str, FloatArray]
# Content that JSON can hold.
Form = dict[str, object]


def network_form(model: TrainedModel) -> Form:
    """Return the network of a run, or its ensemble, ready for JSON.

    Parameters
    ----------
    model : TrainedModel
        Network of any recipe.

    Returns
    -------
    dict
        Length of a window, number of channels, temperature, and a form for each network. Arrays
        are objects of ``shape`` and ``data``, base64 of float32, lowest byte first.

    Raises
    ------
    RunError
        If the tables of a summary are others than this version's.
    """
    channels = model.window_format.channels
    return {
        "n_timesteps": model.window_format.n_timesteps,
        "n_channels": len(channels),
        "temperature": model.temperature,
        "members": [
            _member_form(model.config.of_member(number), channels, folded_weights(model, number))
            for number in range(1, model.config.n_members + 1)
        ],
    }


def _member_form(config: ModelConfig, channels: tuple[str, ...], weights: Weights) -> Form:
    n_convolutions = config.conv_layers if config.conv_channels else 0
    directions = ("forward", "backward")[: 1 + config.bidirectional]
    return {
        "heading": _heading_form(channels, weights) if config.align_heading else None,
        "views": _views_form(config, channels, weights),
        "convolutions": [
            {
                "kernel": config.conv_kernel,
                "stride": config.conv_stride,
                **_dense_form(f"conv{number}", weights),
            }
            for number in range(n_convolutions)
        ],
        "skip": config.conv_skip,
        "embedding": _dense_form("embedding", weights) if config.embedding_size else None,
        "lstm": [
            [_direction_form(f"lstm{number}_{direction}", weights) for direction in directions]
            for number in range(config.n_layers)
        ],
        "pooling": config.pooling,
        "attention": _attention_form(weights) if config.pooling == "attention" else None,
        "output": _dense_form("output", weights),
        "summary": _summary_form(channels, weights) if config.summary_size else None,
    }


def _array_form(values: FloatArray) -> Form:
    data = b64encode(np.ascontiguousarray(values, "<f4").tobytes()).decode()
    return {"shape": list(values.shape), "data": data}


def _dense_form(name: str, weights: Weights) -> Form:
    """Return weights, a row for each output, and biases."""
    return {of: _array_form(weights[f"{name}_{of}"]) for of in ("weight", "bias")}


def _direction_form(name: str, weights: Weights) -> Form:
    """Return an LSTM in one direction of time, gates in the order i, f, g, o."""
    return {of: _array_form(weights[f"{name}_{of}"]) for of in ("input", "state", "bias")}


def _attention_form(weights: Weights) -> Form:
    return {
        **_dense_form("attention", weights),
        "score": _array_form(weights["score_weight"].ravel()),
    }


def _views_form(config: ModelConfig, channels: tuple[str, ...], weights: Weights) -> Form:
    body = [place for place, name in enumerate(channels) if name.startswith("body_")]
    form: Form = {
        "kinds": list(config.views),
        "movements": body or list(range(len(channels))),
        "compression": config.compression,
        "compressed_unit": 2 / math.asinh(1 / config.compression),
    }
    if "channels" in config.views:
        form["mean"] = _array_form(weights["channel_mean"])
        form["factor"] = _array_form(weights["channel_factor"])
    return form


def _heading_form(channels: tuple[str, ...], weights: Weights) -> Form:
    names = [name[:-2] for name in channels[::3]]
    body = [place for place, name in enumerate(names) if name.startswith("body_")]
    filters = weights["heading_filters"]
    return {
        "movements": body or list(range(len(names))),
        "gravity": max(i for i, name in enumerate(names) if name.split("_")[-1] == "acc"),
        "filters": _array_form(filters.reshape(-1, filters.shape[-1])),
        "weight": _array_form(weights["heading_weight"]),
    }


def _summary_form(channels: tuple[str, ...], weights: Weights) -> Form:
    triads = Triads(channels)
    return {
        "triads": triads.places,
        "gravity": triads.gravity,
        "movements": triads.movements,
        "mean": _array_form(weights["summary_mean"]),
        "factor": _array_form(weights["summary_factor"]),
        "hidden": _dense_form("summary_hidden", weights),
        "output": _dense_form("summary_output", weights),
    }
