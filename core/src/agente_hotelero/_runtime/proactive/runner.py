"""One hotel's journeys: every few minutes a round in which what is due is sent, put off or dropped.

Whatever became of a stay meanwhile counts by itself: it is read again before anything is sent. What
is decided is decided once, whatever crashes, and noted with its reason.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from functools import partial

from agente_hotelero._db import journeys, stays
from agente_hotelero._db.guest_models import JourneyState, KnownStay
from agente_hotelero._db.journeys import Failed, Key
from agente_hotelero._db.session import Database
from agente_hotelero._guest_settings import ProactiveSettings
from agente_hotelero._runtime.metrics import Metrics
from agente_hotelero._runtime.proactive import timing, ways
from agente_hotelero._runtime.proactive.due import AHEAD, Calendar, Due, days_to_know
from agente_hotelero._runtime.proactive.facts import Facts, Gatherer
from agente_hotelero._runtime.proactive.mirror import PATIENCE, Mirror
from agente_hotelero._runtime.proactive.plans import Plan
from agente_hotelero._runtime.proactive.sending import Dispatcher, names_of, new_mark
from agente_hotelero._runtime.proactive.timing import Hours
from agente_hotelero.components import Clock, Log
from agente_hotelero.errors import HoteleroError, NotFound, TemporaryError
from agente_hotelero.pms import Capability
from agente_hotelero.proactive import Trigger
from agente_hotelero.stays import Reservation, ReservationQuery

LOOK_AGAIN = timedelta(hours=1)
ONCE_A_DAY, OFTEN = timedelta(days=1), timedelta(minutes=30)
# Of a message; results in how many were put into the outbox for it.
Decision = Callable[[], Awaitable[int]]
# What is sold, and so many days of it a round.
FARTHEST, FARTHER = timedelta(days=600), timedelta(days=30)


@dataclass(kw_only=True)
class Runner:
    """`on` says whether something is switched on. `blocked` remembers, while the process lives,
    what could not be sent when it was last looked at, and why, so that the PMS is not asked again
    every few minutes; `open` are the days that it did not show when they were looked up last, which
    are asked for again every round."""

    tenant: str
    settings: ProactiveSettings
    plans: Sequence[Plan]
    mirror: Mirror
    calendar: Calendar
    gatherer: Gatherer
    dispatcher: Dispatcher
    database: Database
    clock: Clock
    log: Log
    metrics: Metrics
    on: Callable[[str], bool]
    blocked: dict[Key, tuple[datetime, str]] = field(default_factory=dict)
    looked_at: datetime | None = None
    open: list[ReservationQuery] = field(default_factory=list)

    async def tick(self) -> int:
        """One round; returns how many messages were put into the outbox.

        Raises TemporaryError when the PMS does not answer: the next round goes on from there. One
        reservation that it cannot show for now holds up no other.
        """
        plans = [plan for plan in self.plans if self.on(plan.flag)]
        if not plans:
            return 0
        await self._look(plans)
        hours = await self.mirror.hours()
        decisions: list[Decision] = await self._refused(plans, hours)
        for due in await self.calendar.due(plans, hours):
            decisions.append(partial(self._decide, due, hours))
        sent, in_a_row = 0, 0
        for decide in decisions:
            if sent >= self.settings.per_round:
                break
            try:
                sent += await decide()
                in_a_row = 0
            except TemporaryError as error:
                self.log.warning("stay_not_shown", error=type(error).__name__)
                in_a_row += 1
                if in_a_row == PATIENCE:
                    raise
        return sent

    async def _look(self, plans: Sequence[Plan]) -> None:
        """Look up the days that matter: now and then, or where the PMS tells its changes, once a
        day; the first time farther ahead, and then ever farther, so that nothing old looks new."""
        now = self.clock.now()
        pause = ONCE_A_DAY if self.mirror.pms.can(Capability.POLL) else OFTEN
        today = now.astimezone(self.mirror.zone).date()
        async with self.database.sessions() as session:
            until = await self.mirror.known_until(session)
        if self.looked_at is not None and now < self.looked_at + pause:
            self.open = await self.mirror.look(self.open) if self.open else []
            await self._look_farther(plans, today, until)
            return
        ahead, ago = (timedelta(days=days) for days in days_to_know(plans))
        if until == date.min:
            ahead = max(ahead, AHEAD)
        few = timedelta(days=2)
        arrivals = self.mirror.days("arrival", today - few, today + ahead)
        departures = self.mirror.days("departure", today - ago, today + few)
        self.open = await self.mirror.look([*arrivals, *departures])
        if until == date.min and not self.open:
            await self.mirror.know_until(today + ahead)
        self.looked_at = now

    async def _look_farther(self, plans: Sequence[Plan], today: date, until: date) -> None:
        """Some days a round, once, as far as hotels sell: else a booking that was made before
        anybody looked would look new when it is changed."""
        wanted = any(plan.journey.trigger is Trigger.BOOKED for plan in plans)
        if self.open or not wanted or not self.mirror.pms.can(Capability.POLL):
            return
        if until < today + FARTHEST:
            farther = max(until, today) + FARTHER
            days = self.mirror.days("arrival", max(until, today) + timedelta(days=1), farther)
            if await self.mirror.look(days):
                return
            await self.mirror.know_until(farther if farther < today + FARTHEST else date.max)

    async def _decide(self, due: Due, hours: Hours) -> int:
        """1 when it was put into the outbox; 0 when it waits, or was dropped, which is noted."""
        now = self.clock.now()
        if now >= due.span.end:
            return await self._expire(due, now, hours)
        if self._is_no_time(due, now, hours):
            return 0
        return await self._read_and_send(due, hours)

    async def _expire(self, due: Due, now: datetime, hours: Hours) -> int:
        """Give it up, unless its stay was moved while nobody looked: then it is due another day."""
        if due.first is None:
            try:
                _, stay = await self.mirror.read(due.stay.reference, hours)
            except TemporaryError:
                raise
            except HoteleroError:
                stay = due.stay
            moved = timing.span(due.plan.journey, stay, hours)
            if not timing.fits(due.plan.journey, stay) or moved is None or now < moved.end:
                return 0
        why = self.blocked.pop(due.key, (now, "missed"))[1]
        return await self._drop(due, JourneyState.EXPIRED, why)

    async def _read_and_send(self, due: Due, hours: Hours, failed: Failed | None = None) -> int:
        """As `_decide`, with all that must be so in the moment of sending, whichever way it is:
        `failed` is the message as another channel refused it."""
        read = await self._read(due, hours)
        if read is None:
            return 0
        seen, stay = read
        again = self._as_it_is_now(due, stay, hours)
        if again is None:
            return 0
        if timing.is_still_there(due.plan.journey, stay):
            return self._block(due, "still in the house")
        tried = failed.tried if failed is not None else ()
        facts = await self.gatherer.facts(again, seen.guest, tried)
        why = self._never(again, facts)
        if why:
            return await self._drop(again, JourneyState.DROPPED, why)
        waits_until = again.span.due + due.plan.journey.waits_for_staff
        if facts.staff_have and self.clock.now() < waits_until:
            return self._block(due, "staff are dealing with the guest")
        journey, now = due.plan.journey, self.clock.now()
        if timing.guest_sleeps(journey, facts.phones, now, hours):
            return self._block(due, "the guest sleeps")
        way = ways.choose(journey, again.approved, facts.known)
        if isinstance(way, str):
            return self._block(due, way)
        end = timing.sendable_until(journey, again.span, facts.phones, now, hours)
        again = replace(again, span=replace(again.span, end=end))
        return await self._send(again, seen, way, hours, facts, failed)

    def _is_no_time(self, due: Due, now: datetime, hours: Hours) -> bool:
        """Whether this is no hour for it, or it was looked at a moment ago."""
        blocked = self.blocked.get(due.key)
        return (
            not timing.is_open(due.plan.journey, now, hours)
            or timing.guest_sleeps(due.plan.journey, [due.stay.phone], now, hours)
            or (blocked is not None and now < blocked[0] + LOOK_AGAIN)
        )

    async def _read(self, due: Due, hours: Hours) -> tuple[Reservation, KnownStay] | None:
        """The reservation as it is now; None where the PMS has none, or refuses to show it."""
        try:
            return await self.mirror.read(due.stay.reference, hours)
        except NotFound:
            await self._drop(due, JourneyState.DROPPED, "not in the PMS")
        except TemporaryError:
            raise
        except HoteleroError as error:
            self._block(due, type(error).__name__)
        return None

    def _as_it_is_now(self, due: Due, stay: KnownStay, hours: Hours) -> Due | None:
        """With the stay as it is now; None where that makes it no message, or not yet."""
        if not timing.fits(due.plan.journey, stay):
            return None
        if due.first is not None:
            return replace(due, stay=stay)
        span, now = timing.span(due.plan.journey, stay, hours), self.clock.now()
        if span is None or not span.due <= now < span.end:
            return None
        return replace(due, stay=stay, span=span)

    def _never(self, due: Due, facts: Facts) -> str:
        """Why this guest does not get this message; empty when he may.

        Whoever writes a reason in here decides who is asked: how a stay was must not be one. Only a
        reminder is spared those who answered, or for whom people are already at work.
        """
        if ways.is_skipped(facts.known.guest, self.settings.skip):
            return "on the hotel's list"
        refused = ways.refusal(facts.known, due.plan.journey.purpose)
        if refused is not None:
            return f"refused {refused.purpose}"
        if facts.had_one:
            return "had one lately"
        if due.first is not None and (facts.wrote or facts.staff_have):
            return "no reminder is wanted"
        return ""

    async def _send(
        self,
        due: Due,
        seen: Reservation,
        way: ways.Way,
        hours: Hours,
        facts: Facts,
        failed: Failed | None,
    ) -> int:
        addresses, known = facts.addresses, facts.known
        had_one = partial(self.gatherer.had_one, due=due, addresses=addresses, known=known)
        try:
            if not await self.dispatcher.send(due, seen, way, hours, had_one, failed):
                return 0
        except TemporaryError:
            raise
        except HoteleroError as error:
            self.log.exception("journey_without_words", journey=due.plan.journey.name)
            return self._block(due, type(error).__name__)
        self.blocked.pop(due.key, None)
        self._count(due, way.channel, "queued")
        return 1

    async def _refused(self, plans: Sequence[Plan], hours: Hours) -> list[Decision]:
        """To send what one channel refused by another, where there is one; never by two at once."""
        by_name, found = {plan.journey.name: plan for plan in plans}, list[Decision]()
        since = self.clock.now() - max(plan.journey.expires for plan in plans)
        async with self.database.sessions() as session:
            refused = await journeys.undelivered(session, self.tenant, since)
        for failed in refused:
            plan = by_name.get(failed.message.journey)
            due = await self.calendar.once_more(plan, failed.message, hours) if plan else None
            if due is not None and not self._is_no_time(due, self.clock.now(), hours):
                found.append(partial(self._read_and_send, due, hours, failed))
        return found

    async def _drop(self, due: Due, to: JourneyState, why: str) -> int:
        """Decide that it is not sent; always 0. Of a guest who was erased nothing is noted,
        and what was decided before, and failed on its way, stays as it was decided."""
        values = {
            **names_of(due),
            "state": to,
            "reason": why,
            "mark": new_mark(),
            "decided_at": self.clock.now(),
        }
        async with self.database.sessions() as session, session.begin():
            was_first = (
                await stays.hold(session, self.tenant, [due.stay.reference]) == 1
                and await journeys.claim(session, self.tenant, values) is not None
            )
        if not was_first:
            return self._block(due, why)
        self._count(due, "", str(to))
        self.log.info("journey_not_sent", journey=due.plan.journey.name, reason=why)
        return 0

    def _block(self, due: Due, why: str) -> int:
        """Look at it again later; always 0."""
        self.blocked[due.key] = (self.clock.now(), why)
        return 0

    def _count(self, due: Due, channel: str, outcome: str) -> None:
        self.metrics.unasked.labels(due.plan.journey.name, channel, outcome).inc()
