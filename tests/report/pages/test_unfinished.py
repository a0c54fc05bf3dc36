from __future__ import annotations

import json
import os
import re
from dataclasses import replace
from datetime import datetime, timezone

import pytest
from builders import refused
from read_page import text_of
from scored_run import make_epochs, make_manifest, make_windows

from har.config import Config, ModelConfig, TrainingConfig
from har.errors import RunError
from har.report.pages.unfinished import write_unfinished_report
from har.runs.folder import RunFolder
from har.runs.lock import held

STARTED = "2026-11-23T06:34:00+00:00"
STARTED_S = datetime.fromisoformat(STARTED).timestamp()
FORTY = Config(seed=3, training=TrainingConfig(n_epochs=40))


@pytest.fixture
def begin(tmp_path):
    """Makes a run as it is during training, with epochs of 10 s each."""

    def make(n_epochs=0, config=FORTY, is_validated=True, n_members=1, **manifest):
        run = RunFolder.create(tmp_path / "run", overwrite=True)
        run.write_config(config)
        told = make_manifest(make_windows(), [])
        for key in ("model", "training", "finished", "duration_s"):
            del told[key]
        run.write_json(run.manifest, {**told, "status": "running", **manifest})
        os.utime(run.manifest, (STARTED_S, STARTED_S))
        for member in range(1, n_members + 1):
            for record in make_epochs(n_epochs, is_validated):
                run.append_epoch({**record, "member": member})
        if n_epochs:
            ended_s = STARTED_S + 10 * n_epochs * n_members
            os.utime(run.metrics, (ended_s, ended_s))
        return run

    return make


@pytest.fixture
def at(monkeypatch):
    """Sets the clock, in seconds after the start."""

    class Clock(datetime):
        @classmethod
        def now(cls, tz=None):
            return datetime.fromtimestamp(STARTED_S + seconds, tz)

    def set_clock(to):
        nonlocal seconds
        seconds = to

    seconds = 0.0
    monkeypatch.setattr("har.report.pages.unfinished.datetime", Clock)
    return set_clock


def told_of(run):
    text = text_of(write_unfinished_report(run))
    return text.replace(" .", ".").replace(" ,", ",")


def test_a_running_training_tells_how_far_it_is_and_what_is_left(begin, at):
    run = begin(n_epochs=12)
    at(123)
    with held(run.path):
        text = told_of(run)
    assert "Training goes on" in text
    assert "epoch 12 of 40 is over. About 4 min 37 s are left." in text
    assert "Time 10 s an epoch" in text
    assert "Last sign of life 06:36:00 UTC, 23 November 2026" in text
    last = run.read_epochs()[-1]
    assert f"Training accuracy {100 * last['train_accuracy']:.1f} %" in text
    assert f"Validation accuracy {100 * last['validation_accuracy']:.1f} % best" in text
    assert "Speed 3,000 windows a second" in text
    assert f"har report {run.path} makes it anew" in text
    assert "har train --config uci_har --seed 0" in text
    assert "seed 3" in text and "n_epochs 40" in text


def test_the_curves_show_every_epoch_so_far(begin):
    html = write_unfinished_report(begin(n_epochs=12)).read_text()
    assert html.count("<svg") == 2
    assert "Loss by epoch. Training: from 1.3" in html
    assert not re.search(r'(?:src|href)="(?!#|data:)', html)


def test_before_the_first_epoch_ends_there_are_no_curves_and_no_guesses(begin):
    run = begin()
    with held(run.path):
        text = told_of(run)
    assert "no epoch of 40 is over." in text
    assert "left" not in text.partition("Settings")[0]
    assert "svg" not in run.report.read_text().partition("</style>")[2]


def test_a_line_that_is_being_written_is_not_yet_an_epoch(begin):
    run = begin(n_epochs=2)
    with run.metrics.open("a") as stream:
        stream.write('{"epoch": 3, "learning')
    assert "epoch 2 of 40 is over" in told_of(run)


def test_a_training_that_nobody_goes_on_with_is_not_said_to_run(begin):
    text = told_of(begin(n_epochs=2))
    assert "No sign of life since 23 November 2026, 06:34:20 UTC" in text
    assert "goes on" not in text and " left" not in text.partition("Settings")[0]


@pytest.mark.parametrize(
    ("status", "words"),
    [
        ("interrupted", "Interrupted on 23 November 2026, 06:36:04 UTC. There is no model"),
        ("failed", "Failed on 23 November 2026, 06:36:04 UTC: loss is nan & more"),
        ("finished", "Not scored: there is a model"),
    ],
)
def test_how_it_ended_is_told(begin, status, words):
    ended = {"finished": "2026-11-23T06:36:04+00:00", "failure": "loss is nan & more"}
    run = begin(n_epochs=2, status=status, **ended)
    assert words in told_of(run).replace("&amp;", "&")
    assert "epoch 2 of 40 is over" in told_of(run)


@pytest.mark.parametrize("status", ["interrupted", "failed", "running"])
def test_with_a_checkpoint_the_command_that_goes_on_is_told(begin, status):
    run = begin(n_epochs=2, status=status)
    words = f"har train --resume {run.path} goes on from the last checkpoint."
    assert words not in told_of(run)
    run.checkpoints.mkdir()
    (run.checkpoints / "member1.npz").touch()
    assert words in told_of(run)


def test_an_ensemble_tells_which_network_it_is_at(begin, at):
    config = replace(FORTY, model=ModelConfig(n_members=3))
    run = begin(n_epochs=4, config=config, n_members=2)
    at(80)
    with held(run.path):
        text = told_of(run)
    assert "network 2 of 3, epoch 4 of 40 is over. About 12 min 40 s are left." in text


def test_early_stopping_makes_what_is_left_a_limit(begin, at):
    config = replace(FORTY, training=replace(FORTY.training, patience=5))
    run = begin(n_epochs=39, config=config)
    at(390)
    with held(run.path):
        assert "About 10 s are left at most." in told_of(run)


def test_without_validation_only_training_is_told(begin):
    text = told_of(begin(n_epochs=2, is_validated=False))
    assert "Training accuracy" in text and "Validation accuracy" not in text


def test_a_model_that_was_saved_without_the_command_line_can_be_shown(begin):
    run = begin(n_epochs=2)
    run.write_json(run.manifest, {"har": "0.1.0"})
    text = told_of(run)
    assert "Trained, but not scored" in text
    assert "an epoch, with" not in text


@pytest.mark.parametrize(
    ("file", "content", "part"),
    [
        ("manifest", None, "found No such file"),
        ("manifest", json.dumps({"status": "asleep"}), "found status 'asleep', expected one of"),
        ("metrics", '{"epoch": 1}\n', "found a line with other keys"),
    ],
)
def test_damaged_files_are_one_line(begin, file, content, part):
    run = begin(n_epochs=1)
    path = getattr(run, file)
    path.unlink() if content is None else path.write_text(content)
    with refused(RunError, f"{path}: {part}"):
        write_unfinished_report(run)


def test_a_page_that_cannot_be_written_is_one_line(begin):
    run = begin(n_epochs=1)
    run.report.mkdir()
    with refused(RunError, f"{run.path}: found Is a directory, expected a folder to write to"):
        write_unfinished_report(run)


def test_times_are_told_in_utc(begin):
    run = begin(status="interrupted", finished="2026-11-23T08:36:04+02:00")
    assert "06:36:04 UTC" in told_of(run)
    assert datetime.now(timezone.utc).strftime("made on %-d %B %Y") in told_of(run)
