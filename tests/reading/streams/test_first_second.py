"""What the first second shows: units and stamps, and what is said when it shows nothing."""

from __future__ import annotations

import json

import numpy as np
import pytest
from builders import refused

from har.errors import DataError
from har.reading.streams.sample_lines import SampleLines


def rows(acc=(0.1, -0.2, 0.97), gyro=(0.01, 0.02, 0.03), n=60, stamps=None):
    random = np.random.default_rng(0)
    for number in range(n):
        values = [*acc, *gyro] * random.uniform(0.99, 1.01, size=6)
        stamp = number / 50 if stamps is None else stamps[number]
        yield ",".join(map(str, [stamp, *values.tolist()]))


def first_sample(texts, **options):
    lines = SampleLines(**options)
    chunks = [chunk for text in texts for chunk in lines.read(text)]
    return (chunks + lines.finish())[0].samples[0], lines


@pytest.mark.parametrize(
    ("factor", "unit"), [(1.0, "g"), (9.80665, "m/s2"), (1000, "mg"), (1.7, "g"), (16.5, "m/s2")]
)
def test_the_unit_of_acceleration_is_told_from_its_length(factor, unit):
    _, lines = first_sample(rows(acc=(0.1 * factor, -0.2 * factor, 0.97 * factor)))
    assert any(note.startswith(f"acceleration: 'acc' in {unit}, told") for note in lines.notes())


@pytest.mark.parametrize(("largest", "unit"), [(3, "rad/s"), (80, "deg/s"), (60_000, "mdps")])
def test_the_unit_of_angular_rate_is_told_from_its_largest_value(largest, unit):
    sample, lines = first_sample(rows(gyro=(largest, 0, 0)))
    assert any(note.startswith(f"gyroscope: 'gyro' in {unit}, assumed") for note in lines.notes())
    factor = {"rad/s": 1, "deg/s": np.pi / 180, "mdps": np.pi / 180_000}[unit]
    assert sample[3] == pytest.approx(largest * factor, rel=0.02)


def test_an_angular_rate_that_is_too_large_later_is_doubted():
    lines = SampleLines()
    for text in rows():
        lines.read(text)
    assert lines.doubt() is None
    for text in rows(gyro=(80, 0, 0), stamps=2 + np.arange(60) / 50):
        lines.read(text)
    assert "80" in (doubt := lines.doubt()) and "--gyro-unit" in doubt
    assert lines.doubt() is None


def turning(n=1200, degrees=1.0):
    """Turn the phone back and forth by 40 degrees; the vertical swings with it."""
    seconds = np.arange(n) / 50
    angle = 0.7 * np.sin(seconds / 2)
    acc = np.stack([np.sin(angle), np.zeros(n), np.cos(angle)], axis=1)
    rate = -0.35 * np.cos(seconds / 2) * degrees
    gyro = np.stack([np.zeros(n), rate, np.zeros(n)], axis=1)
    return [",".join(map(str, row)) for row in np.column_stack([seconds, acc, gyro]).tolist()]


@pytest.mark.parametrize(("degrees", "is_doubted"), [(1.0, False), (180 / np.pi, True)])
def test_angular_rates_that_turn_no_gravity_are_doubted(degrees, is_doubted):
    lines = SampleLines(gyro_unit="rad/s")
    doubts = []
    for text in turning(degrees=degrees):
        lines.read(text)
        doubts.append(lines.doubt())
    found = [doubt for doubt in doubts if doubt]
    assert len(found) == is_doubted
    assert all("deg/s" in doubt for doubt in found)


def test_acceleration_without_gravity_is_doubted():
    lines = SampleLines()
    random = np.random.default_rng(0)
    for number in range(600):
        acc = random.normal(scale=5.0, size=3).tolist()
        lines.read(json.dumps([number / 50, *acc, 0, 0, 0]))
    assert "gravity was removed" in lines.doubt()


