"""One turn: what waits in a conversation is read, decided, rendered and committed at once.

Nothing before the commit has an effect outside but writes to the PMS, which are recorded by key;
so a crash before the commit repeats the thinking and a crash after it does nothing.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import structlog
from pydantic import TypeAdapter
from sqlalchemy import insert
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession

from agente_hotelero._db import repository
from agente_hotelero._db.models import Conversation, EventState, Mode, Outbox, OutboxState, outbox_
from agente_hotelero._db.session import Database
from agente_hotelero._runtime import rendering, state
from agente_hotelero._runtime.conversation import Outcome, Talk, converse
from agente_hotelero._runtime.engine import Engine
from agente_hotelero._runtime.metrics import Metrics
from agente_hotelero._runtime.rendering import Bubble
from agente_hotelero._runtime.templates import Renderer
from agente_hotelero._runtime.tenants import Tenant
from agente_hotelero.components import Clock, Log
from agente_hotelero.errors import HoteleroError
from agente_hotelero.events import DomainEvent, HandoverRequested, Subscription
from agente_hotelero.messages import InboundMessage

_BUBBLE = TypeAdapter(Bubble)
Waiting = Sequence[tuple[int, InboundMessage]]


@dataclass(kw_only=True)
class TurnRunner:
    """Runs turns for all tenants; `tenants` is filled before the engine starts."""

    database: Database
    renderer: Renderer
    clock: Clock
    log: Log
    metrics: Metrics
    stale_after: timedelta
    tenants: Mapping[str, Tenant]
    subscriptions: Sequence[Subscription[Any]] = ()
    engine: Engine | None = None

    async def run(self, conversation_id: int) -> None:
        """Answer what waits in a conversation; nothing, if that was already done."""
        async with self.database.sessions() as session:
            conversation = await repository.conversation_by_id(session, conversation_id)
            if conversation is None or conversation.tenant not in self.tenants:
                self.log.error("turn_without_tenant", conversation_id=conversation_id)
                return
            tenant = self.tenants[conversation.tenant]
            waiting = await repository.waiting_events(session, tenant.id, conversation_id)
        with structlog.contextvars.bound_contextvars(
            tenant=tenant.id, conversation_id=conversation_id
        ):
            fresh = await self._without_stale(tenant, conversation, waiting)
            if fresh:
                await self._answer(tenant, conversation, fresh)

    async def _without_stale(
        self, tenant: Tenant, conversation: Conversation, waiting: Waiting
    ) -> Waiting:
        """What may be answered; the rest is left to people."""
        if conversation.mode == Mode.HUMAN:
            await self._settle(tenant, [key for key, _ in waiting], EventState.HUMAN)
            return []
        oldest = self.clock.now() - self.stale_after
        stale = [key for key, message in waiting if message.sent_at < oldest]
        if stale:
            self.log.warning("stale_messages", count=len(stale))
            await self._settle(tenant, stale, EventState.STALE)
        return [item for item in waiting if item[0] not in stale]

    async def _settle(self, tenant: Tenant, ids: Sequence[int], to: EventState) -> None:
        if ids:
            async with self.database.sessions() as session, session.begin():
                await repository.settle_events(session, tenant.id, ids, to)
            self.metrics.turns.labels(str(to)).inc()

    async def _answer(self, tenant: Tenant, conversation: Conversation, fresh: Waiting) -> None:
        started = time.perf_counter()
        messages = [message for _, message in fresh]
        await self._acknowledge(tenant, conversation, messages[-1])
        try:
            outcome = await converse(self._talk(tenant, conversation, messages))
            bubbles = self._bubbles(tenant, conversation, outcome)
        except (SQLAlchemyError, OSError):
            raise
        except Exception as error:
            self.log.exception("turn_failed", error=type(error).__name__)
            await self._give_to_staff(tenant, conversation, fresh, type(error).__name__)
            return
        if await self._commit(tenant, conversation, fresh, outcome, bubbles):
            kind = "choice" if messages[-1].content.choice else "text"
            seconds = time.perf_counter() - started
            self.metrics.turn_latency.labels(kind).observe(seconds)
            self.metrics.turns.labels("answered").inc()
            acts = [act for bubble in bubbles for act in bubble.acts]
            self.log.info("answered", acts=acts, seconds=round(seconds, 3))
            await self._publish(tenant, conversation, outcome)

    def _talk(
        self, tenant: Tenant, conversation: Conversation, messages: list[InboundMessage]
    ) -> Talk:
        return Talk(
            tenant=tenant,
            renderer=self.renderer,
            now=self.clock.now().astimezone(tenant.settings.zone),
            state=state.parse(conversation.state),
            language=conversation.language,
            messages=messages,
            profile_name=conversation.profile_name,
            phone=conversation.phone,
        )

    def _bubbles(
        self, tenant: Tenant, conversation: Conversation, outcome: Outcome
    ) -> list[Bubble]:
        channel, _ = tenant.channels[conversation.channel, conversation.account]
        return rendering.render(
            outcome.replies,
            self.renderer,
            language=outcome.language,
            zone=tenant.settings.zone,
            can=rendering.Abilities.of(channel),
        )

    async def _acknowledge(
        self, tenant: Tenant, conversation: Conversation, message: InboundMessage
    ) -> None:
        """A courtesy: a failure here must not cost the answer."""
        channel, guard = tenant.channels[conversation.channel, conversation.account]
        try:
            await guard.call("seen", lambda: channel.seen(message.id))
        except HoteleroError as error:
            self.log.info("read_receipt_failed", error=type(error).__name__)

    async def _commit(
        self,
        tenant: Tenant,
        conversation: Conversation,
        fresh: Waiting,
        outcome: Outcome,
        bubbles: Sequence[Bubble],
    ) -> bool:
        """State, history, outbox and engine entries together; False if another turn was first."""
        ids = [key for key, _ in fresh]
        async with self.database.sessions() as session, session.begin() as transaction:
            settled = await repository.settle_events(session, tenant.id, ids, EventState.ANSWERED)
            saved = settled and await repository.save_dialogue(
                session,
                conversation,
                state=state.dump(outcome.state),
                language=outcome.language,
                mode=Mode.HUMAN if outcome.handover else Mode.AGENT,
                reason=outcome.handover.reason if outcome.handover else "",
            )
            if not saved:
                await transaction.rollback()
                return False
            for bubble in bubbles:
                await self._put_in_outbox(session, conversation, bubble)
        return True

    async def _put_in_outbox(
        self, session: AsyncSession, conversation: Conversation, bubble: Bubble
    ) -> None:
        now = self.clock.now()
        content = _BUBBLE.dump_python(bubble, mode="json")
        acts, amounts = content.pop("acts"), content.pop("amounts")
        inserted = await session.execute(
            insert(Outbox)
            .values(
                tenant=conversation.tenant,
                conversation_id=conversation.id,
                channel=conversation.channel,
                account=conversation.account,
                address=conversation.address,
                content=content,
                acts=acts,
                amounts=amounts,
                state=OutboxState.QUEUED,
                attempts=0,
                error="",
                created_at=now,
                updated_at=now,
            )
            .returning(outbox_.id)
        )
        outbox_id = int(inserted.scalar_one())
        await repository.add_line(
            session,
            conversation.tenant,
            int(conversation.id or 0),
            "out",
            bubble.text,
            content,
            now,
            outbox_id,
        )
        if self.engine is None:
            raise RuntimeError("the engine is not connected")
        recipient = f"{conversation.channel}:{conversation.account}:{conversation.id}"
        await self.engine.enqueue_send(session, outbox_id, recipient)

    async def _give_to_staff(
        self, tenant: Tenant, conversation: Conversation, fresh: Waiting, why: str
    ) -> None:
        """Our own failure: the guest is told a person will answer, and one is called."""
        focus = state.parse(conversation.state)
        language = conversation.language or tenant.hotel.languages[0]
        outcome = Outcome.apology(focus, language, tenant.hotel.name, why)
        try:
            bubbles = self._bubbles(tenant, conversation, outcome)
        except HoteleroError as error:
            self.log.exception("no_words_left", error=type(error).__name__)
            bubbles = []
        self.metrics.turns.labels("failed").inc()
        if await self._commit(tenant, conversation, fresh, outcome, bubbles):
            await self._publish(tenant, conversation, outcome)

    async def _publish(self, tenant: Tenant, conversation: Conversation, outcome: Outcome) -> None:
        events = list(outcome.events)
        if outcome.handover:
            events.append(HandoverRequested(reason=outcome.handover.reason))
        for event in events:
            marked = replace(event, tenant=tenant.id, conversation_id=int(conversation.id or 0))
            for subscription in self.subscriptions:
                if isinstance(marked, subscription.event):
                    await self._tell(subscription, marked)

    async def _tell(self, subscription: Subscription[Any], event: DomainEvent) -> None:
        try:
            await subscription.receive(event)
        except Exception:
            self.log.exception("subscriber_failed", subject=type(event).__name__)
