"""From an address to a running server: a bound socket, uvicorn, and an orderly end."""

from __future__ import annotations

import asyncio
import logging
import socket
import sys
from pathlib import Path

import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import H11Protocol

from har.errors import HarError, quoted, reason_of
from har.serve.bounds.frames import counting
from har.serve.bounds.listener import BoundedListener
from har.serve.limits import Limits

_BACKLOG = 128
# A request, or its next one, begins within so long, or its connection ends.
_HEADER_S = 10.0
_END_S = 3
# The thread that reads samples lets the event loop go on after so long; Python's usual 5 ms, for
# each message of fifty phones, are more than there is time.
_SWITCH_S = 0.0005
# Zero windows included, so that nobody holds a connection by reading nothing.
_UNREAD_MS = 30_000


def bind(host: str, port: int, limits: Limits | None = None) -> socket.socket:
    """Bind a socket.

    Parameters
    ----------
    host : str
        Address or name; ``"0.0.0.0"`` for all addresses of this machine.
    port : int
        Port; 0 for any that is free.
    limits : Limits, optional
        Bounds.

    Returns
    -------
    socket
        Socket that listens.

    Raises
    ------
    HarError
        If that is not possible, as when another server has the port.
    """
    limits = limits or Limits()
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        family, kind, protocol, _, address = found[0]
        listener = BoundedListener(family, kind, protocol, _n_most(limits), _n_most(limits) // 4)
    except (OSError, UnicodeError) as error:
        raise HarError(
            f"--host {quoted(host)}: found {reason_of(error)}, expected an address of this machine"
        ) from error
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, _UNREAD_MS)
        listener.bind(address)
        listener.listen(_BACKLOG)
    except OSError as error:
        listener.close()
        raise HarError(
            f"--host {quoted(host)} --port {port}: found {reason_of(error)}, expected an address "
            "of this machine and a free port"
        ) from error
    return listener


def serve(
    app: ASGIApp, listener: socket.socket, limits: Limits, certificate: Path | None = None
) -> None:
    """Run an application until a signal ends it, which is then raised as it would have been.

    Parameters
    ----------
    app : callable
        Application of ASGI.
    listener : socket
        Socket that listens; it is closed at the end.
    limits : Limits
        Bounds.
    certificate : Path, optional
        Certificate and key, for HTTPS.
    """
    usual_s = sys.getswitchinterval()
    sys.setswitchinterval(_SWITCH_S)
    try:
        with listener:
            server_of(app, limits, certificate).run(sockets=[listener])
    finally:
        sys.setswitchinterval(usual_s)


def server_of(app: ASGIApp, limits: Limits, certificate: Path | None = None) -> uvicorn.Server:
    """Return what `serve` runs."""
    # What it has to say of single clients is not for the terminal.
    quiet = logging.getLogger("uvicorn")
    quiet.addHandler(logging.NullHandler())
    quiet.propagate = False
    return uvicorn.Server(
        uvicorn.Config(
            app,
            loop="asyncio",
            http=_ImpatientProtocol,
            ws=counting(limits),
            ws_max_size=limits.message_bytes,
            ws_per_message_deflate=False,
            lifespan="on",
            log_config=None,
            access_log=False,
            proxy_headers=False,
            server_header=False,
            limit_concurrency=_n_most(limits),
            backlog=_BACKLOG,
            timeout_graceful_shutdown=_END_S,
            ssl_certfile=certificate,
        )
    )


def _n_most(limits: Limits) -> int:
    """Return the number of connections: each phone and viewer may ask for pages, too."""
    return 4 * (limits.n_streams + limits.n_viewers)


class _ImpatientProtocol(H11Protocol):
    """Ends connections whose next request does not begin: uvicorn waits for ever."""

    _waiting: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for the first request."""
        super().connection_made(transport)
        self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no longer."""
        self._stop_waiting()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Wait for the rest of a request, unless it has begun."""
        before = self.cycle
        super().data_received(data)
        is_websocket = self.transport.get_protocol() is not self
        if is_websocket or self.cycle is not before:
            self._stop_waiting()
        elif before is None or before.response_complete:
            self._wait()

    def _wait(self) -> None:
        if self._waiting is None:
            self._waiting = self.loop.call_later(_HEADER_S, self.transport.close)

    def _stop_waiting(self) -> None:
        if self._waiting is not None:
            self._waiting.cancel()
            self._waiting = None