def test_times_of_packets_are_refused_with_the_cure():
    with refused(DataError, "the stamp of an earlier sample", "--ignore-time"):
        first_sample(rows(stamps=np.arange(60) // 5 / 10))


def test_rows_that_are_there_twice_are_read_once():
    texts = [text for text in rows() for _ in range(2)]
    _, lines = first_sample(texts)
    assert (lines.n_samples, lines.n_dropped, lines.n_gaps) == (120, 60, 0)


def test_times_of_arrival_in_bursts_are_refused_with_the_cure():
    stamps = [burst * 200 + place for burst in range(30) for place in range(10)]
    with refused(DataError, "bursts", "--ignore-time"):
        first_sample(rows(stamps=stamps, n=300), time_unit="ms")


def test_times_that_do_not_move_are_refused():
    with refused(DataError, "time", "stamp of an earlier sample", "--ignore-time"):
        first_sample(rows(stamps=np.zeros(3000), n=3000))


@pytest.mark.parametrize("text", ["t,ax,ay,az,gx,gy,gz", None])
def test_times_may_be_ignored(text):
    texts = rows(stamps=np.arange(60) // 5 / 10)
    heading = [] if text is None else [text]
    _, lines = first_sample([*heading, *texts], ignore_time=True)
    assert (lines.n_samples, lines.n_dropped, lines.n_filled) == (60, 0, 0)


def test_a_time_that_is_not_known_is_doubted():
    lines = SampleLines()
    for text in ["Augenblick,ax,ay,az,gx,gy,gz", *rows()]:
        lines.read(text)
    assert "Augenblick" in (doubt := lines.doubt()) and "--columns time=NAME" in doubt
    assert lines.doubt() is None


def test_the_first_second_comes_as_a_whole_and_then_each_sample_at_once():
    lines = SampleLines()
    sizes = [sum(len(chunk.samples) for chunk in lines.read(text)) for text in rows(n=120)]
    begun = next(number for number, size in enumerate(sizes) if size)
    assert 49 <= begun <= 100
    assert sizes[begun:] == [begun + 1] + [1] * (119 - begun)


def test_fifty_lines_that_say_nothing_are_told_of_once():
    lines = SampleLines()
    told = []
    for number in range(120):
        lines.read(json.dumps({"t": number, "foo": 1, "bar": 2}))
        told.append(lines.trouble())
    assert told[:49] == [None] * 49
    assert told[50:] == [None] * 70
    for words in ("50 lines", "line 1", "'foo', 'bar'", "acc_x", "gyro_z", "time_s", "accX"):
        assert words in told[49]


def test_fewer_lines_are_enough_when_a_second_is_over():
    lines = SampleLines()
    lines.read("hello")
    assert lines.trouble(has_waited=True) is None
    lines.read("hello")
    assert "2 lines" in lines.trouble(has_waited=True)


def test_lines_that_are_read_are_no_trouble():
    lines = SampleLines()
    for text in rows():
        lines.read(text)
        assert lines.trouble(has_waited=True) is None


@pytest.mark.parametrize(("texts", "words"), [([], "no lines"), (["hello"], "1 line (line 1:")])
def test_a_stream_without_any_sample_is_an_error_in_the_end(texts, words):
    lines = SampleLines()
    for text in texts:
        lines.read(text)
    with refused(DataError, f"no sample in {words}", "expected names such as acc_x"):
        lines.finish()


def test_a_stream_that_ends_in_its_first_second_is_read():
    lines = SampleLines()
    chunks = [chunk for text in rows(n=30) for chunk in lines.read(text)]
    assert not chunks
    (chunk,) = lines.finish()
    assert len(chunk.samples) == 30


@pytest.mark.parametrize("option", ["acc_unit", "gyro_unit", "time_unit"])
def test_units_that_are_none_are_refused(option):
    with refused(DataError, f"--{option.replace('_', '-')}", "'furlong'"):
        SampleLines(**{option: "furlong"})
