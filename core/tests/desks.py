"""A hotel whose turns and sends are driven by hand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import structlog
from agente_hotelero._db import guests, repository
from agente_hotelero._db.guests import At
from agente_hotelero._db.models import (
    Conversation,
    EventState,
    InboxRaw,
    Outbox,
    RawState,
    event_,
)
from agente_hotelero._db.session import Database
from agente_hotelero._runtime.announcing import Announcer
from agente_hotelero._runtime.guard import Guard
from agente_hotelero._runtime.live import Live
from agente_hotelero._runtime.metrics import Metrics
from agente_hotelero._runtime.sender import Sender
from agente_hotelero._runtime.subscribers import Subscribers
from agente_hotelero._runtime.templates import Renderer
from agente_hotelero._runtime.tenants import Tenant
from agente_hotelero._runtime.turn import TurnRunner
from agente_hotelero.components import PluginConfig
from agente_hotelero.config import Settings, TenantSettings
from agente_hotelero.dialogue import Hotel
from agente_hotelero.events import (
    DomainEvent,
    HandoverRequested,
    ReplySent,
    Subscription,
)
from agente_hotelero.messages import (
    DeliveryState,
    DeliveryStatus,
    InboundEvent,
    InboundMessage,
)
from agente_hotelero.testing import SettableClock, lend
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from core.tests.fakes import Asker, FakeChannel, FakeIngress, FakeNlp, body, event
from core.tests.parts import sender_of

WORDS = {
    "fake/en/question": "Yes or no?",
    "fake/en/answered": "Thank you.",
    "fake/en/unclear": "Pardon?",
    "core/en/trouble": "A person of {{ hotel }} will answer.",
}


@dataclass
class Queue:
    """Stands for the engine: keeps what would be sent."""

    sends: list[int] = field(default_factory=list)
    delays: list[float] = field(default_factory=list)
    fail: bool = False

    async def enqueue_send(
        self,
        session: AsyncSession,
        outbox_id: int,
        recipient: str,
        again: str = "",
        delay: float = 0.0,
    ) -> None:
        if self.fail:
            raise OSError("disk full")
        self.sends.append(outbox_id)
        self.delays.append(delay)


@dataclass(kw_only=True)
class Desk:
    """One hotel with its turn runner and sender, driven by hand."""

    database: Database
    clock: SettableClock
    queue: Queue
    channel: FakeChannel
    turns: TurnRunner
    sender: Sender
    events: list[Any]

    async def receive(self, text: str, key: str, **content: Any) -> int:
        """Store a message as the relay would, and return its conversation."""
        (parsed,) = FakeIngress([]).parse(body(event(key, text, **content)))
        message = parsed.event
        assert isinstance(message, InboundMessage)
        async with self.database.sessions() as session, session.begin():
            raw = await self.body(session, RawState.DONE)
            event_id = await repository.add_event(
                session, raw, parsed, tenant="sol", state=EventState.WAITING, reason=""
            )
            at = At(tenant="sol", channel="fake", account="sol")
            found = await guests.conversation_for(session, at, message, self.clock.now())
            await repository.attach(session, "sol", int(event_id or 0), found.id, message)
        return found.id

    async def early(self, provider_id: str, state: DeliveryState) -> None:
        """A status of a message whose id nobody here knows yet, stored as the relay would."""
        word, now = str(state), self.clock.now()
        status = DeliveryStatus(provider_id=provider_id, state=state, at=now)
        event = InboundEvent(account="sol", key=f"{provider_id}:{word}", event=status)
        async with self.database.sessions() as session, session.begin():
            raw = await self.body(session, RawState.DONE)
            await repository.add_event(
                session, raw, event, tenant="sol", state=EventState.DONE, reason=""
            )

    async def body(self, session: AsyncSession, state: RawState) -> InboxRaw:
        """A body as the webhook stored it."""
        now = self.clock.now()
        raw = InboxRaw(channel="fake", accounts=["sol"], body=b"", received_at=now, state=state)
        session.add(raw)
        await session.flush()
        return raw

    async def say(self, text: str, key: str, **content: Any) -> str:
        """One message, one turn; what would be sent."""
        conversation = await self.receive(text, key, **content)
        before = len(self.queue.sends)
        await self.turns.run(conversation)
        rows = [await self.row(outbox_id) for outbox_id in self.queue.sends[before:]]
        return " | ".join(str(row.content["text"]) for row in rows)

    async def row(self, outbox_id: int) -> Outbox:
        async with self.database.sessions() as session:
            row = await repository.outbox_row(session, outbox_id)
            assert row is not None
            return row

    async def states(self) -> Sequence[str]:
        async with self.database.sessions() as session:
            return (await session.scalars(select(event_.state).order_by(event_.id))).all()

    async def conversation(self) -> Conversation:
        async with self.database.sessions() as session:
            return (await session.scalars(select(Conversation))).one()


def hotel_desk(database: Database, clock: SettableClock) -> Desk:
    """A hotel of one asker, one fake channel and no PMS."""
    services = replace(lend(clock=clock), sessions=database.sessions)
    log, config = structlog.get_logger(), PluginConfig()
    wall = Guard("fake", log, timeout=2, concurrency=8)
    channel = FakeChannel(config, services, "sol")
    settings = TenantSettings(name="Hotel Sol", languages=("en",))
    hotel = Hotel(tenant="sol", name="Hotel Sol", languages=("en",), property_id="1")
    tenant = Tenant(id="sol", settings=settings, hotel=hotel)
    tenant.nlp.append((FakeNlp(config, services), wall))
    tenant.handlers[Asker.name] = (Asker(config, services), wall)
    tenant.owners.update(dict.fromkeys(Asker.intents, Asker.name))
    tenant.channels["fake", "sol"] = (channel, wall)
    queue, seen = Queue(), []

    async def note(one: DomainEvent) -> None:
        seen.append(one)

    engine: Any = queue
    announcer = Announcer(engine=engine, clock=clock, wanted=lambda tenant: frozenset())
    subscribers = Subscribers(
        subscriptions=[
            (Subscription(event=HandoverRequested, receive=note), wall),
            (Subscription(event=ReplySent, receive=note), wall),
        ],
        log=log,
    )
    turns = TurnRunner(
        database=database,
        live=Live(Settings(tenants={"sol": settings}), database, Renderer(WORDS), log),
        clock=clock,
        log=log,
        metrics=Metrics(),
        stale_after=timedelta(hours=1),
        tenants={"sol": tenant},
        subscribers=subscribers,
        announcer=announcer,
        engine=engine,
    )
    sender = sender_of(database, queue, {"sol": tenant}, clock, subscribers)
    return Desk(
        database=database,
        clock=clock,
        queue=queue,
        channel=channel,
        turns=turns,
        sender=sender,
        events=seen,
    )


async def queued(desk: Desk, key: str = "") -> int:
    """The number of a message that waits to be sent."""
    await desk.say("ask", key or f"{len(desk.queue.sends)}")
    return desk.queue.sends[-1]
