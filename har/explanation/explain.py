"""What a network looks at: `explain` asks in four ways and puts the findings together."""

from __future__ import annotations

import logging
from collections.abc import Sequence

import numpy as np

from har.arrays import FloatArray, IntArray
from har.config import ModelConfig
from har.errors import DataError
from har.explanation.attribution import Attribution, integrated_gradients
from har.explanation.findings import ExplainedWindow, Explanation, Importance, OccludedSpans, States
from har.explanation.importance import (
    N_REPEATS,
    occlusion_by_activity,
    occlusions,
    permutation_importances,
)
from har.explanation.lstm_states import lstm_inputs, run_lstm, single_network, varied_states
from har.models.backend import mx
from har.models.layers import n_outputs
from har.models.temperature import Network
from har.signals.windows import Predict, Windows

logger = logging.getLogger(__name__)

# Mistakes to explain: those with the highest confidence.
N_MISTAKES = 4
# Draws which windows exchange their signals, and which are occluded.
_SEED = 0


def explain(
    network: Network,
    config: ModelConfig,
    devices: Sequence[mx.Context],
    predict: Predict,
    windows: Windows,
    mistakes: Sequence[int],
) -> Explanation:
    """Find out what a network looks at; each finding is logged as it is made.

    Parameters
    ----------
    network : ActivityNetwork, Ensemble or WithTemperature
        Trained, on windows of the same format.
    config : ModelConfig
        Settings that it was built from.
    devices : sequence of mxnet.Context
        Devices that hold its weights; the first one computes.
    predict : callable
        From windows to the network's probabilities, shape (n_windows, n_activities).
    windows : Windows
        Labelled windows, ideally of subjects that were not trained on.
    mistakes : sequence of int
        Windows to explain, besides a typical one of each activity that was predicted right.

    Returns
    -------
    Explanation

    Raises
    ------
    DataError
        If there are no windows, or they are not what the network was trained on.
    """
    if not len(windows):
        raise DataError("explain: found no windows, expected at least one")
    probabilities = predict(windows.signals)
    predicted = probabilities.argmax(axis=1)
    generator = np.random.default_rng(_SEED)
    importances = permutation_importances(windows, predict, generator)
    logger.info("permutation: %s", _in_words(importances))
    n_occluded, occlusion = occlusion_by_activity(windows, predicted, predict, generator)
    logger.info("occlusion: %d windows", sum(n_occluded))
    typical = typical_windows(windows.labels, probabilities)
    chosen = [*mistakes, *typical] or [0]
    attributions = _attributions(network, devices[0], windows, chosen, predicted[chosen])
    worst = max(abs(attribution.gap) for attribution in attributions)
    logger.info("integrated gradients: %d windows, sums within %.3f", len(chosen), worst)
    falls = occlusions(windows.signals[chosen], windows.channels, predicted[chosen], predict)
    # The activities that are listed first and last are usually as different as can be.
    candidates = typical or chosen
    to_read = list(dict.fromkeys([candidates[0], candidates[-1]]))
    return Explanation(
        accuracy=float(np.mean(predicted == windows.labels)),
        n_windows=len(windows),
        n_repeats=N_REPEATS,
        channels=windows.channels,
        activities=windows.activities,
        rate_hz=windows.rate_hz,
        importances=importances,
        spans=OccludedSpans.of(windows.n_timesteps),
        n_occluded=n_occluded,
        occlusion=occlusion,
        windows=tuple(
            _explained(windows, index, probabilities[index], attribution, fall)
            for index, attribution, fall in zip(chosen, attributions, falls, strict=True)
        ),
        states=_states(network, config, devices[0], windows.signals[to_read], to_read),
        n_units=n_outputs(config),
    )


def typical_windows(labels: IntArray, probabilities: FloatArray) -> list[int]:
    """Choose a window of each activity: predicted right, with the median confidence of those.

    Parameters
    ----------
    labels : ndarray of int, shape (n_windows,)
        True activities.
    probabilities : ndarray of float, shape (n_windows, n_activities)
        Predicted probabilities.

    Returns
    -------
    list of int
        Indices of the windows; an activity that was never predicted right has none.
    """
    is_right = probabilities.argmax(axis=1) == labels
    typical = []
    for label in range(probabilities.shape[1]):
        right = np.flatnonzero(is_right & (labels == label))
        if len(right):
            by_confidence = right[probabilities[right, label].argsort(kind="stable")]
            typical.append(int(by_confidence[len(right) // 2]))
    return typical


def _attributions(
    network: Network, device: mx.Context, windows: Windows, chosen: list[int], predicted: IntArray
) -> list[Attribution]:
    # No movement, and gravity as it lies on average: about what the network's scaling makes zero.
    baseline = windows.signals.mean(axis=(0, 1), dtype=np.float64)
    return integrated_gradients(network, windows.signals[chosen], predicted, baseline, device)


def _explained(
    windows: Windows,
    index: int,
    probabilities: FloatArray,
    attribution: Attribution,
    fall: FloatArray,
) -> ExplainedWindow:
    predicted = int(probabilities.argmax())
    return ExplainedWindow(
        index=index,
        subject=windows.subjects[index].item(),
        true=windows.activities[windows.labels[index]],
        predicted=windows.activities[predicted],
        probability=float(probabilities[predicted]),
        signals=windows.signals[index],
        attributions=attribution.values,
        gained=attribution.gained,
        gap=attribution.gap,
        occlusion=fall,
    )


def _states(
    network: Network,
    config: ModelConfig,
    device: mx.Context,
    signals: FloatArray,
    indices: list[int],
) -> tuple[States, ...]:
    single = single_network(network)
    inputs = lstm_inputs(single, signals, device).asnumpy()
    return varied_states(run_lstm(single, config, inputs), indices, config)


def _in_words(importances: Sequence[Importance]) -> str:
    return ", ".join(f"{one.signal} {-100 * one.lost:+.1f} points" for one in importances)
