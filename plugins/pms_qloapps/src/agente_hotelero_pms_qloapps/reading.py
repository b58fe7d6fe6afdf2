"""Orders of QloApps as reservations.

An order says little of itself: its state is "awaiting payment" even where its room was lost, so
that the lines decide whether anybody comes; its total is right where the lines' are not; who comes
may stand in a remark alone.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from agente_hotelero.errors import NotFound, Unavailable
from agente_hotelero.stays import (
    Money,
    Occupancy,
    Reservation,
    ReservationStatus,
    Stay,
)

from agente_hotelero_pms_qloapps import guests, terms, wire
from agente_hotelero_pms_qloapps.offers import STANDARD, fingerprint
from agente_hotelero_pms_qloapps.shop import Shop, ShopFacts
from agente_hotelero_pms_qloapps.wire import Row

BOOKED, IN_HOUSE, LEFT = 1, 2, 3
_AT_A_TIME = 5
_REFERENCE = re.compile(r"[0-9A-Za-z]{1,32}")


@dataclass(frozen=True, kw_only=True, slots=True)
class Line:
    """One room of an order; `row` is the whole record, as it must be sent back."""

    id: int
    order: int
    hotel: int
    room: int
    room_type: int
    room_type_name: str
    arrival: date
    departure: date
    party: Occupancy
    state: int
    dead: bool
    total: Decimal
    row: Row

    @property
    def stay(self) -> Stay:
        return Stay(arrival=self.arrival, departure=self.departure)


@dataclass(frozen=True, kw_only=True, slots=True)
class Booked:
    """An order with its lines, customer, and what only the bookings resource tells."""

    order: Row
    lines: tuple[Line, ...]
    customer: Row
    detail: Row

    @property
    def id(self) -> int:
        return wire.number(self.order["id"])

    @property
    def live(self) -> list[Line]:
        return [line for line in self.lines if not line.dead]

    @property
    def shown(self) -> list[Line]:
        """What the stay is, or was."""
        return self.live or list(self.lines)

    @property
    def total(self) -> Decimal:
        return wire.cents(wire.amount(self.order.get("total_paid_tax_incl")))

    @property
    def paid(self) -> Decimal:
        return wire.cents(wire.amount(self.order.get("total_paid_real")))

    @property
    def remarks(self) -> list[str]:
        told = (self.detail.get("associations") or {}).get("remarks") or ()
        return [wire.text(remark) for remark in told]


def line_of(row: Row) -> Line:
    arrival, departure = wire.day(row.get("date_from")), wire.day(row.get("date_to"))
    if arrival is None or departure is None or departure <= arrival:
        raise Unavailable("a line of an order without dates")
    dead = any(
        wire.number(row.get(key)) for key in ("is_refunded", "is_cancelled", "is_back_order")
    )
    return Line(
        id=wire.number(row["id"]),
        order=wire.number(row.get("id_order")),
        hotel=wire.number(row.get("id_hotel")),
        room=wire.number(row.get("id_room")),
        room_type=wire.number(row.get("id_product")),
        room_type_name=wire.text(row.get("room_type_name")),
        arrival=arrival,
        departure=departure,
        party=party_of(row),
        state=wire.number(row.get("id_status")) or BOOKED,
        dead=dead,
        total=wire.amount(row.get("total_price_tax_incl")),
        row=row,
    )


def party_of(row: Row) -> Occupancy:
    """Adults and ages; a child whose age QloApps was not told counts as 0 years old."""
    told, children = wire.ages(row.get("child_ages")), wire.number(row.get("children"))
    ages = (told + (0,) * children)[:children]
    return Occupancy(adults=max(1, wire.number(row.get("adults"))), child_ages=ages)


async def reservation(shop: Shop, reference: str) -> Reservation:
    return await shown(shop, await by_reference(shop, reference))


async def by_reference(shop: Shop, reference: str) -> Booked:
    """Raises NotFound."""
    wanted = reference.strip()
    if not _REFERENCE.fullmatch(wanted):
        raise NotFound("no such reservation")
    orders = await shop.client.rows("orders", {"filter[reference]": wanted})
    found = await load(shop, orders)
    if not found:
        raise NotFound("no such reservation")
    return found[0]


async def by_id(shop: Shop, order: int) -> Booked:
    found = await load(shop, await shop.client.rows("orders", {"filter[id]": order}))
    if not found:
        raise NotFound("no such order")
    return found[0]


async def load(shop: Shop, orders: Sequence[Row], *, broken: bool = False) -> list[Booked]:
    """Whole orders, in the same order; those without any room are left out. A line without sound
    dates raises Unavailable; or with `broken` its order is left out, with a warning: in a list, one
    of them must not hide all the others."""
    if not orders:
        return []
    numbers = [wire.number(order["id"]) for order in orders]
    customers = {wire.number(order.get("id_customer")) for order in orders}
    lines, people, details = await asyncio.gather(
        shop.client.rows("room_bookings", {"filter[id_order]": wire.any_of(numbers)}),
        shop.client.rows(
            "customers", {"filter[id]": wire.any_of(customers), "display": guests.CUSTOMER}
        ),
        _details(shop, numbers),
    )
    by_order: dict[int, list[Line]] = {}
    for line in _sound(shop, lines) if broken else map(line_of, lines):
        by_order.setdefault(line.order, []).append(line)
    known = {wire.number(person["id"]): person for person in people}
    return [
        Booked(
            order=order,
            lines=tuple(sorted(by_order[number], key=lambda line: (line.arrival, line.id))),
            customer=known.get(wire.number(order.get("id_customer")), {}),
            detail=details.get(number, {}),
        )
        for number, order in zip(numbers, orders, strict=True)
        if number in by_order
    ]


def _sound(shop: Shop, rows: Sequence[Row]) -> list[Line]:
    """The lines of orders that have none without sound dates."""
    lines, broken = list[Line](), set[int]()
    for row in rows:
        try:
            lines.append(line_of(row))
        except Unavailable:
            broken.add(wire.number(row.get("id_order")))
    for number in sorted(broken):
        shop.services.log.warning("qloapps.broken_order", order=number)
    return [line for line in lines if line.order not in broken]


async def _details(shop: Shop, numbers: Sequence[int]) -> dict[int, Row]:
    """A few at a time: a small shop has few workers."""
    found: dict[int, Row] = {}
    for start in range(0, len(numbers), _AT_A_TIME):
        part = numbers[start : start + _AT_A_TIME]
        answers = await asyncio.gather(*(shop.client.booking(number) for number in part))
        found |= dict(zip(part, answers, strict=True))
    return found


async def shown(
    shop: Shop, booked: Booked, rules: Sequence[terms.Rule] | None = None
) -> Reservation:
    """As a reservation; `rules` are the hotel's, where they have been read already."""
    if rules is None:
        return (await all_shown(shop, [booked]))[0]
    return to_reservation(shop, await shop.facts(), booked, rules)


