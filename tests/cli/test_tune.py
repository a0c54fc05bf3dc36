"""`har tune` as a person runs it; where the data plays no part, on small windows."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from types import SimpleNamespace

import pandas as pd
import pytest
from builders import small_windows
from command_line import TINY, the_one_line

from har.cli.main import main
from har.datasets.dataset import TrainingSet
from har.errors import Interrupted
from har.model_selection import tuning
from har.recipes import load_config

SMALL = (*TINY, "--device", "cpu", "--training.n_epochs", "1", "--model.hidden_size", "2..6")
# Small windows have no whole gyroscope to turn.
SMALL += ("--training.rotation_degrees", "0")


@pytest.fixture
def small_data(monkeypatch):
    """Put small windows in the place of the training windows."""
    data = TrainingSet("small", small_windows(), "a builder")
    monkeypatch.setattr("har.cli.verbs.tune.open_training", lambda config: data)


@pytest.fixture
def out(tmp_path):
    return tmp_path / "tune"


def tune(out, *arguments):
    return main(["tune", *map(str, arguments), "--out", str(out)])


def test_a_search_on_the_real_data_never_sees_the_test_windows(
    out, data_root, uci_har, capsys, monkeypatch
):
    def refuse(*_arguments):
        pytest.fail("the test split was loaded")

    monkeypatch.setattr("har.datasets.loading.open_data", refuse)
    monkeypatch.setattr("har.datasets.cache.load_cached", refuse)
    ranges = ("--training.learning_rate", "1e-3..1e-2:log", "--data.root", data_root)
    assert tune(out, *TINY, "--training.n_epochs", 1, *ranges, "--trials", 1) == 0
    said = capsys.readouterr()
    assert said.err.startswith("1/1  trial 0: accuracy ")
    assert said.out.startswith("best: trial 0, accuracy ")
    table = pd.read_csv(out / "trials.csv")
    assert list(table.filter(like="fold_")) == ["fold_1", "fold_0", "fold_4", "fold_2", "fold_3"]
    manifest = json.loads((out / "manifest.json").read_text())
    assert (manifest["status"], manifest["data"]["n_train_windows"]) == ("finished", 7352)
    best = load_config(out / "best.yaml")
    assert best.training.learning_rate == pytest.approx(table["training.learning_rate"][0], 1e-6)
    assert best == replace(
        load_config("quick", *TINY[2:], "--training.n_epochs=1", f"--data.root={data_root}"),
        training=best.training,
    )


def test_the_same_command_goes_on_and_tells_a_line_for_each_trial(out, small_data, capsys):
    assert tune(out, *SMALL, "--trials", 1) == 0
    assert the_one_line(capsys).startswith("1/1  trial 0: accuracy ")
    assert tune(out, *SMALL, "--trials", 3) == 0
    lines = capsys.readouterr().err.splitlines()
    assert [line.split(":")[0] for line in lines] == ["2/3  trial 1", "3/3  trial 2"]
    assert all(" s; model.hidden_size " in line for line in lines)
    assert tune(out, *SMALL, "--trials", 3) == 0
    said = capsys.readouterr()
    assert said.err == "" and said.out.startswith("best: trial ")
    assert pd.read_csv(out / "trials.csv")["trial"].tolist() == [0, 1, 2]


def test_other_ranges_in_the_same_folder_are_one_line_and_leave_it_as_it_was(
    out, small_data, capsys
):
    tune(out, *SMALL, "--trials", 1)
    before = {file.name: file.read_bytes() for file in out.glob("*.[yjc]*")}
    capsys.readouterr()
    assert tune(out, *SMALL, "--model.n_layers", "1..2") == 1
    assert "found model.n_layers 1, expected 1..2 as asked for now" in the_one_line(capsys)
    assert {file.name: file.read_bytes() for file in out.glob("*.[yjc]*")} == before


def test_ctrl_c_is_one_line_and_keeps_the_trials_before(out, small_data, capsys, monkeypatch):
    tune(out, *SMALL, "--trials", 1)
    capsys.readouterr()

    def interrupt(*_arguments):
        raise KeyboardInterrupt

    monkeypatch.setattr(tuning, "score_fold", interrupt)
    assert tune(out, *SMALL, "--trials", 3) == Interrupted.exit_status
    line = the_one_line(capsys)
    assert line.startswith(f"har: interrupted after 1 of 3 trials, which {out} keeps; ")
    assert pd.read_csv(out / "trials.csv")["state"].tolist() == ["complete"]
    assert json.loads((out / "manifest.json").read_text())["status"] == "interrupted"


def test_trials_that_fail_are_told_and_the_search_ends_well(out, small_data, capsys, monkeypatch):
    def fail(*_arguments):
        raise RuntimeError("Check failed\n" * 100)

    monkeypatch.setattr(tuning, "score_fold", fail)
    assert tune(out, *SMALL, "--trials", 2) == 0
    said = capsys.readouterr()
    first, second = said.err.splitlines()
    assert "1/2  trial 0: failed: " in first
    assert len(second) < 250
    assert said.out == f"no trial was scored on all folds; why: {out / 'trials.csv'}\n"
    assert not (out / "best.yaml").exists()


def test_a_trial_that_was_stopped_says_so(out, small_data, capsys, monkeypatch):
    def score(accuracy):
        score = SimpleNamespace(
            evaluation=SimpleNamespace(accuracy=accuracy),
            training={"duration_s": 2.4, "n_parameters": 7},
        )
        monkeypatch.setattr(tuning, "score_fold", lambda *_arguments: score)

    score(0.9)
    tune(out, *SMALL, "--trials", 5)
    score(0.8)
    capsys.readouterr()
    assert tune(out, *SMALL, "--trials", 6) == 0
    assert "6/6  trial 5: 80.00% after 2 folds, stopped, 5 s; model.hidden_size" in the_one_line(
        capsys
    )


def test_a_password_in_the_storage_is_kept_nowhere(out, small_data, monkeypatch, tmp_path):
    at_hand = f"sqlite:///{tmp_path / 'other.db'}"
    create = tuning._create
    monkeypatch.setattr(tuning, "_create", lambda _url, name: create(at_hand, name))
    url = "postgresql://me:secret@host/name"
    assert tune(out, *SMALL, "--trials", 1, "--storage", url) == 0
    manifest = (out / "manifest.json").read_text()
    assert "postgresql://me:***@host/name" in manifest
    assert all(b"secret" not in file.read_bytes() for file in out.iterdir())
    assert not (out / "study.db").exists()


def test_without_optuna_it_is_one_line_with_what_to_install(out, capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "optuna", None)
    monkeypatch.delitem(sys.modules, "har.cli.verbs.tune", raising=False)
    assert tune(out, *SMALL) == 2
    assert "expected it: pip install 'gluon-har[tune]'" in the_one_line(capsys)


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        (["--config", "quick"], "recipe quick: found no range"),
        (["--model.hiden_size", "1..3"], "did you mean model.hidden_size?"),
        (["--model.hidden_size", "0..3"], "model.hidden_size: found 0, expected at least 1"),
    ],
)
def test_a_wrong_range_exits_with_2_before_anything_is_made(out, arguments, part, capsys):
    assert tune(out, *arguments) == 2
    assert part in the_one_line(capsys)
    assert not out.exists()


def test_a_run_folder_is_not_tuned_in(out, small_data, capsys):
    out.mkdir()
    (out / "metrics.jsonl").write_text("")
    assert tune(out, *SMALL) == 1
    assert "found metrics.jsonl in it, expected a new folder" in the_one_line(capsys)
