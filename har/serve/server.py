"""The application: a page, WebSockets of phones and viewers, Sensor Logger, and teaching."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.types import ASGIApp
from starlette.websockets import WebSocket

from har.errors import DataError, HarError
from har.serve.access import Access
from har.serve.guard import Guard
from har.serve.learning.teaching import NotNowError, Teaching, key_in
from har.serve.limits import Limits
from har.serve.live_model import LiveModel
from har.serve.messages import names_text
from har.serve.pages import Page, phone_page, taught_text, viewer_page
from har.serve.phyphox import Phyphox
from har.serve.predictor import Predictor
from har.serve.sensor_logger import SensorLogger
from har.serve.sockets import serve_phone, serve_viewer
from har.serve.streams import Streams

_SWEEP_EVERY_S = 1.0
# A body comes within so long, or not at all.
_BODY_S = 10.0
_TAUGHT_BODY_S = 60.0


class LiveServer:
    """Routes, and what they share.

    Parameters
    ----------
    model : LiveModel
        Model that answers.
    limits : Limits
        Bounds.
    phyphox : sequence of str
        Addresses of phones that are asked for their readings.
    """

    def __init__(self, model: LiveModel, limits: Limits, phyphox: Sequence[str] = ()) -> None:
        self._model = model
        self._limits = limits
        self._predictor = Predictor()
        self.streams = Streams(self._predictor, limits)
        self._teaching = Teaching(model, self.streams, limits)
        self._sensor_logger = SensorLogger(model, self.streams)
        self._phyphox = [Phyphox(address, model, self.streams) for address in phyphox]
        self._phone_page, self._viewer_page = phone_page(model), viewer_page(model)

    def app(self, access: Access) -> ASGIApp:
        """Return the application behind rules of access."""
        routes = [
            Route("/", self._page),
            Route("/streams", self._names),
            Route("/sensor-logger", self._push, methods=["POST"]),
            Route("/teach", self._teach, methods=["POST"]),
            WebSocketRoute("/live", self._phone),
            WebSocketRoute("/watch", self._viewer),
        ]
        return Guard(
            Starlette(
                routes=routes,
                lifespan=self._lifespan,
                exception_handlers={HTTPException: _one_line, Exception: _one_line},
            ),
            access,
        )

    @asynccontextmanager
    async def _lifespan(self, _app: Starlette) -> AsyncIterator[None]:
        self._predictor.start()
        tasks = [asyncio.create_task(self._sweep())]
        tasks += [asyncio.create_task(phone.run()) for phone in self._phyphox]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            self._predictor.stop()

    async def _sweep(self) -> None:
        while True:
            await asyncio.sleep(_SWEEP_EVERY_S)
            self.streams.end_silent()
            self._sensor_logger.forget_ended()

    async def _page(self, request: Request) -> Response:
        page = self._viewer_page if "stream" in request.query_params else self._phone_page
        return _served(page)

    async def _names(self, _request: Request) -> Response:
        rows = [
            (
                stream.name,
                stream.source,
                stream.answers[-1].state if stream.answers else None,
                stream.answers[-1].state_probability if stream.answers else None,
            )
            for stream in self.streams
            if stream.ending is None
        ]
        return Response(names_text(rows), media_type="application/json")

    async def _push(self, request: Request) -> Response:
        body = await _body_of(request, self._limits.body_bytes, _BODY_S)
        try:
            stream = await self._sensor_logger.take(body)
        except DataError as error:
            return PlainTextResponse(f"{error}\n", 400)
        answer = stream.answers[-1] if stream is not None and stream.answers else None
        return PlainTextResponse(f"{answer.state if answer else 'no window yet'}\n")

    async def _teach(self, request: Request) -> Response:
        try:
            key = self._teaching.begin(key_in(request.query_params.get("key")))
        except NotNowError as error:
            return PlainTextResponse(f"{error}\n", 409)
        try:
            body = await _body_of(request, self._limits.taught_bytes, _TAUGHT_BODY_S)
            taught = await self._teaching.take(key, body)
        except HarError as error:
            return PlainTextResponse(f"{error}\n", 400)
        finally:
            self._teaching.end(key)
        text = taught_text(taught.words, taught.model.window_format.activities)
        return Response(text, media_type="application/json")

    async def _phone(self, socket: WebSocket) -> None:
        await serve_phone(socket, self._teaching, self.streams, self._limits)

    async def _viewer(self, socket: WebSocket) -> None:
        await serve_viewer(socket, self.streams, self._limits)


async def _body_of(request: Request, most_bytes: int, most_s: float) -> bytes:
    """Return a body of bounded size that comes in bounded time."""
    parts: list[bytes] = []
    n_bytes = 0

    async def collect() -> None:
        nonlocal n_bytes
        async for part in request.stream():
            n_bytes += len(part)
            if n_bytes > most_bytes:
                raise HTTPException(413, f"body: found more than {most_bytes:,} bytes")
            parts.append(part)

    try:
        await asyncio.wait_for(collect(), most_s)
    except asyncio.TimeoutError:
        raise HTTPException(408, f"body: found no end within {most_s:g} s") from None
    except ClientDisconnect:
        raise HTTPException(400, "body: found no end") from None
    return b"".join(parts)


def _served(page: Page) -> Response:
    return HTMLResponse(page.html, headers={"content-security-policy": page.policy})


async def _one_line(_request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    detail = error.detail if isinstance(error, HTTPException) else "a fault of har"
    return PlainTextResponse(f"{detail}\n", status)
