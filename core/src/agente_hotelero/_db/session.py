"""Engines from `DATABASE_URL`: the asynchronous one for us, the synchronous one for the engine."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, create_engine, event, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, SQLAlchemyError
from sqlalchemy.ext.asyncio import (
    AsyncEngine,
    AsyncSession,
    async_sessionmaker,
    create_async_engine,
)

from agente_hotelero.errors import ConfigError

BUSY_TIMEOUT_MS = 30_000
# Errors must not quote the rows, which hold guests' words.
QUIET: dict[str, Any] = {"hide_parameters": True}
# SQLite lets one write at a time and is not fair to those who wait: with many connections, some
# webhooks waited for more than ten seconds. The pool's own queue is fair.
FEW: dict[str, Any] = {"pool_size": 4, "max_overflow": 0, "pool_timeout": 30}
# A peer that is silent for so long is gone; the operating system would wait for many minutes.
PATIENCE = {"connect_timeout": 5, "tcp_user_timeout": 20_000}


@dataclass(frozen=True, kw_only=True)
class Database:
    """Both engines on one database, and sessions of the asynchronous one."""

    engine: AsyncEngine
    sync_engine: Engine
    sessions: async_sessionmaker[AsyncSession]

    @property
    def is_sqlite(self) -> bool:
        return self.engine.dialect.name == "sqlite"

    @property
    def path(self) -> Path | None:
        """The file of a SQLite database."""
        name = self.engine.url.database
        return Path(name) if self.is_sqlite and name else None

    async def trouble(self) -> str:
        """What is wrong with the server, in a word; empty if it answers."""
        try:
            async with self.engine.connect() as connection:
                await connection.execute(text("SELECT 1"))
        except (SQLAlchemyError, OSError) as error:
            return type(error).__name__
        return ""

    async def close(self) -> None:
        await self.engine.dispose()
        self.sync_engine.dispose()


def connect(database_url: str) -> Database:
    """Engines for a SQLite or PostgreSQL address. Raises ConfigError for any other."""
    url = _parse(database_url)
    if url.get_backend_name() == "sqlite":
        return _sqlite(url)
    options: dict[str, Any] = {"pool_size": 10, "max_overflow": 10, "pool_pre_ping": True, **QUIET}
    url = url.set(drivername="postgresql+psycopg")
    engine = create_async_engine(url, **options, connect_args=PATIENCE)
    sync_engine = create_engine(url, **options, connect_args=PATIENCE)
    return _database(engine, sync_engine)


def _parse(database_url: str) -> URL:
    try:
        url = make_url(database_url)
    except ArgumentError:
        raise ConfigError.at("database_url", "is not a database address", ALLOWED) from None
    if url.get_backend_name() not in ("sqlite", "postgresql", "postgres"):
        raise ConfigError.at("database_url", "names another kind of database", ALLOWED)
    return url


ALLOWED = "sqlite:///path, postgresql://…, postgres://…"


def _sqlite(url: URL) -> Database:
    if not url.database or url.database == ":memory:":
        raise ConfigError.at("database_url", "SQLite needs a file", "sqlite:///path")
    Path(url.database).parent.mkdir(parents=True, exist_ok=True)
    engine = create_async_engine(url.set(drivername="sqlite+aiosqlite"), **FEW, **QUIET)
    sync_engine = create_engine(url.set(drivername="sqlite"), **FEW, **QUIET)
    event.listen(engine.sync_engine, "connect", _prepare_sqlite)
    event.listen(sync_engine, "connect", _prepare_sqlite)
    return _database(engine, sync_engine)


def _prepare_sqlite(connection: Any, record: object) -> None:
    # IMMEDIATE: a transaction that writes takes the lock at its first write, so that two of them
    # wait for one another instead of failing; FULL: a commit survives a power cut.
    connection.isolation_level = "IMMEDIATE"
    cursor = connection.cursor()
    for pragma in (
        f"busy_timeout={BUSY_TIMEOUT_MS}",
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _database(engine: AsyncEngine, sync_engine: Engine) -> Database:
    sessions = async_sessionmaker(engine, expire_on_commit=False)
    return Database(engine=engine, sync_engine=sync_engine, sessions=sessions)
