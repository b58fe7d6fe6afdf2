"""Requests per client on public pages; webhooks have their own rule."""

from __future__ import annotations

from collections.abc import Callable
from ipaddress import IPv4Address, ip_address, ip_network

from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from agente_hotelero._runtime.limiter import Limiter

OPERATORS = ("/health/", "/metrics")


class LimitRequests:
    """429 beyond so many requests a minute and client address; operators' pages are exempt."""

    def __init__(
        self, app: ASGIApp, limiter: Callable[[], Limiter | None], per_minute: int
    ) -> None:
        self._app = app
        self._limiter = limiter
        self._most = per_minute

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        limiter = self._limiter()
        exempt = scope.get("path", "").startswith(OPERATORS)
        limited = scope["type"] == "http" and not exempt
        if limited and limiter is not None and await self._too_many(limiter, scope):
            headers = {"Retry-After": "60"}
            response = PlainTextResponse("too many requests", 429, headers=headers)
            await response(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    async def _too_many(self, limiter: Limiter, scope: Scope) -> bool:
        return not await limiter.allow_per_minute(self._most, "public", client_of(scope))


class NameClients:
    """Takes the client's address from a header that the proxy in front writes, whatever a client
    wrote there: the last address in it. Without one, whoever connected is the client."""

    def __init__(self, app: ASGIApp, header: str) -> None:
        self._app = app
        self._header = header.lower().encode("ascii")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            told = [value for name, value in scope["headers"] if name == self._header]
            address = _last_address(told[-1]) if told else None
            if address is not None:
                scope = {**scope, "client": (address, 0)}
        await self._app(scope, receive, send)


def _last_address(value: bytes) -> str | None:
    try:
        return str(ip_address(value.decode("latin-1").rpartition(",")[2].strip()))
    except ValueError:
        return None


def client_of(scope: Scope) -> str:
    """The client's address; of IPv6 the first 64 bits, for whoever has one has all under it."""
    client = scope.get("client")
    if not client:
        return "unknown"
    try:
        address = ip_address(str(client[0]).partition("%")[0])
    except ValueError:
        return str(client[0])
    if isinstance(address, IPv4Address):
        return str(address)
    mapped = address.ipv4_mapped
    return str(mapped or ip_network((address, 64), strict=False))
