"""A run's report in Markdown, short enough for a pull request."""

from __future__ import annotations

from har.evaluation.metrics import Evaluation
from har.evaluation.recordings import RecordingEvaluation
from har.evaluation.robustness import Robustness
from har.report.facts import command_lines, network_in_words
from har.report.recording_figures import WAYS, figure_rows
from har.report.sections.model_card import card_lines, model_card
from har.report.wording import (
    activity_label,
    code_fence,
    duration_in_words,
    escaped,
    interval_in_words,
    markdown_table,
    number,
    people,
    percent,
)
from har.runs.results import Results

# So many of the hardest people, and of the commonest mistakes, are listed.
_N_LISTED = 5
_HEADLINES = {
    "accuracy": "accuracy",
    "balanced_accuracy": "balanced accuracy",
    "macro_f1": "macro F1",
}


def report_markdown(results: Results) -> str:
    """Sum up a scored run.

    Parameters
    ----------
    results : Results
        Results of the run.

    Returns
    -------
    str
        The figures of the page, its model card, and how to repeat the run.
    """
    manifest = results.manifest
    duration_s = manifest.duration_s
    trained = "" if duration_s is None else f", trained in {duration_in_words(duration_s)}"
    commands = command_lines(manifest.session, manifest.training.n_threads)
    fence = code_fence(commands)
    lines = [
        f"## {escaped(manifest.recipe or 'har')}: {percent(results.evaluation.accuracy)} right on "
        f"{people(len(results.evaluation.per_subject))}",
        "",
        f"{network_in_words(results.config)}; {manifest.model.n_parameters:,} parameters{trained}.",
        "",
        *_headline_lines(results.evaluation),
        *_activity_lines(results.evaluation),
        *_hardest_lines(results.evaluation),
        *(_recording_lines(results.recordings) if results.recordings else []),
        *(_robustness_lines(results.robustness) if results.robustness else []),
        "<details><summary>Model card</summary>",
        "",
        *card_lines(model_card(results)),
        "</details>",
        "",
        f"{fence}sh",
        commands,
        fence,
    ]
    return "\n".join(lines) + "\n"


def _headline_lines(evaluation: Evaluation) -> list[str]:
    rows = []
    for name, words in _HEADLINES.items():
        interval = evaluation.intervals[name]
        ends = [interval_in_words(interval) if interval else "–"]
        ends.append(interval_in_words(evaluation.naive_intervals[name]))
        rows.append([words, percent(getattr(evaluation, name)), *ends])
    calibration = evaluation.calibration.after
    return [
        *markdown_table(("", "figure", "95 % interval, over people", "naive, over windows"), rows),
        "",
        f"{evaluation.n_windows:,} windows. Expected calibration error "
        f"{percent(calibration.ece)}, Brier score {calibration.brier:.3f}, negative "
        f"log-likelihood {calibration.nll:.3f}.",
        "",
    ]


def _activity_lines(evaluation: Evaluation) -> list[str]:
    rows = [
        [
            activity_label(name),
            *(percent(row[key]) for key in ("precision", "recall", "f1")),
            f"{row['support']:,}",
        ]
        for name, row in evaluation.per_class.items()
    ]
    return [*markdown_table(("activity", "precision", "recall", "F1", "windows"), rows), ""]


def _hardest_lines(evaluation: Evaluation) -> list[str]:
    """List the hardest people, and which activities were taken for which."""
    hardest = sorted(evaluation.per_subject.items(), key=lambda row: row[1]["accuracy"])
    subjects = [
        f"{escaped(str(name))} ({percent(row['accuracy'])})" for name, row in hardest[:_N_LISTED]
    ]
    mistakes = [
        f"{escaped(activity_label(true))} for {escaped(activity_label(predicted))} ({n_windows})"
        for true, predicted, n_windows in evaluation.commonest_mistakes(_N_LISTED)
    ]
    return [
        f"Hardest people: subjects {', '.join(subjects)}.",
        f"Commonest mistakes: {', '.join(mistakes) or 'none'}.",
        "",
    ]


def _recording_lines(recordings: RecordingEvaluation) -> list[str]:
    """List the figures of whole recordings, each with its interval over people."""
    rows = [
        [row.name, *(f"{value} ({ends})" if ends else value for value, ends in row.cells)]
        for row in figure_rows(recordings.figures)
    ]
    head = ("whole recordings", *(WAYS[way] for way in recordings.ways))
    return [*markdown_table(head, rows), ""]


def _robustness_lines(robustness: Robustness) -> list[str]:
    """List the level of each disturbance at which accuracy is lowest."""
    rows = []
    for name, table in robustness.table.groupby("disturbance", sort=False):
        worst = table.loc[table["accuracy"].idxmin()]
        level = f"{number(worst['level'])} {worst['unit']}"
        rows.append([str(name).replace("_", " "), level, percent(worst["accuracy"])])
    return [*markdown_table(("disturbance", "worst at", "accuracy"), rows, n_words=2), ""]
