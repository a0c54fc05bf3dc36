"""The live timeline against that of the whole recording, with a network that was trained."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import time

import numpy as np
import pandas as pd
import pytest
from builders import refused, small_windows, tiny_config
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_array_equal
from scipy import signal

from har.classifier import ActivityClassifier
from har.errors import DataError
from har.inference.context import MarkovContext
from har.inference.live import LiveTimeline
from har.reading.streams.sample_lines import SampleLines
from har.signals.channels import RAW_CHANNELS, UCI_CHANNELS
from har.signals.recording import Recording, Stretch
from har.signals.streaming import LiveSamples
from har.signals.windows import WindowFormat, Windows

ACC_CHANNELS = (*UCI_CHANNELS[:3], *UCI_CHANNELS[6:])
CONTEXT = MarkovContext.lasting(3)


def a_classifier(channels, seed=0):
    """Train for a moment on windows of noise of three strengths, with UCI HAR's channels."""
    random = np.random.default_rng(seed)
    labels = np.tile(np.arange(3), 40)
    shape = (len(labels), 128, len(channels))
    signals = random.normal(size=shape) * np.array([0.01, 0.3, 1.0])[labels][:, None, None]
    subjects = np.repeat(np.arange(6), 20)
    windows = Windows(
        signals.astype(np.float32), labels, subjects, channels, ("REST", "WALK", "RUN")
    )
    return ActivityClassifier(tiny_config(n_epochs=3)).fit(windows)


@pytest.fixture(scope="module")
def classifier():
    return a_classifier(UCI_CHANNELS)


def some_samples(n=1500, n_channels=6, seed=0):
    """Gravity and movement that grows and fades."""
    random = np.random.default_rng(seed)
    strength = np.abs(np.sin(np.arange(n) / 150))[:, None]
    samples = strength * random.normal(size=(n, n_channels)) + np.eye(n_channels)[0]
    return samples.astype(np.float32)


def as_lines(samples, first=0, units=(1, 1)):
    factors = np.repeat(units, 3)[: samples.shape[1]]
    names = RAW_CHANNELS[: samples.shape[1]]
    for number, sample in enumerate(samples.astype(float) * factors, first):
        yield json.dumps({"time_s": number / 50, **dict(zip(names, sample, strict=True))})


def a_live_timeline(classifier, abstain_below=0.0, context=CONTEXT, delay=0):
    window_format = classifier.window_format_
    return LiveTimeline(classifier.predict_proba, window_format, abstain_below, context, delay)


def read(lines, sample_lines=None):
    """Give the samples of lines that hold any."""
    sample_lines = sample_lines or SampleLines()
    for line in lines:
        yield from sample_lines.read(line)
    yield from sample_lines.finish()


def the_table(live, lines, sample_lines=None):
    predictions = [p for new in read(lines, sample_lines) for p in live.push(new)]
    predictions += live.finish()
    rows = [
        {**vars(p), **{f"p_{name}": share for name, share in p.probabilities.items()}}
        for p in predictions
    ]
    return pd.DataFrame(rows).drop(columns="probabilities")


def assert_same(table, timeline):
    expected = timeline[["start_s", "end_s", "activity", "warming_up"]]
    pd.testing.assert_frame_equal(table[list(expected)], expected)
    for name in ("p_REST", "p_WALK", "p_RUN", "probability"):
        np.testing.assert_allclose(table[name], timeline[name], rtol=0, atol=1e-5)


@pytest.mark.parametrize("units", [{}, {"acc_unit": "m/s2", "gyro_unit": "deg/s"}])
def test_live_windows_are_those_of_the_recording(classifier, units):
    samples = some_samples()
    timeline = classifier.predict_recording(Recording(samples, None, "walk.csv"), context="none")
    factors = (9.80665, 180 / np.pi) if units else (1, 1)
    lines = as_lines(samples, units=factors)
    table = the_table(a_live_timeline(classifier), lines, SampleLines(**units))
    assert len(table) == (1500 - 128) // 64 + 1
    assert table["activity"].nunique() > 1
    assert_same(table, timeline)


def test_the_last_window_may_need_the_very_last_sample(classifier):
    live = a_live_timeline(classifier)
    predictions = [p for new in read(as_lines(some_samples(128))) for p in live.push(new)]
    assert not predictions
    assert [p.start_s for p in live.finish()] == [0.0]


