"""Trainings that are killed, stopped, or cannot write, and go on."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time

import pytest
from command_line import TINY, the_one_line
from event_records import expected, scalars_in
from made_up_people import write_people

from har import files
from har.cli.main import main
from har.models import export
from har.runs import arrays_file
from har.runs.checkpoints import RunCheckpoints
from har.runs.folder import RunFolder
from har.runs.integrity import sealed

# Epochs of some 40 steps of four windows.
SETTINGS = (*TINY, "--training.n_epochs", "3", "--training.batch_size", "4", "--threads", "1")
SETTINGS += ("--training.checkpoint_steps", "10", "--model.dropout", "0.2", "--model.n_layers", "2")
SETTINGS += ("--data.set", "recordings", "--data.test_subjects", "[4]")
SETTINGS += ("--data.n_validation_subjects", "1")


@pytest.fixture(scope="module", autouse=True)
def _without_scoring():
    """Trainings in this process end when the model is saved, since its bytes are compared."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("har.cli.verbs.train.score", lambda *_model: None)
        patch.setattr("har.cli.verbs.train.show_result", lambda *_scores: None)
        yield


@pytest.fixture(scope="module")
def people(tmp_path_factory):
    """The folder of small own recordings."""
    return write_people(tmp_path_factory.mktemp("own") / "people")


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory, people):
    """The folder of a training that was never stopped."""
    out = tmp_path_factory.mktemp("uninterrupted") / "run"
    assert main(train_arguments(out, people)) == 0
    return out


def train_arguments(out, people, *more):
    return ["train", *SETTINGS, "--out", str(out), "--data.root", str(people), *more]


def start(arguments):
    command = [sys.executable, "-m", "har", *arguments]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def wait_for(file, process):
    while not file.exists():
        assert process.poll() is None, process.stderr.read()
        time.sleep(0.01)


def assert_same_run(run, expected):
    for name in ("model-0000.params", "strangeness.npz"):
        assert (run / name).read_bytes() == (expected / name).read_bytes(), name
    rows = [
        [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]
        for folder in (run, expected)
    ]
    for one, other in zip(*rows, strict=True):
        assert {**one, "windows_per_s": 0} == {**other, "windows_per_s": 0}
    assert json.loads((run / "manifest.json").read_text())["status"] == "finished"


def test_a_training_that_was_killed_goes_on_to_the_same_bytes(tmp_path, people, uninterrupted):
    out = tmp_path / "run"
    process = start(train_arguments(out, people))
    wait_for(out / "checkpoints" / "member1.npz", process)
    process.kill()
    process.communicate()
    assert not (out / "model-0000.params").exists()
    assert main(["train", "--resume", str(out)]) == 0
    assert_same_run(out, uninterrupted)
    manifest = json.loads((out / "manifest.json").read_text())
    assert len(manifest["resumed"]) == 1


@pytest.mark.slow
def test_twenty_kills_at_random_moments_change_no_byte(tmp_path, people, uninterrupted):
    """Also while a checkpoint is written, which takes a good part of these short steps."""
    out, moments = tmp_path / "run", random.Random(15)
    arguments = train_arguments(out, people)
    n_kills = 0
    while n_kills < 20:
        process = start(arguments)
        if not out.exists():
            wait_for(out / "checkpoints" / "member1.npz", process)
        else:
            # Loading takes some seconds, most of which are spared.
            before = (out / "manifest.json").read_bytes()
            while (out / "manifest.json").read_bytes() == before and process.poll() is None:
                time.sleep(0.01)
        time.sleep(moments.uniform(0, 1.0))
        process.kill()
        process.communicate()
        if process.returncode == 0:
            break
        n_kills += 1
        arguments = ["train", "--resume", str(out)]
    if process.returncode:
        assert main(arguments) == 0
    assert_same_run(out, uninterrupted)


