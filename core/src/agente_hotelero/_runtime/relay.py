"""From raw bodies to events and engine entries, a batch per transaction.

Exactly one relay works at a time on a database (an advisory lock on PostgreSQL), so that rows keep
the order in which bodies came. One bad event never kills its siblings; a body nobody can read is
kept as a dead letter.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select, text, update
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession

from agente_hotelero._db import repository
from agente_hotelero._db.models import EventState, InboxRaw, RawState, raw_
from agente_hotelero._db.session import Database
from agente_hotelero._runtime.engine import Engine
from agente_hotelero._runtime.metrics import Metrics
from agente_hotelero.components import Clock, Ingress, Log
from agente_hotelero.messages import DeliveryStatus, Ignored, InboundEvent, InboundMessage

BATCH = 200
SWEEP_SECONDS = 0.5
LOCK = text("SELECT pg_advisory_xact_lock(748202)")


@dataclass(frozen=True, kw_only=True)
class Directory:
    """Who reads which bodies, and whose account is whose."""

    ingresses: Mapping[str, Ingress[Any]]
    tenants: Mapping[tuple[str, str], str]


@dataclass(frozen=True, slots=True)
class _Read:
    """What a body turned out to hold; `error` when nobody could read it."""

    raw: InboxRaw
    events: Sequence[InboundEvent]
    error: str = ""


class Relay:
    """Runs until stopped; woken by the writer, and by a sweep for what other processes wrote."""

    def __init__(
        self,
        database: Database,
        engine: Engine,
        directory: Directory,
        *,
        clock: Clock,
        log: Log,
        metrics: Metrics,
        debounce: float,
    ) -> None:
        self._database = database
        self._engine = engine
        self._directory = directory
        self._clock = clock
        self._log = log
        self._metrics = metrics
        self._debounce = debounce
        self._task: asyncio.Task[None] | None = None

    def start(self, stored: asyncio.Event) -> None:
        self._task = asyncio.create_task(self._run(stored), name="relay")

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self, stored: asyncio.Event) -> None:
        while True:
            stored.clear()
            try:
                while await self.run_once() == BATCH:
                    pass
            except SQLAlchemyError as error:
                self._log.exception("relay_failed", error=type(error).__name__)
                await asyncio.sleep(SWEEP_SECONDS)
            try:
                await asyncio.wait_for(stored.wait(), SWEEP_SECONDS)
            except TimeoutError:
                continue

    async def run_once(self) -> int:
        """Relay one batch and return how many bodies it took."""
        async with self._database.sessions() as session, session.begin():
            if not self._database.is_sqlite:
                await session.execute(LOCK)
            query = select(InboxRaw).where(raw_.state == RawState.NEW)
            raws = (await session.scalars(query.order_by(raw_.id).limit(BATCH))).all()
            waiting: dict[int, int] = {}
            for raw in raws:
                read = self._read(raw)
                await self._store(session, read, waiting)
                await _mark(session, read)
            for conversation_id, event_id in waiting.items():
                await self._engine.enqueue_turn(session, conversation_id, event_id, self._debounce)
        return len(raws)

    def _read(self, raw: InboxRaw) -> _Read:
        ingress = self._directory.ingresses.get(raw.channel)
        if ingress is None:
            return self._dead(raw, "no such channel")
        try:
            return _Read(raw, ingress.parse(raw.body))
        except ValueError as error:
            return self._dead(raw, f"unreadable: {error}")
        except Exception as error:
            self._log.exception("plugin_bug", plugin=raw.channel, operation="parse")
            return self._dead(raw, f"parse raised {type(error).__name__}")

    def _dead(self, raw: InboxRaw, why: str) -> _Read:
        self._metrics.raw_dead.labels(raw.channel).inc()
        self._log.error("dead_letter", channel=raw.channel, raw_id=raw.id, reason=why)
        return _Read(raw, (), why)

    async def _store(self, session: AsyncSession, read: _Read, waiting: dict[int, int]) -> None:
        """Add the events; `waiting` collects the newest new message of each conversation."""
        for event in read.events:
            reason = self._refusal(read.raw, event)
            tenant = self._directory.tenants.get((read.raw.channel, event.account), "")
            if reason:
                await self._keep(session, read.raw, event, tenant, EventState.IGNORED, reason)
            elif isinstance(event.event, InboundMessage):
                stored = await self._message(session, read.raw, event, tenant)
                if stored is not None:
                    waiting[stored[0]] = stored[1]
            elif isinstance(event.event, DeliveryStatus):
                await self._status(session, read.raw, event, tenant)

    def _refusal(self, raw: InboxRaw, event: InboundEvent) -> str:
        if isinstance(event.event, Ignored):
            return event.event.reason
        if (raw.channel, event.account) not in self._directory.tenants:
            self._log.warning("unknown_account", channel=raw.channel, account=event.account)
            return "unknown account"
        return "" if event.account in raw.accounts else "account of another secret"

    async def _message(
        self, session: AsyncSession, raw: InboxRaw, event: InboundEvent, tenant: str
    ) -> tuple[int, int] | None:
        """Conversation and event id of a message that is new; None for a repeated one."""
        event_id = await self._keep(session, raw, event, tenant, EventState.WAITING, "")
        if event_id is None or not isinstance(event.event, InboundMessage):
            return None
        conversation_id = await repository.conversation_for(
            session, tenant, raw.channel, event.account, event.event, self._clock.now()
        )
        await repository.attach(session, tenant, event_id, conversation_id, event.event)
        return conversation_id, event_id

    async def _status(
        self, session: AsyncSession, raw: InboxRaw, event: InboundEvent, tenant: str
    ) -> None:
        event_id = await self._keep(session, raw, event, tenant, EventState.DONE, "")
        if event_id is not None and isinstance(event.event, DeliveryStatus):
            await repository.apply_status(
                session, tenant, raw.channel, event.account, event.event, self._clock.now()
            )

    async def _keep(
        self,
        session: AsyncSession,
        raw: InboxRaw,
        event: InboundEvent,
        tenant: str,
        state: EventState,
        reason: str,
    ) -> int | None:
        event_id = await repository.add_event(
            session, raw, event, tenant=tenant, state=state, reason=reason
        )
        outcome = "repeated" if event_id is None else str(state)
        self._metrics.events.labels(raw.channel, outcome).inc()
        return event_id


async def _mark(session: AsyncSession, read: _Read) -> None:
    state = RawState.DEAD if read.error else RawState.DONE
    statement = update(InboxRaw).where(raw_.id == read.raw.id)
    await session.execute(statement.values(state=state, error=read.error))
