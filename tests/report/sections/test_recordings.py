from __future__ import annotations

from dataclasses import replace

import pytest
from activity_segments import a_recording_evaluation
from drawn_figures import render
from read_page import SECTIONS, Page, plain
from scored_run import make_run, make_windows

from har.report.pages.run import write_report
from har.report.scored_run import ScoredRun
from har.report.sections.recordings import recordings_section
from har.runs.results import Results

WINDOWS = make_windows(60)


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return make_run(tmp_path_factory.mktemp("recordings") / "run", WINDOWS)


@pytest.fixture
def section_of(run):
    """Make the section of some recordings."""
    results = Results.read(run)
    return lambda recordings: recordings_section(ScoredRun(replace(results, recordings=recordings)))


def made_up(**how):
    return a_recording_evaluation(activities=WINDOWS.activities, **how)


def text_of(run, recordings, monkeypatch):
    run.write_json(run.recordings, recordings.to_dict())
    monkeypatch.setattr("har.report.pages.run.SECTIONS", (recordings_section,))
    return plain(" ".join(write_report(run).read_text().split()))


def test_a_run_without_whole_recordings_has_no_such_section(section_of, run):
    assert section_of(None) is None
    html = write_report(run).read_text()
    assert "#recordings" not in html and "recordings.json" not in html
    assert "recordings" not in Page(html).text and "recordings" not in SECTIONS


def test_each_way_to_name_moments_has_a_column_with_its_intervals(run, monkeypatch):
    recordings = made_up()
    html = text_of(run, recordings, monkeypatch)
    assert "With its context</th>" in html and "Each window alone</th>" in html
    low, high = recordings.figures["alone"]["segment_f1"].interval
    assert f"{100 * low:.1f} to {100 * high:.1f} %" in html
    assert "95&nbsp;% intervals if the people were drawn anew" in html
    assert "the whole recordings of 3 people" in html and "recordings.json" in html


def test_one_person_has_no_intervals_and_one_timeline(run, section_of, monkeypatch):
    recordings = made_up(subjects=(7,), has_context=False)
    html = text_of(run, recordings, monkeypatch)
    assert "drawn anew" not in html and "With its context" not in html
    assert "hardest" not in html and "Subject 7: " in html
    assert list(section_of(recordings).pictures) == ["recordings_subject_1"]


def test_the_hardest_person_and_the_easiest_are_drawn(section_of, tmp_path):
    recordings = made_up()
    accuracies = recordings.accuracy_by_subject("with_context")
    hardest, *_others, easiest = accuracies
    section = section_of(recordings)
    first, second = section.pictures.values()
    for picture, subject in ((first, hardest), (second, easiest)):
        assert picture.title.startswith(f"Subject {subject}: what they did")
        assert f"{100 * accuracies[subject]:.1f}" in picture.title
        names = [tick.get_text() for tick in picture.figure.axes[0].get_yticklabels()]
        assert names == ["true", "each window alone", "with its context"]
    render(first.figure, tmp_path)
