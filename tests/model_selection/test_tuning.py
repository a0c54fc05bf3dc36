"""Searches with tiny networks on small windows, some of them in several processes."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from builders import refused
from studies import FOLDS, RANGES, WINDOWS, study_at, task

from har.errors import HarError, RunError, UsageError
from har.model_selection import tuning
from har.model_selection.cross_validation import score_fold
from har.model_selection.folds import Fold
from har.model_selection.tuning import (
    hardest_first,
    n_over,
    open_study,
    run_trials,
    without_password,
)
from har.model_selection.tuning_folder import failure_of

WORKER = """
import sys
from studies import study_at, task
from har.model_selection.tuning import run_trials
with study_at(sys.argv[1]) as study:
    for trial in run_trials(study, task(), int(sys.argv[2])):
        print("trial", trial.number, flush=True)
"""


def begin(study):
    """Open a study, and close it at once."""
    with study:
        pass


def run_all(file, of, n_trials):
    """Run all missing trials; return those of this process and all of the study."""
    with study_at(file, of) as study:
        return list(run_trials(study, of, n_trials)), study.get_trials()


def start_worker(file, n_trials):
    tests = Path(__file__).parents[1]
    return subprocess.Popen(
        [sys.executable, "-c", WORKER, str(file), str(n_trials)],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": f"{tests / 'helpers'}{os.pathsep}{tests.parent}"},
    )


@pytest.fixture
def file(tmp_path):
    return tmp_path / "study.db"


@pytest.fixture
def scored(monkeypatch):
    """Script the score of each fold, without training: `scored(lambda config, fold: 0.5)`."""

    def script(accuracy_of):
        def score(config, _windows, fold, _seed, _n_threads):
            evaluation = SimpleNamespace(accuracy=accuracy_of(config, fold.number))
            training = {"duration_s": 1.0, "n_parameters": 7}
            return SimpleNamespace(evaluation=evaluation, training=training)

        monkeypatch.setattr(tuning, "score_fold", score)

    return script


def test_a_trial_is_scored_on_each_fold_as_cross_validation_does(file):
    work = task()
    ((trial,), _) = run_all(file, work, 1)
    config = work.search.config_of(trial.params)
    scores = [score_fold(config, WINDOWS, fold, config.seed) for fold in FOLDS]
    accuracies = {str(score.fold): score.evaluation.accuracy for score in scores}
    assert trial.user_attrs["accuracies"] == accuracies
    assert trial.value == pytest.approx(np.mean(list(accuracies.values())))
    assert trial.user_attrs["n_parameters"] == scores[0].training["n_parameters"]
    assert trial.user_attrs["duration_s"] > 0


def test_folds_are_scored_in_their_order_and_the_mean_so_far_is_reported(file, scored):
    scored(lambda _config, fold: [0.3, 0.6, 0.9][fold])
    work = replace(task(), folds=[FOLDS[2], FOLDS[0], FOLDS[1]])
    ((trial,), _) = run_all(file, work, 1)
    assert list(trial.user_attrs["accuracies"]) == ["2", "0", "1"]
    assert trial.intermediate_values == pytest.approx({0: 0.9, 1: 0.6, 2: 0.6})


def test_a_study_gone_on_with_draws_as_one_that_never_stopped(tmp_path, scored):
    scored(lambda config, _fold: 1 / config.model.hidden_size)
    _, expected = run_all(tmp_path / "whole.db", task(), 12)
    for n_trials in (4, 12):
        _, trials = run_all(tmp_path / "parts.db", task(), n_trials)
        assert len(trials) == n_trials
    assert [trial.params for trial in trials] == [trial.params for trial in expected]
    assert len({str(trial.params) for trial in trials}) == 12


def test_another_seed_draws_other_settings(tmp_path, scored):
    scored(lambda _config, _fold: 0.5)
    _, (trial,) = run_all(tmp_path / "0.db", task(), 1)
    _, (other,) = run_all(tmp_path / "1.db", task(*RANGES, "--seed=1"), 1)
    assert trial.params != other.params


def test_a_bad_trial_is_stopped_after_its_second_fold_once_it_is_known_what_is_usual(file, scored):
    scored(lambda _config, _fold: 0.9)
    _, usual = run_all(file, task(), 5)
    scored(lambda _config, _fold: 0.5)
    bad, _ = run_all(file, task(), 6)
    assert {trial.state.name for trial in usual} == {"COMPLETE"}
    assert [(trial.state.name, trial.value) for trial in bad] == [("PRUNED", 0.5)]
    assert list(bad[0].user_attrs["accuracies"]) == ["0", "1"]


def test_a_bad_start_is_not_stopped_before_it_is_known_what_is_usual(file, scored):
    scored(lambda _config, _fold: 0.9)
    run_all(file, task(), 1)
    scored(lambda _config, _fold: 0.5)
    bad, _ = run_all(file, task(), 2)
    assert bad[0].state.name == "COMPLETE"


def test_a_training_that_fails_is_a_failed_trial_and_the_study_goes_on(file, monkeypatch):
    def learning_rate_at(config, _epochs):
        return 3e38 if config.learning_rate == 100 else config.learning_rate

    monkeypatch.setattr("har.training.trainer.learning_rate_at", learning_rate_at)
    trials, _ = run_all(file, task("--training.learning_rate=100.0,0.01"), 4)
    states = {(trial.params["training.learning_rate"], trial.state.name) for trial in trials}
    assert states == {("100.0", "FAIL"), ("0.01", "COMPLETE")}
    failures = [failure_of(trial) for trial in trials if trial.state.name == "FAIL"]
    assert all("no numbers" in failure for failure in failures)


@pytest.mark.parametrize("error", [HarError("too bad"), RuntimeError("too\nbad")])
def test_why_a_trial_failed_is_kept_in_one_line(file, monkeypatch, error):
    def fail(*_arguments):
        raise error

    monkeypatch.setattr(tuning, "score_fold", fail)
    trials, _ = run_all(file, task(), 2)
    assert [failure_of(trial) for trial in trials] == ["too bad", "too bad"]


def test_choices_that_do_not_go_together_are_a_failed_trial(file, scored):
    scored(lambda _config, _fold: 0.5)
    trials, _ = run_all(file, task("--model.conv_channels=4,0", "--model.conv_skip=any"), 8)
    wrong = {"model.conv_channels": "0", "model.conv_skip": "true"}
    failed = [trial for trial in trials if trial.state.name == "FAIL"]
    assert failed == [trial for trial in trials if trial.params == wrong] != []
    assert "model.conv_skip: found True" in failure_of(failed[0])


def test_ctrl_c_keeps_the_trials_before_and_does_not_count_the_one_it_ends(file, scored):
    work = task()
    scored(lambda _config, _fold: 0.5)
    run_all(file, work, 2)

    def interrupt(_config, _fold):
        raise KeyboardInterrupt

    scored(interrupt)
    with pytest.raises(KeyboardInterrupt):
        run_all(file, work, 4)
    with study_at(file) as study:
        trials = study.get_trials()
    assert [trial.state.name for trial in trials] == ["COMPLETE", "COMPLETE", "FAIL"]
    assert n_over(trials) == 2
    scored(lambda _config, _fold: 0.5)
    trials, _ = run_all(file, work, 4)
    assert len(trials) == 2


def test_nothing_is_done_when_all_trials_are_there(file, scored, messages):
    scored(lambda _config, _fold: 0.5)
    run_all(file, task(), 2)
    assert run_all(file, task(), 2)[0] == []
    assert messages() == []


@pytest.mark.slow
def test_two_processes_finish_a_new_study_together(file):
    workers = [start_worker(file, 8) for _ in range(2)]
    outputs = [worker.communicate(timeout=1200)[0] for worker in workers]
    assert [worker.returncode for worker in workers] == [0, 0]
    with study_at(file) as study:
        trials = study.get_trials()
    # The last trials may be begun at the same moment.
    assert 8 <= n_over(trials) == len(trials) <= 9
    numbers = [
        int(line.split()[1]) for text in outputs for line in text.splitlines() if "trial " in line
    ]
    assert sorted(numbers) == list(range(len(trials)))
    assert all("trial " in text for text in outputs)
    assert len({str(trial.params) for trial in trials}) == len(trials)


def test_what_a_killed_process_left_is_done_by_the_next(file, monkeypatch, messages):
    worker = start_worker(file, 1000)
    assert worker.stdout.readline().startswith("trial 0")
    worker.kill()
    worker.communicate()
    monkeypatch.setattr(tuning, "_SILENCE_S", 1)
    monkeypatch.setattr(tuning, "_LOOK_AGAIN_S", 0.2)
    with study_at(file) as study:
        n_before = n_over(study.get_trials())
        mine = list(run_trials(study, task(), n_before + 2))
        trials = study.get_trials()
    assert len(mine) == 2 and n_over(trials) == n_before + 2
    assert all(trial.state.is_finished() for trial in trials)
    assert [failure_of(trial) for trial in trials if trial.state.name == "FAIL"] in (
        [],
        ["interrupted"],
    )
    assert set(messages()) <= {"waiting for the trials of other processes"}


@pytest.mark.parametrize(
    ("changed", "part"),
    [
        (
            task("--model.hidden_size=2..9", RANGES[1]),
            "found model.hidden_size 2..8, expected 2..9",
        ),
        (task(RANGES[0]), "found training.learning_rate 1e-4..1e-1:log, expected 0.002"),
        (task(*RANGES, "--training.n_epochs=2"), "found training.n_epochs 1, expected 2"),
        (replace(task(), folds=FOLDS[:2]), "found held-out subjects"),
    ],
)
def test_a_study_of_something_else_is_refused(file, changed, part):
    begin(study_at(file))
    with refused(RunError, "study tiny", part, "another --out begins anew"):
        begin(study_at(file, changed))


def test_a_study_of_other_data_is_refused(file):
    begin(study_at(file))
    with refused(RunError, "found data of fingerprint of the data, expected of others"):
        begin(open_study(f"sqlite:///{file}", "tiny", task(), "of others"))


def test_machines_may_have_the_data_elsewhere_and_other_devices(file):
    begin(study_at(file))
    begin(study_at(file, task(*RANGES, "--data.root=elsewhere", "--device=gpu(0)")))


@pytest.mark.parametrize(
    ("url", "parts"),
    [
        ("study.db", ["found no URL of a database, expected one such as sqlite:///"]),
        ("nosuch://me:secret@host/name", ["nosuch://me:***@host/name"]),
        ("sqlite:////nowhere/at/all.db", ["sqlite:////nowhere/at/all.db (unable to open"]),
    ],
)
def test_a_storage_that_cannot_be_is_one_line(url, parts, monkeypatch):
    monkeypatch.setattr(tuning, "_TRY_AGAIN_S", 0)
    with refused(UsageError, "--storage: found no", *parts):
        begin(open_study(url, "tiny", task(), "of the data"))


def overwrite_tables(file):
    content = bytearray(file.read_bytes())
    content[200:] = b"?" * (len(content) - 200)
    file.write_bytes(content)


def run_sql(statement):
    def damage(file):
        with closing(sqlite3.connect(file)) as connection, connection:
            connection.execute(statement)

    return damage


@pytest.mark.parametrize(
    "damage",
    [
        lambda file: file.write_bytes(b"no database" * 1000),
        overwrite_tables,
        run_sql("UPDATE study_user_attributes SET value_json = '{'"),
        run_sql("UPDATE study_user_attributes SET value_json = '[1]'"),
        run_sql("UPDATE study_directions SET direction = 'SIDEWAYS'"),
        run_sql("INSERT INTO trials (study_id, number, state) VALUES (1, 0, 'ASLEEP')"),
    ],
)
def test_a_damaged_study_is_one_line(file, damage, monkeypatch):
    monkeypatch.setattr(tuning, "_TRY_AGAIN_S", 0)
    begin(study_at(file))
    damage(file)
    with pytest.raises(HarError, match="study.*: found |--storage: found no database"):
        begin(study_at(file))


def test_a_storage_that_is_lost_is_one_line(file, scored):
    def lose(_config, _fold):
        file.write_bytes(b"no database" * 1000)
        return 0.5

    scored(lose)
    with refused(RunError, "study tiny: found no answer of its storage", "expected one"):
        run_all(file, task(), 1)


def test_a_password_is_never_shown():
    assert without_password("mysql://me:secret@host/x") == "mysql://me:***@host/x"
    assert without_password("sqlite:///study.db") == "sqlite:///study.db"


@pytest.mark.parametrize(
    ("n_folds", "expected"), [(5, [1, 0, 4, 2, 3]), (3, [0, 1, 2]), (6, [0, 1, 2, 3, 4, 5])]
)
def test_of_five_folds_those_that_are_hardest_on_uci_har_come_first(n_folds, expected):
    folds = [Fold(number, (1,), (2,)) for number in range(n_folds)]
    assert [fold.number for fold in hardest_first(folds)] == expected
