from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_array_equal
from published_copies import expected_windows, movement

from har.datasets.named_windows import cut_windows, in_published_order, join_windows, merge_alike
from har.signals.activities import HAPT_ACTIVITIES
from har.signals.channels import RAW_CHANNELS, UCI_CHANNELS
from har.signals.recording import Recording, Stretch


def recording_of(*lengths):
    samples = np.concatenate([movement(np.arange(length) / 50) for length in lengths])
    firsts = np.cumsum([0, *lengths]).tolist()
    starts = [
        Stretch(first, n, 60.0 * i)
        for i, (first, n) in enumerate(zip(firsts[:-1], lengths, strict=True))
    ]
    return Recording(samples, 1, "made", RAW_CHANNELS, stretches=tuple(starts), notes=("made up",))


def names(n, name="WALKING"):
    return np.full(n, name, object)


def test_each_part_between_gaps_is_filtered_and_cut_on_its_own():
    piece = cut_windows(recording_of(300, 100, 200), names(600), "drop")
    expected = [expected_windows(300), expected_windows(200)]
    assert_array_equal(piece.signals, np.concatenate(expected))
    assert piece.notes == ("made up",) and piece.found == {"WALKING"}
    assert piece.counts["Parts between gaps that are shorter than 128 samples, left out"] == 1


def test_samples_before_the_first_window_only_settle_the_filters():
    piece = cut_windows(recording_of(151), names(151), "drop", n_before=11)
    whole = cut_windows(recording_of(151), names(151), "drop")
    assert len(piece.signals) == len(whole.signals) == 1
    assert_array_equal(piece.signals[0, :-11], whole.signals[0, 11:])


@given(lengths=st.lists(st.integers(1, 400), min_size=1, max_size=4), n_before=st.integers(0, 30))
def test_no_window_lies_over_a_gap(lengths, n_before):
    recording = recording_of(*lengths)
    piece = cut_windows(recording, names(len(recording)), "drop", n_before)
    expected = sum(max(0, (n - n_before - 128) // 64 + 1) for n in lengths if n - n_before >= 128)
    assert len(piece.signals) == len(piece.names) == expected


def test_windows_are_joined_with_labels_in_the_order_that_is_known():
    pieces = [cut_windows(recording_of(192), names(192, n), "drop") for n in ("RUN", "WALKING")]
    windows = join_windows(pieces, np.array(["b", "a"]), UCI_CHANNELS)
    assert windows.activities == ("WALKING", "RUN")
    assert windows.labels.tolist() == [1, 1, 0, 0]
    assert windows.subjects.tolist() == ["b", "b", "a", "a"]


@given(st.sets(st.sampled_from([*HAPT_ACTIVITIES, "RUN", "act10", "act9"])))
def test_known_activities_come_first(activities):
    order = in_published_order(activities)
    known = [name for name in HAPT_ACTIVITIES if name in activities]
    assert list(order[: len(known)]) == known and set(order) == activities


def test_notes_that_differ_in_numbers_are_one():
    notes = [("a", "rate: 50.1 Hz"), ("b", "rate: 49 Hz"), ("b", "unit: g")]
    assert list(merge_alike(notes)) == ["a: rate: 50.1 Hz (alike in 1 more)", "b: unit: g"]
