"""The stays that come nearest to one that is full: as long, for the same people, some days off."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

from agente_hotelero import HandlerRequest
from agente_hotelero.errors import Rejected, TemporaryError
from agente_hotelero.stays import Offer, OfferQuery, Stay

# Days off, nearest first; the second round is asked for only where the first finds too little.
ROUNDS = ((1, -1, 2, -2), (3, -3, 7, -7))


async def stays(request: HandlerRequest, full: OfferQuery, most: int) -> tuple[Offer, ...]:
    """The cheapest offer of each of the nearest stays, nearest first; empty when none is found,
    or when the PMS does not answer any more."""
    found: list[Offer] = []
    for days in ROUNDS:
        answers = await asyncio.gather(*(_cheapest(request, full, shift) for shift in days))
        found += [offer for offer in answers if offer is not None]
        if len(found) >= most:
            break
    return tuple(found[:most])


async def _cheapest(request: HandlerRequest, full: OfferQuery, days: int) -> Offer | None:
    shift = timedelta(days=days)
    stay = Stay(arrival=full.stay.arrival + shift, departure=full.stay.departure + shift)
    if stay.arrival < request.now.date():
        return None
    try:
        offers = await request.pms.search_offers(replace(full, stay=stay, room_type_id=None))
    except (Rejected, TemporaryError):
        return None
    return min(offers, key=lambda offer: offer.total.amount, default=None)
