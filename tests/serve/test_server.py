"""Pages, names and headers of a running server."""

from __future__ import annotations

import asyncio
import socket
import time

import pytest
import requests
from served import (
    PATIENCE_S,
    a_walk,
    connected,
    messages,
    rows_of,
    send_rows,
    served,
)

from har.serve import listening


@pytest.fixture(scope="module")
def server():
    with served(token="secret") as running:
        yield running


def get(server, path, **query):
    return requests.get(server.address(path, **query), timeout=PATIENCE_S)


@pytest.mark.parametrize(("path", "query"), [("", {}), ("", {"stream": "x"}), ("streams", {})])
def test_answers_have_the_headers_of_security(server, path, query):
    answer = get(server, path, **query)
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert "accelerometer=(self)" in answer.headers["permissions-policy"]
    assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
    assert "unsafe" not in answer.headers["content-security-policy"] + answer.text
    assert "server" not in answer.headers


@pytest.mark.parametrize("path", ["", "streams", "sensor-logger", "live", "nothing"])
def test_without_the_token_there_is_one_line(server, path):
    answer = requests.get(f"http://127.0.0.1:{server.port}/{path}", timeout=PATIENCE_S)
    assert answer.status_code == 403
    assert answer.text == (
        "token: found none or a wrong one, expected the address as har serve shows it\n"
    )
    assert answer.headers["cache-control"] == "no-store"


def test_what_is_not_there_is_one_line(server):
    assert (get(server, "nothing").status_code, get(server, "nothing").text) == (404, "Not Found\n")
    assert get(server, "sensor-logger").status_code == 405


def test_a_name_of_somebody_else_is_refused(server):
    answer = requests.get(server.address(""), headers={"Host": "evil.example"}, timeout=PATIENCE_S)
    assert answer.status_code == 421


def test_live_streams_are_listed_with_their_states(server):
    async def converse():
        async with connected(server, name="Ada") as phone:
            before = get(server, "streams").json()
            await send_rows(phone, rows_of(a_walk(3)))
            await messages(phone, "answer", 1)
            return before, get(server, "streams").json()

    before, after = asyncio.run(converse())
    assert [each["name"] for each in before["streams"]] == ["Ada"]
    assert before["streams"][0]["state"] is None
    assert after["streams"][0]["state"] == "WALKING"
    assert after["streams"][0]["source"] == "page"


def test_a_request_that_never_ends_is_cut_off_and_a_bad_one_harms_nobody(server, monkeypatch):
    monkeypatch.setattr(listening, "_HEADER_S", 0.2)
    for begun in (b"", b"GET / HTTP/1.1\r\nHost: ", b"\x16\x03\x01garbage\r\n\r\n"):
        with socket.create_connection(("127.0.0.1", server.port), PATIENCE_S) as connection:
            connection.sendall(begun)
            began_s = time.monotonic()
            while connection.recv(4096):
                pass
            assert time.monotonic() - began_s < PATIENCE_S
    assert get(server, "streams").status_code == 200


def test_a_second_request_that_never_ends_is_cut_off(server, monkeypatch):
    monkeypatch.setattr(listening, "_HEADER_S", 0.2)
    with socket.create_connection(("127.0.0.1", server.port), PATIENCE_S) as connection:
        request = f"GET /streams?token=secret HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\n"
        connection.sendall(f"{request}\r\n".encode())
        assert connection.recv(4096).startswith(b"HTTP/1.1 200")
        connection.sendall(request.encode())
        while connection.recv(4096):
            pass


def test_a_server_ends_while_phones_are_connected():
    async def converse(server):
        async with connected(server) as phone:
            await send_rows(phone, rows_of(a_walk(1)))
            return phone

    with served() as server:
        asyncio.run(converse(server))
