"""Sensor Logger's HTTP push: the app's messages, and anything else."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
import requests
from served import PATIENCE_S, a_model, a_walk, expected_answers, names_of, served, wait_until
from stream_messages import sensor_logger

from har.serve.limits import Limits

G = 9.80665
RATES = {"acc": 50.0, "gyro": 50.0}
NAMES = {"acc": "accelerometeruncalibrated", "gyro": "gyroscope"}


@pytest.fixture(scope="module")
def server():
    with served() as running:
        yield running


def post(server, message, **headers):
    body = message if isinstance(message, str | bytes) else json.dumps(message)
    address = server.address("sensor-logger")
    return requests.post(address, data=body, headers=headers, timeout=PATIENCE_S)


def messages_of(samples, device="phone", session="one"):
    """Return what the app sends, twice a second, of samples at 50 Hz in Android's units."""
    found = []
    for first in range(0, len(samples), 25):
        payload = []
        for number, row in enumerate(samples[first : first + 25].tolist(), first):
            time = 1_700_000_000_000_000_000 + 20_000_000 * number
            acc = dict(zip("xyz", (G * value for value in row[:3]), strict=True))
            gyro = dict(zip("xyz", row[3:], strict=True))
            payload.append({"name": "accelerometeruncalibrated", "time": time, "values": acc})
            payload.append({"name": "gyroscope", "time": time, "values": gyro})
        payload.append({"name": "location", "time": time, "values": {"latitude": 1.0}})
        found.append(
            {"messageId": first, "sessionId": session, "deviceId": device, "payload": payload}
        )
    return found


def test_a_person_with_the_app_is_live(server):
    walk = a_walk()
    expected = expected_answers(walk)
    for message in messages_of(walk):
        assert post(server, message).status_code == 200
    (stream,) = server.server.streams
    wait_until(lambda: len(stream.answers) >= len(expected) - 1)
    said = [answer.probability for answer in stream.answers]
    assert said == pytest.approx([e.probability for e in expected][: len(said)], abs=1e-4)
    listed = requests.get(server.address("streams"), timeout=PATIENCE_S).json()["streams"]
    assert [(each["name"], each["state"]) for each in listed] == [("Sensor Logger", "WALKING")]
    answered = post(server, messages_of(a_walk(1), session="two")[0])
    assert answered.text == "no window yet\n"
    assert names_of(server) == ["Sensor Logger"]


def test_the_apps_own_messages_are_read(server):
    for text in sensor_logger(NAMES, rates_hz=RATES):
        assert post(server, text).status_code == 200


NAMES_OF_SENSORS = {
    "raw": {"acc": "accelerometeruncalibrated", "gyro": "gyroscope"},
    "total": {"acc": "totalacceleration", "gyro": "gyroscope"},
    "capitals": {"acc": "TotalAcceleration", "gyro": "Gyroscope"},
    "parts": {"linear": "accelerometer", "gravity": "gravity", "gyro": "gyroscope"},
    "parts in capitals": {"linear": "Accelerometer", "gravity": "Gravity", "gyro": "Gyroscope"},
}


@pytest.mark.parametrize("sensors", NAMES_OF_SENSORS)
def test_each_sensor_with_gravity_is_read_under_its_name(sensors):
    names = NAMES_OF_SENSORS[sensors]
    with served() as server:
        for text in sensor_logger(names, rates_hz=dict.fromkeys(names, 50.0), length_s=6.0):
            assert post(server, text).status_code == 200
        (stream,) = server.server.streams
        wait_until(lambda: len(stream.answers) >= 2)
        words = " ".join(note.text for note in stream.notes)
    assert ("the sum of that without gravity" in words) == ("linear" in names)
    assert "gravity was removed" not in words


def test_values_that_no_sensor_gives_end_the_stream():
    messages = messages_of(a_walk(3))
    for reading in messages[3]["payload"]:
        reading["values"] = dict.fromkeys("xyz", 1e20)
    with served() as server:
        for message in messages[:4]:
            post(server, message)
        wait_until(lambda: "expected at most 1000" in post(server, messages[4]).text)


def test_an_empty_message_tests_the_connection_and_begins_nothing():
    message = {"messageId": 0, "sessionId": "s", "deviceId": "d", "payload": []}
    with served() as server:
        assert post(server, message).status_code == 200
        assert names_of(server) == []


@pytest.mark.parametrize(
    ("body", "status", "found"),
    [
        ("", 400, "no JSON"),
        ("[" * 10_000, 400, "no JSON"),
        ("[]", 400, "found []"),
        ({"payload": 1}, 400, "expected a message of Sensor Logger"),
        ({"payload": [], "deviceId": 1, "sessionId": ""}, 400, "deviceId: found 1"),
        ({"payload": [], "deviceId": "x" * 300, "sessionId": ""}, 400, "deviceId: found"),
        ({"payload": [0] * 20_000, "deviceId": "", "sessionId": ""}, 400, "20000 readings"),
        (b" " * (1 << 19), 413, "more than 262,144 bytes"),
    ],
)
def test_any_other_body_is_refused_in_one_line(server, body, status, found):
    answer = post(server, body)
    assert answer.status_code == status
    assert found in answer.text
    assert answer.text.count("\n") == 1


def test_a_stream_that_cannot_be_read_says_why():
    messages = messages_of(a_walk(8)[:, :3].repeat(2, axis=1))
    for message in messages:
        message["payload"] = [r for r in message["payload"] if r["name"] != "gyroscope"]
    with served() as server:
        texts = [post(server, message).text for message in messages]
        wait_until(lambda: "gyroscope" in post(server, messages[-1]).text)
    assert texts[0] == "no window yet\n"


def test_a_page_of_another_origin_cannot_push(server):
    message = messages_of(a_walk(1))[0]
    assert post(server, message, Origin="http://evil.example").status_code == 403


def test_a_phone_that_is_silent_is_forgotten():
    with served(limits=replace(Limits(), idle_s=0.2)) as server:
        post(server, messages_of(a_walk(1))[0])
        wait_until(lambda: names_of(server) == [])


def test_too_many_readings_are_refused_and_a_model_without_a_gyroscope_needs_none():
    with served(a_model(), Limits(n_burst=100, samples_per_s=1)) as server:
        statuses = [post(server, message).status_code for message in messages_of(a_walk(2))]
    assert statuses == [200, 200, 400, 400]
