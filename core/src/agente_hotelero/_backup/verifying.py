"""A backup proved: restored into a database that is thrown away, counted, migrated, talked to."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from pydantic import SecretStr
from sqlalchemy.engine import make_url

from agente_hotelero._backup import archives, dumps, smoke, throwaway
from agente_hotelero._backup.archives import Manifest
from agente_hotelero._backup.making import check_kind, opened, stored_files, workshop
from agente_hotelero._backup.shelves import Shelf
from agente_hotelero._db import backups
from agente_hotelero._db.session import connect
from agente_hotelero._runtime import agent as agents
from agente_hotelero.config import Settings
from agente_hotelero.errors import NotFound, Rejected


@dataclass(frozen=True, kw_only=True)
class Proved:
    """A backup that was restored; `seconds` from taking it off the shelf to migrated tables."""

    name: str
    made_at: str
    rows: int
    files: int
    seconds: float
    conversations: int
    answer: str


async def newest(shelf: Shelf) -> str:
    """Raises NotFound when there is none."""
    names = await shelf.names()
    if not names:
        raise NotFound("there is no backup")
    return names[-1]


async def verify(settings: Settings, shelf: Shelf, name: str) -> Proved:
    """Raises Rejected when what is restored is not what was backed up, or does not work."""
    begun = time.monotonic()
    async with opened(settings, shelf, name) as (manifest, content):
        with _throw_away(settings) as elsewhere:
            database = connect(elsewhere.database_url.get_secret_value())
            try:
                check_kind(manifest, database)
                dump = content / archives.DATABASE
                await asyncio.to_thread(dumps.load, dump, database, replace=False)
                restored = await asyncio.to_thread(dumps.digest, database)
                wrong = archives.differences(manifest.tables, restored)
                if wrong:
                    raise Rejected(f"restored rows differ in {', '.join(wrong)}")
                plugins, _ = agents.load_plugins(elsewhere)
                await agents.migrate_all(plugins, database)
                _check_files(manifest, await stored_files(database))
                seconds = time.monotonic() - begun
            finally:
                await database.close()
            said = await smoke.talk(elsewhere)
    await _note(settings, name, seconds)
    return Proved(
        name=name,
        made_at=manifest.made_at,
        rows=sum(count for count, _ in manifest.tables.values()),
        files=len(manifest.files) - 1,
        seconds=round(seconds, 3),
        conversations=said.conversations,
        answer=said.answer,
    )


def _check_files(manifest: Manifest, stored: list[str]) -> None:
    """Raises Rejected where a file that a row names is not in the backup."""
    named = stored if manifest.named is None else set(stored) & set(manifest.named)
    missing = [one for one in named if archives.MEDIA + one not in manifest.files]
    if missing:
        raise Rejected(f"{len(missing)} files of guests are missing")


async def _note(settings: Settings, name: str, seconds: float) -> None:
    database = connect(settings.database_url.get_secret_value())
    try:
        plugins, _ = agents.load_plugins(settings)
        await agents.migrate_all(plugins, database)
        async with database.sessions() as session, session.begin():
            await backups.verified(session, name, datetime.now(UTC), seconds)
    finally:
        await database.close()


@contextmanager
def _throw_away(settings: Settings) -> Iterator[Settings]:
    """These settings on a database of their own, which reach nobody: no hotel has a channel or a
    PMS there."""
    url = make_url(settings.database_url.get_secret_value())
    with workshop() as folder:
        if url.get_backend_name() == "sqlite":
            yield _alone(settings, f"sqlite:///{folder}/agent.db", folder)
            return
        server = settings.backup_verify_url or settings.database_url
        with throwaway.database(make_url(server.get_secret_value())) as made:
            yield _alone(settings, made.render_as_string(hide_password=False), folder)


def _alone(settings: Settings, database_url: str, folder: Path) -> Settings:
    tenants = {
        name: one.model_copy(update={"channels": (), "pms": None})
        for name, one in settings.tenants.items()
    }
    changes = {
        "database_url": SecretStr(database_url),
        "redis_url": None,
        "media_store": str(folder / "media"),
        "tenants": tenants,
    }
    return settings.model_copy(update=changes)
