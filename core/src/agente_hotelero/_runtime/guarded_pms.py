"""A tenant's PMS behind its guard: cache for static data, and booking that happens once."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from sqlalchemy import update

from agente_hotelero._db import repository
from agente_hotelero._db.models import OPERATION, PmsOperation, operation_
from agente_hotelero._runtime import failpoints, outputs, tracing
from agente_hotelero._runtime.guard import Guard
from agente_hotelero._runtime.metrics import Metrics
from agente_hotelero.components import Services
from agente_hotelero.errors import (
    HoteleroError,
    NotFound,
    OutcomeUnknown,
    PermanentError,
    PluginBug,
    TemporaryError,
    Unavailable,
    Unsupported,
)
from agente_hotelero.pms import AdapterInfo, Capability, Idempotency, PmsAdapter
from agente_hotelero.stays import (
    Offer,
    OfferQuery,
    Page,
    Property,
    Reservation,
    ReservationDraft,
    ReservationQuery,
    RoomType,
)

T = TypeVar("T")
NEW, STARTED, DONE, FAILED, UNKNOWN = "", "started", "done", "failed", "unknown"


CHECKS = {
    "properties": outputs.rows(Property),
    "room_types": outputs.rows(RoomType),
    "search_offers": outputs.rows(Offer),
    "find_reservations": outputs.one(Page),
    "reservation": outputs.one(Reservation),
    "create_reservation": outputs.one(Reservation),
}


class StaticCache:
    """Static PMS data in memory; the key begins with tenant, plugin and property, always."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._held: dict[tuple[str, ...], tuple[float, Any]] = {}

    def get(self, key: tuple[str, ...], *, stale: bool = False) -> Any:
        stamp, value = self._held.get(key, (0.0, None))
        fresh = time.monotonic() - stamp < self._seconds
        return value if value is not None and (fresh or stale) else None

    def put(self, key: tuple[str, ...], value: Any) -> None:
        self._held[key] = (time.monotonic(), value)


