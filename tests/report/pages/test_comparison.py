from __future__ import annotations

import json
import re
from dataclasses import replace

import pytest
from builders import refused
from compared_runs import change_json, make_runs, side_of
from read_page import plain, text_of
from scored_run import make_evaluation, make_windows

from har.comparison.contenders import Contender, line_up, read_runs
from har.comparison.summary import compare_contenders
from har.errors import RunError
from har.recipes import SETTINGS
from har.report.pages.comparison import markdown_of, p_value, write_comparison
from har.report.wording import activity_label, people, percent, points, sureness


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    folder = tmp_path_factory.mktemp("compared")
    comparison = compare_contenders(side_of(make_runs(folder, windows=make_windows(400))))
    return write_comparison(comparison, folder / "deep" / "out"), comparison


def page_of(paths, folder):
    return text_of(write_comparison(compare_contenders(side_of(paths)), folder))


def test_the_page_tells_every_run_pair_subject_and_disagreement(written):
    page, comparison = written
    text = text_of(page)
    for row in comparison.runs:
        assert row.folder in text
        assert plain(percent(row.accuracy, 2)) in text
        assert plain(percent(row.macro_f1, 2)) in text
    (pair,) = comparison.pairs
    for figure in (pair.accuracy, pair.macro_f1):
        low, high = map(points, figure.interval)
        assert f"{points(figure.difference)} {low} to {high}" in text
    n_right = pair.n_right
    counts = (n_right.both, n_right.only_other, n_right.only_reference, n_right.neither)
    assert f"B and A {' '.join(map(str, counts))}" in text
    for row in comparison.per_subject:
        a, b = row.accuracy.values()
        shown = f"{plain(percent(a))} {plain(percent(b))} {points(b - a, 1)} {row.n_windows}"
        assert f"{row.subject} {shown}" in text
    for row in comparison.disagreements.surest:
        assert f"{row.index} {row.subject} {activity_label(row.true)}" in text
    assert f"{comparison.disagreements.n_windows} of 400 windows" in text


def test_the_page_needs_no_other_file(written):
    html = written[0].read_text(encoding="utf-8")
    assert not re.search(r'(?:src|href)="(?!#|data:)', html)
    assert html.count("<script") == 1
    assert html.count("<svg") == 2


def test_all_figures_are_kept_as_json(written):
    page, comparison = written
    text = (page.parent / "comparison.json").read_text()
    assert text == json.dumps(comparison.to_dict(), indent=2) + "\n"


def test_the_markdown_has_a_row_for_each_run_and_pair(written):
    page, comparison = written
    text = (page.parent / "comparison.md").read_text()
    assert text == markdown_of(comparison)
    heading, *lines = plain(text).splitlines()
    assert heading == "## 2 runs on the same 400 windows of 9 people"
    tables = [line.strip("| ").split(" | ") for line in lines if line.startswith("|")]
    assert [len(cells) for cells in tables] == [7, 8, 8, 8, 5, 6, 6, 3, 3, 3]
    row, pair = comparison.runs[1], comparison.pairs[0]
    shown = [plain(percent(figure, 2)) for figure in (row.accuracy, row.macro_f1)]
    assert tables[3] == ["B", "uci_har", f"`{row.folder}`", "1", *shown, "53,254", "2 min 3 s"]
    low, high = map(points, pair.accuracy.interval)
    assert tables[6][:2] == ["B − A", f"{points(pair.accuracy.difference)} [{low}, {high}]"]
    assert tables[6][3] == str(pair.n_right.only_other)
    assert tables[7:] == [["setting", "A", "B"], ["---"] * 3, ["`seed`", "0", "1"]]
    assert f"All other settings, of {len(SETTINGS)}, are the same." in text


def test_the_page_tells_the_settings_in_which_runs_differ(written, tmp_path):
    text = text_of(written[0])
    assert f"of all {len(SETTINGS)}: seed, device and the place of the data count, too." in text
    assert "Setting A B seed 0 1 " in text
    (path,) = make_runs(tmp_path, ["one"])
    assert "None differ: the runs have the same" in page_of([path, path], tmp_path / "out")
    markdown = (tmp_path / "out" / "comparison.md").read_text()
    assert f"Settings: none differ, of {len(SETTINGS)}." in markdown


