from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from builders import refused

from har.errors import DataError
from har.inference import timeline as timeline_module
from har.inference.context import MarkovContext
from har.inference.segments import merge_segments
from har.inference.timeline import make_timeline, raw_channels_of, timed_windows, with_channels
from har.signals.channels import RAW_CHANNELS, UCI_CHANNELS
from har.signals.filters import uci_har_channels
from har.signals.recording import Recording, Stretch
from har.signals.windows import WindowFormat, sliding_windows

ACTIVITIES = ("REST", "WALK")
ACC_CHANNELS = (*UCI_CHANNELS[:3], *UCI_CHANNELS[6:])
FORMAT = WindowFormat(UCI_CHANNELS, ACTIVITIES, 50.0, 128)


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


@pytest.mark.parametrize(("n_channels", "channels"), [(6, UCI_CHANNELS), (3, ACC_CHANNELS)])
def test_windows_are_those_of_the_whole_filtered_at_once(n_channels, channels, monkeypatch):
    monkeypatch.setattr(timeline_module, "_CHUNK", 333)
    recording = a_recording(2000, n_channels=n_channels)
    whole = uci_har_channels(recording.samples, start="settled").astype(np.float32)
    found = np.concatenate([part.signals for part in timed_windows(recording, 128)])
    assert found.shape[2] == len(channels)
    np.testing.assert_array_equal(found, sliding_windows(whole, 128, 64))


def test_every_stretch_starts_anew_and_no_window_reaches_over_a_gap():
    recording = a_recording(500, 300)
    timeline = make_timeline(recording, by_sign, FORMAT)
    alone = make_timeline(a_recording(500), by_sign, FORMAT)
    pd.testing.assert_frame_equal(timeline[: len(alone)], alone)
    second = timeline[len(alone) :]
    assert second["start_s"].tolist() == pytest.approx([15.0, 16.28, 17.56])
    assert second["warming_up"].all()


def test_a_row_has_times_the_best_activity_and_every_probability():
    timeline = make_timeline(a_recording(1000), by_sign, FORMAT)
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
    answered = make_timeline(recording, by_sign, FORMAT)
    timeline = make_timeline(recording, by_sign, FORMAT, abstain_below=0.8)
    expected = answered["activity"].replace("REST", "UNKNOWN")
    assert set(expected) == {"UNKNOWN", "WALK"}
    pd.testing.assert_frame_equal(timeline, answered.assign(activity=expected))
    segments = merge_segments(timeline)
    assert set(segments["activity"]) == {"UNKNOWN", "WALK"}
    assert segments["n_windows"].sum() == len(timeline)


def test_in_context_each_stretch_is_judged_by_itself():
    recording, context = a_recording(1500, 1000), MarkovContext.lasting(2)
    alone = make_timeline(recording, by_sign, FORMAT)
    timeline = make_timeline(recording, by_sign, FORMAT, context=context)
    shares = alone[["p_REST", "p_WALK"]].to_numpy()
    n_first = (1500 - 128) // 64 + 1
    expected = np.concatenate(
        [context.smoothed(shares[:n_first]), context.smoothed(shares[n_first:])]
    )
    np.testing.assert_allclose(timeline[["p_REST", "p_WALK"]], expected, atol=1e-12)
    np.testing.assert_allclose(timeline["probability"], expected.max(axis=1), atol=1e-12)
    names = np.array(ACTIVITIES)[expected.argmax(axis=1)]
    assert timeline["activity"].tolist() == names.tolist()
    assert 0 < (timeline["activity"] != alone["activity"]).sum()


def test_with_a_context_what_windows_are_by_themselves_stands_beside_it(monkeypatch):
    monkeypatch.setattr(timeline_module, "_CHUNK", 333)
    recording, context = a_recording(1000), MarkovContext.lasting(2)
    for abstain_below in (0.0, 0.8):
        alone = make_timeline(recording, by_sign, FORMAT, abstain_below)
        timeline = make_timeline(recording, by_sign, FORMAT, abstain_below, context)
        added = ["activity_alone", "probability_alone"]
        assert list(timeline) == [*list(alone)[:-1], *added, "warming_up"]
        for name in ("activity", "probability"):
            assert timeline[f"{name}_alone"].tolist() == alone[name].tolist()
        for name in ("start_s", "end_s", "warming_up"):
            assert timeline[name].tolist() == alone[name].tolist()
        is_unknown = timeline["probability"] < abstain_below
        assert (timeline["activity"] == "UNKNOWN").tolist() == is_unknown.tolist()


def test_a_recording_shorter_than_a_window_is_refused():
    with refused(DataError, "walk.csv", "found 2.54 s", "at least 2.56 s"):
        make_timeline(a_recording(127, 100), by_sign, FORMAT)


def test_short_stretches_are_left_out():
    timeline = make_timeline(a_recording(100, 200, 50), by_sign, FORMAT)
    assert timeline["start_s"].tolist() == pytest.approx([7.0, 8.28])


@pytest.mark.parametrize(
    ("channels", "raw_channels"), [(UCI_CHANNELS, RAW_CHANNELS), (ACC_CHANNELS, RAW_CHANNELS[:3])]
)
def test_a_classifier_needs_the_sensors_its_channels_are_made_of(channels, raw_channels):
    assert raw_channels_of(WindowFormat(channels, ACTIVITIES, 50.0, 128)) == raw_channels


@pytest.mark.parametrize(
    ("channels", "rate_hz"),
    [(("heart_rate",), 50.0), (UCI_CHANNELS[::-1], 50.0), (UCI_CHANNELS, 100.0)],
)
def test_a_classifier_of_other_channels_cannot_run_on_raw_signals(channels, rate_hz):
    with refused(DataError, f"found one of {channels[0]}", f"{rate_hz:g} Hz", "body_acc_x"):
        raw_channels_of(WindowFormat(channels, ACTIVITIES, rate_hz, 128))


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
