"""A network that is adapted to a person, and how well it names windows held out in time; NumPy."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from har.arrays import FloatArray, IntArray, blocks_of
from har.errors import DataError
from har.evaluation.spread import Spread
from har.models.packed.network import PackedNetwork
from har.runs.adaptation import HIGHEST_STRENGTH, AdaptationDescription, scored_activities
from har.signals.subjects import Subject
from har.signals.windows import WindowFormat, Windows
from har.training.adaptation import (
    NetworkWeights,
    adapt_weights,
    default_strength,
    halves_in_time,
    step_of,
    taught_windows,
)


@dataclass(frozen=True)
class AdaptedNetwork:
    """What came of an adaptation.

    Parameters
    ----------
    network : NetworkWeights
        Adapted network.
    taught : Windows
        Windows that it was adapted to; their activities are those that it knows now.
    about : AdaptationDescription
        Description of the adaptation, with what was held out.
    spreads : tuple of Spread or None
        Spread of the summaries, with centres of the new activities, so that they are kept when
        the adapted network is taught others.
    """

    network: NetworkWeights
    taught: Windows
    about: AdaptationDescription
    spreads: tuple[Spread, ...] | None


def adapt_network(
    network: NetworkWeights,
    spreads: Sequence[Spread] | None,
    known: WindowFormat,
    windows: Windows,
    strength: float | None = None,
    person: Subject | None = None,
) -> AdaptedNetwork:
    """Adapt a network to a person, and score it on windows that were held out in time.

    Parameters
    ----------
    network : NetworkWeights
        Trained network.
    spreads : sequence of Spread or None
        Spread of the summaries of each network in training, as for `adapt_weights`.
    known : WindowFormat
        Form of the network's windows, and its activities.
    windows : Windows
        Windows of one person, in the order of time.
    strength : float, optional
        Pull to the network, above 0, at most 10^12, of which nothing changes; by default the one
        that was chosen on other people.
    person : int or str, optional
        Name to keep; by default the subject of the windows.

    Returns
    -------
    AdaptedNetwork

    Raises
    ------
    DataError
        If the windows have another format, are of several people, or too few of any activity, or
        the strength is out of its range.
    RunError
        If a new activity cannot be taught to this network.
    """
    chosen = default_strength(network.config, spreads) if strength is None else float(strength)
    if not 0 < chosen <= HIGHEST_STRENGTH:
        raise DataError(
            f"strength: found {chosen:g}, expected a number above 0, at most {HIGHEST_STRENGTH:g}"
        )
    taught, left_out = taught_windows(windows, known, spreads is not None)
    first, second = halves_in_time(taught)
    scored = taught.where(second)
    half = adapt_weights(network, spreads, taught.where(first), chosen)
    right = (scored.labels == named_by(one, scored.signals) for one in (network, half))
    about = AdaptationDescription(
        strength=chosen,
        layer="summary" if spreads else "last layer",
        activities=scored_activities(taught, len(known.activities), scored.labels, *right),
        seconds_per_window=step_of(taught) / taught.rate_hz,
        person=taught.subject_names[0] if person is None else person,
        left_out=tuple(map(str, left_out)),
    )
    adapted = adapt_weights(network, spreads, taught, chosen)
    new = taught.where(taught.labels >= len(known.activities))
    return AdaptedNetwork(adapted, taught, about, _with_centres(spreads, network, new))


def _with_centres(
    spreads: Sequence[Spread] | None, network: NetworkWeights, new: Windows
) -> tuple[Spread, ...] | None:
    """Return the spreads with centres of the activities of windows that are new."""
    if spreads is None:
        return None
    if not len(new):
        return tuple(spreads)
    # The features of a summary are the same before and after an adaptation.
    packed = PackedNetwork(network.config, network.channels, network.weights)
    blocks = [packed.summaries(block) for block in blocks_of(new.signals)]
    return tuple(
        spread.with_centres(np.concatenate(parts), new.labels)
        for spread, parts in zip(spreads, zip(*blocks, strict=True), strict=True)
    )


def named_by(network: NetworkWeights, signals: FloatArray) -> IntArray:
    """Return the number of the most probable activity in each window, shape (n_windows,)."""
    packed = PackedNetwork(network.config, network.channels, network.weights)
    named = [np.empty(0, np.int64)]
    for block in blocks_of(signals) if len(signals) else ():
        named.append(packed.logits_and_features(block)[0].argmax(axis=1))
    return np.concatenate(named)
