"""What a run's files tell once it was scored: read together, checked against each other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from har.arrays import IntArray
from har.config import Config
from har.errors import RunError
from har.evaluation.metrics import Evaluation
from har.evaluation.robustness import Robustness
from har.explanation.findings import Explanation
from har.runs.folder import RunFolder
from har.signals.windows import Windows

_CLASS_SCORES = ("precision", "recall", "f1", "support")
_METRICS = ("epoch", "train_loss", "train_accuracy")
_VALIDATION_METRICS = ("validation_loss", "validation_accuracy")
_MANIFEST: dict[str, dict[str, type | tuple[type, ...]]] = {
    "model": {"channels": list, "rate_hz": (int, float), "n_timesteps": int, "n_parameters": int},
    "training": {"n_train_windows": int, "train_subjects": list, "validation_subjects": list},
}


@dataclass(frozen=True)
class Scores:
    """The figures of ``evaluation.json``.

    Parameters
    ----------
    accuracy, balanced_accuracy, macro_f1 : float
        Over all windows.
    n_windows : int
        How many windows were scored.
    activities : tuple of str
        Names of the classes.
    confusion_matrix : ndarray of int, shape (n_activities, n_activities)
        Windows by true (rows) and predicted activity.
    per_class : DataFrame
        A row per activity: precision, recall, f1, support.
    per_subject : DataFrame
        A row per subject, the lowest accuracy first: accuracy, n_windows.
    """

    accuracy: float
    balanced_accuracy: float
    macro_f1: float
    n_windows: int
    activities: tuple[str, ...]
    confusion_matrix: IntArray
    per_class: pd.DataFrame
    per_subject: pd.DataFrame


@dataclass(frozen=True)
class Results:
    """A scored run.

    Parameters
    ----------
    config : Config
        Every setting, as resolved.
    manifest : dict
        What ran where, on what, with which versions.
    metrics : DataFrame
        A row per epoch.
    scores : Scores
        The figures.
    predictions : DataFrame
        A row per test window, the column ``probability`` telling how sure the network was.
    evaluation : Evaluation
        The same predictions, for the figures that earlier versions did not write.
    robustness : Robustness or None
        How accuracy falls with disturbances, if that was measured.
    explanation : Explanation or None
        What the network looks at, if that was found out.
    """

    config: Config
    manifest: dict[str, Any]
    metrics: pd.DataFrame
    scores: Scores
    predictions: pd.DataFrame
    evaluation: Evaluation
    robustness: Robustness | None
    explanation: Explanation | None

    @classmethod
    def read(cls, run: RunFolder) -> Results:
        """Read a run's files.

        Raises
        ------
        HarError
            If a file is missing or damaged, or two of them do not belong together.
        """
        scores, manifest = _read_scores(run), _read_manifest(run)
        predictions, evaluation = _read_predictions(run, scores)
        return cls(
            run.read_config(),
            manifest,
            metrics_table(run.read_epochs(), run.metrics),
            scores,
            predictions,
            replace(evaluation, temperature=manifest["training"].get("temperature")),
            _read_robustness(run, scores) if run.robustness.exists() else None,
            _read_explanation(run, scores) if run.explanation.exists() else None,
        )


def check_same_windows(results: Results, test: Windows, place: Path) -> None:
    """Refuse windows that are not those that were predicted.

    Parameters
    ----------
    results : Results
        With the predictions.
    test : Windows
        What may have been predicted.
    place : Path
        The file of the predictions, for the message.

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


def _read_scores(run: RunFolder) -> Scores:
    content = run.read_json(run.evaluation)
    missing = [key for key in Scores.__dataclass_fields__ if key not in content]
    if missing:
        expected = ", ".join(Scores.__dataclass_fields__)
        raise RunError(f"{run.evaluation}: found no key {missing[0]}, expected {expected}")
    try:
        return _parse_scores(content)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise RunError(
            f"{run.evaluation}: found figures that do not fit together ({error}), "
            "expected those of a scored run"
        ) from error


