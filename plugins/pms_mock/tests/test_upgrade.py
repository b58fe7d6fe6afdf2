"""Reservations of an earlier version can be searched and changed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime

import pytest
from agente_hotelero.stays import ReservationQuery, StayChange
from agente_hotelero_pms_mock.adapter import MockPms
from agente_hotelero_pms_mock.migrations.versions import (
    pms_mock_0001_initial,
    pms_mock_0002_changes,
)
from agente_hotelero_pms_mock.tables import METADATA
from alembic.migration import MigrationContext
from alembic.operations import Operations
from sqlalchemy import Connection, MetaData, Table
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

pytestmark = pytest.mark.anyio
CONTENT = {
    "reference": "SOL-OLD234",
    "property_id": "1",
    "external_ref": "AH-1",
    "room_type_id": "double",
    "room_type_name": "Double room",
    "rate_plan_id": "flexible",
    "stay": {"arrival": "2026-12-07", "departure": "2026-12-09"},
    "occupancies": [{"adults": 2, "child_ages": []}],
    "guest": {"name": "Ana", "email": None, "phone": None, "language": "es"},
    "total": {"currency": "USD", "amount": "200.00"},
    "cancellation": {"free_until": "2026-12-05T21:00:00Z", "fee": None},
}
ROW = {
    "tenant": "sol",
    "property_id": "1",
    "reference": "SOL-OLD234",
    "key": "k",
    "fingerprint": "f",
    "external_ref": "AH-1",
    "status": "confirmed",
    "version": 1,
    "email": "",
    "phone": "",
    "guest_name": "ana",
    "created_at": datetime(2026, 11, 1, tzinfo=UTC),
    "content": CONTENT,
}
NIGHTS = [
    {
        "tenant": "sol",
        "property_id": "1",
        "room_type_id": "double",
        "night": date(2026, 12, day),
        "sold": 1,
    }
    for day in (7, 8)
]


def upgrade_with_a_reservation(connection: Connection) -> None:
    METADATA.drop_all(connection)
    with Operations.context(MigrationContext.configure(connection)):
        pms_mock_0001_initial.upgrade()
        old = MetaData()
        connection.execute(
            Table("pms_mock_reservation", old, autoload_with=connection).insert(), ROW
        )
        connection.execute(Table("pms_mock_night", old, autoload_with=connection).insert(), NIGHTS)
        pms_mock_0002_changes.upgrade()


async def test_an_old_reservation_is_found_by_its_days_and_changed(
    make: Callable[..., MockPms], sessions: async_sessionmaker[AsyncSession]
) -> None:
    async with sessions() as session:
        await (await session.connection()).run_sync(upgrade_with_a_reservation)
        await session.commit()
    pms = make()
    query = ReservationQuery(property_id="1", arrival=date(2026, 12, 7))
    (found,) = (await pms.find_reservations(query)).items
    assert (found.reference, found.balance) == ("SOL-OLD234", None)
    stay = type(found.stay)(arrival=date(2026, 12, 8), departure=date(2026, 12, 10))
    change = StayChange(stay=stay, occupancies=found.occupancies)
    start = (await pms.poll_changes("1", None)).cursor
    preview = await pms.preview_amendment(found.reference, change)
    changed = await pms.amend_reservation(preview, "a")
    assert (changed.stay, changed.balance) == (stay, None)
    assert list((await pms.poll_changes("1", start)).reservations) == [changed]
