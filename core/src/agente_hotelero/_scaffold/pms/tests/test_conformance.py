"""What the core demands of every adapter, against the PMS that stands in for the real one."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

import httpx
import pytest
from agente_hotelero.stays import Occupancy, OfferQuery, ReservationQuery, Stay
from agente_hotelero.testing.pms import KnownHotel, MakeAdapter, PmsAdapterTests
from pydantic import SecretStr

from agente_hotelero_pms_acme.adapter import AcmePms
from agente_hotelero_pms_acme.config import AcmeConfig
from agente_hotelero_pms_acme.testing import (
    KEY,
    PAGE,
    Hotel,
    Order,
    Party,
    Person,
    make_app,
)

CONFIG = AcmeConfig(base_url="https://pms.example", api_key=SecretStr(KEY))
NOW = datetime(2026, 11, 18, 12, tzinfo=UTC)
FREE = OfferQuery(
    property_id="1",
    stay=Stay(arrival=date(2027, 3, 1), departure=date(2027, 3, 4)),
    occupancies=(Occupancy(adults=2),),
)
FULL = Stay(arrival=date(2027, 5, 1), departure=date(2027, 5, 3))
PAST = Stay(arrival=date(2026, 11, 1), departure=date(2026, 11, 3))


class TestConformance(PmsAdapterTests):
    """Each fact that is left out of `hotel` leaves tests out, and costs the grade."""

    @pytest.fixture
    def backend(self) -> Hotel:
        """Full in May; one guest has been there often; another hotel of the group has a guest."""
        hotel = Hotel(now=lambda: NOW)
        for room in hotel.rooms.values():
            for number in range(room.units):
                sell(hotel, room.id, FULL, f"{room.id}-{number}")
        for number in range(PAGE + 1):
            sell(hotel, "double", FREE.stay, f"often-{number}")["state"] = "cancelled"
        sell(hotel, "double", FREE.stay, "elsewhere").update(property="2", state="cancelled")
        return hotel

    @pytest.fixture
    def http(self, backend: Hotel) -> httpx.AsyncBaseTransport:
        return httpx.ASGITransport(make_app(backend))

    @pytest.fixture
    def make_adapter(self) -> MakeAdapter:
        return lambda services: AcmePms(CONFIG, services)

    @pytest.fixture
    def hotel(self, backend: Hotel) -> KnownHotel:
        return KnownHotel(
            property_id="1",
            currency="EUR",
            now=NOW,
            free=FREE,
            last=replace(FREE, room_type_id="family"),
            sold_out=replace(FREE, stay=FULL),
            refused=replace(FREE, stay=PAST),
            foreign=list(backend.bookings)[-1],
            many=ReservationQuery(property_id="1", arrival=FREE.stay.arrival),
            secret=KEY,
        )


def sell(hotel: Hotel, room: str, stay: Stay, ref: str) -> dict[str, object]:
    """A booking that is there before the tests begin."""
    return hotel.book(
        Order(
            property="1",
            external_ref=ref,
            room_type=room,
            arrival=stay.arrival,
            departure=stay.departure,
            parties=[Party(adults=2)],
            total=hotel.rooms[room].night * stay.nights,
            guest=Person(name="Somebody"),
        )
    )
