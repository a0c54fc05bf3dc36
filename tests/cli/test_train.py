"""What can be seen of a training that goes on, is killed, or fails."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import signal
import struct
import subprocess
import termios

import numpy as np
import pandas as pd
import pytest
import yaml
from command_line import TINY, start_long_training, the_one_line, wait_for_lines
from event_records import expected, scalars_in
from sklearn.metrics import accuracy_score, confusion_matrix, f1_score

from har.cli.main import main
from har.errors import Interrupted, RunError
from har.runs.folder import RunFolder


def title_of(page):
    return page.read_text().partition("<h1>")[2].partition("</h1>")[0]


def test_a_training_is_seen_live_and_is_not_said_to_live_when_it_was_killed(
    tmp_path, data_root, uci_har, capsys
):
    out = tmp_path / "run"
    process = start_long_training(out, data_root, "--tensorboard", stderr=subprocess.DEVNULL)
    wait_for_lines(out / "metrics.jsonl", 1)
    assert main(["report", str(out)]) == 0
    assert capsys.readouterr().out == f"report so far: {out / 'report.html'}\n"
    assert title_of(out / "report.html") == "Training goes on"
    process.kill()
    process.wait(timeout=600)
    assert main(["report", str(out)]) == 0
    assert title_of(out / "report.html") == "Training gives no sign of life"
    history = RunFolder.open(out).read_history_so_far()
    found = scalars_in(out / "events" / "training")
    assert {key: found[key] for key in expected(history, "train")} == expected(history, "train")


def test_a_training_that_fails_says_so_in_the_manifest_and_in_its_report(
    tmp_path, data_root, uci_har, capsys
):
    arguments = ["train", *TINY, "--out", str(tmp_path), "--data.root", str(data_root)]
    # The two bounds together make the weights grow ten thousandfold in each step.
    arguments += ["--training.learning_rate", "100", "--training.weight_decay", "100"]
    assert main(arguments) == 1
    line = the_one_line(capsys)
    manifest = json.loads((tmp_path / "manifest.json").read_text())
    assert manifest["status"] == "failed"
    assert line == f"har: {manifest['failure']}"
    assert main(["report", str(tmp_path)]) == 0
    page = (tmp_path / "report.html").read_text()
    assert title_of(tmp_path / "report.html") == "Training failed"
    assert manifest["failure"].split(":")[0] in page


def test_without_tensorboardx_it_is_one_line_before_anything_is_made(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("har.cli.verbs.train.find_spec", lambda _name: None)
    assert main(["train", "--tensorboard", "--out", str(tmp_path / "run")]) == 2
    assert "expected it: pip install 'gluon-har[tensorboard]'" in the_one_line(capsys)
    assert not (tmp_path / "run").exists()


@pytest.fixture
def bare_run(run, tmp_path):
    """A finished run that was not scored."""
    for file in ("config.yaml", "manifest.json", "metrics.jsonl"):
        (tmp_path / file).write_bytes((run / file).read_bytes())
    return tmp_path


def test_a_run_that_is_not_scored_is_shown_without_its_data(bare_run, capsys):
    assert main(["report", str(bare_run)]) == 0
    assert capsys.readouterr().err == ""
    assert title_of(bare_run / "report.html") == "Trained, but not scored"


def test_a_gpu_that_this_mxnet_cannot_use_is_one_line_with_the_wheel_to_install(capsys):
    assert main(["train", "--device", "gpu(0)"]) == 1
    line = the_one_line(capsys)
    assert "CPU build" in line
    assert "mxnet-cu" in line


def test_data_that_is_not_there_is_one_line_and_no_run_folder(tmp_path, capsys):
    out = tmp_path / "run"
    assert main(["train", "--data.root", str(tmp_path / "no"), "--out", str(out)]) == 1
    assert str(tmp_path / "no") in the_one_line(capsys)
    assert not out.exists()


def test_an_unwritable_out_is_one_line(tmp_path, data_root, capsys, uci_har):
    (tmp_path / "file").write_text("")
    out = tmp_path / "file" / "run"
    assert main(["train", "--data.root", str(data_root), "--out", str(out)]) == 1
    assert str(out) in the_one_line(capsys)


def test_train_leaves_every_file_of_a_run(run):
    names = {path.name for path in run.iterdir()}
    assert names == {
        "config.yaml",
        "manifest.json",
        "metrics.jsonl",
        "model-symbol.json",
        "model-0000.params",
        "evaluation.json",
        "predictions.csv",
        "figures",
        "report.html",
        "report.md",
        "strangeness.npz",
        "checkpoints",
    }
    assert list((run / "figures").glob("*.png"))


def test_the_manifest_tells_what_was_trained_on_what(run, uci_har):
    manifest = json.loads((run / "manifest.json").read_text())
    assert manifest["status"] == "finished"
    assert manifest["data"]["fingerprint"] == uci_har.fingerprint
    assert (manifest["data"]["name"], manifest["data"]["notes"]) == ("UCI HAR", [])
    assert manifest["command"][:2] == ["har", "train"]
    training = manifest["training"]
    subjects = set(training["train_subjects"]) | set(training["validation_subjects"])
    assert subjects == set(uci_har.train.subject_names)
    assert len((run / "metrics.jsonl").read_text().splitlines()) == training["n_epochs"] == 2
    assert yaml.safe_load((run / "config.yaml").read_text())["model"]["hidden_size"] == 6


def test_anyone_can_recompute_the_evaluation_from_the_predictions(run, uci_har):
    evaluation = json.loads((run / "evaluation.json").read_text())
    table = pd.read_csv(run / "predictions.csv")
    activities = list(uci_har.test.activities)
    assert table["index"].tolist() == list(range(2947))
    assert table["subject"].tolist() == uci_har.test.subjects.tolist()
    assert table["true"].tolist() == [activities[label] for label in uci_har.test.labels]
    probabilities = table[[f"p_{activity}" for activity in activities]].to_numpy()
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, atol=1e-6)
    predicted = [activities[place] for place in probabilities.argmax(axis=1)]
    assert table["predicted"].tolist() == predicted
    assert evaluation["n_windows"] == 2947
    assert evaluation["accuracy"] == pytest.approx(accuracy_score(table["true"], predicted))
    assert evaluation["macro_f1"] == pytest.approx(
        f1_score(table["true"], predicted, average="macro", zero_division=0)
    )
    matrix = confusion_matrix(table["true"], predicted, labels=activities)
    assert evaluation["confusion_matrix"] == matrix.tolist()
    assert sum(row["n_windows"] for row in evaluation["per_subject"].values()) == 2947


def test_a_folder_that_is_not_empty_is_refused_without_overwrite(tmp_path, data_root, capsys):
    (tmp_path / "notes.txt").write_text("mine")
    arguments = ["train", *TINY, "--out", str(tmp_path), "--data.root", str(data_root)]
    arguments += ["--training.n_epochs", "1"]
    assert main(arguments) == 1
    assert "--overwrite" in capsys.readouterr().err
    assert main([*arguments, "--overwrite"]) == 0
    assert (tmp_path / "notes.txt").read_text() == "mine"
    assert (tmp_path / "report.html").exists()


@pytest.mark.slow
def test_a_run_on_chosen_activities_of_hapt_is_scored_on_them_again(data_root, tmp_path, capsys):
    out, root = tmp_path / "run", ["--data.root", str(data_root)]
    chosen = ["--data.set", "hapt", "--data.activities", "[LAYING, SIT_TO_LIE]"]
    assert main(["train", *TINY, *root, *chosen, "--out", str(out)]) == 0
    before = json.loads((out / "evaluation.json").read_text())
    assert before["n_windows"] == 545 + 32
    manifest = json.loads((out / "manifest.json").read_text())
    assert manifest["data"]["name"] == "HAPT"
    assert manifest["model"]["activities"] == ["LAYING", "SIT_TO_LIE"]
    # From SIT_TO_LIE nobody goes elsewhere than to LAYING.
    (lying, turning) = json.loads((out / "context.json").read_text())["transitions"]
    assert lying[0] > 0.9 > turning[0] > 0.2
    assert main(["evaluate", str(out), *root]) == 0
    assert json.loads((out / "evaluation.json").read_text()) == before
    assert main(["report", str(out), *root]) == 0
    assert "at hand" not in capsys.readouterr().err


def test_ctrl_c_ends_with_one_line_and_keeps_the_figures_so_far(tmp_path, data_root, uci_har):
    out = tmp_path / "run"
    process = start_long_training(out, data_root, stderr=subprocess.PIPE, text=True)
    wait_for_lines(out / "metrics.jsonl", 1)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=600)
    assert process.returncode == Interrupted.exit_status
    assert "Traceback" not in errors
    last_line = errors.strip().splitlines()[-1]
    assert last_line.startswith("har: interrupted; all up to ")
    assert last_line.endswith(f"har train --resume {out}")
    assert json.loads((out / "manifest.json").read_text())["status"] == "interrupted"
    assert not (out / "model-0000.params").exists()
    assert main(["report", str(out)]) == 0
    assert "Training was interrupted" in (out / "report.html").read_text()


def test_a_terminal_shows_a_progress_bar(tmp_path, data_root, uci_har):
    controller, terminal = pty.openpty()
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 120, 0, 0))
    process = start_long_training(tmp_path / "run", data_root, stderr=terminal)
    os.close(terminal)
    wait_for_lines(tmp_path / "run" / "metrics.jsonl", 2)
    process.send_signal(signal.SIGINT)
    process.wait(timeout=600)
    shown = os.read(controller, 100_000).decode()
    os.close(controller)
    for part in ("%|", "loss ", "validation", "windows/s"):
        assert part in shown


def test_elsewhere_each_epoch_is_a_plain_line(tmp_path, data_root, capsys, uci_har):
    arguments = ["train", *TINY, "--out", str(tmp_path / "run"), "--data.root", str(data_root)]
    assert main(arguments) == 0
    captured = capsys.readouterr()
    lines = [line for line in captured.err.splitlines() if line.startswith("epoch")]
    assert [line.split()[1] for line in lines] == ["1/2", "2/2"]
    assert "\r" not in captured.err
    assert captured.out.strip().endswith("report.html")


@pytest.mark.parametrize(
    ("options", "in_environment", "expected"),
    [
        ([], None, ("auto", 1)),
        (["--threads", "auto", "--processes", "2"], None, ("auto", 2)),
        ([], "3", (None, 1)),
        (["--threads", "2"], "3", (2, 1)),
    ],
)
def test_threads_are_measured_unless_a_number_is_given(
    options, in_environment, expected, tmp_path, data_root, uci_har, monkeypatch
):
    found = []

    def fit_epochs(_classifier, _windows, n_threads, n_processes, _checkpoints):
        found.append((n_threads, n_processes))
        raise RunError("enough")

    monkeypatch.setattr("har.classifier.ActivityClassifier.fit_epochs", fit_epochs)
    monkeypatch.setenv("OMP_NUM_THREADS", in_environment or "1")
    if in_environment is None:
        monkeypatch.delenv("OMP_NUM_THREADS")
    arguments = ["train", *TINY, "--out", str(tmp_path), "--data.root", str(data_root)]
    assert main([*arguments, *options]) == 1
    assert found == [expected]
