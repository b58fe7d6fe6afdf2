"""The adapter of the tutorial keeps to the interface."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

import httpx
import pytest
from agente_hotelero.stays import Occupancy, OfferQuery, ReservationQuery, Stay
from agente_hotelero.testing.pms import KnownHotel, MakeAdapter, PmsAdapterTests
from pydantic import SecretStr

from docs.tutorial.pms_seaside import SeasideConfig, SeasidePms
from docs.tutorial.seaside import KEY, Hotel, make_app

FREE = OfferQuery(
    property_id="1",
    stay=Stay(arrival=date(2027, 3, 1), departure=date(2027, 3, 4)),
    occupancies=(Occupancy(adults=2),),
)
FULL = Stay(arrival=date(2027, 5, 1), departure=date(2027, 5, 3))
LONG = Stay(arrival=date(2027, 6, 1), departure=date(2027, 8, 1))
MANY = 45


class TestSeaside(PmsAdapterTests):
    @pytest.fixture
    def http(self) -> httpx.AsyncBaseTransport:
        """A hotel that is full in May, and has had many guests in one week of April."""
        hotel = Hotel()
        full = [order("sea", FULL, f"full{n}") for n in range(4)] + [order("garden", FULL, "full")]
        for booking in full:
            hotel.book(booking)
        week = Stay(arrival=date(2027, 4, 1), departure=date(2027, 4, 8))
        for number in range(MANY):
            hotel.book(order("sea", week, f"many{number}"))["state"] = "cancelled"
        return httpx.ASGITransport(make_app(hotel))

    @pytest.fixture
    def make_adapter(self) -> MakeAdapter:
        config = SeasideConfig(base_url="http://seaside", api_key=SecretStr(KEY))
        return lambda services: SeasidePms(config, services)

    @pytest.fixture
    def hotel(self) -> KnownHotel:
        return KnownHotel(
            property_id="1",
            currency="EUR",
            now=datetime(2027, 1, 15, 12, tzinfo=UTC),
            free=FREE,
            last=replace(FREE, room_type_id="garden"),
            sold_out=replace(FREE, stay=FULL),
            refused=replace(FREE, stay=LONG),
            foreign="",
            many=ReservationQuery(property_id="1", arrival=date(2027, 4, 1)),
            secret=KEY,
        )


def order(room: str, stay: Stay, ref: str) -> dict[str, object]:
    return {
        "ref": ref,
        "room": room,
        "arrival": stay.arrival.isoformat(),
        "departure": stay.departure.isoformat(),
        "adults": 2,
        "child_ages": [],
        "guest": "Somebody",
        "email": "",
        "phone": "",
    }
