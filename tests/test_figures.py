from __future__ import annotations

import numpy as np
import pytest
from drawn_figures import lines, render
from matplotlib import rcParams
from matplotlib.colors import to_hex
from numpy.testing import assert_allclose, assert_array_equal

from har.figures import (
    Curve,
    class_bars,
    confusion_figure,
    learning_curves,
    row_shades,
    row_shares,
    subject_bars,
)
from har.signals.activities import HAPT_ACTIVITIES, UCI_ACTIVITIES
from har.style import ACTIVITY_COLOURS

EPOCHS = list(range(1, 11))
LOSS = Curve("Loss", [1 / epoch for epoch in EPOCHS], [1.2 / epoch for epoch in EPOCHS])
ACCURACY = Curve("Accuracy", [0.5 + epoch / 25 for epoch in EPOCHS], None, is_share=True)


def texts(axes):
    return [text.get_text() for text in axes.texts]


def test_learning_curves_show_training_and_validation(tmp_path):
    figure = learning_curves(EPOCHS, [LOSS, ACCURACY], kept_epoch=7)
    loss, accuracy = figure.axes
    assert_allclose(lines(loss)["training"].get_ydata(), LOSS.training)
    assert_allclose(lines(loss)["validation"].get_ydata(), LOSS.validation)
    assert "validation" not in lines(accuracy)
    assert [text.strip() for text in texts(loss) + texts(accuracy)] == ["kept: epoch 7"] * 2
    rings = [line for line in loss.lines if line.get_marker() == "o"]
    assert [ring.get_xydata().tolist() for ring in rings] == [[[7, LOSS.validation[6]]]]
    render(figure, tmp_path)


def test_an_epoch_that_is_not_there_is_not_marked():
    figure = learning_curves(EPOCHS, [LOSS], kept_epoch=None)
    assert texts(figure.axes[0]) == []
    assert texts(learning_curves(EPOCHS, [LOSS], kept_epoch=99).axes[0]) == []


def test_a_single_epoch_is_a_point_on_whole_numbers(tmp_path):
    figure = learning_curves([1], [Curve("Loss", [1.2], [1.3])], kept_epoch=1)
    axes = figure.axes[0]
    render(figure, tmp_path)
    assert lines(axes)["training"].get_marker() == "o"
    low, high = axes.get_xlim()
    assert [tick for tick in axes.get_xticks() if low <= tick <= high] == [1]


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


def test_drawing_leaves_matplotlib_as_it_was():
    before = dict(rcParams)
    learning_curves(EPOCHS, [LOSS])
    assert dict(rcParams) == before
