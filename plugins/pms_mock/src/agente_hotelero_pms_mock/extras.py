"""Services beside the room: what is still for sale with a reservation, and adding it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from agente_hotelero.errors import PriceChanged, Rejected, SoldOut
from agente_hotelero.stays import Reservation, Service
from sqlalchemy.ext.asyncio import AsyncSession

from agente_hotelero_pms_mock import bookings, pricing, rules, values
from agente_hotelero_pms_mock.bookings import reading
from agente_hotelero_pms_mock.catalogue import Extra, localised
from agente_hotelero_pms_mock.changes import Changed, owing, write
from agente_hotelero_pms_mock.hotel import Hotel
from agente_hotelero_pms_mock.tables import Booked


async def listed(hotel: Hotel, reference: str, locale: str) -> Sequence[Service]:
    """What there is time and stock for, and the reservation has not yet. Raises NotFound."""
    async with reading(hotel.services.sessions) as session:
        row = await bookings.by_reference(session, hotel.place, reference)
        held = values.reservation_of(row)
        return [
            service(hotel, extra, held, locale)
            for extra in hotel.config.services
            if extra.id not in held.services
            and rules.service_is_open(hotel.config, extra, held, hotel.now, hotel.zone)
            and await _is_left(hotel, session, held, extra)
        ]


async def book(hotel: Hotel, reference: str, wanted: Service, key: str) -> Reservation:
    async def work(session: AsyncSession, row: Booked, held: Reservation) -> Changed | None:
        if wanted.id in held.services:
            return None
        extra = hotel.config.service(wanted.id)
        if extra is None:
            raise Rejected("no such service is sold")
        if not rules.service_is_open(hotel.config, extra, held, hotel.now, hotel.zone):
            raise Rejected("it is too late for that")
        present = service(hotel, extra, held, _locale_of(wanted, extra))
        if (present.price, present.at) != (wanted.price, wanted.at):
            raise PriceChanged(present)
        made = replace(_with(held, extra), balance=owing(held, present.price.amount))
        return Changed(reservation=made, due=values.due_of(row))

    fingerprint = values.token("SE", reference.strip().upper(), wanted.id)
    return await write(hotel, reference, key, fingerprint, work)


def service(hotel: Hotel, extra: Extra, held: Reservation, locale: str) -> Service:
    price = extra.price * hotel.config.price_factor * len(held.occupancies)
    return Service(
        id=extra.id,
        kind=extra.kind,
        name=localised(extra.names, locale),
        price=pricing.money(hotel.config, price),
        at=extra.at,
    )


async def _is_left(hotel: Hotel, session: AsyncSession, held: Reservation, extra: Extra) -> bool:
    try:
        await hotel.check_stock(session, held, _with(held, extra))
    except SoldOut:
        return False
    return True


def _with(held: Reservation, extra: Extra) -> Reservation:
    return replace(held, services=(*held.services, extra.id))


def _locale_of(wanted: Service, extra: Extra) -> str:
    return next((key for key, name in extra.names.items() if name == wanted.name), "en")
