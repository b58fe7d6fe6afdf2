"""Booking, and making sure of it.

QloApps checks that rooms are free when it begins, not when it writes: of two bookings at the same
time both are answered as good, in one room, or one of them is dead at once. The core makes one
booking at a time; the website and the front desk do not ask it. So every booking is looked at
afterwards, and moved, or cancelled, where its room is somebody else's.

Who gives way: the line that was written later. A booking is looked at after its line was written,
so of two in one room the later one always sees the earlier one. A line that was moved gives way to
all, and so does ours to a booking that is not the agent's, because nobody looks after that one.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from agente_hotelero.errors import (
    HoteleroError,
    OutcomeUnknown,
    PriceChanged,
    Rejected,
    SoldOut,
)
from agente_hotelero.stays import Guest, Occupancy, Offer, Reservation, ReservationDraft

from agente_hotelero_pms_qloapps import cancelling, guests, offers, reading, terms, wire
from agente_hotelero_pms_qloapps.client import Query
from agente_hotelero_pms_qloapps.offers import Sale
from agente_hotelero_pms_qloapps.reading import Booked, Line
from agente_hotelero_pms_qloapps.shop import Shop
from agente_hotelero_pms_qloapps.wire import Row

_NEW, _AWAITING_PAYMENT = 1, 3
_MOVES = 4
_LONGEST_SOURCE = 255


async def create(shop: Shop, draft: ReservationDraft) -> Reservation:
    """Book what the offer says, unless an earlier call for the same reference did."""
    known = await _earlier(shop, draft)
    if known is not None:
        return await _resumed(shop, draft, known)
    sale, stored = await asyncio.gather(
        offers.present(shop, draft.offer), _known(shop, draft.guest)
    )
    if abs(sale.offer.total.amount - draft.offer.total.amount) > wire.CENT or (
        sale.offer.total.currency != draft.offer.total.currency
    ):
        raise PriceChanged(_as_offered(draft.offer, sale.offer))
    made = await shop.client.post_booking(await _body(shop, draft, sale, stored))
    try:
        booked = await reading.by_id(shop, wire.number(made.get("id")))
        return await _settled(shop, draft, booked, rules=sale.rules)
    except (SoldOut, PriceChanged, OutcomeUnknown):
        raise
    except HoteleroError as error:
        raise OutcomeUnknown("booked, but it could not be looked at") from error


async def _earlier(shop: Shop, draft: ReservationDraft) -> Booked | None:
    """The living order that carries this reference: QloApps keeps it as the booking's source."""
    source = wire.literal(draft.external_ref)
    if source is None or len(source) > _LONGEST_SOURCE:
        raise Rejected("an external reference that QloApps cannot keep")
    orders = await shop.client.rows("orders", {"filter[source]": source})
    same = [order for order in orders if wire.text(order.get("source")) == source]
    over = (await shop.facts()).over
    found = [
        booked
        for booked in await reading.load(shop, same)
        if booked.live and wire.number(booked.order.get("current_state")) not in over
    ]
    return max(found, key=lambda booked: booked.id, default=None)


async def _resumed(shop: Shop, draft: ReservationDraft, known: Booked) -> Reservation:
    """What an earlier call booked, looked at again. It may have been changed since, so nothing of
    it is undone for being another."""
    if not is_ordered(known, draft) or not _same_total(known, draft):
        raise OutcomeUnknown("a booking with this reference exists, and is another")
    try:
        return await _settled(shop, draft, known, gives_way_to_all=True)
    except (SoldOut, PriceChanged, OutcomeUnknown):
        raise
    except HoteleroError as error:
        raise OutcomeUnknown("booked before, but it could not be looked at") from error


async def _settled(
    shop: Shop,
    draft: ReservationDraft,
    booked: Booked,
    *,
    rules: Sequence[terms.Rule] | None = None,
    gives_way_to_all: bool = False,
) -> Reservation:
    """The reservation once all of it is good; else it is cancelled, and the error says why."""
    if not is_ordered(booked, draft):
        await _undo(shop, booked)
        raise SoldOut("QloApps took the booking and lost its room")
    if not _same_total(booked, draft):
        await _undo(shop, booked)
        shop.services.log.error("qloapps.another_total", order=booked.id)
        raise PriceChanged(await _at_what_it_took(shop, draft.offer, booked))
    kind = _kind(draft.external_ref)
    moved = await clear(shop, booked, ours=None if gives_way_to_all else kind)
    if moved is None:
        await _undo(shop, booked)
        raise SoldOut("the room went to somebody else at the same moment")
    seated = await seat(shop, booked, draft.offer.occupancies)
    if moved or seated:
        booked = await reading.by_id(shop, booked.id)
    return await reading.shown(shop, booked, rules)


def is_ordered(booked: Booked, draft: ReservationDraft) -> bool:
    """Whether all rooms of the offer are held: alive, of its type, for its stay. Pure."""
    offer = draft.offer
    good = [
        line
        for line in booked.live
        if str(line.room_type) == offer.room_type.id and line.stay == offer.stay
    ]
    return len(good) == len(booked.lines) == len(offer.occupancies)


def _same_total(booked: Booked, draft: ReservationDraft) -> bool:
    return abs(booked.total - draft.offer.total.amount) <= wire.CENT


async def _undo(shop: Shop, booked: Booked) -> None:
    try:
        await cancelling.cancel_order(shop, booked.id)
    except HoteleroError as error:
        raise OutcomeUnknown("a bad booking could not be cancelled") from error


