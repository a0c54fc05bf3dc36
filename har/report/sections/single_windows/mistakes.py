"""Notable windows: the surest wrong and the least sure right predictions."""

from __future__ import annotations

from collections.abc import Iterable

from har.arrays import IntArray
from har.evaluation.notable_windows import Answer, least_sure_right_answers, surest_mistakes
from har.report.scored_run import ScoredRun
from har.report.section import Picture, Section
from har.report.signal_panels import window_figure
from har.report.wording import activity_label
from har.runs.results import Results
from har.signals.windows import Windows, neighbours_of

N_ANSWERS = 6
_N_AROUND = 2


def mistakes_section(run: ScoredRun) -> Section:
    """Make the section of notable windows; without signals they are not drawn."""
    results = run.results
    evaluation = results.evaluation
    asked = evaluation, results.predictions["index"].to_numpy(), N_ANSWERS
    wrong = {f"mistake_{answer.index}": answer for answer in surest_mistakes(*asked)}
    right = {f"unsure_{answer.index}": answer for answer in least_sure_right_answers(*asked)}
    pictures = {}
    if run.windows is not None and run.stretches is not None:
        for name, answer in (wrong | right).items():
            near = neighbours_of(answer.row, run.stretches, _N_AROUND)
            pictures[name] = _picture(answer, near, results, run.windows)
    return Section(
        "mistakes",
        "Mistakes",
        {
            "n_windows": evaluation.n_windows,
            "n_wrong": int((evaluation.predicted != evaluation.labels).sum()),
            "wrong": wrong,
            "right": right,
        },
        pictures,
    )


def _picture(answer: Answer, near: IntArray, results: Results, windows: Windows) -> Picture:
    """Draw a window with those before and after it that overlap it."""
    named = results.predictions["predicted"].iloc[near].tolist()
    labelled = results.predictions["true"].iloc[near].tolist()
    return Picture(
        window_figure(windows.where(near), int((near == answer.row).argmax()), named),
        f"Signals of test window {answer.index} and of those that overlap it. In order of time, "
        f"named {_in_words(named)}; labelled {_in_words(labelled)}.",
        is_example=True,
    )


def _in_words(activities: Iterable[str]) -> str:
    return ", ".join(map(activity_label, activities))
