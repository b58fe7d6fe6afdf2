"""Changing a reservation: what it would cost, and the calls that do it.

New dates are a new room for QloApps: it adds the room at today's price and drops the old one, so a
room must be free beside the guest's own. In a full house a stay can be prolonged by a second line
in the same room; to shorten or to shift it is left to staff. Who sleeps there is written into the
lines, and costs nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

from agente_hotelero.errors import (
    HoteleroError,
    OutcomeUnknown,
    PriceChanged,
    Rejected,
    SoldOut,
)
from agente_hotelero.stays import Amendment, Money, Occupancy, Reservation, Stay, StayChange

from agente_hotelero_pms_qloapps import (
    booking,
    cancelling,
    offers,
    pricing,
    reading,
    terms,
    wire,
)
from agente_hotelero_pms_qloapps import hotel as hotels
from agente_hotelero_pms_qloapps.hotel import Hotel, Limits
from agente_hotelero_pms_qloapps.offers import Market, Quote
from agente_hotelero_pms_qloapps.pricing import Extra
from agente_hotelero_pms_qloapps.reading import Booked, Line
from agente_hotelero_pms_qloapps.shop import Shop
from agente_hotelero_pms_qloapps.wire import Row


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """How a change is made: the room types of a changed booking, or None where only guests change,
    and what the order costs then."""

    kinds: Sequence[Mapping[str, Any]] | None
    total: Decimal


@dataclass(frozen=True, kw_only=True, slots=True)
class Held:
    """A reservation as it is, and its hotel."""

    booked: Booked
    known: Reservation
    hotel: Hotel
    limits: Mapping[int, Limits]
    rules: Sequence[terms.Rule]


@dataclass(frozen=True, kw_only=True, slots=True)
class Wish:
    """A reservation and what it shall be."""

    booked: Booked
    known: Reservation
    change: StayChange
    market: Market

    @property
    def room_type(self) -> int:
        return self.booked.shown[0].room_type

    @property
    def rooms(self) -> list[Line]:
        return reading.rooms_of(self.booked)


async def preview(shop: Shop, reference: str, change: StayChange) -> Amendment:
    held = await _held(shop, reference)
    wish = await _wish(shop, held, change)
    return _amendment(shop, wish, await _plan(shop, wish))


async def amend(shop: Shop, amendment: Amendment) -> Reservation:
    """A reservation that already is as asked is returned as it is."""
    held, change = await _held(shop, amendment.reference), amendment.change
    if _is_so(held.known, change) and held.booked.live:
        return held.known
    if held.known.version != amendment.version:
        raise Rejected("the reservation was changed since")
    wish = await _wish(shop, held, change)
    plan = await _plan(shop, wish)
    now = _amendment(shop, wish, plan)
    if now.total != amendment.total:
        raise PriceChanged(now)
    if plan.kinds is not None:
        await shop.client.put_booking(await _body(shop, wish, plan.kinds))
    try:
        return await _made_sure(shop, wish, plan)
    except OutcomeUnknown:
        raise
    except HoteleroError as error:
        raise OutcomeUnknown("changed, but it could not be looked at") from error


async def _made_sure(shop: Shop, wish: Wish, plan: Plan) -> Reservation:
    """After the change: rooms of one's own, the right guests, stay and total."""
    booked = await reading.by_id(shop, wish.booked.id)
    moved = False if plan.kinds is None else await booking.clear(shop, booked, ours=None)
    if moved is None:
        raise OutcomeUnknown("changed into a room that is somebody else's too: staff must look")
    if await booking.seat(shop, booked, wish.change.occupancies) or moved:
        booked = await reading.by_id(shop, wish.booked.id)
    known = await reading.shown(shop, booked, wish.market.rules)
    if not _is_so(known, wish.change) or abs(booked.total - plan.total) > wire.CENT:
        raise OutcomeUnknown("changed, but not into what was asked: staff must look")
    return known


def _is_so(known: Reservation, change: StayChange) -> bool:
    return known.stay == change.stay and known.occupancies == change.occupancies


async def _held(shop: Shop, reference: str) -> Held:
    """Raises NotFound."""
    booked = await reading.by_reference(shop, reference)
    hotel, limits = await hotels.read_house(shop, str(booked.shown[0].hotel))
    rules = await terms.read_rules(shop.client, hotel)
    known = await reading.shown(shop, booked, rules)
    return Held(booked=booked, known=known, hotel=hotel, limits=limits, rules=rules)


async def _wish(shop: Shop, held: Held, change: StayChange) -> Wish:
    """Raises Rejected for what cannot be changed, or not into that."""
    booked, known = held.booked, held.known
    cancelling.check_not_begun(shop, booked, known)
    hotels.check_parties(change.occupancies)
    _check_simple(booked, known, change)
    room_type = held.limits.get(booked.live[0].room_type)
    if room_type is None:
        raise Rejected("its room type is not sold any more")
    if not all(room_type.fits(party) for party in change.occupancies):
        raise Rejected("so many guests do not fit into the room")
    if change.stay != known.stay:
        hotels.check_window(shop, held.hotel, change.stay)
        hotels.check_nights([room_type], change.stay)
    market = await offers.read_market(shop, held.hotel, held.limits, "en", held.rules)
    return Wish(booked=booked, known=known, change=change, market=market)


