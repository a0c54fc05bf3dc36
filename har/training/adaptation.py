r"""Adaptation of a trained network to one person, from a few labelled seconds of theirs.

To the scores of a network a linear function of each window's features is added, the one that

.. math::

    \min_\Delta\; \sum_i -\log p_\Delta(y_i \mid x_i) + \frac{s}{2} \lVert \Delta \rVert^2

over the person's windows: a logistic regression that begins at the network and is pulled back to it
by a strength :math:`s`. It is convex. The features are those of the window's summary, see
`har.models.summary`, whitened as they vary within an activity in training (`Spread`), so that the
change is small wherever people differ anyway. A network without a summary changes the weights of
its last layer instead, which are pulled to what they were.

The function becomes part of the network: two more units of the summary's hidden layer for each
activity, as :math:`z = \max(z, 0) - \max(-z, 0)`, so that everything that reads a network reads an
adapted one. New activities get a row in the last layers; features of the old ones, drawn from the
spread, keep them from being taken for the new. Strengths were chosen on training people of UCI HAR,
who were held out in turn, by ``scripts/adaptation_study.py``.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.optimize import minimize
from scipy.special import log_softmax
from threadpoolctl import threadpool_limits

from har.arrays import BoolArray, FloatArray, IntArray
from har.config import ModelConfig
from har.errors import DataError, RunError, listed, quoted
from har.evaluation.spread import Spread
from har.models.constants import SUMMARY_SHARE, member_prefix
from har.models.packed.network import MemberOutputs, PackedNetwork
from har.signals.windows import WindowFormat, Windows, check_signals, number_stretches

# See docs/results/adaptation.json.
SUMMARY_STRENGTH, LAST_LAYER_STRENGTH = 0.3, 3.0

# The least that can be judged, and what a new activity takes.
_KNOWN_ACTIVITY_S, _NEW_ACTIVITY_S = 5.0, 60.0
# Features that stand for each of the old activities while a new one is taught: as many as it has
# windows, at most these. Fewer, and old windows are taken for the new; see
# docs/results/adaptation_new_activities.json.
_MOST_DRAWN = 200
_SEED = 0
_N_PER_BLOCK = 256
_N_ITERATIONS = 1000
_PRECISION = 1e-10


@dataclass(frozen=True)
class NetworkWeights:
    """A network, or an ensemble of them, as values.

    Parameters
    ----------
    config : ModelConfig
        Settings of the network.
    channels : tuple of str
        Names of the windows' channels.
    weights : mapping of str to ndarray of float32
        All parameters by name.
    """

    config: ModelConfig
    channels: tuple[str, ...]
    weights: Mapping[str, FloatArray]


def default_strength(config: ModelConfig, spreads: Sequence[Spread] | None) -> float:
    """Return the strength that was chosen for networks of such settings."""
    has_summary = config.summary_size and spreads
    return SUMMARY_STRENGTH if has_summary else LAST_LAYER_STRENGTH


def adapt_weights(
    network: NetworkWeights,
    spreads: Sequence[Spread] | None,
    windows: Windows,
    strength: float,
) -> NetworkWeights:
    """Adapt a network to the windows of a person.

    Parameters
    ----------
    network : NetworkWeights
        Trained network.
    spreads : sequence of Spread or None
        Spread of the summaries of each network of the ensemble in training; without, the last
        layer is adapted, and no new activity can be taught.
    windows : Windows
        Labelled windows of one person. Activities are those of the network, in its order, then
        new ones.
    strength : float
        Pull to the original network, above 0; infinite: nothing changes.

    Returns
    -------
    NetworkWeights
        Network with the same temperature. With a summary, its hidden layer has two units more for
        each activity.
    """
    config, n_activities = network.config, len(windows.activities)
    packed = PackedNetwork(config, network.channels, network.weights)
    blocks = range(0, len(windows), _N_PER_BLOCK)
    parts = [packed.of_members(windows.signals[i : i + _N_PER_BLOCK]) for i in blocks]
    weights = dict(network.weights)
    # Matrices are small: several threads would wait for each other longer than they compute.
    with threadpool_limits(1, "blas"):
        for index in range(config.n_members):
            prefix = member_prefix(index + 1, config.n_members)
            outputs = _joined([part[index] for part in parts])
            head = _Head(prefix, weights, packed.temperature, n_activities)
            spread = spreads[index] if spreads else None
            weights |= head.adapted(outputs, windows.labels, spread, strength)
    n_units = 2 * n_activities if config.summary_size and spreads else 0
    adapted = replace(config, summary_size=config.summary_size + n_units)
    return NetworkWeights(adapted, network.channels, weights)


def _joined(parts: Sequence[MemberOutputs]) -> MemberOutputs:
    """Join the outputs of blocks of windows."""
    summaries = [part.summary for part in parts if part.summary is not None]
    return MemberOutputs(
        np.concatenate([part.logits for part in parts]),
        np.concatenate([part.features for part in parts]),
        np.concatenate(summaries) if summaries else None,
    )


class _Head:
    """The last layers of one network, with rows for activities that are new."""

    def __init__(
        self,
        prefix: str,
        weights: Mapping[str, FloatArray],
        temperature: float,
        n_activities: int,
    ) -> None:
        self._prefix, self._temperature, self._n_activities = prefix, temperature, n_activities
        self._weights = weights
        self._weight, self._bias = self._dense("output")
        self._n_old = len(self._bias)
        self._n_new = n_activities - self._n_old
        self._has_summary = f"{prefix}summary_output_weight" in weights

    def _dense(self, name: str) -> tuple[FloatArray, FloatArray]:
        of_layer = (self._weights[f"{self._prefix}{name}_{kind}"] for kind in ("weight", "bias"))
        weight, bias = (values.astype(np.float64) for values in of_layer)
        return weight, bias

    def adapted(
        self, outputs: MemberOutputs, labels: IntArray, spread: Spread | None, strength: float
    ) -> dict[str, FloatArray]:
        """Return the weights that change, by their names."""
        if outputs.summary is None or spread is None:
            changed = self._with_last_layer(outputs, labels, strength)
        else:
            changed = self._with_summary(
                outputs.features, outputs.summary, labels, spread, strength
            )
        return {f"{self._prefix}{name}": a.astype(np.float32) for name, a in changed.items()}

    def _with_last_layer(
        self, outputs: MemberOutputs, labels: IntArray, strength: float
    ) -> dict[str, FloatArray]:
        share = 1 - SUMMARY_SHARE if self._has_summary else 1.0
        scale = share / self._temperature
        inputs = scale * _with_ones(outputs.features.astype(np.float64))
        logits = outputs.logits.astype(np.float64) / self._temperature
        change = fit_change(inputs, logits, labels, strength)
        return {
            "output_weight": self._weight + change[:-1].T,
            "output_bias": self._bias + change[-1],
        }

    def _with_summary(
        self,
        features: FloatArray,
        summary: FloatArray,
        labels: IntArray,
        spread: Spread,
        strength: float,
    ) -> dict[str, FloatArray]:
        logits = self._logits(features.astype(np.float64) @ self._weight.T + self._bias, summary)
        # What the new activities score before anything is learned of them, of any window.
        start = float(logits.mean())
        if self._n_new:
            n_each = min(int(np.bincount(labels)[self._n_old :].max()), _MOST_DRAWN)
            drawn, drawn_labels = spread.drawn(n_each, _SEED)
            # What the LSTM scores of them is not known; it was never adapted to anybody.
            as_trained = self._of_summary(drawn, as_trained=True)
            logits = np.concatenate([logits, self._logits(as_trained, drawn)])
            summary = np.concatenate([summary, drawn])
            labels = np.concatenate([labels, drawn_labels])
        new = np.full((len(logits), self._n_new), start)
        logits = np.concatenate([logits, new], axis=1) / self._temperature
        change = fit_change(_with_ones(spread.whitened(summary)), logits, labels, strength)
        change *= self._temperature / SUMMARY_SHARE
        weight = (spread.whitening.astype(np.float64) @ change[:-1]).T
        bias = change[-1] - spread.middle @ change[:-1]
        return self._with_units(weight, bias, start)

    def _of_summary(self, summary: FloatArray, as_trained: bool = False) -> FloatArray:
        """Return the logits of the summary, shape (n_windows, n_old_activities).

        Those as trained are without what earlier adaptations added, whose units count for a single
        activity each, by 1 or -1, see `_with_units`.
        """
        (weight, bias), (output_weight, output_bias) = map(
            self._dense, ("summary_hidden", "summary_output")
        )
        hidden = np.maximum(summary.astype(np.float64) @ weight.T + bias, 0)
        if as_trained:
            is_added = (np.count_nonzero(output_weight, axis=0) == 1) & (
                np.abs(output_weight).sum(axis=0) == 1
            )
            output_weight = np.where(is_added, 0, output_weight)
        return np.asarray(hidden @ output_weight.T + output_bias)

    def _logits(self, of_lstm: FloatArray, summary: FloatArray) -> FloatArray:
        """Return the logits of LSTM and summary together, but for a constant of each window."""
        of_summary = SUMMARY_SHARE * self._of_summary(summary)
        return np.asarray((1 - SUMMARY_SHARE) * of_lstm + of_summary)

    def _with_units(
        self, weight: FloatArray, bias: FloatArray, start: float
    ) -> dict[str, FloatArray]:
        """Return the layers with two more hidden units for each activity, and rows for new ones."""
        hidden_weight, hidden_bias = self._dense("summary_hidden")
        output_weight, output_bias = self._dense("summary_output")
        n_rows = ((0, self._n_new), (0, 0))
        unit = np.eye(self._n_activities)
        new = np.full(self._n_new, start)
        return {
            "summary_hidden_weight": np.concatenate([hidden_weight, weight, -weight]),
            "summary_hidden_bias": np.concatenate([hidden_bias, bias, -bias]),
            "summary_output_weight": np.hstack([np.pad(output_weight, n_rows), unit, -unit]),
            "summary_output_bias": np.concatenate([output_bias, new]),
            "output_weight": np.pad(self._weight, n_rows),
            "output_bias": np.concatenate([self._bias, new]),
        }


def _with_ones(inputs: FloatArray) -> FloatArray:
    return np.hstack([inputs, np.ones((len(inputs), 1))])


def fit_change(
    inputs: FloatArray, logits: FloatArray, labels: IntArray, strength: float
) -> FloatArray:
    """Fit a linear function of inputs that, added to logits, makes the labels likely.

    Parameters
    ----------
    inputs : ndarray of float64, shape (n_windows, n_inputs)
        Inputs; a column of ones if there shall be a bias, which is then pulled to 0 as well.
    logits : ndarray of float64, shape (n_windows, n_activities)
        Scores before the change.
    labels : ndarray of int, shape (n_windows,)
        True activities.
    strength : float
        Weight of half the squared length of the change, against the sum of the cross-entropies.

    Returns
    -------
    ndarray of float64, shape (n_inputs, n_activities)
        The change.
    """
    n_activities = logits.shape[1]
    if math.isinf(strength):
        return np.zeros((inputs.shape[1], n_activities))
    # The best change has no part across all inputs, so that unknowns are as few as windows.
    left, sizes, right = np.linalg.svd(inputs, full_matrices=False)
    reduced = left * sizes
    targets = np.eye(n_activities)[labels]

    def loss_and_gradient(flat: FloatArray) -> tuple[float, FloatArray]:
        change = flat.reshape(-1, n_activities)
        logarithms = log_softmax(logits + reduced @ change, axis=1)
        loss = strength / 2 * float(np.square(change).sum()) - float((targets * logarithms).sum())
        gradient = reduced.T @ (np.exp(logarithms) - targets) + strength * change
        return loss, gradient.ravel()

    found = minimize(
        loss_and_gradient,
        np.zeros(reduced.shape[1] * n_activities),
        jac=True,
        method="L-BFGS-B",
        options={"maxiter": _N_ITERATIONS, "ftol": _PRECISION, "gtol": _PRECISION},
    )
    return np.asarray(right.T @ found.x.reshape(-1, n_activities))


@dataclass(frozen=True)
class LeftOut:
    """An activity that is not learned, since it has too few windows.

    Parameters
    ----------
    activity : str
        Name.
    is_new : bool
        Whether the network does not know it.
    n_windows, n_needed : int
        Number of windows found, and the least that can be learned from.
    """

    activity: str
    is_new: bool
    n_windows: int
    n_needed: int

    def __str__(self) -> str:
        """Return in words what was found and what it takes."""
        kind, seconds = (
            ("a new activity", _NEW_ACTIVITY_S)
            if self.is_new
            else ("a known activity", _KNOWN_ACTIVITY_S)
        )
        windows = "window" if self.n_windows == 1 else "windows"
        return (
            f"activity {quoted(self.activity)}: found {self.n_windows} {windows}, expected "
            f"{self.n_needed} or more, as {seconds:g} s of {kind} have"
        )


def taught_windows(
    windows: Windows, known: WindowFormat, may_be_new: bool
) -> tuple[Windows, tuple[LeftOut, ...]]:
    """Check windows that a network shall be adapted to, and name their activities as it does.

    Parameters
    ----------
    windows : Windows
        Windows of one person.
    known : WindowFormat
        Form of the network's windows, and its activities.
    may_be_new : bool
        Whether other activities can be taught to it.

    Returns
    -------
    taught : Windows
        Windows of the activities that have enough of them; their activities are those of the
        network in its order, then new ones.
    left_out : tuple of LeftOut
        The other activities that there are windows of.

    Raises
    ------
    DataError
        If the windows have another form, are of several people, or no activity has enough.
    RunError
        If an activity is new, and cannot be taught.
    """
    _check_form(windows, known)
    label_of = {_folded(activity): label for label, activity in enumerate(known.activities)}
    activities, left_out = list(known.activities), list[LeftOut]()
    labels = np.full(len(windows), -1, np.int64)
    # Several spellings of an activity are one.
    spellings = [_folded(name) for name in windows.activities]
    names = {spellings[label]: windows.activities[label] for label in np.unique(windows.labels)}
    for key, name in names.items():
        rows = np.isin(windows.labels, [i for i, each in enumerate(spellings) if each == key])
        is_new = key not in label_of
        if (n_windows := int(rows.sum())) < (n_needed := _n_needed(is_new, windows)):
            left_out.append(LeftOut(name, is_new, n_windows, n_needed))
            continue
        if is_new and not may_be_new:
            raise RunError(
                f"activity {quoted(name)}: found one that the network does not know, expected some "
                f"of {listed(known.activities)}; only a run with a summary, trained by this "
                "version, can be taught others"
            )
        if is_new:
            label_of[key] = len(activities)
            activities.append(name)
        labels[rows] = label_of[key]
    is_learned = labels >= 0
    if not is_learned.any():
        raise DataError(f"windows: found too few to learn from: {'; '.join(map(str, left_out))}")
    kept = replace(windows, labels=np.maximum(labels, 0), activities=tuple(activities))
    return kept.where(is_learned), tuple(left_out)


def _check_form(windows: Windows, known: WindowFormat) -> None:
    for name in ("channels", "rate_hz"):
        found, expected = getattr(windows, name), getattr(known, name)
        if found != expected:
            raise DataError(f"windows: found {name} {quoted(found)}, expected {quoted(expected)}")
    check_signals(windows.signals, len(known.channels), "windows", known.n_timesteps)
    if len(people := windows.subject_names) != 1:
        raise DataError(
            f"windows: found those of {len(people)} people, expected those of one to adapt to"
        )


def step_of(windows: Windows) -> int:
    """Return the samples from a window to the next, of windows that overlap by half."""
    return max(1, windows.n_timesteps // 2)


def _folded(name: str) -> str:
    """Return what spellings of an activity share: no case, one sign for gaps."""
    return re.sub(r"[\s_-]+", "_", name.strip().casefold())


def _n_needed(is_new: bool, windows: Windows) -> int:
    """Return the least number of windows that an activity is learned from."""
    needed_s = _NEW_ACTIVITY_S if is_new else _KNOWN_ACTIVITY_S
    n_samples = needed_s * windows.rate_hz - windows.n_timesteps
    return max(1, 1 + int(n_samples // step_of(windows)))


def halves_in_time(windows: Windows) -> tuple[BoolArray, BoolArray]:
    """Choose the first half of each activity's windows, and what to score of the second.

    Parameters
    ----------
    windows : Windows
        Windows of one person, in the order of time.

    Returns
    -------
    first, second : ndarray of bool, shape (n_windows,)
        Half of the windows of each activity, rounded up; and the others, but for those that share
        samples with one of the first.
    """
    first = np.zeros(len(windows), bool)
    for label in np.unique(windows.labels):
        rows = np.flatnonzero(windows.labels == label)
        first[rows[: -(-len(rows) // 2)]] = True
    stretches = number_stretches(windows, step_of(windows))
    follows = stretches[1:] == stretches[:-1]
    touches = np.zeros(len(windows), bool)
    touches[1:] |= first[:-1] & follows
    touches[:-1] |= first[1:] & follows
    return first, ~first & ~touches
