from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from har.datasets.uci_har import TEST_SUBJECTS

ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / "scripts" / "person_or_recording.py"
# One layer of four units for an epoch: to see that all is done, not how well.
TINY = ["--config", "quick", "--folds", "0", "--training.n_epochs", "1", "--model.n_layers", "1"]
TINY += ["--model.hidden_size", "4", "--training.batch_size", "256"]


def run(*arguments):
    return subprocess.run(
        [sys.executable, SCRIPT, *map(str, arguments)],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=3600,
    )


def test_help_tells_the_options():
    finished = run("--help")
    assert finished.returncode == 0
    for option in ("--config", "--folds", "--seeds", "--retrain", "--jobs", "--out", "--page"):
        assert option in finished.stdout


@pytest.mark.parametrize(
    ("arguments", "status", "found"),
    [
        (["--config", "hapt"], 1, "data: found set hapt"),
        (["--data.root", "nowhere"], 1, "nowhere: found nothing"),
        (["--model.hidden", "4"], 2, "model.hidden"),
    ],
)
def test_what_a_user_gets_wrong_is_said_in_a_line(arguments, status, found, tmp_path):
    finished = run(*arguments, "--out", tmp_path, "--page", tmp_path / "page.md")
    assert finished.returncode == status
    assert found in finished.stderr
    assert finished.stderr.count("\n") == 1
    assert not list(tmp_path.iterdir())


def test_without_raw_recordings_it_is_said_how_to_get_them(data_root, tmp_path):
    windows_alone = data_root / "uci-har-dataset.zip"
    finished = run("--data.root", windows_alone, "--out", tmp_path, "--page", tmp_path / "page.md")
    assert finished.returncode == 1
    assert "found no raw recordings" in finished.stderr
    assert "har fetch hapt" in finished.stderr


@pytest.mark.slow
def test_networks_are_trained_once_and_scored_on_windows_of_each_kind(data_root, tmp_path):
    out, page = tmp_path / "person", tmp_path / "page.md"
    asked = [*TINY, "--data.root", data_root, "--out", out, "--page", page, "--retrain"]
    first = run(*asked)
    assert first.returncode == 0, first.stderr
    assert first.stderr.count("training quick-") == 3
    result = json.loads((out / "quick.json").read_text())
    assert page.read_text() + "\n" == first.stdout
    rows = {row["windows"]: row for row in result["rows"]}
    n_all = rows["as they are"]["n_windows"]
    assert rows["as they are"]["difference"] == pytest.approx(0)
    held_out = set(rows["as they are"]["per_subject"])
    assert not held_out & set(map(str, TEST_SUBJECTS))
    for row in rows.values():
        assert set(row["per_subject"]) <= held_out
        assert f"| {row['windows']} | {row['n_windows']} |" in page.read_text()
    for names in (
        ("30 s before the window",),
        ("filters start 10 s before the window",),
        ("more than 2 s", "at most 2 s"),
        ("first third", "middle third", "last third"),
    ):
        assert sum(rows[name]["n_windows"] for name in names) == n_all
    again = run(*asked)
    assert "training quick-" not in again.stderr
    assert json.loads((out / "quick.json").read_text())["rows"] == result["rows"]
    other = run(*asked, "--training.learning_rate", "0.01")
    assert other.returncode == 1
    assert "found a network of other settings or subjects" in other.stderr
