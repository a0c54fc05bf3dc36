from __future__ import annotations

import pandas as pd
import pytest
from drawn_figures import lines, render, texts, tips_of
from matplotlib import rcParams
from numpy.testing import assert_allclose
from scored_run import make_epochs

from har.report.sections.learning import Curve, curves_section, learning_curves, learning_figure


def metrics_of(n_epochs, is_validated=True, n_members=1):
    tables = [
        pd.DataFrame(make_epochs(n_epochs, is_validated, seed)).astype({"validation_loss": float})
        for seed in range(n_members)
    ]
    return pd.concat(tables, ignore_index=True).drop(columns="is_best").astype(float)


def drawings_of(metrics):
    curves = curves_section(metrics, ()).view["curves"]
    return [curve.drawn(name) for name, curve in curves.items()]


def lines_of(figure):
    return [[list(line.get_ydata()) for line in axes.lines] for axes in figure.axes]


def test_both_curves_are_drawn_as_they_are():
    metrics = metrics_of(5)
    loss, accuracy = lines_of(learning_figure(metrics))
    for drawn, name in ((loss, "loss"), (accuracy, "accuracy")):
        for part in ("train", "validation"):
            assert metrics[f"{part}_{name}"].tolist() in drawn


def test_without_validation_there_is_one_line_a_panel():
    assert [len(lines) for lines in lines_of(learning_figure(metrics_of(5, False)))] == [1, 1]
    for drawing in drawings_of(metrics_of(5, False)):
        assert "Training: from" in drawing and "Validation" not in drawing


def test_an_ensemble_s_curves_are_means_over_its_networks():
    metrics = metrics_of(4, n_members=3)
    means = metrics.groupby("epoch")["train_loss"].mean()
    drawn = [line for line in lines_of(learning_figure(metrics))[0] if len(line) == 4]
    assert any(line == pytest.approx(means.tolist()) for line in drawn)


def test_a_single_epoch_is_told_without_from_and_to():
    loss, accuracy = drawings_of(metrics_of(1))
    assert "Training: from" not in loss + accuracy
    assert 'id="curve-loss-title"' in loss and "%" in accuracy


def test_each_epoch_tells_its_values():
    metrics = metrics_of(3).astype({"epoch": int})
    tips = tips_of(learning_figure(metrics))
    losses = metrics.iloc[1][["train_loss", "validation_loss"]]
    assert tips[1] == "Epoch 2: training {:.3f}, validation {:.3f}".format(*losses)
    assert len(tips) == 6 and tips[3].endswith("%")
    assert "validation" not in tips_of(learning_figure(metrics_of(3, False)))[0]


EPOCHS = list(range(1, 11))
LOSS = Curve("Loss", [1 / epoch for epoch in EPOCHS], [1.2 / epoch for epoch in EPOCHS])
ACCURACY = Curve("Accuracy", [0.5 + epoch / 25 for epoch in EPOCHS], None, is_share=True)


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


def test_drawing_leaves_matplotlib_as_it_was():
    before = dict(rcParams)
    learning_curves(EPOCHS, [LOSS])
    assert dict(rcParams) == before
