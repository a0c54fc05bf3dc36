"""Figures of whole recordings in words, for a terminal, a page and Markdown."""

from __future__ import annotations

from dataclasses import dataclass

from har.evaluation.recordings import FigureOverPeople, Figures
from har.evaluation.scored_recordings import ALONE, WITH_CONTEXT
from har.report.wording import interval_in_words, percent, seconds, seconds_interval

WAYS = {WITH_CONTEXT: "with its context", ALONE: "each window alone"}

_SECONDS = "_s"


@dataclass(frozen=True)
class FigureRow:
    """A figure in words: its subject, its name, and its value and interval in each way."""

    group: str
    words: str
    cells: tuple[tuple[str, str], ...]

    @property
    def name(self) -> str:
        """The figure's name with its group: ``"time: right"``."""
        return f"{self.group}: {self.words}"


_ROWS = (
    ("windows", "right", "window_accuracy"),
    ("windows", "macro F1", "window_macro_f1"),
    ("time", "right", "time_accuracy"),
    ("time", "macro F1", "time_macro_f1"),
    ("time", "without an answer", "time_unknown"),
    ("segments", "precision", "segment_precision"),
    ("segments", "recall", "segment_recall"),
    ("segments", "F1", "segment_f1"),
    ("segments", "deleted", "deleted"),
    ("segments", "inserted", "inserted"),
    ("segments", "fragmented", "fragmented"),
    ("segments", "merged", "merged"),
    ("changes", "half are told within", "delay_median_s"),
    ("changes", "nine of ten are told within", "delay_p90_s"),
    ("changes", "never told", "untold"),
)


def figure_rows(figures: Figures) -> list[FigureRow]:
    """Write the figures of each way to name moments in words.

    Parameters
    ----------
    figures : mapping of str to mapping of str to FigureOverPeople
        Figures of each way, as `RecordingEvaluation.figures`.

    Returns
    -------
    list of FigureRow
        In each a cell for each way.
    """
    return [
        FigureRow(group, words, tuple(_cell(name, of_way[name]) for of_way in figures.values()))
        for group, words, name in _ROWS
    ]


def _cell(name: str, figure: FigureOverPeople) -> tuple[str, str]:
    """Return a figure's value and its interval in words; a dash or nothing without them."""
    if figure.value is None:
        return "–", ""
    if name.endswith(_SECONDS):
        return seconds(figure.value), seconds_interval(figure.interval) if figure.interval else ""
    return percent(figure.value), interval_in_words(figure.interval) if figure.interval else ""
