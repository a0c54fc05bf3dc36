from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from timelines import a_timeline

from har.evaluation.agreement import measure_agreement, window_confusion


def test_only_windows_inside_a_labelled_segment_count_as_right_or_wrong():
    timeline = a_timeline(["A", "A", "B", "A"], [0.0, 1.28, 2.56, 3.84])
    truth = pd.DataFrame(
        {"start_s": [3.0, 0.0], "end_s": [7.0, 3.0], "activity": ["B", "A"]}, index=[5, 6]
    )
    agreement = measure_agreement(timeline, truth)
    # The first window is right, the last wrong; two reach over a change.
    assert (agreement.n_right, agreement.n_answered, agreement.n_windows) == (1, 2, 2)
    assert (agreement.share, agreement.coverage) == (0.5, 1.0)
    expected = "1 of 2 windows that lie in one labelled segment are right (50.0%)"
    assert agreement.in_words() == expected


@pytest.mark.parametrize(
    ("abstain_below", "counts", "words"),
    [
        (0.3, (2, 4, 4), "2 of 4 windows that lie in one labelled segment are right (50.0%)"),
        (0.6, (2, 3, 4), "segment are answered (75.0%), 2 of them right (66.7%)"),
        (0.95, (0, 0, 4), "0 of 4 windows that lie in one labelled segment are answered (0.0%)"),
    ],
)
def test_unknown_windows_are_neither_right_nor_wrong(abstain_below, counts, words):
    timeline = a_timeline(["A", "B", "A", "B"], [0.0, 1.28, 2.56, 3.84])
    timeline["probability"] = [0.9, 0.8, 0.7, 0.5]
    timeline["activity"] = timeline["activity"].where(
        timeline["probability"] >= abstain_below, "UNKNOWN"
    )
    truth = pd.DataFrame({"start_s": [0.0], "end_s": [10.0], "activity": ["A"]})
    agreement = measure_agreement(timeline, truth, abstain_below)
    assert (agreement.n_right, agreement.n_answered, agreement.n_windows) == counts
    assert agreement.in_words().endswith(words)


def test_without_windows_in_a_labelled_segment_there_is_no_share():
    truth = pd.DataFrame({"start_s": [50.0], "end_s": [60.0], "activity": ["A"]})
    assert np.isnan(measure_agreement(a_timeline(["A"], [0.0]), truth).share)


def test_windows_are_counted_by_true_and_predicted_activity():
    timeline = a_timeline(["A", "A", "B", "UNKNOWN", "B"], [0.0, 1.28, 2.56, 6.0, 20.0])
    truth = pd.DataFrame(
        {"start_s": [0.0, 6.0, 20.0], "end_s": [6.0, 9.0, 30.0], "activity": ["A", "B", "C"]}
    )
    counts = window_confusion(timeline, truth, ("A", "B"))
    # What a classifier does not know counts as unlabelled.
    assert counts.tolist() == [[2, 1, 0], [0, 0, 1]]
    agreement = measure_agreement(timeline, truth)
    assert (agreement.n_right, agreement.n_windows) == (2, 5)
