"""Sockets: what is bound, and what cannot be."""

from __future__ import annotations

import pytest
from builders import refused
from served import bind

from har.errors import HarError


def test_a_port_that_is_taken_is_one_line():
    with bind("127.0.0.1", 0) as taken:
        port = taken.getsockname()[1]
        refused(HarError, f"--port {port}: found Address already in use", bind, "127.0.0.1", port)


@pytest.mark.parametrize("host", ["192.0.2.1", "no.such.name.invalid", "a" * 300, ""])
def test_what_is_no_address_of_this_machine_is_one_line(host):
    if host:
        refused(HarError, "--host", bind, host, 0)
    else:
        bind("localhost", 0).close()
