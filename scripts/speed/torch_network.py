"""The network of a recipe in PyTorch, written as its documentation shows, with har's weights."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import torch
from torch import nn
from torch.nn import functional

from har.arrays import FloatArray
from har.config import ModelConfig
from har.models.constants import SUMMARY_SHARE
from har.signals.channels import N_TIMESTEPS
from speed.torch_heading import Heading
from speed.torch_summary import Summary

PREFIX = "har_"
# As in har.models.views, which needs MXNet.
SMALLEST_DEVIATION = 1e-4

_BATCH_NORM = (
    *(("weight", "gamma"), ("bias", "beta")),
    *(("running_mean", "running_mean"), ("running_var", "running_var")),
)

Weights = Mapping[str, FloatArray]


class Views(nn.Module):  # type: ignore[misc]
    """Views of signals: (n_windows, n_channels, n_timesteps) to (…, n_values, n_timesteps)."""

    def __init__(self, config: ModelConfig, channels: tuple[str, ...]) -> None:
        super().__init__()
        self.kinds = config.views
        self.compression = config.compression
        body = [index for index, name in enumerate(channels) if name.startswith("body_")]
        # The channels of movements are neighbours: a slice copies nothing.
        self.movements = slice(body[0], body[-1] + 1) if body else slice(None)
        self.register_buffer("mean", torch.zeros(1, len(channels), 1))
        self.register_buffer("scale", torch.ones(1, len(channels), 1))
        n_movements = len(body) or len(channels)
        self.n_values = sum(len(channels) if k == "channels" else n_movements for k in self.kinds)

    def forward(self, signals: Any) -> Any:
        """Make the views, side by side."""
        movements = signals[:, self.movements]
        views = {
            "channels": lambda: (signals - self.mean) / self.scale,
            "compressed": lambda: self._compressed(movements),
            "normalised": lambda: _normalised(movements),
        }
        return torch.cat([views[kind]() for kind in self.kinds], dim=1)

    def _compressed(self, movements: Any) -> Any:
        factor = 2 / math.asinh(1 / self.compression)
        return torch.asinh(movements / self.compression) * factor


def _normalised(movements: Any) -> Any:
    variance, mean = torch.var_mean(movements, dim=2, correction=0, keepdim=True)
    return (movements - mean) / torch.sqrt(variance + SMALLEST_DEVIATION**2)


class TimePooling(nn.Module):  # type: ignore[misc]
    """Hidden states, (n_windows, n_timesteps, n_outputs), as a vector for each window."""

    def __init__(self, config: ModelConfig, size: int) -> None:
        super().__init__()
        self.kind = config.pooling
        self.hidden_size = config.hidden_size
        self.is_bidirectional = config.bidirectional
        self.attention, self.score = nn.Linear(size, size), nn.Linear(size, 1, bias=False)

    def forward(self, hidden: Any) -> Any:
        """Pool over time."""
        if self.kind == "last":
            return self._last(hidden)
        if self.kind == "mean_max":
            return torch.cat([hidden.mean(dim=1), hidden.amax(dim=1)], dim=1)
        if self.kind == "attention":
            weights = self.score(torch.tanh(self.attention(hidden))).softmax(dim=1)
            return (weights * hidden).sum(dim=1)
        return {"sum": torch.sum, "mean": torch.mean, "max": torch.amax}[self.kind](hidden, dim=1)

    def _last(self, hidden: Any) -> Any:
        if not self.is_bidirectional:
            return hidden[:, -1]
        n = self.hidden_size
        return torch.cat([hidden[:, -1, :n], hidden[:, 0, n:]], dim=1)


class ActivityNetwork(nn.Module):  # type: ignore[misc]
    """The network of `har.models.network`: windows in g and rad/s to logits.

    Parameters
    ----------
    config : ModelConfig
        Settings of the network.
    channels : tuple of str
        Names of the windows' channels.
    n_activities : int
        Number of classes.
    n_timesteps : int
        Samples in a window.
    """

    def __init__(
        self, config: ModelConfig, channels: tuple[str, ...], n_activities: int, n_timesteps: int
    ) -> None:
        super().__init__()
        self.heading = Heading(channels) if config.align_heading else None
        self.views = Views(config, channels)
        size = self.views.n_values
        layers: list[nn.Module] = []
        n_convolutions = config.conv_layers if config.conv_channels else 0
        for _ in range(n_convolutions):
            layers += _convolution(config, size)
            size = config.conv_channels
        self.convolutions = nn.Sequential(*layers)
        self.has_skip = config.conv_skip
        n_skipped = size if config.conv_skip else 0
        self.embedding = nn.Linear(size, config.embedding_size) if config.embedding_size else None
        size = config.embedding_size or size
        self.lstm = nn.LSTM(
            size,
            config.hidden_size,
            config.n_layers,
            batch_first=True,
            dropout=config.dropout if config.n_layers > 1 else 0.0,
            bidirectional=config.bidirectional,
        )
        size = config.hidden_size * (2 if config.bidirectional else 1)
        self.pooling = TimePooling(config, size)
        size *= 2 if config.pooling == "mean_max" else 1
        self.dropout = nn.Dropout(config.head_dropout)
        self.output = nn.Linear(size + n_skipped, n_activities)
        self.summary: nn.Module | None = None
        if config.summary_size:
            self.summary = Summary(channels, n_timesteps)
            self.summary_hidden = nn.Linear(self.summary.n_features, config.summary_size)
            self.summary_output = nn.Linear(config.summary_size, n_activities)

    def forward(self, windows: Any) -> Any:
        """Return logits, shape (n_windows, n_activities)."""
        of_parts = self.logits_of_parts(windows)
        if len(of_parts) == 1:
            return of_parts[0]
        of_lstm, of_summary = (logits.log_softmax(dim=1) for logits in of_parts)
        return of_lstm * (1 - SUMMARY_SHARE) + of_summary * SUMMARY_SHARE

    def logits_of_parts(self, windows: Any) -> list[Any]:
        """Return the logits of the LSTM and, if there is one, of the summary."""
        signals = windows.transpose(1, 2)
        if self.heading is not None:
            signals = self.heading(signals)
        of_parts = [self._lstm_logits(signals)]
        if self.summary is not None:
            hidden = functional.relu(self.summary_hidden(self.summary(signals)))
            of_parts.append(self.summary_output(self.dropout(hidden)))
        return of_parts

    def _lstm_logits(self, signals: Any) -> Any:
        convolved = self.convolutions(self.views(signals))
        steps = convolved.transpose(1, 2)
        if self.embedding is not None:
            steps = functional.relu(self.embedding(steps))
        features = self.pooling(self.lstm(steps)[0])
        if self.has_skip:
            features = torch.cat([features, convolved.mean(dim=2)], dim=1)
        return self.output(self.dropout(features))


def _convolution(config: ModelConfig, input_size: int) -> list[nn.Module]:
    layers = [
        nn.Conv1d(
            input_size,
            config.conv_channels,
            config.conv_kernel,
            config.conv_stride,
            config.conv_kernel // 2,
            bias=False,
        ),
        nn.BatchNorm1d(config.conv_channels),
        nn.ReLU(),
    ]
    return [*layers, nn.Dropout(config.conv_dropout)] if config.conv_dropout else layers


class Classifier(nn.Module):  # type: ignore[misc]
    """The network of a recipe, or the mean of several, with the temperature that divides logits.

    Parameters
    ----------
    config : ModelConfig
        Settings of the networks.
    channels : tuple of str
        Names of the windows' channels.
    weights : mapping of str to ndarray
        All parameters of har's network by their names.
    """

    def __init__(self, config: ModelConfig, channels: tuple[str, ...], weights: Weights) -> None:
        super().__init__()
        numbers = range(1, config.n_members + 1)
        prefixes = [f"{PREFIX}member{n}_" for n in numbers] if len(numbers) > 1 else [PREFIX]
        n_activities = len(weights[f"{prefixes[0]}output_bias"])
        sizes = n_activities, N_TIMESTEPS
        if config.summary_size:
            sizes = n_activities, len(weights[f"{prefixes[0]}summary_waves"])
        self.members = nn.ModuleList()
        for number, prefix in zip(numbers, prefixes, strict=True):
            of_member = config.of_member(number)
            member = ActivityNetwork(of_member, channels, *sizes)
            put_weights(member, of_member, weights, prefix)
            self.members.append(member)
        temperature = weights.get(f"{PREFIX}temperature", [[1.0]])
        self.register_buffer("temperature", torch.tensor(temperature, dtype=torch.float32))

    def forward(self, windows: Any) -> Any:
        """Return probabilities, shape (n_windows, n_activities)."""
        if len(self.members) == 1:
            return (self.members[0](windows) / self.temperature).softmax(dim=1)
        of_members = torch.stack([member(windows).softmax(dim=1) for member in self.members])
        return (of_members.mean(dim=0).log() / self.temperature).softmax(dim=1)


def put_weights(
    network: ActivityNetwork, config: ModelConfig, weights: Weights, prefix: str
) -> None:
    """Set all parameters of a network to those of har's whose names begin with a prefix."""
    named = {
        **{ours: prefix + theirs for ours, theirs in _names(config)},
        **{f"lstm.{ours}": prefix + theirs for ours, theirs in _lstm_names(config)},
    }
    state = network.state_dict()
    for ours, theirs in named.items():
        # Reshaped, since convolutions in har have a height and its constants a batch of 1.
        state[ours] = torch.tensor(weights[theirs]).reshape(state[ours].shape)
    network.load_state_dict(state)


