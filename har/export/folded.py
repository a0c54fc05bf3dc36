"""A network's weights as programs without MXNet use them: what training alone needs is folded in.

Batch normalisation, a constant factor and shift after training, is in the weights of the
convolution before it; both biases of an LSTM are one; a division is a factor. Every matrix has a
row for each output. The waves of a summary are left out: programs compute them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from har.arrays import FloatArray
from har.config import ModelConfig
from har.errors import RunError
from har.export.trained_model import TrainedModel
from har.models.constants import BAND_EDGES, NORM_EPSILON, spectral_tables

Weights = Mapping[str, FloatArray]


def folded_weights(model: TrainedModel, number: int) -> dict[str, FloatArray]:
    """Return the weights of a network of the model, by the names that exported files use.

    Parameters
    ----------
    model : TrainedModel
        Trained network or ensemble.
    number : int
        Number of the network, from 1.

    Returns
    -------
    dict of str to ndarray of float32
        ``heading_filters`` (n_scales, 2, n_samples), ``heading_weight`` (2, n_references);
        ``channel_mean``, ``channel_factor`` (n_channels,); of each convolution, from 0,
        ``conv0_weight`` (n_outputs, n_kernel * n_inputs), all inputs of the first sample first;
        ``embedding_weight``; of each LSTM layer and direction ``lstm0_forward_input`` and
        ``lstm0_forward_state`` (4 * n_units, n), with the rows of gates i, f, g and o;
        ``attention_weight``, ``score_weight``; ``output_weight``; ``summary_mean``,
        ``summary_factor`` (n_features,), ``summary_hidden_weight``, ``summary_output_weight``.
        A ``_weight`` has a ``_bias``, that of the score and of the heading apart. What the network
        has not is missing.

    Raises
    ------
    RunError
        If the tables of a summary are others than this version's.
    """
    config, weights = model.config.of_member(number), model.member_weights(number)
    folded = {
        **dict(_inputs(config, weights)),
        **dict(_convolutions(config, weights)),
        **dict(_lstm_layers(config, weights)),
        **dict(_dense_layers(config, weights)),
    }
    if config.summary_size:
        _check_tables(model, weights)
        folded["summary_mean"] = weights["summary_mean"].ravel()
        folded["summary_factor"] = 1 / weights["summary_scale"].ravel()
    return {name: np.ascontiguousarray(array, np.float32) for name, array in folded.items()}


def _inputs(config: ModelConfig, weights: Weights) -> Iterator[tuple[str, FloatArray]]:
    if config.align_heading:
        filters = weights["heading_filters"]
        yield "heading_filters", filters.reshape(-1, 2, filters.shape[-1])
        yield "heading_weight", weights["heading_weight"]
    if "channels" in config.views:
        yield "channel_mean", weights["channel_mean"].ravel()
        yield "channel_factor", 1 / weights["channel_scale"].ravel()


def _convolutions(config: ModelConfig, weights: Weights) -> Iterator[tuple[str, FloatArray]]:
    for number in range(config.conv_layers if config.conv_channels else 0):
        gamma, beta, mean, variance = (
            weights[f"norm{number}_{name}"].astype(np.float64)
            for name in ("gamma", "beta", "running_mean", "running_var")
        )
        gain = gamma / np.sqrt(variance + NORM_EPSILON)
        # From (n_outputs, n_inputs, 1, n_kernel).
        taps = weights[f"conv{number}_weight"][:, :, 0].transpose(0, 2, 1)
        yield f"conv{number}_weight", taps.reshape(len(taps), -1) * gain[:, np.newaxis]
        yield f"conv{number}_bias", beta - mean * gain


def _lstm_layers(config: ModelConfig, weights: Weights) -> Iterator[tuple[str, FloatArray]]:
    sides = {"l": "forward", "r": "backward"} if config.bidirectional else {"l": "forward"}
    for number in range(config.n_layers):
        for side, direction in sides.items():
            old, new = f"lstm{number}_{side}0", f"lstm{number}_{direction}"
            yield f"{new}_input", weights[f"{old}_i2h_weight"]
            yield f"{new}_state", weights[f"{old}_h2h_weight"]
            biases = (weights[f"{old}_{of}_bias"].astype(np.float64) for of in ("i2h", "h2h"))
            yield f"{new}_bias", np.sum(list(biases), axis=0)


def _dense_layers(config: ModelConfig, weights: Weights) -> Iterator[tuple[str, FloatArray]]:
    names = ["output"]
    names += ["embedding"] * bool(config.embedding_size)
    names += ["summary_hidden", "summary_output"] * bool(config.summary_size)
    if config.pooling == "attention":
        names += ["attention"]
        yield "score_weight", weights["score_weight"]
    for name in names:
        yield f"{name}_weight", weights[f"{name}_weight"]
        yield f"{name}_bias", weights[f"{name}_bias"]


def _check_tables(model: TrainedModel, weights: Weights) -> None:
    """Refuse a summary of other frequencies, lags or bands than those that programs compute."""
    tables = spectral_tables(model.window_format.n_timesteps)
    stored = weights["summary_waves"], weights["summary_weights"]
    for one, other in zip(stored, tables, strict=True):
        if one.shape != other.shape or not np.allclose(one, other, rtol=1e-5, atol=1e-6):
            raise RunError(
                f"{model.source}: found a summary of the window by other tables, expected those of "
                "this version of har"
            )


def band_starts(n_timesteps: int) -> list[int]:
    """Return where bands begin and the last one ends among frequencies 1, 2, … of a spectrum.

    Parameters
    ----------
    n_timesteps : int
        Samples in a window.

    Returns
    -------
    list of int, of length N_BANDS + 1
        Band b has the frequencies of numbers starts[b] to starts[b + 1] - 1.
    """
    frequencies = np.arange(1, n_timesteps // 2 + 1) / n_timesteps
    return [1 + int((frequencies <= edge).sum()) for edge in BAND_EDGES]
