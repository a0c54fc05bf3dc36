from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from compared_runs import evaluation_of, make_runs, side_of
from scored_run import make_run, make_windows

from har.comparison.disagreements import (
    DisputedGroup,
    DisputedWindow,
    Prediction,
    find_disagreements,
)

NAMES = ["SIT", "STAND", "WALK"]
SUBJECTS = [1, 1, 1, 1, 2, 2]
TRUE = ["SIT", "SIT", "STAND", "WALK", "SIT", "WALK"]


def disagreements(folder, *answers):
    """Compare runs that answered six windows: names of activities, and how sure each was."""
    windows = replace(
        make_windows(6),
        labels=np.array([NAMES.index(name) for name in TRUE]),
        subjects=np.array(SUBJECTS),
        activities=tuple(NAMES),
    )
    paths = [
        make_run(
            folder / str(number), windows, evaluation_of(NAMES, named, SUBJECTS, TRUE, sureness)
        ).path
        for number, (named, sureness) in enumerate(answers)
    ]
    return find_disagreements(side_of(paths))


def test_disputed_windows_are_counted_by_subject_and_activity_the_most_first(tmp_path):
    found = disagreements(
        tmp_path,
        (TRUE, 0.9),
        (["STAND", "STAND", "STAND", "WALK", "STAND", "WALK"], 0.9),
        (["STAND", "SIT", "STAND", "SIT", "SIT", "WALK"], 0.9),
    )
    assert found.n_windows == 4
    assert found.groups == (
        DisputedGroup(1, "SIT", n_windows=2, n_disputed=2, n_right={"A": 2, "B": 0, "C": 1}),
        DisputedGroup(1, "WALK", n_windows=1, n_disputed=1, n_right={"A": 1, "B": 1, "C": 0}),
        DisputedGroup(2, "SIT", n_windows=1, n_disputed=1, n_right={"A": 1, "B": 0, "C": 1}),
    )


def test_a_contradiction_is_as_sure_as_the_less_sure_of_two_runs(tmp_path):
    found = disagreements(
        tmp_path,
        (["SIT", "SIT", "SIT", "WALK", "SIT", "WALK"], [0.99, 0.9, 0.7, 0.9, 0.9, 0.9]),
        (["STAND", "SIT", "STAND", "SIT", "SIT", "WALK"], [0.6, 0.9, 0.8, 0.85, 0.9, 0.9]),
    )
    assert [row.index for row in found.surest] == [3, 2, 0]
    predicted = {
        "A": Prediction("SIT", pytest.approx(0.7)),
        "B": Prediction("STAND", pytest.approx(0.8)),
    }
    assert found.surest[1] == DisputedWindow(2, 1, "STAND", predicted)


def test_of_several_runs_the_surest_two_that_contradict_each_other_count(tmp_path):
    found = disagreements(
        tmp_path,
        (["SIT", "SIT", "STAND", "WALK", "SIT", "WALK"], 0.95),
        (["SIT", "SIT", "STAND", "WALK", "SIT", "SIT"], 0.5),
        (["SIT", "SIT", "STAND", "WALK", "STAND", "WALK"], 0.9),
    )
    assert [row.index for row in found.surest] == [4, 5]


def test_two_wrong_answers_that_differ_are_a_disagreement(tmp_path):
    found = disagreements(tmp_path, (["WALK", *TRUE[1:]], 0.9), (["STAND", *TRUE[1:]], 0.9))
    assert found.groups[0].n_right == {"A": 0, "B": 0}


def test_of_windows_of_one_kind_only_the_surest_is_shown(tmp_path):
    found = disagreements(
        tmp_path, (TRUE, 0.9), (["WALK", "WALK", *TRUE[2:]], [0.6, 0.8, 0.9, 0.9, 0.9, 0.9])
    )
    assert found.n_windows == 2
    assert [row.index for row in found.surest] == [1]


def test_no_more_than_twenty_are_shown(tmp_path):
    paths = make_runs(tmp_path, windows=make_windows(900))
    found = find_disagreements(side_of(paths))
    assert len(found.surest) == 20
    assert found.n_windows == sum(row.n_disputed for row in found.groups) > 20
