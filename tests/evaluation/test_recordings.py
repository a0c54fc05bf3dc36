from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from activity_segments import (
    ACTIVITIES,
    a_recording_evaluation,
    evaluation_of,
    runs,
    scored,
    segments_from,
    segments_of,
)
from builders import refused
from hypothesis import assume, given, settings
from numpy.testing import assert_allclose
from sklearn.metrics import accuracy_score, f1_score

from har.errors import DataError
from har.evaluation import intervals
from har.evaluation.recordings import SHARES, RecordingEvaluation
from har.evaluation.scored_recordings import ALONE, WITH_CONTEXT

SIT, STAND, _WALK = ACTIVITIES
TRUTH = segments_of((0, 10, SIT), (10, 20, STAND))
LATE = segments_of((0, 11, SIT), (11, 20, STAND))


@pytest.fixture(autouse=True)
def few_resamples(request, monkeypatch):
    """Draw fewer resamples for tests that do not look at them."""
    if "resamples" not in request.fixturenames:
        monkeypatch.setattr(intervals, "N_RESAMPLES", 40)


@pytest.fixture
def resamples():
    """Draw as many resamples as a user gets."""


def values_of(evaluation, way=ALONE):
    return {name: figure.value for name, figure in evaluation.figures[way].items()}


@given(runs(), runs())
@settings(max_examples=30)
def test_figures_of_time_are_those_of_scikit_learn(true, named):
    n = max(len(true), len(named))
    true, named = (np.pad(x, (0, n - len(x)), constant_values=-1) for x in (true, named))
    assume((true >= 0).any())
    values = values_of(evaluation_of(scored(1, segments_from(true), segments_from(named))))
    labelled, answered = true[true >= 0], named[true >= 0]
    assert values["time_accuracy"] == pytest.approx(accuracy_score(labelled, answered))
    present = [a for a in range(3) if a in labelled or a in answered]
    f1 = f1_score(labelled, answered, labels=present, average="macro", zero_division=0)
    assert values["time_macro_f1"] == pytest.approx(f1)
    assert values["time_unknown"] == pytest.approx(np.mean(answered == -1))


def test_a_perfect_timeline_is_right_throughout():
    values = values_of(evaluation_of(scored(1, TRUTH, TRUTH)))
    for name in ("time_accuracy", "time_macro_f1", "segment_precision", "segment_f1"):
        assert values[name] == 1
    for name in ("time_unknown", "deleted", "inserted", "fragmented", "merged", "untold"):
        assert values[name] == 0
    assert values["delay_median_s"] == values["delay_p90_s"] == 0


def test_figures_of_windows_count_unknown_ones_as_wrong():
    windows = np.array([[6, 1, 0, 1], [0, 4, 0, 0], [0, 0, 0, 0]])
    values = values_of(evaluation_of(scored(1, TRUTH, TRUTH, windows=windows)))
    assert values["window_accuracy"] == pytest.approx(10 / 12)
    assert values["window_macro_f1"] == pytest.approx((12 / 14 + 8 / 9) / 2)


def test_what_there_is_nothing_of_has_no_figure():
    nobody = np.zeros((3, 4), dtype=np.int64)
    only = segments_of((0, 10, SIT))
    values = values_of(evaluation_of(scored(1, only, segments_of(), windows=nobody)))
    unknown = {name for name, value in values.items() if value is None}
    delays = {"untold", "delay_median_s", "delay_p90_s"}
    assert unknown == {"window_accuracy", "window_macro_f1"} | delays | {
        "segment_precision",
        "inserted",
    }


def test_two_people_add_up_to_both_recordings_of_one():
    first, second = (TRUTH, LATE), (TRUTH, segments_of((0, 20, SIT)))
    apart = evaluation_of(scored(1, *first), scored(2, *second))
    together = evaluation_of(scored(1, *first), scored(1, *second))
    assert values_of(apart) == values_of(together)
    assert apart.accuracy_by_subject(ALONE) == {2: 0.5, 1: 0.95}
    assert apart.labelled_s == together.labelled_s == 40
    assert all(figure.interval is None for figure in together.figures[ALONE].values())


def test_intervals_are_of_people_drawn_anew(resamples):
    evaluation = a_recording_evaluation(subjects=(2, 4, 9, 10))
    draws = np.random.default_rng(0).integers(4, size=(10_000, 4))
    redrawn = [
        evaluation_of(
            *(replace(evaluation.recordings[person], subject=n) for n, person in enumerate(people))
        )
        for people in draws[:10]
    ]
    _check_resamples(evaluation, redrawn)
    for figure in evaluation.figures[WITH_CONTEXT].values():
        low, high = figure.interval
        assert low <= figure.value <= high


