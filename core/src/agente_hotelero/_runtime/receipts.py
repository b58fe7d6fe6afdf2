"""What a provider says became of our messages, and what follows from it."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncSession

from agente_hotelero._db import audit, consent, guests, held, repository
from agente_hotelero._db.guests import At
from agente_hotelero._db.models import Outbox, OutboxState
from agente_hotelero._runtime.accounts import Accounts
from agente_hotelero._runtime.engine import Engine
from agente_hotelero._runtime.outgoing import recipient_of
from agente_hotelero.components import Clock, Log
from agente_hotelero.messages import DeliveryState, DeliveryStatus

# Seconds before what failed in passing is sent again: 4, 16, 64 …
PAUSE = 4.0


@dataclass(frozen=True, kw_only=True)
class Receipts:
    """Takes statuses over; `attempts` is how often a message is sent at most."""

    clock: Clock
    log: Log
    engine: Engine
    accounts: Accounts
    attempts: int

    async def take(self, session: AsyncSession, at: At, status: DeliveryStatus) -> None:
        """Move the message on, if there is one and this is news."""
        row = await repository.apply_status(
            session, at.tenant, at.channel, at.account, status, self.clock.now()
        )
        if row is None:
            return
        self.log.info(
            "receipt",
            tenant=row.tenant,
            conversation_id=row.conversation_id,
            outbox_id=row.id,
            state=str(status.state),
            trace=row.trace,
        )
        if status.state is DeliveryState.FAILED:
            await self._failed(session, at, row, status)

    async def _failed(
        self, session: AsyncSession, at: At, row: Outbox, status: DeliveryStatus
    ) -> None:
        """What was accepted and then not delivered waits, is tried again, or is shown to staff;
        what nobody had asked for finds another way, or none."""
        if status.failure == "account":
            await self.accounts.stop(session, at, status.error)
        if status.failure == "opted_out":
            await guests.refused(session, row, consent.MARKETING, status.at)
        waits = {"window": held.WINDOW, "account": held.ACCOUNT}.get(status.failure)
        if waits and not row.purpose:
            await self._again(session, row, OutboxState.HELD, waits, status)
            return
        if status.failure == "temporary" and row.attempts < self.attempts:
            await self._again(session, row, OutboxState.QUEUED, status.error, status)
            return
        if row.purpose:
            now = self.clock.now()
            await audit.unasked(session, row, "not delivered", status.provider_id, now)
            return
        why = "a message was not delivered"
        await repository.call_attention(session, row.tenant, row.conversation_id, why)

    async def _again(
        self,
        session: AsyncSession,
        row: Outbox,
        state: OutboxState,
        why: str,
        status: DeliveryStatus,
    ) -> None:
        """Its sender looks at it once more: sends it, or asks the guest to write."""
        await repository.set_outbox(session, row, state, self.clock.now(), error=why)
        recipient = recipient_of(row, row.conversation_id)
        again = f":{status.provider_id}"
        pause = PAUSE**row.attempts if state is OutboxState.QUEUED else 0.0
        await self.engine.enqueue_send(session, int(row.id or 0), recipient, again, pause)
