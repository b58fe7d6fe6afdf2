"""Which messages are due now and were not decided before. Nothing is planned ahead."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncSession

from agente_hotelero._db import journeys, stays
from agente_hotelero._db.guest_models import JourneyMessage, KnownStay
from agente_hotelero._db.journeys import TAKEN, Key
from agente_hotelero._db.session import Database
from agente_hotelero._runtime.proactive import timing
from agente_hotelero._runtime.proactive.plans import Plan
from agente_hotelero._runtime.proactive.timing import Hours, Span
from agente_hotelero.components import Clock
from agente_hotelero.proactive import Approved, Trigger

# Whoever leaves early is due before the last day of the stay comes.
AHEAD = timedelta(days=60)
SLACK = timedelta(days=3)


@dataclass(frozen=True, kw_only=True, slots=True)
class Due:
    """A message to be decided: of which journey, for which stay, and until when; a reminder knows
    the message of which it reminds."""

    plan: Plan
    stay: KnownStay
    span: Span
    first: JourneyMessage | None = None

    @property
    def part(self) -> int:
        return 0 if self.first is None else 1

    @property
    def key(self) -> Key:
        return self.plan.journey.name, self.stay.reference, self.part

    @property
    def approved(self) -> Mapping[str, Approved]:
        """What providers approved for it, by channel."""
        reminder = self.plan.journey.reminder if self.part else None
        return reminder.approved if reminder is not None else self.plan.journey.approved


@dataclass(frozen=True, kw_only=True)
class Calendar:
    """One hotel's."""

    tenant: str
    zone: ZoneInfo
    database: Database
    clock: Clock

    async def due(self, plans: Sequence[Plan], hours: Hours) -> list[Due]:
        """The messages and reminders whose time has come, the oldest first."""
        found: list[Due] = []
        async with self.database.sessions() as session:
            for plan in plans:
                near = await self._near(session, plan)
                known = {one.reference for one in near}
                decided = await journeys.decided(session, self.tenant, known)
                found += [due for one in near if (due := self._of(plan, one, decided, hours))]
        return sorted(found, key=lambda due: (due.span.due, due.key))

    async def once_more(self, plan: Plan, message: JourneyMessage, hours: Hours) -> Due | None:
        """A message that failed, if it still makes sense."""
        now = self.clock.now()
        async with self.database.sessions() as session:
            stay = await stays.get(session, self.tenant, message.reference)
            decided = await journeys.decided(session, self.tenant, [message.reference])
        span = timing.span(plan.journey, stay, hours) if stay else None
        if stay is None or span is None or not timing.fits(plan.journey, stay):
            return None
        if message.part == 0:
            return Due(plan=plan, stay=stay, span=span) if now < span.end else None
        first = decided.get((message.journey, message.reference, 0))
        if first is None or not _wants_reminder(first):
            return None
        again = timing.reminder_span(plan.journey, first.decided_at, hours)
        if again is None or now >= again.end:
            return None
        return Due(plan=plan, stay=stay, span=again, first=first)

    async def _near(self, session: AsyncSession, plan: Plan) -> Sequence[KnownStay]:
        """The stays of which a journey may have something to send now."""
        journey, now = plan.journey, self.clock.now()
        longest = journey.expires + SLACK
        if journey.reminder is not None:
            longest += journey.reminder.after + journey.expires
        if journey.trigger is Trigger.BOOKED:
            since = now - journey.offset - longest
            return await stays.booked_since(session, self.tenant, since)
        today = now.astimezone(self.zone).date()
        first, last = today - journey.offset - longest, today - journey.offset + SLACK
        if journey.trigger is Trigger.DEPARTURE:
            last += AHEAD
        return await stays.between(session, self.tenant, journey.trigger.value, first, last)

    def _of(
        self, plan: Plan, stay: KnownStay, decided: Mapping[Key, JourneyMessage], hours: Hours
    ) -> Due | None:
        if not timing.fits(plan.journey, stay):
            return None
        name, first = plan.journey.name, decided.get((plan.journey.name, stay.reference, 0))
        if first is None:
            span = timing.span(plan.journey, stay, hours)
        elif (name, stay.reference, 1) not in decided and _wants_reminder(first):
            span = timing.reminder_span(plan.journey, first.decided_at, hours)
        else:
            return None
        if span is None or self.clock.now() < span.due:
            return None
        return Due(plan=plan, stay=stay, span=span, first=first)


def _wants_reminder(first: JourneyMessage) -> bool:
    """Whether the guest has the message, as far as the provider says, and neither wrote nor clicked
    nor left since."""
    if first.outcome not in TAKEN:
        return False
    return not (first.answered_at or first.clicked_at or first.opted_out_at)


def days_to_know(plans: Sequence[Plan]) -> tuple[int, int]:
    """How many days ahead guests arrive, and how many ago they left, of whom something may be
    due."""
    before = max((-plan.journey.offset for plan in plans), default=timedelta())
    after = max((plan.journey.offset + plan.journey.expires for plan in plans), default=timedelta())
    return (before + SLACK).days, (after + SLACK).days
