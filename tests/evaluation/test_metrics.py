from __future__ import annotations

import json
import warnings
from dataclasses import replace
from io import StringIO

import numpy as np
import pandas as pd
import pytest
from builders import refused
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from scipy.special import softmax
from sklearn import metrics

from har.errors import DataError
from har.evaluation.metrics import Evaluation, predictions_table

ACTIVITIES = ("REST", "WALK", "RUN", "JUMP")


def evaluation_of(labels, predicted, subjects=None):
    """Make an evaluation in which each prediction has the probability 0.7."""
    probabilities = np.full((len(labels), len(ACTIVITIES)), 0.1)
    probabilities[np.arange(len(labels)), predicted] = 0.7
    subjects = np.ones(len(labels), int) if subjects is None else np.array(subjects)
    return Evaluation(np.array(labels), probabilities, subjects, ACTIVITIES)


def random_evaluation(seed, n_windows, n_subjects=3):
    random = np.random.default_rng(seed)
    return Evaluation(
        labels=random.integers(0, len(ACTIVITIES), n_windows),
        probabilities=random.dirichlet(np.ones(len(ACTIVITIES)), n_windows),
        subjects=random.integers(1, n_subjects + 1, n_windows),
        activities=ACTIVITIES,
    )


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=1, max_size=20))
def test_figures_are_those_of_scikit_learn(pairs):
    labels, predicted = np.array(pairs).T
    evaluation = evaluation_of(labels, predicted)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        expected = {
            "accuracy": metrics.accuracy_score(labels, predicted),
            "balanced_accuracy": metrics.balanced_accuracy_score(labels, predicted),
            "macro_f1": metrics.f1_score(labels, predicted, average="macro"),
        }
    for name, value in expected.items():
        assert getattr(evaluation, name) == pytest.approx(value)
    every = range(len(ACTIVITIES))
    columns = metrics.precision_recall_fscore_support(
        labels, predicted, labels=every, zero_division=0
    )
    found = [tuple(row.values())[:4] for row in evaluation.per_class.values()]
    assert_allclose(found, np.transpose(columns))
    matrix = metrics.confusion_matrix(labels, predicted, labels=every)
    assert_array_equal(evaluation.confusion_matrix, matrix)


def test_rows_of_the_confusion_matrix_are_the_truth():
    evaluation = evaluation_of([0, 0, 0, 1], [0, 1, 1, 2])
    assert evaluation.confusion_matrix.tolist() == [
        [1, 2, 0, 0],
        [0, 0, 1, 0],
        [0, 0, 0, 0],
        [0, 0, 0, 0],
    ]


@pytest.mark.parametrize(("predicted", "expected"), [([0, 1, 3, 3], 1.0), ([1, 0, 0, 0], 0.0)])
def test_all_right_and_all_wrong(predicted, expected):
    evaluation = evaluation_of([0, 1, 3, 3], predicted)
    figures = evaluation.accuracy, evaluation.balanced_accuracy, evaluation.macro_f1
    assert figures == (expected, expected, expected)


def test_an_activity_that_never_occurs_counts_in_no_mean_recall():
    evaluation = evaluation_of([0, 0, 1, 1], [0, 0, 1, 2])
    assert evaluation.balanced_accuracy == 0.75
    assert evaluation.macro_f1 == pytest.approx((1 + 2 / 3 + 0) / 3)
    assert evaluation.per_class["JUMP"] == {
        "precision": 0.0,
        "recall": 0.0,
        "f1": 0.0,
        "support": 0,
        "n_predicted": 0,
    }


def test_an_activity_that_is_never_predicted_has_no_precision():
    evaluation = evaluation_of([0, 1], [0, 0])
    assert evaluation.per_class["WALK"]["precision"] == 0.0
    assert evaluation.per_class["REST"] == {
        "precision": 0.5,
        "recall": 1.0,
        "f1": pytest.approx(2 / 3),
        "support": 1,
        "n_predicted": 2,
    }


def test_each_subject_has_an_accuracy_of_its_own():
    evaluation = evaluation_of([0, 1, 2, 3, 0], [0, 1, 0, 0, 0], subjects=[9, 2, 9, 2, 9])
    assert evaluation.per_subject == {
        2: {"accuracy": 0.5, "n_windows": 2},
        9: {"accuracy": pytest.approx(2 / 3), "n_windows": 3},
    }


def test_all_figures_are_ready_for_json():
    figures = random_evaluation(0, 30, n_subjects=1).to_dict()
    assert json.loads(json.dumps(figures, allow_nan=False)) == figures
    promised = {"accuracy", "macro_f1", "n_windows", "confusion_matrix", "per_class", "per_subject"}
    assert promised <= set(figures)
    calibration = figures["calibration"]
    assert list(calibration) == ["temperature", "before", "after"]
    assert set(calibration["before"]) == {"ece", "brier", "nll"}
    assert calibration["temperature"] is None and calibration["before"] == calibration["after"]
    assert list(figures["per_subject"]) == ["1"]
    assert figures["per_subject"]["1"]["n_windows"] == figures["n_windows"] == 30


def test_figures_lie_in_their_intervals_and_one_subject_has_none():
    figures = random_evaluation(0, 300, n_subjects=9).to_dict()
    for kind in ("intervals", "naive_intervals"):
        for name, (low, high) in figures[kind].items():
            assert low <= figures[name] <= high
    alone = random_evaluation(0, 30, n_subjects=1).to_dict()
    assert alone["intervals"] == dict.fromkeys(("accuracy", "balanced_accuracy", "macro_f1"))
    assert alone["naive_intervals"]["accuracy"][0] < alone["accuracy"]


