from __future__ import annotations

import io
from itertools import pairwise

import numpy as np
import pytest
from drawn_figures import tips_of

from har.report.pages.cost_figure import cost_figure


def drawn(runs):
    """Draw, and give the axes, the points and the letters' heights in pixels."""
    figure = cost_figure(runs, "Accuracy by size", "parameters")
    figure.savefig(io.BytesIO(), format="png")
    (axes,) = figure.axes
    heights = [letter.get_window_extent().y0 for letter in axes.texts]
    return (
        axes,
        np.concatenate([line.get_xydata() for line in axes.lines]),
        dict(zip(runs, heights, strict=True)),
    )


def test_each_run_is_a_point_with_its_letter():
    runs = {"A": (0.9, 52_000.0), "B": (0.95, 30_000.0)}
    axes, points, heights = drawn(runs)
    assert np.allclose(points, [(52_000, 0.9), (30_000, 0.95)])
    assert [letter.get_text() for letter in axes.texts] == ["A", "B"]
    assert heights["B"] > heights["A"]
    assert axes.get_xlabel() == "parameters"


def test_each_point_tells_its_run():
    figure = cost_figure({"A": (0.9, 52_000.0), "B": (0.95, 3e4)}, "Accuracy by size", "parameters")
    assert [tip.replace("\N{NO-BREAK SPACE}", " ") for tip in tips_of(figure)] == [
        "A: 90.00 % for 52,000 parameters",
        "B: 95.00 % for 30,000 parameters",
    ]


def test_small_differences_of_accuracy_do_not_fill_the_figure():
    axes, _, _ = drawn({"A": (0.95, 1.0), "B": (0.9501, 1.0)})
    low, high = axes.get_ylim()
    assert high - low == pytest.approx(0.013)


def test_letters_of_points_at_one_place_are_drawn_apart():
    _, _, heights = drawn(dict.fromkeys("ABCD", (0.9, 5.0)))
    gaps = [above - below for below, above in pairwise(sorted(heights.values()))]
    assert min(gaps) > 10


def test_a_letter_stays_beside_its_point_if_no_other_is_near():
    runs = {"A": (0.90, 1.0), "B": (0.901, 2.0), "C": (0.902, 3.0), "D": (0.96, 2.0)}
    axes, points, heights = drawn(runs)
    of_points = dict(zip(runs, axes.transData.transform(points)[:, 1], strict=True))
    shifts = [heights[run] - of_points[run] for run in runs]
    assert np.ptp(shifts) < 1


@pytest.mark.parametrize(("largest", "scale"), [(7_000, "linear"), (80_000, "log")])
def test_costs_of_many_sizes_have_a_logarithmic_axis(largest, scale):
    axes, points, _ = drawn({"A": (0.9, 1_000.0), "B": (0.8, float(largest))})
    low, high = axes.get_xlim()
    assert axes.get_xscale() == scale
    assert ((points[:, 0] > low) & (points[:, 0] < high)).all()
    shown = [place for place in axes.get_xticks() if low <= place <= high]
    assert len(shown) >= 3
