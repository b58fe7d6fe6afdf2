"""A tenant's PMS as handlers get it: bound to its property, cached, guarded, written to once."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Never, TypeVar

from agente_hotelero._runtime import pms_terms as terms
from agente_hotelero._runtime.guard import Guard
from agente_hotelero._runtime.pms_cache import Flights, StaticCache
from agente_hotelero._runtime.pms_calls import PmsCalls
from agente_hotelero._runtime.pms_writes import PmsWrites, Write
from agente_hotelero.errors import (
    HoteleroError,
    NotFound,
    OutcomeUnknown,
    Rejected,
    SoldOut,
    TemporaryError,
    Unavailable,
    Unsupported,
)
from agente_hotelero.pms import AdapterInfo, Capability, Idempotency, PmsAdapter
from agente_hotelero.stays import (
    Amendment,
    Cancellation,
    Changes,
    Offer,
    OfferQuery,
    Page,
    Property,
    Reservation,
    ReservationDraft,
    ReservationQuery,
    ReservationStatus,
    RoomType,
    Service,
    StayChange,
)

T = TypeVar("T")
AMEND = Capability.AMEND_STAY | Capability.AMEND_GUESTS


@dataclass(frozen=True, kw_only=True)
class GuardedPms:
    """What handlers get as `request.pms`. `property_id` is the tenant's, whatever they ask."""

    adapter: PmsAdapter[Any]
    property_id: str
    info: AdapterInfo
    calls: PmsCalls
    writes: PmsWrites
    cache: StaticCache
    flights: Flights = field(default_factory=Flights)

    @property
    def plugin(self) -> str:
        return self.calls.plugin

    @property
    def guard(self) -> Guard:
        return self.calls.guard

    def can(self, capability: Capability) -> bool:
        return capability in self.info.capabilities

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
        return await self.flights.share(
            ("search_offers", query),
            lambda: self.calls.read("search_offers", lambda: self.adapter.search_offers(query)),
        )

    async def reservation(self, reference: str) -> Reservation:
        found = await self.calls.read("reservation", lambda: self.adapter.reservation(reference))
        if found.property_id != self.property_id:
            raise NotFound("it is another property's")
        return found

    async def find_reservations(
        self, query: ReservationQuery, cursor: str | None = None
    ) -> Page[Reservation]:
        if query.property_id != self.property_id:
            raise NotFound(f"property {query.property_id}")
        page = await self.calls.read(
            "find_reservations", lambda: self.adapter.find_reservations(query, cursor)
        )
        ours = [one for one in page.items if one.property_id == self.property_id]
        return Page(items=ours, next_cursor=page.next_cursor)

    async def book(self, draft: ReservationDraft, key: str) -> Reservation:
        """See `Pms.book`."""
        self._require(Capability.CREATE)

        async def settle(made: Reservation) -> Reservation:
            return await self._as_ordered(made, draft, key)

        write = Write(
            key=key,
            operation="create_reservation",
            external_ref=draft.external_ref,
            ahead=lambda: self._still_sold(draft.offer, draft.guest.language or "en"),
            make=lambda: self.adapter.create_reservation(draft, key),
            found=lambda: self._by_external_ref(draft.external_ref),
            settle=settle,
            again=self.info.idempotency is Idempotency.NATIVE_KEY,
            resumes=self.info.resumes,
        )
        return await self.writes.once(write, self.reservation)

    async def preview_amendment(self, reference: str, change: StayChange) -> Amendment:
        if not self.info.capabilities & AMEND:
            raise Unsupported("amendments")
        await self.reservation(reference)
        return await self.calls.read(
            "preview_amendment", lambda: self.adapter.preview_amendment(reference, change)
        )

    async def amend(self, amendment: Amendment, key: str) -> Reservation:
        """See `Pms`; what the PMS holds afterwards must be what was asked for, at its price."""

        async def ahead() -> None:
            now = await self.preview_amendment(amendment.reference, amendment.change)
            terms.refuse_another_amendment(amendment, now)

        return await self._change(
            "amend_reservation",
            amendment.reference,
            key,
            ahead=ahead,
            make=lambda: self.adapter.amend_reservation(amendment, key),
            is_done=lambda seen: terms.is_as_amended(seen, amendment),
        )

    async def preview_cancellation(self, reference: str) -> Cancellation:
        self._require(Capability.CANCEL)
        await self.reservation(reference)
        return await self.calls.read(
            "preview_cancellation", lambda: self.adapter.preview_cancellation(reference)
        )

    async def cancel(self, cancellation: Cancellation, key: str) -> Reservation:
        """See `Pms`; cancelling twice is harmless by the interface's contract."""

        async def ahead() -> None:
            now = await self.preview_cancellation(cancellation.reference)
            terms.refuse_another_fee(cancellation, now)

        return await self._change(
            "cancel_reservation",
            cancellation.reference,
            key,
            ahead=ahead,
            make=lambda: self.adapter.cancel_reservation(cancellation, key),
            is_done=lambda seen: seen.status is ReservationStatus.CANCELLED,
            again=True,
        )

    async def list_services(self, reference: str, locale: str) -> Sequence[Service]:
        self._require(Capability.SERVICES)
        await self.reservation(reference)
        return await self.calls.read(
            "list_services", lambda: self.adapter.list_services(reference, locale)
        )

    async def book_service(self, reference: str, service: Service, key: str) -> Reservation:
        """See `Pms`."""

        async def ahead() -> None:
            terms.refuse_another_price(service, await self.list_services(reference, "en"))

        return await self._change(
            "book_service",
            reference,
            key,
            ahead=ahead,
            make=lambda: self.adapter.book_service(reference, service, key),
            is_done=lambda seen: service.id in seen.services,
        )

    async def _change(
        self,
        operation: str,
        reference: str,
        key: str,
        *,
        ahead: Callable[[], Awaitable[None]],
        make: Callable[[], Awaitable[Reservation]],
        is_done: Callable[[Reservation], bool],
        again: bool = False,
    ) -> Reservation:
        """Once, on a reservation that exists: `is_done` says by its looks whether it was."""

        async def found() -> Reservation | None:
            seen = await self.reservation(reference)
            return seen if is_done(seen) else None

        async def settle(made: Reservation) -> Reservation:
            if made.reference.casefold() != reference.casefold() or not is_done(made):
                raise OutcomeUnknown(f"{operation}: the reservation is not as it was to be")
            return made

        write = Write(
            key=key,
            operation=operation,
            external_ref=reference,
            ahead=ahead,
            make=make,
            found=found,
            settle=settle,
            again=again,
        )
        return await self.writes.once(write, self.reservation)

    async def poll_changes(self, cursor: str | None) -> Changes:
        """What changed in the property since `cursor` (POLL)."""
        self._require(Capability.POLL)
        changes = await self.calls.read(
            "poll_changes", lambda: self.adapter.poll_changes(self.property_id, cursor)
        )
        ours = [one for one in changes.reservations if one.property_id == self.property_id]
        return Changes(reservations=ours, cursor=changes.cursor)

    def _require(self, capability: Capability) -> None:
        if not self.can(capability):
            raise Unsupported(f"{self.plugin} does not offer this")

    async def _still_sold(self, offer: Offer, locale: str) -> None:
        """Raises SoldOut, or PriceChanged when the sale's terms are not those of the offer."""
        if self.can(Capability.REPRICE):
            now = await self.calls.read("reprice", lambda: self.adapter.reprice(offer))
        else:
            query = OfferQuery(
                property_id=offer.property_id,
                stay=offer.stay,
                occupancies=offer.occupancies,
                room_type_id=offer.room_type.id,
                locale=locale,
            )
            sold = [one for one in await self.search_offers(query) if terms.same_sale(one, offer)]
            if not sold:
                raise SoldOut("not for sale any more")
            now = sold[0]
        terms.refuse_another_sale(offer, now)

    async def _by_external_ref(self, external_ref: str) -> Reservation | None:
        """What holds a room under our reference: an earlier try may have been cancelled."""
        query = ReservationQuery(property_id=self.property_id, external_ref=external_ref)
        page = await self.find_reservations(query)
        live = (one for one in page.items if one.status is not ReservationStatus.CANCELLED)
        return next(live, None)

    async def _as_ordered(
        self, made: Reservation, draft: ReservationDraft, key: str
    ) -> Reservation:
        """What was booked, if it is what was ordered; else it is taken back.

        Raises Rejected when it was, OutcomeUnknown when even that failed: staff must look.
        """
        wrong = terms.what_is_wrong(made, draft, self.property_id)
        if not wrong:
            return made
        self.writes.services.log.error("wrong_booking", reference=made.reference, wrong=wrong)
        if made.status is not ReservationStatus.CANCELLED:
            await self._take_back(made, key)
        raise Rejected(f"what was booked has another {wrong}; it was cancelled")

    async def _take_back(self, made: Reservation, key: str) -> None:
        if not self.can(Capability.CANCEL):
            raise OutcomeUnknown("a wrong booking that cannot be cancelled through us")
        try:
            preview = await self.preview_cancellation(made.reference)
            if preview.fee is None or preview.fee.amount:
                raise OutcomeUnknown("a wrong booking that costs something to cancel")
            await self.cancel(preview, f"{key}:take-back")
        except HoteleroError as error:
            raise OutcomeUnknown("a wrong booking that could not be cancelled") from error

    async def _static(self, operation: str, detail: str, work: Callable[[], Awaitable[T]]) -> T:
        tenant, metrics = self.calls.tenant, self.calls.metrics
        key = (tenant, self.plugin, self.property_id, operation, detail)
        held = await self.cache.get(key)
        if held is not None:
            metrics.cache_hits.labels(tenant, operation).inc()
            return held  # type: ignore[no-any-return]
        metrics.cache_misses.labels(tenant, operation).inc()
        try:
            value = await self.flights.share(key, lambda: self.calls.read(operation, work))
        except TemporaryError:
            stale = self.cache.stale(key)
            if stale is None:
                raise
            return stale  # type: ignore[no-any-return]
        await self.cache.put(key, value)
        return value


async def _away(*_: object, **__: object) -> Never:
    raise Unavailable("no PMS")


class NoPms:
    """Stands in where a hotel has no PMS, or its plugin is out of service: always Unavailable."""

    def can(self, capability: Capability) -> bool:
        return False

    property = room_types = search_offers = reservation = find_reservations = staticmethod(_away)
    book = amend = cancel = list_services = book_service = staticmethod(_away)
    preview_amendment = preview_cancellation = staticmethod(_away)
