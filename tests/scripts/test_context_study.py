"""The study of contexts: what it cuts and re-joins, and what it learns."""

from __future__ import annotations

import numpy as np
import pandas as pd
from context_study import LSTMContext, WindowSequence, minutes, pieces, shuffled, ways_of_fold

ACTIVITIES = ("STANDING", "SITTING", "WALKING", "TURN")


def a_sequence(*runs, subject=1, seed=0):
    """Make windows of runs of an activity, each named right with a probability of 0.7."""
    labels = np.concatenate([np.full(n, activity) for activity, n in runs])
    probabilities = np.full((len(labels), len(ACTIVITIES)), 0.1)
    probabilities[np.arange(len(labels)), labels] = 0.7
    noise = np.random.default_rng(seed).normal(size=(len(labels), 2))
    ends_s = np.cumsum([1.28 * n for _, n in runs])
    starts_s = np.concatenate([[0], ends_s[:-1]])
    names = [ACTIVITIES[activity] for activity, _ in runs]
    segments = pd.DataFrame({"start_s": starts_s, "end_s": ends_s, "activity": names})
    inputs = np.concatenate([np.log(probabilities), noise], axis=1)
    return WindowSequence(subject, 0, probabilities, inputs, labels, labels, segments)


SEQUENCE = a_sequence((0, 10), (3, 2), (1, 60), (3, 2), (2, 8), (0, 6))


def test_recordings_are_cut_in_the_middle_of_upright_activities():
    cut = pieces(SEQUENCE, ACTIVITIES)
    assert [len(piece.labels) for piece in cut] == [5, 73, 7, 3]
    again = np.concatenate([piece.inputs for piece in cut])
    np.testing.assert_array_equal(again, SEQUENCE.inputs)


def test_re_joined_recordings_have_the_inner_pieces_of_one_person():
    other = a_sequence((0, 4), (1, 8), (0, 4), subject=2)
    mixed = shuffled([SEQUENCE, other, SEQUENCE], ACTIVITIES, np.random.default_rng(0))
    assert [one.subject for one in mixed] == [1, 2]
    assert [len(one.labels) for one in mixed] == [2 * (73 + 7), 2 + 8 + 2]
    expected = np.sort(np.tile(SEQUENCE.labels[5:85], 2))
    np.testing.assert_array_equal(np.sort(mixed[0].labels), expected)


def test_minutes_are_the_middles_of_pieces():
    parts = minutes([SEQUENCE], ACTIVITIES)
    assert [len(part.labels) for part in parts] == [5, 47, 7, 3]
    np.testing.assert_array_equal(parts[1].inputs, SEQUENCE.inputs[5 + 13 : 5 + 13 + 47])


def test_each_way_names_every_window(monkeypatch):
    monkeypatch.setattr("context_study.N_EPOCHS", 1)
    for _way, named in ways_of_fold([SEQUENCE, SEQUENCE], ACTIVITIES, seed=0):
        probabilities = named(SEQUENCE)
        assert probabilities.shape == SEQUENCE.probabilities.shape
        np.testing.assert_allclose(probabilities.sum(axis=1), 1)


def test_an_lstm_learns_what_its_inputs_say(monkeypatch):
    monkeypatch.setattr("context_study.N_EPOCHS", 15)
    context = LSTMContext(lambda generator: [SEQUENCE] * 4, len(ACTIVITIES), seed=0)
    assert (context.named(SEQUENCE).argmax(axis=1) == SEQUENCE.labels).mean() > 0.9
