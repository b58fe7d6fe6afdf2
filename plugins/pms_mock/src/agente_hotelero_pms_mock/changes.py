"""Changing and cancelling: what it costs now, and doing it in one transaction."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from decimal import Decimal

from agente_hotelero.errors import PriceChanged, Rejected
from agente_hotelero.stays import (
    Amendment,
    Cancellation,
    Money,
    Reservation,
    ReservationStatus,
    StayChange,
)
from sqlalchemy.ext.asyncio import AsyncSession

from agente_hotelero_pms_mock import bookings, pricing, rules, tables, values
from agente_hotelero_pms_mock.bookings import reading, writing
from agente_hotelero_pms_mock.hotel import Hotel
from agente_hotelero_pms_mock.pricing import Quote, Sale
from agente_hotelero_pms_mock.tables import Booked


@dataclass(frozen=True, kw_only=True, slots=True)
class Changed:
    """A reservation as it shall be, and what is then due on site."""

    reservation: Reservation
    due: Decimal


Work = Callable[[AsyncSession, Booked, Reservation], Awaitable[Changed | None]]


async def write(
    hotel: Hotel, reference: str, key: str, fingerprint: str, work: Work
) -> Reservation:
    """Change a reservation once per key. `work` says how, or None when it is as asked already.

    Raises NotFound, SoldOut, and Rejected for a key that did something else.
    """
    async with writing(hotel.services.sessions) as session:
        row, repeated = await bookings.begin_change(
            session, hotel.place, reference, key, fingerprint
        )
        held = values.reservation_of(row)
        changed = None if repeated else await work(session, row, held)
        if changed is None:
            return held
        units = rules.difference(hotel.config, held, changed.reservation)
        place = hotel.place
        await tables.move_units(session, place.tenant, place.property_id, units, hotel.config.limit)
        return await bookings.change(session, place, row, changed.reservation, str(changed.due))


# ── amending ─────────────────────────────────────────────────────────────────────────────────────


async def preview_amendment(hotel: Hotel, reference: str, change: StayChange) -> Amendment:
    async with reading(hotel.services.sessions) as session:
        row = await bookings.by_reference(session, hotel.place, reference)
        held = values.reservation_of(row)
        sale = sale_of(hotel, held, change)
        await hotel.check_stock(session, held, _as(held, change))
    return amendment(hotel, held, sale)


async def amend(hotel: Hotel, agreed: Amendment, key: str) -> Reservation:
    change = agreed.change

    async def work(session: AsyncSession, row: Booked, held: Reservation) -> Changed | None:
        if (held.stay, held.occupancies) == (change.stay, change.occupancies):
            return None
        _check_version(held, agreed.version)
        sale = sale_of(hotel, held, change)
        present = amendment(hotel, held, sale)
        if not _same_price(present, agreed):
            await hotel.check_stock(session, held, _as(held, change))
            raise PriceChanged(present)
        return _amended(_as(held, change), present, pricing.quote(hotel.config, sale), row)

    fingerprint = values.token("AM", agreed.reference, change)
    return await write(hotel, agreed.reference, key, fingerprint, work)


def sale_of(hotel: Hotel, held: Reservation, change: StayChange) -> Sale:
    """The reservation's room and rate for other days and people. Raises Rejected."""
    rules.check_open(hotel.config, held, hotel.now, hotel.zone)
    rules.check_parties(change.occupancies)
    rules.check_stay(hotel.config, change.stay, hotel.today)
    room = hotel.config.room(held.room_type_id)
    rate = hotel.config.rate(held.rate_plan_id)
    if room is None or rate is None:
        raise Rejected("its room or its rate is not sold any more")
    if not rules.fits(room, change.occupancies):
        raise Rejected("so many people do not fit the room")
    return Sale(room=room, rate=rate, stay=change.stay, parties=change.occupancies)


def amendment(hotel: Hotel, held: Reservation, sale: Sale) -> Amendment:
    """The whole stay at present prices, and a fee once cancelling is not free any more."""
    quoted = pricing.quote(hotel.config, sale)
    amount = Decimal(0) if _is_free(hotel, held) else hotel.config.amendment_fee
    fee = pricing.money(hotel.config, amount) if amount else None
    change = StayChange(stay=sale.stay, occupancies=sale.parties)
    return Amendment(
        id=values.token("AM", hotel.place, held.reference, held.version, change, quoted.total, fee),
        reference=held.reference,
        version=held.version,
        change=change,
        before=held.total,
        total=quoted.total,
        fee=fee,
        cancellation=pricing.cancellation(hotel.config, sale, quoted, hotel.now, hotel.zone),
        expires_at=hotel.until,
    )


def _amended(asked: Reservation, agreed: Amendment, quoted: Quote, row: Booked) -> Changed:
    due = quoted.due.amount if quoted.due else Decimal(0)
    more = agreed.total.amount - asked.total.amount + due - values.due_of(row)
    more += agreed.fee.amount if agreed.fee else Decimal(0)
    reservation = replace(
        asked,
        total=agreed.total,
        cancellation=agreed.cancellation,
        balance=owing(asked, more),
    )
    return Changed(reservation=reservation, due=due)


def owing(held: Reservation, more: Decimal) -> Money | None:
    """The balance with something added; still unknown where it was."""
    return replace(held.balance, amount=held.balance.amount + more) if held.balance else None


def _as(held: Reservation, change: StayChange) -> Reservation:
    return replace(held, stay=change.stay, occupancies=change.occupancies)


def _same_price(one: Amendment, other: Amendment) -> bool:
    return (one.total, one.fee, one.cancellation) == (other.total, other.fee, other.cancellation)


# ── cancelling ───────────────────────────────────────────────────────────────────────────────────


async def preview_cancellation(hotel: Hotel, reference: str) -> Cancellation:
    async with reading(hotel.services.sessions) as session:
        row = await bookings.by_reference(session, hotel.place, reference)
    return cancellation(hotel, values.reservation_of(row))


async def cancel(hotel: Hotel, agreed: Cancellation, key: str) -> Reservation:
    async def work(session: AsyncSession, row: Booked, held: Reservation) -> Changed | None:
        if held.status is ReservationStatus.CANCELLED:
            return None
        present = cancellation(hotel, held)
        _check_version(held, agreed.version)
        if present.fee != agreed.fee:
            raise PriceChanged(present)
        status = ReservationStatus.CANCELLED
        return Changed(
            reservation=replace(held, status=status, balance=present.fee), due=Decimal(0)
        )

    fingerprint = values.token("CA", agreed.reference)
    return await write(hotel, agreed.reference, key, fingerprint, work)


def cancellation(hotel: Hotel, held: Reservation) -> Cancellation:
    """Free or for its fee, by the terms and the time. Raises Rejected."""
    rules.check_open(hotel.config, held, hotel.now, hotel.zone)
    terms, free = held.cancellation, _is_free(hotel, held)
    nothing = Money(currency=held.total.currency, amount=Decimal(0))
    fee = nothing if free else terms.fee or nothing
    return Cancellation(
        id=values.token("CA", hotel.place, held.reference, held.version, fee),
        reference=held.reference,
        version=held.version,
        fee=fee,
        expires_at=min(hotel.until, terms.free_until or hotel.until) if free else hotel.until,
    )


def _is_free(hotel: Hotel, held: Reservation) -> bool:
    until = held.cancellation.free_until
    return until is not None and hotel.now < until


def _check_version(held: Reservation, version: str) -> None:
    if held.version != version:
        raise Rejected("the reservation has changed meanwhile")
