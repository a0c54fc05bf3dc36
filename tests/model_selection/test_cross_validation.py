from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from builders import refused, small_windows, tiny_config

from har.classifier import ActivityClassifier
from har.errors import DataError
from har.model_selection.cross_validation import cross_validate, score_fold
from har.model_selection.folds import folds_of

WINDOWS = small_windows()


def scores_of(config, n_jobs, seeds=(0, 1)):
    jobs = [(seed, fold) for seed in seeds for fold in folds_of(WINDOWS, 3)]
    scores = cross_validate(config, WINDOWS, jobs, n_jobs)
    return {(score.seed, score.fold): score for score in scores}


def test_the_number_of_jobs_changes_no_figure():
    alone, together = (scores_of(tiny_config(), n_jobs) for n_jobs in (1, 2))
    assert set(alone) == set(together) == {(s, f) for s in (0, 1) for f in (0, 1, 2)}
    for job, score in alone.items():
        other = together[job]
        np.testing.assert_array_equal(
            score.evaluation.probabilities, other.evaluation.probabilities
        )
        assert without_cost(score) == without_cost(other)
    probabilities = [score.evaluation.probabilities for score in alone.values()]
    assert len({array.tobytes() for array in probabilities}) == len(probabilities)


def without_cost(score):
    cost = {"duration_s", "ms_per_window", "n_threads"}
    return {name: value for name, value in score.training.items() if name not in cost}


def test_a_score_is_that_of_a_classifier_fitted_on_the_other_subjects():
    fold = folds_of(WINDOWS, 3)[1]
    score = score_fold(tiny_config(seed=7), WINDOWS, fold, seed=2)
    classifier = ActivityClassifier(tiny_config(seed=2))
    classifier.fit(WINDOWS.where(~np.isin(WINDOWS.subjects, fold.held_out_subjects)))
    expected = classifier.predict_proba(WINDOWS.signals[score.rows])
    np.testing.assert_array_equal(score.evaluation.probabilities, expected)
    np.testing.assert_array_equal(score.evaluation.labels, WINDOWS.labels[score.rows])
    assert set(WINDOWS.subjects[score.rows]) == set(fold.held_out_subjects)
    assert (score.seed, score.fold, score.training["seed"]) == (2, 1, 2)
    assert score.training["n_parameters"] > 0
    assert score.training["duration_s"] > 0
    assert score.training["ms_per_window"] > 0


def test_who_is_held_out_chooses_nothing_not_even_the_epoch():
    config = tiny_config(n_epochs=4, keep="best", patience=2, learning_rate=0.3)
    fold = folds_of(WINDOWS, 3)[0]
    is_held_out = np.isin(WINDOWS.subjects, fold.held_out_subjects)
    others = replace(WINDOWS, labels=np.where(is_held_out, 2 - WINDOWS.labels, WINDOWS.labels))
    score, other = (score_fold(config, windows, fold, seed=0) for windows in (WINDOWS, others))
    np.testing.assert_array_equal(score.evaluation.probabilities, other.evaluation.probabilities)
    assert score.evaluation.accuracy != other.evaluation.accuracy
    assert without_cost(score) == without_cost(other)
    chose = set(score.training["validation_subjects"])
    assert chose
    assert chose | set(score.training["train_subjects"]) == set(fold.train_subjects)


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_what_a_user_can_mend_comes_back_from_another_process_as_it_is(n_jobs):
    with refused(DataError, "asked to hold out 4 subjects of 4"):
        scores_of(tiny_config(n_validation_subjects=4), n_jobs)


def test_recordings_of_those_held_out_are_scored_in_the_context_of_the_others(monkeypatch):
    learned, scored = [], []
    monkeypatch.setattr(ActivityClassifier, "learn_context", lambda self, of: learned.append(of))
    monkeypatch.setattr(
        ActivityClassifier,
        "evaluate_recordings",
        lambda self, found: scored.append(found) or "scored",
    )
    jobs = [(0, fold) for fold in folds_of(WINDOWS, 3)[:2]]
    readers = {"recordings_of": lambda people: people, "segments_of": lambda people: people}
    scores = list(cross_validate(tiny_config(n_epochs=1), WINDOWS, jobs, **readers))
    assert [score.recordings for score in scores] == ["scored", "scored"]
    assert scored == [fold.held_out_subjects for _seed, fold in jobs]
    assert learned == [fold.train_subjects for _seed, fold in jobs]
