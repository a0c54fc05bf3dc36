from __future__ import annotations

import json
from statistics import mean, stdev

import pandas as pd
import pytest
from numpy.testing import assert_array_equal
from scored_folds import make_scores
from sklearn.metrics import accuracy_score, confusion_matrix, f1_score, recall_score

from har.model_selection.summary import (
    Cost,
    CrossValidationSummary,
    MeanFigure,
    summarise_folds,
)

# The figures of one seed and fold, as version 0.1.0 wrote them.
WRITTEN = (
    '{"is_complete": false, "n_folds": 3, "seeds": [4], "accuracy": {"mean": 0.9615384615384616, '
    '"sd_over_seeds": null, "sd_over_folds_and_seeds": null}, "macro_f1": {"mean": '
    '0.9636062861869313, "sd_over_seeds": null, "sd_over_folds_and_seeds": null}, "scores": '
    '[{"seed": 4, "fold": 2, "accuracy": 0.9615384615384616, "macro_f1": 0.9636062861869313}], '
    '"per_fold": [{"fold": 2, "subjects": [5, 6], "n_windows": 78, "n_seeds": 1, "accuracy": '
    '0.9615384615384616, "macro_f1": 0.9636062861869313, "accuracy_sd_over_seeds": null}], '
    '"per_subject": [{"subject": 5, "accuracy": 0.9230769230769231, "sd_over_seeds": null, '
    '"n_windows": 39}, {"subject": 6, "accuracy": 1.0, "sd_over_seeds": null, "n_windows": 39}], '
    '"activities": ["WALKING", "WALKING_UPSTAIRS", "WALKING_DOWNSTAIRS", "SITTING", "STANDING", '
    '"LAYING"], "confusion_matrix": [[12, 1, 0, 0, 0, 0], [1, 12, 0, 0, 0, 0], [0, 0, 11, 0, 0, '
    '0], [0, 0, 0, 10, 0, 0], [0, 0, 0, 0, 15, 0], [0, 0, 0, 0, 1, 15]], "per_class": {"WALKING":'
    ' {"precision": 0.9230769230769231, "recall": 0.9230769230769231, "f1": 0.9230769230769231, '
    '"support": 13, "n_predicted": 13}, "WALKING_UPSTAIRS": {"precision": 0.9230769230769231, '
    '"recall": 0.9230769230769231, "f1": 0.9230769230769231, "support": 13, "n_predicted": 13}, '
    '"WALKING_DOWNSTAIRS": {"precision": 1.0, "recall": 1.0, "f1": 1.0, "support": 11, '
    '"n_predicted": 11}, "SITTING": {"precision": 1.0, "recall": 1.0, "f1": 1.0, "support": 10, '
    '"n_predicted": 10}, "STANDING": {"precision": 0.9375, "recall": 1.0, "f1": '
    '0.967741935483871, "support": 15, "n_predicted": 16}, "LAYING": {"precision": 1.0, "recall":'
    ' 0.9375, "f1": 0.967741935483871, "support": 16, "n_predicted": 15}}, "commits": '
    '["aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"], "cost": {"n_parameters": 99, "device": '
    '"cpu(0)", "n_threads": [1], "mean_duration_s": 4.0, "total_duration_s": 4.0, '
    '"ms_per_window": 0.3}}'
)


@pytest.fixture(scope="module")
def scores():
    return make_scores()


@pytest.fixture(scope="module")
def windows(scores):
    """A row per seed and window, from the tables that are kept."""
    tables = [
        score.evaluation.to_frame().assign(seed=score.seed, fold=score.fold) for score in scores
    ]
    table = pd.concat(tables)
    return table.assign(is_right=table["true"] == table["predicted"])


def f1_of(rows):
    return f1_score(rows["true"], rows["predicted"], average="macro")


def test_means_go_over_folds_then_over_seeds_and_deviations_are_those_of_samples(scores, windows):
    summary = summarise_folds(scores, 3)
    for name, figure in (
        ("accuracy", lambda rows: accuracy_score(rows["true"], rows["predicted"])),
        ("macro_f1", f1_of),
    ):
        of = {job: figure(rows) for job, rows in windows.groupby(["seed", "fold"])}
        of_seeds = [mean(of[seed, fold] for fold in range(3)) for seed in range(2)]
        assert vars(getattr(summary, name)) == pytest.approx(
            {
                "mean": mean(of_seeds),
                "sd_over_seeds": stdev(of_seeds),
                "sd_over_folds_and_seeds": stdev(of.values()),
            }
        )
        assert {(row.seed, row.fold): getattr(row, name) for row in summary.scores} == (
            pytest.approx(of)
        )


