from __future__ import annotations

import re
from dataclasses import replace
from xml.etree import ElementTree

import numpy as np
import pytest
from numpy.testing import assert_allclose
from read_page import Page
from scored_run import make_evaluation, make_run, make_windows

from har.report.pages.run import write_report
from har.report.scored_run import ScoredRun
from har.report.sections.confusion import confusion_section
from har.report.sections.single_windows.wrong_windows import sparklines, wrong_windows_section
from har.signals.activities import HAPT_ACTIVITIES
from har.signals.channels import RAW_CHANNELS, UCI_CHANNELS

WINDOWS = make_windows()
EVALUATION = make_evaluation(WINDOWS)
INDEX = np.arange(len(WINDOWS))
IS_WRONG = EVALUATION.predicted != EVALUATION.labels


@pytest.fixture(scope="module")
def scored(tmp_path_factory):
    """A scored run whose windows are not at hand."""
    return ScoredRun.read(make_run(tmp_path_factory.mktemp("scored") / "run", WINDOWS))


def view_of(run):
    return wrong_windows_section(run).view


def rows_of(view):
    return [(group, row) for group in view["groups"] for row in group.rows]


def bad_model(n_windows=2947, share_wrong=0.4):
    """Windows of twelve activities, so many of them named wrong in every possible way."""
    windows = make_windows(n_windows, HAPT_ACTIVITIES)
    random = np.random.default_rng(0)
    is_wrong = random.random(n_windows) < share_wrong
    answers = (windows.labels + is_wrong * random.integers(1, 12, size=n_windows)) % 12
    probabilities = random.dirichlet(np.ones(12), size=n_windows) + np.eye(12)[answers]
    evaluation = make_evaluation(windows)
    return windows, replace(evaluation, probabilities=probabilities / 2)


def test_every_window_that_was_named_wrong_is_listed_under_its_pair(scored):
    listed = rows_of(view_of(scored))
    assert sorted(row.index for _, row in listed) == np.flatnonzero(IS_WRONG).tolist()
    for group, row in listed:
        index = row.index
        assert group.truth == WINDOWS.activities[WINDOWS.labels[index]]
        assert group.answer == WINDOWS.activities[EVALUATION.predicted[index]]
        assert row.subject == WINDOWS.subjects[index]
        assert row.p_answer == pytest.approx(EVALUATION.probabilities[index].max())
        assert row.p_truth == pytest.approx(EVALUATION.probabilities[index, WINDOWS.labels[index]])


def test_the_most_frequent_pair_and_the_surest_window_come_first(scored):
    groups = view_of(scored)["groups"]
    sizes = [group.n_windows for group in groups]
    assert sizes == sorted(sizes, reverse=True)
    for group in groups:
        sureness = [row.p_answer for row in group.rows]
        assert sureness == sorted(sureness, reverse=True)


def test_every_confused_pair_has_a_link_and_the_others_have_none(scored):
    rows = confusion_section(scored).view["rows"]
    links = {
        (true, predicted): cell.link
        for true, row in enumerate(rows)
        for predicted, cell in enumerate(row.cells)
        if cell.link
    }
    counts = EVALUATION.confusion_matrix - np.diag(EVALUATION.confusion_matrix.diagonal())
    assert sorted(links) == [tuple(pair) for pair in np.argwhere(counts)]
    assert sorted(links.values()) == sorted(group.id for group in view_of(scored)["groups"])


def test_signals_are_those_of_the_window(tmp_path):
    # Rows in another order than the windows: the index tells which is which.
    order = np.random.default_rng(0).permutation(len(WINDOWS))
    run = make_run(tmp_path / "run", WINDOWS)
    run.write_predictions(run.read_predictions().iloc[order])
    signals = WINDOWS.signals.copy()
    signals[:, 0, 6] = 10 + INDEX
    view = view_of(ScoredRun.read(run, replace(WINDOWS, signals=signals)))
    assert view["n_drawn"] == view["n_wrong"]
    for _, row in rows_of(view):
        assert f"to {10 + row.index} g<" in row.drawings[0]


def test_without_signals_nothing_is_drawn(scored):
    view = view_of(scored)
    assert view["n_drawn"] == 0
    assert all(row.drawings == [] for _, row in rows_of(view))


def test_all_right_is_no_section(tmp_path):
    evaluation = make_evaluation(WINDOWS, n_wrong=0)
    run = make_run(tmp_path / "run", WINDOWS, evaluation)
    assert wrong_windows_section(ScoredRun.read(run, WINDOWS)) is None
    html = write_report(run, WINDOWS).read_text()
    page = Page(html)
    assert "windows" not in [section["id"] for section in page.all("section")]
    assert not [link for link in page.all("a") if link["href"].startswith("#windows")]


