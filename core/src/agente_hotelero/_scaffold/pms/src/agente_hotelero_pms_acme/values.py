"""The PMS's words as the core's values, and back. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from agente_hotelero.stays import (
    Cancellation,
    CancellationTerms,
    Guest,
    Money,
    Occupancy,
    Offer,
    OfferQuery,
    Property,
    RatePlan,
    Reservation,
    ReservationDraft,
    ReservationQuery,
    ReservationStatus,
    RoomType,
    Stay,
)

from agente_hotelero_pms_acme import wire

STANDARD = RatePlan(id="standard", name="Standard")
STATES: Mapping[wire.State, ReservationStatus] = {
    "booked": ReservationStatus.CONFIRMED,
    "arrived": ReservationStatus.IN_HOUSE,
    "left": ReservationStatus.DEPARTED,
    "cancelled": ReservationStatus.CANCELLED,
    "no_show": ReservationStatus.NO_SHOW,
}


def property_of(house: wire.House) -> Property:
    return Property(
        id=house.id,
        name=house.name,
        time_zone=house.time_zone,
        currency=house.currency,
        check_in=house.check_in,
        check_out=house.check_out,
    )


def room_type_of(room: wire.Room) -> RoomType:
    return RoomType(
        id=room.id,
        name=room.name,
        description=room.description,
        max_adults=room.max_adults,
        max_guests=room.max_guests,
    )


def offer_of(found: wire.Available, query: OfferQuery, expires_at: datetime) -> Offer:
    """What is available as an offer; the total is the PMS's own, nothing is reckoned here."""
    return Offer(
        id=f"{found.room_type.id}:{query.stay.arrival}:{query.stay.departure}:{found.total}",
        property_id=query.property_id,
        room_type=room_type_of(found.room_type),
        rate_plan=STANDARD,
        stay=query.stay,
        occupancies=query.occupancies,
        total=money(found.total, found.currency),
        cancellation=terms_of(found.terms, found.currency),
        units_left=found.left,
        expires_at=expires_at,
    )


def reservation_of(booking: wire.Booking) -> Reservation:
    return Reservation(
        reference=booking.number,
        property_id=booking.property,
        status=STATES[booking.state],
        version=str(booking.version),
        external_ref=booking.external_ref,
        room_type_id=booking.room_type,
        room_type_name=booking.room_name,
        rate_plan_id=STANDARD.id,
        stay=Stay(arrival=booking.arrival, departure=booking.departure),
        occupancies=tuple(
            Occupancy(adults=party.adults, child_ages=party.child_ages) for party in booking.parties
        ),
        guest=Guest(**booking.guest.model_dump()),
        total=money(booking.total, booking.currency),
        cancellation=terms_of(booking.terms, booking.currency),
    )


def cancellation_of(told: wire.Fee, reference: str, expires_at: datetime) -> Cancellation:
    return Cancellation(
        id=f"{reference}:{told.version}",
        reference=reference,
        version=str(told.version),
        fee=money(told.fee, told.currency),
        expires_at=expires_at,
    )


def terms_of(terms: wire.Terms, currency: str) -> CancellationTerms:
    return CancellationTerms(free_until=terms.free_until, fee=money(terms.fee, currency))


def money(amount: Decimal, currency: str) -> Money:
    return Money(amount=amount, currency=currency)


def asked(stay: Stay, occupancies: Sequence[Occupancy]) -> dict[str, Any]:
    """A stay and who sleeps where, as the PMS wants to be told."""
    return {
        "arrival": stay.arrival.isoformat(),
        "departure": stay.departure.isoformat(),
        "parties": [{"adults": one.adults, "child_ages": one.child_ages} for one in occupancies],
    }


def order_of(draft: ReservationDraft) -> dict[str, Any]:
    """A booking order; with the total, so that the PMS refuses another price than was said."""
    offer, guest = draft.offer, draft.guest
    return {
        **asked(offer.stay, offer.occupancies),
        "property": offer.property_id,
        "external_ref": draft.external_ref,
        "room_type": offer.room_type.id,
        "total": str(offer.total.amount),
        "guest": {
            "name": guest.name,
            "email": guest.email,
            "phone": guest.phone,
            "language": guest.language,
        },
    }


def filters_of(query: ReservationQuery, cursor: str | None) -> Mapping[str, str]:
    """What the PMS can search by itself; `matches` does the rest."""
    filters: dict[str, str | None] = {
        "property": query.property_id,
        "external_ref": query.external_ref,
        "email": query.email,
        "arrival": query.arrival.isoformat() if query.arrival else None,
        "departure": query.departure.isoformat() if query.departure else None,
        "cursor": cursor,
    }
    return {name: value for name, value in filters.items() if value is not None}
