"""One open adapter with its backend: what all tests of the kit do with it."""

from __future__ import annotations

import asyncio
import contextlib
import uuid
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, TypeVar

import httpx
import pytest

from agente_hotelero.components import Services
from agente_hotelero.errors import HoteleroError
from agente_hotelero.pms import AdapterInfo, Capability, Idempotency, PmsAdapter
from agente_hotelero.stays import (
    Guest,
    Occupancy,
    Offer,
    OfferQuery,
    Reservation,
    ReservationDraft,
    ReservationQuery,
    ReservationStatus,
    StayChange,
)
from agente_hotelero.testing.lent import SettableClock, lend
from agente_hotelero.testing.pms.facts import NO_FACT, UNDECLARED, KnownHotel
from agente_hotelero.testing.pms.faults import Fault, FaultTransport

T = TypeVar("T")
MakeAdapter = Callable[..., PmsAdapter[Any]]
SECONDS = 60
MOST_PAGES = 1000


def fresh() -> str:
    """A name that nobody has used."""
    return f"KIT-{uuid.uuid4().hex[:12]}"


@dataclass(kw_only=True)
class Visit:
    """`transport` is None for an adapter that asks nobody over HTTP."""

    hotel: KnownHotel
    make: MakeAdapter
    services: Services
    transport: FaultTransport | None
    adapter: PmsAdapter[Any]
    booked: list[ReservationDraft] = field(default_factory=list)

    @property
    def info(self) -> AdapterInfo:
        return self.adapter.info()

    def need(self, wanted: Capability) -> None:
        """Skip unless one of these is declared."""
        if wanted and not self.info.capabilities & wanted:
            pytest.skip(f"{UNDECLARED}{wanted.name}")

    async def offer(self, query: OfferQuery | None = None) -> Offer:
        """The cheapest one."""
        offers = await self.adapter.search_offers(query or self.hotel.free)
        assert offers, "KnownHotel: nothing is for sale where something should be"
        return offers[0]

    def draft(self, offer: Offer) -> ReservationDraft:
        """An order of a guest whom nobody else is."""
        ref, guest = fresh(), self.hotel.guest
        made = replace(guest, email=f"{ref}.{guest.email}".lower())
        draft = ReservationDraft(offer=offer, guest=made, external_ref=ref)
        self.booked.append(draft)
        return draft

    async def create(self, draft: ReservationDraft, key: str | None = None) -> Reservation:
        return await self.adapter.create_reservation(draft, key or draft.external_ref)

    async def book(self, query: OfferQuery | None = None) -> Reservation:
        """A new reservation; skips where none can be made."""
        self.need(Capability.CREATE)
        return await self.create(self.draft(await self.offer(query)))

    async def some_reservation(self) -> Reservation:
        """One that is there, or a new one."""
        if Capability.CREATE in self.info.capabilities:
            return await self.book()
        if self.hotel.reference is None:
            pytest.skip(f"{NO_FACT}KnownHotel.reference (it cannot create one)")
        return await self.adapter.reservation(self.hotel.reference)

    async def look_up(self, draft: ReservationDraft) -> list[Reservation]:
        """What came of an order, by the means that the adapter declares."""
        by_ref = self.info.idempotency is Idempotency.EXTERNAL_REF
        wanted = {"external_ref": draft.external_ref} if by_ref else {"email": draft.guest.email}
        query = ReservationQuery(property_id=self.hotel.property_id, **wanted)
        return await self.find(query)

    async def find(self, query: ReservationQuery) -> list[Reservation]:
        """All pages."""
        found: list[Reservation] = []
        cursors: list[str | None] = [None]
        while len(cursors) <= MOST_PAGES:
            page = await self.adapter.find_reservations(query, cursors[-1])
            found += page.items
            if page.next_cursor is None:
                return found
            assert page.next_cursor not in cursors, "a page leads back to an earlier one"
            cursors.append(page.next_cursor)
        raise AssertionError(f"after {MOST_PAGES} pages there is still another")

    async def cancel(self, reference: str) -> Reservation:
        preview = await self.adapter.preview_cancellation(reference)
        return await self.adapter.cancel_reservation(preview, fresh())

    async def tidy(self) -> None:
        """Give back what was booked, where the adapter can."""
        drafts, self.booked = self.booked, []
        if Capability.CANCEL not in self.info.capabilities:
            return
        for draft in drafts:
            with contextlib.suppress(HoteleroError):
                for made in await self.look_up(draft):
                    if made.status is ReservationStatus.CONFIRMED:
                        await self.cancel(made.reference)


@dataclass(frozen=True, kw_only=True)
class Bench:
    """Makes visits. `kit` names the author's class, `faults` what an in-process adapter meets."""

    make: MakeAdapter
    http: httpx.AsyncBaseTransport | None
    hotel: KnownHotel
    kit: str
    faults: frozenset[Fault]

    def run(self, work: Callable[[Visit], Awaitable[T]]) -> T:
        """What `work` returns, with the adapter opened and closed as the core does it."""
        return asyncio.run(self._run(work))

    async def _run(self, work: Callable[[Visit], Awaitable[T]]) -> T:
        async with asyncio.timeout(SECONDS):
            transport = FaultTransport(self.http) if self.http is not None else None
            async with httpx.AsyncClient(transport=transport or _Nobody(), timeout=5) as client:
                clock = SettableClock(self.hotel.now or datetime.now(UTC))
                services = lend(clock=clock, http=client)
                async with self.make(services) as adapter:
                    visit = Visit(
                        hotel=self.hotel,
                        make=self.make,
                        services=services,
                        transport=transport,
                        adapter=adapter,
                    )
                    return await self._tidied(visit, work)

    async def _tidied(self, visit: Visit, work: Callable[[Visit], Awaitable[T]]) -> T:
        try:
            return await work(visit)
        finally:
            if visit.transport is not None:
                visit.transport.calm()
            await visit.tidy()


class _Nobody(httpx.AsyncBaseTransport):
    """Lent to an in-process adapter."""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("the kit was given no `http`", request=request)


def same_guest(one: Guest, other: Guest) -> bool:
    """As far as a PMS must keep them."""
    return (one.name, (one.email or "").casefold()) == (other.name, (other.email or "").casefold())


def people(occupancies: Sequence[Occupancy]) -> list[tuple[int, int]]:
    """Adults and children by room: many systems forget how old the children are."""
    return sorted((party.adults, len(party.child_ages)) for party in occupancies)


def is_as_asked(seen: Reservation, change: StayChange) -> bool:
    return seen.stay == change.stay and people(seen.occupancies) == people(change.occupancies)
