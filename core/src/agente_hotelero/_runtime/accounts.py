"""Accounts that the provider lets send nothing: stopped once, told once, tried again by a job.

As with a circuit, what looks well is not believed at once: one of the messages that wait is sent
first, and the others only when that one was taken.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncSession

from agente_hotelero._db import held
from agente_hotelero._db.guests import At
from agente_hotelero._db.models import Outbox
from agente_hotelero._db.session import Database
from agente_hotelero._runtime import announcing
from agente_hotelero._runtime.announcing import Announcer
from agente_hotelero._runtime.engine import Engine
from agente_hotelero._runtime.jobs import Planned
from agente_hotelero._runtime.outgoing import recipient_of
from agente_hotelero._runtime.tenants import Tenant
from agente_hotelero.components import Clock, Log
from agente_hotelero.errors import HoteleroError

JOB = "core/accounts"
EVERY = "*/5 * * * *"
HEALTH_SECONDS = 20.0


@dataclass(frozen=True, kw_only=True)
class Accounts:
    """Stops and resumes accounts."""

    database: Database
    engine: Engine
    announcer: Announcer
    clock: Clock
    log: Log
    tenants: Mapping[str, Tenant] = field(default_factory=dict)

    async def stop(self, session: AsyncSession, at: At, reason: str) -> None:
        """With this transaction: nothing more is sent from there. Told once, whoever finds out."""
        now = self.clock.now()
        if await held.stop(session, at.tenant, at.channel, at.account, reason, now):
            self.log.error("channel_stopped", **at.values(), reason=reason)
            told = {"channel": at.channel, "account": at.account, "reason": reason}
            await self.announcer.tell(session, at.tenant, announcing.STOPPED, told)

    async def resume(self, at: At) -> bool:
        """Let an account send again, first of all what was held; False when it was not stopped."""
        now = self.clock.now()
        async with self.database.sessions() as session, session.begin():
            if not await held.resume(session, at.tenant, at.channel, at.account):
                return False
            waiting = await held.of_account(session, at.tenant, at.channel, at.account)
            await release(session, self.engine, waiting, now.isoformat(), self.clock)
            told = {"channel": at.channel, "account": at.account, "held": len(waiting)}
            await self.announcer.tell(session, at.tenant, announcing.RESUMED, told)
        self.log.warning("channel_resumed", **at.values(), held=len(waiting))
        return True

    async def probe(self) -> None:
        """Ask the channels of stopped accounts whether they are well again, and try those that say
        so."""
        async with self.database.sessions() as session:
            stopped = await held.stopped(session)
        for one in stopped:
            at = At(tenant=one.tenant, channel=one.channel, account=one.account)
            if await self._is_well(at) and not await self._tried(at):
                await self.resume(at)

    async def _tried(self, at: At) -> bool:
        """Send the oldest message that waits, whose sender resumes the account if it is taken;
        False when none waits."""
        now = self.clock.now()
        async with self.database.sessions() as session, session.begin():
            waiting = await held.of_account(session, at.tenant, at.channel, at.account)
            for row in waiting[:1]:
                await held.put_on_trial(session, row, now)
                recipient = recipient_of(row, row.conversation_id)
                again = f":{now.isoformat()}"
                await self.engine.enqueue_send(session, int(row.id or 0), recipient, again)
        return bool(waiting)

    def planned(self) -> Planned:
        """The core's own job."""
        return Planned(cron=EVERY, zone=ZoneInfo("UTC"), run=self.probe)

    async def _is_well(self, at: At) -> bool:
        tenant = self.tenants.get(at.tenant)
        found = tenant.channels.get((at.channel, at.account)) if tenant else None
        if found is None:
            return False
        channel, guard = found
        try:
            health = await guard.call("health", channel.health, within=HEALTH_SECONDS)
        except HoteleroError as error:
            self.log.warning("still_stopped", **at.values(), error=type(error).__name__)
            return False
        return bool(health.ok)


async def release(
    session: AsyncSession, engine: Engine, waiting: Sequence[Outbox], why: str, clock: Clock
) -> None:
    """Queue held messages again, with this transaction; `why` makes their entries new ones."""
    if not waiting:
        return
    ids = [int(row.id or 0) for row in waiting]
    await held.free(session, waiting[0].tenant, ids, clock.now())
    for row in waiting:
        await engine.enqueue_send(
            session, int(row.id or 0), recipient_of(row, row.conversation_id), f":{why}"
        )
