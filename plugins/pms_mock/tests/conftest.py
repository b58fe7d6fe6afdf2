"""A mock hotel on a database, and its clock."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from agente_hotelero import Services
from agente_hotelero.testing import SettableClock, lend
from agente_hotelero_pms_mock.adapter import MockPms
from agente_hotelero_pms_mock.config import MockConfig
from agente_hotelero_pms_mock.tables import METADATA
from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine

Make = Callable[..., MockPms]


@pytest.fixture
def clock() -> SettableClock:
    return SettableClock(datetime(2026, 11, 18, 12, tzinfo=UTC))


@pytest.fixture
async def sessions(
    database_url: str, anyio_backend: str
) -> AsyncIterator[async_sessionmaker[AsyncSession]]:
    if database_url.startswith("sqlite"):
        engine = create_async_engine(database_url.replace("sqlite:", "sqlite+aiosqlite:"))

        @event.listens_for(engine.sync_engine, "connect")
        def immediate(connection: object, _: object) -> None:
            connection.isolation_level = "IMMEDIATE"  # type: ignore[attr-defined]
            cursor = connection.cursor()  # type: ignore[attr-defined]
            cursor.execute("PRAGMA busy_timeout=30000")
            cursor.close()
    else:
        url = database_url.replace("postgresql:", "postgresql+psycopg:")
        engine = create_async_engine(url, pool_size=20)
    async with engine.begin() as connection:
        await connection.run_sync(METADATA.create_all)
    yield async_sessionmaker(engine, expire_on_commit=False)
    await engine.dispose()


@pytest.fixture
def make(sessions: async_sessionmaker[AsyncSession], clock: SettableClock) -> Make:
    held: dict[str, Services] = {}

    def made(tenant: str = "sol", config: MockConfig | None = None) -> MockPms:
        if tenant not in held:
            held[tenant] = replace(lend(tenant=tenant, clock=clock), sessions=sessions)
        return MockPms(config or MockConfig(), held[tenant])

    return made
