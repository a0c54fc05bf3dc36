"""What the network looks at: sensors, moments, and what its LSTM remembers."""

from __future__ import annotations

from har.explanation.findings import JOINT, ExplainedWindow, Explanation, States, signal_groups
from har.report.scored_run import ScoredRun
from har.report.section import Picture, Section
from har.report.sections.explanation_figures import (
    attribution_figure,
    importance_figure,
    occlusion_figure,
    states_figure,
)
from har.report.wording import activity_label, interval_in_words, percent, signal_label, signed

# What `har.report.wording.signal_label` does not name: two signals of one sensor together.
_TOGETHER = {f"body_acc{JOINT}total_acc": "Both accelerations"}


def explanation_section(run: ScoredRun) -> Section | None:
    """Make the section on what the network looks at, or None if that was not found out."""
    explanation = run.results.explanation
    if explanation is None:
        return None
    first = explanation.states[0]
    n_shown = first.values.shape[2]
    return Section(
        "explanation",
        "Inside",
        {
            "explanation": explanation,
            "has_joint": any(JOINT in source for source in signal_groups(explanation.channels)),
            "n_occluded": max(explanation.n_occluded),
            "stretch_s": explanation.spans.size / explanation.rate_hz,
            "largest_fall": float(abs(explanation.occlusion).max()),
            "largest_gap": max(abs(window.gap) for window in explanation.windows),
            "windows_of_states": [explanation.window(one.index) for one in explanation.states],
            "n_shown": n_shown,
            "is_bidirectional": first.n_forward < n_shown,
            "n_members": run.results.config.model.n_members,
        },
        _pictures(explanation),
    )


def _pictures(explanation: Explanation) -> dict[str, Picture]:
    pictures = {
        "importance": _importance_picture(explanation),
        "occlusion": _occlusion_picture(explanation),
    }
    for window in explanation.windows:
        pictures[f"attribution_{window.index}"] = _attribution_picture(window, explanation)
    for states in explanation.states:
        pictures[f"states_{states.index}"] = _states_picture(states, explanation)
    return pictures


def _importance_picture(explanation: Explanation) -> Picture:
    names = _long_names(explanation)
    rows = [
        f"{names[one.signal]}: {percent(one.lost)}"
        + (f", 95 % interval {interval_in_words(one.interval)}" if one.interval else "")
        for one in explanation.importances
    ]
    return Picture(
        importance_figure(explanation.importances, names),
        f"Accuracy lost when a sensor's signals are exchanged among windows. {'; '.join(rows)}.",
    )


def _occlusion_picture(explanation: Explanation) -> Picture:
    """Draw occlusion; in words, each activity has the source that it needs most on average."""
    names = list(_long_names(explanation).values())
    occlusion, activities = explanation.occlusion, explanation.activities
    rows = [
        f"{activity_label(activity)}: {names[falls.argmax()]}, {percent(falls.max())}"
        for activity, falls in zip(activities, occlusion.mean(axis=2), strict=True)
    ]
    return Picture(
        occlusion_figure(explanation, names),
        "Mean fall of the answer's probability when a stretch of a sensor is occluded, by "
        f"activity and time. The largest on average over time: {'; '.join(rows)}.",
    )


def _attribution_picture(window: ExplainedWindow, explanation: Explanation) -> Picture:
    names = _long_names(explanation)
    sums = [
        f"{names[source]} {signed(float(window.attributions[:, columns].sum()))}"
        for source, columns in signal_groups(explanation.channels).items()
        if JOINT not in source
    ]
    return Picture(
        attribution_figure(window, explanation, _short_names(explanation)),
        f"Signals of test window {window.index}, {activity_label(window.true)}, and what speaks "
        f"for {activity_label(window.predicted)}: {', '.join(sums)}.",
    )


def _states_picture(states: States, explanation: Explanation) -> Picture:
    window = explanation.window(states.index)
    gates = zip(("input", "forget", "output"), states.values[2:], strict=True)
    means = ", ".join(f"{name} gate {gate.mean():.2f}" for name, gate in gates)
    return Picture(
        states_figure(states, explanation),
        f"Outputs, memory and gates of the LSTM's units over test window {window.index}, "
        f"{activity_label(window.true)}. On average: {means}.",
    )


def _long_names(explanation: Explanation) -> dict[str, str]:
    sources = signal_groups(explanation.channels)
    return {source: _TOGETHER.get(source, signal_label(source)) for source in sources}


def _short_names(explanation: Explanation) -> dict[str, str]:
    """Name each source by what sets it apart from the others of its sensor, or by its sensor."""
    sources = list(signal_groups(explanation.channels))
    of_several = {name for source in sources if JOINT in source for name in source.split(JOINT)}
    names = {}
    for source in sources:
        signal, _, sensor = source.rpartition("_")
        names[source] = "both" if JOINT in source else signal if source in of_several else sensor
    return names
