from __future__ import annotations

import numpy as np
from drawn_figures import render, texts
from numpy.testing import assert_allclose, assert_array_equal

from har.report.sections.confusion import confusion_figure, row_shades, row_shares
from har.signals.activities import HAPT_ACTIVITIES


def test_shares_of_rows_are_shares_of_what_people_did():
    counts = np.array([[3, 1], [0, 0]])
    assert_array_equal(row_shares(counts), [[0.75, 0.25], [0, 0]])
    assert_allclose(row_shades(counts), [[0.75, 0.25 ** (1 / 3)], [0, 0]])


def test_a_confusion_matrix_shows_counts_and_percent(tmp_path):
    counts = np.array([[9, 1, 0], [0, 0, 0], [5, 5, 90]])
    figure = confusion_figure(counts, ["REST", "WALK", "WALKING_UPSTAIRS"])
    axes = figure.axes[0]
    shown = texts(axes)
    for text in (
        "9",
        "90.0\N{NO-BREAK SPACE}%",
        "10.0\N{NO-BREAK SPACE}%",
        "5.0\N{NO-BREAK SPACE}%",
    ):
        assert text in shown
    assert shown.count("0") == 4
    assert [label.get_text() for label in axes.get_xticklabels()] == ["Rest", "Walk", "Upstairs"]
    render(figure, tmp_path)


def test_a_confusion_matrix_of_twelve_activities_can_be_drawn(tmp_path):
    render(confusion_figure(np.eye(12, dtype=int), HAPT_ACTIVITIES), tmp_path)
