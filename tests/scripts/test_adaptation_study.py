"""The study of adaptation: what is given, what is scored, and how strengths are chosen."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from adaptation.figure import study_figure
from adaptation.new_activities import Taught, figures_of_new
from adaptation.others import figures_of_others, scores_of_others
from adaptation.people import Person, Places, places_of_windows
from adaptation.ways import (
    ALONE,
    best_strength,
    figures_of,
    results_of,
    scores,
    with_chosen_strengths,
)


def two_recordings(n_each=40):
    """Make the places of a person who does two things, twice, in windows that overlap by half."""
    labels = np.tile(np.repeat([0, 1], n_each), 2)
    recordings = np.repeat([1, 2], 2 * n_each)
    return Places(labels, recordings, np.tile(64 * np.arange(2 * n_each), 2))


def a_person(subject, shift=0.0, n_each=40):
    places = two_recordings(n_each)
    random = np.random.default_rng(subject)
    summary = np.eye(2)[places.labels] + random.normal(0, 0.3, (len(places.labels), 2)) + shift
    logits = 3 * (summary - 0.2)
    inputs = np.hstack([summary, np.ones((len(summary), 1))])
    ways = dict.fromkeys(("summary", "last layer", "bias", "lstm"), inputs)
    return Person(subject, places, logits, ways, summary)


def test_what_is_given_lasts_so_many_seconds_and_shares_no_sample_with_what_is_scored():
    places = two_recordings()
    for protocol in ("person", "recordings"):
        ((given, scored),) = places.splits(protocol, 20)
        for label in (0, 1):
            firsts = places.first_samples[given & (places.labels == label)]
            recordings = places.recordings[given & (places.labels == label)]
            samples = {
                (r, s) for r, f in zip(recordings, firsts, strict=True) for s in f + np.arange(128)
            }
            assert 17 * 50 < len(samples) <= 20 * 50
        assert not (given & scored).any()
        learned = samples_of(places, given)
        assert not learned & samples_of(places, scored)


def samples_of(places, rows):
    firsts, recordings = places.first_samples[rows], places.recordings[rows]
    return {(r, s) for r, f in zip(recordings, firsts, strict=True) for s in f + np.arange(128)}


def test_each_recording_is_scored_by_itself():
    splits = list(two_recordings().splits("wearing", 10))
    assert [set(np.unique(two_recordings().recordings[s])) for _, s in splits] == [{1}, {2}]


def test_somebody_of_whom_too_little_is_left_is_not_scored():
    assert len(two_recordings().scored_splits("person", 20)) == 1
    assert two_recordings(n_each=12).scored_splits("person", 20) == []


def test_a_row_says_of_how_many_people_it_is():
    people = [a_person(number, 0.1 * number) for number in range(1, 7)]
    people.append(a_person(7, n_each=24))
    asked = [("summary", 0.3), ("summary", 3.0), (ALONE, 0.0)]
    table = scores(people, asked)
    results = results_of(table, {"recipe": "quick"})
    rows = {
        (row["protocol"], row["way"], row["seconds"]): row
        for row in results["with_strengths_of_the_other_people"]
    }
    assert rows["person", "summary", 20]["n_people"] == 7
    assert rows["person", "summary", 40]["n_people"] == 6
    assert {row["strength"] for row in results["with_the_strength_of_the_package"]} == {0.3}
    labels = [t.get_text() for t in study_figure(table).axes[0].get_xticklabels()]
    assert "20" in labels and "40\n(6 people)" in labels


def test_the_highest_strength_near_the_best_is_chosen_by_the_others():
    rows = [
        (person, "person", 20, "summary", strength, 100, 0.9, after + 0.001 * person)
        for person in range(5)
        for strength, after in ((0.1, 0.95), (1.0, 0.95), (10.0, 0.90))
    ]
    names = ["person", "protocol", "seconds", "way", "strength", "n_scored", "before", "after"]
    table = pd.DataFrame(rows, columns=names)
    assert best_strength(table) == 1.0
    assert set(with_chosen_strengths(table)["strength"]) == {1.0}


def test_figures_are_those_of_the_people():
    rows = pd.DataFrame({"before": [0.9, 0.8, 1.0], "after": [0.95, 0.9, 0.99]})
    figures = figures_of(rows)
    assert (figures["before"], figures["after"]) == (90.0, 94.67)
    assert figures["largest_loss"] == pytest.approx(1.0)
    assert figures["n_losing_more_than_half_a_point"] == 1


def test_others_are_all_but_the_one_adapted_to():
    held_out, known = [a_person(1), a_person(2)], [a_person(3)]
    table = scores_of_others(held_out, known)
    pairs = set(zip(table["adapted_to"], table["person"], strict=True))
    assert pairs == {(1, 2), (2, 1), (1, 3), (2, 3)}
    figures = figures_of_others(table)
    assert figures["new_people"]["n_pairs"] == figures["training_people"]["n_pairs"] == 2


def test_recall_and_precision_of_a_new_activity():
    new = np.array([True, True, True, True, False, False])
    named = np.array([True, True, True, False, True, False])
    before, after = np.array([False] * 4 + [True, True]), np.array([*named[:4], False, True])
    figures = figures_of_new([Taught(1, new, named, before, after)])
    assert (figures["recall"], figures["precision"]) == (75.0, 75.0)
    assert (figures["others_before"], figures["others_after"]) == (100.0, 50.0)
    assert figures["recall_interval"] is None


def test_windows_have_their_places():
    places = places_of_windows("train")
    assert len(places) == 7352 and len(places_of_windows("test")) == 2947
    assert not places.duplicated().any()
