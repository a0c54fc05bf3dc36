"""What apps send, as a whole: the same samples come out of each of their forms."""

from __future__ import annotations

import json

import numpy as np
import pytest
from builders import refused
from stream_messages import (
    EPOCH_NS,
    G,
    event_rows,
    phyphox,
    sensor_logger,
    sensor_server,
    value_of,
)

from har.errors import DataError
from har.reading.streams.sample_lines import SampleLines
from har.signals.channels import RAW_CHANNELS

RATES = {"acc": 62.5, "gyro": 57.0}
PARTS = {"linear": 100.0, "gravity": 50.0, "gyro": 52.0}
LOGGER = {
    "linear": "accelerometer",
    "gravity": "gravity",
    "gyro": "gyroscope",
    "acc": "totalacceleration",
}


def read_all(texts, **options):
    lines = SampleLines(**options)
    chunks = [chunk for text in texts for chunk in lines.read(text)]
    chunks += lines.finish()
    return lines, chunks


def assert_right(chunks, first_s=0.0, last_s=3.9, acc=("acc",), atol=1e-5):
    """Samples are without a gap, and each has the values of its time."""
    samples = np.concatenate([chunk.samples for chunk in chunks])
    assert not any(chunk.is_after_gap for chunk in chunks)
    assert len(samples) >= (last_s - first_s) * 50
    seconds = (chunks[0].first_slot + np.arange(len(samples))) / 50
    expected = np.hstack([sum(value_of(part, seconds) for part in acc), value_of("gyro", seconds)])
    np.testing.assert_allclose(samples, expected, rtol=0, atol=atol)


@pytest.mark.parametrize(
    ("texts", "parts"),
    [
        (sensor_logger(LOGGER, rates_hz=RATES), ("acc",)),
        (sensor_logger(LOGGER, rates_hz={**RATES, **PARTS}), ("acc",)),
        (sensor_logger(LOGGER, rates_hz=PARTS), ("linear", "gravity")),
        (
            sensor_logger({**LOGGER, "acc": "accelerometeruncalibrated"}, rates_hz=RATES),
            ("acc",),
        ),
        (phyphox({"acc": 200.0, "gyro": 190.0}), ("acc",)),
        (phyphox(RATES, is_full=True), ("acc",)),
        (sensor_server(RATES), ("acc",)),
    ],
)
def test_sensors_with_their_own_times_are_paired(texts, parts):
    lines, chunks = read_all(texts)
    assert_right(chunks, acc=parts)
    assert (lines.n_malformed, lines.n_dropped, lines.n_gaps) == (0, 0, 0)


def test_rows_of_events_are_paired():
    lines, chunks = read_all(event_rows(RATES))
    assert_right(chunks, atol=1e-4)
    assert lines.n_malformed == 0


def test_readings_of_sensor_logger_may_come_without_the_message_around_them():
    messages = sensor_logger(LOGGER, rates_hz=PARTS)
    events = [json.dumps(event) for message in messages for event in json.loads(message)["payload"]]
    lines, chunks = read_all(events)
    assert_right(chunks, acc=("linear", "gravity"))
    notes = lines.notes()
    assert any("sum" in note for note in notes)
    assert any("in m/s2, told from the median length" in note for note in notes)
    assert any("in nanoseconds" in note for note in notes)


def test_signs_of_sensor_logger_are_doubted_where_they_cannot_be_known():
    for rates_hz, n_doubts in ((PARTS, 1), (RATES, 0)):
        lines = SampleLines()
        doubts = []
        for text in sensor_logger(LOGGER, rates_hz=rates_hz):
            lines.read(text)
            doubts.append(lines.doubt())
        found = [doubt for doubt in doubts if doubt]
        assert len(found) == n_doubts
        assert all("iPhone" in doubt and "Standardise" in doubt for doubt in found)


def test_sensor_logger_in_g_has_apples_signs():
    names = {**LOGGER, "acc": "accelerometeruncalibrated"}
    messages = [json.loads(text) for text in sensor_logger(names, rates_hz=RATES)]
    for event in (event for message in messages for event in message["payload"]):
        if event["name"] == "accelerometeruncalibrated":
            event["values"] = {axis: -value / G for axis, value in event["values"].items()}
    lines, chunks = read_all(map(json.dumps, messages))
    assert_right(chunks)
    assert any("signs reversed" in note for note in lines.notes())


