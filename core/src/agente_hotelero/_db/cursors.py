"""How far the changes in a hotel's PMS have been read. Each query takes the tenant and uses it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from agente_hotelero._db.models import CURSOR
from agente_hotelero._db.repository import upsert


async def get(
    session: AsyncSession, tenant: str, plugin: str, property_id: str
) -> tuple[str, datetime] | None:
    """The cursor, and when it was read last; None before anything was read."""
    query = select(CURSOR.c.cursor, CURSOR.c.updated_at).where(
        CURSOR.c.tenant == tenant,
        CURSOR.c.plugin == plugin,
        CURSOR.c.property_id == property_id,
    )
    found = (await session.execute(query)).first()
    return (str(found[0]), found[1]) if found is not None else None


async def put(
    session: AsyncSession, tenant: str, plugin: str, property_id: str, cursor: str, now: datetime
) -> None:
    place = {"tenant": tenant, "plugin": plugin, "property_id": property_id}
    reached = {"cursor": cursor, "updated_at": now}
    statement = upsert(session, CURSOR).values(**place, **reached)
    await session.execute(statement.on_conflict_do_update(index_elements=list(place), set_=reached))
