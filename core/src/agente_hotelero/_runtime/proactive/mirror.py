"""What we know of a hotel's stays: told by the PMS's changes, and looked up day by day.

A change that was missed, in an outage or where the PMS cannot tell changes, is found by looking;
and in the moment of sending a reservation is read again in any case.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncSession

from agente_hotelero._db import cursors, stays
from agente_hotelero._db.guest_models import KnownStay
from agente_hotelero._db.session import Database
from agente_hotelero._runtime.guarded_pms import GuardedPms
from agente_hotelero._runtime.proactive import timing
from agente_hotelero._runtime.proactive.timing import Hours
from agente_hotelero.components import Clock, Log
from agente_hotelero.errors import HoteleroError, NotFound, TemporaryError
from agente_hotelero.pms import Capability
from agente_hotelero.stays import Reservation, ReservationQuery
from agente_hotelero.stays import ReservationStatus as Status

MOST_PAGES = 40
# So many days or stays in a row that the PMS does not show, and it is away.
PATIENCE = 3


@dataclass(frozen=True, kw_only=True)
class Mirror:
    """The stays of one hotel."""

    tenant: str
    zone: ZoneInfo
    pms: GuardedPms
    database: Database
    clock: Clock
    log: Log

    async def hours(self) -> Hours:
        """When guests come and go. Raises what the PMS's own word raises."""
        found = await self.pms.property()
        return Hours(zone=self.zone, check_in=found.check_in, check_out=found.check_out)

    async def note(
        self,
        session: AsyncSession,
        seen: Reservation,
        hours: Hours,
        *,
        since: datetime | None = None,
        fresh: bool = False,
    ) -> KnownStay | None:
        """Keep what was seen now. `since` is when we looked last, where that is not when this stay
        was seen last; `fresh`: the PMS tells its changes, so what is not known yet is newly booked,
        unless nobody ever looked at its days. None for the stay of a guest who was erased."""
        if await stays.was_erased(session, self.tenant, seen.reference):
            return None
        now = self.clock.now()
        known = await stays.get(session, self.tenant, seen.reference)
        departed = known.departed_at if known is not None else None
        if seen.status is not Status.DEPARTED:
            departed = None
        elif departed is None and known is not None and known.status != Status.DEPARTED:
            last = max(since, known.seen_at) if since else known.seen_at
            departed = timing.departed_at(seen.stay.departure, last, now, hours)
        is_new = (
            fresh
            and known is None
            and seen.status is Status.CONFIRMED
            and seen.stay.arrival <= await self.known_until(session)
        )
        await stays.put(
            session,
            self.tenant,
            seen,
            now,
            departed_at=departed,
            booked_at=now if is_new else None,
        )
        return await stays.get(session, self.tenant, seen.reference)

    async def note_here(
        self, session: AsyncSession, seen: Reservation, conversation_id: int, *, made: bool
    ) -> None:
        """Keep what was booked, changed or cancelled in a conversation of ours."""
        if await stays.was_erased(session, self.tenant, seen.reference):
            return
        known, now = await stays.get(session, self.tenant, seen.reference), self.clock.now()
        await stays.put(
            session,
            self.tenant,
            seen,
            now,
            departed_at=known.departed_at if known is not None else None,
            booked_at=now if made else None,
            conversation_id=conversation_id,
        )

    async def read(self, reference: str, hours: Hours) -> tuple[Reservation, KnownStay]:
        """A reservation as the PMS has it now. Raises what `reservation` raises, and NotFound for
        that of a guest who was erased meanwhile."""
        seen = await self.pms.reservation(reference)
        async with self.database.sessions() as session, session.begin():
            noted = await self.note(session, seen, hours)
        if noted is None:
            raise NotFound("its guest was erased")
        return seen, noted

    async def known_until(self, session: AsyncSession) -> date:
        """The last day of arrival of which all stays were looked up once; what is booked for later
        may be old, and not known yet."""
        found = await cursors.get(session, *self._place)
        return date.fromisoformat(found[0]) if found is not None else date.min

    async def know_until(self, day: date) -> None:
        async with self.database.sessions() as session, session.begin():
            if day > await self.known_until(session):
                await cursors.put(session, *self._place, day.isoformat(), self.clock.now())

    @property
    def _place(self) -> tuple[str, str, str]:
        return self.tenant, f"core/journeys/{self.pms.plugin}", self.pms.property_id

    def days(self, column: str, first: date, last: date) -> list[ReservationQuery]:
        """What to ask for the stays that arrive or depart on some days."""
        days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
        asked: list[dict[str, Any]] = [{column: day} for day in days]
        return [ReservationQuery(property_id=self.pms.property_id, **one) for one in asked]

    async def look(self, wanted: Sequence[ReservationQuery]) -> list[ReservationQuery]:
        """Find the stays of some days; returns those that the PMS did not show for now, and that
        are to be looked up again. One that it refuses is left out, with a warning: a stay that
        cannot be shown is no reason to know of none. Raises what `hours` raises."""
        hours, later, in_a_row = await self.hours(), list[ReservationQuery](), 0
        for number, query in enumerate(wanted):
            try:
                await self._all(query, hours)
            except TemporaryError as error:
                self._not_shown(query, error)
                later.append(query)
                in_a_row += 1
                if in_a_row == PATIENCE:
                    # Those not tried come first, or the same few would stand in front for ever.
                    return [*wanted[number + 1 :], *later]
            except HoteleroError as error:
                self._not_shown(query, error)
            else:
                in_a_row = 0
        return later

    def _not_shown(self, query: ReservationQuery, error: HoteleroError) -> None:
        day = query.arrival or query.departure
        self.log.warning("day_not_shown", day=str(day), error=type(error).__name__)

    async def _all(self, query: ReservationQuery, hours: Hours) -> None:
        cursor = None
        for _ in range(MOST_PAGES):
            page = await self.pms.find_reservations(query, cursor)
            if page.items:
                # Whatever is seen first, here or in the PMS's changes, is as new.
                fresh = self.pms.can(Capability.POLL)
                async with self.database.sessions() as session, session.begin():
                    for seen in page.items:
                        await self.note(session, seen, hours, fresh=fresh)
            if page.next_cursor in (None, cursor):
                return
            cursor = page.next_cursor
