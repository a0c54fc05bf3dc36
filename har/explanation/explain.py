"""What a network looks at, asked in four ways: `explain` puts them together."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from har.arrays import FloatArray, IntArray
from har.classifier import ActivityClassifier
from har.errors import DataError, RunError
from har.explanation.attribution import integrated_gradients
from har.explanation.findings import ExplainedWindow, Explanation, Importance, OccludedSpans, States
from har.explanation.importance import (
    N_REPEATS,
    occlusion_by_activity,
    occlusions,
    permutation_importances,
)
from har.explanation.lstm_states import lstm_inputs, run_lstm, single_network, telling_states
from har.models.layers import n_outputs
from har.models.temperature import Network
from har.signals.windows import Windows

# How many of the surest mistakes to explain.
N_MISTAKES = 4
# Draws which windows exchange their signals, and which are occluded.
_SEED = 0


def explain(
    classifier: ActivityClassifier,
    windows: Windows,
    mistakes: Sequence[int],
    say: Callable[[str], None],
) -> Explanation:
    """Find out what a network looks at.

    Parameters
    ----------
    classifier : ActivityClassifier
        With a trained network.
    windows : Windows
        Best of subjects that were not trained on.
    mistakes : sequence of int
        Windows to explain, besides a typical one of each activity that was named right.
    say : callable
        Takes a line about each thing as it is done.

    Returns
    -------
    Explanation

    Raises
    ------
    DataError
        If there are no windows, or they are not what the network was trained on.
    RunError
        If nothing was trained.
    """
    network = classifier.network_
    if network is None:
        raise RunError("explain: found no trained network, expected fit or load before")
    if not len(windows):
        raise DataError("explain: found no windows, expected at least one")
    probabilities = classifier.predict_proba(windows)
    answers = probabilities.argmax(axis=1)
    generator = np.random.default_rng(_SEED)
    importances = permutation_importances(windows, classifier.predict_proba, generator)
    say(f"permutation: {_in_words(importances)}")
    n_occluded, occlusion = occlusion_by_activity(
        windows, answers, classifier.predict_proba, generator
    )
    say(f"occlusion: {sum(n_occluded)} windows")
    typical = typical_windows(windows.labels, probabilities)
    chosen = [*mistakes, *typical] or [0]
    explained = _explained(classifier, network, windows, chosen, probabilities)
    worst = max(abs(window.gap) for window in explained)
    say(f"integrated gradients: {len(explained)} windows, sums within {worst:.3f}")
    # The activities that are listed first and last are usually as different as can be.
    candidates = typical or chosen
    to_read = list(dict.fromkeys([candidates[0], candidates[-1]]))
    return Explanation(
        accuracy=float(np.mean(answers == windows.labels)),
        n_windows=len(windows),
        n_repeats=N_REPEATS,
        channels=windows.channels,
        activities=windows.activities,
        rate_hz=windows.rate_hz,
        importances=importances,
        spans=OccludedSpans.of(windows.n_timesteps),
        n_occluded=n_occluded,
        occlusion=occlusion,
        windows=explained,
        states=_states(classifier, network, windows.signals[to_read], to_read),
        n_units=n_outputs(classifier.config.model),
    )


def typical_windows(labels: IntArray, probabilities: FloatArray) -> list[int]:
    """Choose a window of each activity that was named right, as surely as half of them.

    Parameters
    ----------
    labels : ndarray of int, shape (n_windows,)
        What was done.
    probabilities : ndarray of float, shape (n_windows, n_activities)
        What was said.

    Returns
    -------
    list of int
        Activities that were never named right are left out.
    """
    is_right = probabilities.argmax(axis=1) == labels
    typical = []
    for label in range(probabilities.shape[1]):
        right = np.flatnonzero(is_right & (labels == label))
        if len(right):
            by_sureness = right[probabilities[right, label].argsort(kind="stable")]
            typical.append(int(by_sureness[len(right) // 2]))
    return typical


def _explained(
    classifier: ActivityClassifier,
    network: Network,
    windows: Windows,
    chosen: list[int],
    probabilities: FloatArray,
) -> tuple[ExplainedWindow, ...]:
    signals, answers = windows.signals[chosen], probabilities[chosen].argmax(axis=1)
    # No movement, and gravity as it lies on average: about what the network's scaling makes zero.
    baseline = windows.signals.mean(axis=(0, 1), dtype=np.float64)
    attributions = integrated_gradients(network, signals, answers, baseline, classifier.devices[0])
    falls = occlusions(signals, windows.channels, answers, classifier.predict_proba)
    return tuple(
        ExplainedWindow(
            index=index,
            subject=int(windows.subjects[index]),
            true=windows.activities[windows.labels[index]],
            predicted=windows.activities[answer],
            probability=float(probabilities[index, answer]),
            signals=windows.signals[index],
            attributions=attribution.values,
            gained=attribution.gained,
            gap=attribution.gap,
            occlusion=fall,
        )
        for index, answer, attribution, fall in zip(
            chosen, answers, attributions, falls, strict=True
        )
    )


def _states(
    classifier: ActivityClassifier, network: Network, signals: FloatArray, indices: list[int]
) -> tuple[States, ...]:
    single, config = single_network(network), classifier.config.model
    inputs = lstm_inputs(single, signals, classifier.devices[0]).asnumpy()
    return telling_states(run_lstm(single, config, inputs), indices, config)


def _in_words(importances: Sequence[Importance]) -> str:
    return ", ".join(f"{one.signal} {-100 * one.lost:+.1f} points" for one in importances)
