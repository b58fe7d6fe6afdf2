"""Calls to one tenant's PMS: kept to its limits, guarded, reads tried again, all of it counted."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

from agente_hotelero._runtime import outputs, tracing
from agente_hotelero._runtime.circuit import OPEN
from agente_hotelero._runtime.guard import Guard
from agente_hotelero._runtime.limiter import MINUTE, Limiter
from agente_hotelero._runtime.metrics import Metrics
from agente_hotelero.errors import HoteleroError, TemporaryError, Throttled
from agente_hotelero.pms import RateLimitPolicy
from agente_hotelero.stays import (
    Amendment,
    Cancellation,
    Changes,
    Offer,
    Page,
    Property,
    Reservation,
    RoomType,
    Service,
)

T = TypeVar("T")
PAUSES = (0.1, 0.4)
LONGEST_PAUSE = 2.0
LIMIT_STEP = 0.05
CHECKS = {
    "properties": outputs.rows(Property),
    "room_types": outputs.rows(RoomType),
    "search_offers": outputs.rows(Offer),
    "find_reservations": outputs.one(Page),
    "reservation": outputs.one(Reservation),
    "reprice": outputs.one(Offer),
    "create_reservation": outputs.one(Reservation),
    "preview_amendment": outputs.one(Amendment),
    "amend_reservation": outputs.one(Reservation),
    "preview_cancellation": outputs.one(Cancellation),
    "cancel_reservation": outputs.one(Reservation),
    "list_services": outputs.rows(Service),
    "book_service": outputs.one(Reservation),
    "poll_changes": outputs.one(Changes),
}


@dataclass(frozen=True, kw_only=True)
class PmsCalls:
    """The way to one adapter. `seconds` bounds a read with all its tries."""

    plugin: str
    tenant: str
    guard: Guard
    limiter: Limiter
    limits: RateLimitPolicy
    metrics: Metrics
    seconds: float

    async def read(self, operation: str, work: Callable[[], Awaitable[T]]) -> T:
        """The answer, after up to three tries. Raises what the last try raised."""
        until = time.monotonic() + self.seconds
        for pause in PAUSES:
            try:
                return await self._call(operation, work, until=until)
            except TemporaryError as error:
                wait = error.retry_after or pause * random.uniform(0.5, 1.5)  # noqa: S311 - jitter
                late = time.monotonic() + wait >= until
                if wait > LONGEST_PAUSE or late or self._is_open():
                    raise
                await asyncio.sleep(wait)
        return await self._call(operation, work, until=until)

    async def write(self, operation: str, work: Callable[[], Awaitable[T]]) -> T:
        """One try, whatever comes of it."""
        return await self._call(operation, work)

    def _is_open(self) -> bool:
        return self.guard.circuit is not None and self.guard.circuit.state == OPEN

    async def _call(
        self, operation: str, work: Callable[[], Awaitable[T]], *, until: float | None = None
    ) -> T:
        """One call: a read that must end at an instant of the monotonic clock, else a write."""
        outcome = "ok"
        try:
            await self._within_limits(operation)
            with tracing.span(f"pms.{operation}", plugin=self.plugin):
                return await self.guard.call(
                    operation,
                    lambda: self._timed(operation, work),
                    writes=until is None,
                    within=None if until is None else max(until - time.monotonic(), 0.001),
                    check=CHECKS[operation],
                )
        except HoteleroError as error:
            outcome = type(error).__name__
            raise
        finally:
            self.metrics.pms_calls.labels(self.tenant, operation, outcome).inc()

    async def _timed(self, operation: str, work: Callable[[], Awaitable[T]]) -> T:
        """The adapter's own time: not that in a queue, nor that of what was never called."""
        with self.metrics.pms_seconds.labels(self.tenant, operation).time():
            return await work()

    async def _within_limits(self, operation: str) -> None:
        """Return when the PMS's limits let the call through; Throttled if that takes too long."""
        for window in self.limits.windows:
            cost = min(self.limits.costs.get(operation, 1), window.units)
            names = ("pms", self.plugin, self.tenant, str(window.seconds))
            until = time.monotonic() + (LONGEST_PAUSE if window.seconds <= MINUTE else 0)
            while not await self.limiter.take(cost, window.units, window.seconds, *names):
                if time.monotonic() > until:
                    raise Throttled(f"{self.plugin}: our own limit", retry_after=window.seconds)
                await asyncio.sleep(LIMIT_STEP)
