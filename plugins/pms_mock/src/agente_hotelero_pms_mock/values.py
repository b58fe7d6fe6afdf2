"""From settings and rows to the values of the interface, and back. Pure but for references."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from agente_hotelero.matching import digits, folded
from agente_hotelero.stays import (
    Image,
    Money,
    Occupancy,
    Offer,
    RatePlan,
    Reservation,
    ReservationDraft,
    ReservationStatus,
    RoomType,
    Stay,
)
from pydantic import TypeAdapter

from agente_hotelero_pms_mock.catalogue import Rate, Room, localised
from agente_hotelero_pms_mock.tables import Booked

UNAMBIGUOUS = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
_RESERVATION = TypeAdapter(Reservation)
_DRAFT = TypeAdapter(ReservationDraft)
_ORDERED: dict[str, Any] = {
    "guest": True,
    "external_ref": True,
    "offer": {
        "property_id": True,
        "room_type": {"id"},
        "rate_plan": {"id"},
        "stay": True,
        "occupancies": True,
        "total": True,
    },
}


def room_type(room: Room, locale: str) -> RoomType:
    name = localised(room.names, locale)
    return RoomType(
        id=room.id,
        name=name,
        description=localised(room.descriptions, locale),
        max_adults=room.max_adults,
        max_guests=room.max_guests,
        images=(Image(url=room.image, caption=name),) if room.image else (),
    )


def rate_plan(rate: Rate, locale: str) -> RatePlan:
    return RatePlan(
        id=rate.id,
        name=localised(rate.names, locale),
        board=rate.board,
        refundable=rate.free_days is not None,
    )


def locale_of(offer: Offer, room: Room, rate: Rate) -> str:
    """The language an offer is written in, told by its names; English if by none."""
    written = (offer.room_type.name, offer.rate_plan.name)
    languages = dict.fromkeys([*room.names, *rate.names])
    return next(
        (
            language
            for language in languages
            if (localised(room.names, language), localised(rate.names, language)) == written
        ),
        "en",
    )


def offer_id(
    tenant: str,
    property_id: str,
    room_id: str,
    rate_id: str,
    stay: Stay,
    parties: Sequence[Occupancy],
    total: Money,
) -> str:
    """The same for the same sale at the same price, and of no use to another tenant."""
    people = [f"{party.adults}+{','.join(map(str, party.child_ages))}" for party in parties]
    dates = f"{stay.arrival}/{stay.departure}"
    return token("OF", tenant, property_id, room_id, rate_id, dates, *people, total)


def token(prefix: str, *parts: object) -> str:
    """The same for the same parts."""
    text = "|".join(map(str, parts))
    return f"{prefix}-{hashlib.sha256(text.encode()).hexdigest()[:20]}"


def is_ours(offer: Offer, tenant: str) -> bool:
    """Whether the offer's id belongs to what the offer says."""
    return offer.id == offer_id(
        tenant,
        offer.property_id,
        offer.room_type.id,
        offer.rate_plan.id,
        offer.stay,
        offer.occupancies,
        offer.total,
    )


def fingerprint(draft: ReservationDraft) -> str:
    """A hash of everything that is ordered, without what a newer search may change."""
    return hashlib.sha256(_DRAFT.dump_json(draft, include=_ORDERED)).hexdigest()


def reservation_of(row: Booked) -> Reservation:
    return _RESERVATION.validate_python(
        {**row.content, "status": row.status, "version": str(row.version)}
    )


def content_of(made: Reservation, due: str) -> dict[str, Any]:
    """What a row keeps of a reservation; `due` is the amount that is paid on site."""
    kept = _RESERVATION.dump_python(made, mode="json", exclude={"status", "version"})
    return {**kept, "due": due}


def due_of(row: Booked) -> Decimal:
    """What is paid on site for the stay; nothing where an older version did not keep it."""
    return Decimal(row.content.get("due", "0"))


def row_of(
    draft: ReservationDraft, made: Reservation, key: str, *, tenant: str, at: datetime
) -> Booked:
    """The row that keeps a new reservation."""
    return Booked(
        tenant=tenant,
        property_id=made.property_id,
        reference=made.reference,
        key=key,
        fingerprint=fingerprint(draft),
        external_ref=draft.external_ref,
        status=made.status.value,
        email=same_case(draft.guest.email or ""),
        phone=digits(draft.guest.phone or ""),
        guest_name=folded(draft.guest.name),
        arrival=made.stay.arrival,
        departure=made.stay.departure,
        created_at=at,
        content=content_of(made, _amount(draft.offer.due_at_property)),
    )


def reserved(draft: ReservationDraft, offer: Offer, reference: str) -> Reservation:
    """The confirmed reservation of what is sold now."""
    return Reservation(
        reference=reference,
        property_id=offer.property_id,
        status=ReservationStatus.CONFIRMED,
        version="1",
        external_ref=draft.external_ref,
        room_type_id=offer.room_type.id,
        room_type_name=offer.room_type.name,
        rate_plan_id=offer.rate_plan.id,
        stay=offer.stay,
        occupancies=offer.occupancies,
        guest=draft.guest,
        total=offer.total,
        cancellation=offer.cancellation,
        balance=offer.total + offer.due_at_property if offer.due_at_property else offer.total,
    )


def _amount(money: Money | None) -> str:
    return str(money.amount) if money else "0"


def new_reference(prefix: str) -> str:
    """Short enough to say on the telephone, without letters that look or sound like a digit."""
    return f"{prefix}-{''.join(secrets.choice(UNAMBIGUOUS) for _ in range(6))}"


def same_case(email: str) -> str:
    return email.strip().casefold()
