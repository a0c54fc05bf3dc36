"""Results that leave little to say, on pages with everything that they can have."""

from __future__ import annotations

import re

import numpy as np
import pytest
from activity_segments import a_recording_evaluation
from compared_runs import side_of
from read_page import Page
from scored_run import make_evaluation, make_explanation, make_robustness, make_run, make_windows

from har.comparison.summary import compare_contenders
from har.evaluation.metrics import Evaluation
from har.report.pages.comparison import write_comparison
from har.report.pages.run import write_report

WINDOWS = make_windows(60)


def certain(windows, named):
    """An evaluation of probabilities of exactly 0 and 1."""
    probabilities = np.eye(len(windows.activities))[named]
    return Evaluation(windows.labels, probabilities, windows.subjects, windows.activities)


def cases():
    one_subject = make_windows(60, subjects=(2,))
    absent = WINDOWS.where(WINDOWS.labels != 5)
    one_activity = make_windows(20, activities=("LAYING",))
    one_window = WINDOWS.where(np.array([0]))
    return {
        "one subject": (one_subject, make_evaluation(one_subject)),
        "a class never predicted": (WINDOWS, make_evaluation(WINDOWS, never=3)),
        "a class absent": (absent, make_evaluation(absent)),
        "all right for certain": (WINDOWS, certain(WINDOWS, WINDOWS.labels)),
        "all wrong for certain": (WINDOWS, certain(WINDOWS, (WINDOWS.labels + 1) % 6)),
        "one activity": (one_activity, certain(one_activity, one_activity.labels)),
        "one window, right": (one_window, certain(one_window, one_window.labels)),
        "one window, wrong": (one_window, certain(one_window, one_window.labels - 1)),
    }


@pytest.fixture(params=cases().items(), ids=cases())
def case(request):
    return request.param[1]


@pytest.mark.figure_files
def test_the_report_with_all_it_can_have_says_what_there_is(tmp_path, monkeypatch, case):
    # That each figure can be drawn as SVG is enough.
    monkeypatch.setattr("har.report.section.save_png", lambda *_: None)
    monkeypatch.setattr("har.report.sections.single_windows.mistakes.N_ANSWERS", 1)
    windows, evaluation = case
    run = make_run(tmp_path / "run", windows, evaluation)
    run.write_json(run.robustness, make_robustness(len(windows)).to_dict())
    run.write_json(run.explanation, make_explanation(windows).to_dict())
    recordings = a_recording_evaluation(subjects=(1,), activities=windows.activities)
    run.write_json(run.recordings, recordings.to_dict())
    page = write_report(run, windows)
    check(page.read_text(), run.summary.read_text())


def test_the_comparison_says_what_there_is(tmp_path, case):
    windows, evaluation = case
    usual = make_run(tmp_path / "usual", windows)
    same = [make_run(tmp_path / name, windows, evaluation) for name in ("one", "two")]
    folder = tmp_path / "compared"
    page = write_comparison(
        compare_contenders(side_of([run.path for run in (usual, *same)])), folder
    )
    check(page.read_text(), (folder / "comparison.md").read_text())


def check(html, markdown):
    assert Page(html).open == []
    for text in (html.partition("<body>")[2], markdown):
        assert not re.search(r"\b[Nn]a[Nn]\b|\binf\b|\bNone\b(?!:| of| differ)", text)