def test_of_very_many_each_pair_shows_its_surest(tmp_path):
    windows, evaluation = bad_model(6000, 0.8)
    view = view_of(ScoredRun.read(make_run(tmp_path / "run", windows, evaluation), windows))
    assert len(rows_of(view)) == view["n_listed"] == 2000 < view["n_wrong"]
    drawn = [row for _, row in rows_of(view) if row.drawings]
    assert len(drawn) == view["n_drawn"] == 200
    for group in view["groups"]:
        assert group.rows[0].drawings and not group.rows[-1].drawings
    n_rows = [len(group.rows) for group in view["groups"]]
    assert max(n_rows) - min(n_rows) <= 1


def test_choices_are_what_is_listed(scored):
    choices = view_of(scored)["choices"]
    assert list(choices["subject"]) == sorted(set(WINDOWS.subjects[IS_WRONG].tolist()))
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
    monkeypatch.setattr("har.report.sections.single_windows.wrong_windows._N_LISTED", 3)
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


def signals_of(n_windows, channels, n_timesteps=128):
    shape = (n_windows, n_timesteps, len(channels))
    return np.random.default_rng(0).normal(size=shape).astype(np.float32)


def heights(svg):
    """The lines of a drawing, shape (n_axes, n_timesteps); up is positive."""
    paths = [path.get("d") for path in ElementTree.fromstring(svg).iter("path")]
    lines = []
    for path in paths:
        start, steps = path.removeprefix("M0 ").split("l")
        numbers = [int(number) for number in steps.replace("-", " -").split()]
        assert set(numbers[::2]) == {1}
        lines.append(-np.cumsum([int(start), *numbers[1::2]]))
    return np.array(lines)


def test_each_line_is_its_signal_on_a_grid():
    signals = signals_of(3, RAW_CHANNELS)
    for window, drawings in zip(signals, sparklines(signals, RAW_CHANNELS), strict=True):
        for columns, svg in zip((slice(0, 3), slice(3, 6)), drawings, strict=True):
            span = np.ptp(signals[:, :, columns])
            expected = window[:, columns].T / span * 60
            drawn = heights(svg)
            # One shift for all lines, and rounding.
            assert np.ptp(drawn - expected) <= 1.001


def test_the_total_acceleration_is_drawn_where_there_are_two():
    signals = signals_of(1, UCI_CHANNELS)
    signals[:, :, :3] = 0
    ((acceleration, _),) = sparklines(signals, UCI_CHANNELS)
    assert np.ptp(heights(acceleration)) == 60


def test_all_windows_have_one_scale_and_rest_looks_like_rest():
    signals = np.zeros((2, 128, 3), dtype=np.float32)
    signals[0, :, 0] = np.linspace(0, 2, 128)
    signals[1, :, 0] = np.linspace(0, 0.2, 128)
    (moving,), (resting,) = sparklines(signals, RAW_CHANNELS[:3])
    assert (np.ptp(heights(moving)), np.ptp(heights(resting))) == (60, 6)
    ((alone,),) = sparklines(signals[1:], RAW_CHANNELS[:3])
    assert np.ptp(heights(alone)) == pytest.approx(60 * 0.2 / 0.5)


def test_who_cannot_see_a_drawing_is_told_its_range():
    signals = signals_of(1, RAW_CHANNELS)
    signals[0, 0, 0], signals[0, 0, 1], signals[0, 0, 3] = -9, 5.128, 7
    ((acceleration, rate),) = sparklines(signals, RAW_CHANNELS)
    root = ElementTree.fromstring(acceleration)
    assert (root.get("role"), root.find("title").text) == ("img", "Acceleration, −9 to 5.13 g")
    assert ElementTree.fromstring(rate).find("title").text.endswith("to 7 rad/s")


@pytest.mark.parametrize("channels", [RAW_CHANNELS[:3], ("gyro_x",)])
def test_one_sensor_is_one_drawing(channels):
    (drawings,) = sparklines(signals_of(1, channels), channels)
    assert len(drawings) == 1
    assert len(heights(drawings[0])) == len(channels)


def test_a_drawing_is_small():
    signals = signals_of(50, UCI_CHANNELS)
    of_all = "".join(svg for drawings in sparklines(signals, UCI_CHANNELS) for svg in drawings)
    assert len(of_all) / 50 < 5000
    assert_allclose(signals, signals_of(50, UCI_CHANNELS))
