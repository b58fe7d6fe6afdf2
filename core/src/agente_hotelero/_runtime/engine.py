"""The durable engine: DBOS Transact behind a port of our own.

Three queues: `turns`, one at a time per conversation; `sends`, one at a time per recipient;
`later`, for what has its time. The first two keep the order of the row ids, which is why `priority`
is always set (SQLite's stamps are whole seconds). Workflows have no steps: they look at our rows
and end, or commit once.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
import socket
import time
import uuid
from collections.abc import Awaitable, Callable
from datetime import datetime
from functools import cache, partial
from pathlib import Path
from typing import IO, cast

import structlog
from dbos import DBOS, DBOSClient, EnqueueOptions
from dbos._dbos import _get_dbos_instance
from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession

from agente_hotelero._db.session import Database
from agente_hotelero._runtime.life import Life
from agente_hotelero.errors import ConfigError

APPLICATION = "agente-hotelero"
# Pinned: else work queued by the last release would never be taken up by the next.
VERSION = "1"
VERSION_SECONDS = 10.0
MAX_PRIORITY = 2**31 - 1
WORKERS = 64
# Coroutines, most of them waiting: a channel that is away must not use up the places of others.
AT_ONCE = 1000
# Coroutines too: one that waits for a stranger must not keep others from their time.
LATER, LATER_WORKERS, LATER_POLL = "later", 200, 2.0
FORGET_AT_ONCE = 10_000
DRAIN_SECONDS = 10
FIRST_RETRY, LAST_RETRY = 0.5, 30.0
LOG = structlog.get_logger("engine")

Turn = Callable[[int, int], Awaitable[None]]
Send = Callable[[int], Awaitable[None]]
Due = Callable[[str, datetime], Awaitable[None]]


class Engine:
    """Queues entries in the caller's transaction and runs them on the loop that started it."""

    running: Engine | None = None

    def __init__(
        self,
        database: Database,
        *,
        turn: Turn | None = None,
        send: Send | None = None,
        due: Due | None = None,
        poll_seconds: float = 0.1,
    ) -> None:
        """Without work to do it can only queue, as an operator's command does."""
        self.turn = turn
        self.send = send
        self.due = due
        self._life: Life | None = None
        self._database = database
        self._poll = poll_seconds
        self._client = DBOSClient(
            system_database_engine=database.sync_engine, application_name=APPLICATION, lazy=True
        )

    async def start(self) -> None:
        """Launch, recover what a crash left, and begin to take work."""
        executor = _executor_id(self._database)
        try:
            await self._launch(executor)
            await self._make_queues()
        except BaseException:
            await self.stop()
            raise
        if self._life is not None:
            self._life.watch()

    async def _launch(self, executor: str) -> None:
        if not self._database.is_sqlite:
            # Before the launch: nothing may run under this id unless its lock is held.
            self._life = Life(self._database.sync_engine.url, executor)
            await asyncio.to_thread(self._life.begin)
        DBOS(
            config={
                "name": APPLICATION,
                "system_database_engine": self._database.sync_engine,
                "executor_id": executor,
                "application_version": VERSION,
                "log_level": "WARNING",
                "max_executor_threads": WORKERS,
            }
        )
        # Workflows run on this loop, though it must not wait for the launch: on SQLite the launch
        # itself waits for whoever writes, and who writes may need this loop to commit.
        _get_dbos_instance()._background_event_loop.set_main_loop()
        Engine.running = self
        await asyncio.to_thread(DBOS.launch)

    async def _make_queues(self) -> None:
        for name in ("turns", "sends"):
            await DBOS.register_queue_async(
                name,
                partition_concurrency=1,
                worker_concurrency=AT_ONCE,
                polling_interval_sec=self._poll,
                on_conflict="always_update",
            )
        await DBOS.register_queue_async(
            LATER,
            worker_concurrency=LATER_WORKERS,
            polling_interval_sec=max(self._poll, LATER_POLL),
            on_conflict="always_update",
        )
        _read_queues_once()
        _ask_seldom_for_the_version()

    async def stop(self) -> None:
        """Let what runs finish, within a grace time; the rest is taken up by others, or at the
        next start."""
        await asyncio.to_thread(self._end)
        Engine.running = None

    def _end(self) -> None:
        """In one thread: the engine takes the loop's pool of threads with it."""
        DBOS.destroy(workflow_completion_timeout_sec=DRAIN_SECONDS)
        if self._life is not None:
            self._life.end()

    @property
    def alive(self) -> bool:
        return Engine.running is self

    async def schedule(
        self, session: AsyncSession, kind: str, key: str, at: datetime, now: datetime
    ) -> None:
        """Do `kind` for `key` at an instant, once, whatever crashes; saying it twice is saying it
        once. Scheduled with this transaction."""
        options: EnqueueOptions = {
            "workflow_name": "later",
            "queue_name": LATER,
            "workflow_id": _later_id(kind, key),
            "delay_seconds": max((at - now).total_seconds(), 0.0),
        }
        await session.run_sync(
            lambda inner: self._client.enqueue_in_transaction(
                inner, options, kind, key, at.isoformat()
            )
        )

    async def reschedule(self, kind: str, key: str, at: datetime, now: datetime) -> None:
        """Move what is scheduled and not yet begun to another instant."""
        seconds = max((at - now).total_seconds(), 0.0)
        await self._client.set_workflow_delay_async(_later_id(kind, key), delay_seconds=seconds)

    async def cancel(self, kind: str, key: str) -> None:
        """Forget what is scheduled and not yet begun."""
        await self._client.cancel_workflow_async(_later_id(kind, key))

    async def forget(self, before: datetime) -> int:
        """Delete the engine's records of work that ended before an instant."""
        ended = await self._client.list_workflows_async(
            status=["SUCCESS", "ERROR", "CANCELLED"],
            end_time=before.isoformat(),
            limit=FORGET_AT_ONCE,
            load_input=False,
            load_output=False,
        )
        ids = [one.workflow_id for one in ended]
        if ids:
            await self._client.delete_workflows_async(ids)
        return len(ids)

    async def enqueue_turn(
        self,
        session: AsyncSession,
        conversation_id: int,
        event_id: int,
        delay: float,
        again: str = "",
    ) -> None:
        """Answer a conversation once this transaction has committed; `delay` in seconds, `again`
        marks a repetition."""
        options: EnqueueOptions = {
            "workflow_name": "turn",
            "queue_name": "turns",
            "workflow_id": f"turn:{event_id}{again}",
            "queue_partition_key": str(conversation_id),
            "priority": event_id % MAX_PRIORITY + 1,
        }
        if delay > 0:
            options["delay_seconds"] = delay
        await self._enqueue(session, options, conversation_id, event_id)

    async def enqueue_send(
        self,
        session: AsyncSession,
        outbox_id: int,
        recipient: str,
        again: str = "",
        delay: float = 0.0,
    ) -> None:
        """Send an outbox row once this transaction has committed; `again` marks a repetition,
        `delay` is in seconds."""
        options: EnqueueOptions = {
            "workflow_name": "send",
            "queue_name": "sends",
            "workflow_id": f"send:{outbox_id}{again}",
            "queue_partition_key": recipient,
            "priority": outbox_id % MAX_PRIORITY + 1,
        }
        if delay > 0:
            options["delay_seconds"] = delay
        await self._enqueue(session, options, outbox_id)

    async def _enqueue(self, session: AsyncSession, options: EnqueueOptions, *ids: int) -> None:
        await session.run_sync(
            lambda inner: self._client.enqueue_in_transaction(inner, options, *ids)
        )


