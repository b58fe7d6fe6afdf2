"""The adapter before a simulated shop of each version, and before a live one where there is one.

A live shop is named by QLOAPPS_TEST_URL and QLOAPPS_TEST_KEY; the key needs the least rights alone.
"""

from __future__ import annotations

import os
import random
import uuid
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

import httpx
import pytest
from agente_hotelero.errors import HoteleroError
from agente_hotelero.stays import (
    Guest,
    Occupancy,
    Offer,
    OfferQuery,
    Reservation,
    ReservationDraft,
    Stay,
)
from agente_hotelero.testing import SettableClock, lend
from agente_hotelero_pms_qloapps.adapter import QloAppsPms
from agente_hotelero_pms_qloapps.config import QloAppsConfig
from agente_hotelero_pms_qloapps.testing import MINIMAL_KEY, Shop, create_app, demo_shop

ZONE = "Europe/Dublin"
URL, KEY = os.environ.get("QLOAPPS_TEST_URL"), os.environ.get("QLOAPPS_TEST_KEY")
COUPLE = (Occupancy(adults=2),)
Connect = Callable[..., QloAppsPms]


@dataclass(kw_only=True)
class House:
    """A hotel behind the adapter, and what a test booked there."""

    pms: QloAppsPms
    property_id: str = "1"
    old: bool = False
    booked: list[str] = field(default_factory=list)

    def stay(self, nights: int = 2) -> Stay:
        """Nights that hardly anybody has: 30 to 300 days ahead, within the booking window."""
        first = self.today() + timedelta(days=random.randint(30, 300))
        return Stay(arrival=first, departure=first + timedelta(days=nights))

    def today(self) -> date:
        services = self.pms.services
        return services.clock.now().astimezone(services.time_zone).date()

    async def offers(
        self, stay: Stay, parties: tuple[Occupancy, ...] = COUPLE, room_type: str | None = None
    ) -> list[Offer]:
        query = OfferQuery(
            property_id=self.property_id, stay=stay, occupancies=parties, room_type_id=room_type
        )
        return list(await self.pms.search_offers(query))

    async def free(self, nights: int = 2, parties: tuple[Occupancy, ...] = COUPLE) -> Offer:
        """The cheapest offer of dates on which there is one."""
        for _ in range(20):
            found = await self.offers(self.stay(nights), parties)
            if found:
                return found[0]
        pytest.skip("the hotel is full on all dates that were tried")

    async def book(
        self, offer: Offer, guest: Guest | None = None, ref: str | None = None
    ) -> Reservation:
        draft = ReservationDraft(
            offer=offer, guest=guest or somebody(), external_ref=ref or reference()
        )
        made = await self.pms.create_reservation(draft, draft.external_ref)
        self.booked.append(made.reference)
        return made

    async def fill(self, offer: Offer, *, leave: int = 0) -> Offer:
        """Book rooms of this type until so many are left; the offer as it is then."""
        while (offer.units_left or 0) > leave:
            await self.book(offer)
            found = await self.offers(offer.stay, offer.occupancies, offer.room_type.id)
            if not found:
                break
            offer = found[0]
        return offer

    async def clean(self) -> None:
        for booked in reversed(self.booked):
            try:
                await self.pms.cancel_reservation(await self.pms.preview_cancellation(booked), "x")
            except HoteleroError:
                continue


def reference() -> str:
    return f"AH-{uuid.uuid4().hex[:12].upper()}"


def somebody(name: str = "Ana García") -> Guest:
    """A guest whom no shop knows yet."""
    number = random.randint(10_000_000, 99_999_999)
    return Guest(
        name=name,
        email=f"ana.{uuid.uuid4().hex[:10]}@example.com",
        phone=f"+3538{number}",
        language="en",
    )


@pytest.fixture
def clock() -> SettableClock:
    return SettableClock(datetime.now(UTC))


@pytest.fixture
async def connect(clock: SettableClock, anyio_backend: str) -> AsyncIterator[Connect]:
    """Makes the adapter for a simulated shop."""
    opened: list[httpx.AsyncClient] = []

    def connected(
        shop: Shop, transport: httpx.AsyncBaseTransport | None = None, **settings: Any
    ) -> QloAppsPms:
        simulated = httpx.ASGITransport(app=create_app(shop))
        http = httpx.AsyncClient(transport=transport or simulated)
        opened.append(http)
        given = {"base_url": f"http://{shop.host}", "api_key": MINIMAL_KEY} | settings
        services = lend(zone=ZONE, clock=clock, http=http)
        return QloAppsPms(QloAppsConfig.model_validate(given), services)

    yield connected
    for http in opened:
        await http.aclose()


@pytest.fixture(params=["1.7.0", "1.6.1"])
def shop(request: pytest.FixtureRequest, clock: SettableClock) -> Shop:
    return demo_shop(request.param, clock=clock)


@pytest.fixture(params=["1.7.0", "1.6.1", "live"])
async def house(
    request: pytest.FixtureRequest, clock: SettableClock, connect: Connect
) -> AsyncIterator[House]:
    """Each kind of shop in turn; what a test booked is cancelled afterwards."""
    if request.param == "live":
        async for found in live(clock):
            yield found
        return
    pms = connect(demo_shop(request.param, clock=clock))
    found = House(pms=pms, old=request.param.startswith("1.6"))
    yield found
    await found.clean()


async def live(clock: SettableClock) -> AsyncIterator[House]:
    if not (URL and KEY):
        pytest.skip("no live QloApps: set QLOAPPS_TEST_URL and QLOAPPS_TEST_KEY")
    async with httpx.AsyncClient(timeout=60) as http:
        config = QloAppsConfig.model_validate({"base_url": URL, "api_key": KEY})
        pms = QloAppsPms(config, lend(zone=ZONE, clock=clock, http=http))
        first = (await pms.properties())[0]
        house = House(pms=pms, property_id=first.id)
        yield house
        await house.clean()
