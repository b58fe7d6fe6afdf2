"""The adapter: what the mock hotel sells, and to whom it was sold."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from agente_hotelero import Health, PmsAdapter
from agente_hotelero.errors import PriceChanged, Rejected
from agente_hotelero.pms import AdapterInfo, Capability, Idempotency
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
    RoomType,
    Service,
    StayChange,
)

from agente_hotelero_pms_mock import bookings, changes, extras, orders, rules, tables, values
from agente_hotelero_pms_mock.bookings import reading
from agente_hotelero_pms_mock.config import MockConfig
from agente_hotelero_pms_mock.faults import SHARED, Faults
from agente_hotelero_pms_mock.hotel import Hotel
from agente_hotelero_pms_mock.pricing import Sale


class MockPms(PmsAdapter[MockConfig]):
    """One simulated hotel per tenant, in the agent's own database."""

    config_class = MockConfig

    def info(self) -> AdapterInfo:
        return AdapterInfo(
            name="pms_mock",
            interface_version=1,
            capabilities=Capability.RATE_PLANS
            | Capability.IMAGES
            | Capability.REPRICE
            | Capability.CREATE
            | Capability.AMEND_STAY
            | Capability.AMEND_GUESTS
            | Capability.CANCEL
            | Capability.SERVICES
            | Capability.POLL,
            idempotency=Idempotency.NATIVE_KEY,
        )

    async def health(self) -> Health:
        return Health(ok=True, detail="simulated: no hotel is behind it")

    async def properties(self) -> Sequence[Property]:
        async with self._operation("properties") as hotel:
            return [hotel.itself()]

    async def room_types(self, property_id: str, locale: str) -> Sequence[RoomType]:
        async with self._operation("room_types") as hotel:
            hotel.check_property(property_id)
            return [hotel.room_type(room, locale) for room in hotel.config.rooms]

    async def search_offers(self, query: OfferQuery) -> Sequence[Offer]:
        async with self._operation("search_offers") as hotel:
            hotel.check_property(query.property_id)
            rules.check_parties(query.occupancies)
            rules.check_stay(self.config, query.stay, hotel.today)
            async with reading(self.services.sessions) as session:
                sold = await hotel.sold(session, query.stay.dates())
            offers = [
                hotel.offer(
                    Sale(room=room, rate=rate, stay=query.stay, parties=query.occupancies),
                    hotel.left(room, sold),
                    query.locale,
                )
                for room in self.config.rooms
                if query.room_type_id in (None, room.id)
                and rules.fits(room, query.occupancies)
                and hotel.left(room, sold) >= len(query.occupancies)
                for rate in self.config.rates
            ]
            return sorted(offers, key=lambda offer: offer.total.amount)

    async def reprice(self, offer: Offer) -> Offer:
        """The same sale now, in the offer's language. Raises SoldOut, Rejected, NotFound."""
        async with self._operation("reprice") as hotel, reading(self.services.sessions) as session:
            return await hotel.present(session, offer)

    async def create_reservation(self, draft: ReservationDraft, key: str) -> Reservation:
        """Book at the present price, once per key.

        Raises PriceChanged when total, dues or cancellation terms are no longer those of the offer,
        Rejected when the key booked something else or the offer is not one of this hotel's.
        """
        async with self._operation("create_reservation") as hotel:
            known = await orders.earlier(self.services, hotel.place, draft, key)
            if known is not None:
                return known
            async with reading(self.services.sessions) as session:
                present = await hotel.present(session, draft.offer)
            if _terms(present) != _terms(draft.offer):
                raise PriceChanged(present)
            return await orders.book(self.services, self.config, hotel.place, draft, present, key)

    async def reservation(self, reference: str) -> Reservation:
        async with (
            self._operation("reservation") as hotel,
            reading(self.services.sessions) as session,
        ):
            row = await bookings.by_reference(session, hotel.place, reference)
            return values.reservation_of(row)

    async def find_reservations(
        self, query: ReservationQuery, cursor: str | None = None
    ) -> Page[Reservation]:
        """Names match in part, without case and accents; phones by their digits."""
        async with self._operation("find_reservations") as hotel:
            hotel.check_property(query.property_id)
            after, size = _position(cursor), self.config.page_size
            async with reading(self.services.sessions) as session:
                rows = await bookings.search(
                    session, hotel.place, query, after=after, limit=size + 1
                )
            items = [values.reservation_of(row) for row in rows[:size]]
            return Page(items=items, next_cursor=str(rows[size - 1].id) if rows[size:] else None)

    async def preview_amendment(self, reference: str, change: StayChange) -> Amendment:
        async with self._operation("preview_amendment") as hotel:
            return await changes.preview_amendment(hotel, reference, change)

    async def amend_reservation(self, amendment: Amendment, key: str) -> Reservation:
        async with self._operation("amend_reservation") as hotel:
            return await changes.amend(hotel, amendment, key)

    async def preview_cancellation(self, reference: str) -> Cancellation:
        async with self._operation("preview_cancellation") as hotel:
            return await changes.preview_cancellation(hotel, reference)

    async def cancel_reservation(self, cancellation: Cancellation, key: str) -> Reservation:
        async with self._operation("cancel_reservation") as hotel:
            return await changes.cancel(hotel, cancellation, key)

    async def list_services(self, reference: str, locale: str) -> Sequence[Service]:
        async with self._operation("list_services") as hotel:
            return await extras.listed(hotel, reference, locale)

    async def book_service(self, reference: str, service: Service, key: str) -> Reservation:
        async with self._operation("book_service") as hotel:
            return await extras.book(hotel, reference, service, key)

    async def poll_changes(self, property_id: str, cursor: str | None) -> Changes:
        async with (
            self._operation("poll_changes") as hotel,
            reading(self.services.sessions) as session,
        ):
            hotel.check_property(property_id)
            place = hotel.place
            if cursor is None:
                last = await tables.last_number(session, place.tenant, place.property_id)
                return Changes(reservations=(), cursor=str(last))
            after, size = _position(cursor), self.config.page_size
            rows = await bookings.changed_after(session, place, after, size)
            found = [values.reservation_of(row) for row in rows]
            return Changes(reservations=found, cursor=str(rows[-1].changed) if rows else cursor)

    @asynccontextmanager
    async def _operation(self, name: str) -> AsyncIterator[Hotel]:
        """The hotel as it is now, with latency and injected faults around an operation."""
        await asyncio.sleep(self.config.latency_ms / 1000)
        faults: Faults = self.services.shared(SHARED, Faults)
        async with faults.around(self.services.tenant, name):
            factor = self.config.price_factor * faults.price_factor(self.services.tenant)
            config = self.config.model_copy(update={"price_factor": factor})
            yield Hotel(services=self.services, config=config, now=self.services.clock.now())


def _terms(offer: Offer) -> tuple[object, ...]:
    """What a guest agreed to pay, and when."""
    return (offer.total, offer.due_at_property, offer.cancellation)


def _position(cursor: str | None) -> int:
    if cursor is not None and not cursor.isdecimal():
        raise Rejected("not a cursor of ours")
    return int(cursor or 0)