def test_a_watch_beside_the_phone_is_left_out():
    texts = sensor_logger(LOGGER, rates_hz=RATES)
    watch = {f"rotationRate{axis}": 9.0 for axis in "XYZ"} | {f"gravity{a}": 1.0 for a in "XYZ"}
    for number, text in enumerate(texts):
        message = json.loads(text)
        time = message["payload"][0]["time"]
        message["payload"].append({"name": "wristmotion", "time": time, "values": watch})
        texts[number] = json.dumps(message)
    _, chunks = read_all(texts)
    assert_right(chunks)


def test_a_payload_may_be_a_line():
    messages = sensor_logger(LOGGER, rates_hz=RATES)
    _, chunks = read_all([json.dumps(json.loads(message)["payload"]) for message in messages])
    assert_right(chunks)


def test_sensor_logger_without_gravity_is_refused_with_the_cure():
    texts = sensor_logger(LOGGER, rates_hz={"linear": 50.0, "gyro": 50.0}, length_s=6.0)
    with refused(DataError, "expected acceleration with gravity", "switch on", "Gravity"):
        read_all(texts)


@pytest.mark.parametrize("rates_hz", [{"acc": 50.0}, {"gyro": 50.0}])
def test_a_missing_sensor_is_refused(rates_hz):
    with refused(DataError, "only, expected"):
        read_all(sensor_server(rates_hz, length_s=8.0))


def test_without_gyroscope_a_sensor_alone_is_enough():
    _, chunks = read_all(sensor_server({"acc": 100.0}), channels=RAW_CHANNELS[:3])
    samples = np.concatenate([chunk.samples for chunk in chunks])
    np.testing.assert_allclose(samples, value_of("acc", np.arange(len(samples)) / 50), atol=1e-5)
    assert len(samples) == 201


def test_a_sensor_may_begin_later():
    _, chunks = read_all(sensor_server(RATES, starts_s={"gyro": 0.77}))
    assert chunks[0].first_slot == 39
    assert_right(chunks, first_s=0.78)


def test_a_hole_in_one_sensor_is_a_gap_for_both():
    texts = [
        text
        for text in sensor_server(RATES)
        if "gyroscope" not in text
        or not 2.0 < (json.loads(text)["timestamp"] % 1e15) / 1e9 - 925657.519043709 < 2.5
    ]
    lines, chunks = read_all(texts)
    assert lines.n_gaps == 1
    (gap,) = (chunk for chunk in chunks if chunk.is_after_gap)
    assert gap.first_slot / 50 == pytest.approx(2.5, abs=0.05)
    expected = value_of("gyro", gap.first_slot / 50)
    np.testing.assert_allclose(gap.samples[0, 3:], expected, atol=1e-5)


def test_a_stamp_that_jumps_ahead_shifts_nothing():
    texts = sensor_server(RATES)
    wrong = json.loads(texts[300])
    texts[300] = json.dumps({**wrong, "timestamp": wrong["timestamp"] + 10**13})
    lines, chunks = read_all(texts)
    assert_right(chunks)
    assert lines.n_dropped == 1


def test_a_clock_that_restarts_is_followed_after_a_gap():
    lines, chunks = read_all(sensor_server(RATES) + sensor_server(RATES))
    assert lines.n_gaps == 1
    assert sum(len(chunk.samples) for chunk in chunks) > 201 + 50


def test_a_sensor_that_stops_is_told():
    lines = SampleLines()
    texts = sensor_server(RATES) + sensor_server({"acc": 62.5}, length_s=30.0, starts_s={"acc": 5})
    doubts = []
    for text in texts:
        lines.read(text)
        doubts.append(lines.doubt())
    (told,) = filter(None, doubts)
    assert "'gyroscope' does not come" in told


def test_another_phone_that_sends_to_the_same_place_is_left_out():
    texts = sensor_logger(LOGGER, rates_hz=RATES)
    other = [text.replace('"deviceId": "d"', '"deviceId": "e"') for text in texts]
    mixed = [text for pair in zip(texts, other, strict=True) for text in pair]
    lines, chunks = read_all(mixed)
    assert_right(chunks)
    assert lines.n_malformed == len(other)
    assert "another device" in lines.first_malformed


