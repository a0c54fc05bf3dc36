"""Batches of windows and their target probabilities."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from har.arrays import FloatArray, IntArray
from har.config import TrainingConfig
from har.signals.augmentation import rotate, scale_axes, stretch_time, turn_about_x
from har.signals.windows import Windows
from har.training.draws import augmentation_generator, order_generator


@dataclass(frozen=True)
class Share:
    """The part of each batch that one of several processes trains on.

    Parameters
    ----------
    number : int
        Number of the part, from 0; each augments its own windows by draws of its own.
    n_shares : int
        Number of parts, of nearly equal size.
    """

    number: int = 0
    n_shares: int = 1

    def of(self, chosen: IntArray) -> IntArray:
        """Return the windows of this part, among the indices of a batch's windows."""
        return np.array_split(chosen, self.n_shares)[self.number]


WHOLE_BATCH = Share()


def count_batches(n_windows: int, config: TrainingConfig) -> int:
    """Return the number of batches in an epoch."""
    return math.ceil(n_windows / config.batch_size)


def batches(
    windows: Windows,
    config: TrainingConfig,
    seed: int,
    epoch: int,
    first: int = 0,
    share: Share = WHOLE_BATCH,
) -> Iterator[tuple[FloatArray, FloatArray]]:
    """Divide windows into batches of nearly equal size.

    Parameters
    ----------
    windows : Windows
        Training windows.
    config : TrainingConfig
        Batch size, shuffling, augmentation and label smoothing.
    seed, epoch : int
        Seed of the training and number of the epoch, from which the order and the augmentation of
        each batch follow.
    first : int
        Number of the first batch to yield, from 0.
    share : Share
        Part of each batch to yield.

    Yields
    ------
    signals : ndarray of float32, shape (n, n_timesteps, n_channels)
        At most `config.batch_size` windows.
    targets : ndarray of float32, shape (n, n_activities)
        Target probabilities.
    """
    targets = smoothed_targets(windows.labels, len(windows.activities), config.label_smoothing)
    of_epoch = windows_of_batches(len(windows), config, seed, epoch)
    for number, batch in enumerate(of_epoch[first:], start=first):
        chosen = share.of(batch)
        generator = augmentation_generator(seed, epoch, number, share.number)
        signals = _augmented(windows.signals[chosen], windows.channels, config, generator)
        yield signals, targets[chosen]


def windows_of_batches(
    n_windows: int, config: TrainingConfig, seed: int, epoch: int
) -> list[IntArray]:
    """Return the indices of the windows of each batch of an epoch; see `batches`."""
    order = np.arange(n_windows)
    if config.shuffle:
        order_generator(seed, epoch).shuffle(order)
    return np.array_split(order, count_batches(n_windows, config))


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