async def _at_what_it_took(shop: Shop, offer: Offer, booked: Booked) -> Offer:
    """The offer at the price that QloApps asked for it a moment ago."""
    try:
        now = (await offers.present(shop, offer)).offer
    except HoteleroError:
        now = offer
    total = replace(offer.total, amount=booked.total)
    return replace(_as_offered(offer, now), total=total, taxes=())


def _as_offered(offer: Offer, now: Offer) -> Offer:
    """At its present price, in the language of the offer."""
    return replace(now, room_type=offer.room_type, rate_plan=offer.rate_plan)


async def _body(
    shop: Shop, draft: ReservationDraft, sale: Sale, stored: Row | None
) -> dict[str, Any]:
    """`stored` is the customer whom QloApps knows by the guest's address."""
    offer, facts = draft.offer, await shop.facts()
    customer = guests.customer_of(shop.config, draft.guest, draft.external_ref, stored)
    kind = room_type_body(offer.room_type.id, offer.occupancies, sale.services, list(sale.rooms))
    kind |= {
        "checkin_date": offer.stay.arrival.isoformat(),
        "checkout_date": offer.stay.departure.isoformat(),
    }
    return {
        "id_property": int(offer.property_id),
        "currency": offer.total.currency,
        "booking_status": _NEW,
        "payment_status": _AWAITING_PAYMENT,
        "source": draft.external_ref,
        "id_language": facts.language(draft.guest.language),
        "remark": customer.remark,
        "associations": {"customer_detail": customer.detail(), "room_types": [kind]},
    }


def room_type_body(
    room_type: str,
    parties: Sequence[Occupancy],
    services: Sequence[int] | Sequence[Mapping[str, int]],
    rooms: Sequence[int],
) -> dict[str, Any]:
    """Rooms named one by one: without them QloApps stores its own party and no services."""
    named = [one if isinstance(one, Mapping) else {"id_service": one} for one in services]
    return {
        "id_room_type": int(room_type),
        "number_of_rooms": len(parties),
        "rooms": [
            {
                "id_room": room,
                "adults": party.adults,
                "child": len(party.child_ages),
                "child_ages": list(party.child_ages),
                "services": named,
            }
            for party, room in zip(parties, rooms, strict=False)
        ],
    }


async def _known(shop: Shop, guest: Guest) -> Row | None:
    """The customer whom QloApps would rename."""
    if not guest.email:
        return None
    address = wire.literal(guest.email.strip())
    if address is None:
        return None
    asked = {"filter[email]": address, "display": guests.CUSTOMER}
    return guests.known_customer(await shop.client.rows("customers", asked))


# ── after the booking ────────────────────────────────────────────────────────────────────────────


async def clear(shop: Shop, booked: Booked, *, ours: str | None) -> bool | None:
    """Have each room to itself: False if it was so, True after a move, None if no room is left.

    `ours` is how the agent's own references begin; None gives way to everybody.
    """
    moved = False
    for line in booked.live:
        others = await overlapping(shop, line)
        if not others or await _stays(shop, line, others, ours):
            continue
        if not await _move(shop, booked, line):
            return None
        moved = True
    return moved


async def overlapping(shop: Shop, line: Line, room: int | None = None) -> list[Line]:
    """Other orders' living lines in the same room and nights."""
    asked: Query = {
        "filter[id_room]": room or line.room,
        "filter[is_refunded]": 0,
        "filter[date_from]": f"<[{line.departure.isoformat()} 00:00:00]",
        "filter[date_to]": f">[{line.arrival.isoformat()} 00:00:00]",
        "date": 1,
    }
    found = [reading.line_of(row) for row in await shop.client.rows("room_bookings", asked)]
    return [other for other in found if other.id != line.id and not other.dead]


async def _stays(shop: Shop, line: Line, others: Sequence[Line], ours: str | None) -> bool:
    if ours is None or any(other.id < line.id for other in others):
        return False
    asked = {**reading.filters({other.order for other in others}), "display": "[id,source]"}
    sources = [wire.text(order.get("source")) for order in await shop.client.rows("orders", asked)]
    return all(source.startswith(ours) for source in sources)


def _kind(ref: str) -> str | None:
    """How references of this agent begin: ``AH-``; None where they have no such beginning."""
    found = re.match(r"[A-Za-z]+[-_:.]", ref)
    return found[0] if found else None


async def _move(shop: Shop, booked: Booked, line: Line) -> bool:
    """Into another free room of the type, alone there; False where there is none."""
    hotel = await shop.hotel(str(line.hotel))
    rows = await offers.availability(shop, hotel, line.stay, (line.party,), str(line.room_type))
    own = {other.room for other in booked.live}
    free = [
        (wire.number(room.get("id_room")), wire.text(room.get("room_num")))
        for row in rows
        for room in wire.items((row.get("rooms") or {}).get("available"))
    ]
    for room, name in [one for one in free if one[0] not in own][:_MOVES]:
        await shop.client.put_line(line.id, {**line.row, "id_room": room, "room_num": name})
        if not await overlapping(shop, line, room):
            return True
    return False


async def seat(shop: Shop, booked: Booked, parties: Sequence[Occupancy]) -> bool:
    """Write who sleeps where, if it is not so: a shop that sells by quantity stores its own."""
    rooms = reading.rooms_of(booked)
    wrong = [
        (line, party)
        for room, party in zip(rooms, parties, strict=False)
        for line in booked.live
        if line.room == room.room and line.party != party
    ]
    for line, party in wrong:
        await shop.client.put_line(line.id, {**line.row, **party_fields(party)})
    return bool(wrong)


def party_fields(party: Occupancy) -> dict[str, Any]:
    return {
        "adults": party.adults,
        "children": len(party.child_ages),
        "child_ages": f"[{','.join(str(age) for age in party.child_ages)}]",
    }
