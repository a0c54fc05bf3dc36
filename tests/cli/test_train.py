"""What can be seen of a training that goes on, is killed, or fails."""

from __future__ import annotations

import json
import subprocess

import pytest
from command_line import TINY, start_long_training, the_one_line, wait_for_lines
from event_records import expected, scalars_in

from har.cli.main import main
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
    arguments += ["--training.learning_rate", "1e30", "--training.optimizer", "sgd"]
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
    monkeypatch.setattr("har.cli.main.find_spec", lambda _name: None)
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
