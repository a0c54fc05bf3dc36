"""Robustness: accuracy after each of several disturbances of the windows."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from har.arrays import FloatArray
from har.evaluation.disturbances import DISTURBANCES, Disturbance
from har.evaluation.metrics import Evaluation
from har.signals.windows import Windows

logger = logging.getLogger(__name__)

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
        return self._accuracy_at("missing_gyroscope", 100)

    @property
    def turned_at_random(self) -> float | None:
        """Accuracy with each phone turned about x by any angle; None if not measured."""
        return self._accuracy_at("random_turn_x", 180)

    def _accuracy_at(self, disturbance: str, level: float) -> float | None:
        is_it = (self.table["disturbance"] == disturbance) & (self.table["level"] == level)
        accuracies = self.table.loc[is_it, "accuracy"]
        return None if accuracies.empty else float(accuracies.iloc[0])

    def to_dict(self) -> dict[str, object]:
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
        accuracy, macro_f1 = float(content["accuracy"]), float(content["macro_f1"])
        return cls(accuracy, macro_f1, int(content["n_windows"]), table)


def measure_robustness(
    windows: Windows, predict_proba: Callable[[Windows], FloatArray]
) -> Robustness:
    """Apply every disturbance that fits the windows and score the predictions.

    Parameters
    ----------
    windows : Windows
        Windows, ideally of subjects that were not trained on.
    predict_proba : callable
        Function from windows to probabilities, shape (n_windows, n_activities), such as
        `ActivityClassifier.predict_proba`; called once, and once for each of `n_settings`.

    Returns
    -------
    Robustness

    Raises
    ------
    DataError
        If the channels are not triples of x, y and z, or there are no windows.
    """
    usual = _evaluate(windows, predict_proba)
    tables = []
    for disturbance in _fitting(windows.channels):
        disturbed = (
            _row(level, _evaluate(disturbance.of(windows, level, _SEED), predict_proba))
            for level in disturbance.levels
        )
        rows = pd.DataFrame([_row(disturbance.neutral, usual), *disturbed])
        tables.append(rows.assign(disturbance=disturbance.name, unit=disturbance.unit))
        logger.info("%s", _in_words(tables[-1]))
    table = pd.concat(tables, ignore_index=True)[list(_COLUMNS)]
    return Robustness(usual.accuracy, usual.macro_f1, usual.n_windows, table)


def n_settings(channels: tuple[str, ...]) -> int:
    """Return the number of levels of all disturbances that apply to these channels."""
    return sum(len(disturbance.levels) for disturbance in _fitting(channels))


def _fitting(channels: tuple[str, ...]) -> list[Disturbance]:
    return [disturbance for disturbance in DISTURBANCES if disturbance.fits(channels)]


def _evaluate(windows: Windows, predict_proba: Callable[[Windows], FloatArray]) -> Evaluation:
    return Evaluation(windows.labels, predict_proba(windows), windows.subjects, windows.activities)


def _row(level: float, evaluation: Evaluation) -> dict[str, float]:
    return {
        "level": level,
        "accuracy": evaluation.accuracy,
        "macro_f1": evaluation.macro_f1,
        "n_windows": evaluation.n_windows,
    }


def _in_words(rows: pd.DataFrame) -> str:
    pairs = zip(rows["level"], rows["accuracy"], strict=True)
    levels = ", ".join(f"{accuracy:.1%} at {level:g}" for level, accuracy in pairs)
    return f"{rows['disturbance'].iloc[0]} ({rows['unit'].iloc[0]}): {levels}"