def test_subjects_and_folds_have_their_mean_over_seeds(scores, windows):
    summary = summarise_folds(scores, 3)
    of_subjects = windows.groupby("subject")["is_right"].mean()
    rows = summary.per_subject
    assert {row.subject: row.accuracy for row in rows} == pytest.approx(dict(of_subjects))
    assert [row.accuracy for row in rows] == sorted(row.accuracy for row in rows)
    n_windows = windows[windows["seed"] == 0]["subject"].value_counts()
    assert {row.subject: row.n_windows for row in rows} == dict(n_windows)
    of_folds = windows.groupby("fold")["is_right"].mean()
    assert [row.accuracy for row in summary.per_fold] == pytest.approx(list(of_folds))
    subjects = [row.subjects for row in summary.per_fold]
    assert subjects == [tuple(sorted(set(rows["subject"]))) for _, rows in windows.groupby("fold")]


def test_confusions_and_classes_pool_all_folds_and_seeds(scores, windows):
    summary = summarise_folds(scores, 3)
    activities = summary.activities
    expected = confusion_matrix(windows["true"], windows["predicted"], labels=activities)
    assert_array_equal(summary.confusion_matrix, expected)
    recalls = recall_score(windows["true"], windows["predicted"], labels=activities, average=None)
    assert [summary.per_class[name]["recall"] for name in activities] == pytest.approx(recalls)
    assert summary.cost == Cost(
        n_parameters=99,
        device="cpu(0)",
        n_threads=(1,),
        mean_duration_s=3.0,
        total_duration_s=18.0,
        ms_per_window=0.2,
    )


def test_one_seed_has_no_deviation_over_seeds_and_one_score_none_at_all():
    accuracy = summarise_folds(make_scores(seeds=(4,)), 3).accuracy
    assert accuracy.sd_over_seeds is None
    assert accuracy.sd_over_folds_and_seeds > 0
    assert summarise_folds(make_scores((0,), (2,)), 3).accuracy.sd_over_folds_and_seeds is None


def test_what_is_missing_makes_it_partial():
    assert summarise_folds(make_scores(), 3).is_complete
    assert not summarise_folds(make_scores()[:-1], 3).is_complete
    assert not summarise_folds(make_scores(folds=(0, 2)), 3).is_complete


@pytest.mark.parametrize("seeds", [(0, 1), (4,)])
def test_it_comes_back_from_json_as_it_was(seeds):
    summary = summarise_folds(make_scores(seeds), 3)
    text = json.dumps(summary.to_dict())
    again = CrossValidationSummary.from_dict(json.loads(text))
    assert again == summary
    assert json.dumps(again.to_dict()) == text


def test_cv_json_of_earlier_versions_is_read_and_written_byte_for_byte():
    found = CrossValidationSummary.from_dict(json.loads(WRITTEN))
    assert json.dumps(found.to_dict()) == WRITTEN
    assert (found.is_complete, found.n_folds, found.seeds) == (False, 3, (4,))
    assert found.accuracy == MeanFigure(0.9615384615384616, None, None)


def test_the_scores_that_it_was_made_from_give_the_same_today():
    scores = make_scores((4,), (2,))
    assert json.dumps(summarise_folds(scores, 3).to_dict()) == WRITTEN


@pytest.mark.parametrize(
    "change",
    [
        lambda content: content.pop("scores"),
        lambda content: content["accuracy"].pop("mean"),
        lambda content: content["per_fold"][0].pop("subjects"),
        lambda content: content["cost"].update(price=1),
        lambda content: content.update(per_subject=[3]),
        lambda content: content.update(seeds=None),
    ],
)
def test_what_is_damaged_cannot_be_read(change):
    content = json.loads(WRITTEN)
    change(content)
    with pytest.raises((KeyError, TypeError)):
        CrossValidationSummary.from_dict(content)


def test_recordings_are_of_all_folds_and_seeds_together():
    scores = make_scores(seeds=(0, 1), with_recordings=True)
    summary = summarise_folds(scores, 3)
    rows = [
        one.counts["alone"][subject] for one in recordings_of(scores) for subject in one.subjects
    ]
    n_right = sum(row.time.trace() for row in rows)
    expected = n_right / sum(row.time.sum() for row in rows)
    figure = summary.recordings["alone"]["time_accuracy"]
    assert figure.value == pytest.approx(expected)
    assert figure.interval[0] < figure.value < figure.interval[1]
    # Some folds may have been scored without them.
    assert summarise_folds([*scores, *make_scores(seeds=(2,))], 3).recordings is None


def recordings_of(scores):
    return [score.recordings for score in scores]
