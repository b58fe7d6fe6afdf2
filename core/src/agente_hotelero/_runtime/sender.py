"""The way out: one outbox row at a time per recipient, with bounded retry and honest states."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import structlog
from pydantic import TypeAdapter

from agente_hotelero._db import repository
from agente_hotelero._db.models import Outbox, OutboxState
from agente_hotelero._db.session import Database
from agente_hotelero._runtime import announcing, failpoints, tracing
from agente_hotelero._runtime.announcing import Announcer
from agente_hotelero._runtime.guard import Guard
from agente_hotelero._runtime.limiter import Limiter
from agente_hotelero._runtime.metrics import Metrics
from agente_hotelero._runtime.subscribers import Subscribers
from agente_hotelero._runtime.tenants import Tenant
from agente_hotelero.components import Channel, Clock, Log
from agente_hotelero.errors import HoteleroError, OutcomeUnknown, TemporaryError
from agente_hotelero.events import ReplySent
from agente_hotelero.messages import OutboundMessage

_MESSAGE = TypeAdapter(OutboundMessage)
FIRST_DELAY = 0.5
LONGEST_DELAY = 60.0
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

    async def run(self, outbox_id: int) -> None:
        """Bring one row to an end: accepted, failed or unknown. Repeating it is harmless."""
        row = await self._row(outbox_id)
        if row is None or row.state not in (OutboxState.QUEUED, OutboxState.SENDING):
            return
        with (
            structlog.contextvars.bound_contextvars(
                tenant=row.tenant, conversation_id=row.conversation_id, trace=row.trace
            ),
            tracing.span("send", row.trace, tenant=row.tenant, outbox_id=outbox_id),
        ):
            await self._send(row, outbox_id)

    async def _send(self, row: Outbox, outbox_id: int) -> None:
        found = self._channel(row)
        if found is None:
            await self._end(row, OutboxState.FAILED, "the channel is not configured any more")
            return
        channel, guard = found
        if row.state == OutboxState.SENDING and await self._arrived(outbox_id, channel):
            return
        await self._attempt(row, channel, guard)

    async def _attempt(self, row: Outbox, channel: Channel[Any], guard: Guard) -> None:
        message, state, why = message_of(row), OutboxState.FAILED, ""
        # What was tried before a crash counts; the last try is always left.
        for attempt in range(min(row.attempts + 1, self.attempts), self.attempts + 1):
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
                self.metrics.sends.labels(row.channel, "retried").inc()
                await asyncio.sleep(_delay(attempt, error.retry_after))
            except OutcomeUnknown as error:
                state, why = OutboxState.UNKNOWN, f"{type(error).__name__}: {error}"
                if await self._arrived(int(row.id or 0), channel):
                    return
                self.metrics.sends.labels(row.channel, "retried").inc()
            except HoteleroError as error:
                await self._end(row, OutboxState.FAILED, f"{type(error).__name__}: {error}")
                return
            else:
                await self._accepted(row, provider_id)
                return
        await self._end(row, state, f"gave up after {self.attempts} attempts: {why}")

    async def _arrived(self, outbox_id: int, channel: Channel[Any]) -> bool:
        """Whether a send of unknown outcome is proved to have been accepted.

        Without proof it is sent again (decision 007): a guest who reads something twice is better
        served than one who waits for an answer.
        """
        if not channel.idempotent and await self._was_accepted(outbox_id):
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
        current = await self._row(int(row.id or 0))
        rank = repository.RANKS[OutboxState(current.state)] if current else 0
        state = OutboxState.ACCEPTED
        if current is not None and rank > repository.RANKS[state]:
            state = OutboxState(current.state)
        told = {
            "conversation": row.conversation_id,
            "channel": row.channel,
            "outbox": row.id,
            "text": row.content.get("text", ""),
        }
        async with self.database.sessions() as session, session.begin():
            now = self.clock.now()
            await repository.set_outbox(session, row, state, now, provider_id=provider_id)
            await self.announcer.tell(session, row.tenant, announcing.REPLY, told)
        self.metrics.sends.labels(row.channel, "accepted").inc()
        self.log.info("sent", outbox_id=row.id, channel=row.channel)
        sent = ReplySent(
            tenant=row.tenant, conversation_id=row.conversation_id, outbox_id=int(row.id or 0)
        )
        await self.subscribers.tell(sent)

    async def _end(self, row: Outbox, state: OutboxState, why: str) -> None:
        """A dead letter: kept with its reason, shown to staff, replayed by `hotelero replay`."""
        self.log.error("send_ended", outbox_id=row.id, state=str(state), reason=why)
        self.metrics.sends.labels(row.channel, str(state)).inc()
        async with self.database.sessions() as session, session.begin():
            await repository.set_outbox(session, row, state, self.clock.now(), error=why)
            await repository.call_attention(
                session, row.tenant, row.conversation_id, f"a message could not be sent: {state}"
            )

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
    return _MESSAGE.validate_python({"id": row.id, "address": row.address, **row.content})


def _delay(attempt: int, retry_after: float | None) -> float:
    """Seconds before the next try: what the provider asked, else doubling, with jitter."""
    base = retry_after if retry_after is not None else FIRST_DELAY * 2 ** (attempt - 1)
    jitter = random.uniform(0.8, 1.2)  # noqa: S311 - spreading load, not keeping a secret
    return float(min(base, LONGEST_DELAY) * jitter)
