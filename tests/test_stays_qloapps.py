"""Whole stays in a QloApps shop: what its front desk does decides what guests get."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from agente_hotelero._db.session import Database
from agente_hotelero._runtime.guarded_pms import GuardedPms
from agente_hotelero._runtime.ingest import RawWriter
from agente_hotelero._runtime.pms_changes import Reader
from agente_hotelero.errors import TemporaryError
from agente_hotelero.stays import (
    Guest,
    Occupancy,
    OfferQuery,
    Reservation,
    ReservationDraft,
    Stay,
)
from agente_hotelero.testing import SettableClock, lend
from agente_hotelero_pms_qloapps.adapter import QloAppsPms
from agente_hotelero_pms_qloapps.config import QloAppsConfig
from agente_hotelero_pms_qloapps.testing import MINIMAL_KEY, Shop, create_app, demo_shop

from core.tests.conftest import database
from core.tests.inns import REVIEW, ZONE, Inn, inn_of
from core.tests.parts import NOBODY, accounts_of
from tests.support.guarded import guarded_pms

__all__ = ["database"]
pytestmark = pytest.mark.anyio
EVA = Guest(name="Eva Ruiz", email="eva@example.com", phone="+56911110009", language="en")
ARRIVAL = date(2026, 12, 1)
ASKED = ("mail", "eva@example.com", "Eva, how was Hotel Sol?")
JOURNEYS: dict[str, Any] = {
    "confirmed": {"trigger": "booked", "template": "core/booking_confirmation"},
    "pre_arrival": {"trigger": "arrival", "offset_hours": -24, "template": "core/pre_arrival"},
}


@dataclass
class Line(httpx.AsyncBaseTransport):
    """The way to the shop, which may be cut."""

    shop: Shop
    cut: bool = False

    def __post_init__(self) -> None:
        self._inner = httpx.ASGITransport(app=create_app(self.shop))

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if self.cut:
            raise httpx.ConnectError("the shop does not answer")
        return await self._inner.handle_async_request(request)


@dataclass(kw_only=True)
class House:
    """A shop, the adapter before it, and the hotel's journeys."""

    shop: Shop
    pms: GuardedPms
    inn: Inn
    reader: Reader
    line: Line

    async def book(self, nights: int = 2) -> Reservation:
        stay = Stay(arrival=ARRIVAL, departure=ARRIVAL + timedelta(days=nights))
        asked = OfferQuery(property_id="1", stay=stay, occupancies=(Occupancy(adults=2),))
        offer = (await self.pms.adapter.search_offers(asked))[0]
        draft = ReservationDraft(offer=offer, guest=EVA, external_ref="AH-1")
        made: Reservation = await self.pms.adapter.create_reservation(draft, "AH-1")
        return made

    def prolong(self, nights: int) -> None:
        for line in self.shop.lines_of(self._order):
            line.last += timedelta(days=nights)
        self._stamp()

    async def cancel(self, made: Reservation) -> None:
        preview = await self.pms.adapter.preview_cancellation(made.reference)
        await self.pms.adapter.cancel_reservation(preview, "k")

    def check_in(self) -> None:
        self.shop.check_in(self._order)
        self._stamp()

    def check_out(self) -> None:
        self.shop.check_out(self._order)
        self._stamp()

    @property
    def _order(self) -> int:
        (order,) = self.shop.orders
        return order

    def _stamp(self) -> None:
        """As QloApps does to a line that is checked in or out."""
        for line in self.shop.lines_of(self._order):
            line.changed = self.shop.now()

    async def until(self, local: str, *, reads: bool = True) -> None:
        """Hour after hour by day: the shop's changes, if they are read, and a round."""
        end = datetime.fromisoformat(local).replace(tzinfo=ZONE)
        while (now := self.inn.clock.now()) < end:
            if 9 <= now.astimezone(ZONE).hour < 19:
                if reads:
                    await self.reader.run()
                await self.inn.tick()
            self.inn.clock.advance(hours=1)

    def told(self) -> list[str]:
        """The first lines of what was sent."""
        return [one.text.split("\n")[0] for one in self.inn.mail.sent]


@pytest.fixture
def clock() -> SettableClock:
    return SettableClock(datetime(2026, 11, 25, 9, tzinfo=ZONE))


@pytest.fixture
def database_url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/agent.db"


@pytest.fixture
def version() -> str:
    return "1.7.0"


