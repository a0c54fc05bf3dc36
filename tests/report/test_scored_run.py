from __future__ import annotations

import numpy as np
import pytest
from builders import refused
from scored_run import make_run, make_stretches, make_windows

from har.errors import RunError
from har.report.scored_run import ScoredRun


@pytest.fixture
def windows():
    return make_stretches()


@pytest.fixture
def run(tmp_path, windows):
    return make_run(tmp_path / "run", windows)


def test_windows_are_in_the_order_of_the_predictions(run, windows):
    order = [2, 0, 1, 3, 4, 5, 6, 7, 8]
    run.write_predictions(run.read_predictions().iloc[order])
    scored = ScoredRun.read(run, windows)
    np.testing.assert_array_equal(scored.windows.signals, windows.signals[order])


def test_windows_of_one_stretch_have_one_number(run, windows):
    stretches = ScoredRun.read(run, windows).stretches
    assert [len(np.flatnonzero(stretches == number)) for number in np.unique(stretches)] == [
        5,
        1,
        3,
    ]


def test_without_windows_stretches_are_not_known(run):
    scored = ScoredRun.read(run)
    assert scored.windows is None and scored.stretches is None


def test_other_windows_are_refused(run):
    with refused(RunError, "predictions.csv", "expected"):
        ScoredRun.read(run, make_windows(seed=7))


@pytest.mark.parametrize(("subjects", "known"), [((2, 4), []), ((2, 3), [3]), ((1, 3), [1, 3])])
def test_subjects_of_training_and_validation_are_known(tmp_path, subjects, known):
    run = make_run(tmp_path / "run", make_windows(60, subjects=subjects))
    assert sorted(ScoredRun.read(run).known_subjects) == known
