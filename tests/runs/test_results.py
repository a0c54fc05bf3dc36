from __future__ import annotations

import json

import numpy as np
import pytest
from activity_segments import a_recording_evaluation
from builders import refused
from numpy.testing import assert_array_equal
from scored_run import (
    make_evaluation,
    make_explanation,
    make_robustness,
    make_run,
    make_windows,
)
from unbound import unbind

from har.errors import DataError, HarError, RunError
from har.runs.results import Results, check_same_windows
from har.signals.activities import UCI_ACTIVITIES


@pytest.fixture
def windows():
    return make_windows()


@pytest.fixture
def run(tmp_path, windows):
    return make_run(tmp_path / "run", windows)


def change_json(run, file, change):
    """Change values of a file of a run whose files are not bound."""
    unbind(run)
    content = json.loads(file.read_text())
    change(content)
    file.write_text(json.dumps(content))


def test_what_was_written_is_read(run, windows):
    evaluation = make_evaluation(windows)
    results = Results.read(run)
    assert results.evaluation.accuracy == evaluation.accuracy
    assert results.evaluation.activities == windows.activities
    assert_array_equal(results.evaluation.confusion_matrix, evaluation.confusion_matrix)
    assert results.evaluation.per_subject == evaluation.per_subject
    assert len(results.predictions) == len(windows)
    assert results.evaluation.intervals == evaluation.intervals
    assert len(results.metrics) == 28
    assert results.metrics["validation_loss"].notna().all()


def test_a_run_may_have_no_validation(tmp_path, windows):
    metrics = Results.read(make_run(tmp_path, windows, is_validated=False)).metrics
    assert metrics[["validation_loss", "validation_accuracy"]].isna().all(axis=None)


@pytest.mark.parametrize(
    "name", ["config.yaml", "manifest.json", "metrics.jsonl", "predictions.csv"]
)
def test_a_missing_file_is_named(run, name):
    (run.path / name).unlink()
    with pytest.raises(HarError, match=name):
        Results.read(run)


@pytest.mark.parametrize("name", ["manifest.json", "metrics.jsonl", "predictions.csv"])
def test_a_damaged_file_is_named(run, name):
    file = run.path / name
    file.write_bytes(file.read_bytes()[:-40] + b"\xff")
    with pytest.raises(HarError, match=name):
        Results.read(run)


def test_activities_in_another_order_than_the_models_are_refused(run):
    change_json(run, run.manifest, lambda content: content["model"]["activities"].reverse())
    with refused(RunError, "predictions.csv: found the activities 'WALKING', ", "as in the man"):
        Results.read(run)


@pytest.mark.parametrize("content", [None, b"{}", b'{"macro_f1": null}'], ids=str)
def test_figures_follow_from_the_predictions_whatever_evaluation_json_lacks(run, content):
    expected = Results.read(run).evaluation.to_dict()
    unbind(run)
    run.evaluation.unlink() if content is None else run.evaluation.write_bytes(content)
    assert Results.read(run).evaluation.to_dict() == expected


@pytest.mark.parametrize(
    ("content", "part"),
    [
        (b"", "found broken JSON"),
        (b"[]", "found list"),
        (b'{"accuracy": "high"}', "found 'high' as accuracy, expected a number"),
        (b'{"accuracy": 2.5}', "found accuracy 2.5, expected 0."),
        (b'{"n_windows": 3}', "found n_windows 3, expected 180 as follows from predictions.csv"),
    ],
)
def test_figures_that_contradict_the_predictions_are_refused(run, content, part):
    unbind(run).evaluation.write_bytes(content)
    with refused(RunError, "evaluation.json", part):
        Results.read(run)


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("true", "FLYING"),
        ("p_WALKING", "high"),
        ("p_WALKING", None),
        ("p_SITTING", float("inf")),
    ],
)
def test_predictions_that_do_not_fit_are_refused(run, column, value):
    table = run.read_predictions().astype(object)
    table.loc[0, column] = value
    run.write_predictions(table)
    with refused(DataError, "predictions.csv", "found", "expected"):
        Results.read(run)


def test_a_name_among_people_who_are_numbers_is_refused(run):
    table = run.read_predictions().astype(object)
    table.loc[0, "subject"] = "nobody"
    run.write_predictions(table)
    with refused(RunError, "predictions.csv: found a subject that is no number", "expected"):
        Results.read(run)


@pytest.mark.parametrize("column", ["index", "subject", "true", "predicted"])
def test_a_missing_column_of_the_predictions_is_named(run, column):
    run.write_predictions(run.read_predictions().drop(columns=column))
    with refused(RunError, "predictions.csv", f"found no column {column}", "expected it"):
        Results.read(run)


def test_predictions_of_no_window_are_refused(run):
    run.write_predictions(run.read_predictions().head(0))
    with refused(DataError, "predictions.csv", "found no windows", "expected at least one"):
        Results.read(run)


def test_figures_are_those_of_the_windows_that_were_predicted(run):
    run.write_predictions(run.read_predictions().head(10))
    run.evaluation.unlink()
    assert Results.read(run).evaluation.n_windows == 10


