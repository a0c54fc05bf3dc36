"""The section of a report on single answers: the surest wrong and the least sure right ones."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import chain
from typing import Any

from markupsafe import Markup
from matplotlib.figure import Figure

from har.arrays import IntArray
from har.evaluation.notable_windows import Answer, least_sure_right_answers, surest_mistakes
from har.report.drawing import to_svg
from har.report.signal_panels import window_figure
from har.report.wording import activity_label
from har.runs.results import Results
from har.signals.windows import Windows, neighbours_of

N_ANSWERS = 6
_N_AROUND = 2


def mistakes_pictures(results: Results, windows: Windows, stretches: IntArray) -> dict[str, Figure]:
    """Draw the surest mistakes and the least sure right answers, with what came before and after.

    Parameters
    ----------
    results : Results
        Of a run.
    windows : Windows
        Those that were predicted, in the order of the predictions.
    stretches : ndarray of int, shape (n_windows,)
        From `har.signals.windows.number_stretches`.

    Returns
    -------
    dict of str to Figure
        By the name of the file.
    """
    pictures = {}
    for answer in chain.from_iterable(_answers(results)):
        near = neighbours_of(answer.row, stretches, _N_AROUND)
        pictures[_name(answer)] = window_figure(
            windows.where(near),
            int((near == answer.row).argmax()),
            results.predictions["predicted"].iloc[near].tolist(),
        )
    return pictures


def mistakes_view(
    results: Results, pictures: Mapping[str, Figure], stretches: IntArray | None
) -> dict[str, Any]:
    """Collect what ``mistakes.html`` shows.

    Parameters
    ----------
    results : Results
        Of a run.
    pictures : mapping of str to Figure
        Those of `mistakes_pictures`, and perhaps others.
    stretches : ndarray of int or None, shape (n_windows,)
        As given to `mistakes_pictures`; None: nothing was drawn, and the answers are only told.

    Returns
    -------
    dict
        n_windows and n_wrong; wrong and right, lists of what
        `har.evaluation.notable_windows.Answer` has, each with its svg or None.
    """
    evaluation = results.evaluation
    wrong, right = (
        [{**vars(answer), "svg": _svg(answer, results, pictures, stretches)} for answer in answers]
        for answers in _answers(results)
    )
    return {
        "n_windows": evaluation.n_windows,
        "n_wrong": int((evaluation.predicted != evaluation.labels).sum()),
        "wrong": wrong,
        "right": right,
    }


def _answers(results: Results) -> tuple[list[Answer], list[Answer]]:
    asked = results.evaluation, results.predictions["index"].to_numpy(), N_ANSWERS
    return surest_mistakes(*asked), least_sure_right_answers(*asked)


def _name(answer: Answer) -> str:
    return f"{'unsure' if answer.is_right else 'mistake'}_{answer.index}"


def _svg(
    answer: Answer,
    results: Results,
    pictures: Mapping[str, Figure],
    stretches: IntArray | None,
) -> Markup | None:
    """Make a figure part of the page, with all its answers for those who cannot see it."""
    if stretches is None:
        return None
    name = _name(answer)
    near = results.predictions.iloc[neighbours_of(answer.row, stretches, _N_AROUND)]
    title = (
        f"Signals of test window {answer.index} and of those that overlap it. In order of time, "
        f"named {_in_words(near['predicted'])}; labelled {_in_words(near['true'])}."
    )
    return Markup(to_svg(pictures[name], title, name.replace("_", "-")))


def _in_words(activities: Iterable[str]) -> str:
    return ", ".join(map(activity_label, activities))
