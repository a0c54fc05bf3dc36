r"""The signal processing in ONNX: from raw samples of a window and of the 10 s before to channels.

The filters of `har.signals.filters` are recursive: each output follows from earlier ones, sample
by sample, for which ONNX has nothing but a loop (Scan), slow in every runtime and unknown to some.
Over a fixed length a recursion is a sum: the output at time :math:`t` is

.. math::  y_t = \sum_{k=0}^{t} h_k x_{t-k} + x_0 \sum_{k>t} h_k,

with the impulse response :math:`h`, and with the first sample in place of all before it, as the
settled start has it. With that sample repeated in front, and the rest of the response added to its
last value, this is one convolution, exact but for rounding, over as many samples as go in. It takes
a few kilobytes; a matrix, the other way to write it, takes a megabyte.

The median looks one sample ahead, so one sample after the window goes in, too.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from har.arrays import FloatArray
from har.errors import DataError, UsageError
from har.export.onnx_graph.builder import GraphBuilder
from har.inference.timeline import raw_channels_of
from har.signals.channels import SAMPLE_RATE_HZ
from har.signals.filters import WARM_UP_S, UciHarLowPasses
from har.signals.windows import WindowFormat

# Samples before a window, while the filters settle.
N_BEFORE = round(WARM_UP_S * SAMPLE_RATE_HZ)
# Samples after a window, for the median.
N_AFTER = 1
# Longer than every impulse response: the slowest pole, of 0.1 Hz, falls to 1e-13 in 70 s.
_N_RESPONSE = 4000


def n_samples_of(window_format: WindowFormat) -> int:
    """Return how many samples a window's channels are made of."""
    return N_BEFORE + window_format.n_timesteps + N_AFTER


def raw_channels_or_refused(window_format: WindowFormat, option: str) -> tuple[str, ...]:
    """Return the raw channels that the windows of a model are made of.

    Parameters
    ----------
    window_format : WindowFormat
        Format of the windows.
    option : str
        Option that needs them, for the message.

    Raises
    ------
    UsageError
        If the filters make no such windows.
    """
    if window_format.rate_hz == SAMPLE_RATE_HZ:
        try:
            return raw_channels_of(window_format)
        except DataError:
            pass
    raise UsageError(
        f"{option}: found a run for {', '.join(window_format.channels)} at "
        f"{window_format.rate_hz:g} Hz, expected one for the channels of UCI HAR at 50 Hz, which "
        "the filters make"
    )


def add_signals(graph: GraphBuilder, window_format: WindowFormat, samples: str) -> str:
    """Add filters; the result is that of `har` for a recording that begins 10 s before the window.

    Parameters
    ----------
    graph : GraphBuilder
        Graph to add to.
    window_format : WindowFormat
        Format of the windows, whose channels are those that the filters make.
    samples : str
        Name of raw samples in g and rad/s, shape (n_windows, n_samples, n_raw_channels), with
        `N_BEFORE` samples before the window and `N_AFTER` after it.

    Returns
    -------
    str
        Name of windows in g and rad/s, shape (n_windows, n_timesteps, n_channels).
    """
    n_timesteps = window_format.n_timesteps
    has_gyroscope = any("gyro" in name for name in window_format.channels)
    medians = _medians(graph, graph.moved(samples, 0, 2, 1), N_BEFORE + n_timesteps)
    # Times before the first sample, which stands for them.
    n_steps = N_BEFORE + n_timesteps
    repeats = np.array([0, 0, n_timesteps - 1, 0, 0, 0])
    (padded,) = graph.node("Pad", [medians, repeats], 1, mode="edge")
    of_acc, of_gyro = _kernels(n_steps)
    if not has_gyroscope:
        both = _filtered(graph, padded, of_acc, n_timesteps)
        return graph.moved(graph.joined([both[1], both[0]], axis=1), 0, 2, 1)
    acc, gyro = graph.split(padded, (3, 3), axis=1)
    total_acc, body_acc = _filtered(graph, acc, of_acc, n_timesteps)
    (body_gyro,) = _filtered(graph, gyro, of_gyro, n_timesteps)
    return graph.moved(graph.joined([body_acc, body_gyro, total_acc], axis=1), 0, 2, 1)


def _medians(graph: GraphBuilder, signals: str, n_steps: int) -> str:
    """Return medians of three samples, of all but the last; of the first, itself."""
    first, rest = (
        graph.op("Slice", signals, *(np.array([each]) for each in (begin, end, 2)))
        for begin, end in ((0, 1), (0, n_steps + N_AFTER))
    )
    more = graph.joined([first, rest], axis=2)
    before, here, after = (
        graph.op("Slice", more, *(np.array([each]) for each in (begin, begin + n_steps, 2)))
        for begin in range(3)
    )
    lower, upper = graph.op("Min", before, here), graph.op("Max", before, here)
    return graph.op("Max", lower, graph.op("Min", upper, after))


def _filtered(graph: GraphBuilder, padded: str, kernels: FloatArray, n_timesteps: int) -> list[str]:
    """Filter three axes alike; each result has shape (n_windows, 3, n_timesteps)."""
    n_kernels, _, n_steps = kernels.shape
    each = graph.reshaped(padded, -1, 1, n_steps + n_timesteps - 1)
    convolved = graph.op("Conv", each, graph.constant(kernels, "response"))
    of_axes = graph.reshaped(convolved, -1, 3, n_kernels, n_timesteps)
    return [graph.taken(of_axes, number, axis=2) for number in range(n_kernels)]


@lru_cache
def _kernels(n_steps: int) -> tuple[FloatArray, FloatArray]:
    """Return the kernels of total_acc and body_acc, and that of body_gyro, latest time first."""
    impulse = np.zeros((_N_RESPONSE, 6))
    impulse[0] = 1.0
    responses = UciHarLowPasses("zero")(impulse)
    kernels = []
    # Their places among body_acc, body_gyro and total_acc.
    for place in (6, 0, 3):
        response = responses[:, place]
        kernel = response[:n_steps].copy()
        kernel[-1] = response[n_steps - 1 :].sum()
        kernels.append(kernel[np.newaxis, ::-1])
    return np.stack(kernels[:2]), np.stack(kernels[2:])
