from __future__ import annotations

import numpy as np
import pytest
from activity_segments import ACTIVITIES, runs, segments_from, segments_of
from hypothesis import given, settings
from numpy.testing import assert_array_equal
from scipy.sparse import csr_array
from scipy.sparse.csgraph import maximum_bipartite_matching

from har.evaluation.events import PREDICTED_EVENTS, TRUE_EVENTS, count_events

SIT, STAND, WALK = ACTIVITIES
NONE = -1


def counted(truth, predicted):
    return count_events(segments_of(*truth), segments_of(*predicted), ACTIVITIES)


def kinds(counts):
    """Return the kinds of events that occur, with their numbers."""
    true = dict(zip(TRUE_EVENTS, counts.true_events.sum(axis=1).tolist(), strict=True))
    predicted = counts.predicted_events.sum(axis=1).tolist()
    named = dict(zip(PREDICTED_EVENTS, predicted, strict=True))
    return {k: n for k, n in true.items() if n}, {k: n for k, n in named.items() if n}


# ---- The same by sets of steps, one after the other.


def sets_of_runs(codes):
    """Return the activity and the steps of each run."""
    found = []
    for step, code in enumerate(codes):
        if not found or found[-1][0] != code:
            found.append((code, set()))
        found[-1][1].add(step)
    return found


def true_sets(true):
    return [(code, steps) for code, steps in sets_of_runs(true) if code != NONE]


def predicted_sets(true, named):
    """Cut predicted runs as the module's docstring says."""
    found = []
    for code, run in sets_of_runs(named):
        labelled = [step for step in sorted(run) if true[step] != NONE]
        if code == NONE or not labelled:
            continue
        pieces = [[labelled[0]]]
        for before, step in zip(labelled[:-1], labelled[1:], strict=True):
            if step > before + 1 and true[before] == true[step] == code:
                pieces.append([])
            pieces[-1].append(step)
        is_linked = any(true[step] == code for step in labelled)
        if is_linked or 2 * len(labelled) >= len(run):
            found += [(code, set(piece)) for piece in pieces]
    return found


def reference(true, named):
    """Return kinds of true and predicted segments, and the size of the largest matching."""
    ours, theirs = true_sets(true), predicted_sets(true, named)
    links = np.array(
        [[a == b and bool(one & other) for b, other in theirs] for a, one in ours], bool
    ).reshape(len(ours), len(theirs))
    overlap = [
        [a == b and 2 * len(one & other) >= len(one | other) for b, other in theirs]
        for a, one in ours
    ]
    matches = np.array(overlap, bool).reshape(links.shape)
    partners = maximum_bipartite_matching(csr_array(matches)) if matches.size else np.array([])
    return kinds_of(links), kinds_of(links.T), int((partners >= 0).sum()), matches


def kinds_of(links):
    found = []
    for row in links:
        n, is_shared = row.sum(), bool((links[:, row].sum(axis=0) > 1).any())
        found.append(0 if n == 1 and not is_shared else 1 if n == 0 else 3 if n == 1 else 2)
        found[-1] = 4 if n > 1 and is_shared else found[-1]
    return found


@given(runs(), runs())
@settings(max_examples=100)
def test_events_and_time_are_those_of_sets_of_steps(true, named):
    n = max(len(true), len(named))
    true, named = (np.pad(x, (0, n - len(x)), constant_values=NONE) for x in (true, named))
    counts = count_events(segments_from(true), segments_from(named), ACTIVITIES)
    ours, theirs, n_matched, matches = reference(true, named)
    assert_array_equal(counts.true_events.sum(axis=1), np.bincount(ours, minlength=5))
    assert_array_equal(counts.predicted_events.sum(axis=1), np.bincount(theirs, minlength=5))
    assert counts.n_matched.sum() == n_matched
    # Nobody has two partners, so that no choice among them had to be made.
    assert (matches.sum(axis=0) <= 1).all() and (matches.sum(axis=1) <= 1).all()
    for activity in range(3):
        for predicted in (*range(3), NONE):
            expected = sum((true == activity) & (named == predicted))
            assert counts.time[activity, predicted] == expected


@given(runs(), runs())
@settings(max_examples=30)
def test_a_shift_in_time_changes_nothing(true, named):
    truth, predicted = segments_from(true), segments_from(named)
    columns = ["start_s", "end_s"]
    moved = [
        table.assign(**{c: table[c] + 123.46 for c in columns}) for table in (truth, predicted)
    ]
    before, after = count_events(truth, predicted, ACTIVITIES), count_events(*moved, ACTIVITIES)
    for name, value in vars(before).items():
        assert_array_equal(vars(after)[name], value)


@given(runs(longest=400))
@settings(max_examples=30)
def test_a_perfect_timeline_has_no_errors(true):
    truth = segments_from(true)
    counts = count_events(truth, truth, ACTIVITIES)
    assert set(kinds(counts)[0]) | set(kinds(counts)[1]) <= {"correct"}
    assert counts.n_matched.sum() == len(truth)
    assert counts.time.sum() == counts.time.trace() == (true >= 0).sum()
    assert not counts.n_untold and not counts.delays_s.any()


@given(runs(), runs(), runs(), runs())
@settings(max_examples=30)
def test_two_recordings_add_up(true, named, next_true, next_named):
    first = count_events(segments_from(true), segments_from(named), ACTIVITIES)
    second = count_events(segments_from(next_true), segments_from(next_named), ACTIVITIES)
    # Far apart, so that there is no change from one to the other.
    n = 1000 + max(len(true), len(named))
    joined = [
        np.concatenate([one, np.full(n - len(one), NONE), other])
        for one, other in ((true, next_true), (named, next_named))
    ]
    both = count_events(*map(segments_from, joined), ACTIVITIES)
    for name, value in vars(first + second).items():
        assert_array_equal(vars(both)[name], value)