def test_predictions_with_text_for_a_probability_are_refused(run):
    table = run.read_predictions().astype(object)
    table.loc[0, "true"] = "FLYING"
    run.write_predictions(table)
    with pytest.raises((DataError, RunError), match="predictions.csv"):
        Results.read(run)


@pytest.mark.parametrize("section", ["model", "training"])
def test_a_manifest_of_nothing_trained_is_refused(run, section):
    change_json(run, run.manifest, lambda content: content.pop(section))
    with refused(RunError, "manifest.json", f"found no '{section}'", "expected what describes"):
        Results.read(run)


@pytest.mark.parametrize(
    "line", ['{"epoch": 1}', '{"epoch": "one", "train_loss": 1, "train_accuracy": 1}']
)
def test_metrics_that_are_no_numbers_are_refused(run, line):
    unbind(run).metrics.write_text(line + "\n")
    with refused(RunError, "metrics.jsonl", "found", "expected"):
        Results.read(run)


def test_no_epochs_are_refused(run):
    unbind(run).metrics.write_text("")
    with refused(RunError, "metrics.jsonl", "expected"):
        Results.read(run)


def test_other_windows_than_those_predicted_are_refused(run, windows):
    results = Results.read(run)
    check_same_windows(results, windows, run.predictions)
    for other in (windows.where(np.arange(10)), make_windows(seed=1)):
        with refused(RunError, "predictions.csv", f"the {len(other)} test windows", "expected"):
            check_same_windows(results, other, run.predictions)


def test_robustness_is_read_where_it_was_measured(run):
    assert Results.read(run).robustness is None
    run.write_json(run.robustness, make_robustness().to_dict())
    assert Results.read(run).robustness.to_dict() == make_robustness().to_dict()


@pytest.mark.parametrize(
    "change",
    [
        lambda content: content.pop("accuracy"),
        lambda content: content.update(rows=[]),
        lambda content: content.update(rows=7),
        lambda content: content["rows"][3].update(level="strong"),
        lambda content: content["rows"][3].pop("n_windows"),
    ],
)
def test_damaged_robustness_is_refused(run, change):
    run.write_json(run.robustness, make_robustness().to_dict())
    change_json(run, run.robustness, change)
    with refused(RunError, "robustness.json: found something missing or wrong", "--robustness"):
        Results.read(run)


def test_robustness_of_other_windows_is_refused(run):
    run.write_json(run.robustness, make_robustness(n_windows=10).to_dict())
    with refused(RunError, "robustness.json: found figures of 10 windows", "expected 180"):
        Results.read(run)


def test_recordings_are_read_where_they_were_scored(run):
    assert Results.read(run).recordings is None
    recordings = a_recording_evaluation(activities=UCI_ACTIVITIES)
    run.write_json(run.recordings, recordings.to_dict())
    assert Results.read(run).recordings.figures == recordings.figures


@pytest.mark.parametrize(
    "change",
    [
        lambda content: content.pop("recordings"),
        lambda content: content.update(recordings=[]),
        lambda content: content.update(recordings=[7]),
        lambda content: content["recordings"][1].pop("truth"),
        lambda content: content["recordings"][1]["truth"].pop("start_s"),
        lambda content: content["recordings"][1]["truth"]["start_s"].pop(),
        lambda content: content["recordings"][1]["truth"]["end_s"].insert(0, None),
        lambda content: content["recordings"][1]["named"].pop("alone"),
        lambda content: content["recordings"][1]["named"]["alone"]["windows"].pop(),
        lambda content: content["recordings"][1].update(named=[]),
        lambda content: content["recordings"][1].update(mood="good"),
    ],
)
def test_damaged_recordings_are_refused(run, change):
    run.write_json(run.recordings, a_recording_evaluation(activities=UCI_ACTIVITIES).to_dict())
    change_json(run, run.recordings, change)
    with refused(RunError, "recordings.json: found something missing or wrong", "--recordings"):
        Results.read(run)


def test_recordings_of_other_activities_are_refused(run):
    run.write_json(run.recordings, a_recording_evaluation().to_dict())
    with refused(RunError, "recordings.json: found the activities SIT, STAND, WALK", "anew"):
        Results.read(run)


def test_an_explanation_is_read_where_there_is_one(run, windows):
    assert Results.read(run).explanation is None
    explanation = make_explanation(windows)
    run.write_json(run.explanation, explanation.to_dict())
    assert Results.read(run).explanation.importances == explanation.importances


def test_a_damaged_explanation_is_refused(run, windows):
    run.write_json(run.explanation, make_explanation(windows).to_dict())
    change_json(run, run.explanation, lambda content: content.pop("states"))
    with refused(RunError, "explanation.json: found something missing or wrong", "--explain"):
        Results.read(run)


def test_an_explanation_of_other_windows_or_activities_is_refused(run, windows):
    run.write_json(run.explanation, make_explanation(windows, n_windows=10).to_dict())
    with refused(RunError, "explanation.json: found 10 windows of 6 activities", "expected 180"):
        Results.read(run)
    others = make_windows(activities=("SITTING", "RUNNING", "JUMPING"))
    run.write_json(run.explanation, make_explanation(others).to_dict())
    with refused(RunError, "found 180 windows of 3 activities", "180 of 6 as in predictions.csv"):
        Results.read(run)