@pytest.fixture
async def house(version: str, database: Database, clock: SettableClock) -> AsyncIterator[House]:
    """Nothing is booked yet, and the shop's changes were read once."""
    shop = demo_shop(version, clock=clock)
    shop.zone = "America/Santiago"
    writer = RawWriter(database.sync_engine, clock)
    line = Line(shop)
    async with httpx.AsyncClient(transport=line) as http:
        services = replace(
            lend(zone="America/Santiago", clock=clock, http=http), sessions=database.sessions
        )
        config = QloAppsConfig.model_validate(
            {"base_url": f"http://{shop.host}", "api_key": MINIMAL_KEY}
        )
        pms = guarded_pms("pms_qloapps", QloAppsPms(config, services), services)
        inn = inn_of(database, clock, REVIEW, writer=writer, pms=pms, journeys=JOURNEYS)
        engine: Any = inn.queue
        reader = Reader(
            tenant="sol",
            pms=pms,
            database=database,
            announcer=accounts_of(database, engine, clock, {}).announcer,
            subscribers=NOBODY,
            clock=clock,
            mirror=inn.runner.mirror,
        )
        made = House(shop=shop, pms=pms, inn=inn, reader=reader, line=line)
        await made.until("2026-11-25T10:00")
        yield made


@pytest.mark.parametrize("version", ["1.7.0", "1.6.1"])
async def test_a_stay_from_the_booking_to_the_review(house: House) -> None:
    await house.book()
    await house.until("2026-12-01T17:00")
    house.check_in()
    await house.until("2026-12-03T10:00")
    house.check_out()
    await house.until("2026-12-04T10:00")
    confirmed, before = house.told()
    assert confirmed.startswith("Hello, Eva. Your reservation ")
    assert before.startswith("Hello, Eva. We expect you at Hotel Sol on Tue, Dec 1, 2026")
    await house.until("2026-12-05T12:00")
    assert house.inn.heard()[2:] == [ASKED]


async def test_who_left_early_is_asked_early(house: House) -> None:
    await house.book(nights=5)
    await house.until("2026-12-01T17:00")
    house.check_in()
    await house.until("2026-12-02T12:00")
    house.check_out()
    await house.until("2026-12-03T12:00")
    assert ASKED not in house.inn.heard()
    await house.until("2026-12-03T14:00")
    assert house.inn.heard()[-1] == ASKED


async def test_who_cancelled_gets_nothing_more(house: House) -> None:
    made = await house.book()
    await house.until("2026-11-29T12:00")
    await house.cancel(made)
    await house.until("2026-12-12T12:00")
    assert len(house.told()) == 1


async def test_a_stay_that_was_prolonged_is_asked_about_when_it_is_over(house: House) -> None:
    await house.book()
    await house.until("2026-12-02T12:00")
    house.prolong(3)
    await house.until("2026-12-07T09:00")
    assert ASKED not in house.inn.heard()
    await house.until("2026-12-07T14:00")
    assert house.inn.heard()[-1] == ASKED


@pytest.mark.parametrize("what", ["prolong", "check_in"])
async def test_who_is_still_there_is_seen_when_the_reservation_is_read_again(
    house: House, what: str
) -> None:
    """The shop's changes are not read, and nobody looks: the reading before a message is left."""
    await house.book()
    await house.until("2026-12-04T09:00")
    before = len(house.inn.heard())
    house.inn.runner.looked_at = house.inn.clock.now() + timedelta(days=9)
    house.prolong(4) if what == "prolong" else house.check_in()
    await house.until("2026-12-05T18:00", reads=False)
    assert house.inn.heard()[before:] == []


async def test_who_cancelled_just_now_is_seen_when_the_reservation_is_read_again(
    house: House,
) -> None:
    made = await house.book()
    await house.until("2026-11-30T09:00")
    house.inn.runner.looked_at = house.inn.clock.now() + timedelta(days=9)
    await house.cancel(made)
    await house.until("2026-11-30T19:00", reads=False)
    assert len(house.told()) == 1


async def test_a_shop_that_is_away_delays_and_loses_nothing(house: House) -> None:
    await house.book()
    await house.until("2026-12-04T10:00")
    before = len(house.inn.heard())
    house.line.cut = True
    while house.inn.clock.now() < datetime(2026, 12, 4, 16, tzinfo=ZONE):
        with suppress(TemporaryError):
            await house.inn.tick()
        house.inn.clock.advance(hours=1)
    assert len(house.inn.heard()) == before
    house.line.cut = False
    await house.until("2026-12-04T18:00")
    assert house.inn.heard()[before:] == [ASKED]