def test_drawing_subjects_of_one_window_each_is_drawing_windows():
    evaluation = evaluation_of([0, 1, 2, 0] * 20, [0, 1, 0, 1] * 20, subjects=range(80))
    for name in ("balanced_accuracy", "macro_f1"):
        expected = evaluation.naive_intervals[name]
        assert_allclose(evaluation.intervals[name], expected, atol=0.015)


def test_a_certain_mistake_is_expensive_but_finite():
    certain = Evaluation(np.array([0, 1]), np.eye(2)[[0, 0]], np.array([1, 2]), ("REST", "WALK"))
    expected = {"ece": 0.5, "brier": 1.0, "nll": 354.198}
    assert vars(certain.calibration.after) == pytest.approx(expected)


def test_what_it_was_before_the_temperature_is_recomputed():
    labels = np.array([0, 1, 1])
    logits = np.array([[2.0, -1.0], [0.5, 1.5], [3.0, -4.0]])
    arrays = (softmax(logits / 2.5, axis=1), np.array([1, 2, 3]), ("REST", "WALK"))
    found = Evaluation(labels, *arrays, temperature=2.5).calibration
    for name, scores in (("before", logits), ("after", logits / 2.5)):
        probabilities = softmax(scores, axis=1)
        assert getattr(found, name).nll == pytest.approx(metrics.log_loss(labels, probabilities))
        brier = ((probabilities - np.eye(2)[labels]) ** 2).sum(axis=1).mean()
        assert getattr(found, name).brier == pytest.approx(brier)
    assert found.temperature == 2.5


@pytest.mark.parametrize("temperature", [0.0, -1.0, np.nan, np.inf, "warm"])
def test_what_is_no_temperature_is_refused(temperature):
    evaluation = evaluation_of([0], [0])
    with refused(DataError, f"found a temperature of {temperature}", "expected a number above 0"):
        replace(evaluation, temperature=temperature)


def test_the_table_of_predictions_has_a_row_per_window_with_names():
    table = evaluation_of([3, 0], [1, 0], subjects=[7, 5]).to_frame()
    probabilities = [f"p_{activity}" for activity in ACTIVITIES]
    assert list(table.columns) == ["index", "subject", "true", "predicted", *probabilities]
    assert table.iloc[0, :4].tolist() == [0, 7, "JUMP", "WALK"]
    assert table.iloc[1, :4].tolist() == [1, 5, "REST", "REST"]
    assert table["p_WALK"].tolist() == [0.7, 0.1]


def test_predictions_without_truth_have_a_table_too():
    table = predictions_table(np.array([[0.2, 0.8]]), ("REST", "WALK"))
    expected = {"index": 0, "predicted": "WALK", "p_REST": 0.2, "p_WALK": 0.8}
    assert table.to_dict("records") == [expected]
    table = predictions_table(np.array([[0.2, 0.8]]), ("REST", "WALK"), abstain_below=0.9)
    assert table.to_dict("records") == [{**expected, "predicted": "UNKNOWN"}]


@pytest.mark.parametrize("seed", range(3))
def test_the_csv_alone_gives_the_same_figures(seed):
    evaluation = random_evaluation(seed, 50)
    text = evaluation.to_frame().to_csv(index=False, float_format="%.8g")
    again = Evaluation.from_frame(pd.read_csv(StringIO(text)), "predictions.csv")
    figures, expected = again.to_dict(), evaluation.to_dict()
    found_after, after = figures.pop("calibration")["after"], expected.pop("calibration")["after"]
    assert found_after == pytest.approx(after, rel=1e-6)
    assert figures == expected
    assert again.labels.tolist() == evaluation.labels.tolist()
    assert_allclose(again.probabilities, evaluation.probabilities, rtol=1e-7)


@pytest.mark.parametrize(
    ("column", "values"),
    [
        ("true", ["REST", "SWIM"]),
        ("true", [np.nan, "REST"]),
        ("p_WALK", [0.5, np.nan]),
        ("p_WALK", [0.5, np.inf]),
        ("p_WALK", [0.5, "half"]),
        ("subject", [1, np.nan]),
        ("true", None),
        ("subject", None),
        ("p_REST", None),
    ],
)
def test_a_damaged_table_is_refused(column, values):
    table = evaluation_of([0, 1], [0, 1]).to_frame()
    table = table.drop(columns=column) if values is None else table.assign(**{column: values})
    with refused(DataError, "predictions.csv: ", "found ", "expected"):
        Evaluation.from_frame(table, "predictions.csv")


@pytest.mark.parametrize(
    "shapes",
    [
        {"labels": 2},
        {"subjects": 4},
        {"probabilities": (3, 5)},
        {"probabilities": (2, 4)},
        {"probabilities": 3},
    ],
)
def test_arrays_that_do_not_fit_are_refused(shapes):
    shapes = {"labels": 3, "probabilities": (3, 4), "subjects": 3, **shapes}
    arrays = {name: np.zeros(shape, int) for name, shape in shapes.items()}
    with refused(DataError, "evaluation: found probabilities of shape", "subjects, expected"):
        Evaluation(activities=ACTIVITIES, **arrays)


def test_no_windows_are_no_evaluation():
    with refused(DataError, "evaluation: found no windows, expected at least one"):
        Evaluation(np.zeros(0, int), np.zeros((0, 4)), np.zeros(0, int), ACTIVITIES)


def test_probabilities_that_are_no_numbers_are_no_evaluation():
    with refused(DataError, "evaluation: found nan", "window 1", "expected"):
        Evaluation(np.array([0, 0]), np.array([[1.0], [np.nan]]), np.array([1, 1]), ("REST",))
