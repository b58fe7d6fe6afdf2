"""One turn: what waits in a conversation is read, decided, rendered and committed at once.

Nothing before the commit has an effect outside but writes to the PMS, which are recorded by key;
so a crash before the commit repeats the thinking and a crash after it does nothing.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import partial

import structlog
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession

from agente_hotelero._db import desk, repository
from agente_hotelero._db import heard as heard_rows
from agente_hotelero._db.models import Conversation, EventState, Mode
from agente_hotelero._db.repository import Waiting
from agente_hotelero._db.session import Database
from agente_hotelero._runtime import (
    announcing,
    failpoints,
    heard,
    outgoing,
    rendering,
    state,
    tracing,
)
from agente_hotelero._runtime.announcing import Announcer
from agente_hotelero._runtime.conversation import Outcome, Talk, converse
from agente_hotelero._runtime.engine import Engine
from agente_hotelero._runtime.listening import Ears
from agente_hotelero._runtime.live import Live
from agente_hotelero._runtime.metrics import Metrics
from agente_hotelero._runtime.proactive.mirror import Mirror
from agente_hotelero._runtime.rendering import Bubble
from agente_hotelero._runtime.speaking import Mouth
from agente_hotelero._runtime.state import State
from agente_hotelero._runtime.subscribers import Subscribers
from agente_hotelero._runtime.tenants import Tenant
from agente_hotelero.components import Clock, Log
from agente_hotelero.errors import HoteleroError, Throttled
from agente_hotelero.events import (
    HandoverRequested,
    ReservationCancelled,
    ReservationChanged,
    ReservationMade,
)
from agente_hotelero.messages import InboundMessage, Reply
from agente_hotelero.speech import Transcript

Messages = Sequence[Waiting]
LONGEST_WAIT = timedelta(seconds=6)
TRIES = 5
LONGEST_LAG, LAG_POLL = 30.0, 0.2
SEEN_SECONDS = 3.0
# How long a note may wait to be heard, and how soon it is tried again.
LONGEST_UNHEARD, SOON = timedelta(minutes=5), 5.0


@dataclass(kw_only=True)
class TurnRunner:
    """Runs turns for all tenants; `tenants` is filled before the engine starts."""

    database: Database
    live: Live
    clock: Clock
    log: Log
    metrics: Metrics
    stale_after: timedelta
    debounce: timedelta = timedelta()
    tenants: Mapping[str, Tenant]
    subscribers: Subscribers
    announcer: Announcer
    mirrors: Mapping[str, Mirror] = field(default_factory=dict)
    engine: Engine | None = None
    ears: Ears | None = None
    mouth: Mouth | None = None

    async def run(self, conversation_id: int, event_id: int = 0) -> None:
        """Answer what waits in a conversation; nothing, if that was already done.

        `event_id` is the message for which this turn was queued: while a newer one is still
        fresh, its own turn will answer both. Raises only what a later try may cure.
        """
        try:
            for _ in range(TRIES):
                if await self._once(conversation_id, event_id):
                    return
        except (SQLAlchemyError, OSError):
            raise
        except Exception:
            self.log.exception("turn_broke", conversation_id=conversation_id)
            await self._leave_all(conversation_id)
        else:
            self.log.error("turn_never_first", conversation_id=conversation_id)

    async def _leave_all(self, conversation_id: int) -> None:
        """Our own failure, before anything could be decided: people answer what waits."""
        async with self.database.sessions() as session, session.begin():
            found = await repository.conversation_by_id(session, conversation_id)
            if found is not None:
                why = "the agent failed: please answer"
                await repository.leave_waiting(session, found.tenant, conversation_id)
                await repository.call_attention(session, found.tenant, conversation_id, why)
        self.metrics.turns.labels("failed").inc()

    async def _once(self, conversation_id: int, event_id: int) -> bool:
        """One try; False when somebody else changed the conversation meanwhile."""
        conversation, waiting = await self._read(conversation_id)
        if conversation is None or conversation.tenant not in self.tenants:
            self.log.error("turn_without_tenant", conversation_id=conversation_id)
            return True
        tenant = self.tenants[conversation.tenant]
        if not waiting or self._more_to_come(waiting, event_id):
            return True
        trace = waiting[-1].trace
        with (
            structlog.contextvars.bound_contextvars(
                tenant=tenant.id, conversation_id=conversation_id, trace=trace
            ),
            tracing.span("turn", trace, tenant=tenant.id, conversation_id=conversation_id),
        ):
            try:
                waiting = await self._hear(tenant, conversation, waiting)
            except Throttled as busy:
                return await self._hear_later(tenant, conversation, waiting, busy)
            if conversation.mode == Mode.HUMAN:
                return await self._leave(conversation, waiting, EventState.HUMAN)
            oldest = self.clock.now() - self.stale_after
            stale = [one for one in waiting if one.message.sent_at < oldest]
            if stale:
                # What is fresh is answered by the next try, which reads the conversation anew.
                await self._leave(conversation, stale, EventState.STALE)
                return len(stale) == len(waiting)
            return await self._answer(tenant, conversation, waiting)

    async def _read(self, conversation_id: int) -> tuple[Conversation | None, Messages]:
        """A conversation and what waits in it, once the relay has read all that came in until then.

        While it lags behind, a message of the same burst may still be among the bodies, and would
        be answered out of order.
        """
        deadline = time.monotonic() + LONGEST_LAG
        while True:
            async with self.database.sessions() as session:
                conversation = await repository.conversation_by_id(session, conversation_id)
                if conversation is None:
                    return None, ()
                tenant = conversation.tenant
                waiting = await repository.waiting_events(session, tenant, conversation_id)
                unread = await repository.oldest_new_body(session) if waiting else None
            newest = max((one.received_at for one in waiting), default=None)
            caught_up = unread is None or newest is None or unread > newest + self.debounce
            if caught_up or time.monotonic() > deadline:
                return conversation, waiting
            await asyncio.sleep(LAG_POLL)

    def _more_to_come(self, waiting: Messages, event_id: int) -> bool:
        """Whether the guest is still typing: a burst is answered at once, after a pause."""
        now = self.clock.now()
        newer = [one.received_at for one in waiting if event_id and one.id > event_id]
        fresh = any(at > now - self.debounce for at in newer)
        return fresh and min(one.received_at for one in waiting) > now - LONGEST_WAIT

    async def _leave(self, conversation: Conversation, left: Messages, to: EventState) -> bool:
        """Leave messages to people; False when staff changed the conversation meanwhile, and it may
        be the agent's again."""
        tenant, ids = conversation.tenant, [one.id for one in left]
        async with self.database.sessions() as session, session.begin() as transaction:
            await repository.settle_events(session, tenant, ids, to)
            if not await repository.touch(session, conversation):
                await transaction.rollback()
                return False
            if to is EventState.STALE:
                self.log.warning("stale_messages", count=len(ids))
                why = "messages too old to be answered by the agent"
                await repository.call_attention(session, tenant, int(conversation.id or 0), why)
        self.metrics.turns.labels(str(to)).inc()
        return True

    async def _hear(
        self, tenant: Tenant, conversation: Conversation, waiting: Messages
    ) -> Messages:
        """The messages with the words of those that were spoken. Raises Throttled."""
        if self.ears is None:
            return waiting
        present = tenant.present(partial(self.live.on, tenant.id))
        return await self.ears.hear(present, conversation.language, waiting)

    async def _hear_later(
        self, tenant: Tenant, conversation: Conversation, waiting: Messages, busy: Throttled
    ) -> bool:
        """Too many notes wait: the guest is told once that it takes a moment. False when nobody
        should wait any longer, or somebody else changed the conversation."""
        if self.ears is None or self.engine is None:
            raise RuntimeError("nobody listens")
        now = self.clock.now()
        fresh = {one.id for one in waiting if one.message.content.heard is None}
        notes = [one for one in self.ears.unheard(tenant, waiting) if one.id in fresh]
        overdue = now - LONGEST_UNHEARD
        unheard = self.ears.unheard(tenant, waiting)
        if any(one.received_at < overdue for one in unheard):
            for one in unheard:
                await self.ears.keep(tenant, one, Transcript(status="failed"))
            return False
        for one in notes:
            await self.ears.keep(tenant, one, Transcript(status="waiting"))
        oldest = min((one.received_at for one in unheard), default=now)
        left = max((oldest + LONGEST_UNHEARD - now).total_seconds(), 0.0)
        last, delay = waiting[-1], min(busy.retry_after or SOON, left + SOON)
        async with self.database.sessions() as session, session.begin() as transaction:
            if not await repository.touch(session, conversation):
                await transaction.rollback()
                return False
            if notes and conversation.mode != Mode.HUMAN:
                for bubble in self._moment(tenant, conversation):
                    await outgoing.put(
                        session, self.engine, conversation, bubble, trace=last.trace, now=now
                    )
            again = f":{int(now.timestamp() * 1000)}"
            await self.engine.enqueue_turn(
                session, int(conversation.id or 0), last.id, delay, again
            )
        self.metrics.turns.labels("deferred").inc()
        return True

    def _moment(self, tenant: Tenant, conversation: Conversation) -> list[Bubble]:
        language = conversation.language or tenant.hotel.languages[0]
        moment = Reply(template="core/moment")
        outcome = Outcome(state=State(), language=language, replies=(moment,))
        return self._bubbles(tenant, conversation, outcome)

    async def _answer(self, tenant: Tenant, conversation: Conversation, fresh: Messages) -> bool:
        """False when another process changed the conversation meanwhile."""
        started = time.perf_counter()
        messages = [one.message for one in fresh]
        try:
            await self._acknowledge(tenant, conversation, messages[-1])
            talk = self._talk(tenant, conversation, messages)
            if heard.wants_writing(talk.text()):
                talk = replace(talk, unread=await self._unread(tenant, conversation))
            outcome = (await converse(talk)).asked_at(talk.now, self.clock.now())
            bubbles = self._bubbles(tenant, conversation, outcome)
            bubbles = await self._spoken(talk, conversation, outcome, bubbles)
        except (SQLAlchemyError, OSError):
            raise
        except Exception as error:
            self.log.exception("turn_failed", error=type(error).__name__)
            return await self._give_to_staff(tenant, conversation, fresh, type(error).__name__)
        if not await self._commit(tenant, conversation, fresh, outcome, bubbles) and not (
            outcome.events
            and await self._commit_done(tenant, conversation, fresh, outcome, bubbles)
        ):
            return False
        kind = "choice" if messages[-1].content.choice else "text"
        kind = "voice" if heard.spoke(messages) else kind
        seconds = time.perf_counter() - started
        self.metrics.turn_latency.labels(kind).observe(seconds)
        self.metrics.turns.labels("failed" if outcome.failed else "answered").inc()
        acts = [act for bubble in bubbles for act in bubble.acts]
        self.log.info("answered", acts=acts, seconds=round(seconds, 3), failed=outcome.failed)
        await self._publish(tenant, conversation, outcome)
        return True

    def _talk(
        self, tenant: Tenant, conversation: Conversation, messages: list[InboundMessage]
    ) -> Talk:
        return Talk(
            tenant=tenant.present(partial(self.live.on, tenant.id)),
            renderer=self.live.renderer_of(tenant.id),
            now=self.clock.now().astimezone(tenant.settings.zone),
            state=state.parse(conversation.state),
            language=conversation.language,
            messages=messages,
            profile_name=conversation.profile_name,
            phone=conversation.phone,
        )

    async def _unread(self, tenant: Tenant, conversation: Conversation) -> str:
        """What a guest who cannot listen was told last, if it was not written too."""
        if tenant.settings.voice.answer != "voice":
            return ""
        async with self.database.sessions() as session:
            return await heard_rows.last_spoken(session, tenant.id, int(conversation.id or 0))

    def _bubbles(
        self, tenant: Tenant, conversation: Conversation, outcome: Outcome
    ) -> list[Bubble]:
        channel, _ = tenant.channels[conversation.channel, conversation.account]
        return rendering.render(
            outcome.replies,
            self.live.renderer_of(tenant.id),
            language=outcome.language,
            zone=tenant.settings.zone,
            can=rendering.Abilities.of(channel),
        )

    async def _spoken(
        self, talk: Talk, conversation: Conversation, outcome: Outcome, bubbles: list[Bubble]
    ) -> list[Bubble]:
        """What a guest who spoke hears, where the channel has voice notes."""
        channel, _ = talk.tenant.channels[conversation.channel, conversation.account]
        if self.mouth is None or not channel.voice_notes or not heard.spoke(talk.messages):
            return bubbles
        written = outcome.state.written
        return await self.mouth.say(talk.tenant, outcome.language, bubbles, written=written)

    async def _acknowledge(
        self, tenant: Tenant, conversation: Conversation, message: InboundMessage
    ) -> None:
        """A courtesy: a failure here must not cost the answer."""
        channel, guard = tenant.channels[conversation.channel, conversation.account]
        try:
            await guard.call("seen", lambda: channel.seen(message.id), within=SEEN_SECONDS)
        except HoteleroError as error:
            self.log.info("read_receipt_failed", error=type(error).__name__)

    async def _commit_done(
        self,
        tenant: Tenant,
        conversation: Conversation,
        fresh: Messages,
        outcome: Outcome,
        bubbles: Sequence[Bubble],
    ) -> bool:
        """Something was done outside and must be told, although staff changed the conversation
        meanwhile: what they set stays. False if another turn has answered these messages."""
        for _ in range(TRIES):
            async with self.database.sessions() as session:
                found = await repository.conversation_by_id(session, int(conversation.id or 0))
            if found is not None and await self._commit(tenant, found, fresh, outcome, bubbles):
                return True
        return False

    async def _commit(
        self,
        tenant: Tenant,
        conversation: Conversation,
        fresh: Messages,
        outcome: Outcome,
        bubbles: Sequence[Bubble],
    ) -> bool:
        """State, history, outbox and engine entries together; False if another turn was first."""
        ids = [one.id for one in fresh]
        async with self.database.sessions() as session, session.begin() as transaction:
            settled = await repository.settle_events(session, tenant.id, ids, EventState.ANSWERED)
            saved = settled and await repository.save_dialogue(
                session,
                conversation,
                state=state.dump(outcome.state),
                language=outcome.language,
                mode=Mode.HUMAN if outcome.handover else Mode(conversation.mode),
                reason=outcome.handover.reason if outcome.handover else conversation.mode_reason,
            )
            if not saved:
                await transaction.rollback()
                return False
            if self.engine is None:
                raise RuntimeError("the engine is not connected")
            now, trace = self.clock.now(), fresh[-1].trace
            for bubble in bubbles:
                await outgoing.put(session, self.engine, conversation, bubble, trace=trace, now=now)
            for kind in outcome.tasks:
                await desk.add_task(session, tenant.id, int(conversation.id or 0), kind, now)
            await self._announce(session, tenant.id, int(conversation.id or 0), outcome)
            failpoints.reached("turn.before_commit")
        failpoints.reached("turn.after_commit")
        return True

    async def _announce(
        self, session: AsyncSession, tenant: str, conversation_id: int, outcome: Outcome
    ) -> None:
        """What subscribers outside hear, told in the transaction that makes it true."""
        if outcome.handover:
            told = {"conversation": conversation_id, "reason": outcome.handover.reason}
            await self.announcer.tell(session, tenant, announcing.HANDOVER, told)
        for event in outcome.events:
            if isinstance(event, ReservationMade | ReservationChanged | ReservationCancelled):
                told = announcing.of_reservation(conversation_id, event.reservation)
                name = announcing.OF_RESERVATIONS[type(event)]
                await self.announcer.tell(session, tenant, name, told)
                if tenant in self.mirrors:
                    made = isinstance(event, ReservationMade)
                    mirror, seen = self.mirrors[tenant], event.reservation
                    await mirror.note_here(session, seen, conversation_id, made=made)

    async def _give_to_staff(
        self, tenant: Tenant, conversation: Conversation, fresh: Messages, why: str
    ) -> bool:
        """Our own failure: the guest is told a person will answer, and one is called."""
        language = conversation.language or tenant.hotel.languages[0]
        nothing = Outcome(state=State(), language=language, replies=())
        outcome = nothing.with_apology(tenant.hotel.name, why)
        try:
            bubbles = self._bubbles(tenant, conversation, outcome)
        except (HoteleroError, KeyError) as error:
            self.log.exception("no_words_left", error=type(error).__name__)
            bubbles = []
        self.metrics.turns.labels("failed").inc()
        if not await self._commit(tenant, conversation, fresh, outcome, bubbles):
            return False
        await self._publish(tenant, conversation, outcome)
        return True

    async def _publish(self, tenant: Tenant, conversation: Conversation, outcome: Outcome) -> None:
        events = list(outcome.events)
        if outcome.handover:
            events.append(HandoverRequested(reason=outcome.handover.reason))
        for event in events:
            await self.subscribers.tell(
                replace(event, tenant=tenant.id, conversation_id=int(conversation.id or 0))
            )
