"""WebSockets: samples of a phone in and its answers out, and a stream to whoever looks on."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any

from starlette.websockets import WebSocket, WebSocketDisconnect

from har.errors import DataError, quoted
from har.serve.learning.teaching import Teaching, key_in
from har.serve.limits import Allowance, Limits
from har.serve.messages import (
    AGAINST_THE_RULES,
    GOING_AWAY,
    MALFORMED,
    TRY_LATER,
    UNKNOWN_STREAM,
    closing_reason,
    samples_in,
)
from har.serve.streams import Ending, Outbox, ServedStream, Streams

# A client that reads nothing for so long does not read.
_SEND_S = 10.0
_LEFT = Ending(GOING_AWAY, "the phone has left")
# A viewer has nothing to say.
_VIEWERS_MESSAGES = 10


async def serve_phone(
    socket: WebSocket, teaching: Teaching, streams: Streams, limits: Limits
) -> None:
    """Take in a phone's samples, and answer, until either ends.

    Parameters
    ----------
    socket : WebSocket
        Connection that is allowed and not accepted yet; ``name`` in its address names the stream,
        and whoever has ``key`` may teach it.
    teaching : Teaching
        Models that answer.
    streams : Streams
        All streams, among which there is one more meanwhile.
    limits : Limits
        Bounds.
    """
    await socket.accept()
    key = key_in(socket.query_params.get("key"))
    model = teaching.model_of(key)
    live = model.begin(model.lines_of_page())
    try:
        stream = streams.begin(socket.query_params.get("name", "phone"), "page", live)
    except DataError as error:
        await _close(socket, Ending(TRY_LATER, str(error)))
        return
    stream.key, stream.outbox = key, Outbox(limits.n_unsent)
    try:
        n_channels = len(model.raw_channels)
        await _converse(socket, stream.outbox, _samples(socket, stream, n_channels, limits))
    finally:
        streams.end(stream, _LEFT)


async def serve_viewer(socket: WebSocket, streams: Streams, limits: Limits) -> None:
    """Send somebody all that comes of the stream that ``stream`` in the address names.

    Parameters
    ----------
    socket : WebSocket
        Connection that is allowed and not accepted yet.
    streams : Streams
        All streams.
    limits : Limits
        Bounds.
    """
    await socket.accept()
    name = socket.query_params.get("stream", "")
    stream = streams.get(name)
    if stream is None or stream.ending is not None:
        await _close(socket, Ending(UNKNOWN_STREAM, f"stream: found none named {quoted(name)}"))
        return
    if sum(len(each.viewers) for each in streams) >= limits.n_viewers:
        await _close(socket, Ending(TRY_LATER, f"found {limits.n_viewers} viewers, no more fit"))
        return
    box = Outbox(limits.n_unsent)
    stream.look_on(box)
    try:
        await _converse(socket, box, _silence(socket))
    finally:
        stream.viewers.discard(box)


async def _converse(socket: WebSocket, box: Outbox, receiving: Coroutine[Any, Any, Ending]) -> None:
    """Send and receive until one of them ends; then say why, if anybody still listens."""
    inward = asyncio.create_task(receiving)
    outward = asyncio.create_task(_send_all(socket, box))
    try:
        await asyncio.wait({inward, outward}, return_when=asyncio.FIRST_COMPLETED)
        if inward.done() and not inward.cancelled() and inward.exception() is None:
            box.end(inward.result())
            await asyncio.wait({outward}, timeout=_SEND_S)
    finally:
        for task in (inward, outward):
            task.cancel()
        await asyncio.gather(inward, outward, return_exceptions=True)
    if error := inward.cancelled() or inward.exception():
        if isinstance(error, Exception):
            raise error


async def _send_all(socket: WebSocket, box: Outbox) -> None:
    with suppress(WebSocketDisconnect, RuntimeError, asyncio.TimeoutError):
        while isinstance(message := await box.next(), str):
            await asyncio.wait_for(socket.send_text(message), _SEND_S)
        await _close(socket, message)


async def _close(socket: WebSocket, ending: Ending) -> None:
    # It may have left meanwhile.
    with suppress(WebSocketDisconnect, RuntimeError):
        await socket.close(ending.code, closing_reason(ending.reason))


async def _samples(
    socket: WebSocket, stream: ServedStream, n_channels: int, limits: Limits
) -> Ending:
    """Take in samples until the phone leaves or breaks a rule."""
    allowance = Allowance(limits.messages_per_s, 5 * limits.messages_per_s)
    while True:
        event = await socket.receive()
        if event["type"] == "websocket.disconnect":
            return _LEFT
        if not allowance.takes(1):
            return Ending(
                AGAINST_THE_RULES,
                f"messages: found more than {limits.messages_per_s:g} a second, expected several "
                "samples in each",
            )
        try:
            samples = samples_in(_text_of(event), n_channels)
        except DataError as error:
            return Ending(MALFORMED, str(error))
        try:
            # One line for all: what follows each line is then done once.
            stream.push([{"samples": samples}] if samples else [], len(samples))
        except DataError as error:
            return Ending(AGAINST_THE_RULES, str(error))
        await stream.caught_up()


def _text_of(event: Any) -> str:
    text = event.get("text")
    if not isinstance(text, str):
        raise DataError("message: found bytes, expected a text of JSON")
    return text


async def _silence(socket: WebSocket) -> Ending:
    """Wait until a viewer leaves, or says too much."""
    for _ in range(_VIEWERS_MESSAGES):
        event = await socket.receive()
        if event["type"] == "websocket.disconnect":
            return _LEFT
    return Ending(AGAINST_THE_RULES, "found messages of a viewer, expected none")