def _check_simple(booked: Booked, known: Reservation, change: StayChange) -> None:
    """Raises Rejected for what QloApps would spoil, or what only staff can do. Pure."""
    if len(change.occupancies) != len(known.occupancies):
        raise Rejected("another number of rooms is for staff to book")
    linked = booked.detail.get("associations") or {}
    if change.stay != known.stay:
        if len({line.room_type for line in booked.live}) > 1:
            raise Rejected("rooms of several types in one booking are for staff to change")
        if linked.get("cart_rules"):
            raise Rejected("the booking has a discount, which QloApps would drop: staff must do it")
        if any(room.get("facilities") for room in reading.detail_rooms(booked)):
            raise Rejected("the booking has facilities, which QloApps would drop: staff must do it")


async def _plan(shop: Shop, wish: Wish) -> Plan:
    """Raises SoldOut, Rejected."""
    if wish.change.stay == wish.known.stay:
        return Plan(kinds=None, total=wish.booked.total)
    facts = await shop.facts()
    if reading.money(facts, wish.booked, Decimal(0)).currency != facts.currency:
        raise Rejected("the booking is in another currency than the shop's prices")
    if wish.room_type not in wish.market.kinds:
        raise Rejected("its room type is not sold any more")
    quote = await _quote(shop, wish, wish.change.stay)
    if len(quote.rooms) >= len(wish.rooms):
        return await _anew(shop, wish, quote)
    return await _prolonged(shop, wish)


async def _quote(shop: Shop, wish: Wish, stay: Stay) -> Quote:
    rows = await offers.availability(
        shop, wish.market.hotel, stay, wish.change.occupancies, str(wish.room_type)
    )
    if not rows:
        raise SoldOut("QloApps has no price for these nights")
    return await offers.read_quote(shop, wish.market, rows[0], stay, len(wish.rooms))


async def _anew(shop: Shop, wish: Wish, quote: Quote) -> Plan:
    """All nights in other rooms: automatic services as for a new booking, the others kept."""
    stay, parties = wish.change.stay, wish.change.occupancies
    chosen = [_chosen(room, quote) for room in _details(wish)]
    added = await _added(shop, wish, quote, [extra for room in chosen for extra in room])
    kinds = [
        _kind(wish, quote, stay, room, party, [*quote.automatic, *extras])
        for room, party, extras in zip(quote.rooms, parties, chosen, strict=False)
    ]
    return Plan(kinds=_merged(kinds), total=wire.cents(quote.price.total + added))


async def _prolonged(shop: Shop, wish: Wish) -> Plan:
    """The nights before and after in the same rooms, each a line of its own."""
    old, new = wish.known.stay, wish.change.stay
    if new.arrival > old.arrival or new.departure < old.departure:
        raise Rejected("the house is full: only staff can shorten or shift this stay")
    if any(line.stay != old for line in wish.booked.live):
        raise Rejected("the stay is in several parts already: staff must do it")
    edges = [(new.arrival, old.arrival), (old.departure, new.departure)]
    parts = [Stay(arrival=first, departure=last) for first, last in edges if first < last]
    kinds = await _kept(shop, wish)
    total = wish.booked.total
    for part in parts:
        if part.nights < wish.market.limits[wish.room_type].min_nights:
            raise Rejected("the house is full, and QloApps adds no so few nights: staff must do it")
        quote = await _quote(shop, wish, part)
        if not {line.room for line in wish.rooms} <= set(quote.rooms):
            raise SoldOut("the room is taken in the nights before or after")
        nightly = [extra for extra in quote.automatic if extra.per_night]
        total += _extension(quote, part.nights, len(wish.rooms))
        kinds += [
            _kind(wish, quote, part, line.room, party, nightly)
            for line, party in zip(wish.rooms, wish.change.occupancies, strict=True)
        ]
    return Plan(kinds=_merged(kinds), total=wire.cents(total))


def _extension(quote: Quote, nights: int, rooms: int) -> Decimal:
    """Extra nights do not pay again what is paid once for a stay. Pure."""
    once = [extra for extra in quote.automatic if not extra.per_night]
    paid = sum((pricing.fee_total(extra, quote.rates, nights) for extra in once), Decimal(0))
    return quote.price.total - rooms * paid


async def _kept(shop: Shop, wish: Wish) -> list[Mapping[str, Any]]:
    """The lines that stay, with the services that they have, which QloApps drops otherwise."""
    quote = await _quote(shop, wish, wish.known.stay)
    known = {extra.id: extra for extra in quote.extras}
    listed = [_listed(room, known) for room in _details(wish)]
    if not (await shop.facts()).recent:
        hidden = _hidden(wish, quote, [extra for room in listed for extra in room])
        listed = [[*hidden, *room] for room in listed]
    return [
        _kind(wish, quote, wish.known.stay, line.room, line.party, extras)
        for line, extras in zip(wish.rooms, listed, strict=True)
    ]


