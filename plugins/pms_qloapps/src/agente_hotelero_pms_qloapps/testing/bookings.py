"""`/api/bookings`: create, show and list. Concurrent creates race here."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from agente_hotelero_pms_qloapps.testing.answers import (
    Broken,
)
from agente_hotelero_pms_qloapps.testing.bodies import parse, part, whole
from agente_hotelero_pms_qloapps.testing.prices import charged, forced, ratio, stay
from agente_hotelero_pms_qloapps.testing.shop import KEEP_OVERBOOKED, Shop
from agente_hotelero_pms_qloapps.testing.state import Customer, Line, Order, cents
from agente_hotelero_pms_qloapps.testing.wanted import (
    Wanted,
    WantedRoom,
    WantedStay,
    check_address,
    check_new,
    check_person,
    read,
    refused,
    stripped,
)

KINDS = {"online": 1, "pay at hotel": 2, "remote": 3}
SOURCE_LENGTH = 255
Pick = tuple[WantedStay, WantedRoom, int]


def booking_in(shop: Shop, body: bytes) -> dict[str, Any]:
    """The booking of a body; 1.6.1 takes a broken one for an empty one."""
    document = parse(body)
    booking = part(document, "booking")
    if booking and isinstance(booking, dict):
        return booking
    if shop.old:
        return {}
    raise Broken


async def create(shop: Shop, body: bytes) -> Order:
    """Book. What is checked may be gone when it is stored: nothing locks the rooms."""
    booking = booking_in(shop, body)
    check_new(shop, booking)
    wanted = read(shop, booking)
    check_address(wanted.guest)
    known = find_customer(shop, wanted.guest)
    checked = pick(shop, wanted)
    if not checked:
        raise refused("Requested room(s) not available.")
    check_guest(shop, wanted.guest)
    await asyncio.sleep(shop.race_seconds)
    customer = save_customer(shop, known, wanted.guest, whole(booking.get("id_language")))
    picked = pick(shop, wanted, strict=False) or checked
    await asyncio.sleep(shop.race_seconds)
    return store(shop, booking, wanted, customer, picked)


def pick(shop: Shop, wanted: Wanted, *, strict: bool = True) -> list[Pick]:
    """A free room for each that is wanted; none at all if one is missing.

    The first look insists on a room that was named; the second takes another instead.
    """
    picked: list[Pick] = []
    for one in wanted.stays:
        free = [room.id for room in shop.free(one.room_type, one.first, one.last)]
        taken = {room for other, _, room in picked if meet(one, other)}
        free = [room for room in free if room not in taken]
        asked_for = {room.room for room in one.rooms}
        for room in one.rooms:
            if not served(shop, one.room_type, room):
                return []
            named = room.room in free
            if not free or (strict and room.room and not named):
                return []
            others = [each for each in free if each not in asked_for]
            chosen = room.room if named else (others or free)[0]
            free.remove(chosen)
            picked.append((one, room, chosen))
    return picked


def served(shop: Shop, room_type: int, room: WantedRoom) -> bool:
    """Whether the type has all the services that are wanted."""
    return set(room.services) <= set(shop.room_types[room_type].services)


def meet(one: WantedStay, other: WantedStay) -> bool:
    return one.first < other.last and one.last > other.first


def check_guest(shop: Shop, guest: Mapping[str, Any]) -> None:
    """Fail as the validators do; 1.6.1 has made the customer by then."""
    try:
        check_person(guest)
    except Broken as broken:
        if shop.old and not broken.text and find_customer(shop, guest) is None:
            made = save_customer(shop, None, guest, 0)
            made.phone = None
        raise


def find_customer(shop: Shop, guest: Mapping[str, Any]) -> Customer | None:
    by_id = shop.customers.get(whole(guest.get("id_customer")))
    email = str(guest.get("email") or "").lower()
    mine = (one for one in shop.customers.values() if one.email.lower() == email)
    return by_id or next(mine, None)


def save_customer(
    shop: Shop, known: Customer | None, guest: Mapping[str, Any], language: int
) -> Customer:
    """Overwrite the profile, or make one."""
    if known is None:
        known = shop.add_customer("")
        known.language = language if language in shop.languages else shop.language
    known.firstname, known.lastname = str(guest["firstname"]), str(guest["lastname"])
    known.email, known.phone = str(guest["email"]), str(guest["phone"])
    known.changed = shop.now()
    return known


def store(
    shop: Shop,
    booking: Mapping[str, Any],
    wanted: Wanted,
    customer: Customer,
    picked: Sequence[Pick],
) -> Order:
    """Write order, lines, history and payment."""
    currency = next(one for one in shop.currencies.values() if one.iso == booking["currency"])
    language = whole(booking.get("id_language"))
    order = shop.add_order(
        hotel=whole(booking["id_property"]),
        customer=customer.id,
        language=language if language in shop.languages else None,
        currency=currency.id,
        source=stripped(str(booking.get("source") or ""))[:SOURCE_LENGTH],
    )
    lines = [make_line(shop, order, *one, rate=currency.rate, new=True) for one in picked]
    add_up(shop, order)
    order.promised = order.gross
    raise_price(shop, lines, wanted)
    add_up(shop, order)
    if wanted.remark:
        order.remarks.append(wanted.remark)
    order.payment_type = KINDS.get(str(wanted.payment.get("payment_type")), 1)
    take_payment(shop, order, wanted)
    late_check(shop, order, lines)
    return order


def make_line(
    shop: Shop,
    order: Order,
    one: WantedStay,
    room: WantedRoom,
    chosen: int,
    *,
    rate: Decimal,
    new: bool,
) -> Line:
    """A line at today's price, with the services that were sent and no other."""
    kind = shop.room_types[one.room_type]
    net = stay(shop, kind, one.first, one.last) * rate
    if room.unit is not None:
        net = forced(shop, room.unit, one.first, one.last)
    now = shop.now()
    return shop.add_line(
        Line(
            id=0,
            order=order.id,
            room_type=kind.id,
            room=chosen,
            room_number=shop.rooms[chosen].number,
            hotel=kind.hotel,
            customer=order.customer,
            first=one.first,
            last=one.last,
            adults=room.adults,
            children=room.children,
            child_ages=room.ages,
            net=cents(net),
            gross=cents(net * ratio(shop, kind.tax_group)),
            services=[
                charged(
                    shop,
                    kind,
                    each,
                    one.first,
                    one.last,
                    rate,
                    new=new,
                    tax_group=room.tax_groups.get(each),
                )
                for each in room.services
            ],
            added=now,
            changed=now,
        )
    )


