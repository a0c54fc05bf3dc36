"""Before the application: rules of access, headers of security, and one line for a fault."""

from __future__ import annotations

import logging

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from har.errors import reason_of
from har.serve.access import Access, Refusal
from har.serve.messages import FAULT

logger = logging.getLogger(__name__)

_HEADERS = {
    "cache-control": "no-store",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "accelerometer=(self), gyroscope=(self), screen-wake-lock=(self), "
    "camera=(), geolocation=(), microphone=()",
    # The address has the token.
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
}


class Guard:
    """An application behind its rules.

    Parameters
    ----------
    app : callable
        Application of ASGI.
    access : Access
        Rules of access.
    """

    def __init__(self, app: ASGIApp, access: Access) -> None:
        self._app = app
        self._access = access

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or refuse it."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        has_begun = False

        async def send_with_headers(message: Message) -> None:
            nonlocal has_begun
            has_begun = True
            if message["type"] in ("http.response.start", "websocket.http.response.start"):
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        refusal = self._refusal_of(scope)
        if refusal is not None:
            await _refused(refusal, scope, receive, send_with_headers)
            return
        try:
            await self._app(scope, receive, send_with_headers)
        except Exception as error:
            logger.debug("a request fails", exc_info=error)
            logger.error("this is a fault of har: %s: %s", type(error).__name__, reason_of(error))
            if scope["type"] == "websocket":
                await send({"type": "websocket.close", "code": FAULT, "reason": "a fault of har"})
            elif not has_begun:
                response = PlainTextResponse("a fault of har\n", 500)
                await response(scope, receive, send_with_headers)

    def _refusal_of(self, scope: Scope) -> Refusal | None:
        scheme = "https" if scope["scheme"] in ("https", "wss") else "http"
        query = scope["query_string"].decode("latin-1")
        return self._access.refusal_of(Headers(scope=scope), query, scheme)


async def _refused(refusal: Refusal, scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "websocket" and "websocket.http.response" not in scope.get(
        "extensions", {}
    ):
        await send({"type": "websocket.close", "code": 1008, "reason": ""})
        return
    response = PlainTextResponse(f"{refusal.text}\n", refusal.status)
    await response(scope, receive, send)
