"""What must be sent in a month, reckoned from docs/journeys.md alone: none of the agent's code.

Each hour, each stay: is something due, may it be sent, and by which way. It knows what guests and
the front office did, and in which message a crash struck; never what the agent decided.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from tests.support.month.script import ZONE, Event, Person, Script, Visit

DAY = timedelta(days=1)
WINDOW = timedelta(hours=24) - timedelta(minutes=5)
HOMES = {
    "12": (ZoneInfo("America/New_York"),),
    "34": (ZoneInfo("Europe/Madrid"), ZoneInfo("Atlantic/Canary")),
    "54": (ZoneInfo("America/Argentina/Buenos_Aires"),),
    "81": (ZoneInfo("Asia/Tokyo"),),
}
Row = tuple[str, str, str, str]
"""When, to whom, which message, and how: ``free``, ``template <language>`` or ``mail``."""
Struck = Mapping[tuple[str, str, str], str]
"""By visit, message and channel: the point at which a crash struck its sending."""


@dataclass
class Message:
    """One that was decided: when last, by which channels, and whether the guest is known to have
    it; `failed` while another way is sought."""

    at: datetime
    tried: list[str] = field(default_factory=list)
    arrived: bool = False
    failed: bool = False


@dataclass
class State:
    """A stay as it is known."""

    visit: Visit
    status: str = "confirmed"
    departure: datetime = field(init=False)
    left: datetime | None = None
    booked: datetime | None = None
    known: bool = False
    done: dict[str, str] = field(default_factory=dict)
    sent: dict[str, Message] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.departure = datetime.combine(self.visit.departure, time(11))

    @property
    def arrival(self) -> datetime:
        return datetime.combine(self.visit.arrival, time(15))


@dataclass
class Oracle:
    """All on the hotel's wall but instants."""

    script: Script
    struck: Struck
    early: Mapping[datetime, set[tuple[str, str]]]
    rows: list[Row] = field(default_factory=list)
    states: dict[str, State] = field(default_factory=dict)
    said: dict[str, datetime] = field(default_factory=dict)
    out: set[str] = field(default_factory=set)
    clicked: set[str] = field(default_factory=set)
    tasks: set[str] = field(default_factory=set)
    before: datetime | None = None

    def run(self, hours: Sequence[datetime], diary: Sequence[Event]) -> None:
        events = list(diary)
        for now in hours:
            while events and events[0].at <= now:
                self._happens(events.pop(0), now)
            for state in self.states.values():
                self._see(state, now)
            self._other_ways(now, self._failed())
            due = [found for one in self.states.values() for found in self._due(one, now)]
            for _, key, name in sorted(due):
                self._decide(self.states[key], name, now)
            # What was decided before a crash and then refused is seen in the round after it.
            self._other_ways(now, self._failed() & self.early.get(now, set()))
            self.before = now

    # ── what happens ─────────────────────────────────────────────────────────────────────────────

    def _happens(self, event: Event, now: datetime) -> None:
        who = event.who
        if event.what == "book":
            self.states[who] = State(visit=self.script.visits[who])
        elif event.what == "prolong":
            self.states[who].departure = datetime.combine(event.more, time(11))
        elif event.what in ("in_house", "departed", "cancelled", "no_show"):
            self._marked(self.states[who], event.what, now)
        elif event.what == "says":
            self._said(self.script.people[who], event.more, now)
        elif event.what == "click":
            self.clicked.add(who)
        elif event.what == "complain":
            self.tasks.add(who)
        elif event.what == "settle":
            self.tasks.discard(who)

    def _marked(self, state: State, status: str, now: datetime) -> None:
        if status == "departed" and state.known:
            planned, last = _instant(state.departure), self.before or now
            missed = now - last > timedelta(hours=1) and last < planned < now
            state.left = planned if missed else now
        state.status = status

    def _see(self, state: State, now: datetime) -> None:
        """A booking is new when it is heard of, except at the very first look."""
        if not state.known:
            state.known = True
            if self.before is not None and state.status == "confirmed":
                state.booked = now

    def _said(self, person: Person, text: str, now: datetime) -> None:
        self.said[person.key] = now
        if text.upper() in ("STOP", "BAJA") and person.key not in self.out:
            self.out.add(person.key)
            self.rows.append((told(now), person.key, "left", "free"))

    # ── when ─────────────────────────────────────────────────────────────────────────────────────

    def _span(self, state: State, name: str) -> tuple[datetime, datetime] | None:
        """From when until when, on the wall."""
        if name == "confirmed":
            if state.booked is None:
                return None
            booked = _wall(state.booked)
            return booked, min(booked + 2 * DAY, state.arrival)
        if name == "pre_arrival":
            return state.arrival - 2 * DAY, state.arrival
        if name == "in_stay":
            due = state.arrival + timedelta(hours=20)
            return due, min(due + timedelta(hours=10), state.departure)
        if name == "review":
            left = _wall(state.left) if state.left else state.departure
            return _by_day(left + DAY), _by_day(left + DAY) + 7 * DAY
        first = state.sent.get("review")
        if first is None or not first.arrived or self._answered(state, first):
            return None
        due = _by_day(_wall(first.at) + 3 * DAY)
        return due, due + 7 * DAY

    def _answered(self, state: State, first: Message) -> bool:
        person = state.visit.person.key
        wrote = self.said.get(person)
        return person in self.clicked or (wrote is not None and wrote > first.at)

    def _due(self, state: State, now: datetime) -> list[tuple[datetime, str, str]]:
        found = []
        for name in ("confirmed", "in_stay", "pre_arrival", "review", "reminder"):
            span = self._span(state, name)
            fits = state.status in STATUSES[name]
            if name not in state.done and span and fits and now >= _instant(span[0]):
                found.append((span[0], state.visit.key, name))
        return found

    def _is_no_hour(self, state: State, name: str, now: datetime) -> bool:
        opens, closes = (0, 24) if name == "confirmed" else (10, 20)
        hour = now.astimezone(ZONE).hour
        return not opens <= hour < closes or self._sleeps(state.visit.person, now)

    def _sleeps(self, person: Person, now: datetime) -> bool:
        """Where a country has several zones, it is night in all of them."""
        homes = HOMES.get(person.phone[1:3], ())
        return bool(homes) and not any(9 <= now.astimezone(home).hour < 21 for home in homes)

    # ── whether ──────────────────────────────────────────────────────────────────────────────────

    def _decide(self, state: State, name: str, now: datetime) -> None:
        span = self._span(state, name)
        assert span is not None
        if now >= _instant(span[1]):
            state.done[name] = "expired"
        elif self._is_no_hour(state, name, now) or self._waits(state, name, span[0], now):
            return
        elif self._is_spared(state, name, now):
            state.done[name] = "dropped"
        else:
            self._send(state, name, now, Message(at=now))

    def _waits(self, state: State, name: str, due: datetime, now: datetime) -> bool:
        """For the guest to leave; or, three days at most, for staff who deal with him."""
        if name not in ("review", "reminder") or state.status == "in_house":
            return name in ("review", "reminder")
        person = state.visit.person.key
        busy = name == "review" and person in self.tasks and now < _instant(due + 3 * DAY)
        return busy and person not in self.out and not self._had_one(state, now)

    def _is_spared(self, state: State, name: str, now: datetime) -> bool:
        """Who left, who had one lately, and who has people at work for him already."""
        person = state.visit.person.key
        return (
            person in self.out
            or (name == "review" and self._had_one(state, now))
            or (name == "reminder" and person in self.tasks)
        )

    def _had_one(self, state: State, now: datetime) -> bool:
        others = (
            one.sent["review"].at
            for one in self.states.values()
            if one is not state and one.visit.person is state.visit.person and "review" in one.sent
        )
        return any(now < at + 90 * DAY for at in others)

    # ── how ──────────────────────────────────────────────────────────────────────────────────────

    def _way(self, person: Person, name: str, tried: Sequence[str], now: datetime) -> str:
        wrote = self.said.get(person.key)
        if wrote is not None and person.phone and "whatsapp" not in tried:
            if now < wrote + WINDOW:
                return "free"
            if name in TEMPLATES:
                return "template " + {"en": "en_US", "es": "es"}[person.language]
        hidden = person.is_alias and name in ("review", "reminder")
        return "mail" if person.email and not hidden and "mail" not in tried else ""

    def _send(self, state: State, name: str, now: datetime, message: Message) -> None:
        person = state.visit.person
        way = self._way(person, name, message.tried, now)
        if not way:
            return
        channel = "mail" if way == "mail" else "whatsapp"
        message.at, message.failed = now, False
        message.tried.append(channel)
        state.done[name], state.sent[name] = "sent", message
        struck = self.struck.get((state.visit.key, name, channel))
        if struck != "send.before" and channel == "whatsapp" and not person.reachable:
            message.failed = True
            return
        message.arrived = struck is None
        if struck != "send.before":
            self.rows.append((told(now), person.key, name, way))

    def _failed(self) -> set[tuple[str, str]]:
        return {
            (key, name)
            for key, state in self.states.items()
            for name, message in state.sent.items()
            if message.failed
        }

    def _other_ways(self, now: datetime, failed: set[tuple[str, str]]) -> None:
        """What WhatsApp refused in a round before goes by mail."""
        for key, name in sorted(failed):
            state = self.states[key]
            span = self._span(state, name)
            if (
                span
                and _instant(span[0]) <= now < _instant(span[1])
                and state.status in STATUSES[name]
                and state.visit.person.key not in self.out
                and not self._is_no_hour(state, name, now)
            ):
                self._send(state, name, now, state.sent[name])


COMING = ("confirmed",)
HERE = ("confirmed", "in_house")
OVER = ("confirmed", "in_house", "departed")
STATUSES = {
    "confirmed": COMING,
    "pre_arrival": COMING,
    "in_stay": HERE,
    "review": OVER,
    "reminder": OVER,
}
TEMPLATES = ("pre_arrival", "review", "reminder")


def _by_day(wall: datetime) -> datetime:
    """The first moment from ten to eight."""
    if wall.hour < 10:
        return datetime.combine(wall.date(), time(10))
    if wall.hour >= 20:
        return datetime.combine(wall.date() + DAY, time(10))
    return wall


def _wall(instant: datetime) -> datetime:
    return instant.astimezone(ZONE).replace(tzinfo=None)


def _instant(wall: datetime) -> datetime:
    return wall.replace(tzinfo=ZONE).astimezone(UTC)


def told(instant: datetime) -> str:
    return instant.astimezone(ZONE).strftime("%m-%d %H:%M")
