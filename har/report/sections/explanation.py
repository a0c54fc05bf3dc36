"""What the report says of what the network looks at."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from markupsafe import Markup
from matplotlib.figure import Figure

from har.explanation.findings import JOINT, ExplainedWindow, Explanation, States, signal_groups
from har.report.drawing import to_svg
from har.report.sections.explanation_figures import (
    attribution_figure,
    importance_figure,
    occlusion_figure,
    states_figure,
)
from har.report.wording import activity_label, interval_in_words, percent, signal_label, signed

# What `har.report.wording.signal_label` does not name: two signals of one sensor together.
_TOGETHER = {f"body_acc{JOINT}total_acc": "Both accelerations"}


def explanation_pictures(explanation: Explanation) -> dict[str, Figure]:
    """Draw what the network looks at.

    Parameters
    ----------
    explanation : Explanation
        As found.

    Returns
    -------
    dict of str to Figure
        By the name of the file.
    """
    channels, rate_hz = explanation.channels, explanation.rate_hz
    names, short_names = _long_names(explanation), _short_names(explanation)
    pictures = {
        "importance": importance_figure(explanation.importances, names),
        "occlusion": occlusion_figure(
            explanation.occlusion,
            explanation.activities,
            list(names.values()),
            explanation.spans,
            rate_hz,
        ),
    }
    for window in explanation.windows:
        pictures[f"attribution_{window.index}"] = attribution_figure(
            window, channels, short_names, explanation.spans, rate_hz
        )
    for states in explanation.states:
        signals = explanation.window(states.index).signals
        pictures[f"states_{states.index}"] = states_figure(states, signals, channels, rate_hz)
    return pictures


def _long_names(explanation: Explanation) -> dict[str, str]:
    sources = signal_groups(explanation.channels)
    return {source: _TOGETHER.get(source, signal_label(source)) for source in sources}


def _short_names(explanation: Explanation) -> dict[str, str]:
    """Name each source by what tells it from the others of its sensor, or by its sensor."""
    sources = list(signal_groups(explanation.channels))
    of_several = {name for source in sources if JOINT in source for name in source.split(JOINT)}
    names = {}
    for source in sources:
        signal, _, sensor = source.rpartition("_")
        names[source] = "both" if JOINT in source else signal if source in of_several else sensor
    return names


def explanation_view(
    explanation: Explanation, pictures: Mapping[str, Figure], n_members: int
) -> dict[str, Any]:
    """Collect what ``explanation.html`` shows.

    Parameters
    ----------
    explanation : Explanation
        As found.
    pictures : mapping of str to Figure
        Those of `explanation_pictures`, and perhaps others.
    n_members : int
        Networks of the ensemble; 1: a single network.

    Returns
    -------
    dict
        Figures as svg, and the numbers that are told in words.
    """
    return {
        "accuracy": explanation.accuracy,
        "n_windows": explanation.n_windows,
        "n_repeats": explanation.n_repeats,
        "importance": _svg(pictures, "importance", _importances_in_words(explanation)),
        "has_joint": any(JOINT in source for source in signal_groups(explanation.channels)),
        "occlusion": _svg(pictures, "occlusion", _occlusion_in_words(explanation)),
        "n_occluded": max(explanation.n_occluded),
        "stretch_s": explanation.spans.size / explanation.rate_hz,
        "largest_fall": float(abs(explanation.occlusion).max()),
        "windows": [_window_view(window, explanation, pictures) for window in explanation.windows],
        "largest_gap": max(abs(window.gap) for window in explanation.windows),
        "states": [_states_view(states, explanation, pictures) for states in explanation.states],
        "n_units": explanation.n_units,
        "n_shown": explanation.states[0].values.shape[2],
        "is_bidirectional": explanation.states[0].n_forward < explanation.states[0].values.shape[2],
        "n_members": n_members,
    }


def _svg(pictures: Mapping[str, Figure], name: str, title: str) -> Markup:
    return Markup(to_svg(pictures[name], title, name.replace("_", "-")))


def _importances_in_words(explanation: Explanation) -> str:
    names = _long_names(explanation)
    rows = [
        f"{names[one.signal]}: {percent(one.lost)}"
        + (f", 95 % interval {interval_in_words(one.interval)}" if one.interval else "")
        for one in explanation.importances
    ]
    return f"Accuracy lost when a sensor's signals are exchanged among windows. {'; '.join(rows)}."


def _occlusion_in_words(explanation: Explanation) -> str:
    """Tell of each activity the source that it needs most, on the mean over time."""
    names = list(_long_names(explanation).values())
    rows = [
        f"{activity_label(activity)}: {names[falls.argmax()]}, {percent(falls.max())}"
        for activity, falls in zip(
            explanation.activities, explanation.occlusion.mean(axis=2), strict=True
        )
    ]
    return (
        "Mean fall of the answer's probability when a stretch of a sensor is occluded, by "
        f"activity and time. The largest on average over time: {'; '.join(rows)}."
    )


def _window_view(
    window: ExplainedWindow, explanation: Explanation, pictures: Mapping[str, Figure]
) -> dict[str, Any]:
    names = _long_names(explanation)
    sums = [
        f"{names[source]} {signed(window.attributions[:, places].sum())}"
        for source, places in signal_groups(explanation.channels).items()
        if JOINT not in source
    ]
    title = (
        f"Signals of test window {window.index}, {activity_label(window.true)}, and what speaks "
        f"for {activity_label(window.predicted)}: {', '.join(sums)}."
    )
    return {
        "index": window.index,
        "subject": window.subject,
        "true": window.true,
        "predicted": window.predicted,
        "probability": window.probability,
        "gained": signed(window.gained),
        "svg": _svg(pictures, f"attribution_{window.index}", title),
    }


def _states_view(
    states: States, explanation: Explanation, pictures: Mapping[str, Figure]
) -> dict[str, Any]:
    window = explanation.window(states.index)
    gates = zip(("input", "forget", "output"), states.values[2:], strict=True)
    means = ", ".join(f"{name} gate {gate.mean():.2f}" for name, gate in gates)
    title = (
        f"Outputs, memory and gates of the LSTM's units over test window {window.index}, "
        f"{activity_label(window.true)}. On average: {means}."
    )
    return {
        "true": window.true,
        "index": window.index,
        "subject": window.subject,
        "svg": _svg(pictures, f"states_{states.index}", title),
    }
