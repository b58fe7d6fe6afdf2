"""`PUT /api/bookings`: the body is the target state; new rooms come before old ones go."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from agente_hotelero_pms_qloapps.testing.bodies import part, whole
from agente_hotelero_pms_qloapps.testing.bookings import (
    Pick,
    add_up,
    booking_in,
    make_line,
    pick,
    served,
)
from agente_hotelero_pms_qloapps.testing.prices import charged
from agente_hotelero_pms_qloapps.testing.shop import Shop
from agente_hotelero_pms_qloapps.testing.state import Customer, Line, Order
from agente_hotelero_pms_qloapps.testing.wanted import (
    Wanted,
    WantedRoom,
    WantedStay,
    check_person,
    check_statuses,
    read,
    refused,
)

Kept = list[tuple[Line, WantedRoom]]


def change(shop: Shop, body: bytes) -> Order:
    """Bring an order to the state of the body, or refuse and leave it alone."""
    booking = booking_in(shop, body)
    order = shop.orders.get(whole(booking.get("id")))
    if order is None:
        raise refused("Booking not found.")
    guest = part(booking, "associations", "customer_detail")
    customer = customer_of(shop, guest)
    if not part(booking, "associations", "room_types"):
        raise refused("Rooms not found in the request.")
    check_statuses(booking)
    wanted = read(shop, booking)
    kept, missing = compare(shop, order, wanted)
    new = pick(shop, replace(wanted, stays=missing)) if missing else []
    unserved = any(not served(shop, line.room_type, room) for line, room in kept)
    if unserved or (missing and not new):
        raise refused("Requested room(s) not available")
    check_person(guest)
    update_customer(shop, customer, guest)
    rewrite(shop, order, kept, new)
    if wanted.remark and wanted.remark not in order.remarks:
        order.remarks.append(wanted.remark)
    book_payment(shop, order, wanted)
    set_state(shop, order, booking)
    return order


def customer_of(shop: Shop, guest: Mapping[str, Any]) -> Customer:
    """Anybody who has the e-mail, even if the booking is not his."""
    email = str(guest.get("email") or "").lower()
    mine = (one for one in shop.customers.values() if email and one.email.lower() == email)
    found = next(mine, None)
    if found is None:
        raise refused("Customer not found.")
    return found


def update_customer(shop: Shop, customer: Customer, guest: Mapping[str, Any]) -> None:
    """Overwrite what was sent; on 1.6.1 a phone that was not sent is gone."""
    customer.firstname = str(guest.get("firstname") or customer.firstname)
    customer.lastname = str(guest.get("lastname") or customer.lastname)
    if guest.get("phone") or shop.old:
        customer.phone = str(guest.get("phone") or "")
    customer.changed = shop.now()


def compare(shop: Shop, order: Order, wanted: Wanted) -> tuple[Kept, tuple[WantedStay, ...]]:
    """The lines that stay with what is wanted of them, and what is to be added."""
    left = shop.lines_of(order.id)
    kept: Kept = []
    missing: list[WantedStay] = []
    for stay in wanted.stays:
        others: list[WantedRoom] = []
        for room in stay.rooms:
            line = next((one for one in left if fits(one, stay, room)), None)
            if line is None:
                others.append(room)
            else:
                left.remove(line)
                kept.append((line, room))
        if others:
            missing.append(replace(stay, rooms=tuple(others)))
    return kept, tuple(missing)


def fits(line: Line, stay: WantedStay, room: WantedRoom) -> bool:
    same = (line.room_type, line.first, line.last) == (stay.room_type, stay.first, stay.last)
    return same and room.room in (0, line.room)


def rewrite(shop: Shop, order: Order, kept: Kept, new: list[Pick]) -> None:
    """Add, then remove; lines that stay keep guests and price but get the services sent."""
    rate = shop.currencies[order.currency].rate
    stays = {line.id for line, _ in kept}
    for line in shop.lines_of(order.id):
        if line.id not in stays:
            del shop.lines[line.id]
    for line, room in kept:
        serve(shop, line, room)
    for stay, room, chosen in new:
        make_line(shop, order, stay, room, chosen, rate=rate, new=False)
    add_up(shop, order)
    order.changed = shop.now()


def serve(shop: Shop, line: Line, room: WantedRoom) -> None:
    """Drop services that were not sent, keep those that were, add the rest."""
    have = {one.id: one for one in line.services}
    kind = shop.room_types[line.room_type]
    rate = shop.currencies[shop.orders[line.order].currency].rate
    line.services = [
        have.get(each)
        or charged(
            shop,
            kind,
            each,
            line.first,
            line.last,
            rate,
            new=False,
            tax_group=room.tax_groups.get(each),
        )
        for each in room.services
    ]


def book_payment(shop: Shop, order: Order, wanted: Wanted) -> None:
    """The difference to what is paid, if payment details came with it; those are lost."""
    if wanted.payment and wanted.paid > order.paid:
        shop.pay(order, wanted.paid - order.paid)


def set_state(shop: Shop, order: Order, booking: Mapping[str, Any]) -> None:
    """Statuses that are sent are obeyed, even if they un-pay; history only for a change."""
    status, payment = whole(booking.get("booking_status")), whole(booking.get("payment_status"))
    if not status and not payment:
        return
    roles = shop.roles
    by_payment = {1: roles.paid, 2: roles.partial}.get(payment, roles.awaiting)
    by_status = {2: roles.paid, 3: roles.canceled, 4: roles.refunded}
    state = by_status.get(status, by_payment)
    if state == roles.paid:
        shop.settle(order)
    if state != order.state:
        shop.enter_state(order, state)
