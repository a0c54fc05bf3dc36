from __future__ import annotations

import pandas as pd
from drawn_figures import lines, render, tips_of
from numpy.testing import assert_allclose

from har.robustness_figures import robustness_figure

CURVE = pd.DataFrame({"level": [50.0, 25.0, 5.0], "accuracy": [0.9, 0.85, 0.3]})


def test_curves_go_from_low_to_high_over_the_line_of_the_undisturbed(tmp_path):
    figure = robustness_figure("Fewer samples", "samples a second", {"resampled": CURVE}, 0.9)
    axes = figure.axes[0]
    drawn = lines(axes)
    assert_allclose(drawn["resampled"].get_xydata(), [[5, 0.3], [25, 0.85], [50, 0.9]])
    assert_allclose(drawn["undisturbed"].get_ydata(), 0.9)
    assert [tick.get_text() for tick in axes.get_xticklabels()] == ["5", "25", "50"]
    assert axes.get_ylim() == (0, 1.02)
    render(figure, tmp_path)


def test_four_curves_have_four_colours_and_a_legend_that_fits(tmp_path):
    curves = {name: CURVE.assign(level=[0.0, -10.0, 180.0]) for name in ("x", "y", "z", "any axis")}
    figure = robustness_figure("Phone turned", "degrees", curves, 0.9)
    axes = figure.axes[0]
    assert len({lines(axes)[name].get_color() for name in curves}) == 4
    assert [tick.get_text() for tick in axes.get_xticklabels()] == ["−10", "0", "180"]
    render(figure, tmp_path)
    assert axes.get_legend().get_window_extent().x1 <= figure.bbox.x1


def test_a_logarithmic_axis_starts_at_zero(tmp_path):
    noise = CURVE.assign(level=[0.0, 0.01, 0.1])
    figure = robustness_figure("Noise", "g", {"noise": noise}, 0.9, is_logarithmic=True)
    axes = figure.axes[0]
    places = axes.transData.transform([[x, 0.5] for x in (0, 0.01, 0.1, 1)])[:, 0]
    assert places[0] < places[1]
    assert_allclose(places[2] - places[1], places[3] - places[2])
    assert [tick.get_text() for tick in axes.get_xticklabels()] == ["0", "0.01", "0.1"]
    render(figure, tmp_path)


def test_each_level_tells_every_curve():
    curves = {name: CURVE.assign(level=[0.0, -10.0, 180.0]) for name in ("x", "any axis")}
    tips = tips_of(robustness_figure("Phone turned", "degrees", curves, 0.9))
    assert tips[0].replace("\N{NO-BREAK SPACE}", " ") == "−10 degrees: x 85.0 %, any axis 85.0 %"
    assert len(tips) == 3