def raise_price(shop: Shop, lines: Sequence[Line], wanted: Wanted) -> None:
    """A higher total than computed raises the rooms; a lower one is ignored."""
    gross = sum((total(one) for one in lines), Decimal(0))
    if wanted.total is None or wanted.total <= gross:
        return
    for one in lines:
        one.gross += (wanted.total - gross) / len(lines)
        one.net = cents(one.gross / ratio(shop, shop.room_types[one.room_type].tax_group))


def total(line: Line) -> Decimal:
    return line.gross + sum((one.total + one.tax for one in line.services), Decimal(0))


def add_up(shop: Shop, order: Order) -> None:
    """The order's totals are those of its lines."""
    lines = shop.lines_of(order.id)
    order.gross = sum((total(one) for one in lines), Decimal(0))
    extra = sum((each.total for one in lines for each in one.services), Decimal(0))
    order.net = sum((one.net for one in lines), extra)


def take_payment(shop: Shop, order: Order, wanted: Wanted) -> None:
    """Nothing, a part, or all of it: whoever pays his own lower total has paid everything."""
    method = str(wanted.payment.get("payment_method") or "")
    order.payment = method or order.payment
    due = min(order.gross, wanted.total) if wanted.total else order.gross
    if not wanted.paid:
        shop.enter_state(order, shop.roles.awaiting)
    elif wanted.paid < due:
        shop.pay(order, wanted.paid, method, str(wanted.payment.get("transaction_id") or ""))
        shop.enter_state(order, shop.roles.partial)
    else:
        shop.enter_state(order, shop.roles.awaiting)
        shop.settle(order)
        shop.enter_state(order, shop.roles.paid)


def late_check(shop: Shop, order: Order, lines: Sequence[Line]) -> None:
    """Catch some of the lines whose room was taken meanwhile; the state never shows it."""
    for line in lines:
        rivals = [one for one in shop.busy(line.room, line.first, line.last) if one is not line]
        if len(rivals) <= shop.late_check_blind:
            continue
        line.back_order = True
        line.refunded = line.cancelled = shop.overbooking_action != KEEP_OVERBOOKED
        state = order.state
        shop.enter_state(order, shop.roles.overbooked)
        shop.enter_state(order, state)