def _check_resamples(evaluation, redrawn):
    """Compare the first resamples with recordings that were drawn one by one."""
    counts = [evaluation.counts[ALONE][subject] for subject in evaluation.subjects]
    people = evaluation._sums(ALONE)
    drawn = {name: intervals.resampled(value) for name, value in people.items()}
    delays_s = np.concatenate([one.delays_s for one in counts])
    of_subject = np.repeat(np.arange(4), [len(one.delays_s) for one in counts])
    tenths = intervals.resampled_quantile(delays_s, of_subject, 4, 0.9)
    for number, one in enumerate(redrawn):
        total = one.total(ALONE)
        accuracy = total.time.trace() / total.time.sum()
        assert SHARES["time_accuracy"](drawn)[number] == pytest.approx(accuracy)
        n_events = total.true_events.sum() + total.predicted_events.sum()
        f1 = 2 * total.n_matched.sum() / n_events
        assert SHARES["segment_f1"](drawn)[number] == pytest.approx(f1)
        assert tenths[number] == np.quantile(total.delays_s, 0.9, method="inverted_cdf")


def test_each_way_to_name_moments_has_its_figures():
    evaluation = evaluation_of(scored(1, TRUTH, TRUTH, alone=LATE))
    assert evaluation.ways == (WITH_CONTEXT, ALONE)
    assert values_of(evaluation, WITH_CONTEXT)["time_accuracy"] == 1
    assert values_of(evaluation, ALONE)["time_accuracy"] == 0.95
    assert values_of(evaluation, ALONE)["delay_median_s"] == 1


def test_segments_are_scored_by_activity():
    said = segments_of((0, 4, SIT), (4, 6, "WALK"), (6, 10, SIT), (10, 20, STAND))
    scores = evaluation_of(scored(1, TRUTH, said)).segment_scores(ALONE)
    assert scores[STAND] == {"precision": 1, "recall": 1, "f1": 1, "n_true": 1, "n_predicted": 1}
    assert (scores[SIT]["n_true"], scores[SIT]["n_predicted"], scores[SIT]["recall"]) == (1, 2, 0)
    assert (scores["WALK"]["n_true"], scores["WALK"]["f1"]) == (0, 0)


@pytest.mark.parametrize("has_context", [True, False])
def test_figures_are_the_same_after_a_round_through_json(has_context):
    evaluation = a_recording_evaluation(has_context, subjects=("P2", "P10"))
    content = evaluation.to_dict()
    again = RecordingEvaluation.from_dict(json.loads(json.dumps(content)))
    assert again.to_dict() == content
    assert again.subjects == ("P2", "P10")
    assert content["figures"].keys() == content["events"].keys() == set(evaluation.ways)


def test_nothing_labelled_is_refused():
    with refused(DataError, "no labelled time in 1 of them", "SIT, STAND, WALK"):
        evaluation_of(scored(1, segments_of((0, 10, "DANCE")), TRUTH))
    with refused(DataError, "no labelled time in 0 of them"):
        evaluation_of()


def test_recordings_with_different_timelines_are_refused():
    with refused(DataError, "alone of b.csv", "expected the same of all"):
        evaluation_of(scored(1, TRUTH, TRUTH, alone=LATE), scored(2, TRUTH, TRUTH, "b.csv"))
    with refused(DataError, "windows of shape (2, 2) of a.csv", "expected (3, 4)"):
        evaluation_of(scored(1, TRUTH, TRUTH, windows=np.eye(2)))


@pytest.mark.parametrize("n_without", [0, 2])
def test_quantiles_of_resamples_are_those_of_the_people_drawn(n_without, resamples):
    random = np.random.default_rng(1)
    of_subject = random.integers(5, size=40)
    values = random.normal(size=40)
    n = 5 + n_without
    found = intervals.resampled_quantile(values, of_subject, n, 0.5)
    draws = np.random.default_rng(0).integers(n, size=(10_000, n))
    for people, quantile in zip(draws[:200], found[:200], strict=True):
        drawn = np.concatenate([values[of_subject == person] for person in people])
        assert_allclose(quantile, np.quantile(drawn, 0.5, method="inverted_cdf"))
    lonely = intervals.resampled_quantile(values[:1], of_subject[:1] * 0, 2, 0.5)
    assert 0.2 < np.isnan(lonely).mean() < 0.3
