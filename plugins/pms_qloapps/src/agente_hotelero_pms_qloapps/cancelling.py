"""Cancelling: what it costs by the hotel's rules, and the order's state that frees the rooms.

QloApps cancels anything it is told to, even a stay that is going on, so it is looked at first; it
takes no fee and pays nothing back, which staff do.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from agente_hotelero.errors import (
    HoteleroError,
    OutcomeUnknown,
    PriceChanged,
    Rejected,
)
from agente_hotelero.stays import Cancellation, Money, Reservation, ReservationStatus

from agente_hotelero_pms_qloapps import reading, terms, wire
from agente_hotelero_pms_qloapps.offers import fingerprint
from agente_hotelero_pms_qloapps.reading import BOOKED, Booked
from agente_hotelero_pms_qloapps.shop import Shop

_HELD = "QloApps took the cancellation, but a room is still held"


async def preview(shop: Shop, reference: str) -> Cancellation:
    booked = await reading.by_reference(shop, reference)
    rules = await _rules(shop, booked)
    return _preview(shop, booked, await reading.shown(shop, booked, rules), rules)


async def cancel(shop: Shop, cancellation: Cancellation) -> Reservation:
    """One that is cancelled already is returned as it is."""
    booked = await reading.by_reference(shop, cancellation.reference)
    rules = await _rules(shop, booked)
    known = await reading.shown(shop, booked, rules)
    if known.status is ReservationStatus.CANCELLED and not booked.live:
        return known
    now = _preview(shop, booked, known, rules)
    if now.version != cancellation.version:
        raise Rejected("the reservation was changed since")
    if now.fee != cancellation.fee:
        raise PriceChanged(now)
    await shop.client.set_state(booked.id, (await shop.facts()).cancelled)
    try:
        booked = await reading.by_id(shop, booked.id)
    except HoteleroError as error:
        raise OutcomeUnknown("cancelled, but it could not be looked at") from error
    if booked.live:
        raise OutcomeUnknown(_HELD)
    return await reading.shown(shop, booked, rules)


async def cancel_order(shop: Shop, order: int) -> None:
    """Free its rooms, and make sure of it. Raises OutcomeUnknown where it is not sure."""
    await shop.client.set_state(order, (await shop.facts()).cancelled)
    try:
        rows = await shop.client.rows("room_bookings", {"filter[id_order]": order})
    except HoteleroError as error:
        raise OutcomeUnknown("cancelled, but it could not be looked at") from error
    if not all(reading.line_of(row).dead for row in rows):
        raise OutcomeUnknown(_HELD)


def check_not_begun(shop: Shop, booked: Booked, known: Reservation) -> None:
    """Raises Rejected for what is cancelled, begun or over."""
    if known.status is ReservationStatus.CANCELLED:
        raise Rejected("it is cancelled")
    if any(line.state != BOOKED for line in booked.live):
        raise Rejected("the stay has begun or is over")
    if known.stay.arrival < shop.today():
        raise Rejected("the day of arrival is past")


async def _rules(shop: Shop, booked: Booked) -> Sequence[terms.Rule]:
    hotel = await shop.hotel(str(booked.shown[0].hotel))
    return await terms.read_rules(shop.client, hotel)


def _preview(
    shop: Shop, booked: Booked, known: Reservation, rules: Sequence[terms.Rule]
) -> Cancellation:
    if known.status is ReservationStatus.CANCELLED and booked.live:
        raise Rejected("its state says cancelled, but a room is still held: staff must look")
    check_not_begun(shop, booked, known)
    held = terms.of_order(rules, booked.order)
    fee = terms.fee(held, known.stay, known.total, shop.today())
    nothing = replace(known.total, amount=wire.cents(wire.amount(0)))
    if fee is None and not booked.paid:
        fee = nothing
    paid = Money(amount=booked.paid, currency=known.total.currency)
    refund = (
        None if fee is None else replace(paid, amount=max(paid.amount - fee.amount, wire.amount(0)))
    )
    return Cancellation(
        id=fingerprint("C", [known.reference, known.version, fee]),
        reference=known.reference,
        version=known.version,
        fee=fee,
        refund=refund,
        expires_at=shop.now() + timedelta(minutes=shop.config.offer_minutes),
    )