def test_a_gap_starts_anew_and_keeps_the_time(classifier):
    samples = some_samples(1000)
    stretches = (Stretch(0, 600, 0.0), Stretch(600, 400, 20.0))
    recording = Recording(samples, None, "walk.csv", stretches=stretches)
    lines = [*as_lines(samples[:600]), *as_lines(samples[600:], first=1000)]
    sample_lines = SampleLines()
    table = the_table(a_live_timeline(classifier), lines, sample_lines)
    assert_same(table, classifier.predict_recording(recording, context="none"))
    assert sample_lines.n_gaps == 1


def test_malformed_lines_do_not_shift_the_windows(classifier):
    samples = some_samples()
    lines = [json.dumps(sample.tolist()) for sample in samples.astype(float)]
    whole = the_table(a_live_timeline(classifier), lines)
    broken = list(lines)
    broken[700] = "not a sample"
    sample_lines = SampleLines()
    table = the_table(a_live_timeline(classifier), broken, sample_lines)
    assert table["start_s"].tolist() == whole["start_s"].tolist()
    before = table["end_s"] < 699 / 50
    pd.testing.assert_frame_equal(table[before], whole[before])
    assert sample_lines.n_malformed == 1


def test_the_state_is_steadier_than_the_activity(classifier):
    table = the_table(a_live_timeline(classifier), as_lines(some_samples(6000, seed=3)))
    changes = {name: (table[name] != table[name].shift()).sum() for name in ("activity", "state")}
    assert changes["state"] < changes["activity"]


def shares_of(table):
    return table[["p_REST", "p_WALK", "p_RUN"]].to_numpy()


@pytest.mark.parametrize("delay", [0, 1, 2])
def test_the_state_is_judged_with_all_windows_so_far_and_no_later_ones(classifier, delay):
    lines = list(as_lines(some_samples(3000, seed=3)))
    table = the_table(a_live_timeline(classifier, delay=delay), lines)
    shares, names = shares_of(table), np.array(["REST", "WALK", "RUN"])
    for number in range(delay, len(table)):
        expected = CONTEXT.smoothed(shares[: number + 1])[number - delay]
        row, of = table.iloc[number], table.iloc[number - delay]
        assert row["state"] == names[expected.argmax()]
        assert row["state_probability"] == pytest.approx(expected.max(), abs=1e-9)
        assert (row["state_start_s"], row["state_end_s"]) == (of["start_s"], of["end_s"])
    waiting = table[:delay]
    assert set(waiting["state"]) <= {"UNKNOWN"}
    assert waiting[["state_start_s", "state_end_s", "state_probability"]].isna().all(axis=None)


def test_states_are_the_same_however_samples_come(classifier):
    samples = some_samples(2000, seed=3)
    one_by_one, at_once = (a_live_timeline(classifier, delay=1) for _ in range(2))
    expected = at_once.push(LiveSamples(samples, 0, False)) + at_once.finish()
    found = []
    for slot in range(len(samples)):
        found += one_by_one.push(LiveSamples(samples[slot : slot + 1], slot, False))
    found += one_by_one.finish()
    assert [p.state for p in found] == [p.state for p in expected]
    assert len({p.state for p in found}) > 1
    np.testing.assert_allclose(
        [p.state_probability for p in found[1:]],
        [p.state_probability for p in expected[1:]],
        atol=1e-5,
    )


@pytest.mark.parametrize("delay", [0, 1])
def test_after_a_gap_the_state_knows_nothing_of_before(classifier, delay):
    samples = some_samples(1200, seed=3)
    first, second = list(as_lines(samples[:600])), list(as_lines(samples[600:], first=1000))
    table = the_table(a_live_timeline(classifier, delay=delay), first + second)
    alone = the_table(a_live_timeline(classifier, delay=delay), second)
    after = table[-len(alone) :].reset_index(drop=True)
    assert after["state"].tolist() == alone["state"].tolist()
    pd.testing.assert_series_equal(after["state_probability"], alone["state_probability"])
    assert after["state_start_s"].isna().sum() == delay
    assert (after["state_start_s"].dropna() >= 20).all()


def test_without_a_context_the_state_is_the_activity_at_once(classifier):
    live = a_live_timeline(classifier, abstain_below=0.6, context=None, delay=2)
    table = the_table(live, as_lines(some_samples(3000, seed=3)))
    assert table["activity"].nunique() > 1
    for name in ("start_s", "end_s", "probability"):
        assert table[f"state_{name}"].tolist() == table[name].tolist()
    assert table["state"].tolist() == table["activity"].tolist()


