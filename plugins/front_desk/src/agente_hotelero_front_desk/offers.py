"""Which offers a guest sees, and what is said of one. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from agente_hotelero.messages import Entity, Option, Priced, Reply
from agente_hotelero.stays import Offer


def worth_showing(offers: Sequence[Offer], room_type: str | None, most: int) -> tuple[Offer, ...]:
    """The cheapest of each room type, or every rate of the one that was asked for."""
    if room_type is not None:
        return tuple(offer for offer in offers if offer.room_type.id == room_type)[:most]
    cheapest: dict[str, Offer] = {}
    for offer in sorted(offers, key=lambda offer: offer.total.amount):
        cheapest.setdefault(offer.room_type.id, offer)
    return tuple(cheapest.values())[:most]


def still_valid(offers: Sequence[Offer], now: datetime) -> tuple[Offer, ...]:
    return tuple(offer for offer in offers if offer.expires_at > now)


def options(offers: Sequence[Offer]) -> tuple[Option, ...]:
    """A button for each: its room's name, or its rate's where the rooms are the same."""
    rooms = {offer.room_type.id for offer in offers}
    return tuple(
        Option(
            id=f"offer:{number}",
            label=offer.room_type.name if len(rooms) == len(offers) else offer.rate_plan.name,
        )
        for number, offer in enumerate(offers)
    )


def picked(offers: Sequence[Offer], choice: str | None, entities: Sequence[Entity]) -> Offer | None:
    """The offer that was tapped, numbered or named by its room."""
    if choice is not None:
        return {f"offer:{number}": offer for number, offer in enumerate(offers)}.get(choice)
    rooms = {
        room
        for entity in entities
        if entity.type == "room_type"
        for room in (entity.value, *entity.alternatives)
    }
    named = [offer for offer in offers if offer.room_type.id in rooms]
    return named[0] if len(named) == 1 else None


def same_sale(offers: Sequence[Offer], wanted: Offer) -> Offer | None:
    """The offer of the same room and rate in a newer search."""
    for offer in offers:
        if (offer.room_type.id, offer.rate_plan.id) == (wanted.room_type.id, wanted.rate_plan.id):
            return offer
    return None


def described(offer: Offer) -> dict[str, object]:
    """What templates need of an offer; every amount names it as its source."""
    fee, due = offer.cancellation.fee, offer.due_at_property
    return {
        "room": offer.room_type.name,
        "details": offer.room_type.description,
        "rate": offer.rate_plan.name,
        "nights": offer.stay.nights,
        "arrival": offer.stay.arrival,
        "departure": offer.stay.departure,
        "adults": sum(party.adults for party in offer.occupancies),
        "children": sum(len(party.child_ages) for party in offer.occupancies),
        "total": Priced(source_id=offer.id, money=offer.total),
        "taxes": [
            {
                "name": tax.name,
                "amount": Priced(source_id=offer.id, money=tax.amount),
                "included": tax.included,
            }
            for tax in offer.taxes
        ],
        "due": Priced(source_id=offer.id, money=due) if due else None,
        "free_until": offer.cancellation.free_until,
        "fee": Priced(source_id=offer.id, money=fee) if fee else None,
        "units_left": offer.units_left,
    }


def card(offer: Offer) -> Reply:
    """An offer with its photo."""
    images = offer.room_type.images
    return Reply(
        template="front_desk/offer", values=described(offer), image=images[0] if images else None
    )
