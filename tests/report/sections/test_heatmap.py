from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from drawn_figures import on_page
from matplotlib.image import imread
from numpy.testing import assert_allclose
from read_page import Page
from scored_run import make_evaluation, make_run, make_windows

from har.evaluation.metrics import Evaluation
from har.report.pages.run import write_report
from har.report.scored_run import ScoredRun
from har.report.sections.heatmap import (
    HeatmapCell,
    heatmap_figure,
    heatmap_section,
    whole_percent,
    wrong_shades,
)
from har.runs.results import Results
from har.signals.activities import HAPT_ACTIVITIES


def section_of(folder, windows, evaluation=None):
    return heatmap_section(ScoredRun(Results.read(make_run(folder / "run", windows, evaluation))))


def test_rows_are_subjects_with_the_hardest_first(tmp_path):
    # Subject 7: 3 of 4 walks right, no running. Subject 3: all wrong, then all right.
    windows = replace(
        make_windows(7, ("WALK", "RUN")),
        labels=np.array([0, 0, 0, 0, 0, 1, 1]),
        subjects=np.array([7, 7, 7, 7, 3, 3, 3]),
    )
    probabilities = np.eye(2)[[0, 0, 0, 1, 1, 1, 1]]
    evaluation = Evaluation(windows.labels, probabilities, windows.subjects, windows.activities)
    rows = section_of(tmp_path, windows, evaluation).view["rows"]
    assert [row.subject for row in rows] == [3, 7]
    first, second = (row.cells for row in rows)
    assert first[0] == HeatmapCell(0, 1, "0\N{NO-BREAK SPACE}%", 1)
    assert first[1].percent == "100\N{NO-BREAK SPACE}%" and first[1].shade == 0
    assert second[0] == HeatmapCell(3, 4, "75\N{NO-BREAK SPACE}%", 0.5)
    assert second[1].n_windows == 0 and second[1].percent == ""


def test_counts_are_those_of_a_pivot_table(tmp_path):
    windows = make_windows()
    evaluation = make_evaluation(windows)
    is_right = pd.Series(evaluation.predicted == evaluation.labels)
    counts = is_right.groupby([windows.subjects, windows.labels]).agg(["sum", "count"])
    for row in section_of(tmp_path, windows, evaluation).view["rows"]:
        for label, cell in enumerate(row.cells):
            found = [cell.n_right, cell.n_windows]
            key = (row.subject, label)
            assert found == (counts.loc[key].tolist() if key in counts.index else [0, 0])


@pytest.mark.parametrize(
    ("n_right", "n_windows", "percent"),
    [(0, 3, 0), (3, 3, 100), (1, 2, 50), (2, 3, 67), (999, 1000, 99), (1, 1000, 1)],
)
def test_only_all_are_everything_and_only_none_are_nothing(n_right, n_windows, percent):
    assert whole_percent(n_right, n_windows) == f"{percent}\N{NO-BREAK SPACE}%"


def test_shades_grow_with_what_is_wrong():
    shades = wrong_shades(np.array([[4, 3, 0, 0]]), np.array([[4, 4, 4, 0]]))
    assert_allclose(shades, [[0, 0.5, 1, 0]])


def test_the_figure_tells_no_windows_from_none_right():
    counts = np.array([[0, 3], [0, 4]])
    figure = heatmap_figure(counts, np.array([[2, 4], [0, 4]]), [3, 7], ("WALK", "RUN"))
    axes = figure.axes[0]
    texts = [text.get_text().replace("\N{NO-BREAK SPACE}", " ") for text in axes.texts]
    assert texts == ["0 %\n0/2", "75 %\n3/4", "–", "100 %\n4/4"]
    low, high = axes.get_ylim()
    assert low > high
    on_page(figure, "A figure", "a")


@pytest.mark.figure_files
def test_the_page_has_the_table_and_the_folder_the_figure(tmp_path):
    windows = make_windows(300, HAPT_ACTIVITIES, subjects=range(1, 31))
    run = make_run(tmp_path / "run", windows)
    text = Page(write_report(run).read_text()).text["heatmap"]
    rows = heatmap_section(ScoredRun(Results.read(run))).view["rows"]
    cells = [cell for row in rows for cell in row.cells]
    assert len(rows) == 30 and len(cells) == 360
    n_empty = sum(not cell.n_windows for cell in cells)
    assert text.count("no windows") == n_empty > 0
    for row in rows:
        assert f" {row.subject} " in text
    for cell in cells:
        assert not cell.n_windows or f"{cell.n_right}/{cell.n_windows}" in text
    assert imread(run.figures / "subjects_and_activities.png").shape[1] > 800


def test_one_subject_has_one_row(tmp_path):
    section = section_of(tmp_path, make_windows(subjects=(5,)))
    assert [row.subject for row in section.view["rows"]] == [5]
    assert len(section.pictures) == 1
