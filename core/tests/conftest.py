"""A migrated database and a clock."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest
from agente_hotelero._db.migrate import migrate, owners
from agente_hotelero._db.session import Database, connect
from agente_hotelero.testing import SettableClock

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