def _names(config: ModelConfig) -> list[tuple[str, str]]:
    """Pair the names of parameters and constants outside the LSTM with those in har."""
    names = [("output.weight", "output_weight"), ("output.bias", "output_bias")]
    n_modules = 4 if config.conv_dropout else 3
    for number in range(config.conv_layers if config.conv_channels else 0):
        place = f"convolutions.{number * n_modules}", f"convolutions.{number * n_modules + 1}"
        names.append((f"{place[0]}.weight", f"conv{number}_weight"))
        names += [(f"{place[1]}.{ours}", f"norm{number}_{theirs}") for ours, theirs in _BATCH_NORM]
    if "channels" in config.views:
        names += [("views.mean", "channel_mean"), ("views.scale", "channel_scale")]
    if config.align_heading:
        names += [(f"heading.{key}", f"heading_{key}") for key in ("filters", "weight")]
    if config.summary_size:
        names += [
            (f"summary.{key}", f"summary_{key}") for key in ("waves", "weights", "mean", "scale")
        ]
        names += [
            (f"summary_{layer}.{key}", f"summary_{layer}_{key}")
            for layer in ("hidden", "output")
            for key in ("weight", "bias")
        ]
    if config.embedding_size:
        names += [(f"embedding.{key}", f"embedding_{key}") for key in ("weight", "bias")]
    if config.pooling == "attention":
        names += [(f"pooling.attention.{key}", f"attention_{key}") for key in ("weight", "bias")]
        names.append(("pooling.score.weight", "score_weight"))
    return names


def _lstm_names(config: ModelConfig) -> list[tuple[str, str]]:
    """Pair the names of the LSTM's parameters: both keep the gates in the order i, f, g, o."""
    directions = (("", "l"), ("_reverse", "r")) if config.bidirectional else (("", "l"),)
    return [
        (f"{kind}_{ours}_l{layer}{suffix}", f"lstm{layer}_{side}0_{theirs}_{kind}")
        for layer in range(config.n_layers)
        for suffix, side in directions
        for ours, theirs in (("ih", "i2h"), ("hh", "h2h"))
        for kind in ("weight", "bias")
    ]
