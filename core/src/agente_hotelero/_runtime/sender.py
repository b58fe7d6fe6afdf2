"""The way out: one outbox row at a time per recipient, with bounded retry and honest states."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import structlog
from pydantic import TypeAdapter
from sqlalchemy.exc import SQLAlchemyError

from agente_hotelero._db import audit, consent, guests, held, journeys, lines, repository
from agente_hotelero._db.guests import At
from agente_hotelero._db.journeys import TOO_LATE
from agente_hotelero._db.models import Outbox, OutboxState
from agente_hotelero._db.session import Database
from agente_hotelero._runtime import announcing, failpoints, tracing
from agente_hotelero._runtime.announcing import Announcer
from agente_hotelero._runtime.guard import Guard
from agente_hotelero._runtime.holding import Holding
from agente_hotelero._runtime.limiter import Limiter
from agente_hotelero._runtime.metrics import Metrics
from agente_hotelero._runtime.receipts import Receipts
from agente_hotelero._runtime.subscribers import Subscribers
from agente_hotelero._runtime.tenants import Tenant
from agente_hotelero.components import Channel, Clock, Log
from agente_hotelero.errors import (
    AuthFailed,
    HoteleroError,
    OutcomeUnknown,
    RecipientRefused,
    TemporaryError,
    WindowClosed,
)
from agente_hotelero.events import ReplySent
from agente_hotelero.messages import OutboundMessage

_MESSAGE = TypeAdapter(OutboundMessage)
OPEN = (OutboxState.QUEUED, OutboxState.SENDING, OutboxState.HELD)
FIRST_DELAY = 0.5
LONGEST_DELAY = 300.0
STATUS_POLL, LONGEST_POLL = 0.2, 2.0


@dataclass(kw_only=True)
class Sender:
    """Sends outbox rows; `unknown_wait` is how long a provider's status may still come, seconds."""

    database: Database
    clock: Clock
    log: Log
    metrics: Metrics
    attempts: int
    unknown_wait: float
    tenants: Mapping[str, Tenant]
    limiter: Limiter
    subscribers: Subscribers
    announcer: Announcer
    holding: Holding
    receipts: Receipts

    async def run(self, outbox_id: int) -> None:
        """Bring one row to an end: accepted, failed, unknown, or held until it may be sent.
        Repeating it is harmless."""
        row = await self._row(outbox_id)
        if row is None or row.state not in OPEN:
            return
        with (
            structlog.contextvars.bound_contextvars(
                tenant=row.tenant, conversation_id=row.conversation_id, trace=row.trace
            ),
            tracing.span("send", row.trace, tenant=row.tenant, outbox_id=outbox_id),
        ):
            try:
                if not await self._is_not_to_be(row):
                    await self._send(row, outbox_id)
            except (SQLAlchemyError, OSError):
                raise
            except Exception as error:
                # Ours: whether it went out nobody knows, and somebody shall look.
                self.log.exception("send_broke", outbox_id=outbox_id)
                why = f"our own failure: {type(error).__name__}"
                await self._end(row, OutboxState.UNKNOWN, why)

    async def _is_not_to_be(self, row: Outbox) -> bool:
        """Whether what nobody had asked for came to its end without being sent."""
        return await self._withheld(row) or await self._too_late(row)

    async def _withheld(self, row: Outbox) -> bool:
        """Whether the guest refused messages of this kind, up to this moment and wherever it was
        said: then nobody sends it, and nobody need know."""
        if not row.purpose:
            return False
        async with self.database.sessions() as session, session.begin():
            known = await journeys.addresses_for(session, row)
            refused = await consent.refusal(session, row.tenant, known, row.purpose)
            if refused is None:
                return False
            state, why = OutboxState.WITHHELD, f"refused: {refused.purpose} ({refused.source})"
            await repository.set_outbox(session, row, state, self.clock.now(), error=why)
            await audit.unasked(session, row, str(state), "", self.clock.now())
        self.metrics.sends.labels(row.channel, str(state)).inc()
        self.log.info("withheld", outbox_id=row.id, purpose=row.purpose)
        return True

    async def _too_late(self, row: Outbox) -> bool:
        """Whether the hours are over in which it may be sent unasked: it may be night where it was
        day, and the stay cancelled. The next round decides anew. What may have gone out goes on."""
        until = row.content.get("until")
        if not until or row.state != OutboxState.QUEUED:
            return False
        if self.clock.now() < datetime.fromisoformat(until):
            return False
        await self._end(row, OutboxState.FAILED, TOO_LATE)
        return True

    async def _send(self, row: Outbox, outbox_id: int) -> None:
        found = self._channel(row)
        if found is None:
            await self._end(row, OutboxState.FAILED, "the channel is not configured any more")
            return
        channel, guard = found
        if row.state == OutboxState.HELD and row.error != held.TRIAL:
            await self.holding.ask_to_write(row, channel)
            return
        if row.state == OutboxState.SENDING:
            if await self._arrived(outbox_id, channel):
                return
            if not _may_come_twice(row, channel):
                await self._end(row, OutboxState.UNKNOWN, "a crash, and no proof that it went out")
                return
        why = await self.holding.why(row, channel)
        if why and row.purpose:
            await self._end(row, OutboxState.FAILED, why)
            return
        if why and await self.holding.hold(row, channel, why):
            return
        await self._attempt(row, channel, guard)

    async def _attempt(self, row: Outbox, channel: Channel[Any], guard: Guard) -> None:
        message, state, why = message_of(row), OutboxState.FAILED, ""
        # What was tried before a crash counts; the last try is always left.
        first = min(row.attempts + 1, self.attempts)
        for attempt in range(first, self.attempts + 1):
            # Between two attempts lie minutes, in which a guest may leave, or go to bed.
            if attempt > first and await self._is_not_to_be(row):
                return
            await self._set(row, OutboxState.SENDING, attempts=attempt)
            if channel.per_second:
                await self.limiter.pause_per_second(
                    channel.per_second, "account", row.channel, row.account
                )
            failpoints.reached("send.before")
            try:
                provider_id = await guard.call("send", lambda: channel.send(message), writes=True)
                failpoints.reached("send.after")
            except TemporaryError as error:
                state, why = OutboxState.FAILED, f"{type(error).__name__}: {error}"
                if attempt >= (error.tries or self.attempts):
                    break
                self.metrics.sends.labels(row.channel, "retried").inc()
                await asyncio.sleep(delay(attempt, error))
            except OutcomeUnknown as error:
                state, why = OutboxState.UNKNOWN, f"{type(error).__name__}: {error}"
                if await self._arrived(int(row.id or 0), channel):
                    return
                if not _may_come_twice(row, channel):
                    await self._end(row, state, why)
                    return
                self.metrics.sends.labels(row.channel, "retried").inc()
            except HoteleroError as error:
                await self._refused(row, channel, error)
                return
            else:
                await self._accepted(row, provider_id)
                await self.holding.tried(row)
                return
        await self._end(row, state, f"gave up after {attempt} attempts: {why}")

    async def _arrived(self, outbox_id: int, channel: Channel[Any]) -> bool:
        """Whether a send of unknown outcome is proved to have been accepted.

        Without proof it is sent again (decision 007): a guest who reads something twice is better
        served than one who waits for an answer.
        """
        if not channel.idempotent and await self._was_accepted(outbox_id):
            async with self.database.sessions() as session, session.begin():
                row = await repository.outbox_row(session, outbox_id)
                if row is not None:
                    proved, now = row.provider_id or "", self.clock.now()
                    await audit.unasked(session, row, row.state, proved, now)
            return True
        self.log.warning("sending_again", outbox_id=outbox_id)
        return False

    async def _was_accepted(self, outbox_id: int) -> bool:
        """Wait for a status that proves the provider has the message."""
        deadline, pause = time.monotonic() + self.unknown_wait, STATUS_POLL
        while True:
            row = await self._row(outbox_id)
            if row is not None and row.state not in (OutboxState.SENDING, OutboxState.UNKNOWN):
                return True
            left = deadline - time.monotonic()
            if left <= 0:
                return False
            # After a crash many wait at once: who waits longer asks less often.
            await asyncio.sleep(min(pause, left))
            pause = min(pause * 1.5, LONGEST_POLL)

    async def _accepted(self, row: Outbox, provider_id: str) -> None:
        """Note the provider's id; a status that was faster keeps its higher rank."""
        told = {
            "conversation": row.conversation_id,
            "channel": row.channel,
            "outbox": row.id,
            "text": row.content.get("text", ""),
        }
        async with self.database.sessions() as session, session.begin():
            now, state = self.clock.now(), OutboxState.ACCEPTED
            current = await repository.outbox_state(session, row)
            if current is not None and repository.RANKS[current] > repository.RANKS[state]:
                state = current
            await repository.set_outbox(session, row, state, now, provider_id=provider_id)
            at = At(tenant=row.tenant, channel=row.channel, account=row.account)
            for status in await lines.early_statuses(session, at, provider_id):
                await self.receipts.take(session, at, status)
            await self.announcer.tell(session, row.tenant, announcing.REPLY, told)
            await audit.unasked(session, row, str(state), provider_id, now)
        self.metrics.sends.labels(row.channel, "accepted").inc()
        self.log.info("sent", outbox_id=row.id, channel=row.channel)
        sent = ReplySent(
            tenant=row.tenant, conversation_id=row.conversation_id, outbox_id=int(row.id or 0)
        )
        await self.subscribers.tell(sent)

    async def _refused(self, row: Outbox, channel: Channel[Any], error: HoteleroError) -> None:
        """It waits for the guest or for the account; what nobody had asked for does not wait."""
        if isinstance(error, AuthFailed):
            await self.holding.stop(row, channel, str(error))
        elif isinstance(error, WindowClosed) and not row.purpose:
            await self.holding.hold(row, channel, held.WINDOW, said=True)
        if row.purpose or not isinstance(error, AuthFailed | WindowClosed):
            await self._note_refusal(row, error)
            await self._end(row, OutboxState.FAILED, f"{type(error).__name__}: {error}")
            if not isinstance(error, AuthFailed):
                await self.holding.tried(row)

    async def _note_refusal(self, row: Outbox, error: HoteleroError) -> None:
        """What the provider says that the guest does not want is his own word."""
        if isinstance(error, RecipientRefused) and error.purpose:
            async with self.database.sessions() as session, session.begin():
                await guests.refused(session, row, error.purpose, self.clock.now())

    async def _end(self, row: Outbox, state: OutboxState, why: str) -> None:
        """A dead letter: kept with its reason, shown to staff, replayed by `hotelero replay`. One
        that nobody had asked for finds another way, or none."""
        self.log.error("send_ended", outbox_id=row.id, state=str(state), reason=why)
        self.metrics.sends.labels(row.channel, str(state)).inc()
        async with self.database.sessions() as session, session.begin():
            await repository.set_outbox(session, row, state, self.clock.now(), error=why)
            await audit.unasked(session, row, str(state), "", self.clock.now())
            if not row.purpose:
                told = f"a message could not be sent: {state}"
                await repository.call_attention(session, row.tenant, row.conversation_id, told)

    async def _row(self, outbox_id: int) -> Outbox | None:
        async with self.database.sessions() as session:
            return await repository.outbox_row(session, outbox_id)

    async def _set(self, row: Outbox, state: OutboxState, **changes: object) -> None:
        async with self.database.sessions() as session, session.begin():
            await repository.set_outbox(session, row, state, self.clock.now(), **changes)

    def _channel(self, row: Outbox) -> tuple[Channel[Any], Guard] | None:
        tenant = self.tenants.get(row.tenant)
        return tenant.channels.get((row.channel, row.account)) if tenant else None


def message_of(row: Outbox) -> OutboundMessage:
    """The message that a row holds."""
    known = {"id": row.id, "address": row.address, "purpose": row.purpose}
    return _MESSAGE.validate_python({**known, **row.content})


def _may_come_twice(row: Outbox, channel: Channel[Any]) -> bool:
    """Whether it is better heard twice than not at all: an answer is, nothing else."""
    return channel.idempotent or not row.purpose


def delay(attempt: int, error: TemporaryError) -> float:
    """Seconds before the next try: what the provider asked, else doubling, with jitter."""
    asked = error.retry_after
    base = (
        FIRST_DELAY * 2 ** (attempt - 1) if asked is None else asked * error.growth ** (attempt - 1)
    )
    jitter = random.uniform(0.8, 1.2)  # noqa: S311 - spreading load, not keeping a secret
    return float(min(base, LONGEST_DELAY) * jitter)
