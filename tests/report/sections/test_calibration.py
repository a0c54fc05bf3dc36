from __future__ import annotations

import numpy as np
import pytest
from drawn_figures import lines, render, tips_of
from numpy.testing import assert_allclose

from har.evaluation.calibration import reliability_table, risk_coverage_table, threshold_for
from har.report.sections.calibration import reliability_figure, risk_coverage_figure

LABELS = np.array([0, 0, 0, 1, 2])
PROBABILITIES = np.array(
    [[0.9, 0.1, 0], [0.92, 0.08, 0], [0.5, 0.3, 0.2], [0.6, 0.4, 0], [0.1, 0.1, 0.8]]
)


def test_bars_are_what_was_right_and_lines_what_was_thought(tmp_path):
    table = reliability_table(LABELS, PROBABILITIES)
    figure = reliability_figure(table)
    right, often = figure.axes
    (bars,), (frequencies,) = right.containers, often.containers
    assert_allclose([bar.get_height() for bar in bars], table["accuracy"].fillna(0))
    assert_allclose([bar.get_x() for bar in bars], table["low"])
    (marks,) = right.collections
    heights = [segment[0][1] for segment in marks.get_segments()]
    assert_allclose(heights, table["confidence"].dropna())
    assert_allclose([bar.get_height() for bar in frequencies], table["n_windows"] / 5)
    render(figure, tmp_path)


def test_what_is_pointed_at_tells_its_values():
    nbsp = "\N{NO-BREAK SPACE}"
    tips = tips_of(reliability_figure(reliability_table(LABELS, PROBABILITIES)))
    # Both panels, 15 bins each.
    assert len(tips) == 30 and tips[:15] == tips[15:]
    assert (
        f"Confidence 87{nbsp}% to 93{nbsp}%: 100.0{nbsp}% right, 91.0{nbsp}% sure, 2 windows"
        in tips
    )
    assert f"Confidence 0{nbsp}% to 7{nbsp}%: no windows" in tips
    tips = tips_of(risk_coverage_figure(risk_coverage_table(LABELS, PROBABILITIES), None))
    assert tips[-1] == (
        f"100.0{nbsp}% answered, with a confidence of at least 0.5: 20.0{nbsp}% wrong"
    )
    assert len(tips) == 5


def test_many_windows_do_not_make_many_tips():
    random = np.random.default_rng(0)
    table = risk_coverage_table(
        random.integers(3, size=2000), random.dirichlet(np.ones(3), size=2000)
    )
    assert len(tips_of(risk_coverage_figure(table, None))) == 50


def test_the_curve_ends_where_all_is_answered_and_a_ring_marks_the_threshold(tmp_path):
    table = risk_coverage_table(LABELS, PROBABILITIES)
    figure = risk_coverage_figure(table, threshold_for(LABELS, PROBABILITIES))
    drawn = lines(figure.axes[0])
    assert_allclose(drawn["wrong answers"].get_xydata()[-1], [1, 0.2])
    assert_allclose(drawn["60.0\N{NO-BREAK SPACE}% answered"].get_xydata(), [[0.6, 0]])
    render(figure, tmp_path)


@pytest.mark.parametrize("label", [0, 1])
def test_certainty_about_every_window_is_a_single_point(label, tmp_path):
    labels, certain = np.full(4, label), np.tile([1.0, 0.0], (4, 1))
    figure = risk_coverage_figure(
        risk_coverage_table(labels, certain), threshold_for(labels, certain)
    )
    curve = lines(figure.axes[0])["wrong answers"]
    assert (curve.get_xydata().tolist(), curve.get_marker()) == ([[1, label]], "o")
    render(figure, tmp_path)
    render(reliability_figure(reliability_table(labels, certain)), tmp_path)
