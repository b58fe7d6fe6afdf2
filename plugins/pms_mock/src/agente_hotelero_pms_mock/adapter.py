"""The adapter: what the mock hotel sells, and to whom it was sold."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import date, timedelta

from agente_hotelero import Health, PmsAdapter
from agente_hotelero.errors import NotFound, PriceChanged, Rejected, SoldOut
from agente_hotelero.pms import AdapterInfo, Capability, Idempotency
from agente_hotelero.stays import (
    Image,
    Offer,
    OfferQuery,
    Page,
    Property,
    Reservation,
    ReservationDraft,
    ReservationQuery,
    RoomType,
    Stay,
)

from agente_hotelero_pms_mock import bookings, images, orders, pricing, rules, tables, values
from agente_hotelero_pms_mock.bookings import Place, reading
from agente_hotelero_pms_mock.catalogue import Room
from agente_hotelero_pms_mock.config import MockConfig
from agente_hotelero_pms_mock.faults import SHARED, Faults
from agente_hotelero_pms_mock.pricing import Sale


class MockPms(PmsAdapter[MockConfig]):
    """One simulated hotel per tenant, in the agent's own database."""

    config_class = MockConfig

    def info(self) -> AdapterInfo:
        return AdapterInfo(
            name="pms_mock",
            interface_version=1,
            capabilities=Capability.RATE_PLANS
            | Capability.REPRICE
            | Capability.CREATE
            | Capability.IMAGES,
            idempotency=Idempotency.NATIVE_KEY,
        )

    async def health(self) -> Health:
        return Health(ok=True, detail="simulated: no hotel is behind it")

    async def properties(self) -> Sequence[Property]:
        async with self._operation("properties"):
            return [
                Property(
                    id=self.config.property_id,
                    name=self.config.property_name or self.services.hotel_name,
                    time_zone=self.services.time_zone.key,
                    currency=self.config.currency,
                    check_in=self.config.check_in,
                    check_out=self.config.check_out,
                    address=self.config.address,
                    latitude=self.config.latitude,
                    longitude=self.config.longitude,
                )
            ]

    async def room_types(self, property_id: str, locale: str) -> Sequence[RoomType]:
        async with self._operation("room_types"):
            self._check_property(property_id)
            return [self._room_type(room, locale) for room in self.config.rooms]

    async def search_offers(self, query: OfferQuery) -> Sequence[Offer]:
        async with self._operation("search_offers"):
            self._check_property(query.property_id)
            rules.check_parties(query.occupancies)
            rules.check_stay(self.config, query.stay, self._today())
            left = await self._left(query.stay)
            offers = [
                self._offer(
                    Sale(room=room, rate=rate, stay=query.stay, parties=query.occupancies),
                    left[room.id],
                    query.locale,
                )
                for room in self.config.rooms
                if query.room_type_id in (None, room.id)
                and rules.fits(room, query.occupancies)
                and left[room.id] >= len(query.occupancies)
                for rate in self.config.rates
            ]
            return sorted(offers, key=lambda offer: offer.total.amount)

    async def reprice(self, offer: Offer) -> Offer:
        """The same sale now, in the offer's language. Raises SoldOut, Rejected, NotFound."""
        async with self._operation("reprice"):
            return await self._present(offer)

    async def create_reservation(self, draft: ReservationDraft, key: str) -> Reservation:
        """Book at the present price, once per key.

        Raises PriceChanged when total, dues or cancellation terms are no longer those of the offer,
        Rejected when the key booked something else or the offer is not one of this hotel's.
        """
        async with self._operation("create_reservation"):
            known = await orders.earlier(self.services, self._place, draft, key)
            if known is not None:
                return known
            present = await self._present(draft.offer)
            if _terms(present) != _terms(draft.offer):
                raise PriceChanged(present)
            return await orders.book(self.services, self.config, self._place, draft, present, key)

    async def reservation(self, reference: str) -> Reservation:
        async with self._operation("reservation"):
            async with reading(self.services.sessions) as session:
                row = await bookings.by_reference(session, self._place, reference.strip().upper())
            if row is None:
                raise NotFound("no such reservation")
            return values.reservation_of(row)

    async def find_reservations(
        self, query: ReservationQuery, cursor: str | None = None
    ) -> Page[Reservation]:
        """Names match in part, without case and accents; phones by their digits."""
        async with self._operation("find_reservations"):
            self._check_property(query.property_id)
            after, size = _position(cursor), self.config.page_size
            async with reading(self.services.sessions) as session:
                rows = await bookings.search(
                    session, self._place, query, after=after, limit=size + 1
                )
            items = [values.reservation_of(row) for row in rows[:size]]
            return Page(items=items, next_cursor=str(rows[size - 1].id) if rows[size:] else None)

    @asynccontextmanager
    async def _operation(self, name: str) -> AsyncIterator[None]:
        """Latency and injected faults around an operation."""
        await asyncio.sleep(self.config.latency_ms / 1000)
        async with self._faults.around(self.services.tenant, name):
            yield

    @property
    def _faults(self) -> Faults:
        faults: Faults = self.services.shared(SHARED, Faults)
        return faults

    @property
    def _place(self) -> Place:
        return Place(tenant=self.services.tenant, property_id=self.config.property_id)

    def _today(self) -> date:
        return self.services.clock.now().astimezone(self.services.time_zone).date()

    def _check_property(self, property_id: str) -> None:
        if property_id != self.config.property_id:
            raise NotFound("no such property")

    def _prices(self) -> MockConfig:
        """The settings at the present level of prices."""
        factor = self.config.price_factor * self._faults.price_factor(self.services.tenant)
        return self.config.model_copy(update={"price_factor": factor})

    async def _left(self, stay: Stay) -> dict[str, int]:
        """Units that are free in every night, by room type."""
        async with reading(self.services.sessions) as session:
            taken = await tables.sold(
                session, self.services.tenant, self.config.property_id, stay.dates()
            )
        return {room.id: room.units - taken.get(room.id, 0) for room in self.config.rooms}

    async def _present(self, offer: Offer) -> Offer:
        """The same sale now. Raises SoldOut, Rejected, NotFound."""
        self._check_property(offer.property_id)
        if not values.is_ours(offer, self.services.tenant):
            raise Rejected("not an offer of this hotel")
        room = self.config.room(offer.room_type.id)
        rate = self.config.rate(offer.rate_plan.id)
        if room is None or rate is None:
            raise SoldOut("not sold any more")
        rules.check_stay(self.config, offer.stay, self._today())
        left = (await self._left(offer.stay))[room.id]
        if left < len(offer.occupancies) or not rules.fits(room, offer.occupancies):
            raise SoldOut(room.id)
        sale = Sale(room=room, rate=rate, stay=offer.stay, parties=offer.occupancies)
        return self._offer(sale, left, values.locale_of(offer, room, rate))

    def _room_type(self, room: Room, locale: str) -> RoomType:
        found = values.room_type(room, locale)
        if not self.config.drawn_images:
            return found
        image = Image(url=f"{images.PATH}/{room.id}.svg", caption=found.name)
        return replace(found, images=(image,))

    def _offer(self, sale: Sale, left: int, locale: str) -> Offer:
        config, now = self._prices(), self.services.clock.now()
        quoted = pricing.quote(config, sale, locale)
        return Offer(
            id=values.offer_id(
                self.services.tenant,
                config.property_id,
                sale.room.id,
                sale.rate.id,
                sale.stay,
                sale.parties,
                quoted.total,
            ),
            property_id=config.property_id,
            room_type=self._room_type(sale.room, locale),
            rate_plan=values.rate_plan(sale.rate, locale),
            stay=sale.stay,
            occupancies=sale.parties,
            total=quoted.total,
            taxes=quoted.taxes,
            due_at_property=quoted.due,
            cancellation=pricing.cancellation(config, sale, quoted, now, self.services.time_zone),
            units_left=left,
            expires_at=now + timedelta(minutes=config.offer_minutes),
        )


def _terms(offer: Offer) -> tuple[object, ...]:
    """What a guest agreed to pay, and when."""
    return (offer.total, offer.due_at_property, offer.cancellation)


def _position(cursor: str | None) -> int:
    if cursor is not None and not cursor.isdecimal():
        raise Rejected("not a cursor of ours")
    return int(cursor or 0)
