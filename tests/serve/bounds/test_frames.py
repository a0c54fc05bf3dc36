"""Floods of frames that are no messages, on real sockets."""

from __future__ import annotations

import asyncio
import socket
import time
from contextlib import suppress

import pytest
import requests
from served import PATIENCE_S, a_walk, connected, messages, names_of, rows_of, send_rows, served
from served import wait_until as until

UPGRADE = (
    "GET /live?name=flood HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\n"
    "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
    "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
)
# Masked with zeros, as a client must mask; the second follows on the beginning of a text.
FLOODS = {
    "pings": (b"", b"\x89\x80\0\0\0\0"),
    "pongs": (b"", b"\x8a\x80\0\0\0\0"),
    "empty parts": (b"\x01\x80\0\0\0\0", b"\x00\x80\0\0\0\0"),
}


@pytest.fixture(scope="module")
def server():
    with served() as running:
        yield running


@pytest.mark.parametrize("name", FLOODS)
def test_a_flood_of_frames_is_cut_off(server, name):
    start, frame = FLOODS[name]
    with socket.create_connection(("127.0.0.1", server.port), PATIENCE_S) as flooding:
        flooding.sendall(UPGRADE.format(port=server.port).encode())
        assert flooding.recv(4096).startswith(b"HTTP/1.1 101")
        until(lambda: names_of(server) == ["flood"])
        with suppress(ConnectionError):
            flooding.sendall(start + frame * 50_000)
        # Well before its silence ends it.
        began_s = time.monotonic()
        until(lambda: not names_of(server))
        assert time.monotonic() - began_s < 30
    assert requests.get(server.address("streams"), timeout=PATIENCE_S).status_code == 200


def test_a_phone_that_pings_now_and_then_and_sends_parts_goes_on(server):
    rows = rows_of(a_walk(3))

    async def converse():
        async with connected(server) as phone:
            for _ in range(100):
                await phone.ping()
            await phone.send(iter(['{"samples": [', "", "]}"]))
            await send_rows(phone, rows)
            return await messages(phone, "answer", 1)

    assert asyncio.run(converse())
