"""A transport between adapter and backend that fails as networks and servers do."""

from __future__ import annotations

import asyncio
from enum import StrEnum

import httpx

RETRY_AFTER = 7


class Fault(StrEnum):
    """What happens to a request. Only LOST reaches the backend: its answer is not heard."""

    UNAUTHORISED = "unauthorised"
    THROTTLED = "throttled"
    DOWN = "down"
    HTML = "html"
    EMPTY = "empty"
    REFUSED = "refused"
    TIMEOUT = "timeout"
    LOST = "lost"


class FaultTransport(httpx.AsyncBaseTransport):
    """Passes everything on until it is told to strike; counts what was asked since then."""

    def __init__(self, backend: httpx.AsyncBaseTransport) -> None:
        self._backend = backend
        self._fault: Fault | None = None
        self._stalled: asyncio.Event | None = None
        self._after = 0
        self.asked = 0

    def strike(self, fault: Fault | None, *, after: int = 0) -> None:
        """Let `after` requests pass, and none from then on."""
        self._fault, self._after, self.asked = fault, after, 0

    def stall(self) -> asyncio.Event:
        """Let requests hang for ever; the event is set when one does."""
        self._stalled = asyncio.Event()
        return self._stalled

    def calm(self) -> None:
        self._fault = self._stalled = None

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.asked += 1
        if self._stalled is not None:
            self._stalled.set()
            await asyncio.Event().wait()
        if self._fault is None or self.asked <= self._after:
            return await self._backend.handle_async_request(request)
        if self._fault is Fault.LOST:
            answer = await self._backend.handle_async_request(request)
            await answer.aclose()
        return struck(self._fault, request)

    async def aclose(self) -> None:
        await self._backend.aclose()


def struck(fault: Fault, request: httpx.Request) -> httpx.Response:
    """The answer, or what the client raises instead of one."""
    match fault:
        case Fault.UNAUTHORISED:
            return httpx.Response(401, json={"error": "unauthorised"}, request=request)
        case Fault.THROTTLED:
            headers = {"Retry-After": str(RETRY_AFTER)}
            return httpx.Response(429, json={}, headers=headers, request=request)
        case Fault.DOWN:
            return httpx.Response(503, text="Service Unavailable", request=request)
        case Fault.HTML:
            return httpx.Response(200, html="<html><p>Maintenance</p></html>", request=request)
        case Fault.EMPTY:
            return httpx.Response(200, request=request)
        case Fault.REFUSED:
            raise httpx.ConnectError("connection refused", request=request)
        case Fault.TIMEOUT | Fault.LOST:
            raise httpx.ReadTimeout("no answer in time", request=request)