def _parse_scores(content: Mapping[str, Any]) -> Scores:
    activities = tuple(map(str, content["activities"]))
    counts = np.array(content["confusion_matrix"], dtype=np.int64)
    if counts.shape != (len(activities), len(activities)):
        raise ValueError(f"{len(activities)} activities, a matrix of shape {counts.shape}")
    per_class = pd.DataFrame.from_dict(content["per_class"], orient="index")
    per_subject = pd.DataFrame.from_dict(content["per_subject"], orient="index")
    return Scores(
        accuracy=float(content["accuracy"]),
        balanced_accuracy=float(content["balanced_accuracy"]),
        macro_f1=float(content["macro_f1"]),
        n_windows=int(content["n_windows"]),
        activities=activities,
        confusion_matrix=counts,
        per_class=per_class.loc[list(activities), list(_CLASS_SCORES)].astype(float),
        per_subject=per_subject[["accuracy", "n_windows"]]
        .astype(float)
        .sort_values("accuracy", kind="stable"),
    )


def _read_manifest(run: RunFolder) -> dict[str, Any]:
    manifest = run.read_json(run.manifest)
    for section, kinds in _MANIFEST.items():
        content = manifest.get(section)
        for key, kind in kinds.items():
            found = content.get(key) if isinstance(content, dict) else None
            if not isinstance(found, kind):
                raise RunError(
                    f"{run.manifest}: found {found!r} as {section}.{key}, "
                    "expected what describes a trained model"
                )
    return manifest


def metrics_table(epochs: Sequence[Mapping[str, Any]], place: Path) -> pd.DataFrame:
    """Make a table of what training told of its epochs.

    Parameters
    ----------
    epochs : sequence of mapping
        At least one.
    place : Path
        The file they come from, for the message.

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


def _read_predictions(run: RunFolder, scores: Scores) -> tuple[pd.DataFrame, Evaluation]:
    table = run.read_predictions()
    evaluation = Evaluation.from_frame(table, str(run.predictions))
    if (len(table), evaluation.activities) != (scores.n_windows, scores.activities):
        raise RunError(
            f"{run.predictions}: found {len(table)} rows of {len(evaluation.activities)} "
            f"activities, expected {scores.n_windows} of {len(scores.activities)} "
            f"as in {run.evaluation.name}"
        )
    return table.assign(probability=evaluation.probabilities.max(axis=1)), evaluation


def _read_robustness(run: RunFolder, scores: Scores) -> Robustness:
    try:
        robustness = Robustness.from_dict(run.read_json(run.robustness))
    except (KeyError, TypeError, ValueError) as error:
        raise RunError(
            f"{run.robustness}: found a missing or wrong figure ({error}), "
            "expected what har evaluate --robustness writes"
        ) from error
    if robustness.n_windows != scores.n_windows:
        raise RunError(
            f"{run.robustness}: found figures of {robustness.n_windows} windows, "
            f"expected {scores.n_windows} as in {run.evaluation.name}; "
            "har evaluate --robustness measures them again"
        )
    return robustness


def _read_explanation(run: RunFolder, scores: Scores) -> Explanation:
    try:
        explanation = Explanation.from_dict(run.read_json(run.explanation))
    except (KeyError, TypeError, ValueError) as error:
        raise RunError(
            f"{run.explanation}: found something missing or wrong ({error}), "
            "expected what har evaluate --explain writes"
        ) from error
    found = explanation.n_windows, explanation.activities
    if found != (scores.n_windows, scores.activities):
        raise RunError(
            f"{run.explanation}: found {found[0]} windows of {len(found[1])} activities, expected "
            f"{scores.n_windows} of {len(scores.activities)} as in {run.evaluation.name}; "
            "har evaluate --explain makes it anew"
        )
    return explanation
