from __future__ import annotations

import pytest
from read_page import Page
from scored_run import make_evaluation, make_run, make_windows

from har.report.pages.run import write_report
from har.report.sections.headline import headline_section


@pytest.fixture(scope="module")
def windows():
    return make_windows()


@pytest.fixture
def text(tmp_path, windows, monkeypatch):
    """What a page of this section alone says."""
    monkeypatch.setattr("har.report.pages.run.SECTIONS", (headline_section,))
    return Page(write_report(make_run(tmp_path / "run", windows)).read_text()).text["results"]


def test_the_page_says_how_good_it_is(text, windows):
    evaluation = make_evaluation(windows)
    for share in (evaluation.accuracy, evaluation.balanced_accuracy, evaluation.macro_f1):
        assert f"{100 * share:.1f} %" in text
    assert "53,254 parameters" in text
    assert "180 windows of 9 people" in text
    assert "2 min 3 s for 28 epochs" in text


def test_each_headline_figure_has_its_interval_and_the_naive_one(text, windows):
    evaluation = make_evaluation(windows)
    for name in ("accuracy", "balanced_accuracy", "macro_f1"):
        low, high = evaluation.intervals[name]
        naive_low, naive_high = evaluation.naive_intervals[name]
        assert f"{100 * low:.1f} to {100 * high:.1f} %" in text
        assert f"naively {100 * naive_low:.1f} to {100 * naive_high:.1f} %" in text
    assert "windows of one person resemble each other" in text
