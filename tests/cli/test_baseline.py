from __future__ import annotations

import json
import sys

import numpy as np
import pytest
from builders import small_windows
from command_line import the_one_line

from har.cli.main import main
from har.datasets.dataset import TrainingSet

TWO = ("gradient_boosting", "logistic_regression")


@pytest.fixture(autouse=True)
def small_data(monkeypatch):
    """Put small windows in the place of the training split; there is no test split at all."""
    training = TrainingSet("small", small_windows(), "a test")
    monkeypatch.setattr("har.cli.verbs.baseline.open_training", lambda config: training)
    monkeypatch.delattr("har.datasets.loading.open_data")


def baseline(out, *arguments):
    return main(["baseline", *arguments, "--jobs", "1", "--out", str(out)])


def test_baselines_are_scored_on_each_fold_and_told_in_a_table(tmp_path, capsys):
    out = tmp_path / "new" / "baselines.json"
    assert baseline(out, *TWO, "--folds", "3", "--seeds", "2") == 0
    content = json.loads(out.read_text())
    assert tuple(content["baselines"]) == TWO
    assert content["status"] == "finished"
    assert content["folds"]["kind"] == 3
    for summary in content["baselines"].values():
        assert summary["is_complete"]
        assert [(row["seed"], row["fold"]) for row in summary["scores"]] == [
            (seed, fold) for seed in (0, 1) for fold in (0, 1, 2)
        ]
        accuracies = [row["accuracy"] for row in summary["scores"]]
        assert summary["accuracy"]["mean"] == pytest.approx(np.mean(accuracies))
    heading, *rows, place = capsys.readouterr().out.splitlines()
    assert heading.split()[:2] == ["baseline", "accuracy"]
    assert tuple(row.split()[0] for row in rows) == TWO
    assert place == f"figures: {out}"


def test_one_subject_can_be_left_out_at_a_time(tmp_path):
    out = tmp_path / "baselines.json"
    assert baseline(out, "logistic_regression", "--folds", "loso") == 0
    content = json.loads(out.read_text())
    assert content["folds"]["held_out_subjects"] == [[subject] for subject in range(1, 7)]
    assert content["baselines"]["logistic_regression"]["n_folds"] == 6


def test_all_baselines_are_scored_if_none_is_named(tmp_path):
    out = tmp_path / "baselines.json"
    assert baseline(out, "--folds", "2") == 0
    assert len(json.loads(out.read_text())["baselines"]) == 5


def test_what_is_done_is_kept_when_it_is_interrupted(tmp_path, monkeypatch, capsys):
    from har.cli.verbs import baseline as baseline_verb

    def interrupted(name, *arguments):
        if name == TWO[1]:
            raise KeyboardInterrupt
        return score(name, *arguments)

    score = baseline_verb.score_baseline
    monkeypatch.setattr(baseline_verb, "score_baseline", interrupted)
    out = tmp_path / "baselines.json"
    assert baseline(out, *TWO, "--folds", "2") == 130
    assert f"interrupted after 1 of 2 baselines; {out} keeps them" in capsys.readouterr().err
    content = json.loads(out.read_text())
    assert list(content["baselines"]) == [TWO[0]]
    assert content["status"] == "interrupted"


def test_a_file_that_cannot_be_written_is_refused_before_any_work(tmp_path, capsys):
    assert baseline(tmp_path) == 1
    assert str(tmp_path) in the_one_line(capsys)


def test_an_unknown_baseline_is_a_wrong_command_line(capsys):
    with pytest.raises(SystemExit) as stop:
        main(["baseline", "xgboost"])
    assert stop.value.code == 2
    assert "linear_svm" in capsys.readouterr().err


def test_a_baseline_of_an_extra_that_is_not_installed_is_one_line(tmp_path, capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "aeon", None)
    assert baseline(tmp_path / "baselines.json", "mini_rocket") == 2
    assert "pip install 'gluon-har[rocket]'" in the_one_line(capsys)
    assert not (tmp_path / "baselines.json").exists()


def test_the_verb_explains_itself_with_an_example(capsys):
    with pytest.raises(SystemExit):
        main(["baseline", "--help"])
    text = capsys.readouterr().out
    assert "example: har baseline" in text
    assert "gradient_boosting" in text
