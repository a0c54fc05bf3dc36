"""A server in a thread, with a made-up model or a given one, and clients of it."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from urllib.parse import urlencode

import numpy as np
import pytest
from walkers import samples_of

from har.inference.context import MarkovContext
from har.inference.live import LiveTimeline
from har.signals.channels import RAW_CHANNELS, UCI_CHANNELS
from har.signals.streaming import LiveSamples
from har.signals.windows import WindowFormat

pytest.importorskip("uvicorn", reason="the extra serve is not installed")
client = pytest.importorskip("websockets.asyncio.client", reason="websockets is not installed")
exceptions = pytest.importorskip("websockets.exceptions")

from har.serve.access import Access  # noqa: E402
from har.serve.limits import Limits  # noqa: E402
from har.serve.listening import bind, server_of  # noqa: E402
from har.serve.live_model import LiveModel  # noqa: E402
from har.serve.server import LiveServer  # noqa: E402

FORMAT = WindowFormat(UCI_CHANNELS, ("WALKING", "STANDING"), 50.0, 128)
CONTEXT = MarkovContext.lasting(2)
# Ten times what a busy machine needs.
PATIENCE_S = 60.0


def predict(windows):
    """Return shares that depend on the values of each window alone."""
    spread = windows[:, :, 0].std(axis=1, dtype=float)
    share = 1 / (1 + np.exp(-50 * (spread - 0.1)))
    return np.stack([share, 1 - share], axis=1)


def a_model(**more):
    return LiveModel("made-up", FORMAT, predict, (1.0, 0.0, 0.0), CONTEXT, **more)


def rows_of(samples, first=0):
    """Return samples as a page sends them: with the seconds of a clock at 50 Hz."""
    return [[(first + number) / 50, *row] for number, row in enumerate(samples.tolist())]


def a_walk(length_s=8, seed=0):
    return samples_of(("walk", length_s), seed=seed)


def expected_answers(samples, model=None):
    """Return what the library itself says of samples at 50 Hz, window by window."""
    model = model or a_model()
    live = LiveTimeline(model.predict, model.window_format, context=model.context)
    return live.push(LiveSamples(samples[:, : len(RAW_CHANNELS)], 0, is_after_gap=False))


@dataclass
class Served:
    """A running server."""

    server: LiveServer
    port: int
    token: str | None
    # Of the server in this process.
    connections: object = ()

    def address(self, path, scheme="http", **query):
        token = {} if self.token is None else {"token": self.token}
        return f"{scheme}://127.0.0.1:{self.port}/{path}?{urlencode({**token, **query})}"


@contextmanager
def served(model=None, limits=None, token=None, phyphox=(), certificate=None):
    """Run a server on a free port of loopback while the block runs."""
    limits = limits or Limits()
    live = LiveServer(model or a_model(), limits, phyphox)
    listener = bind("127.0.0.1", 0, limits)
    port = listener.getsockname()[1]
    server = server_of(live.app(Access(token)), limits, certificate)
    thread = threading.Thread(target=lambda: server.run(sockets=[listener]), daemon=True)
    thread.start()
    try:
        wait_until(lambda: server.started)
        yield Served(live, port, token, server.server_state.connections)
    finally:
        server.should_exit = True
        thread.join(PATIENCE_S)
        listener.close()
    assert not thread.is_alive()


def wait_until(is_so):
    deadline_s = time.monotonic() + PATIENCE_S
    while not is_so():
        assert time.monotonic() < deadline_s, "it did not happen"
        time.sleep(0.01)


@asynccontextmanager
async def connected(served, path="live", **query):
    """Connect a WebSocket."""
    async with client.connect(
        served.address(path, "ws", **query), open_timeout=PATIENCE_S, max_size=None
    ) as socket:
        yield socket


async def send_rows(socket, rows, at_once=10):
    for first in range(0, len(rows), at_once):
        await socket.send(json.dumps({"samples": rows[first : first + at_once]}))


async def messages(socket, kind, n):
    """Receive so many messages of a kind."""
    found = []
    while len(found) < n:
        message = json.loads(await asyncio.wait_for(socket.recv(), PATIENCE_S))
        if message["kind"] == kind:
            found.append(message)
    return found


async def ending_of(socket):
    """Return the code and reason with which the server ends a connection."""
    with suppress(exceptions.ConnectionClosed):
        while True:
            await asyncio.wait_for(socket.recv(), PATIENCE_S)
    return socket.close_code, socket.close_reason


def names_of(served):
    return [stream.name for stream in served.server.streams]
