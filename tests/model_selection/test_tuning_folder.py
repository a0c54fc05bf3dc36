from __future__ import annotations

import json
from dataclasses import replace

import pandas as pd
import pytest
import yaml
from builders import refused
from optuna.distributions import IntDistribution
from optuna.trial import TrialState, create_trial

from har.errors import RunError
from har.model_selection.ranges import load_search
from har.model_selection.tuning_folder import TuningFolder, best_of, failure_of
from har.recipes import load_config
from har.runs.manifest import Manifest, Session

SIZES = "--model.hidden_size=4..64"
NOW, LATER = "2026-01-01T00:00:00+00:00", "2026-01-02T00:00:00+00:00"
MANIFEST = Manifest(session=Session(har="1", started=NOW, command=("har",)))


def trial(state=TrialState.COMPLETE, value=0.5, size=8, **notes):
    return create_trial(
        state=state,
        value=value,
        params={"model.hidden_size": size},
        distributions={"model.hidden_size": IntDistribution(4, 64)},
        user_attrs=notes,
    )


FAILED = trial(TrialState.FAIL, None, failure="a loss of inf")
KILLED = trial(TrialState.FAIL, None)
RUNNING = trial(TrialState.RUNNING, None)


@pytest.fixture
def folder(tmp_path):
    return TuningFolder.prepare(tmp_path / "runs" / "tune")


def test_what_is_searched_can_be_searched_again_from_the_folder(folder):
    search = load_search("quick", SIZES)
    folder.write_start(search, MANIFEST)
    assert load_search(folder.path / "config.yaml") == search


def test_the_manifest_keeps_how_it_began_and_every_session(folder):
    search = load_search("quick", SIZES)
    folder.write_start(search, MANIFEST)
    folder.mark_ended("interrupted")
    folder.write_start(search, replace(MANIFEST, session=replace(MANIFEST.session, started=LATER)))
    manifest = json.loads((folder.path / "manifest.json").read_text())
    assert (manifest["started"], manifest["status"]) == (NOW, "running")
    assert [session["started"] for session in manifest["sessions"]] == [NOW, LATER]


def test_the_table_has_a_row_for_each_trial_that_is_over(folder):
    notes = {"accuracies": {"1": 0.25, "0": 0.75}, "duration_s": 3.5, "n_parameters": 99}
    pruned = trial(TrialState.PRUNED, 0.5, size=9, **notes)
    folder.write_trials(load_search("quick", SIZES), [pruned, RUNNING, FAILED, KILLED])
    table = pd.read_csv(folder.trials)
    assert table["state"].tolist() == ["pruned", "fail", "fail"]
    assert table["failure"].fillna("").tolist() == ["", "a loss of inf", "interrupted"]
    row = table.iloc[0]
    assert (row["accuracy"], row["fold_1"], row["fold_0"]) == (0.5, 0.25, 0.75)
    assert (row["duration_s"], row["n_parameters"], row["model.hidden_size"]) == (3.5, 99, 9)
    assert not folder.best.exists()


def test_the_best_settings_are_a_recipe_to_train_with(folder):
    trials = [trial(value=0.5, size=5), trial(value=0.7, size=7), trial(value=0.6, size=6)]
    folder.write_trials(load_search("quick", SIZES), trials)
    assert load_config(folder.best) == load_config("quick", "--model.hidden_size=7")


def test_the_best_is_among_those_scored_on_all_folds_and_the_first_of_equals():
    worse, best, equal = trial(value=0.5), trial(value=0.7, size=9), trial(value=0.7)
    pruned = trial(TrialState.PRUNED, 0.9)
    assert best_of([FAILED, pruned, worse, best, equal, RUNNING]) is best
    assert best_of([FAILED, pruned, RUNNING]) is None


def test_only_a_failed_trial_has_a_failure():
    assert [failure_of(one) for one in (trial(), RUNNING)] == [None, None]


def test_a_folder_with_something_else_is_refused(tmp_path):
    (tmp_path / "metrics.jsonl").write_text("")
    with refused(RunError, f"{tmp_path}: found metrics.jsonl in it, expected a new folder"):
        TuningFolder.prepare(tmp_path)


def test_a_folder_that_another_process_is_filling_is_taken(folder):
    folder.write_start(load_search("quick", SIZES), MANIFEST)
    for name in ("study.db", "study.db-journal", ".partial-x.csv", "trials.csv"):
        (folder.path / name).write_text("")
    assert TuningFolder.prepare(folder.path) == folder


def test_a_folder_that_cannot_be_is_one_line(tmp_path):
    (tmp_path / "file").write_text("")
    with refused(RunError, "file/tune: found Not a directory, expected a folder to write to"):
        TuningFolder.prepare(tmp_path / "file" / "tune")


def test_ranges_stand_in_the_config_as_they_were_given(folder):
    folder.write_start(load_search("quick", SIZES), MANIFEST)
    content = yaml.safe_load((folder.path / "config.yaml").read_text())
    assert content["model"]["hidden_size"] == "4..64"
