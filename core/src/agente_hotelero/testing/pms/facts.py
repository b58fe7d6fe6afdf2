"""What an author tells the kit about the backend, and how a test is left out for want of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import pytest

from agente_hotelero.components import WebhookRequest
from agente_hotelero.stays import Guest, OfferQuery, ReservationQuery, StayChange

# How the reason of a skip begins; any other skip, such as for missing credentials, proves nothing.
UNDECLARED = "undeclared: "
NO_FACT = "no fact: "
NOT_HERE = "not here: "


def _zoe() -> Guest:
    return Guest(
        name="Zoë Ñandú-O'Neill",
        email="Zoe.Kit@example.com",
        phone="+541155550199",
        language="es",
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class KnownHotel:
    """Facts that the backend holds. Without one of those that may be None, tests are skipped.

    `free`: a stay for which four rooms of one kind can be sold (twelve, where nothing can be
    cancelled). `last`: a stay and room type of which exactly one unit is left. `sold_out`: nothing
    is. `refused`: a stay that is not sold at all. `change` and `guest_change`: other dates, and
    other people, for the cheapest offer of `free`; `refused_change`: what cannot be had of it.
    `reference`: a reservation that is there, for adapters that cannot create one. `foreign`: a
    reservation of another property; empty where there is none. `many`: matches more reservations
    than a page holds. `bell`: a genuine call of the webhook. `secret`: what `make_adapter` puts
    into the settings as a secret; empty where they hold none. `now`: what the lent clock says;
    None is the real time.
    """

    property_id: str
    currency: str
    free: OfferQuery
    guest: Guest = field(default_factory=_zoe)
    now: datetime | None = None
    last: OfferQuery | None = None
    sold_out: OfferQuery | None = None
    refused: OfferQuery | None = None
    change: StayChange | None = None
    guest_change: StayChange | None = None
    refused_change: StayChange | None = None
    reference: str | None = None
    foreign: str | None = None
    many: ReservationQuery | None = None
    bell: WebhookRequest | None = None
    secret: str | None = None

    def need(self, fact: str) -> Any:
        """The fact, or a visible skip."""
        value = getattr(self, fact)
        if value is None:
            pytest.skip(f"{NO_FACT}KnownHotel.{fact}")
        if value == "":
            pytest.skip(f"{NOT_HERE}there is no {fact}")
        return value
