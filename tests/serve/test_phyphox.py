"""phyphox's remote interface, against a small server that behaves as it is documented."""

from __future__ import annotations

import json
import logging
import socket
import threading
import time
from contextlib import contextmanager, suppress
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlsplit

import pytest
from builders import refused
from served import a_walk, expected_answers, names_of, served, wait_until

from har.errors import DataError, UsageError
from har.serve import phyphox
from har.serve.limits import Limits
from har.serve.phyphox import buffers_of, checked_address

G = 9.80665
SENSORS = {"acc": "accelerometer", "gyr": "gyroscope"}


def config_of(names=("acc", "gyr")):
    return {
        "crc32": "d0f35a4a",
        "title": "My sensors",
        "buffers": [
            {"name": f"{name}{end}", "size": 0} for name in names for end in ("_time", *"XYZ")
        ],
        "inputs": [
            {
                "source": SENSORS[name],
                "outputs": [
                    {axis: f"{name}{end}"}
                    for axis, end in zip("xyzt", (*"XYZ", "_time"), strict=True)
                ],
            }
            for name in names
        ],
        "export": [],
    }


class Phone(BaseHTTPRequestHandler):
    """Answers of the app: `samples` is what it has measured so far."""

    def do_GET(self):  # noqa: N802 (the library's name)
        app = self.server
        parts = urlsplit(self.path)
        app.asked.append(self.path)
        if parts.path == "/config":
            answer = app.config
        elif parts.path == "/control":
            app.measures |= parts.query == "cmd=start"
            answer = {"result": True}
        else:
            app.grow()
            answer = {"buffer": {}, "status": {"session": app.session, "measuring": app.measures}}
            for name, wish in parse_qsl(parts.query, keep_blank_values=True):
                answer["buffer"][name] = self._buffer(name, wish)
        body = json.dumps(answer).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _buffer(self, name, wish):
        """Give the newest value, or all where the reference (or itself) exceeds a threshold."""
        buffers = self.server.buffers()
        if wish == "":
            return {"size": 0, "updateMode": "single", "buffer": buffers[name][-1:]}
        threshold, _, reference = wish.partition("|")
        pairs = zip(buffers[name], buffers[reference or name], strict=True)
        values = [value for value, compared in pairs if compared > float(threshold)]
        return {"size": 0, "updateMode": "partial", "buffer": values}

    def log_message(self, *_arguments):
        pass


class App(ThreadingHTTPServer):
    """The app: more samples each time that it is asked."""

    daemon_threads = True

    def __init__(self, samples, config=None):
        super().__init__(("127.0.0.1", 0), Phone)
        self.samples, self.config = samples, config or config_of()
        self.asked, self.measures, self.session, self.n = [], False, "ab12cd", 0

    def grow(self):
        self.n = min(len(self.samples), self.n + 40) if self.measures else self.n

    def buffers(self):
        rows = self.samples[: self.n].tolist()
        times = [0.02 * (number + 1) for number in range(len(rows))]
        found = {"acc_time": times, "gyr_time": times}
        for axis, letter in enumerate("XYZ"):
            found[f"acc{letter}"] = [G * row[axis] for row in rows]
            found[f"gyr{letter}"] = [row[3 + axis] for row in rows]
        return found


@contextmanager
def app_with(samples, config=None):
    app = App(samples, config)
    threading.Thread(target=app.serve_forever, daemon=True).start()
    try:
        yield app, f"http://127.0.0.1:{app.server_port}"
    finally:
        app.shutdown()
        app.server_close()


def test_a_person_with_the_app_is_live():
    walk = a_walk(6)
    expected = expected_answers(walk)
    with app_with(walk) as (app, address), served(phyphox=[address]) as server:
        wait_until(lambda: names_of(server) == ["phyphox"])
        (stream,) = server.server.streams
        wait_until(lambda: len(stream.answers) >= len(expected) - 1)
        said = [answer.probability for answer in stream.answers]
    assert said == pytest.approx([e.probability for e in expected][: len(said)], abs=1e-4)
    assert app.asked[0] == "/config"
    assert "/control?cmd=start" in app.asked
    later = app.asked[-1]
    assert "|acc_time" in later
    assert "|gyr_time" in later


