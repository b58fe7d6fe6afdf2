"""Adapters with one flaw each, under the kit. Not collected by itself: test_pms_kit.py runs it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, ClassVar
from uuid import uuid4

import httpx
import pytest
from agente_hotelero.errors import (
    HoteleroError,
    OutcomeUnknown,
    Rejected,
    SoldOut,
    Throttled,
    Unavailable,
)
from agente_hotelero.pms import AdapterInfo, Capability
from agente_hotelero.stays import (
    Amendment,
    Cancellation,
    Changes,
    Money,
    Offer,
    OfferQuery,
    Page,
    Reservation,
    ReservationDraft,
    ReservationQuery,
    ReservationStatus,
    RoomType,
    Stay,
    StayChange,
)
from agente_hotelero.testing.pms import MakeAdapter
from agente_hotelero_pms_mock.adapter import MockPms
from pydantic import SecretStr
from sqlalchemy import Engine

from docs.tutorial import seaside
from docs.tutorial.pms_seaside import SeasideConfig, SeasidePms
from plugins.pms_mock.tests import test_conformance as mock
from tests.test_seaside_conformance import FULL, MANY, order
from tests.test_seaside_conformance import TestSeaside as SeasideKit

APRIL = Stay(arrival=date(2027, 4, 1), departure=date(2027, 4, 8))


class OtherCurrency(SeasidePms):
    async def search_offers(self, query: OfferQuery) -> Sequence[Offer]:
        offers = await super().search_offers(query)
        return [replace(one, total=replace(one.total, currency="USD")) for one in offers]


class Floats(SeasidePms):
    async def search_offers(self, query: OfferQuery) -> Sequence[Offer]:
        def wrong(money: Money) -> Money:
            return replace(money, amount=Decimal(float(money.amount) * 1.1))

        return [replace(one, total=wrong(one.total)) for one in await super().search_offers(query)]


class AnyProperty(SeasidePms):
    async def room_types(self, property_id: str, locale: str) -> Sequence[RoomType]:
        return await super().room_types("1", locale)

    async def search_offers(self, query: OfferQuery) -> Sequence[Offer]:
        return await super().search_offers(replace(query, property_id="1"))

    async def find_reservations(
        self, query: ReservationQuery, cursor: str | None = None
    ) -> Page[Reservation]:
        return await super().find_reservations(replace(query, property_id="1"), cursor)


class SwallowsErrors(SeasidePms):
    async def search_offers(self, query: OfferQuery) -> Sequence[Offer]:
        with suppress(HoteleroError):
            return await super().search_offers(query)
        return []


class PretendsToCancel(SeasidePms):
    async def cancel_reservation(self, cancellation: Cancellation, key: str) -> Reservation:
        held = await self.reservation(cancellation.reference)
        with suppress(HoteleroError):
            return await super().cancel_reservation(cancellation, key)
        return replace(held, status=ReservationStatus.CANCELLED, version="cancelled")


class TimeoutsAreHarmless(SeasidePms):
    async def create_reservation(self, draft: ReservationDraft, key: str) -> Reservation:
        try:
            return await super().create_reservation(draft, key)
        except OutcomeUnknown as error:
            raise Unavailable("it did not answer") from error


class LooksAfterwards(SeasidePms):
    async def create_reservation(self, draft: ReservationDraft, key: str) -> Reservation:
        made = await super().create_reservation(draft, key)
        rooms = {room.id: room.name for room in await self.room_types("1", "en")}
        return replace(made, room_type_name=rooms[made.room_type_id])


class ShowsSecret(SeasidePms):
    def __repr__(self) -> str:
        return f"SeasidePms({self.config.api_key.get_secret_value()})"


class LogsSecret(SeasidePms):
    async def reservation(self, reference: str) -> Reservation:
        self.services.log.debug("asking", headers=self.config.api_key.get_secret_value())
        return await super().reservation(reference)


class TellsSecret(SeasidePms):
    async def room_types(self, property_id: str, locale: str) -> Sequence[RoomType]:
        try:
            return await super().room_types(property_id, locale)
        except Unavailable as error:
            raise Unavailable(f"/rooms?key={self.config.api_key.get_secret_value()}") from error


class LogsGuest(SeasidePms):
    async def create_reservation(self, draft: ReservationDraft, key: str) -> Reservation:
        self.services.log.info("booking", contact=draft.guest.email)
        return await super().create_reservation(draft, key)


class Unsorted(SeasidePms):
    async def search_offers(self, query: OfferQuery) -> Sequence[Offer]:
        return list(reversed(await super().search_offers(query)))


class RepeatsPages(SeasidePms):
    async def find_reservations(
        self, query: ReservationQuery, cursor: str | None = None
    ) -> Page[Reservation]:
        page = await super().find_reservations(query)
        return replace(page, next_cursor=page.next_cursor if cursor != "3" else None)


class CancelsOnce(SeasidePms):
    async def cancel_reservation(self, cancellation: Cancellation, key: str) -> Reservation:
        if (await self.reservation(cancellation.reference)).status == "cancelled":
            raise Rejected("cancelled already")
        return await super().cancel_reservation(cancellation, key)


class ForgetsWaiting(SeasidePms):
    async def _call(self, method: str, path: str, **options: Any) -> Any:
        try:
            return await super()._call(method, path, **options)
        except Throttled as error:
            raise Throttled(str(error)) from error


class WillNotEnd(SeasidePms):
    async def room_types(self, property_id: str, locale: str) -> Sequence[RoomType]:
        try:
            return await super().room_types(property_id, locale)
        except asyncio.CancelledError:
            return []


class MindsCase(SeasidePms):
    async def reservation(self, reference: str) -> Reservation:
        return self._reservation(await self._call("GET", f"/bookings/{reference}"))


class TakesWordsForAPath(SeasidePms):
    async def reservation(self, reference: str) -> Reservation:
        path = f"/bookings/{reference.upper()}"
        return self._reservation(await self._call("GET", path))


class OldOffers(SeasidePms):
    async def search_offers(self, query: OfferQuery) -> Sequence[Offer]:
        past = self._now() - timedelta(minutes=1)
        return [replace(one, expires_at=past) for one in await super().search_offers(query)]


class FindsEverybody(SeasidePms):
    async def find_reservations(
        self, query: ReservationQuery, cursor: str | None = None
    ) -> Page[Reservation]:
        return await super().find_reservations(replace(query, guest_name=None), cursor)


class Boasts(SeasidePms):
    def info(self) -> AdapterInfo:
        info = super().info()
        return replace(info, capabilities=info.capabilities | Capability.REPRICE)


class Hides(SeasidePms):
    def info(self) -> AdapterInfo:
        return replace(super().info(), capabilities=Capability.CREATE)


class ReadsAreUnsure(SeasidePms):
    async def reservation(self, reference: str) -> Reservation:
        try:
            return await super().reservation(reference)
        except Unavailable as error:
            raise OutcomeUnknown("who knows") from error


class OnSeaside(SeasideKit):
    """One server for all tests, emptied for each: that is quicker."""

    flawed: ClassVar[type[SeasidePms]] = SeasidePms
    house: ClassVar[seaside.Hotel] = seaside.Hotel()
    app: ClassVar[Any] = seaside.make_app(house)

    @pytest.fixture
    def http(self) -> httpx.AsyncBaseTransport:
        self.house.bookings.clear()
        for number, room in enumerate(["sea"] * 4 + ["garden"]):
            self.house.book(order(room, FULL, f"full{number}"))
        for number in range(MANY):
            self.house.book(order("sea", APRIL, f"many{number}"))["state"] = "cancelled"
        return httpx.ASGITransport(self.app)

    @pytest.fixture
    def make_adapter(self) -> MakeAdapter:
        config = SeasideConfig(base_url="http://seaside", api_key=SecretStr(seaside.KEY))
        return lambda services: self.flawed(config, services)


class Overbooked(seaside.Hotel):
    """Its stock is looked at when rooms are shown, and not when they are sold."""

    def book(self, order: dict[str, Any]) -> dict[str, Any]:
        before = dict(self.bookings)
        if order["ref"] not in {one["ref"] for one in before.values()}:
            self.bookings.clear()
        made = super().book(order)
        if made["number"] in before and made["ref"] != before[made["number"]]["ref"]:
            made["number"] = f"SEA-{len(before) + 1:04}"
        self.bookings = {**before, made["number"]: made}
        return made


class BooksAgain(MockPms):
    async def create_reservation(self, draft: ReservationDraft, key: str) -> Reservation:
        return await super().create_reservation(draft, uuid4().hex)


class AnyVersion(MockPms):
    async def amend_reservation(self, amendment: Amendment, key: str) -> Reservation:
        now = await self.reservation(amendment.reference)
        return await super().amend_reservation(replace(amendment, version=now.version), key)


class CancelsToChange(MockPms):
    async def preview_amendment(self, reference: str, change: StayChange) -> Amendment:
        try:
            return await super().preview_amendment(reference, change)
        except HoteleroError:
            await self.cancel_reservation(await self.preview_cancellation(reference), "c")
            raise


class MissesCancellations(MockPms):
    async def poll_changes(self, property_id: str, cursor: str | None) -> Changes:
        found = await super().poll_changes(property_id, cursor)
        kept = [one for one in found.reservations if one.status == "confirmed"]
        return replace(found, reservations=kept)


class OnMock(mock.TestMockPms):
    """On SQLite, and without what a mock cannot do wrong."""

    flawed: ClassVar[type[MockPms]] = MockPms
    test_a_failure_says_what_to_do = None  # type: ignore[assignment]
    test_a_call_can_be_given_up = None  # type: ignore[assignment]
    test_no_guest_is_named_in_logs_and_errors = None  # type: ignore[assignment]

    @pytest.fixture
    def database_url(self, tmp_path: Any) -> str:
        return f"sqlite:///{tmp_path}/hotel.db"

    @pytest.fixture
    def make_adapter(self, engine: Engine) -> MakeAdapter:
        url = engine.url.set(drivername="sqlite+aiosqlite")

        def make(services: Any, fault: Any = None) -> MockPms:
            sessions = mock.sessions_on(url, mock.SESSIONS[fault])
            return self.flawed(mock.CONFIG, replace(services, sessions=sessions))

        return make


class TestGood(OnSeaside):
    pass


class TestOverbooked(OnSeaside):
    house = Overbooked()
    app = seaside.make_app(house)


FLAWS = (*SeasidePms.__subclasses__(), *MockPms.__subclasses__())


class LooksFirst(SeasidePms):
    """Its PMS sells what it has not, unless somebody looks before."""

    async def create_reservation(self, draft: ReservationDraft, key: str) -> Reservation:
        offer = draft.offer
        query = OfferQuery(property_id="1", stay=offer.stay, occupancies=offer.occupancies)
        if offer.room_type.id not in {o.room_type.id for o in await self.search_offers(query)}:
            raise SoldOut("somebody was quicker")
        return await super().create_reservation(draft, key)


class InTurn(LooksFirst):
    def info(self) -> AdapterInfo:
        return replace(super().info(), serialise=True)


class TestLooksFirst(TestOverbooked):
    flawed = LooksFirst


class TestInTurn(TestOverbooked):
    flawed = InTurn


for _flaw in FLAWS:
    _base = OnSeaside if issubclass(_flaw, SeasidePms) else OnMock
    _name = f"Test{_flaw.__name__}"
    globals()[_name] = type(_name, (_base,), {"flawed": _flaw, "__module__": __name__})
del OnSeaside, OnMock, SeasideKit