@pytest.mark.parametrize(
    ("predicted", "true_kinds", "predicted_kinds", "n_matched"),
    [
        # Early and late is no other event.
        ([(1, 10, SIT), (10, 21, STAND)], {"correct": 2}, {"correct": 2}, 2),
        ([(0, 20, SIT)], {"correct": 1, "deleted": 1}, {"correct": 1}, 1),
        (
            [(0, 4, SIT), (4, 6, WALK), (6, 10, SIT), (10, 20, STAND)],
            {"correct": 1, "fragmented": 1},
            {"correct": 1, "inserted": 1, "fragmenting": 2},
            1,
        ),
    ],
)
def test_each_kind_of_error_has_its_name(predicted, true_kinds, predicted_kinds, n_matched):
    counts = counted([(0, 10, SIT), (10, 20, STAND)], predicted)
    assert kinds(counts) == (true_kinds, predicted_kinds)
    assert counts.n_matched.sum() == n_matched


def test_a_predicted_segment_over_two_true_ones_merges_them():
    truth = [(0, 10, SIT), (10, 11, STAND), (11, 20, SIT)]
    counts = counted(truth, [(0, 20, SIT)])
    assert kinds(counts) == ({"merged": 2, "deleted": 1}, {"merging": 1})
    counts = counted(truth, [(0, 14, SIT), (14, 15, WALK), (15, 20, SIT)])
    expected = {"merged": 1, "fragmented and merged": 1, "deleted": 1}
    assert kinds(counts)[0] == expected
    assert kinds(counts)[1] == {"fragmenting and merging": 1, "fragmenting": 1, "inserted": 1}


def test_nobody_is_blamed_for_what_is_said_of_unlabelled_time():
    truth = [(0, 10, SIT), (14, 24, SIT), (28, 38, STAND)]
    right = {"correct": 3}, {"correct": 3}
    # Sitting all along, or something in between; and it goes on a little into standing.
    assert kinds(counted(truth, [(0, 28.4, SIT), (28.4, 50, STAND)])) == right
    between = [(0, 11, SIT), (11, 13, WALK), (13, 28.4, SIT), (28.4, 50, STAND)]
    assert kinds(counted(truth, between)) == right
    # Walking that is mostly unlabelled is not counted, but its labelled time is wrong.
    counts = counted(truth, [(0, 9, SIT), (9, 14, WALK), (14, 25, SIT), (25, 38, STAND)])
    assert kinds(counts) == right
    assert counts.time[0].tolist() == [950, 0, 50, 0]
    counts = counted(truth, [(0, 5, SIT), (5, 12, WALK), (12, 25, SIT), (25, 38, STAND)])
    assert kinds(counts)[1] == {"correct": 3, "inserted": 1}


def test_a_wrong_segment_over_several_true_ones_is_one_insertion():
    counts = counted([(0, 10, SIT), (12, 20, STAND)], [(0, 20, WALK)])
    assert kinds(counts) == ({"deleted": 2}, {"inserted": 1})


def test_unknown_and_uncovered_time_is_wrong_and_no_event():
    counts = counted([(0, 10, SIT)], [(0, 4, SIT), (4, 6, "UNKNOWN"), (6, 9, SIT)])
    assert counts.time[0].tolist() == [350, 0, 0, 150]
    assert kinds(counts) == ({"fragmented": 1}, {"fragmenting": 2})


def test_time_of_activities_that_the_classifier_lacks_is_unlabelled():
    counts = counted([(0, 10, SIT), (10, 30, "DANCE")], [(0, 30, SIT)])
    assert counts.time.sum() == counts.time[0, 0] == 500


@pytest.mark.parametrize(
    ("predicted", "delays_s", "n_untold"),
    [
        ([(0, 20, SIT), (20, 40, STAND)], [0], 0),
        ([(0, 21.28, SIT), (21.28, 40, STAND)], [1.28], 0),
        ([(0, 18, SIT), (18, 40, STAND)], [-2], 0),
        # Told for a moment before, and then not: late.
        ([(0, 17, SIT), (17, 18, STAND), (18, 21, SIT), (21, 40, STAND)], [1], 0),
        # Too early, too late, never.
        ([(0, 40, STAND)], [], 1),
        ([(0, 31, SIT), (31, 40, STAND)], [], 1),
        ([(0, 40, SIT)], [], 1),
        ([(0, 30, SIT), (30, 40, STAND)], [10], 0),
    ],
)
def test_a_change_is_told_when_the_timeline_shows_the_new_activity(predicted, delays_s, n_untold):
    counts = counted([(0, 20, SIT), (20, 40, STAND)], predicted)
    assert (counts.delays_s.tolist(), counts.n_untold) == (delays_s, n_untold)


def test_changes_may_have_a_short_unlabelled_time_between_them():
    said = [(0, 13, SIT), (13, 60, STAND)]
    assert counted([(0, 10, SIT), (15, 30, STAND)], said).delays_s.tolist() == [-2]
    too_far = counted([(0, 10, SIT), (15.02, 30, STAND)], said)
    same = counted([(0, 10, SIT), (12, 30, SIT)], said)
    for counts in (too_far, same):
        assert not len(counts.delays_s) and not counts.n_untold


def test_nothing_predicted_deletes_everything():
    counts = counted([(0, 10, SIT), (10, 20, STAND)], [])
    assert kinds(counts) == ({"deleted": 2}, {})
    assert counts.time[:, -1].tolist() == [500, 500, 0]
    assert counts.n_untold == 1
