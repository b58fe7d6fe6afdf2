"""From raw bodies to events and engine entries, a batch per transaction.

Exactly one relay works at a time on a database (an advisory lock on PostgreSQL), so that rows keep
the order in which bodies came. What cannot be stored never stops the rest: a batch that fails is
taken body by body, a body that fails event by event, and what is left is kept as a dead letter.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import func, select, text, update
from sqlalchemy.exc import InterfaceError, OperationalError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncSession

from agente_hotelero._db import guests, held, journeys, repository
from agente_hotelero._db.guests import At
from agente_hotelero._db.models import RAW, EventState, InboxRaw, RawState, raw_
from agente_hotelero._db.session import Database
from agente_hotelero._runtime import announcing, failpoints, media
from agente_hotelero._runtime.accounts import release
from agente_hotelero._runtime.announcing import Announcer
from agente_hotelero._runtime.engine import Engine
from agente_hotelero._runtime.happenings import Happenings
from agente_hotelero._runtime.limiter import Limiter
from agente_hotelero._runtime.metrics import Metrics
from agente_hotelero._runtime.opting import Opting
from agente_hotelero._runtime.receipts import Receipts
from agente_hotelero._runtime.scrub import storable
from agente_hotelero._runtime.subscribers import Subscribers
from agente_hotelero.components import Clock, Ingress, Log
from agente_hotelero.events import DomainEvent
from agente_hotelero.messages import (
    DeliveryStatus,
    Ignored,
    InboundEvent,
    InboundMessage,
)

BATCH = 200
BATCH_BYTES = 8 * 1024 * 1024
EVENTS_AT_ONCE = 500
SWEEP_SECONDS = 1.0
LOCK = text("SELECT pg_advisory_xact_lock(748202)")
STORAGE_AWAY = (OperationalError, InterfaceError, PoolTimeout, OSError)


@dataclass(frozen=True, kw_only=True)
class Directory:
    """Who reads which bodies, whose account is whose, whether a hotel has a channel on, whether it
    waits for the file of a message before it answers, and which hotels have journeys."""

    ingresses: Mapping[str, Ingress[Any]]
    tenants: Mapping[tuple[str, str], str]
    on: Callable[[str, str], bool] = lambda tenant, channel: True
    waits: Callable[[str, InboundMessage], bool] = lambda tenant, message: False
    journeying: Collection[str] = ()


@dataclass(frozen=True, slots=True)
class _Read:
    """What a body turned out to hold; `error` when it, or a part of it, could not be used."""

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
        limiter: Limiter,
        guest_per_minute: int,
        announcer: Announcer,
        happenings: Happenings,
        receipts: Receipts,
        subscribers: Subscribers,
        opting: Opting,
    ) -> None:
        self._database = database
        self._engine = engine
        self._directory = directory
        self._clock = clock
        self._log = log
        self._metrics = metrics
        self._debounce = debounce
        self._limiter = limiter
        self._guest_per_minute = guest_per_minute
        self._announcer = announcer
        self._happenings = happenings
        self._receipts = receipts
        self._subscribers = subscribers
        self._opting = opting
        self._task: asyncio.Task[None] | None = None
        self._telling: set[asyncio.Task[None]] = set()

    def start(self, stored: asyncio.Event) -> None:
        self._task = asyncio.create_task(self._run(stored), name="relay")

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, *self._telling, return_exceptions=True)

    @property
    def alive(self) -> bool:
        return self._task is not None and not self._task.done()

    async def _run(self, stored: asyncio.Event) -> None:
        while True:
            stored.clear()
            try:
                while await self.run_once():
                    pass
            except STORAGE_AWAY as error:
                self._log.warning("storage_away", error=type(error).__name__)
                await asyncio.sleep(SWEEP_SECONDS)
            except Exception:
                # Whatever it is, the next bodies must not wait for it for ever.
                self._log.exception("relay_failed")
                await asyncio.sleep(SWEEP_SECONDS)
            try:
                await asyncio.wait_for(stored.wait(), SWEEP_SECONDS)
            except TimeoutError:
                continue

    async def run_once(self) -> int:
        """Relay what waits, up to a batch, and return how many bodies it took."""
        async with self._database.sessions() as session:
            raws = await _next_bodies(session)
        for group in _groups([self._read(raw) for raw in raws]):
            await self._relay(group)
        return len(raws)

    async def _relay(self, group: list[_Read]) -> None:
        """Store a group, or else each of its bodies by itself; a large body slice by slice, so
        that nobody waits for it."""
        try:
            if len(group) == 1:
                group = [await self._all_but_the_last_slice(group[0])]
            await self._commit(group)
        except STORAGE_AWAY:
            raise
        except (SQLAlchemyError, ValueError, TypeError, ArithmeticError) as error:
            if len(group) > 1:
                for read in group:
                    await self._relay([read])
            else:
                await self._piecemeal(group[0], type(error).__name__)

    async def _all_but_the_last_slice(self, read: _Read) -> _Read:
        """Commit the slices before the last, and return the last: keys make repeating harmless."""
        events = list(read.events)
        while len(events) > EVENTS_AT_ONCE:
            await self._commit([replace(read, events=events[:EVENTS_AT_ONCE])], last=False)
            events = events[EVENTS_AT_ONCE:]
        return replace(read, events=events)

    async def _piecemeal(self, read: _Read, why: str) -> None:
        """Store the events of a body one by one; the body is kept as dead for those that fail."""
        failed = 0
        for event in read.events:
            try:
                await self._commit([replace(read, events=[event])], last=False)
            except STORAGE_AWAY:
                raise
            except (SQLAlchemyError, ValueError, TypeError, ArithmeticError):
                failed += 1
        await self._commit([self._dead(read.raw, f"{failed} events cannot be stored: {why}")])

    async def _commit(self, group: Sequence[_Read], *, last: bool = True) -> None:
        """One transaction: events, engine entries, and (`last`) that these bodies are done."""
        async with self._database.sessions() as session, session.begin():
            if not self._database.is_sqlite:
                await session.execute(LOCK)
            fresh = await _still_new(session, group)
            waiting: dict[int, int] = {}
            told: list[DomainEvent] = []
            for read in fresh:
                await self._store(session, read, waiting, told)
            if last:
                await _mark(session, fresh)
            for conversation_id, event_id in waiting.items():
                await self._engine.enqueue_turn(session, conversation_id, event_id, self._debounce)
            failpoints.reached("relay.before_commit")
        failpoints.reached("relay.after_commit")
        for event in told:
            # Nobody waits for a subscriber here: the next bodies are already on their way.
            task = asyncio.create_task(self._subscribers.tell(event))
            self._telling.add(task)
            task.add_done_callback(self._telling.discard)

    def _read(self, raw: InboxRaw) -> _Read:
        ingress = self._directory.ingresses.get(raw.channel)
        if ingress is None:
            return self._dead(raw, "no such channel")
        try:
            return _Read(raw, [storable(event) for event in ingress.parse(raw.body)])
        except ValueError as error:
            return self._dead(raw, f"unreadable: {error}")
        except Exception as error:
            return self._dead(raw, f"parse raised {type(error.__cause__ or error).__name__}")

    def _dead(self, raw: InboxRaw, why: str) -> _Read:
        self._metrics.raw_dead.labels(raw.channel).inc()
        self._log.error("dead_letter", channel=raw.channel, raw_id=raw.id, reason=why)
        return _Read(raw, (), storable(why))

    async def _store(
        self,
        session: AsyncSession,
        read: _Read,
        waiting: dict[int, int],
        told: list[DomainEvent],
    ) -> None:
        """Add the events; `waiting` collects the newest new message of each conversation, `told`
        what subscribers hear afterwards."""
        for event in read.events:
            inner = event.event
            tenant = self._directory.tenants.get((read.raw.channel, event.account), "")
            reason = self._refusal(read.raw, event)
            if reason:
                await self._refuse(session, read.raw, event, reason)
            elif isinstance(inner, Ignored):
                state = EventState.IGNORED
                await self._keep(session, read.raw, event, tenant, state, inner.reason)
            elif isinstance(inner, InboundMessage) and not self._directory.on(
                tenant, read.raw.channel
            ):
                state = EventState.IGNORED
                await self._keep(session, read.raw, event, tenant, state, "switched off")
            elif isinstance(inner, InboundMessage):
                stored = await self._message(session, read.raw, event, tenant)
                if stored is not None:
                    waiting[stored[0]] = stored[1]
            else:
                heard = await self._other(session, read.raw, event, tenant)
                told += [heard] if heard else []

    def _refusal(self, raw: InboxRaw, event: InboundEvent) -> str:
        """Why an event must not count for the account it names."""
        if (raw.channel, event.account) not in self._directory.tenants:
            self._log.warning("unknown_account", channel=raw.channel, account=event.account)
            return "unknown account"
        return "" if event.account in raw.accounts else "account of another secret"

    async def _refuse(
        self, session: AsyncSession, raw: InboxRaw, event: InboundEvent, reason: str
    ) -> None:
        """Keep it for nobody, under a key that the real account's events never have."""
        kept = replace(event, key=f"refused:{event.key}")
        why = event.event.reason if isinstance(event.event, Ignored) else ""
        await self._keep(session, raw, kept, "", EventState.IGNORED, why or reason)

    async def _message(
        self, session: AsyncSession, raw: InboxRaw, event: InboundEvent, tenant: str
    ) -> tuple[int, int] | None:
        """Conversation and event id of a message that is new; None for a repeated one."""
        event_id = await self._keep(session, raw, event, tenant, EventState.WAITING, "")
        if event_id is None or not isinstance(event.event, InboundMessage):
            return None
        at = At(tenant=tenant, channel=raw.channel, account=event.account)
        found = await guests.conversation_for(session, at, event.event, self._clock.now())
        conversation_id = found.id
        if found.torn:
            why = "the guest's addresses belong to two conversations"
            await repository.call_attention(session, tenant, conversation_id, why)
        await repository.attach(session, tenant, event_id, conversation_id, event.event)
        await self._release(session, tenant, conversation_id, event_id)
        file = event.event.content.media
        if file is not None:
            now = self._clock.now()
            await media.want(self._engine, session, tenant, event_id, conversation_id, file, now)
        told = {
            "conversation": conversation_id,
            "channel": raw.channel,
            "message": event.event.id,
            "text": event.event.content.text,
        }
        await self._announcer.tell(session, tenant, announcing.MESSAGE, told)
        if await self._opting.heard(session, tenant, conversation_id, event.event):
            await repository.settle_events(
                session, tenant, [event_id], EventState.ANSWERED, "opted out or in"
            )
            return None
        if tenant in self._directory.journeying:
            said = event.event.sent_at
            await journeys.note(session, tenant, conversation_id, journeys.ANSWERED, said)
        left = event.event.for_staff
        if left:
            await repository.settle_events(session, tenant, [event_id], EventState.HUMAN, left)
            await repository.call_attention(session, tenant, conversation_id, left)
            return None
        if not await self._limiter.allow_per_minute(
            self._guest_per_minute, "guest", raw.channel, event.account, event.event.address
        ):
            await repository.settle_events(
                session, tenant, [event_id], EventState.IGNORED, "too many messages"
            )
            why = "a guest writes more than the agent answers"
            await repository.call_attention(session, tenant, conversation_id, why)
            return None
        if self._directory.waits(tenant, event.event):
            return None
        return conversation_id, event_id

    async def _release(
        self, session: AsyncSession, tenant: str, conversation_id: int, event_id: int
    ) -> None:
        """The guest wrote: what was held for him may be sent."""
        waiting = await held.of_conversation(session, tenant, conversation_id)
        open_now = [row for row in waiting if row.error == held.WINDOW]
        await release(session, self._engine, open_now, str(event_id), self._clock)

    async def _other(
        self, session: AsyncSession, raw: InboxRaw, event: InboundEvent, tenant: str
    ) -> DomainEvent | None:
        """What is no message: a receipt, or something that happened; once for each event."""
        if await self._keep(session, raw, event, tenant, EventState.DONE, "") is None:
            return None
        at = At(tenant=tenant, channel=raw.channel, account=event.account)
        if isinstance(event.event, DeliveryStatus):
            await self._receipts.take(session, at, event.event)
            return None
        return await self._happenings.take(session, at, event.event)

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


