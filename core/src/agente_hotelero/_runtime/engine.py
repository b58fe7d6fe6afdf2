"""The durable engine: DBOS Transact behind a port of our own.

Two queues: `turns`, one at a time per conversation, and `sends`, one at a time per recipient; both
in the order of the row ids, which is why `priority` is always set (SQLite's stamps are whole
seconds). Workflows have no steps: they look at our rows and end, or commit once.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
import socket
import uuid
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import IO

import structlog
from dbos import DBOS, DBOSClient, EnqueueOptions
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession

from agente_hotelero._db.session import Database
from agente_hotelero.errors import ConfigError

APPLICATION = "agente-hotelero"
# Pinned: else work queued by the last release would never be taken up by the next.
VERSION = "1"
MAX_PRIORITY = 2**31 - 1
WORKERS = 64
DRAIN_SECONDS = 10
FIRST_RETRY, LAST_RETRY = 0.5, 30.0
LOG = structlog.get_logger("engine")

Work = Callable[[int], Awaitable[None]]


class Engine:
    """Queues entries in the caller's transaction and runs them on the loop that started it."""

    running: Engine | None = None

    def __init__(self, database: Database, *, turn: Work, send: Work, poll_seconds: float) -> None:
        self.turn = turn
        self.send = send
        self._database = database
        self._poll = poll_seconds
        self._client = DBOSClient(
            system_database_engine=database.sync_engine, application_name=APPLICATION, lazy=True
        )

    async def start(self) -> None:
        """Launch, recover what a crash left, and begin to take work."""
        DBOS(
            config={
                "name": APPLICATION,
                "system_database_engine": self._database.sync_engine,
                "executor_id": _executor_id(self._database),
                "application_version": VERSION,
                "log_level": "WARNING",
                "max_executor_threads": WORKERS,
            }
        )
        Engine.running = self
        DBOS.launch()
        for name in ("turns", "sends"):
            await DBOS.register_queue_async(
                name,
                partition_concurrency=1,
                worker_concurrency=WORKERS,
                polling_interval_sec=self._poll,
                on_conflict="always_update",
            )

    async def stop(self) -> None:
        """Let what runs finish, within a grace time; the rest is taken up at the next start."""
        DBOS.destroy(workflow_completion_timeout_sec=DRAIN_SECONDS)
        Engine.running = None

    async def enqueue_turn(
        self, session: AsyncSession, conversation_id: int, event_id: int, delay: float
    ) -> None:
        """Answer a conversation once this transaction has committed; `delay` in seconds."""
        options: EnqueueOptions = {
            "workflow_name": "turn",
            "queue_name": "turns",
            "workflow_id": f"turn:{event_id}",
            "queue_partition_key": str(conversation_id),
            "priority": event_id % MAX_PRIORITY + 1,
        }
        if delay > 0:
            options["delay_seconds"] = delay
        await self._enqueue(session, options, conversation_id)

    async def enqueue_send(self, session: AsyncSession, outbox_id: int, recipient: str) -> None:
        """Send an outbox row once this transaction has committed."""
        options: EnqueueOptions = {
            "workflow_name": "send",
            "queue_name": "sends",
            "workflow_id": f"send:{outbox_id}",
            "queue_partition_key": recipient,
            "priority": outbox_id % MAX_PRIORITY + 1,
        }
        await self._enqueue(session, options, outbox_id)

    async def _enqueue(self, session: AsyncSession, options: EnqueueOptions, row_id: int) -> None:
        await session.run_sync(
            lambda inner: self._client.enqueue_in_transaction(inner, options, row_id)
        )


def _running() -> Engine:
    if Engine.running is None:
        raise RuntimeError("the engine is not running")
    return Engine.running


@DBOS.workflow(name="turn")
async def turn_workflow(conversation_id: int) -> None:
    await _insist(_running().turn, conversation_id)


@DBOS.workflow(name="send")
async def send_workflow(outbox_id: int) -> None:
    await _insist(_running().send, outbox_id)


async def _insist(work: Work, row_id: int) -> None:
    """Do the work, waiting out a database that is away: what raises is never repeated."""
    delay = FIRST_RETRY
    while True:
        try:
            return await work(row_id)
        except (SQLAlchemyError, OSError) as error:
            LOG.warning("storage_away", error=type(error).__name__, retry_in=delay)
        await asyncio.sleep(delay)
        delay = min(delay * 2, LAST_RETRY)


def _executor_id(database: Database) -> str:
    """Stable where one process owns the database, else unique among living processes."""
    if database.is_sqlite:
        return "embedded"
    return f"{socket.gethostname()}:{os.getpid()}:{uuid.uuid4().hex[:8]}"


class SoleProcess:
    """A lock beside a SQLite file: two processes under one executor id would repeat work."""

    def __init__(self, database: Path) -> None:
        self._path = database.with_name(database.name + ".lock")
        self._file: IO[str] | None = None

    def try_acquire(self) -> bool:
        file = self._path.open("w")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.close()
            return False
        self._file = file
        return True

    def acquire(self) -> None:
        """Raises ConfigError when another process holds the database."""
        if not self.try_acquire():
            raise ConfigError.at(
                "database_url",
                "another process already runs on this SQLite file",
                "one process per file, or PostgreSQL",
            )

    def release(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None
