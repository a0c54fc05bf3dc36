from __future__ import annotations

import numpy as np
import pytest
from drawn_figures import render
from matplotlib.colors import to_hex
from numpy.testing import assert_allclose

from har.report.sections.scores import class_bars, subject_bars
from har.report.style import ACTIVITY_COLOURS
from har.signals.activities import UCI_ACTIVITIES


def test_bars_of_activities_have_their_colours_and_start_at_zero(tmp_path):
    scores = {"Precision": np.linspace(0, 1, 6), "Recall": np.full(6, 0.5)}
    figure = class_bars(scores, UCI_ACTIVITIES)
    for axes, (name, values) in zip(figure.axes, scores.items(), strict=True):
        assert axes.get_title("left") == name
        assert axes.get_xlim() == (0, 1)
        assert_allclose([bar.get_width() for bar in axes.patches], values)
        colours = [to_hex(bar.get_facecolor()) for bar in axes.patches]
        assert colours == [ACTIVITY_COLOURS[activity] for activity in UCI_ACTIVITIES]
    render(figure, tmp_path)


@pytest.mark.parametrize("n_subjects", [1, 9])
def test_bars_of_subjects_go_from_top_to_bottom(n_subjects, tmp_path):
    figure = subject_bars(range(n_subjects), np.linspace(0.8, 1, n_subjects), overall=0.9)
    axes = figure.axes[0]
    low, high = axes.get_ylim()
    assert low > high
    assert [label.get_text() for label in axes.get_yticklabels()][0] == "Subject 0"
    assert "90.0" in axes.get_xlabel()
    render(figure, tmp_path)
