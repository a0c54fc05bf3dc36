"""Batches of windows and their target probabilities."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from har.arrays import FloatArray, IntArray
from har.config import TrainingConfig
from har.signals.augmentation import rotate, scale_axes, stretch_time, turn_about_x
from har.signals.windows import Windows


class Share:
    """The part of each batch that one of several processes trains on.

    Parameters
    ----------
    number : int
        Number of the part, from 0.
    n_shares : int
        Number of parts, of nearly equal size.
    seed : int
        Seed, the same for all parts, for the augmentation of their own windows.
    """

    def __init__(self, number: int, n_shares: int, seed: int) -> None:
        self.number = number
        self.n_shares = n_shares
        self.generator = np.random.default_rng([seed, number])

    def of(self, chosen: IntArray) -> IntArray:
        """Return the windows of this part, among the indices of a batch's windows."""
        return np.array_split(chosen, self.n_shares)[self.number]


def batches(
    windows: Windows,
    config: TrainingConfig,
    generator: np.random.Generator,
    share: Share | None = None,
) -> Iterator[tuple[FloatArray, FloatArray]]:
    """Divide windows into batches of nearly equal size.

    Parameters
    ----------
    windows : Windows
        Training windows.
    config : TrainingConfig
        Batch size, shuffling, augmentation and label smoothing.
    generator : numpy.random.Generator
        Source of randomness for the order and the augmentation.
    share : Share or None
        Part of each batch, augmented by its own generator; None for whole batches.

    Yields
    ------
    signals : ndarray of float32, shape (n, n_timesteps, n_channels)
        At most `config.batch_size` windows.
    targets : ndarray of float32, shape (n, n_activities)
        Target probabilities.
    """
    order = np.arange(len(windows))
    if config.shuffle:
        generator.shuffle(order)
    targets = smoothed_targets(windows.labels, len(windows.activities), config.label_smoothing)
    augmentation = share.generator if share else generator
    for batch in np.array_split(order, math.ceil(len(order) / config.batch_size)):
        chosen = share.of(batch) if share else batch
        signals = _augmented(windows.signals[chosen], windows.channels, config, augmentation)
        yield signals, targets[chosen]


def _augmented(
    signals: FloatArray,
    channels: tuple[str, ...],
    config: TrainingConfig,
    generator: np.random.Generator,
) -> FloatArray:
    if config.turn_degrees:
        signals = turn_about_x(signals, channels, config.turn_degrees, generator)
    if config.rotation_degrees:
        signals = rotate(signals, channels, config.rotation_degrees, generator)
    if config.gain:
        signals = scale_axes(signals, channels, config.gain, generator)
    if config.time_warp:
        signals = stretch_time(signals, config.time_warp, generator)
    return signals


def smoothed_targets(labels: IntArray, n_activities: int, smoothing: float) -> FloatArray:
    """Turn labels into target probabilities.

    Parameters
    ----------
    labels : ndarray of int, shape (n_windows,)
        Labels from 0.
    n_activities : int
        Number of classes.
    smoothing : float
        Share of the target spread evenly over all activities, which keeps the network from becoming
        ever more confident (Szegedy et al. 2016).

    Returns
    -------
    ndarray of float32, shape (n_windows, n_activities)
        Target probabilities; each row adds up to 1.
    """
    one_hot = np.eye(n_activities, dtype=np.float32)[labels]
    return np.asarray(one_hot * (1 - smoothing) + smoothing / n_activities, dtype=np.float32)
