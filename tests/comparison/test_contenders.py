from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from builders import refused
from compared_runs import change_json, make_runs, side_of
from scored_run import make_evaluation, make_run, make_windows

from har.comparison.contenders import Contender, line_up, read_runs
from har.config import Config
from har.errors import RunError, UsageError
from har.runs.folder import RunFolder


@pytest.fixture
def paths(tmp_path):
    return make_runs(tmp_path)


def rewrite(path, change):
    run = RunFolder(path)
    run.write_predictions(change(run.read_predictions()))
    run.evaluation.unlink(missing_ok=True)


def evaluations(paths):
    return [contender.evaluation for contender in side_of(paths).contenders.values()]


def test_runs_come_in_order_with_letters_and_their_own_answers(paths):
    contenders = side_of(paths).contenders
    folders = [(key, contender.folder) for key, contender in contenders.items()]
    assert folders == list(zip("AB", map(str, paths), strict=True))
    for seed, (evaluation, path) in enumerate(zip(evaluations(paths), paths, strict=True)):
        table = pd.read_csv(path / "predictions.csv")
        names = np.array(evaluation.activities)
        assert names[evaluation.predicted].tolist() == table["predicted"].tolist()
        scores = json.loads((path / "evaluation.json").read_text())
        assert evaluation.accuracy == scores["accuracy"]
        assert evaluation.macro_f1 == pytest.approx(scores["macro_f1"])
        contender = contenders["AB"[seed]]
        assert (contender.name, contender.seed) == ("uci_har", seed)
        assert contender.settings["seed"] == seed
        assert contender.settings["model.hidden_size"] == Config().model.hidden_size
        assert (contender.n_parameters, contender.duration_s) == (53254, 123.4)


def test_the_same_run_may_come_twice(paths):
    one, again = evaluations([paths[0], paths[0]])
    assert np.array_equal(one.probabilities, again.probabilities)


def test_rows_in_another_order_are_the_same_windows(paths):
    expected = evaluations(paths)[1]
    rewrite(paths[1], lambda table: table.sample(frac=1, random_state=0))
    assert np.allclose(evaluations(paths)[1].probabilities, expected.probabilities)
    assert side_of(paths).index.tolist() == list(range(180))


def test_activities_that_only_one_run_knows_are_never_predicted_by_the_other(tmp_path):
    windows = make_windows()
    (path,) = make_runs(tmp_path, ["six"], windows)
    more = replace(windows, activities=(*windows.activities, "JUGGLING"))
    six, seven = evaluations([path, make_run(tmp_path / "seven", more).path])
    assert six.activities == seven.activities == more.activities
    assert (six.probabilities[:, 6] == 0).all()
    assert six.macro_f1 == pytest.approx(make_evaluation(windows).macro_f1)


def test_baselines_count_as_well(paths):
    assert len(read_runs(paths[:1], n_others=1)) == 1
    with refused(UsageError, "found 25 runs and 2 baselines, expected 2 to 26"):
        read_runs(paths[:1] * 25, n_others=2)


def test_what_is_no_run_stands_after_the_runs_over_the_same_activities(paths):
    windows = make_windows()
    more = replace(windows, activities=(*windows.activities, "JUGGLING"))
    other = Contender("a baseline", None, 0, {}, None, 1.5, make_evaluation(more, seed=5))
    contenders = line_up(read_runs(paths), [other]).contenders
    assert list(contenders) == ["A", "B", "C"]
    assert contenders["C"].name == "a baseline"
    known = {contender.evaluation.activities for contender in contenders.values()}
    assert known == {more.activities}
    found = contenders["C"].evaluation.probabilities
    np.testing.assert_allclose(found, other.evaluation.probabilities)


@pytest.mark.parametrize(("n", "found"), [(0, "0 runs"), (1, "1 run,"), (27, "27 runs")])
def test_too_few_or_too_many_runs_are_a_wrong_command_line(paths, n, found):
    with refused(UsageError, f"har compare: found {found}", "expected 2 to 26"):
        read_runs(paths[:1] * n)


def test_another_number_of_windows_is_refused(paths):
    rewrite(paths[1], lambda table: table.iloc[:-1])
    place, other = paths[1] / "predictions.csv", paths[0] / "predictions.csv"
    with refused(RunError, f"{place}: found 179 windows, expected the 180 of {other}"):
        read_runs(paths)


@pytest.mark.parametrize(
    ("column", "value", "found"),
    [
        ("index", 500, "window 500 of subject "),
        ("subject", 77, "of subject 77, "),
        ("true", "LAYING", ", LAYING, expected window "),
    ],
)
def test_windows_of_another_index_subject_or_activity_are_refused(paths, column, value, found):
    table = pd.read_csv(paths[1] / "predictions.csv")
    row = int((table["true"] != "LAYING").to_numpy().nonzero()[0][-1])
    table.loc[row, column] = value
    rewrite(paths[1], lambda _: table)
    with refused(RunError, str(paths[1] / "predictions.csv"), found, f"as in {paths[0]}"):
        read_runs(paths)


def test_data_with_another_fingerprint_is_refused(paths):
    change_json(paths[1] / "manifest.json", lambda told: told["data"].update(fingerprint="beef"))
    with refused(RunError, "found data with the fingerprint beef", "expected de0b788fb1c68c1f"):
        read_runs(paths)


def test_a_fingerprint_that_one_run_lacks_is_not_missed(paths):
    change_json(paths[1] / "manifest.json", lambda told: told["data"].pop("fingerprint"))
    change_json(paths[0] / "manifest.json", lambda told: told.pop("status"))
    assert len(read_runs(paths)) == 2


@pytest.mark.parametrize("status", ["running", "interrupted"])
def test_a_run_that_is_not_finished_is_refused(paths, status):
    change_json(paths[1] / "manifest.json", lambda told: told.update(status=status))
    with refused(RunError, f"found a run that is {status}, expected a finished one"):
        read_runs(paths)


@pytest.mark.parametrize("name", ["manifest.json", "metrics.jsonl", "predictions.csv"])
def test_a_missing_file_is_named(paths, name):
    (paths[1] / name).unlink()
    with refused(RunError, f"{paths[1] / name}: found No such file or directory"):
        read_runs(paths)


def test_a_folder_that_is_no_run_is_refused(paths, tmp_path):
    with refused(RunError, f"{tmp_path}: found no config.yaml in it"):
        read_runs([paths[0], tmp_path])
