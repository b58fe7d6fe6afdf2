"""What the commands of the `hotelero` line do, without the line."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

from agente_hotelero._backup import ending, making, orphans, verifying
from agente_hotelero._backup.making import Made
from agente_hotelero._backup.verifying import Proved
from agente_hotelero._db import desk, repository
from agente_hotelero._db.models import Conversation, Mode
from agente_hotelero._db.session import Database, connect
from agente_hotelero._db.staff_models import StaffUser
from agente_hotelero._runtime import agent as agents
from agente_hotelero._runtime import door, letters
from agente_hotelero._runtime.doctor import Row, examine
from agente_hotelero._runtime.engine import Engine
from agente_hotelero._runtime.media_store import open_store
from agente_hotelero.config import Settings

OPERATOR = "operator"


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


async def doctor(settings: Settings) -> list[Row]:
    """What every part says of itself; nobody is answered meanwhile."""
    async with agents.running(settings, work=False) as agent:
        return [row async for row in examine(agent)]


async def conversations(
    settings: Settings, tenant: str | None, *, waiting: bool
) -> list[dict[str, Any]]:
    """Rows for staff: no words of the guest, only who and where."""
    rows: list[dict[str, Any]] = []
    async with database_of(settings) as database, database.sessions() as session:
        for name in [tenant] if tenant else settings.tenants:
            found = await repository.conversations(session, name, waiting=waiting)
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
        "attention": one.attention,
        "last_guest_at": one.last_guest_at.isoformat(),
    }


async def release(settings: Settings, conversation_id: int) -> bool:
    """Give a conversation back to the agent; False when there is none with this id."""
    async with database_of(settings) as database, database.sessions() as session, session.begin():
        for tenant in settings.tenants:
            if await repository.set_mode(session, tenant, conversation_id, Mode.AGENT, ""):
                return True
    return False


async def dead_letters(settings: Settings) -> list[dict[str, Any]]:
    """What was given up: messages of each hotel, and bodies nobody could read. No guest's words."""
    async with database_of(settings) as database, database.sessions() as session:
        rows = [
            letters.of_send(row)
            for tenant in settings.tenants
            for row in await repository.dead_sends(session, tenant)
        ]
        return rows + [letters.of_body(row) for row in await repository.dead_bodies(session)]


async def replay(settings: Settings, kind: str, number: int) -> bool:
    """Try a dead letter again; False when there is none with this number."""
    async with database_of(settings) as database:
        engine = Engine(database)
        for tenant in settings.tenants:
            if await letters.replay(database, engine, kind, number, tenant, datetime.now(UTC)):
                return True
    return False


async def inbox(settings: Settings) -> list[dict[str, Any]]:
    """Per hotel and channel: messages by state, ignored ones by reason; bodies by state."""
    rows: list[dict[str, Any]] = []
    async with database_of(settings) as database, database.sessions() as session:
        for tenant in settings.tenants:
            ignored = await repository.ignored_by_reason(session, tenant)
            for channel, numbers in (await repository.counts(session, tenant)).items():
                row = {"tenant": tenant, "channel": channel, **numbers}
                rows.append({**row, "ignored": ignored.get(channel, {})})
        for channel, numbers in (await repository.raw_counts(session)).items():
            rows.append({"tenant": "", "channel": channel, **numbers})
    return rows


async def people(settings: Settings) -> list[dict[str, Any]]:
    """Everybody who may log in, or might once."""
    async with database_of(settings) as database, database.sessions() as session:
        found = await desk.everybody(session)
    kept = {"name", "role", "tenants", "active"}
    return [one.model_dump(include=kept) for one in found]


async def add_person(
    settings: Settings, name: str, role: str, tenants: list[str], password: str
) -> None:
    """Let somebody in, or set a known person's role, hotels and password. Raises ValueError."""
    values: dict[str, Any] = {
        "password_hash": door.hashed(password),
        "role": role,
        "tenants": tenants,
        "active": True,
        "tokens_after": datetime.now(UTC),
    }
    door.check_name(name)
    async with database_of(settings) as database, database.sessions() as session, session.begin():
        if await desk.user(session, name) is None:
            now = datetime.now(UTC)
            await desk.add_user(session, StaffUser(name=name, created_at=now, **values))
        else:
            await desk.change_user(session, name, **values)


async def remove_person(settings: Settings, name: str) -> bool:
    """False when there is nobody with this name."""
    async with database_of(settings) as database, database.sessions() as session, session.begin():
        known = await desk.user(session, name) is not None
        await desk.change_user(session, name, active=False, tokens_after=datetime.now(UTC))
        return known


async def export_guest(settings: Settings, tenant: str, addresses: list[str]) -> dict[str, Any]:
    """All that core and plugins hold of a guest. Raises Rejected, and what a plugin raises."""
    async with agents.running(settings, work=False) as agent:
        return await agent.rights.export(tenant, addresses, OPERATOR)


async def files_of_guest(
    settings: Settings, exported: dict[str, Any]
) -> AsyncIterator[tuple[str, bytes]]:
    """The files that an export names and that are still kept."""
    store = open_store(settings.media_store)
    for talk in exported["conversations"]:
        for file in talk["files"]:
            if file["state"] == "stored":
                yield file["name"], await store.get(file["name"])


async def erase_guest(settings: Settings, tenant: str, addresses: list[str]) -> dict[str, Any]:
    """Forget a guest; what was taken away, by kind. Raises Rejected, and what a plugin raises."""
    async with agents.running(settings, work=False) as agent:
        return await agent.rights.erase(tenant, addresses, OPERATOR)


async def backup(settings: Settings, to: str | None) -> Made:
    async with database_of(settings):
        shelf = making.shelf_of(settings, to)
        made = await making.make(settings, shelf)
        await making.tidy(settings, shelf)
        return made


async def backups(settings: Settings, at: str | None) -> Sequence[str]:
    return await making.shelf_of(settings, at).names()


async def verify(settings: Settings, at: str | None, name: str | None) -> Proved:
    shelf = making.shelf_of(settings, at)
    name = name or await verifying.newest(shelf)
    return await ending.orderly(verifying.verify(settings, shelf, name))


async def restore(settings: Settings, source: str | None, name: str, *, replace: bool) -> str:
    """The instant whose state is back."""
    shelf = making.shelf_of(settings, source)
    return (await making.restore(settings, shelf, name, replace=replace)).made_at


async def orphans_of(settings: Settings, *, delete: bool) -> Sequence[str]:
    """Guests' files that no row names; deleted if so wished. Raises Unavailable."""
    store = open_store(settings.media_store)
    async with database_of(settings) as database:
        found = await orphans.find(settings, database, store)
    for name in found if delete else ():
        await store.delete(name)
    return found
