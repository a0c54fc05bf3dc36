"""The content of a scored run's files, read together and checked against each other."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import pandas as pd

from har.config import Config
from har.errors import RunError, listed, reason_of
from har.evaluation.metrics import Evaluation
from har.evaluation.recordings import RecordingEvaluation
from har.evaluation.robustness import Robustness
from har.explanation.findings import Explanation
from har.runs.folder import RunFolder
from har.runs.json_object import NUMBER, JsonObject
from har.runs.manifest import TrainedManifest
from har.signals.windows import Windows

_Value = TypeVar("_Value")

_METRICS = ("epoch", "train_loss", "train_accuracy")
# Figures that are compared, and how much they may differ, since predictions are rounded.
_FIGURES = ("accuracy", "balanced_accuracy", "macro_f1", "n_windows")
_ROUNDED = 1e-3
_VALIDATION_METRICS = ("validation_loss", "validation_accuracy")


@dataclass(frozen=True)
class Results:
    """A scored run.

    Parameters
    ----------
    config : Config
        Every setting, as resolved.
    manifest : TrainedManifest
        Model, training, data and versions.
    metrics : DataFrame
        A row per epoch.
    predictions : DataFrame
        A row per test window, with the confidence in a column ``probability``.
    evaluation : Evaluation
        The same predictions, and every figure that follows from them.
    robustness : Robustness or None
        Accuracy under disturbances, if that was measured.
    explanation : Explanation or None
        Findings about what the network looks at, if there are any.
    recordings : RecordingEvaluation or None
        Timelines of the test people's whole recordings, if they were scored.
    """

    config: Config
    manifest: TrainedManifest
    metrics: pd.DataFrame
    predictions: pd.DataFrame
    evaluation: Evaluation
    robustness: Robustness | None
    explanation: Explanation | None
    recordings: RecordingEvaluation | None = None

    @classmethod
    def read(cls, run: RunFolder) -> Results:
        """Read a run's files.

        Raises
        ------
        HarError
            If a file is missing or damaged, or two of them do not belong together.
        """
        run.warn_if_unbound()
        manifest = run.read_trained_manifest()
        table = run.read_predictions()
        evaluation = replace(
            Evaluation.from_frame(table, str(run.predictions)),
            temperature=manifest.training.temperature,
        )
        _check_activities(evaluation, manifest, run.predictions)
        if run.evaluation.exists():
            check_figures(run.read_object(run.evaluation), evaluation, run.predictions.name)
        return cls(
            config=run.read_config(),
            manifest=manifest,
            metrics=metrics_table(run.read_epochs(), run.metrics),
            predictions=table.assign(probability=evaluation.probabilities.max(axis=1)),
            evaluation=evaluation,
            robustness=_read_robustness(run, evaluation) if run.robustness.exists() else None,
            explanation=_read_explanation(run, evaluation) if run.explanation.exists() else None,
            recordings=_read_recordings(run, evaluation) if run.recordings.exists() else None,
        )


def check_same_windows(results: Results, test: Windows, place: Path) -> None:
    """Refuse windows that are not those that were predicted.

    Parameters
    ----------
    results : Results
        Results with the predictions.
    test : Windows
        Windows that may have been predicted.
    place : Path
        File of the predictions, for the message.

    Raises
    ------
    RunError
        If a row has no window, or another subject or activity than its window.
    """
    table = results.predictions
    index = table["index"].to_numpy()
    if index.max() < len(test) and index.min() >= 0:
        names = np.array(test.activities)[test.labels[index]]
        is_same = (names == table["true"]) & (test.subjects[index] == table["subject"])
        if is_same.all():
            return
    raise RunError(
        f"{place}: found rows of other windows than the {len(test)} test windows of the data, "
        "expected the same index, subject and true activity"
    )


def metrics_table(epochs: Sequence[Mapping[str, Any]], place: Path) -> pd.DataFrame:
    """Make a table of the epochs of a training.

    Parameters
    ----------
    epochs : sequence of mapping
        At least one.
    place : Path
        File of the epochs, for the message.

    Returns
    -------
    DataFrame
        A row per epoch; without validation, its columns hold NaN.

    Raises
    ------
    RunError
        If a value is missing or is no number.
    """
    table = pd.DataFrame(epochs)
    missing = [key for key in _METRICS if key not in table]
    if missing:
        raise RunError(f"{place}: found no {missing[0]}, expected it for every epoch")
    table = table.reindex(columns=[*_METRICS, *_VALIDATION_METRICS])
    try:
        return table.astype({"epoch": int}).astype(dict.fromkeys(table.columns[1:], float))
    except (TypeError, ValueError) as error:
        raise RunError(
            f"{place}: found a value that is no number ({error}), expected numbers"
        ) from error


def _check_activities(evaluation: Evaluation, manifest: TrainedManifest, place: Path) -> None:
    expected = manifest.model.window_format.activities
    if evaluation.activities != expected:
        raise RunError(
            f"{place}: found the activities {listed(evaluation.activities)}, expected "
            f"{listed(expected)} as in the manifest"
        )


def check_figures(content: JsonObject, evaluation: Evaluation, predictions: str) -> None:
    """Refuse figures, which are kept for other programs, that contradict the predictions.

    Parameters
    ----------
    content : JsonObject
        Figures as they were read, or some of them.
    evaluation : Evaluation
        Figures as they follow from the predictions.
    predictions : str
        Name of the file with the predictions, for the message.

    Raises
    ------
    RunError
        If a figure is another, or is no number.
    """
    for key in _FIGURES:
        found, expected = content.optional(key, NUMBER), getattr(evaluation, key)
        if found is not None and abs(found - expected) > _ROUNDED:
            raise RunError(
                f"{content.place}: found {key} {found:g}, expected {expected:g} as follows from "
                f"{predictions}"
            )


def _read_robustness(run: RunFolder, evaluation: Evaluation) -> Robustness:
    content, command = run.read_json(run.robustness), "har evaluate --robustness"
    robustness = _made(Robustness.from_dict, content, run.robustness, command)
    if robustness.n_windows != evaluation.n_windows:
        raise RunError(
            f"{run.robustness}: found figures of {robustness.n_windows} windows, "
            f"expected {evaluation.n_windows} as in {run.predictions.name}; "
            "har evaluate --robustness measures them again"
        )
    return robustness


def _read_explanation(run: RunFolder, evaluation: Evaluation) -> Explanation:
    content, command = run.read_json(run.explanation), "har evaluate --explain"
    explanation = _made(Explanation.from_dict, content, run.explanation, command)
    found = explanation.n_windows, explanation.activities
    if found != (evaluation.n_windows, evaluation.activities):
        raise RunError(
            f"{run.explanation}: found {found[0]} windows of {len(found[1])} activities, expected "
            f"{evaluation.n_windows} of {len(evaluation.activities)} as in {run.predictions.name}; "
            "har evaluate --explain makes it anew"
        )
    return explanation


def _read_recordings(run: RunFolder, evaluation: Evaluation) -> RecordingEvaluation:
    content = run.read_json(run.recordings)
    recordings = read_recordings(content, run.recordings, "har evaluate --recordings")
    if recordings.activities != evaluation.activities:
        raise RunError(
            f"{run.recordings}: found the activities {', '.join(recordings.activities)}, expected "
            f"{', '.join(evaluation.activities)} as in {run.predictions.name}; "
            "har evaluate --recordings makes it anew"
        )
    return recordings


def read_recordings(content: object, file: Path, command: str) -> RecordingEvaluation:
    """Read scored recordings.

    Parameters
    ----------
    content : object
        Result of `RecordingEvaluation.to_dict`, as it was read from a file.
    file : Path
        The file, for the message.
    command : str
        Command that writes it, for the message.

    Returns
    -------
    RecordingEvaluation

    Raises
    ------
    RunError
        If something is missing or wrong.
    """
    return _made(RecordingEvaluation.from_dict, content, file, command)


def _made(make: Callable[[Any], _Value], content: object, file: Path, command: str) -> _Value:
    """Make a value of what was read from a file that the command writes."""
    try:
        return make(content)
    except Exception as error:  # whatever a value of another type or size leads to
        raise RunError(
            f"{file}: found something missing or wrong ({reason_of(error)}), expected what "
            f"{command} writes"
        ) from error
