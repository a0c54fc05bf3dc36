from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
from read_page import Page
from scored_run import make_evaluation, make_run, make_windows

from har.report import write_report
from har.signals.activities import HAPT_ACTIVITIES
from har.windows_section import windows_view

WINDOWS = make_windows()
EVALUATION = make_evaluation(WINDOWS)
INDEX = np.arange(len(WINDOWS))
IS_WRONG = EVALUATION.predicted != EVALUATION.labels


def rows_of(view):
    return [(group, row) for group in view["groups"] for row in group["rows"]]


def bad_model(n_windows=2947, share_wrong=0.4):
    """Windows of twelve activities, so many of them named wrong in every possible way."""
    windows = make_windows(n_windows, HAPT_ACTIVITIES)
    random = np.random.default_rng(0)
    is_wrong = random.random(n_windows) < share_wrong
    answers = (windows.labels + is_wrong * random.integers(1, 12, size=n_windows)) % 12
    probabilities = random.dirichlet(np.ones(12), size=n_windows) + np.eye(12)[answers]
    evaluation = make_evaluation(windows)
    return windows, replace(evaluation, probabilities=probabilities / 2)


def test_every_window_that_was_named_wrong_is_listed_under_its_pair():
    listed = rows_of(windows_view(INDEX, EVALUATION))
    assert sorted(row["index"] for _, row in listed) == np.flatnonzero(IS_WRONG).tolist()
    for group, row in listed:
        index = row["index"]
        assert group["truth"] == WINDOWS.activities[WINDOWS.labels[index]]
        assert group["answer"] == WINDOWS.activities[EVALUATION.predicted[index]]
        assert row["subject"] == WINDOWS.subjects[index]
        assert row["p_answer"] == EVALUATION.probabilities[index].max()
        assert row["p_truth"] == EVALUATION.probabilities[index, WINDOWS.labels[index]]


def test_the_most_frequent_pair_and_the_surest_window_come_first():
    groups = windows_view(INDEX, EVALUATION)["groups"]
    sizes = [group["n_windows"] for group in groups]
    assert sizes == sorted(sizes, reverse=True)
    for group in groups:
        sureness = [row["p_answer"] for row in group["rows"]]
        assert sureness == sorted(sureness, reverse=True)


def test_every_confused_pair_has_a_link_and_the_others_have_none():
    view = windows_view(INDEX, EVALUATION)
    counts = EVALUATION.confusion_matrix - np.diag(EVALUATION.confusion_matrix.diagonal())
    assert sorted(view["links"]) == [tuple(pair) for pair in np.argwhere(counts)]
    assert sorted(view["links"].values()) == sorted(group["id"] for group in view["groups"])


def test_signals_are_those_of_the_window():
    # Rows in another order than the windows: the index tells which is which.
    order = np.random.default_rng(0).permutation(len(WINDOWS))
    shuffled = make_evaluation(WINDOWS.where(order))
    signals = WINDOWS.signals.copy()
    signals[:, 0, 6] = 10 + INDEX
    view = windows_view(order, shuffled, replace(WINDOWS, signals=signals))
    assert view["n_drawn"] == view["n_wrong"]
    for _, row in rows_of(view):
        assert f"to {10 + row['index']} g<" in row["drawings"][0]


def test_without_signals_nothing_is_drawn():
    view = windows_view(INDEX, EVALUATION)
    assert view["n_drawn"] == 0
    assert all(row["drawings"] == [] for _, row in rows_of(view))


def test_all_right_is_no_section(tmp_path):
    evaluation = make_evaluation(WINDOWS, n_wrong=0)
    assert windows_view(INDEX, evaluation, WINDOWS) is None
    html = write_report(make_run(tmp_path / "run", WINDOWS, evaluation), WINDOWS).read_text()
    page = Page(html)
    assert "windows" not in [section["id"] for section in page.all("section")]
    assert not [link for link in page.all("a") if link["href"].startswith("#windows")]


def test_of_very_many_each_pair_shows_its_surest():
    windows, evaluation = bad_model(6000, 0.8)
    view = windows_view(np.arange(6000), evaluation, windows)
    assert len(rows_of(view)) == view["n_listed"] == 2000 < view["n_wrong"]
    drawn = [row for _, row in rows_of(view) if row["drawings"]]
    assert len(drawn) == view["n_drawn"] == 200
    for group in view["groups"]:
        assert group["rows"][0]["drawings"] and not group["rows"][-1]["drawings"]
    n_rows = [len(group["rows"]) for group in view["groups"]]
    assert max(n_rows) - min(n_rows) <= 1


def test_choices_are_what_is_listed():
    choices = windows_view(INDEX, EVALUATION)["choices"]
    assert choices["subject"] == sorted(set(WINDOWS.subjects[IS_WRONG].tolist()))
    names = np.array(WINDOWS.activities)
    assert set(choices["truth"]) == set(names[WINDOWS.labels[IS_WRONG]])
    assert set(choices["answer"]) == set(names[EVALUATION.predicted[IS_WRONG]])


def test_the_page_of_a_bad_model_is_under_3_mb(tmp_path):
    windows, evaluation = bad_model()
    page = write_report(make_run(tmp_path / "run", windows, evaluation), windows)
    assert page.stat().st_size < 3_000_000
    n_wrong = int((evaluation.predicted != windows.labels).sum())
    text = Page(page.read_text()).text["windows"]
    assert f"All {n_wrong:,} that were named wrong" in text
    assert "the 200 surest, some of each kind, are drawn" in text


def test_what_is_not_listed_is_told_as_a_count(tmp_path, monkeypatch):
    monkeypatch.setattr("har.windows_section._N_LISTED", 3)
    run = make_run(tmp_path / "run", WINDOWS, EVALUATION)
    text = Page(write_report(run).read_text()).text["windows"]
    assert "The 3 surest, some of each kind, are listed; all are in predictions.csv" in text
    assert "Their signals were not at hand" in text
    n_more = [int(n) for n in re.findall(r"And (\d+) more in predictions.csv", text)]
    assert sum(n_more) == IS_WRONG.sum() - 3


def test_the_page_links_cells_to_groups_whatever_the_activities_are_called(tmp_path):
    names = ("Nordic walking", "a b/c#d", 'x"y', "Ünter", "<b>", "1")
    windows = make_windows(activities=names)
    html = write_report(make_run(tmp_path / "run", windows), windows).read_text()
    page = Page(html)
    assert page.open == []
    ids = {summary["id"] for summary in page.all("summary")}
    links = {link["href"][1:] for link in page.all("a")}
    assert ids == {link for link in links if link.startswith("windows-")} != set()
    assert not any(set(own) & set(' "<>') for own in ids)
    offered = {option["value"] for option in page.all("option")}
    assert {group["data-truth"] for group in page.all("details")} <= offered