def test_below_the_threshold_activity_and_state_are_unknown_each_by_its_own_probability(classifier):
    lines = list(as_lines(some_samples(6000, seed=3)))
    always = the_table(a_live_timeline(classifier), lines)
    threshold = always["probability"].median()
    live = a_live_timeline(classifier, abstain_below=threshold)
    table = the_table(live, lines)
    is_unknown = always["probability"] < threshold
    assert 10 < is_unknown.sum() < len(table)
    assert table["activity"].tolist() == always["activity"].mask(is_unknown, "UNKNOWN").tolist()
    pd.testing.assert_series_equal(table["probability"], always["probability"])
    is_unsettled = always["state_probability"] < threshold
    assert table["state"].tolist() == always["state"].mask(is_unsettled, "UNKNOWN").tolist()
    # The windows before settle many a window that is in doubt by itself.
    assert is_unsettled.sum() < is_unknown.sum()
    assert live.in_words() == f"UNKNOWN {is_unknown.sum()} of {len(table)} windows"


def test_without_gyroscope_it_reads_three_values():
    classifier = a_classifier(ACC_CHANNELS)
    samples = some_samples(n_channels=3)
    recording = Recording(samples, None, "walk.csv", RAW_CHANNELS[:3])
    sample_lines = SampleLines(RAW_CHANNELS[:3])
    table = the_table(a_live_timeline(classifier), as_lines(samples), sample_lines)
    assert_same(table, classifier.predict_recording(recording, context="none"))


def test_a_classifier_of_other_channels_is_refused():
    with refused(DataError, "found one of acc_x", "body_acc_x"):
        a_live_timeline(ActivityClassifier(tiny_config()).fit(small_windows()))


def test_inference_needs_no_mxnet():
    code = (
        "import sys, har.inference.live, har.inference.segments; sys.exit('mxnet' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_window_takes_a_few_milliseconds_of_one_core(classifier):
    live = a_live_timeline(classifier)
    durations_s = []
    sample_lines = SampleLines()
    for line in as_lines(some_samples(4000)):
        # Of this process: other programs may keep the cores busy.
        started_s = time.process_time()
        new = sample_lines.read(line)
        if [prediction for samples in new for prediction in live.push(samples)]:
            durations_s.append(time.process_time() - started_s)
    assert statistics.median(durations_s) < 0.02


def no_prediction(windows):
    return np.full((len(windows), 3), 1 / 3)


def cut_in_chunks(samples, sizes, gap_at):
    """Give all windows of samples in chunks of these sizes, and then one by one, with a gap."""
    live = LiveTimeline(no_prediction, WindowFormat(UCI_CHANNELS, ("A", "B", "C"), 50.0, 128))
    first, windows = 0, []
    for size in [*sizes, *[1] * len(samples)]:
        size = min(size, gap_at - first if first < gap_at else len(samples) - first)
        if size:
            is_after_gap = first == gap_at > 0
            slot = first + 100 * (first >= gap_at)
            new = LiveSamples(samples[first : first + size], slot, is_after_gap)
            windows += live.cut(new)
            first += size
    return windows + live.cut_last()


@settings(max_examples=15, deadline=None)
@given(st.lists(st.integers(1, 90), max_size=8), st.integers(0, 300))
def test_windows_are_the_same_bit_for_bit_however_samples_come(sizes, gap_at):
    samples = some_samples(400)
    expected = cut_in_chunks(samples, [400, 400], gap_at)
    found = cut_in_chunks(samples, sizes, gap_at)
    assert len(found) == len(expected)
    for one, other in zip(found, expected, strict=True):
        assert_array_equal(one.signals, other.signals)
        assert (one.start_s, one.warming_up, one.stretch) == (
            other.start_s,
            other.warming_up,
            other.stretch,
        )


def test_samples_of_a_window_are_filtered_together(monkeypatch):
    calls = []
    real = signal.sosfilt
    monkeypatch.setattr(signal, "sosfilt", lambda *a, **k: calls.append(a) or real(*a, **k))
    windows = cut_in_chunks(some_samples(128 + 64 * 9 + 1), [], 0)
    assert len(windows) == 10
    # Three filters for each window, and for the last sample.
    assert len(calls) == 3 * 11
