"""One write at a time per property, over all processes, where the PMS cannot cope with two."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from agente_hotelero.errors import Unavailable

# Fifty guests who want the last room of a slow PMS wait for one another.
WAIT_SECONDS = 60.0


class PropertyLock:
    """Within the process a lock, among processes one of PostgreSQL's, which ends with whoever holds
    it. SQLite serves one process. Only the first of a process waits in the database."""

    def __init__(self, name: str, sessions: async_sessionmaker[AsyncSession]) -> None:
        self._name = name
        self._sessions = sessions
        self._here = asyncio.Lock()

    @asynccontextmanager
    async def held(self) -> AsyncIterator[None]:
        """Raises Unavailable when the others take too long; nothing was begun then."""
        begun = time.monotonic()
        try:
            async with asyncio.timeout(WAIT_SECONDS):
                await self._here.acquire()
        except TimeoutError:
            raise Unavailable("too many bookings at once") from None
        try:
            async with self._everywhere(begun + WAIT_SECONDS - time.monotonic()):
                yield
        finally:
            self._here.release()

    @asynccontextmanager
    async def _everywhere(self, seconds: float) -> AsyncIterator[None]:
        async with self._sessions() as session:
            if session.get_bind().dialect.name != "postgresql":
                yield
                return
            await self._take(session, seconds)
            try:
                yield
            finally:
                # Its connection may be gone, and the lock with it: what was done stays done.
                with suppress(DBAPIError, OSError):
                    await session.rollback()

    async def _take(self, session: AsyncSession, seconds: float) -> None:
        wait = {"wait": f"{max(1, int(seconds * 1000))}ms"}
        await session.execute(text("SELECT set_config('lock_timeout', :wait, true)"), wait)
        take = text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))")
        try:
            await session.execute(take, {"name": self._name})
        except DBAPIError as error:
            raise Unavailable("too many bookings at once") from error
