from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from builders import refused
from hypothesis import given, settings
from hypothesis import strategies as st

from har import timeline as room
from har.errors import DataError
from har.signals.channels import RAW_CHANNELS, UCI_CHANNELS
from har.signals.filters import uci_har_channels
from har.signals.recording import Recording, Stretch
from har.signals.windows import sliding_windows
from har.timeline import (
    compare,
    make_timeline,
    merge_segments,
    raw_channels_of,
    time_of_each,
    timed_windows,
    with_channels,
)

ACTIVITIES = ("REST", "WALK")
ACC_CHANNELS = (*UCI_CHANNELS[:3], *UCI_CHANNELS[6:])


def a_recording(*lengths, n_channels=6, gap_s=5.0, seed=0):
    """Noise around gravity, in stretches of so many samples with gaps between them."""
    random = np.random.default_rng(seed)
    samples = random.normal(scale=0.1, size=(sum(lengths), n_channels)) + np.eye(n_channels)[0]
    starts = np.cumsum([0, *lengths[:-1]]).tolist()
    stretches = tuple(
        Stretch(start, length, start / 50 + gap_s * number)
        for number, (start, length) in enumerate(zip(starts, lengths, strict=True))
    )
    channels = RAW_CHANNELS[:n_channels]
    return Recording(samples.astype(np.float32), 1, "walk.csv", channels, stretches=stretches)


def by_sign(signals):
    """A stand-in for a network: the sign of each window's first value decides."""
    is_walk = signals[:, 0, 0] > 0
    return np.where(is_walk[:, None], [0.1, 0.9], [0.7, 0.3])


def a_timeline(activities, starts_s):
    table = pd.DataFrame({"start_s": starts_s, "activity": activities, "probability": 0.8})
    return table.assign(end_s=table["start_s"] + 2.56)


@pytest.mark.parametrize(("n_channels", "channels"), [(6, UCI_CHANNELS), (3, ACC_CHANNELS)])
def test_windows_are_those_of_the_whole_filtered_at_once(n_channels, channels, monkeypatch):
    monkeypatch.setattr(room, "_CHUNK", 333)
    recording = a_recording(2000, n_channels=n_channels)
    whole = uci_har_channels(recording.samples, start="settled").astype(np.float32)
    found = np.concatenate([part.signals for part in timed_windows(recording, 128)])
    assert found.shape[2] == len(channels)
    np.testing.assert_array_equal(found, sliding_windows(whole, 128, 64))


def test_every_stretch_starts_anew_and_no_window_reaches_over_a_gap():
    recording = a_recording(500, 300)
    timeline = make_timeline(recording, by_sign, ACTIVITIES, 128)
    alone = make_timeline(a_recording(500), by_sign, ACTIVITIES, 128)
    pd.testing.assert_frame_equal(timeline[: len(alone)], alone)
    second = timeline[len(alone) :]
    assert second["start_s"].tolist() == pytest.approx([15.0, 16.28, 17.56])
    assert second["warming_up"].all()


def test_a_row_has_times_the_best_activity_and_every_probability():
    timeline = make_timeline(a_recording(1000), by_sign, ACTIVITIES, 128)
    names = ["start_s", "end_s", "activity", "probability", "p_REST", "p_WALK", "warming_up"]
    assert list(timeline) == names
    assert len(timeline) == (1000 - 128) // 64 + 1
    np.testing.assert_allclose(timeline["end_s"] - timeline["start_s"], 2.56)
    shares = timeline[["p_REST", "p_WALK"]]
    assert ("p_" + timeline["activity"] == shares.idxmax(axis=1)).all()
    assert (timeline["probability"] == shares.max(axis=1)).all()
    assert timeline["warming_up"].tolist() == (timeline["start_s"] < 10).tolist()


