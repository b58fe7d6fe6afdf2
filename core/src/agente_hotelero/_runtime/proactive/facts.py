"""All that bears on whether and how a guest gets a message, gathered for one decision."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from agente_hotelero._db import consent, desk, guests, held, journeys
from agente_hotelero._db.models import OutboxState
from agente_hotelero._db.session import Database
from agente_hotelero._runtime.proactive import timing, ways
from agente_hotelero._runtime.proactive.due import Due
from agente_hotelero._runtime.proactive.ways import Account, Known
from agente_hotelero._runtime.tenants import Tenant
from agente_hotelero.components import Channel, Clock
from agente_hotelero.matching import reach
from agente_hotelero.stays import Guest

# So many in a row that failed and an account carries nothing unasked until a day after.
FAILURES, REST = 5, timedelta(days=1)


@dataclass(frozen=True, kw_only=True, slots=True)
class Facts:
    """`addresses` are all by which the guest is known, `phones` those of them that are telephones.
    `staff_have`: people are dealing with the guest. `had_one`: another message of this purpose came
    lately. `wrote`: the guest wrote something since the message of which this reminds."""

    known: Known
    addresses: Collection[str]
    staff_have: bool
    had_one: bool
    phones: Collection[str]
    wrote: bool


@dataclass(frozen=True, kw_only=True)
class Gatherer:
    """One hotel's; `on` says whether something is switched on."""

    tenant: Tenant
    database: Database
    clock: Clock
    on: Callable[[str], bool]

    async def facts(self, due: Due, guest: Guest, tried: Collection[str] = ()) -> Facts:
        """`tried` are channels that failed already."""
        async with self.database.sessions() as session:
            known, addresses = await self._known(session, due, guest, tried)
            numbers = [int(one.id or 0) for one in known.conversations]
            tasks = [n for n in numbers if await desk.tasks(session, self.tenant.id, n)]
            had_one = await self.had_one(session, due=due, addresses=addresses, known=known)
        first = due.first.decided_at if due.first else None
        return Facts(
            known=known,
            addresses=addresses,
            staff_have=ways.staff_have(known.conversations, tasks),
            had_one=had_one,
            phones={one for one in addresses if reach(one).isdigit()},
            wrote=first is not None
            and any(one.last_guest_at > first for one in known.conversations),
        )

    async def _known(
        self, session: AsyncSession, due: Due, guest: Guest, tried: Collection[str]
    ) -> tuple[Known, set[str]]:
        """With all the addresses of the guest that are known."""
        tenant, now, settings = self.tenant.id, self.clock.now(), self.tenant.settings.proactive
        told = {one for one in (guest.email, guest.phone) if one}
        booked = [due.stay.conversation_id] if due.stay.conversation_id else []
        talks, addresses = await guests.whole_guest(session, tenant, told, booked)
        channels = self._channels()
        resting = {one: why for one in channels if (why := await self._rest(session, one, now))}
        refused = {
            (*one, approved.name)
            for one in channels
            if (approved := due.approved.get(one[0])) is not None
            and await journeys.template_refused(session, tenant, *one, approved.name, now - REST)
        }
        known = Known(
            guest=guest,
            said=await consent.history(session, tenant, addresses),
            conversations=talks,
            channels=channels,
            now=now,
            tried=tried,
            resting=resting,
            refused=refused,
            explicit=settings.explicit_consent,
            aliases=settings.aliases,
        )
        return known, addresses

    def _channels(self) -> dict[Account, Channel[Any]]:
        return {
            account: channel
            for account, (channel, _) in self.tenant.channels.items()
            if channel.unasked and self.on(account[0])
        }

    async def _rest(self, session: AsyncSession, account: Account, now: datetime) -> str:
        """Why an account may carry nothing unasked just now; empty when it may."""
        tenant, since = self.tenant.id, now - REST
        if await held.why_stopped(session, tenant, *account):
            return held.ACCOUNT
        sent = await journeys.sent_since(session, tenant, *account, since)
        if sent >= self.tenant.settings.proactive.per_day:
            return ways.ENOUGH
        last = await journeys.last_outcomes(session, tenant, *account, since, FAILURES)
        failed = [one for one in last if one == OutboxState.FAILED]
        return "the last ones failed" if len(failed) == FAILURES else ""

    async def had_one(
        self, session: AsyncSession, *, due: Due, addresses: Collection[str], known: Known
    ) -> bool:
        """Whether the guest of these addresses had another message of the journey's purpose too
        lately; one who got two all the same is reminded of the last one, and once."""
        spacing = due.plan.journey.spacing
        if spacing is None:
            return False
        last = await journeys.last_to_guest(
            session,
            self.tenant.id,
            due.plan.journey.purpose,
            {reach(one) for one in addresses if _tells_one(one)} - {""},
            [int(one.id or 0) for one in known.conversations],
            due.stay.reference,
        )
        if last is None or due.first is None:
            return last is not None and self.clock.now() < last + spacing
        return last > due.first.decided_at


def _tells_one(address: str) -> bool:
    """Whether an address tells one guest from another: a telephone that nobody can have stands in
    place of none, and of many guests'."""
    return not reach(address).isdigit() or timing.is_possible(address)
