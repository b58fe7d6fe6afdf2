"""A migrated database and a clock."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest
from agente_hotelero._db.migrate import migrate, owners
from agente_hotelero._db.session import Database, connect
from agente_hotelero._runtime.ingest import RawWriter
from agente_hotelero._runtime.relay import Relay
from agente_hotelero.testing import SettableClock

from core.tests.desks import Desk, hotel_desk
from core.tests.relays import Queue, hand_relay

NOON = datetime(2026, 11, 18, 12, tzinfo=UTC)


@pytest.fixture
def clock() -> SettableClock:
    return SettableClock(NOON)


@pytest.fixture
async def database(database_url: str, anyio_backend: str) -> AsyncIterator[Database]:
    opened = connect(database_url)
    await migrate(opened.engine, owners({}))
    yield opened
    await opened.close()


@pytest.fixture
def desk(database: Database, clock: SettableClock) -> Desk:
    return hotel_desk(database, clock)


@pytest.fixture
def queue() -> Queue:
    return Queue()


@pytest.fixture
def relay(database: Database, queue: Queue, clock: SettableClock) -> Relay:
    return hand_relay(database, queue, clock)


@pytest.fixture
async def writer(database: Database, clock: SettableClock) -> AsyncIterator[RawWriter]:
    writer = RawWriter(database.sync_engine, clock)
    writer.start()
    yield writer
    await writer.stop()
