"""Messages that may not be sent now: kept, shown to staff, and sent when they may be."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from agente_hotelero._db import consent, guests, held, repository
from agente_hotelero._db.guests import At
from agente_hotelero._db.models import Conversation, Outbox, OutboxState
from agente_hotelero._db.session import Database
from agente_hotelero._runtime import outgoing
from agente_hotelero._runtime.accounts import Accounts
from agente_hotelero._runtime.engine import Engine
from agente_hotelero._runtime.metrics import Metrics
from agente_hotelero._runtime.rendering import Bubble
from agente_hotelero._runtime.tenants import Tenant
from agente_hotelero.components import Channel, Clock, Log


@dataclass(frozen=True, kw_only=True)
class Holding:
    """Decides what waits, for whom."""

    database: Database
    engine: Engine
    accounts: Accounts
    clock: Clock
    log: Log
    metrics: Metrics
    tenants: Mapping[str, Tenant]

    async def why(self, row: Outbox, channel: Channel[Any]) -> str:
        """Why a message may not be sent now; empty when it may."""
        async with self.database.sessions() as session:
            reason = await held.why_stopped(session, row.tenant, row.channel, row.account)
            if reason and row.error != held.TRIAL:
                return f"{held.ACCOUNT}: {reason}"
            if channel.window is None or row.content.get("template"):
                return ""
            found = await repository.conversation_by_id(session, row.conversation_id)
        return "" if found and self._is_open(found, channel.window) else held.WINDOW

    async def hold(
        self, row: Outbox, channel: Channel[Any], why: str, *, said: bool = False
    ) -> bool:
        """Keep it until it may be sent; False when the guest wrote meanwhile. `said`: the provider
        says so, whatever we think."""
        async with self.database.sessions() as session, session.begin() as transaction:
            await repository.set_outbox(session, row, OutboxState.HELD, self.clock.now(), error=why)
            # Under its lock: a guest who writes just now finds this message held, or we see it.
            found = await repository.locked_conversation(session, row.tenant, row.conversation_id)
            computed = why == held.WINDOW and not said
            if computed and found and channel.window and self._is_open(found, channel.window):
                await transaction.rollback()
                return False
            await repository.call_attention(
                session, row.tenant, row.conversation_id, f"a message waits: {why}"
            )
            if found is not None and why == held.WINDOW:
                await self._ask(session, row, channel, found)
        self.log.warning("send_held", outbox_id=row.id, reason=why)
        self.metrics.sends.labels(row.channel, "held").inc()
        return True

    async def tried(self, row: Outbox) -> None:
        """The provider dealt with this message: if its account was tried with it, that is well."""
        if row.error == held.TRIAL:
            at = At(tenant=row.tenant, channel=row.channel, account=row.account)
            await self.accounts.resume(at)

    async def stop(self, row: Outbox, channel: Channel[Any], why: str) -> None:
        """Nothing may be sent from this account: this message waits, and so do all others; what
        nobody had asked for is left to its sender."""
        at = At(tenant=row.tenant, channel=row.channel, account=row.account)
        async with self.database.sessions() as session, session.begin():
            await self.accounts.stop(session, at, why)
        if not row.purpose:
            await self.hold(row, channel, f"{held.ACCOUNT}: {why}")

    async def ask_to_write(self, row: Outbox, channel: Channel[Any]) -> None:
        """For what a status said is to be held: ask the guest to write again."""
        async with self.database.sessions() as session, session.begin():
            current = await repository.outbox_row(session, int(row.id or 0))
            found = await repository.locked_conversation(session, row.tenant, row.conversation_id)
            if current is not None and found is not None and current.error == held.WINDOW:
                await self._ask(session, row, channel, found)

    async def _ask(
        self, session: AsyncSession, row: Outbox, channel: Channel[Any], guest: Conversation
    ) -> None:
        """Once in a silence: the one message that may be sent, if the hotel has one for this, and
        unless the guest wants nothing that he did not ask for."""
        known = {row.address, *await guests.addresses_of(session, row.tenant, row.conversation_id)}
        if await consent.refusal(session, row.tenant, known, consent.PROACTIVE) is not None:
            return
        hotel = self.tenants[row.tenant].hotel
        languages = dict.fromkeys([guest.language or "", *hotel.languages])
        template = channel.reopening([one for one in languages if one])
        if template is None or await held.reopened_since(
            session, row.tenant, row.conversation_id, guest.last_guest_at
        ):
            return
        words = Bubble(text=f"[{template.name}]", template=template, acts=(held.REOPENING,))
        now = self.clock.now()
        await outgoing.put(session, self.engine, guest, words, trace=row.trace, now=now)

    def _is_open(self, conversation: Conversation, window: timedelta) -> bool:
        return self.clock.now() < conversation.last_guest_at + window
