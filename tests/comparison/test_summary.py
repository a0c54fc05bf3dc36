from __future__ import annotations

import json
from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from compared_runs import evaluation_of, make_runs, side_of
from scored_run import make_evaluation, make_run, make_windows
from sklearn.metrics import f1_score

from har.comparison.disagreements import Disagreements
from har.comparison.paired_tests import Difference
from har.comparison.summary import (
    DifferingSetting,
    RightCounts,
    SettingsOfRuns,
    compare_contenders,
)
from har.config import Config, ModelConfig
from har.recipes import SETTINGS


@pytest.fixture(scope="module")
def paths(tmp_path_factory):
    return make_runs(tmp_path_factory.mktemp("runs"), ["one", "two", "three"])


@pytest.fixture(scope="module")
def comparison(paths):
    return compare_contenders(side_of(paths))


def tables(paths):
    return [pd.read_csv(path / "predictions.csv") for path in paths]


def test_all_figures_follow_from_the_predictions(comparison, paths):
    for row, path, table in zip(comparison.runs, paths, tables(paths), strict=True):
        assert row.folder == str(path)
        assert row.accuracy == pytest.approx((table["true"] == table["predicted"]).mean())
        f1 = f1_score(table["true"], table["predicted"], average="macro")
        assert row.macro_f1 == pytest.approx(f1)
    assert [row.seed for row in comparison.runs] == [0, 1, 2]
    first = comparison.runs[0]
    assert (first.name, first.n_parameters, first.duration_s) == (
        "uci_har",
        53254,
        123.4,
    )


def test_the_settings_in_which_runs_differ_are_told_and_no_others(comparison, tmp_path):
    seeds = DifferingSetting("seed", {"A": 0, "B": 1, "C": 2})
    assert comparison.settings == SettingsOfRuns(len(SETTINGS), (seeds,))
    both = Config(model=ModelConfig(views=("channels", "compressed")), device="cpu")
    paths = [
        make_run(tmp_path / str(number), make_windows(), config=config).path
        for number, config in enumerate((Config(), both, Config()))
    ]
    views = {"A": ("channels",), "B": ("channels", "compressed"), "C": ("channels",)}
    assert compare_contenders(side_of(paths)).settings.differing == (
        DifferingSetting("device", {"A": "auto", "B": "cpu", "C": "auto"}),
        DifferingSetting("model.views", views),
    )


def test_each_pair_is_counted_and_has_the_difference_of_its_figures(comparison, paths):
    is_right = [table["true"] == table["predicted"] for table in tables(paths)]
    rows = comparison.runs
    assert len(comparison.pairs) == 3
    for (i, j), pair in zip(combinations(range(3), 2), comparison.pairs, strict=True):
        assert (pair.reference, pair.other) == (rows[i].run, rows[j].run)
        for name in ("accuracy", "macro_f1"):
            found = getattr(pair, name)
            expected = getattr(rows[j], name) - getattr(rows[i], name)
            assert found.difference == pytest.approx(expected)
            low, high = found.interval
            assert low < found.difference < high
        counts = pd.crosstab(is_right[i], is_right[j])
        assert pair.n_right == RightCounts(
            both=counts.loc[True, True],
            only_reference=counts.loc[True, False],
            only_other=counts.loc[False, True],
            neither=counts.loc[False, False],
        )


def test_subjects_are_told_run_by_run_the_hardest_for_the_first_run_first(comparison, paths):
    for key, table in zip("ABC", tables(paths), strict=True):
        expected = (table["true"] == table["predicted"]).groupby(table["subject"]).mean()
        found = {row.subject: row.accuracy[key] for row in comparison.per_subject}
        assert found == pytest.approx(expected.to_dict())
    of_first = [row.accuracy["A"] for row in comparison.per_subject]
    assert of_first == sorted(of_first)
    assert sum(row.n_windows for row in comparison.per_subject) == comparison.n_windows == 180


def test_more_than_four_runs_are_paired_with_the_first_only(paths):
    few, many = (compare_contenders(side_of([*paths, *paths][:n])) for n in (4, 5))
    assert len(few.pairs) == 6
    assert [(pair.reference, pair.other) for pair in many.pairs] == [("A", key) for key in "BCDE"]


def test_the_same_run_twice_differs_by_nothing(paths):
    comparison = compare_contenders(side_of([paths[0], paths[0]]))
    (pair,) = comparison.pairs
    assert pair.accuracy == pair.macro_f1 == Difference(0.0, [0.0, 0.0])
    assert pair.mcnemar_p == 1
    assert pair.n_right.only_reference == pair.n_right.only_other == 0
    assert comparison.disagreements == Disagreements(0, (), ())


def test_a_run_all_wrong_and_a_single_subject_are_told_plainly(tmp_path):
    windows = make_windows(40, subjects=(7,))
    names = list(windows.activities)
    true = [names[label] for label in windows.labels]
    wrong = [names[(label + 1) % len(names)] for label in windows.labels]
    folders = [
        make_run(tmp_path / name, windows, evaluation_of(names, answers, windows.subjects, true))
        for name, answers in (("right", true), ("wrong", wrong))
    ]
    comparison = compare_contenders(side_of([folder.path for folder in folders]))
    (pair,) = comparison.pairs
    assert pair.accuracy == pair.macro_f1 == Difference(-1.0, None)
    assert pair.n_right == RightCounts(both=0, only_reference=40, only_other=0, neither=0)
    assert pair.mcnemar_p == pytest.approx(2 * 0.5**40)
    assert comparison.per_subject[0].accuracy == {"A": 1.0, "B": 0.0}


def test_what_a_manifest_lacks_is_none_and_everything_fits_json(tmp_path):
    windows = make_windows()
    run = make_run(tmp_path / "run", windows, make_evaluation(windows))
    told = run.read_json(run.manifest)
    for key in ("recipe", "duration_s", "data"):
        del told[key]
    run.write_json(run.manifest, told)
    comparison = compare_contenders(side_of([run.path, run.path]))
    assert comparison.runs[0].name is comparison.runs[0].duration_s is None
    assert comparison.to_dict()["data"] == {"set": "uci_har"}
    row = json.loads(json.dumps(comparison.to_dict()))["runs"][0]
    assert row["name"] is row["duration_s"] is None


def test_a_sure_difference_has_an_interval_without_0_and_a_small_p(tmp_path):
    windows = make_windows(600)
    names = list(windows.activities)
    true = [names[label] for label in windows.labels]
    random = np.random.default_rng(0)
    worse = [random.choice(names) if random.random() < 0.3 else name for name in true]
    paths = [
        make_run(
            tmp_path / name, windows, evaluation_of(names, answers, windows.subjects, true)
        ).path
        for name, answers in (("worse", worse), ("better", true))
    ]
    (pair,) = compare_contenders(side_of(paths)).pairs
    assert pair.accuracy.interval[0] > 0.15
    assert pair.mcnemar_p < 1e-9
