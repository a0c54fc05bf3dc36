from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scored_run import make_evaluation, make_run, make_stretches

from har.report.pages.run import write_report
from har.report.scored_run import ScoredRun
from har.report.sections.single_windows.mistakes import mistakes_section


@pytest.fixture
def windows():
    return make_stretches()


@pytest.fixture
def run(tmp_path, windows):
    """Window 2, amid four others that are right, is taken for standing; window 7 is unsure."""
    evaluation = make_evaluation(windows, n_wrong=0)
    probabilities = np.eye(6)[windows.labels]
    probabilities[2] = [0, 0, 0, 0.1, 0.9, 0]
    probabilities[7] = [0.4, 0.3, 0.3, 0, 0, 0]
    return make_run(tmp_path / "run", windows, replace(evaluation, probabilities=probabilities))


def test_answers_are_drawn_among_their_neighbours(run, windows):
    pictures = mistakes_section(ScoredRun.read(run, windows)).pictures
    # One right answer for each subject and activity: 2 sits, 2 stands, 4 walks.
    assert list(pictures) == ["mistake_2", "unsure_7", "unsure_0", "unsure_5"]
    spans_s = {name: one.figure.axes[0].get_xlim() for name, one in pictures.items()}
    expected = {
        "mistake_2": (-2.56, 5.12),
        "unsure_7": (-1.28, 3.84),
        "unsure_0": (0, 5.12),
        "unsure_5": (0, 2.56),
    }
    for name, span_s in expected.items():
        assert spans_s[name] == pytest.approx(span_s), name
    answers = [text.get_text() for text in pictures["mistake_2"].figure.axes[3].texts]
    assert answers == ["Sitting", "Standing", "Sitting"]


def test_the_page_tells_the_second_best_answer_and_all_neighbours(run, windows):
    html = write_report(run, windows).read_text()
    html = " ".join(html.split())
    assert "90.0 % sure; next, Sitting: 10.0 % · subject 2 · test window 2" in html
    assert "40.0 % sure; next, Walking upstairs: 30.0 % · subject 4 · test window 7" in html
    assert "1 of 9 windows were named wrong" in html
    assert "The surest mistake" in html and "The 3 least sure right answers" in html
    assert (
        "Signals of test window 2 and of those that overlap it. In order of time, named "
        "Sitting, Sitting, Standing, Sitting, Sitting; labelled "
        "Sitting, Sitting, Sitting, Sitting, Sitting." in html
    )


def test_without_signals_nothing_is_drawn(run):
    section = mistakes_section(ScoredRun.read(run))
    assert not section.pictures
    assert [len(section.view[kind]) for kind in ("wrong", "right")] == [1, 3]
    html = write_report(run).read_text()
    assert (
        "<svg"
        not in html[html.index('<section id="mistakes"') : html.index('<section id="labels"')]
    )


def test_rows_in_another_order_are_drawn_with_their_own_signals(run, windows):
    run.write_predictions(run.read_predictions().iloc[[2, 0, 1, 3, 4, 5, 6, 7, 8]])
    figure = mistakes_section(ScoredRun.read(run, windows)).pictures["mistake_2"].figure
    drawn = figure.axes[0].lines[0].get_ydata()
    np.testing.assert_array_equal(drawn, windows.signals[2, :, 0])