async def all_shown(shop: Shop, found: Sequence[Booked]) -> list[Reservation]:
    """As reservations; each hotel and its refund rules are read once."""
    facts = await shop.facts()
    numbers = sorted({booked.shown[0].hotel for booked in found})
    rules = {number: await _rules(shop, number) for number in numbers}
    return [to_reservation(shop, facts, one, rules[one.shown[0].hotel]) for one in found]


async def _rules(shop: Shop, number: int) -> Sequence[terms.Rule]:
    """None for a hotel that is there no more."""
    try:
        hotel = await shop.hotel(str(number))
    except NotFound:
        return ()
    return await terms.read_rules(shop.client, hotel)


def to_reservation(
    shop: Shop, facts: ShopFacts, booked: Booked, rules: Sequence[terms.Rule]
) -> Reservation:
    order, first = booked.order, booked.shown[0]
    total, stay, status = (
        money(facts, booked, booked.total),
        stay_of(booked),
        status_of(facts, booked),
    )
    cancelled = status is ReservationStatus.CANCELLED
    owed = money(facts, booked, booked.total - booked.paid)
    guest = guests.guest_of(
        shop.config,
        booked.customer,
        booked.remarks,
        facts.iso(wire.number(order.get("id_lang"))),
    )
    made = Reservation(
        reference=wire.text(order.get("reference")),
        property_id=str(first.hotel),
        status=status,
        version="",
        external_ref=wire.text(order.get("source")) or None,
        room_type_id=str(first.room_type),
        room_type_name=first.room_type_name,
        rate_plan_id=STANDARD,
        stay=stay,
        occupancies=tuple(line.party for line in rooms_of(booked)),
        guest=guest,
        total=total,
        cancellation=terms.terms(
            terms.of_order(rules, order), stay, total, shop.services.time_zone
        ),
        balance=None if cancelled else owed,
        services=tuple(str(one) for one in services_of(booked) if one not in facts.automatic),
    )
    return _versioned(made, booked)


def _versioned(made: Reservation, booked: Booked) -> Reservation:
    """`date_upd` alone will not do: a check-in changes a line and not the order, and a customer
    may be renamed. So whatever is shown counts too."""
    lines = [
        (line.id, line.room, line.state, line.dead, line.row.get("date_upd"))
        for line in booked.lines
    ]
    seen = [made, booked.order.get("date_upd"), booked.order.get("current_state"), lines]
    return replace(made, version=fingerprint("v", seen))


def money(facts: ShopFacts, booked: Booked, amount: Decimal) -> Money:
    currency = facts.currencies.get(wire.number(booked.order.get("id_currency")), facts.currency)
    return Money(amount=amount, currency=currency)


def stay_of(booked: Booked) -> Stay:
    lines = booked.shown
    return Stay(
        arrival=min(line.arrival for line in lines), departure=max(line.departure for line in lines)
    )


def rooms_of(booked: Booked) -> list[Line]:
    """The first line of each room: a stay that was prolonged in a full house has two in one."""
    first: dict[int, Line] = {}
    for line in booked.shown:
        first.setdefault(line.room, line)
    return sorted(first.values(), key=lambda line: line.id)


def status_of(facts: ShopFacts, booked: Booked) -> ReservationStatus:
    live = booked.live
    if not live or wire.number(booked.order.get("current_state")) in facts.over:
        return ReservationStatus.CANCELLED
    states = {line.state for line in live}
    if IN_HOUSE in states or states == {BOOKED, LEFT}:
        return ReservationStatus.IN_HOUSE
    return ReservationStatus.DEPARTED if states == {LEFT} else ReservationStatus.CONFIRMED


def services_of(booked: Booked) -> list[int]:
    """Each service once, as far as QloApps tells: 1.6.1 leaves the automatic ones out."""
    told = [
        wire.number(service.get("id_service"))
        for room in detail_rooms(booked)
        for service in wire.items(room.get("services"))
    ]
    return sorted(set(told))


def detail_rooms(booked: Booked) -> list[Row]:
    linked = booked.detail.get("associations") or {}
    return [
        room
        for kind in wire.items(linked.get("room_types"))
        for room in wire.items(kind.get("rooms"))
    ]


def filters(numbers: Iterable[int]) -> Mapping[str, str]:
    return {"filter[id]": wire.any_of(numbers)}