def test_windows_below_the_threshold_are_unknown_and_keep_their_probabilities():
    recording = a_recording(1000)
    answered = make_timeline(recording, by_sign, ACTIVITIES, 128)
    timeline = make_timeline(recording, by_sign, ACTIVITIES, 128, abstain_below=0.8)
    expected = answered["activity"].replace("REST", "UNKNOWN")
    assert set(expected) == {"UNKNOWN", "WALK"}
    pd.testing.assert_frame_equal(timeline, answered.assign(activity=expected))
    segments = merge_segments(timeline)
    assert set(segments["activity"]) == {"UNKNOWN", "WALK"}
    assert segments["n_windows"].sum() == len(timeline)


def test_a_recording_shorter_than_a_window_is_refused():
    with refused(DataError, "walk.csv", "found 2.54 s", "at least 2.56 s"):
        make_timeline(a_recording(127, 100), by_sign, ACTIVITIES, 128)


def test_short_stretches_are_left_out():
    timeline = make_timeline(a_recording(100, 200, 50), by_sign, ACTIVITIES, 128)
    assert timeline["start_s"].tolist() == pytest.approx([7.0, 8.28])


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


def test_only_windows_inside_a_labelled_segment_count_as_right_or_wrong():
    timeline = a_timeline(["A", "A", "B", "A"], [0.0, 1.28, 2.56, 3.84])
    truth = pd.DataFrame(
        {"start_s": [3.0, 0.0], "end_s": [7.0, 3.0], "activity": ["B", "A"]}, index=[5, 6]
    )
    agreement = compare(timeline, truth)
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
def test_windows_without_an_answer_are_neither_right_nor_wrong(abstain_below, counts, words):
    timeline = a_timeline(["A", "B", "A", "B"], [0.0, 1.28, 2.56, 3.84])
    timeline["probability"] = [0.9, 0.8, 0.7, 0.5]
    timeline["activity"] = timeline["activity"].where(
        timeline["probability"] >= abstain_below, "UNKNOWN"
    )
    truth = pd.DataFrame({"start_s": [0.0], "end_s": [10.0], "activity": ["A"]})
    agreement = compare(timeline, truth, abstain_below)
    assert (agreement.n_right, agreement.n_answered, agreement.n_windows) == counts
    assert agreement.in_words().endswith(words)


def test_without_windows_in_a_labelled_segment_there_is_no_share():
    truth = pd.DataFrame({"start_s": [50.0], "end_s": [60.0], "activity": ["A"]})
    assert np.isnan(compare(a_timeline(["A"], [0.0]), truth).share)


@pytest.mark.parametrize(
    ("channels", "raw_channels"), [(UCI_CHANNELS, RAW_CHANNELS), (ACC_CHANNELS, RAW_CHANNELS[:3])]
)
def test_a_classifier_needs_the_sensors_its_channels_are_made_of(channels, raw_channels):
    assert raw_channels_of(channels, 50.0) == raw_channels


@pytest.mark.parametrize(
    ("channels", "rate_hz"),
    [(("heart_rate",), 50.0), (UCI_CHANNELS[::-1], 50.0), (UCI_CHANNELS, 100.0)],
)
def test_a_classifier_of_other_channels_cannot_run_on_raw_signals(channels, rate_hz):
    with refused(DataError, f"found one of {channels[0]}", f"{rate_hz:g} Hz", "body_acc_x"):
        raw_channels_of(channels, rate_hz)


def test_a_gyroscope_that_is_not_needed_is_left_out():
    recording = with_channels(a_recording(200), RAW_CHANNELS[:3])
    assert recording.channels == RAW_CHANNELS[:3]
    assert recording.samples.shape == (200, 3)


def test_a_recording_without_the_gyroscope_that_is_needed_is_refused():
    with refused(DataError, "walk.csv", "found acc_x, acc_y, acc_z at 50 Hz", "gyro_x"):
        with_channels(a_recording(200, n_channels=3), RAW_CHANNELS)


def test_a_recording_at_another_rate_is_refused():
    with refused(DataError, "walk.csv", "at 100 Hz", "at 50 Hz"):
        with_channels(replace(a_recording(200), rate_hz=100.0), RAW_CHANNELS)