def test_phyphox_without_buffers_of_time_says_so():
    lines = SampleLines()
    for text in phyphox(RATES, with_time=False):
        lines.read(text)
    with refused(DataError, "no sample in", "has no time"):
        lines.finish()


def test_events_without_times_are_refused():
    texts = [
        json.dumps({sensor: value_of(sensor, number / 50).tolist()})
        for number in range(60)
        for sensor in ("acc", "gyro")
    ]
    with refused(DataError, "without times", "timestamp"):
        read_all(texts)


def test_a_browsers_acceleration_includes_gravity():
    texts = [
        json.dumps(
            {
                "acceleration": dict.fromkeys("xyz", 0.0),
                "accelerationIncludingGravity": dict(
                    zip("xyz", (G * value_of("acc", number / 50)).tolist(), strict=True)
                ),
                "rotationRate": dict(
                    zip("xyz", value_of("gyro", number / 50).tolist(), strict=True)
                ),
                "timeStamp": number * 20.0,
            }
        )
        for number in range(200)
    ]
    _, chunks = read_all(texts)
    assert_right(chunks)


@pytest.mark.parametrize("is_nested", [True, False])
def test_apples_names_are_summed_and_their_signs_reversed(is_nested):
    def line(number):
        parts = {
            "userAcceleration": -value_of("linear", number / 50),
            "gravity": -value_of("gravity", number / 50),
            "rotationRate": value_of("gyro", number / 50),
        }
        if is_nested:
            return {
                **{k: dict(zip("xyz", v, strict=True)) for k, v in parts.items()},
                "timestamp": number / 50,
            }
        flat = {
            f"motion{k[0].upper()}{k[1:]}{a}": x
            for k, v in parts.items()
            for a, x in zip("XYZ", v, strict=True)
        }
        return {**flat, "timestamp": number / 50}

    lines, chunks = read_all([json.dumps(line(number)) for number in range(200)])
    assert_right(chunks, acc=("linear", "gravity"))
    assert any("Apple" in note for note in lines.notes())


@pytest.mark.parametrize(
    ("write", "unit"),
    [
        (lambda s: f"{s:.2f}", "seconds"),
        (lambda s: f"{s * 1e3:.0f}", "milliseconds"),
        (lambda s: f"{s * 1e6:.0f}", "microseconds"),
        (lambda s: f"{s * 1e9:.0f}", "nanoseconds"),
        (lambda s: f"{1.7e9 + s:.3f}", "seconds"),
        (lambda s: f"{1_700_000_000_000 + round(s * 1e3)}", "milliseconds"),
        (lambda s: f"{EPOCH_NS + round(s * 1e9)}", "nanoseconds"),
        (lambda s: f"{86_400_000_000 * 9 + round(s * 1e6)}", "microseconds"),
        (
            lambda s: (
                f"2023-11-24T23:59:{57 + s:06.3f}Z"
                if s < 2.99
                else f"2023-11-25T00:00:{s - 3:06.3f}+00:00"
            ),
            "nanoseconds",
        ),
        (lambda s: f"2023-11-24 14:05:{s:09.6f}", "nanoseconds"),
        (
            lambda s: f"23:59:{57 + s:06.3f}" if s < 2.99 else f"00:00:{abs(s - 3):06.3f}",
            "nanoseconds",
        ),
    ],
)
def test_time_is_told_from_its_size_and_steps(write, unit):
    rows = [
        ",".join(
            [
                write(number / 50),
                *map(
                    str,
                    np.hstack(
                        [value_of("acc", number / 50), value_of("gyro", number / 50)]
                    ).tolist(),
                ),
            ]
        )
        for number in range(200)
    ]
    lines, chunks = read_all(["time,ax,ay,az,gx,gy,gz", *rows])
    assert_right(chunks)
    assert (lines.n_gaps, lines.n_dropped, lines.n_filled) == (0, 0, 0)
    assert any(f"time: in {unit}" in note for note in lines.notes())