def _read_queues_once() -> None:
    """The engine reads each queue's definition again at every poll: a third of the statements of an
    idle process, for what never changes while it runs. There is no public way to stop it."""
    system = _get_dbos_instance()._sys_db
    vars(system)["get_queue"] = cache(system.get_queue)


def _ask_seldom_for_the_version() -> None:
    """At every poll of every queue the engine asks whether ours is the latest version: a third of
    the statements of an idle process, for what changes with a release if ever."""
    system = _get_dbos_instance()._sys_db
    ask, told, until = system._is_latest_version, True, 0.0

    def is_latest(version: str, connection: Connection | None = None) -> bool:
        nonlocal told, until
        if time.monotonic() >= until:
            told, until = ask(version, connection), time.monotonic() + VERSION_SECONDS
        return told

    vars(system)["_is_latest_version"] = is_latest


def _later_id(kind: str, key: str) -> str:
    return f"later:{kind}:{key}"


def _work(name: str) -> Callable[..., Awaitable[None]]:
    work = getattr(Engine.running, name, None)
    if work is None:
        raise RuntimeError("the engine is not running")
    return cast("Callable[..., Awaitable[None]]", work)


# Arguments may be added, with defaults, but never removed: the last release queued without them.
@DBOS.workflow(name="turn")
async def turn_workflow(conversation_id: int, event_id: int = 0) -> None:
    await _insist(partial(_work("turn"), conversation_id, event_id))


@DBOS.workflow(name="send")
async def send_workflow(outbox_id: int) -> None:
    await _insist(partial(_work("send"), outbox_id))


@DBOS.workflow(name="later")
async def later_workflow(kind: str, key: str, at: str) -> None:
    await _insist(partial(_work("due"), f"{kind}:{key}", datetime.fromisoformat(at)))


async def _insist(work: Callable[[], Awaitable[None]]) -> None:
    """Do the work, waiting out a database that is away. Nothing is raised to the engine, which
    would not repeat it, and would log it in its own way."""
    delay = FIRST_RETRY
    while True:
        try:
            return await work()
        except (SQLAlchemyError, OSError) as error:
            LOG.warning("storage_away", error=type(error).__name__, retry_in=delay)
        except Exception:
            LOG.exception("work_failed")
            return None
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
