"""Requests per client on public pages, and refused webhooks; verified webhooks are exempt."""

from __future__ import annotations

from collections.abc import Callable

from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from agente_hotelero._runtime.limiter import Limiter

OPERATORS = ("/health/", "/metrics")
WEBHOOKS = "/webhooks/"
REFUSED = (401, 403, 404, 413)


class LimitRequests:
    """429 beyond so many requests a minute and client address.

    Webhooks come from a provider's few addresses in any number: only those it refused are counted,
    and a client with too many of them is not listened to.
    """

    def __init__(
        self, app: ASGIApp, limiter: Callable[[], Limiter | None], per_minute: int
    ) -> None:
        self._app = app
        self._limiter = limiter
        self._most = per_minute

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        limiter = self._limiter()
        path = scope.get("path", "")
        if scope["type"] != "http" or limiter is None or path.startswith(OPERATORS):
            await self._app(scope, receive, send)
        elif path.startswith(WEBHOOKS):
            await self._app(scope, receive, self._counting(limiter, scope, send))
        elif await limiter.allow_per_minute(self._most, "public", _client(scope)):
            await self._app(scope, receive, send)
        else:
            await _too_many(scope, receive, send)

    def _counting(self, limiter: Limiter, scope: Scope, send: Send) -> Send:
        """A `send` that turns a refusal into 429 once this client had too many."""

        async def counted(message: Message) -> None:
            begins = message["type"] == "http.response.start"
            if begins and message["status"] in REFUSED and not await within():
                message = {**message, "status": 429}
            await send(message)

        async def within() -> bool:
            return await limiter.allow_per_minute(self._most, "refused", _client(scope))

        return counted


def _client(scope: Scope) -> str:
    client = scope.get("client")
    return str(client[0]) if client else "unknown"


async def _too_many(scope: Scope, receive: Receive, send: Send) -> None:
    response = PlainTextResponse("too many requests", 429, headers={"Retry-After": "60"})
    await response(scope, receive, send)
