from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from timelines import a_timeline

from har.inference.segments import merge_segments, time_of_each


def test_neighbours_of_one_activity_merge_and_changes_lie_between_two_middles():
    timeline = a_timeline(["A", "A", "B", "A"], [0.0, 1.28, 2.56, 3.84])
    segments = merge_segments(timeline)
    assert segments["activity"].tolist() == ["A", "B", "A"]
    assert segments["start_s"].tolist() == pytest.approx([0.0, 3.2, 4.48])
    assert segments["end_s"].tolist() == pytest.approx([3.2, 4.48, 6.4])
    assert segments["n_windows"].tolist() == [2, 1, 1]
    assert segments["probability"].tolist() == pytest.approx([0.8] * 3)


def test_a_gap_ends_a_segment():
    segments = merge_segments(a_timeline(["A", "A", "A"], [0.0, 1.28, 10.0]))
    assert segments["start_s"].tolist() == [0.0, 10.0]
    assert segments["end_s"].tolist() == pytest.approx([3.84, 12.56])


@settings(max_examples=60)
@given(st.lists(st.tuples(st.sampled_from("AB"), st.booleans()), min_size=1, max_size=40))
def test_segments_cover_the_windows_without_overlap(rows):
    steps_s = np.where([is_gap for _, is_gap in rows], 7.0, 1.28)
    timeline = a_timeline([activity for activity, _ in rows], np.cumsum(steps_s))
    segments = merge_segments(timeline)
    assert segments["n_windows"].sum() == len(timeline)
    assert (segments["end_s"] > segments["start_s"]).all()
    assert (segments["start_s"].to_numpy()[1:] >= segments["end_s"].to_numpy()[:-1] - 1e-9).all()
    middle_s = timeline["start_s"] + 1.28
    place = np.searchsorted(segments["start_s"], middle_s, side="right") - 1
    assert (segments["activity"].to_numpy()[place] == timeline["activity"]).all()
    covered_s = (segments["end_s"] - segments["start_s"]).sum()
    n_runs = 1 + int((np.diff(timeline["start_s"]) > 2.56).sum())
    assert covered_s == pytest.approx(1.28 * (len(timeline) + n_runs))


def test_the_time_of_each_activity_adds_up():
    table = time_of_each(merge_segments(a_timeline(["A", "A", "B", "A"], [0.0, 1.28, 2.56, 3.84])))
    assert table.loc["A"].to_dict() == pytest.approx(
        {"duration_s": 5.12, "n_segments": 2, "share": 0.8}
    )
    assert table["share"].sum() == pytest.approx(1)
