"""What changed in a hotel's PMS, read now and then, and told to whoever listens.

A PMS that rings (a webhook) only makes us read at once: of what it says nothing is believed. What
is told may be told twice: when a process dies between two steps, and for what we changed ourselves.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC

from agente_hotelero._db import cursors
from agente_hotelero._db.session import Database
from agente_hotelero._runtime import announcing, jobs
from agente_hotelero._runtime.announcing import Announcer
from agente_hotelero._runtime.engine import Engine
from agente_hotelero._runtime.guarded_pms import GuardedPms
from agente_hotelero._runtime.jobs import Planned
from agente_hotelero._runtime.subscribers import Subscribers
from agente_hotelero._runtime.tenants import Tenant
from agente_hotelero.components import Clock
from agente_hotelero.events import ReservationCancelled, ReservationChanged
from agente_hotelero.pms import Capability
from agente_hotelero.stays import Changes, Reservation, ReservationStatus

JOB = "core/pms_changes"
MOST_ROUNDS = 20


@dataclass(frozen=True, kw_only=True)
class Reader:
    """Reads the changes of one hotel."""

    tenant: str
    pms: GuardedPms
    database: Database
    announcer: Announcer
    subscribers: Subscribers
    clock: Clock

    async def run(self) -> None:
        """All there is, up to a bound; the cursor moves with what is told outside.

        The first time nothing is told: from then on. Raises what `poll_changes` raises.
        """
        place = (self.tenant, self.pms.plugin, self.pms.property_id)
        async with self.database.sessions() as session:
            cursor = await cursors.get(session, *place)
        for _ in range(MOST_ROUNDS):
            changes = await self.pms.poll_changes(cursor)
            if changes.cursor != cursor or changes.reservations:
                await self._tell(place, changes)
            if not changes.reservations:
                return
            cursor = changes.cursor

    async def _tell(self, place: tuple[str, str, str], changes: Changes) -> None:
        events = [_event(one) for one in changes.reservations]
        async with self.database.sessions() as session, session.begin():
            for event in events:
                name = announcing.OF_RESERVATIONS[type(event)]
                told = announcing.of_reservation(0, event.reservation)
                await self.announcer.tell(session, self.tenant, name, told)
            await cursors.put(session, *place, changes.cursor, self.clock.now())
        for event in events:
            await self.subscribers.tell(replace(event, tenant=self.tenant))


def _event(changed: Reservation) -> ReservationChanged | ReservationCancelled:
    if changed.status is ReservationStatus.CANCELLED:
        return ReservationCancelled(reservation=changed)
    return ReservationChanged(reservation=changed)


def planned(
    tenants: Mapping[str, Tenant],
    database: Database,
    announcer: Announcer,
    subscribers: Subscribers,
    clock: Clock,
    *,
    minutes: int,
) -> dict[str, Planned]:
    """A job for each hotel whose PMS can tell what changed."""
    found: dict[str, Planned] = {}
    for tenant in tenants.values():
        if tenant.pms is None or not tenant.pms.can(Capability.POLL):
            continue
        reader = Reader(
            tenant=tenant.id,
            pms=tenant.pms,
            database=database,
            announcer=announcer,
            subscribers=subscribers,
            clock=clock,
        )
        found[f"{JOB}/{tenant.id}"] = Planned(
            cron=f"*/{minutes} * * * *", zone=tenant.settings.zone, run=reader.run
        )
    return found


async def ring(tenant: str, database: Database, engine: Engine, clock: Clock) -> None:
    """Read this hotel's changes now; who rings more than once in a second has rung once."""
    now = clock.now()
    second = now.astimezone(UTC).replace(microsecond=0)
    async with database.sessions() as session, session.begin():
        key = f"{JOB}/{tenant}@{second.isoformat()} bell"
        await engine.schedule(session, jobs.KIND, key, now, now)