def _hidden(wish: Wish, quote: Quote, listed: Sequence[Extra]) -> list[Extra]:
    """1.6.1 charges the automatic services and does not list them: told by what is left of the
    total. Raises Rejected where that does not come out. Pure."""
    nights, rooms = wish.known.stay.nights, len(wish.rooms)
    own = sum((line.total for line in wish.booked.live), Decimal(0))
    shown = sum((pricing.fee_total(extra, quote.rates, nights) for extra in listed), Decimal(0))
    rest = wish.booked.total - own - shown
    automatic = [extra for extra in quote.automatic if extra not in listed]
    fees = sum((pricing.fee_total(extra, quote.rates, nights) for extra in automatic), Decimal(0))
    if abs(rest) <= wire.CENT:
        return []
    if abs(rest - rooms * fees) <= wire.CENT:
        return automatic
    raise Rejected("the booking has services that QloApps does not tell: staff must do it")


def _details(wish: Wish) -> list[Row]:
    """What the bookings resource says of each room, in the order of the reservation's."""
    by_line = {
        wire.number(room.get("id_hotel_booking")): room
        for room in reading.detail_rooms(wish.booked)
    }
    return [by_line.get(line.id, {}) for line in wish.rooms]


def _listed(room: Row, known: Mapping[int, Extra]) -> list[Extra]:
    """Raises Rejected for a service that QloApps would not give back at the same price. Pure."""
    services = wire.items(room.get("services"))
    numbers = [wire.number(service.get("id_service")) for service in services]
    if any(wire.number(service.get("quantity", 1)) != 1 for service in services) or (
        set(numbers) - set(known)
    ):
        raise Rejected("the booking has a service that only staff can keep")
    return [known[number] for number in dict.fromkeys(numbers)]


def _chosen(room: Row, quote: Quote) -> list[Extra]:
    """What was added to a room beside the automatic services."""
    known = {extra.id: extra for extra in quote.extras}
    return [extra for extra in _listed(room, known) if not extra.automatic]


async def _added(shop: Shop, wish: Wish, quote: Quote, chosen: Sequence[Extra]) -> Decimal:
    """What the chosen services of all rooms cost for the new stay."""
    rates = await pricing.read_rates(shop.client, wish.market.hotel, quote.kind, quote.ari, chosen)
    nights = wish.change.stay.nights
    return sum((pricing.fee_total(extra, rates, nights) for extra in chosen), Decimal(0))


def _kind(
    wish: Wish,
    quote: Quote,
    stay: Stay,
    room: int,
    party: Occupancy,
    extras: Sequence[Extra],
) -> Mapping[str, Any]:
    """One room. A folded service names the room's tax group: in a changed booking QloApps forgets
    the tax of one that has no group itself."""
    group = quote.kind.tax_group
    services = [
        {"id_service": extra.id, "id_tax_rules_group": group}
        if extra.folded and group and extra.tax_group != group
        else {"id_service": extra.id}
        for extra in extras
    ]
    return {
        **booking.room_type_body(str(wish.room_type), [party], services, [room]),
        "checkin_date": stay.arrival.isoformat(),
        "checkout_date": stay.departure.isoformat(),
    }


def _merged(kinds: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """One entry per stay, as QloApps keeps no two of the same type and dates. Pure."""
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for kind in kinds:
        key = (kind["checkin_date"], kind["checkout_date"])
        if key in found:
            found[key]["rooms"] = [*found[key]["rooms"], *kind["rooms"]]
            found[key]["number_of_rooms"] += 1
        else:
            found[key] = dict(kind)
    return list(found.values())


async def _body(shop: Shop, wish: Wish, kinds: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The whole target. Neither status, which would make a paid order unpaid, nor names; e-mail and
    telephone again, which 1.6.1 would empty."""
    person: Row = wish.booked.customer
    detail = {"email": wire.text(person.get("email"))}
    if phone := wire.text(person.get("phone")):
        detail["phone"] = phone
    return {
        "id": wish.booked.id,
        "id_property": int(wish.known.property_id),
        "currency": (await shop.facts()).currency,
        "associations": {"customer_detail": detail, "room_types": list(kinds)},
    }


def _amendment(shop: Shop, wish: Wish, plan: Plan) -> Amendment:
    total = Money(amount=plan.total, currency=wish.known.total.currency)
    return Amendment(
        id=offers.fingerprint("A", [wish.known.reference, wish.known.version, wish.change, total]),
        reference=wish.known.reference,
        version=wish.known.version,
        change=wish.change,
        before=wish.known.total,
        total=total,
        cancellation=terms.terms(
            wish.market.rules, wish.change.stay, total, shop.services.time_zone
        ),
        expires_at=shop.now() + timedelta(minutes=shop.config.offer_minutes),
    )