@pytest.mark.parametrize(("number", "status"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_a_signal_ends_the_step_and_keeps_it(number, status, tmp_path, people, uninterrupted):
    out = tmp_path / "run"
    process = start(train_arguments(out, people))
    wait_for(out / "checkpoints" / "member1.npz", process)
    process.send_signal(number)
    _, errors = process.communicate()
    assert process.returncode == status, errors
    line = errors.splitlines()[-1]
    assert line.startswith("har: interrupted; all up to "), errors
    assert line.endswith(f" is kept, and goes on with: har train --resume {out}")
    assert "Traceback" not in errors
    assert json.loads((out / "manifest.json").read_text())["status"] == "interrupted"
    assert main(["train", "--resume", str(out)]) == 0
    assert_same_run(out, uninterrupted)


@pytest.fixture
def stopped(tmp_path, people, monkeypatch, capsys):
    """A run that was stopped by Ctrl-C after its third checkpoint."""
    out = tmp_path / "run"
    stop_after(monkeypatch, 3, lambda: signal.raise_signal(signal.SIGINT))
    assert main(train_arguments(out, people)) == 130
    monkeypatch.undo()
    assert "all up to epoch 1 is kept" in capsys.readouterr().err
    return out


def stop_after(monkeypatch, n_checkpoints, stop):
    """Stop a training before one of its checkpoints is written."""
    write, numbers = RunCheckpoints.write, iter(range(1, 1000))

    def count_and_write(checkpoints, member, state):
        if next(numbers) == n_checkpoints:
            stop()
        write(checkpoints, member, state)

    monkeypatch.setattr(RunCheckpoints, "write", count_and_write)


def test_a_stopped_training_goes_on_to_the_same_bytes(stopped, uninterrupted, capsys):
    assert main(["train", "--resume", str(stopped)]) == 0
    assert_same_run(stopped, uninterrupted)
    capsys.readouterr()
    (stopped / "predictions.csv").touch()
    assert main(["train", "--resume", str(stopped)]) == 1
    words = "found a training that is finished, expected an interrupted one, or more epochs: --"
    assert words in the_one_line(capsys)


def test_a_second_ctrl_c_does_not_wait_for_the_checkpoint(tmp_path, people, monkeypatch, capsys):
    def twice():
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGINT)

    out = tmp_path / "run"
    stop_after(monkeypatch, 2, twice)
    assert main(train_arguments(out, people)) == 130
    assert "all up to step 10 of epoch 1 is kept" in capsys.readouterr().err


def test_a_full_disk_keeps_the_last_checkpoint_and_is_one_line(
    tmp_path, people, uninterrupted, monkeypatch, capsys
):
    def full():
        monkeypatch.setattr(os, "fsync", no_space)

    def no_space(_descriptor):
        raise OSError(28, "No space left on device")

    out = tmp_path / "run"
    stop_after(monkeypatch, 3, full)
    assert main(train_arguments(out, people, "--quiet")) == 1
    monkeypatch.undo()
    line = the_one_line(capsys)
    assert "found No space left on device, expected a folder to write to" in line
    assert (
        f"all up to step 20 of epoch 1 is kept, and goes on with: har train --resume {out}" in line
    )
    assert main(["train", "--resume", str(out)]) == 0
    assert_same_run(out, uninterrupted)


def test_more_epochs_go_on_with_a_finished_run(tmp_path, people, capsys):
    constant = ("--training.schedule", "constant")
    longer, shorter = tmp_path / "longer", tmp_path / "shorter"
    assert main(train_arguments(longer, people, *constant)) == 0
    assert main(train_arguments(shorter, people, *constant, "--training.n_epochs", "2")) == 0
    assert main(["train", "--resume", str(shorter), "--training.n_epochs", "3"]) == 0
    assert_same_run(shorter, longer)
    capsys.readouterr()
    assert main(["train", "--resume", str(shorter), "--training.n_epochs", "2"]) == 1
    words = "found 3 epochs that are done, expected at most the 2 of training.n_epochs"
    assert words in the_one_line(capsys)


@pytest.fixture
def short(tmp_path, people):
    """A scored run of two epochs, and the bytes of one of three."""
    constant = ("--training.schedule", "constant", "--training.checkpoint_steps", "50")
    longer, run = tmp_path / "longer", tmp_path / "run"
    assert main(train_arguments(longer, people, *constant)) == 0
    assert main(train_arguments(run, people, *constant, "--training.n_epochs", "2")) == 0
    (run / "predictions.csv").touch()
    return run, longer


MORE = ("--training.n_epochs", "3")


def test_more_epochs_of_a_scored_run_that_were_stopped_go_on(short, monkeypatch, capsys):
    run, longer = short
    with monkeypatch.context() as patch:
        stop_after(patch, 1, lambda: signal.raise_signal(signal.SIGINT))
        assert main(["train", "--resume", str(run), *MORE]) == 130
    assert f"goes on with: har train --resume {run}" in capsys.readouterr().err
    assert main(["train", "--resume", str(run)]) == 0
    assert_same_run(run, longer)


@pytest.mark.slow
def test_a_kill_after_any_file_was_written_can_be_gone_on_from(short, tmp_path, monkeypatch):
    run, longer = short
    write, n_written = files.write_whole, 0

    def write_some(path, write_to):
        nonlocal n_left
        write(path, write_to)
        n_left -= 1
        if not n_left:
            raise SystemExit(9)

    while True:
        n_written += 1
        n_left = n_written
        killed = shutil.copytree(run, tmp_path / f"killed{n_written}")
        with monkeypatch.context() as patch:
            for module in (files, arrays_file, export):
                patch.setattr(module, "write_whole", write_some)
            try:
                main(["train", "--resume", str(killed), *MORE])
            except SystemExit:
                is_killed = True
            else:
                is_killed = False
        if not is_killed:
            break
        assert main(["train", "--resume", str(killed), *MORE]) == 0, n_written
        assert_same_run(killed, longer)
    assert n_written > 10


def test_events_are_written_again_from_the_first_epoch(stopped):
    (stopped / "events" / "training").mkdir(parents=True)
    assert main(["train", "--resume", str(stopped), "--tensorboard"]) == 0
    history = RunFolder.open(stopped).read_history()
    found = scalars_in(stopped / "events" / "training")
    assert {key: found[key] for key in expected(history, "train")} == expected(history, "train")


def test_with_a_cosine_more_epochs_are_warned_of(stopped, capsys):
    assert main(["train", "--resume", str(stopped), "--training.n_epochs", "4"]) == 0
    assert "the weights are not those of 4 epochs in one go" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--config", "quick"), "found --config beside --resume"),
        (("--out", "elsewhere"), "found --out beside --resume"),
        (("--overwrite",), "found --overwrite beside --resume"),
        (
            ("--training.batch_size", "8"),
            "--training.batch_size: found 8, expected 4, with which",
        ),
        (("--seed", "3"), "--seed: found 3, expected 0"),
    ],
)
def test_what_a_resumed_training_has_already_is_refused(stopped, arguments, words, capsys):
    assert main(["train", "--resume", str(stopped), *arguments]) == 2
    assert words in the_one_line(capsys)