def test_figures_are_kept_as_png_and_svg_and_old_ones_go(written, tmp_path):
    page, comparison = written
    names = ["accuracy_by_size", "accuracy_by_training_time"]
    kinds = [f"{name}.{kind}" for name in names for kind in ("png", "svg")]
    assert sorted(file.name for file in (page.parent / "figures").iterdir()) == kinds
    (tmp_path / "figures").mkdir()
    (tmp_path / "figures" / "mine.png").write_text("kept")
    untimed = tuple(replace(row, duration_s=None) for row in comparison.runs)
    for runs in (comparison.runs, untimed):
        write_comparison(replace(comparison, runs=runs), tmp_path)
    left = sorted(file.name for file in (tmp_path / "figures").iterdir())
    assert left == [*kinds[:2], "mine.png"]


def test_a_baseline_stands_beside_a_run_with_what_is_known_of_it(tmp_path):
    (path,) = make_runs(tmp_path, ["one"])
    answers = make_evaluation(make_windows(), seed=7)
    baseline = Contender("linear_svm", None, 0, {}, None, 7.0, answers)
    comparison = compare_contenders(line_up(read_runs([path], 1), [baseline]))
    page = write_comparison(comparison, tmp_path / "out")
    text = text_of(page)
    assert "1 run and 1 baseline side by side" in text
    assert "B linear_svm baseline 0" in text and "– unknown 7 s" in text
    assert "Baselines are classifiers without a network" in text
    assert 'id="settings"' not in page.read_text()
    lines = plain(markdown_of(comparison)).splitlines()
    assert lines[0] == "## 1 run and 1 baseline on the same 180 windows of 9 people"
    assert lines[5].startswith("| B | linear_svm | baseline | 0 | ") and lines[5].endswith(
        " | – | 7 s |"
    )
    assert [pair.other for pair in comparison.pairs] == ["B"]


def test_a_bar_in_a_name_does_not_break_the_markdown(tmp_path):
    text = markdown_of(compare_contenders(side_of(make_runs(tmp_path, ["a|b", "c"]))))
    assert r"a\|b" in text


def test_runs_that_never_disagree_are_said_to(tmp_path):
    (path,) = make_runs(tmp_path, ["one"])
    text = page_of([path, path], tmp_path / "out")
    assert "A and B were right most often" in text
    assert "Every window was named alike by all." in text
    assert "+0.00 +0.00 to +0.00" in text
    assert "None: every window was named alike by all." in text


def test_one_person_gets_no_interval_and_is_told_why(tmp_path):
    paths = make_runs(tmp_path, windows=make_windows(60, subjects=(3,)))
    text = page_of(paths, tmp_path / "out")
    assert "60 windows of one person" in text
    assert "One person tells nothing of other people, so there is no interval." in text
    assert "to +" not in text


def test_what_is_unknown_is_said(tmp_path):
    paths = make_runs(tmp_path)
    for path in paths:
        change_json(path / "manifest.json", lambda told: told.pop("duration_s"))
    page = write_comparison(compare_contenders(side_of(paths)), tmp_path / "out")
    assert page.read_text().count("<svg") == 1
    assert "53,254 unknown" in text_of(page)


def test_names_of_activities_and_folders_cannot_change_the_page(tmp_path):
    windows = make_windows(activities=("<b>SIT</b>", "A & B", "C"))
    paths = make_runs(tmp_path, ["<i>x", "y"], windows)
    html = write_comparison(compare_contenders(side_of(paths)), tmp_path / "out").read_text()
    assert "<i>x" not in html and "<b>SIT" not in html
    assert "&lt;i&gt;x" in html and "&lt;b&gt;SIT" in html


def test_a_folder_that_cannot_be_written_is_one_line(tmp_path, written):
    (tmp_path / "file").write_text("")
    with refused(RunError, f"{tmp_path / 'file'}: found File exists", "a folder to write to"):
        write_comparison(written[1], tmp_path / "file")


def test_other_files_in_the_folder_stay(tmp_path, written):
    (tmp_path / "mine.txt").write_text("kept")
    for _ in range(2):
        write_comparison(written[1], tmp_path)
    assert {file.name for file in tmp_path.iterdir()} == {
        *("comparison.html", "comparison.json", "comparison.md", "figures", "mine.txt")
    }


def test_small_numbers_are_written_with_care():
    assert [p_value(p) for p in (0.0, 0.00099, 0.0364, 1.0)] == [
        *("< 0.001", "< 0.001", "0.036", "1.000")
    ]
    assert [points(d) for d in (0.011, -0.0032, -1e-9, 0.0)] == ["+1.10", "−0.32", "+0.00", "+0.00"]
    assert plain(sureness(0.9999)) == "> 99.9 %"
    assert plain(sureness(0.9994)) == "99.9 %"
    assert [people(1), people(9)] == ["one person", "9 people"]
