"""What changed in a hotel's PMS, read now and then, and told to whoever listens.

A PMS that rings (a webhook) only makes us read at once: of what it says nothing is believed. What
is told may be told twice: when a process dies between two steps, and for what we changed ourselves.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial

from agente_hotelero._db import cursors
from agente_hotelero._db.session import Database
from agente_hotelero._runtime import announcing, jobs
from agente_hotelero._runtime.announcing import Announcer
from agente_hotelero._runtime.engine import Engine
from agente_hotelero._runtime.guarded_pms import GuardedPms
from agente_hotelero._runtime.jobs import Planned
from agente_hotelero._runtime.proactive.mirror import Mirror
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
    mirror: Mirror | None = None

    async def run(self) -> None:
        """All there is, up to a bound; the cursor moves with what is told outside.

        The first time nothing is told: from then on. Raises what `poll_changes` raises.
        """
        place = (self.tenant, self.pms.plugin, self.pms.property_id)
        async with self.database.sessions() as session:
            found = await cursors.get(session, *place)
        cursor, since = found or (None, None)
        for _ in range(MOST_ROUNDS):
            changes = await self.pms.poll_changes(cursor)
            # Also where nothing changed: when we looked last is worth knowing.
            await self._tell(place, changes, since)
            if not changes.reservations:
                return
            cursor = changes.cursor

    async def _tell(
        self, place: tuple[str, str, str], changes: Changes, since: datetime | None
    ) -> None:
        events = [_event(one) for one in changes.reservations]
        hours = await self.mirror.hours() if self.mirror is not None and events else None
        async with self.database.sessions() as session, session.begin():
            if self.mirror is not None and hours is not None:
                for one in changes.reservations:
                    await self.mirror.note(session, one, hours, since=since, fresh=True)
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
    mirrors: Mapping[str, Mirror] | None = None,
) -> dict[str, Planned]:
    """A job for each hotel whose PMS can tell what changed."""
    found: dict[str, Planned] = {}
    for tenant in tenants.values():
        if tenant.pms is None or not tenant.pms.can(Capability.POLL):
            continue
        make = partial(
            Reader,
            tenant=tenant.id,
            database=database,
            announcer=announcer,
            subscribers=subscribers,
            clock=clock,
            mirror=(mirrors or {}).get(tenant.id),
        )
        found[f"{JOB}/{tenant.id}"] = Planned(
            cron=f"*/{minutes} * * * *", zone=tenant.settings.zone, run=partial(_run, tenant, make)
        )
    return found


async def _run(tenant: Tenant, make: Callable[..., Reader]) -> None:
    """With the PMS as it is open now."""
    if tenant.pms is not None:
        await make(pms=tenant.pms).run()


async def ring(tenant: str, database: Database, engine: Engine, clock: Clock) -> None:
    """Read this hotel's changes now; who rings more than once in a second has rung once."""
    now = clock.now()
    second = now.astimezone(UTC).replace(microsecond=0)
    async with database.sessions() as session, session.begin():
        key = f"{JOB}/{tenant}@{second.isoformat()} bell"
        await engine.schedule(session, jobs.KIND, key, now, now)
