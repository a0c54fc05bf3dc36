"""Robustness: accuracy after each of several disturbances of the windows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from har.arrays import FloatArray
from har.evaluation.disturbances import DISTURBANCES, Disturbance
from har.evaluation.metrics import Evaluation
from har.signals.windows import Windows

# For noise, losses, axes and senses of rotation.
_SEED = 0
_COLUMNS = {
    "disturbance": str,
    "level": float,
    "unit": str,
    "accuracy": float,
    "macro_f1": float,
    "n_windows": int,
}


@dataclass(frozen=True)
class Robustness:
    """Accuracy at each level of each disturbance.

    Parameters
    ----------
    accuracy, macro_f1 : float
        Metrics without disturbance.
    n_windows : int
        Number of windows.
    table : DataFrame
        A row per disturbance and level: disturbance, level, unit, accuracy, macro_f1, n_windows.
        The first row of each disturbance is that of its neutral level.
    """

    accuracy: float
    macro_f1: float
    n_windows: int
    table: pd.DataFrame

    @property
    def without_gyroscope(self) -> float | None:
        """Accuracy without the gyroscope; None if there is none or this was not measured."""
        is_silent = (self.table["disturbance"] == "missing_gyroscope") & (self.table["level"] > 0)
        accuracies = self.table.loc[is_silent, "accuracy"]
        return None if accuracies.empty else float(accuracies.iloc[0])

    def to_dict(self) -> dict[str, Any]:
        """Return all metrics, ready for JSON."""
        return {
            "accuracy": self.accuracy,
            "macro_f1": self.macro_f1,
            "n_windows": self.n_windows,
            "rows": self.table.to_dict("records"),
        }

    @classmethod
    def from_dict(cls, content: Mapping[str, Any]) -> Robustness:
        """Return the object that `to_dict` described.

        Raises
        ------
        KeyError, TypeError, ValueError
            If a metric is missing or is not a number.
        """
        table = pd.DataFrame(content["rows"])[list(_COLUMNS)].astype(_COLUMNS)
        return cls(
            float(content["accuracy"]),
            float(content["macro_f1"]),
            int(content["n_windows"]),
            table,
        )


def measure_robustness(
    windows: Windows,
    predict_proba: Callable[[Windows], FloatArray],
    say: Callable[[str], None],
) -> Robustness:
    """Apply every disturbance that fits the windows and score the predictions.

    Parameters
    ----------
    windows : Windows
        Windows, ideally of subjects that were not trained on.
    predict_proba : callable
        From windows to probabilities, shape (n_windows, n_activities), such as
        `ActivityClassifier.predict_proba`; called once, and once for each of `n_settings`.
    say : callable
        Takes a line about each disturbance as it is done.

    Returns
    -------
    Robustness

    Raises
    ------
    DataError
        If the channels are not triples of x, y and z, or there are no windows.
    """
    usual = _scores(windows, predict_proba)
    tables = []
    for disturbance in _fitting(windows.channels):
        disturbed = (
            {"level": level, **_scores(disturbance.of(windows, level, _SEED), predict_proba)}
            for level in disturbance.levels
        )
        rows = pd.DataFrame([{"level": disturbance.neutral, **usual}, *disturbed])
        tables.append(rows.assign(disturbance=disturbance.name, unit=disturbance.unit))
        say(_in_words(tables[-1]))
    return Robustness(**usual, table=pd.concat(tables, ignore_index=True)[list(_COLUMNS)])


def n_settings(channels: tuple[str, ...]) -> int:
    """Return the number of levels of all disturbances that apply to these channels."""
    return sum(len(disturbance.levels) for disturbance in _fitting(channels))


def _fitting(channels: tuple[str, ...]) -> list[Disturbance]:
    return [disturbance for disturbance in DISTURBANCES if disturbance.fits(channels)]


def _scores(windows: Windows, predict_proba: Callable[[Windows], FloatArray]) -> dict[str, Any]:
    evaluation = Evaluation(
        windows.labels, predict_proba(windows), windows.subjects, windows.activities
    )
    names = ("accuracy", "macro_f1", "n_windows")
    return {name: getattr(evaluation, name) for name in names}


def _in_words(rows: pd.DataFrame) -> str:
    pairs = zip(rows["level"], rows["accuracy"], strict=True)
    levels = ", ".join(f"{accuracy:.1%} at {level:g}" for level, accuracy in pairs)
    return f"{rows['disturbance'].iloc[0]} ({rows['unit'].iloc[0]}): {levels}"