def test_a_folder_that_is_no_run_is_one_line(tmp_path, capsys):
    assert main(["train", "--resume", str(tmp_path)]) == 1
    assert "found no config.yaml in it, expected the folder of a run" in the_one_line(capsys)


def edit_json(file, **changes):
    content = json.loads(file.read_text())
    for key, value in changes.items():
        content[key].update(value)
    file.write_text(json.dumps(sealed(content)))


def test_other_data_is_refused(stopped, capsys):
    edit_json(stopped / "manifest.json", data={"fingerprint": "another"})
    assert main(["train", "--resume", str(stopped)]) == 1
    assert "found a training on data with the fingerprint 'another'" in the_one_line(capsys)


def test_other_versions_are_warned_of(stopped, uninterrupted, capsys):
    edit_json(stopped / "manifest.json", environment={"numpy": "1.0", "python": "3.9.1"})
    assert main(["train", "--resume", str(stopped)]) == 0
    words = "was trained with Python 3.9.1, numpy 1.0 so far, and goes on with Python 3."
    assert words in capsys.readouterr().err
    assert_same_run(stopped, uninterrupted)


def test_a_changed_recipe_is_refused(stopped, capsys):
    recipe = stopped / "config.yaml"
    recipe.write_text(recipe.read_text().replace("label_smoothing: ", "label_smoothing: 0.0 # "))
    assert main(["train", "--resume", str(stopped)]) == 1
    assert "config.yaml: found another file than was saved" in the_one_line(capsys)


def test_a_damaged_checkpoint_is_refused_by_name(stopped, capsys):
    file = stopped / "checkpoints" / "member1.npz"
    content = bytearray(file.read_bytes())
    content[len(content) // 2 :] = b""
    file.write_bytes(content)
    assert main(["train", "--resume", str(stopped)]) == 1
    assert f"har: {file}: found " in the_one_line(capsys)
