"""Cross-validation from the command line, on the real data, small enough to take seconds."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import pytest
from command_line import TINY, the_one_line
from sklearn.metrics import accuracy_score, f1_score

from har.cli.main import main
from har.datasets import loading as sources
from har.errors import Interrupted

N_PARAMETERS = 6 * 4 * (9 + 6 + 2) + 6 * 7


@pytest.fixture(scope="module")
def arguments(data_root):
    return ["cv", *TINY, "--data.root", str(data_root), "--seeds", "1"]


@pytest.fixture(scope="module")
def cv_run(tmp_path_factory, arguments, uci_har, cache_of_the_tests):
    """A finished cross-validation, which had nothing but the training windows to read."""
    folder = tmp_path_factory.mktemp("cv")
    cache = shutil.copytree(cache_of_the_tests, folder / "cache")
    for file in cache.rglob("test_*.npy"):
        file.unlink()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HAR_CACHE", str(cache))
        patch.setattr(sources, "read_data", lambda *_: pytest.fail("read the whole data set"))
        assert main([*arguments, "--jobs", "2", "--out", str(folder / "cv")]) == 0
    return folder / "cv"


def figures(folder: Path):
    """Read the summary, but for what is different each time."""
    summary = json.loads((folder / "cv.json").read_text())
    summary.pop("cost")
    return summary


def started(arguments, out):
    """Begin in a process of its own, and wait for the first fold.

    There are so many seeds that it cannot end before the next line of a test, however late.
    """
    options = ["--seeds", "100", "--jobs", "1", "--out", str(out)]
    process = subprocess.Popen(
        [sys.executable, "-m", "har", *arguments, *options],
        stderr=subprocess.PIPE,
        text=True,
    )
    deadline_s = time.monotonic() + 1200
    while not list(out.glob("folds/seed*.json")):
        assert process.poll() is None, process.stderr.read()
        assert time.monotonic() < deadline_s
        time.sleep(0.02)
    return process


def test_the_test_subjects_play_no_part(cv_run, uci_har):
    summary = json.loads((cv_run / "cv.json").read_text())
    subjects = {row["subject"] for row in summary["per_subject"]}
    assert subjects == set(uci_har.train.subject_names)
    assert sum(row["n_windows"] for row in summary["per_fold"]) == 7352


def test_the_figures_follow_from_the_predictions(cv_run, uci_har):
    files = [cv_run / "folds" / f"seed0-fold{fold}.csv" for fold in range(5)]
    tables = [pd.read_csv(file) for file in files]
    summary = json.loads((cv_run / "cv.json").read_text())
    accuracies = pd.Series([accuracy_score(t["true"], t["predicted"]) for t in tables])
    f1s = pd.Series([f1_score(t["true"], t["predicted"], average="macro") for t in tables])
    for name, values in (("accuracy", accuracies), ("macro_f1", f1s)):
        assert summary[name]["mean"] == pytest.approx(values.mean())
        assert summary[name]["sd_over_folds_and_seeds"] == pytest.approx(values.std())
    together = pd.concat(tables).sort_values("index")
    assert together["index"].tolist() == list(range(7352))
    names = [uci_har.train.activities[label] for label in uci_har.train.labels]
    assert together["true"].tolist() == names
    assert together["subject"].tolist() == uci_har.train.subjects.tolist()
    assert summary["cost"]["n_parameters"] == N_PARAMETERS


def test_what_is_there_is_not_trained_again(cv_run, arguments, capsys, monkeypatch):
    before = figures(cv_run)
    monkeypatch.setattr(
        "har.model_selection.cross_validation.score_fold", lambda *_: pytest.fail("trained again")
    )
    assert main([*arguments, "--jobs", "1", "--out", str(cv_run)]) == 0
    said = capsys.readouterr()
    assert said.err == f"{cv_run}: 5 of 5 folds are there already\n"
    assert f"report: {cv_run / 'cv.html'}" in said.out
    assert f"accuracy {before['accuracy']['mean']:.2%}" in said.out
    assert figures(cv_run) == before


def test_a_killed_one_goes_on_to_the_same_figures(cv_run, arguments, tmp_path):
    process = started(arguments, tmp_path / "cv")
    process.kill()
    process.wait()
    process.stderr.close()
    done = {file.name: file.stat().st_mtime_ns for file in tmp_path.glob("cv/folds/*.json")}
    assert done
    assert not (tmp_path / "cv" / "cv.json").exists()
    assert main([*arguments, "--jobs", "2", "--out", str(tmp_path / "cv")]) == 0
    scores = [score for score in figures(tmp_path / "cv")["scores"] if score["seed"] == 0]
    assert scores == figures(cv_run)["scores"]
    for name, moment in done.items():
        assert (tmp_path / "cv" / "folds" / name).stat().st_mtime_ns == moment


def test_ctrl_c_keeps_what_is_done_and_says_how_to_go_on(arguments, tmp_path):
    process = started(arguments, tmp_path / "cv")
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=600)
    assert process.returncode == Interrupted.exit_status
    last_line = said.strip().splitlines()[-1]
    words = f"which {tmp_path / 'cv'} keeps; the same command with --out {tmp_path / 'cv'} goes on"
    assert f"{words} from there" in last_line
    assert list(tmp_path.glob("cv/folds/*.json"))
    manifest = json.loads((tmp_path / "cv" / "manifest.json").read_text())
    assert manifest["status"] == "interrupted"


def test_some_folds_make_a_partial_result(arguments, tmp_path, cv_run, capsys):
    out = tmp_path / "cv"
    options = ["--only-folds", "1", "--jobs", "1", "--out", str(out)]
    assert main([*arguments, *options]) == 0
    said = capsys.readouterr()
    assert said.out.startswith("Partial: ")
    assert "1/1  seed 0, fold 1: accuracy" in said.err
    assert "Partial:" in (out / "cv.html").read_text()
    (score,) = figures(out)["scores"]
    assert score == figures(cv_run)["scores"][1]


def test_other_settings_are_refused_in_one_line(cv_run, arguments, capsys):
    assert main([*arguments, "--training.n_epochs", "9", "--out", str(cv_run)]) == 1
    assert "training.n_epochs 2, expected 9" in the_one_line(capsys)
    assert main([*arguments, "--folds", "loso", "--out", str(cv_run)]) == 1
    assert "folds 5, expected loso" in the_one_line(capsys)


def test_an_unknown_fold_is_a_wrong_command_line(arguments, tmp_path, capsys):
    assert main([*arguments, "--only-folds", "0,5", "--out", str(tmp_path / "cv")]) == 2
    assert "--only-folds: found 5, expected 0..4" in the_one_line(capsys)
    assert not (tmp_path / "cv").exists()


@pytest.mark.parametrize("wrong", [("--folds", "1"), ("--folds", "all"), ("--only-folds", "a")])
def test_a_wrong_number_of_folds_exits_with_2(wrong):
    with pytest.raises(SystemExit) as stop:
        main(["cv", *wrong])
    assert stop.value.code == 2


@pytest.mark.slow
def test_workers_have_the_threads_they_are_given(arguments, tmp_path):
    out = tmp_path / "cv"
    options = ["--only-folds", "0,1", "--jobs", "2", "--threads", "2", "--out", str(out)]
    command = [sys.executable, "-m", "har", *arguments, *options]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    subprocess.run(command, env=environment, check=True, capture_output=True)
    assert json.loads((out / "cv.json").read_text())["cost"]["n_threads"] == [2]