async def _next_bodies(session: AsyncSession) -> Sequence[InboxRaw]:
    """The oldest new bodies, as many as are taken into memory at once; always one."""
    query = select(raw_.id, func.length(raw_.body)).where(raw_.state == RawState.NEW)
    ids: list[int] = []
    size = 0
    for raw_id, length in await session.execute(query.order_by(raw_.id).limit(BATCH)):
        size += length
        if ids and size > BATCH_BYTES:
            break
        ids.append(raw_id)
    found = select(InboxRaw).where(raw_.id.in_(ids)).order_by(raw_.id)
    return (await session.scalars(found)).all()


def _groups(reads: Sequence[_Read]) -> Iterator[list[_Read]]:
    """Bodies together as long as their events are few; a large body alone."""
    group: list[_Read] = []
    events = 0
    for read in reads:
        if group and events + len(read.events) > EVENTS_AT_ONCE:
            yield group
            group, events = [], 0
        group.append(read)
        events += len(read.events)
    if group:
        yield group


async def _still_new(session: AsyncSession, group: Sequence[_Read]) -> list[_Read]:
    """Without the bodies that another process relayed since they were read."""
    query = select(raw_.id).where(
        raw_.id.in_([read.raw.id for read in group]), raw_.state == RawState.NEW
    )
    new = set((await session.scalars(query)).all())
    return [read for read in group if read.raw.id in new]


async def _mark(session: AsyncSession, group: Sequence[_Read]) -> None:
    """These bodies are read; those with an error are kept as dead."""
    done = [read.raw.id for read in group if not read.error]
    await session.execute(update(RAW).where(raw_.id.in_(done)).values(state=RawState.DONE))
    for read in group:
        if read.error:
            dead = update(RAW).where(raw_.id == read.raw.id)
            await session.execute(dead.values(state=RawState.DEAD, error=read.error))
