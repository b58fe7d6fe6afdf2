"""Which offers a guest sees, and what is said of one. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from agente_hotelero.messages import Entity, Option, Priced, Reply
from agente_hotelero.stays import Offer


def worth_showing(
    offers: Sequence[Offer], room_type: str | None, most: int, rate: str | None = None
) -> tuple[Offer, ...]:
    """The cheapest of each room type, or every rate of the one that was asked for.

    Where a rate was asked for and is sold, only that rate.
    """
    offers = [offer for offer in offers if offer.rate_plan.id == rate] or offers
    if room_type is not None:
        return tuple(offer for offer in offers if offer.room_type.id == room_type)[:most]
    cheapest: dict[str, Offer] = {}
    for offer in sorted(offers, key=lambda offer: offer.total.amount):
        cheapest.setdefault(offer.room_type.id, offer)
    return tuple(cheapest.values())[:most]


def with_other_rates(shown: Sequence[Offer], found: Sequence[Offer]) -> tuple[Offer, ...]:
    """What is shown, then the other rates of the same rooms: named in words, they can be chosen."""
    rooms = {offer.room_type.id for offer in shown}
    return (*shown, *(one for one in found if one.room_type.id in rooms and one not in shown))


def still_valid(offers: Sequence[Offer], now: datetime) -> bool:
    return bool(offers) and all(offer.expires_at > now for offer in offers)


def options(offers: Sequence[Offer]) -> tuple[Option, ...]:
    """A button for each: its arrival where that is what differs, else its room's name, or its
    rate's where the rooms are the same."""
    if len({offer.stay for offer in offers}) > 1:
        return tuple(
            Option(
                id=f"offer:{number}",
                phrase="front_desk/option_stay",
                values={"arrival": offer.stay.arrival},
            )
            for number, offer in enumerate(offers)
        )
    rooms = {offer.room_type.id for offer in offers}
    return tuple(
        Option(
            id=f"offer:{number}",
            label=offer.room_type.name if len(rooms) == len(offers) else offer.rate_plan.name,
        )
        for number, offer in enumerate(offers)
    )


def picked(
    offers: Sequence[Offer], shown: int, choice: str | None, entities: Sequence[Entity]
) -> Offer | None:
    """The offer that was tapped or numbered, or the only one of the room and rate that were named.

    Without a rate only the first `shown` offers count, those the guest saw.
    """
    if choice is not None:
        return {f"offer:{number}": offer for number, offer in enumerate(offers)}.get(choice)
    rates = {entity.value for entity in entities if entity.type == "rate"}
    rooms = {
        room
        for entity in entities
        if entity.type == "room_type"
        for room in (entity.value, *entity.alternatives)
    }
    if not rooms and not rates:
        return None
    named = [
        offer
        for offer in (offers if rates else offers[:shown])
        if (not rooms or offer.room_type.id in rooms) and (not rates or offer.rate_plan.id in rates)
    ]
    return named[0] if len(named) == 1 else None


def described(offer: Offer) -> dict[str, object]:
    """What templates need of an offer; every amount names it as its source."""
    fee, due = offer.cancellation.fee, offer.due_at_property
    return {
        "room": offer.room_type.name,
        "details": offer.room_type.description,
        "rate": offer.rate_plan.name,
        "refundable": offer.rate_plan.refundable,
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
