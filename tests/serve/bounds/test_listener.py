"""Connections that say nothing, on real sockets: bounded, and few of one address."""

from __future__ import annotations

import resource
import socket
from contextlib import ExitStack
from dataclasses import replace

import pytest
from served import PATIENCE_S, served, wait_until

from har.serve.bounds.listener import BoundedListener
from har.serve.limits import Limits

# Three of an address, twelve in all.
FEW = replace(Limits(), n_streams=2, n_viewers=1)


def connection_to(server, source):
    address = ("127.0.0.1", server.port)
    return socket.create_connection(address, PATIENCE_S, source_address=(source, 0))


def is_answered(server, source):
    """Return whether a client of an address is answered, or closed at once."""
    try:
        with connection_to(server, source) as connection:
            request = f"GET /streams HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\n\r\n"
            connection.sendall(request.encode())
            return connection.recv(4096).startswith(b"HTTP/1.1 200")
    except ConnectionError:
        return False


def test_silent_connections_of_one_address_keep_nobody_else_out_and_end():
    with served(limits=FEW) as server, ExitStack() as silent:
        for _ in range(3):
            silent.enter_context(connection_to(server, "127.0.0.2"))
        wait_until(lambda: len(server.connections) == 3)
        assert not is_answered(server, "127.0.0.2")
        assert is_answered(server, "127.0.0.3")
        silent.close()
        wait_until(lambda: is_answered(server, "127.0.0.2"))


def test_no_more_connections_are_taken_than_fit():
    with BoundedListener(socket.AF_INET, socket.SOCK_STREAM, 0, 2, 2) as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        listener.setblocking(False)
        with ExitStack() as opened:
            for last in range(2, 5):
                address = ("127.0.0.1", listener.getsockname()[1])
                source = (f"127.0.0.{last}", 0)
                client = socket.create_connection(address, PATIENCE_S, source_address=source)
                opened.enter_context(client)
            taken = [opened.enter_context(listener.accept()[0]) for _ in range(2)]
            with pytest.raises(BlockingIOError):
                listener.accept()
            assert client.recv(1) == b""
            taken[0].close()
            opened.enter_context(socket.create_connection(address, PATIENCE_S))
            opened.enter_context(listener.accept()[0])


def test_connections_stay_below_the_files_that_may_be_open(monkeypatch):
    asked = []
    monkeypatch.setattr(resource, "getrlimit", lambda _kind: (256, 300))
    monkeypatch.setattr(resource, "setrlimit", lambda _kind, limits: asked.append(limits))
    with BoundedListener(socket.AF_INET, socket.SOCK_STREAM, 0, 800, 200) as listener:
        assert (listener._n_most, listener._n_of_address) == (100, 50)
    assert asked == [(300, 300)]
