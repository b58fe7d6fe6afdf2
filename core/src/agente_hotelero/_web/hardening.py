"""What every answer of the pages and of the API carries, and how much a request may bring.

431 for too many headers, 413 for too large a body, 408 for one that does not come. No answer has a
CORS header: pages of other origins may not read us.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

MOST_HEADERS, LARGEST_HEAD = 100, 32 * 1024
LARGEST_BODY = 1024 * 1024
BODY_SECONDS = 30.0
HEADERS: Mapping[str, str] = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "SAMEORIGIN",
    "Referrer-Policy": "no-referrer",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Cross-Origin-Opener-Policy": "same-origin",
}
# Of answers that are no pages: whoever gets a browser to open one can do nothing with it.
DATA = {"Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'"}
ONE_YEAR = "max-age=31536000"
PAGES = ("text/html", "image/", "text/css", "text/javascript")


class Harden:
    """Plain ASGI, so that streams pass through untouched."""

    def __init__(self, app: ASGIApp, *, https: bool) -> None:
        self._app = app
        self._headers = {**HEADERS, **({"Strict-Transport-Security": ONE_YEAR} if https else {})}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def hardened(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._add(MutableHeaders(scope=message), scope["path"])
            await send(message)

        refused = _refused(scope)
        app = self._app if refused is None else refused
        await app(scope, _bounded(receive), hardened)

    def _add(self, headers: MutableHeaders, path: str) -> None:
        for name, value in self._headers.items():
            headers.setdefault(name, value)
        kind = headers.get("content-type", "")
        if not kind.startswith(PAGES):
            for name, value in DATA.items():
                headers.setdefault(name, value)
        if path.startswith("/admin/"):
            headers.setdefault("Cache-Control", "no-store")


def _refused(scope: Scope) -> ASGIApp | None:
    """The answer to a request that is too large by what it says of itself."""
    headers = scope["headers"]
    if len(headers) > MOST_HEADERS or sum(len(k) + len(v) for k, v in headers) > LARGEST_HEAD:
        return PlainTextResponse("headers too large", 431)
    declared = next((value for name, value in headers if name == b"content-length"), b"0")
    if declared.isdigit() and int(declared) > LARGEST_BODY:
        return PlainTextResponse("body too large", 413)
    return None


def _bounded(receive: Receive) -> Receive:
    """Body parts until there are too many, or until the time for all of them is over. Raises
    HTTPException, which the application answers."""
    read, over = 0, False
    until: float | None = None

    async def bounded() -> Message:
        nonlocal read, over, until
        if over:
            return await receive()
        until = until or asyncio.get_running_loop().time() + BODY_SECONDS
        try:
            async with asyncio.timeout_at(until):
                message = await receive()
        except TimeoutError:
            raise HTTPException(408, "the body did not come") from None
        read += len(message.get("body", b""))
        over = not message.get("more_body", False)
        if read > LARGEST_BODY:
            raise HTTPException(413, "body too large")
        return message

    return bounded
