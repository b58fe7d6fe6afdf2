"""Guests with reservations in the mock PMS of a running agent, and its journeys, by hand."""

from __future__ import annotations

import uuid
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from agente_hotelero.stays import (
    Guest,
    Occupancy,
    OfferQuery,
    Reservation,
    ReservationDraft,
    ReservationStatus,
    Stay,
)
from agente_hotelero_pms_mock import bookings, values
from agente_hotelero_pms_mock.bookings import Place
from agente_hotelero_pms_mock.tables import Booked
from sqlalchemy import select

from tests.support.running import RunningAgent

_booked: Any = Booked.__table__.c  # type: ignore[attr-defined]


async def book(agent: Any, hotel: str, guest: Guest, arrival: date, nights: int = 2) -> Reservation:
    """As the front office does, past the agent's own record of it."""
    pms = agent.tenants[hotel].pms
    stay = Stay(arrival=arrival, departure=arrival + timedelta(days=nights))
    query = OfferQuery(property_id="1", stay=stay, occupancies=(Occupancy(adults=2),))
    offer = (await pms.adapter.search_offers(query))[0]
    key = uuid.uuid4().hex
    draft = ReservationDraft(offer=offer, guest=guest, external_ref=f"REF-{key}")
    made: Reservation = await pms.adapter.create_reservation(draft, key)
    return made


async def set_status(agent: Any, hotel: str, reference: str, status: str) -> None:
    """What the front office marks: in_house, departed, no_show, cancelled."""
    services = agent.tenants[hotel].pms.adapter.services
    place = Place(tenant=hotel, property_id="1")
    async with bookings.writing(services.sessions) as session:
        query = select(Booked).where(*place.where(), _booked.reference == reference)
        row = (await session.scalars(query)).one()
        held = values.reservation_of(row)
        changed = replace(held, status=ReservationStatus(status))
        await bookings.change(session, place, row, changed, str(values.due_of(row)))


def tick(running: RunningAgent, hotel: str = "sol") -> int:
    """One round of a hotel's journeys, and all that it sends."""
    runner = running.agent.journeys[hotel]
    sent = running.do(runner.tick())
    running.settle()
    return sent
