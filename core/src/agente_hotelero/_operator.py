"""What the commands of the `hotelero` line do, without the line."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from sqlalchemy import func, select

from agente_hotelero._db import repository
from agente_hotelero._db.models import Conversation, Mode, RawState, raw_
from agente_hotelero._db.session import Database, connect
from agente_hotelero._runtime import agent as agents
from agente_hotelero.config import Settings


@asynccontextmanager
async def database_of(settings: Settings) -> AsyncIterator[Database]:
    """The installation's database, migrated."""
    database = connect(settings.database_url.get_secret_value())
    try:
        plugins, _ = agents.load_plugins(settings)
        await agents.migrate_all(plugins, database)
        yield database
    finally:
        await database.close()


async def migrate(settings: Settings) -> None:
    async with database_of(settings):
        return


async def conversations(
    settings: Settings, tenant: str | None, *, waiting: bool
) -> list[dict[str, Any]]:
    """Rows for staff: no words of the guest, only who and where."""
    rows: list[dict[str, Any]] = []
    async with database_of(settings) as database, database.sessions() as session:
        for name in [tenant] if tenant else settings.tenants:
            mode = Mode.HUMAN if waiting else None
            found = await repository.conversations(session, name, mode=mode)
            rows += [_row(one) for one in found]
    return rows


def _row(one: Conversation) -> dict[str, Any]:
    return {
        "id": one.id,
        "tenant": one.tenant,
        "channel": one.channel,
        "guest": one.profile_name or one.address,
        "mode": one.mode,
        "reason": one.mode_reason,
        "last_guest_at": one.last_guest_at.isoformat(),
    }


async def release(settings: Settings, conversation_id: int) -> bool:
    """Give a conversation back to the agent; False when there is none with this id."""
    async with database_of(settings) as database, database.sessions() as session, session.begin():
        for tenant in settings.tenants:
            if await repository.set_mode(session, tenant, conversation_id, Mode.AGENT, ""):
                return True
    return False


async def inbox(settings: Settings) -> list[dict[str, Any]]:
    """Counts of events and messages by state, per tenant and channel, and of dead letters."""
    rows: list[dict[str, Any]] = []
    async with database_of(settings) as database, database.sessions() as session:
        for tenant in settings.tenants:
            for channel, numbers in (await repository.counts(session, tenant)).items():
                rows.append({"tenant": tenant, "channel": channel, **numbers})
        query = select(raw_.channel, func.count()).where(raw_.state == RawState.DEAD)
        for channel, number in await session.execute(query.group_by(raw_.channel)):
            rows.append({"tenant": "", "channel": channel, "dead_letters": number})
    return rows