def test_a_measurement_that_is_begun_anew_is_a_new_stream():
    with app_with(a_walk(6)) as (app, address), served(phyphox=[address]) as server:
        wait_until(lambda: any(stream.answers for stream in server.server.streams))
        (first,) = server.server.streams
        app.session, app.n = "ef34ab", 0
        wait_until(lambda: first.ending is not None)
        assert "another experiment" in first.ending.reason
        wait_until(lambda: any(s is not first and s.answers for s in server.server.streams))


def test_a_phone_that_is_away_or_measures_something_else_is_said_once(caplog):
    caplog.set_level(logging.WARNING, "har")
    with app_with(a_walk(2), config_of(["acc"])) as (app, address):
        with served(phyphox=[address]):
            wait_until(lambda: len(app.asked) >= 2)
    assert len([r for r in caplog.records if "experiment with the gyroscope" in r.message]) == 1
    caplog.clear()
    with served(phyphox=[address]):
        wait_until(lambda: caplog.records)
    assert "remote access allowed" in caplog.records[0].message


def test_a_measurement_that_its_user_pauses_is_not_started_again(monkeypatch):
    monkeypatch.setattr(phyphox, "_TRY_EVERY_S", 0.02)
    limits = replace(Limits(), idle_s=0.3)
    with app_with(a_walk(60)) as (app, address), served(None, limits, phyphox=[address]) as server:
        wait_until(lambda: any(stream.answers for stream in server.server.streams))
        app.measures = False
        wait_until(lambda: app.asked.count("/config") == 2)
        n_asked = len(app.asked)
        wait_until(lambda: len(app.asked) > n_asked + 5)
        assert names_of(server) == []
        assert app.asked.count("/control?cmd=start") == 1
        app.measures = True
        wait_until(lambda: any(stream.answers for stream in server.server.streams))
        assert app.asked.count("/control?cmd=start") == 1


@pytest.mark.parametrize("begun", [b"HTTP/1.0 200 OK\r\n\r\n{", b"HTTP/1.0 200 OK\r\n"])
def test_an_answer_without_an_end_is_given_up_and_holds_nothing_up(monkeypatch, caplog, begun):
    monkeypatch.setattr(phyphox, "_TIMEOUT_S", 0.3)

    def drip(connection):
        with connection, suppress(OSError):
            connection.recv(4096)
            connection.sendall(begun)
            while True:
                time.sleep(0.05)
                connection.sendall(b"x")

    def accept():
        with suppress(OSError):
            while True:
                connection = listener.accept()[0]
                threading.Thread(target=drip, args=[connection], daemon=True).start()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=accept, daemon=True).start()
        with served(phyphox=[f"http://127.0.0.1:{listener.getsockname()[1]}"]):
            wait_until(lambda: "no whole answer within 0.3 s" in caplog.text)
        # The end of the program does not wait for it either.
        asking = [each for each in threading.enumerate() if each.name == "har-phyphox"]
        assert all(each.daemon for each in asking)
        wait_until(lambda: not any(each.is_alive() for each in asking))
        listener.shutdown(socket.SHUT_RDWR)


def test_buffers_are_found_by_inputs_or_by_their_usual_names():
    config = config_of()
    assert [each.sensor for each in buffers_of(config, 6)] == ["acc", "gyr"]
    assert [each.sensor for each in buffers_of(config, 3)] == ["acc"]
    del config["inputs"]
    assert buffers_of(config, 6)[1].names["t"] == "gyr_time"
    own = config_of()
    own["inputs"][0]["outputs"] = [{"x": "a"}, {"y": "b"}, {"z": "c"}, {"t": "d"}]
    assert buffers_of(own, 3)[0].query(2.5) == [
        ("d", "2.5"),
        ("a", "2.5|d"),
        ("b", "2.5|d"),
        ("c", "2.5|d"),
    ]


@pytest.mark.parametrize(
    "config", [None, [], {}, {"inputs": 1, "buffers": [1]}, config_of(["acc"])]
)
def test_an_experiment_without_the_sensors_is_refused(config):
    refused(DataError, "expected an experiment with the", buffers_of, config, 6)


@pytest.mark.parametrize(
    "text", ["", "https://1.2.3.4", "http://", "ftp://a", "http://a:99999", "http://a/get?x"]
)
def test_what_is_no_address_of_the_app_is_refused(text):
    refused(UsageError, "--phyphox: found", checked_address, text)


def test_an_address_may_lack_its_scheme():
    assert checked_address("192.168.0.20:8080") == "http://192.168.0.20:8080"
