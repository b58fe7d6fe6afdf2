"""What one process at a time may do, over all processes: a session lock of PostgreSQL for each.

All of a process are on one connection of its own, and end with it. SQLite serves one process.
"""

from __future__ import annotations

import asyncio

import structlog
from sqlalchemy import Executable, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine
from sqlalchemy.pool import NullPool

from agente_hotelero._db.session import PATIENCE, QUIET, Database

TAKE = text("SELECT pg_try_advisory_lock(hashtextextended(:name, 0))")
FREE = text("SELECT pg_advisory_unlock(hashtextextended(:name, 0))")
LOOK = text("SELECT 1")
LOG = structlog.get_logger("agent")


class Leases:
    """Named leases. Whoever holds one looks now and then whether he still does."""

    def __init__(self, database: Database) -> None:
        self._sole = database.is_sqlite
        self._url = database.engine.url
        self._connection: AsyncConnection | None = None
        self._lock = asyncio.Lock()
        self._held: set[str] = set()

    async def take(self, name: str) -> bool:
        """Whether it is ours now; never waits for whoever holds it."""
        if not self._sole and not await self._ask(TAKE, name):
            return False
        self._held.add(name)
        return True

    async def keeps(self, name: str) -> bool:
        """Whether it is still ours. All end with the connection: then others may have them."""
        if not self._sole and name in self._held:
            await self._ask(LOOK)
        return name in self._held

    async def free(self, name: str) -> None:
        """Somebody else may have it."""
        if name in self._held:
            self._held.discard(name)
            if not self._sole:
                await self._ask(FREE, name)

    async def close(self) -> None:
        async with self._lock:
            await self._drop()

    async def _ask(self, what: Executable, name: str = "") -> bool:
        """The database's answer; False while it is away."""
        async with self._lock:
            try:
                if self._connection is None:
                    self._connection = await self._connect()
                given = {"name": name} if name else {}
                return bool((await self._connection.execute(what, given)).scalar())
            except (SQLAlchemyError, OSError) as error:
                LOG.warning("leases_lost", error=type(error).__name__, held=len(self._held))
                await self._drop()
                return False

    async def _connect(self) -> AsyncConnection:
        engine = create_async_engine(
            self._url,
            poolclass=NullPool,
            isolation_level="AUTOCOMMIT",
            connect_args=PATIENCE,
            **QUIET,
        )
        return await engine.connect()

    async def _drop(self) -> None:
        self._held.clear()
        connection, self._connection = self._connection, None
        if connection is None:
            return
        try:
            await connection.close()
        except (SQLAlchemyError, OSError) as error:
            LOG.info("lease_connection_gone", error=type(error).__name__)
