from __future__ import annotations

import json
from statistics import mean, stdev

import pandas as pd
import pytest
from scored_folds import make_scores
from sklearn.metrics import accuracy_score, confusion_matrix, f1_score, recall_score

from har.model_selection.summary import summarise


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
    summary = summarise(scores, 3)
    for name, figure in (
        ("accuracy", lambda rows: accuracy_score(rows["true"], rows["predicted"])),
        ("macro_f1", f1_of),
    ):
        of = {job: figure(rows) for job, rows in windows.groupby(["seed", "fold"])}
        of_seeds = [mean(of[seed, fold] for fold in range(3)) for seed in range(2)]
        assert summary[name] == pytest.approx(
            {
                "mean": mean(of_seeds),
                "sd_over_seeds": stdev(of_seeds),
                "sd_over_folds_and_seeds": stdev(of.values()),
            }
        )
        assert {(row["seed"], row["fold"]): row[name] for row in summary["scores"]} == (
            pytest.approx(of)
        )


def test_subjects_and_folds_have_their_mean_over_seeds(scores, windows):
    summary = summarise(scores, 3)
    of_subjects = windows.groupby("subject")["is_right"].mean()
    rows = summary["per_subject"]
    assert {row["subject"]: row["accuracy"] for row in rows} == pytest.approx(dict(of_subjects))
    assert [row["accuracy"] for row in rows] == sorted(row["accuracy"] for row in rows)
    n_windows = windows[windows["seed"] == 0]["subject"].value_counts()
    assert {row["subject"]: row["n_windows"] for row in rows} == dict(n_windows)
    of_folds = windows.groupby("fold")["is_right"].mean()
    assert [row["accuracy"] for row in summary["per_fold"]] == pytest.approx(list(of_folds))
    subjects = [row["subjects"] for row in summary["per_fold"]]
    assert subjects == [sorted(set(rows["subject"])) for _, rows in windows.groupby("fold")]


def test_confusions_and_classes_pool_all_folds_and_seeds(scores, windows):
    summary = summarise(scores, 3)
    activities = summary["activities"]
    expected = confusion_matrix(windows["true"], windows["predicted"], labels=activities)
    assert summary["confusion_matrix"] == expected.tolist()
    recalls = recall_score(windows["true"], windows["predicted"], labels=activities, average=None)
    assert [summary["per_class"][name]["recall"] for name in activities] == pytest.approx(recalls)
    assert summary["cost"] == {
        "n_parameters": 99,
        "device": "cpu(0)",
        "n_threads": [1],
        "mean_duration_s": 3.0,
        "total_duration_s": 18.0,
        "ms_per_window": 0.2,
    }


def test_one_seed_has_no_deviation_over_seeds_and_one_score_none_at_all():
    accuracy = summarise(make_scores(seeds=(4,)), 3)["accuracy"]
    assert accuracy["sd_over_seeds"] is None
    assert accuracy["sd_over_folds_and_seeds"] > 0
    assert summarise(make_scores((0,), (2,)), 3)["accuracy"]["sd_over_folds_and_seeds"] is None


def test_what_is_missing_makes_it_partial():
    assert summarise(make_scores(), 3)["is_complete"]
    assert not summarise(make_scores()[:-1], 3)["is_complete"]
    assert not summarise(make_scores(folds=(0, 2)), 3)["is_complete"]


def test_it_is_ready_for_json(scores):
    summary = summarise(scores, 3)
    assert json.loads(json.dumps(summary)) == summary
