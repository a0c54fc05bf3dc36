"""Many streams at once: what each gives is what it gives alone."""

from __future__ import annotations

import json
import logging

import numpy as np
import pytest

from har.inference.context import MarkovContext
from har.inference.live import LiveTimeline
from har.inference.live_streams import LiveStream, LiveStreams
from har.inference.live_wearing import LiveWearing
from har.reading.streams.sample_lines import SampleLines
from har.signals.channels import RAW_CHANNELS, UCI_CHANNELS
from har.signals.windows import WindowFormat

FORMAT = WindowFormat(UCI_CHANNELS, ("A", "B"), 50.0, 128)
CONTEXT = MarkovContext.lasting(2)
HEADING = ",".join(("id", "time_s", *RAW_CHANNELS))
UPRIGHT = (1.0, 0.0, 0.0)


def predict(windows):
    """Return shares that depend on the values of each window alone."""
    share = 1 / (1 + np.exp(-50 * windows[:, :, 0].mean(axis=1, dtype=float)))
    return np.stack([share, 1 - share], axis=1)


def begin():
    timeline = LiveTimeline(predict, FORMAT, context=CONTEXT, delay=1)
    return LiveStream(SampleLines(), LiveWearing(UPRIGHT), timeline)


def samples_of(seed, n, scale=0.3):
    samples = scale * np.random.default_rng(seed).normal(size=(n, 6))
    return np.round(samples + np.eye(6)[0], 5)


def messages_of(identity, n=200, seed=0, first=0):
    """Make objects of JSON at 50 Hz with a hole, from any time on."""
    return [
        {"id": identity, "time_s": number / 50, **dict(zip(RAW_CHANNELS, sample, strict=True))}
        for number, sample in enumerate(samples_of(seed, n).tolist(), first)
        if number % 181 not in range(150, 170)
    ]


def alone(messages):
    stream = begin()
    answers = [
        answer
        for message in messages
        for new in stream.lines.read(json.dumps(message))
        for answer in stream.timeline.push(stream.wearing.push(new))
    ]
    for new in stream.lines.finish():
        answers += stream.timeline.push(stream.wearing.push(new))
    return answers + stream.timeline.finish()


def by_id(streams, lines, every=1):
    """Read lines, with predictions after every few of them; collect the answers by id."""
    answers = {}
    for number, (identity, line) in enumerate(lines, start=1):
        streams.read(identity, line)
        if number % every == 0:
            for of, answer in streams.predictions():
                answers.setdefault(of, []).append(answer)
    streams.finish()
    for of, answer in streams.predictions():
        answers.setdefault(of, []).append(answer)
    return answers


@pytest.mark.parametrize("every", [1, 7, 10_000])
def test_interleaved_streams_give_exactly_what_each_gives_alone(every):
    of_streams = {
        f"s{k}": messages_of(f"s{k}", n=180 + 90 * k, seed=k, first=30 * k) for k in range(4)
    }
    lines = [(of, message) for of, messages in of_streams.items() for message in messages]
    order = np.argsort([message["time_s"] for _, message in lines], kind="stable")
    answers = by_id(LiveStreams(begin, predict), [lines[i] for i in order], every)
    assert answers == {
        of: alone(messages) for of, messages in of_streams.items() if alone(messages)
    }
    assert len(answers) >= 3


def test_windows_that_are_complete_at_the_same_time_are_predicted_together():
    sizes = []

    def counted(windows):
        sizes.append(len(windows))
        return predict(windows)

    streams = LiveStreams(begin, counted)
    of_streams = [messages_of(k, n=129, seed=k) for k in range(20)]
    for messages in zip(*of_streams, strict=True):
        for message in messages:
            streams.read(message["id"], message)
        streams.predictions()
    assert sizes == [20]


def test_rows_have_the_heading_of_all_and_a_newer_one_when_it_comes():
    rows = [f"a,{k / 50},{','.join(map(str, s))}" for k, s in enumerate(samples_of(0, 200))]
    streams = LiveStreams(begin, predict)
    for row in rows:
        streams.read("a", row, HEADING)
    streams.finish()
    expected = alone([m for m in messages_of("a", 200) if m["time_s"] < 2.9])
    assert [answer for _, answer in streams.predictions()][:1] == expected[:1]


def test_a_stream_that_cannot_be_read_ends_alone_and_is_told_of():
    good = messages_of("good")
    bad = [{"id": "bad", "time_s": 0.0, **dict.fromkeys(RAW_CHANNELS[:3], 1.0)}] * 300
    lines = [(m["id"], m) for pair in zip(good, bad, strict=False) for m in pair]
    lines += [("bad", bad[0])] * 300
    streams = LiveStreams(begin, predict)
    assert by_id(streams, lines)["good"] == alone(good)
    assert (streams.n_streams, streams.n_failed, streams.n_with_samples) == (2, 1, 1)
    warnings = [text for level, text in streams.messages() if level == logging.WARNING]
    assert len(warnings) == 1
    assert warnings[0].startswith("id 'bad': stream: found 'acc' only, expected a gyroscope")
    assert "ended by an error: 1 (" in streams.in_words()


def test_messages_of_one_kind_are_said_for_the_first_and_for_every_power_of_ten():
    streams = LiveStreams(begin, predict)
    texts = []
    for k in range(120):
        for number in range(52):
            sample = dict(zip(RAW_CHANNELS, [1 + k / 1e3, 0, 0, 0, 0, 0], strict=True))
            streams.read(k, {"id": k, "time_s": number / 50, **sample})
        texts += [text for _, text in streams.messages()]
    of_time = [text for text in texts if "time: in" in text]
    assert [text.split(" ")[0] for text in of_time] == ["id", "10", "100"]
    assert of_time[0].startswith("id 0: time: in s")
    assert of_time[1].startswith("10 streams say the like of id 0: time")
    assert len(texts) == 3 * 3


def test_of_too_many_streams_the_longest_silent_one_ends_and_may_begin_anew():
    streams = LiveStreams(begin, predict, most=2)
    for message in messages_of("a", 129):
        streams.read("a", message)
        streams.read("b", {**message, "id": "b"})
    streams.read("c", messages_of("c", 1)[0])
    answers = dict(streams.predictions())
    assert set(answers) == {"a", "b"}
    (text,) = (text for level, text in streams.messages() if "more than" in text)
    assert text.startswith("found more than 2 ids: from here on")
    streams.read("a", messages_of("a", 1)[0])
    assert streams.n_streams == 4


def test_nothing_at_all_is_counted():
    streams = LiveStreams(begin, predict)
    streams.finish()
    assert streams.predictions() == []
    assert streams.in_words() == (
        "streams: 0, ended by an error: 0, malformed: 0, filled in: 0, dropped: 0, gaps: 0"
    )


def test_an_interruption_keeps_the_counts():
    streams = LiveStreams(begin, predict)
    for message in messages_of("a", 100):
        streams.read("a", message)
    streams.read("a", {"id": "a", "time_s": 2.0, "acc_x": "garbage"})
    streams.close()
    assert "streams: 1, ended by an error: 0, malformed: 1 (id 'a', line 101: " in (
        streams.in_words()
    )
