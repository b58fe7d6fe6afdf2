"""Whether two statements of a PMS agree: the terms a guest said yes to, and what was done. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from agente_hotelero.errors import PriceChanged, SoldOut
from agente_hotelero.stays import (
    Amendment,
    Cancellation,
    Money,
    Occupancy,
    Offer,
    Reservation,
    ReservationDraft,
    ReservationStatus,
    Service,
)

CENT = Decimal("0.01")


def same_sale(one: Offer, other: Offer) -> bool:
    """The same thing for the same people and nights, at whatever price."""
    return (one.room_type.id, one.rate_plan.id, one.stay, one.occupancies) == (
        other.room_type.id,
        other.rate_plan.id,
        other.stay,
        other.occupancies,
    )


def refuse_another_sale(offer: Offer, now: Offer) -> None:
    """Raises PriceChanged. That free cancellation ends is a change too."""
    if _terms(offer) != _terms(now):
        raise PriceChanged(now)


def _terms(offer: Offer) -> object:
    return (offer.total, offer.due_at_property, offer.cancellation)


def refuse_another_amendment(asked: Amendment, now: Amendment) -> None:
    """Raises PriceChanged for another price or other terms, and for a reservation that changed
    meanwhile."""
    before = (asked.version, asked.total, asked.fee, asked.cancellation)
    if before != (now.version, now.total, now.fee, now.cancellation):
        raise PriceChanged(now)


def refuse_another_fee(asked: Cancellation, now: Cancellation) -> None:
    """Raises PriceChanged for another fee, and for a reservation that changed meanwhile."""
    if (asked.version, asked.fee, asked.refund) != (now.version, now.fee, now.refund):
        raise PriceChanged(now)


def refuse_another_price(asked: Service, now: Sequence[Service]) -> None:
    """Raises SoldOut when it is not on offer any more, PriceChanged at another price."""
    same = [one for one in now if one.id == asked.id]
    if not same:
        raise SoldOut("this service is not on offer any more")
    if same[0].price != asked.price:
        raise PriceChanged(same[0])


def is_as_amended(seen: Reservation, amendment: Amendment) -> bool:
    """Whether a reservation is what an amendment makes of it."""
    change = amendment.change
    return (
        seen.stay == change.stay
        and _people(seen.occupancies) == _people(change.occupancies)
        and _same(seen.total, amendment.total)
    )


def what_is_wrong(made: Reservation, draft: ReservationDraft, property_id: str) -> str:
    """The first thing that is not as ordered, in a word for staff; empty when all is right."""
    offer = draft.offer
    right = {
        "property": made.property_id == property_id,
        "room": made.room_type_id == offer.room_type.id,
        "stay": made.stay == offer.stay,
        "total": _same(made.total, offer.total),
        "guests": _people(made.occupancies) == _people(offer.occupancies),
        "status": made.status is ReservationStatus.CONFIRMED,
    }
    return next((what for what, is_right in right.items() if not is_right), "")


def _same(one: Money, other: Money) -> bool:
    """Equal but for a cent: systems that keep prices without tax round more than once."""
    return one.currency == other.currency and abs(one.amount - other.amount) <= CENT


def _people(occupancies: Sequence[Occupancy]) -> list[tuple[int, int]]:
    """By room. Many systems count children and forget how old they are."""
    return sorted((party.adults, len(party.child_ages)) for party in occupancies)
