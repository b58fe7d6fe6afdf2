"""The mock hotel keeps to the interface, on both databases."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from agente_hotelero import Services
from agente_hotelero.stays import (
    Guest,
    Money,
    Occupancy,
    OfferQuery,
    Reservation,
    ReservationQuery,
    ReservationStatus,
    Stay,
    StayChange,
)
from agente_hotelero.testing.pms import Fault, KnownHotel, MakeAdapter, PmsAdapterTests
from agente_hotelero_pms_mock.adapter import MockPms
from agente_hotelero_pms_mock.config import MockConfig
from agente_hotelero_pms_mock.tables import METADATA, Booked, Night
from agente_hotelero_pms_mock.values import content_of
from sqlalchemy import URL, Engine, NullPool, create_engine, event
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import Session

NOW = datetime(2027, 1, 15, 12, tzinfo=UTC)
CONFIG = MockConfig(page_size=3)
TWO = (Occupancy(adults=2),)
FREE = OfferQuery(
    property_id="1",
    stay=Stay(arrival=date(2027, 3, 1), departure=date(2027, 3, 4)),
    occupancies=TWO,
)
FULL = Stay(arrival=date(2027, 5, 1), departure=date(2027, 5, 3))
LATER = Stay(arrival=date(2027, 3, 2), departure=date(2027, 3, 6))
PAST = Stay(arrival=date(2027, 1, 1), departure=date(2027, 1, 3))
THREE = (Occupancy(adults=2, child_ages=(5,)),)


class RefusedSession(AsyncSession):
    """Nobody answers."""

    async def execute(self, *arguments: Any, **options: Any) -> Any:
        raise OperationalError("CONNECT", None, Exception("connection refused"))

    async def scalars(self, *arguments: Any, **options: Any) -> Any:
        raise OperationalError("CONNECT", None, Exception("connection refused"))


class SilentSession(AsyncSession):
    """What it commits is there, but nobody hears of it."""

    async def commit(self) -> None:
        await super().commit()
        raise OperationalError("COMMIT", None, Exception("no answer"))


SESSIONS = {None: AsyncSession, Fault.REFUSED: RefusedSession, Fault.LOST: SilentSession}


class TestMockPms(PmsAdapterTests):
    faults = (Fault.REFUSED, Fault.LOST)

    @pytest.fixture
    def engine(self, database_url: str) -> Iterator[Engine]:
        engine = create_engine(database_url.replace("postgresql:", "postgresql+psycopg:"))
        METADATA.create_all(engine)
        yield engine
        engine.dispose()

    @pytest.fixture
    def make_adapter(self, engine: Engine) -> MakeAdapter:
        url = engine.url.set(drivername=engine.url.drivername.replace("sqlite", "sqlite+aiosqlite"))

        def make(services: Services, fault: Fault | None = None) -> MockPms:
            sessions = sessions_on(url, SESSIONS[fault])
            return MockPms(CONFIG, replace(services, sessions=sessions))

        return make

    @pytest.fixture
    def hotel(self, engine: Engine) -> KnownHotel:
        with Session(engine) as session:
            session.add_all(sold_in_may())
            session.add_all(guest("sol", f"SOL-FULL{n}") for n in range(2, 7))
            session.add(guest("luna", "SOL-LUNA22"))
            session.commit()
        return KnownHotel(
            property_id="1",
            currency="USD",
            now=NOW,
            free=FREE,
            last=replace(FREE, room_type_id="suite"),
            sold_out=replace(FREE, stay=FULL),
            refused=replace(FREE, stay=PAST),
            change=StayChange(stay=LATER, occupancies=TWO),
            guest_change=StayChange(stay=FREE.stay, occupancies=THREE),
            refused_change=StayChange(stay=FULL, occupancies=TWO),
            foreign="SOL-LUNA22",
            many=ReservationQuery(property_id="1", arrival=FULL.arrival),
            secret="",
        )


def sessions_on(url: URL, kind: type[AsyncSession]) -> async_sessionmaker[Any]:
    engine = create_async_engine(url, poolclass=NullPool)
    if url.get_backend_name() == "sqlite":
        event.listen(engine.sync_engine, "connect", patient)
    return async_sessionmaker(engine, class_=kind, expire_on_commit=False)


def patient(connection: Any, _: object) -> None:
    connection.isolation_level = "IMMEDIATE"
    cursor = connection.cursor()
    cursor.execute("PRAGMA busy_timeout=30000")
    cursor.execute("PRAGMA synchronous=OFF")
    cursor.close()


def sold_in_may() -> Iterator[Night]:
    for room in CONFIG.rooms:
        for night in FULL.dates():
            yield Night(
                tenant="sol", property_id="1", room_type_id=room.id, night=night, sold=room.units
            )


def guest(tenant: str, reference: str) -> Booked:
    """Somebody of May."""
    total = Money(currency="USD", amount=Decimal("200.00"))
    made = Reservation(
        reference=reference,
        property_id="1",
        status=ReservationStatus.CONFIRMED,
        version="1",
        external_ref=reference,
        room_type_id="double",
        room_type_name="Double room",
        rate_plan_id="flexible",
        stay=FULL,
        occupancies=TWO,
        guest=Guest(name="Somebody"),
        total=total,
    )
    return Booked(
        tenant=tenant,
        property_id="1",
        reference=reference,
        key=uuid.uuid4().hex,
        fingerprint="",
        external_ref=reference,
        status=made.status.value,
        arrival=FULL.arrival,
        departure=FULL.departure,
        created_at=NOW,
        content=content_of(made, "0"),
    )
