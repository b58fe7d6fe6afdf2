"""The mock hotel at one moment: what it sells, and at what price."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from agente_hotelero import Services
from agente_hotelero.errors import NotFound, Rejected, SoldOut
from agente_hotelero.stays import Image, Offer, Property, Reservation, RoomType
from sqlalchemy.ext.asyncio import AsyncSession

from agente_hotelero_pms_mock import images, pricing, rules, tables, values
from agente_hotelero_pms_mock.bookings import Place
from agente_hotelero_pms_mock.catalogue import Room
from agente_hotelero_pms_mock.config import MockConfig
from agente_hotelero_pms_mock.pricing import Sale


@dataclass(frozen=True, kw_only=True)
class Hotel:
    """`config` is at the present level of prices."""

    services: Services
    config: MockConfig
    now: datetime

    @property
    def zone(self) -> ZoneInfo:
        return self.services.time_zone

    @property
    def place(self) -> Place:
        return Place(tenant=self.services.tenant, property_id=self.config.property_id)

    @property
    def today(self) -> date:
        return self.now.astimezone(self.zone).date()

    def check_property(self, property_id: str) -> None:
        if property_id != self.config.property_id:
            raise NotFound("no such property")

    def itself(self) -> Property:
        return Property(
            id=self.config.property_id,
            name=self.config.property_name or self.services.hotel_name,
            time_zone=self.zone.key,
            currency=self.config.currency,
            check_in=self.config.check_in,
            check_out=self.config.check_out,
            address=self.config.address,
            latitude=self.config.latitude,
            longitude=self.config.longitude,
        )

    def room_type(self, room: Room, locale: str) -> RoomType:
        found = values.room_type(room, locale)
        if not self.config.drawn_images:
            return found
        image = Image(url=f"{images.PATH}/{room.id}.svg", caption=found.name)
        return replace(found, images=(image,))

    async def sold(
        self, session: AsyncSession, days: Sequence[date]
    ) -> Mapping[tuple[date, str], int]:
        return await tables.sold(session, self.place.tenant, self.place.property_id, days)

    def left(self, room: Room, sold: Mapping[tuple[date, str], int]) -> int:
        """Units that are free on every one of the days asked for."""
        taken = [number for (_, item), number in sold.items() if item == room.id]
        return room.units - max(taken, default=0)

    def offer(self, sale: Sale, left: int, locale: str) -> Offer:
        quoted = pricing.quote(self.config, sale, locale)
        return Offer(
            id=values.offer_id(
                self.services.tenant,
                self.config.property_id,
                sale.room.id,
                sale.rate.id,
                sale.stay,
                sale.parties,
                quoted.total,
            ),
            property_id=self.config.property_id,
            room_type=self.room_type(sale.room, locale),
            rate_plan=values.rate_plan(sale.rate, locale),
            stay=sale.stay,
            occupancies=sale.parties,
            total=quoted.total,
            taxes=quoted.taxes,
            due_at_property=quoted.due,
            cancellation=pricing.cancellation(self.config, sale, quoted, self.now, self.zone),
            units_left=left,
            expires_at=self.until,
        )

    @property
    def until(self) -> datetime:
        """How long what is said now stands."""
        return self.now + timedelta(minutes=self.config.offer_minutes)

    async def present(self, session: AsyncSession, offer: Offer) -> Offer:
        """The same sale now. Raises SoldOut, Rejected, NotFound."""
        self.check_property(offer.property_id)
        if not values.is_ours(offer, self.services.tenant):
            raise Rejected("not an offer of this hotel")
        room = self.config.room(offer.room_type.id)
        rate = self.config.rate(offer.rate_plan.id)
        if room is None or rate is None:
            raise SoldOut("not sold any more")
        rules.check_stay(self.config, offer.stay, self.today)
        left = self.left(room, await self.sold(session, offer.stay.dates()))
        if left < len(offer.occupancies) or not rules.fits(room, offer.occupancies):
            raise SoldOut(room.id)
        sale = Sale(room=room, rate=rate, stay=offer.stay, parties=offer.occupancies)
        return self.offer(sale, left, values.locale_of(offer, room, rate))

    async def check_stock(
        self, session: AsyncSession, before: Reservation, after: Reservation
    ) -> None:
        """Raises SoldOut unless what `after` needs beyond `before` is free."""
        moved = rules.difference(self.config, before, after)
        sold = await self.sold(session, sorted({day for day, _ in moved}))
        for (day, item), number in moved.items():
            most = self.config.limit(item)
            if number > 0 and most is not None and sold.get((day, item), 0) + number > most:
                raise SoldOut(f"{item} on {day}")
