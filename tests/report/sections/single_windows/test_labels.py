from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from read_page import Page, plain
from scored_run import make_evaluation, make_run, make_stretches

from har.report.pages.run import write_report
from har.report.scored_run import ScoredRun
from har.report.sections.single_windows.labels import SuspectedWindows, labels_section
from har.runs.folder import RunFolder
from har.runs.results import Results

# Stretches of 8 windows of subject 2 who sits, 4 of subject 4 and 20 of subject 9 who stand.
WINDOWS = make_stretches((8, 4, 20), (3, 4, 4), (2, 4, 9))


def run_of(folder, named, windows=WINDOWS):
    """A run of a network that is quite sure of what it names each window."""
    # Exact in binary, so that means are exact too.
    probabilities = np.full((len(windows), 6), 1 / 64)
    probabilities[np.arange(len(windows)), named] = 59 / 64
    evaluation = replace(make_evaluation(windows), probabilities=probabilities)
    return ScoredRun(Results.read(make_run(folder / "run", windows, evaluation)), windows)


def view_of(run):
    return labels_section(run).view


def named_but(*changes):
    named = WINDOWS.labels.copy()
    for windows, activity in changes:
        named[list(windows)] = activity
    return named


def groups_of(run):
    keys = ("first", "last", "place", "last_place", "n_stretch", "n_alike")
    return [tuple(getattr(group, key) for key in keys) for group in view_of(run)["groups"]]


def test_suspected_windows_that_follow_each_other_are_one_group(tmp_path):
    run = run_of(tmp_path, named_but(([0, 1, 2, 5], 4), ([8], 3)))
    view = view_of(run)
    assert (view["n_suspected"], view["n_windows"], view["n_groups"]) == (5, 32, 3)
    groups = {group.first: group for group in view["groups"]}
    assert groups[0] == SuspectedWindows(
        first=0,
        last=2,
        subject=2,
        label="SITTING",
        likely="STANDING",
        probability=59 / 64,
        label_probability=1 / 64,
        place=1,
        last_place=3,
        n_stretch=8,
        n_alike=4,
    )
    assert sorted(groups_of(run)) == [
        (0, 2, 1, 3, 8, 4),
        (5, 5, 6, 6, 8, 4),
        (8, 8, 1, 1, 4, 1),
    ]


def test_windows_on_both_sides_of_an_end_are_two_groups(tmp_path):
    # 11 and 12 have the same label, and are taken for the same, but are not neighbours in time.
    places = [group[:2] for group in groups_of(run_of(tmp_path, named_but(([11, 12], 3))))]
    assert sorted(places) == [(11, 11), (12, 12)]


def test_without_signals_each_window_stands_alone(tmp_path):
    run = run_of(tmp_path, named_but(([0, 1, 2], 4)))
    view = view_of(replace(run, windows=None))
    assert len(view["groups"]) == 3
    assert not view["has_stretches"]


def test_many_of_one_person_are_called_what_they_are(tmp_path):
    view = view_of(run_of(tmp_path / "many", named_but((range(12, 22), 3), ([0], 4))))
    assert (view["foremost"], view["n_foremost"]) == (9, 10)
    view = view_of(run_of(tmp_path / "few", named_but((range(12, 18), 3))))
    assert view["foremost"] is None


def test_of_a_single_person_that_says_nothing(tmp_path):
    windows = replace(WINDOWS, subjects=np.ones(32, int))
    view = view_of(run_of(tmp_path, named_but((range(12, 22), 3)), windows))
    assert view["n_suspected"] == 10 and view["foremost"] is None


def test_the_page_lists_them_and_is_honest(tmp_path):
    run_of(tmp_path, named_but((range(12, 22), 3), ([0], 4)))
    html = write_report(RunFolder.open(tmp_path / "run"), WINDOWS).read_text()
    text = plain(Page(html).text["labels"])
    assert "11 of 32 labels are suspected." in text
    assert "12–21 subject 9 Standing 1.6 % Sitting 92.2 % 1–10 of 20 10 named so" in text
    assert "10 of the 11 are windows of subject 9" in text
    assert "only as good as the network" in text


def test_a_long_list_is_cut_and_says_so(tmp_path, monkeypatch):
    monkeypatch.setattr("har.report.sections.single_windows.labels.N_GROUPS", 3)
    run_of(tmp_path, named_but(([0, 2, 4, 6], 4), ([9], 3)))
    text = Page(write_report(RunFolder.open(tmp_path / "run")).read_text()).text["labels"]
    assert "Which follow each other is not known" in text
    assert "2 rows that are less suspect are left out" in text


@pytest.mark.parametrize("named", [WINDOWS.labels, np.full(32, 5)], ids=["right", "never a label"])
def test_nothing_may_be_suspected(tmp_path, named):
    view = view_of(run_of(tmp_path, named))
    assert (view["n_suspected"], view["groups"], view["foremost"]) == (0, [], None)
