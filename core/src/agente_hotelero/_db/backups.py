"""When the installation was backed up, and when a backup was last proved by restoring it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import Field

from agente_hotelero._db import staff_models
from agente_hotelero._db.models import Base, instant, table


class BackupRun(Base, table=True):
    """One backup; `restore_seconds` is how long it took to restore and migrate it, once it was."""

    __tablename__ = "backup_run"

    name: str = Field(primary_key=True)
    made_at: datetime = instant()
    size: int = Field(sa_type=BigInteger)
    verified_at: datetime | None = instant(default=None, nullable=True)
    restore_seconds: float = 0.0


CORE_METADATA = staff_models.USER.metadata
RUN = table(BackupRun)


async def made(session: AsyncSession, name: str, at: datetime, size: int) -> None:
    await session.execute(delete(RUN).where(RUN.c.name == name))
    values = {"name": name, "made_at": at, "size": size, "restore_seconds": 0.0}
    await session.execute(insert(RUN).values(**values))


async def verified(session: AsyncSession, name: str, at: datetime, seconds: float) -> None:
    """Of a backup that this database knows; of another nothing is noted."""
    query = update(RUN).where(RUN.c.name == name)
    await session.execute(query.values(verified_at=at, restore_seconds=seconds))


async def last_made(session: AsyncSession) -> BackupRun | None:
    query = select(BackupRun).order_by(RUN.c.made_at.desc()).limit(1)
    return (await session.scalars(query)).first()


async def last_verified(session: AsyncSession) -> BackupRun | None:
    """The newest of those proved, whenever that was."""
    query = select(BackupRun).where(RUN.c.verified_at.is_not(None))
    return (await session.scalars(query.order_by(RUN.c.made_at.desc()).limit(1))).first()


async def forget(session: AsyncSession, before: datetime) -> None:
    """Runs of a time of which no backup is kept, but for the newest one proved."""
    proved = await last_verified(session)
    query = delete(RUN).where(RUN.c.made_at < before)
    await session.execute(query.where(RUN.c.name != (proved.name if proved else "")))
