"""A trained network in JSON, for ``page/network.js``: the equations of `har.models.packed`.

What is constant after training is worked out here: batch normalisation is in the weights of its
convolution, the two biases of each gate are one, and places of channels are numbers. Tables of the
summary's spectra are left out, since they follow from the length of a window.
"""

from __future__ import annotations

import math
from base64 import b64encode
from collections.abc import Mapping

import numpy as np

from har.arrays import FloatArray
from har.config import ModelConfig
from har.export.trained_model import TrainedModel
from har.models.constants import NORM_EPSILON, Triads

Weights = Mapping[str, FloatArray]
# What JSON can hold.
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
        Length of a window, temperature, and a form for each network. Arrays are objects of
        ``shape`` and ``data``, base64 of float32, lowest byte first.
    """
    channels = model.window_format.channels
    return {
        "n_timesteps": model.window_format.n_timesteps,
        "n_channels": len(channels),
        "temperature": model.temperature,
        "members": [
            _member_form(model.config.of_member(number), channels, model.member_weights(number))
            for number in range(1, model.config.n_members + 1)
        ],
    }


def _member_form(config: ModelConfig, channels: tuple[str, ...], weights: Weights) -> Form:
    n_convolutions = config.conv_layers if config.conv_channels else 0
    sides = "lr"[: 1 + config.bidirectional]
    return {
        "heading": _heading_form(channels, weights) if config.align_heading else None,
        "views": _views_form(config, channels, weights),
        "convolutions": [
            _convolution_form(config, number, weights) for number in range(n_convolutions)
        ],
        "skip": config.conv_skip,
        "embedding": _dense_form("embedding", weights) if config.embedding_size else None,
        "lstm": [
            [_direction_form(f"lstm{number}_{side}0", weights) for side in sides]
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
    """Return weights, shape (n_outputs, n_inputs), and biases."""
    return {
        "weight": _array_form(weights[f"{name}_weight"]),
        "bias": _array_form(weights[f"{name}_bias"]),
    }


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
        form["mean"] = _array_form(weights["channel_mean"].ravel())
        form["scale"] = _array_form(weights["channel_scale"].ravel())
    return form


def _convolution_form(config: ModelConfig, number: int, weights: Weights) -> Form:
    """Return a convolution with its normalisation, weights (n_outputs, kernel, n_inputs)."""
    gamma, beta, mean, variance = (
        weights[f"norm{number}_{name}"].astype(np.float64)
        for name in ("gamma", "beta", "running_mean", "running_var")
    )
    gain = gamma / np.sqrt(variance + NORM_EPSILON)
    taps = weights[f"conv{number}_weight"][:, :, 0].transpose(0, 2, 1)
    return {
        "kernel": config.conv_kernel,
        "stride": config.conv_stride,
        "weight": _array_form(taps * gain[:, np.newaxis, np.newaxis]),
        "bias": _array_form(beta - mean * gain),
    }


def _direction_form(name: str, weights: Weights) -> Form:
    """Return an LSTM in one direction of time, gates in the order i, f, g, o."""
    bias = weights[f"{name}_i2h_bias"].astype(np.float64) + weights[f"{name}_h2h_bias"]
    return {
        "input_weight": _array_form(weights[f"{name}_i2h_weight"]),
        "state_weight": _array_form(weights[f"{name}_h2h_weight"]),
        "bias": _array_form(bias),
    }


def _heading_form(channels: tuple[str, ...], weights: Weights) -> Form:
    names = [name[:-2] for name in channels[::3]]
    body = [place for place, name in enumerate(names) if name.startswith("body_")]
    return {
        "movements": body or list(range(len(names))),
        "gravity": max(i for i, name in enumerate(names) if name.split("_")[-1] == "acc"),
        "filters": _array_form(weights["heading_filters"].reshape(-1, _filter_length(weights))),
        "weight": _array_form(weights["heading_weight"].reshape(2, -1)),
    }


def _filter_length(weights: Weights) -> int:
    return int(weights["heading_filters"].shape[-1])


def _summary_form(channels: tuple[str, ...], weights: Weights) -> Form:
    triads = Triads(channels)
    return {
        "triads": triads.places,
        "gravity": triads.gravity,
        "movements": triads.movements,
        "mean": _array_form(weights["summary_mean"].ravel()),
        "scale": _array_form(weights["summary_scale"].ravel()),
        "hidden": _dense_form("summary_hidden", weights),
        "output": _dense_form("summary_output", weights),
    }