@dataclass(frozen=True, kw_only=True)
class GuardedPms:
    """What handlers get as `request.pms`. `property_id` is the tenant's, whatever they ask."""

    plugin: str
    adapter: PmsAdapter[Any]
    services: Services
    property_id: str
    guard: Guard
    cache: StaticCache
    metrics: Metrics

    async def property(self) -> Property:
        properties: Sequence[Property] = await self._static(
            "properties", "", self.adapter.properties
        )
        for found in properties:
            if found.id == self.property_id:
                return found
        raise NotFound(f"property {self.property_id}")

    async def room_types(self, locale: str) -> Sequence[RoomType]:
        rooms: Sequence[RoomType] = await self._static(
            "room_types", locale, lambda: self.adapter.room_types(self.property_id, locale)
        )
        return rooms

    async def search_offers(self, query: OfferQuery) -> Sequence[Offer]:
        if query.property_id != self.property_id:
            raise NotFound(f"property {query.property_id}")
        return await self._read("search_offers", lambda: self.adapter.search_offers(query))

    async def reservation(self, reference: str) -> Reservation:
        return await self._read("reservation", lambda: self.adapter.reservation(reference))

    async def book(self, draft: ReservationDraft, key: str) -> Reservation:
        """See `Pms.book`. What the row of `key` says decides what is still to be done."""
        if Capability.CREATE not in self._info().capabilities:
            raise Unsupported("this PMS takes no reservations through us")
        row = await self._begin(key, draft)
        if row.state == DONE and row.reference:
            return await self.reservation(row.reference)
        if row.state in (NEW, FAILED):
            return await self._create(draft, key)
        return await self._finish(key, await self._resolve(draft, key))

    def can(self, capability: Capability) -> bool:
        return capability in self._info().capabilities

    def _info(self) -> AdapterInfo:
        return self.guard.run("info", self.adapter.info)

    async def _create(self, draft: ReservationDraft, key: str) -> Reservation:
        await self._note(key, STARTED)
        failpoints.reached("pms.before_write")
        try:
            made = await self._write(
                "create_reservation", lambda: self.adapter.create_reservation(draft, key)
            )
        except (PermanentError, TemporaryError):
            await self._note(key, FAILED)
            raise
        except OutcomeUnknown:
            await self._note(key, UNKNOWN)
            return await self._finish(key, await self._resolve(draft, key))
        failpoints.reached("pms.after_write")
        return await self._finish(key, made)

    async def _resolve(self, draft: ReservationDraft, key: str) -> Reservation:
        """After an unknown outcome, or a crash: the same key again where that is safe, else look
        it up. Until it is known, the outcome stays unknown, whatever this meets.
        """
        try:
            if self._info().idempotency is Idempotency.NATIVE_KEY:
                return await self._write(
                    "create_reservation", lambda: self.adapter.create_reservation(draft, key)
                )
            found = await self._by_external_ref(draft.external_ref)
        except (TemporaryError, PluginBug) as error:
            raise OutcomeUnknown(f"reservation {draft.external_ref}") from error
        if found is None:
            raise OutcomeUnknown(f"reservation {draft.external_ref}")
        return found

    async def _by_external_ref(self, external_ref: str) -> Reservation | None:
        query = ReservationQuery(property_id=self.property_id, external_ref=external_ref)
        page = await self._read("find_reservations", lambda: self.adapter.find_reservations(query))
        return page.items[0] if page.items else None

    async def _begin(self, key: str, draft: ReservationDraft) -> PmsOperation:
        """The row of `key`, committed before any call; its state is empty when it is new."""
        now = self.services.clock.now()
        async with self.services.sessions() as session, session.begin():
            statement = repository.upsert(session, OPERATION).values(
                tenant=self.services.tenant,
                key=key,
                kind="create_reservation",
                external_ref=draft.external_ref,
                state=NEW,
                created_at=now,
                updated_at=now,
            )
            await session.execute(statement.on_conflict_do_nothing())
        async with self.services.sessions() as session:
            row = await session.get(PmsOperation, (self.services.tenant, key))
            if row is None:
                raise OutcomeUnknown(f"operation {key} was not stored")
            return row

    async def _finish(self, key: str, made: Reservation) -> Reservation:
        await self._note(key, DONE, made.reference)
        return made

    async def _note(self, key: str, state: str, reference: str | None = None) -> None:
        statement = update(OPERATION).where(
            operation_.tenant == self.services.tenant, operation_.key == key
        )
        now = self.services.clock.now()
        async with self.services.sessions() as session, session.begin():
            await session.execute(
                statement.values(state=state, reference=reference, updated_at=now)
            )

    async def _static(self, operation: str, detail: str, work: Callable[[], Awaitable[T]]) -> T:
        key = (self.services.tenant, self.plugin, self.property_id, operation, detail)
        labels = (self.services.tenant, operation)
        held = self.cache.get(key)
        if held is not None:
            self.metrics.cache_hits.labels(*labels).inc()
            return held  # type: ignore[no-any-return]
        self.metrics.cache_misses.labels(*labels).inc()
        try:
            value = await self._read(operation, work)
        except TemporaryError:
            stale = self.cache.get(key, stale=True)
            if stale is None:
                raise
            return stale  # type: ignore[no-any-return]
        self.cache.put(key, value)
        return value

    async def _read(self, operation: str, work: Callable[[], Awaitable[T]]) -> T:
        return await self._counted(operation, work, writes=False)

    async def _write(self, operation: str, work: Callable[[], Awaitable[T]]) -> T:
        return await self._counted(operation, work, writes=True)

    async def _counted(
        self, operation: str, work: Callable[[], Awaitable[T]], *, writes: bool
    ) -> T:
        outcome = "ok"
        try:
            with tracing.span(f"pms.{operation}", plugin=self.plugin):
                return await self.guard.call(
                    operation, work, writes=writes, check=CHECKS.get(operation)
                )
        except HoteleroError as error:
            outcome = type(error).__name__
            raise
        finally:
            self.metrics.pms_calls.labels(self.services.tenant, operation, outcome).inc()


class NoPms:
    """Stands in where a hotel has no PMS, or its plugin is out of service: always Unavailable."""

    def can(self, capability: Capability) -> bool:
        return False

    async def property(self) -> Property:
        raise Unavailable("no PMS")

    async def room_types(self, locale: str) -> Sequence[RoomType]:
        raise Unavailable("no PMS")

    async def search_offers(self, query: OfferQuery) -> Sequence[Offer]:
        raise Unavailable("no PMS")

    async def book(self, draft: ReservationDraft, key: str) -> Reservation:
        raise Unavailable("no PMS")

    async def reservation(self, reference: str) -> Reservation:
        raise Unavailable("no PMS")
