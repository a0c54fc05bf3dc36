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
from har.evaluation.strangeness import is_strange
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
# From signals to probabilities, and to strangeness if it is known.
Judge = Callable[[FloatArray], tuple[FloatArray, FloatArray | None]]
# In tables of runs that can tell.
_STRANGE = {"strange": float}


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
        The first row of each disturbance is that of its neutral level. Perhaps a column strange:
        share of the windows that are unlike anything in training.
    """

    accuracy: float
    macro_f1: float
    n_windows: int
    table: pd.DataFrame

    @property
    def without_gyroscope(self) -> float | None:
        """Accuracy without the gyroscope; None if there is none or this was not measured."""
        return self._at("missing_gyroscope", 100, "accuracy")

    @property
    def turned_at_random(self) -> float | None:
        """Accuracy with each phone turned about x by any angle; None if not measured."""
        return self._at("random_turn_x", 180, "accuracy")

    @property
    def without_gravity(self) -> float | None:
        """Accuracy without gravity; None if this was not measured."""
        return self._at("missing_gravity", 100, "accuracy")

    @property
    def strange_without_gravity(self) -> float | None:
        """Share of windows without gravity that are strange; None if this was not measured."""
        return self._at("missing_gravity", 100, "strange")

    def _at(self, disturbance: str, level: float, column: str) -> float | None:
        is_it = (self.table["disturbance"] == disturbance) & (self.table["level"] == level)
        if column not in self.table or not is_it.any():
            return None
        return float(self.table.loc[is_it, column].iloc[0])

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
        rows = pd.DataFrame(content["rows"])
        columns = _COLUMNS | (_STRANGE if "strange" in rows else {})
        table = rows[list(columns)].astype(columns)
        accuracy, macro_f1 = float(content["accuracy"]), float(content["macro_f1"])
        return cls(accuracy, macro_f1, int(content["n_windows"]), table)


def measure_robustness(
    windows: Windows,
    predict_proba: Callable[[Windows], FloatArray],
    judge: Judge | None = None,
) -> Robustness:
    """Apply every disturbance that fits the windows and score the predictions.

    Parameters
    ----------
    windows : Windows
        Windows, ideally of subjects that were not trained on.
    predict_proba : callable
        Function from windows to probabilities, shape (n_windows, n_activities), such as
        `ActivityClassifier.predict_proba`; called once, and once for each of `n_settings`.
    judge : callable, optional
        Function from signals to probabilities and strangeness, such as
        `ActivityClassifier.predict_strangeness`, called in place of `predict_proba`.

    Returns
    -------
    Robustness

    Raises
    ------
    DataError
        If the channels are not triples of x, y and z, or there are no windows.
    """
    usual = _scored(windows, predict_proba, judge)
    tables = []
    for disturbance in _fitting(windows.channels):
        disturbed = (
            {
                "level": level,
                **_scored(disturbance.of(windows, level, _SEED), predict_proba, judge),
            }
            for level in disturbance.levels
        )
        rows = pd.DataFrame([{"level": disturbance.neutral, **usual}, *disturbed])
        tables.append(rows.assign(disturbance=disturbance.name, unit=disturbance.unit))
        logger.info("%s", _in_words(tables[-1]))
    columns = _COLUMNS | (_STRANGE if "strange" in usual else {})
    table = pd.concat(tables, ignore_index=True)[list(columns)]
    return Robustness(usual["accuracy"], usual["macro_f1"], len(windows), table)


def n_settings(channels: tuple[str, ...]) -> int:
    """Return the number of levels of all disturbances that apply to these channels."""
    return sum(len(disturbance.levels) for disturbance in _fitting(channels))


def _fitting(channels: tuple[str, ...]) -> list[Disturbance]:
    return [disturbance for disturbance in DISTURBANCES if disturbance.fits(channels)]


def _scored(
    windows: Windows,
    predict_proba: Callable[[Windows], FloatArray],
    judge: Judge | None,
) -> dict[str, float]:
    """Return what a row of the table says of windows."""
    probabilities, strangeness = judge(windows.signals) if judge else (predict_proba(windows), None)
    evaluation = Evaluation(windows.labels, probabilities, windows.subjects, windows.activities)
    row = {
        "accuracy": evaluation.accuracy,
        "macro_f1": evaluation.macro_f1,
        "n_windows": evaluation.n_windows,
    }
    if strangeness is not None:
        row["strange"] = float(is_strange(strangeness).mean())
    return row


def _in_words(rows: pd.DataFrame) -> str:
    pairs = zip(rows["level"], rows["accuracy"], strict=True)
    levels = ", ".join(f"{accuracy:.1%} at {level:g}" for level, accuracy in pairs)
    return f"{rows['disturbance'].iloc[0]} ({rows['unit'].iloc[0]}): {levels}"
