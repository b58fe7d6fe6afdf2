"""Plays a script: one clock for the hotel's process, for Meta and for the mail; crashes; and what
guests really got, hour by hour."""

from __future__ import annotations

import multiprocessing
import random
import re
import signal
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from multiprocessing.connection import Connection
from typing import Any

from agente_hotelero._db.guest_models import journey_
from agente_hotelero._db.models import OutboxState, outbox_
from agente_hotelero._db.session import connect
from agente_hotelero.matching import spellings
from agente_hotelero.stays import Guest as Booker
from agente_hotelero.testing import SettableClock
from agente_hotelero_channel_gmail.testing import PostOffice, Received
from agente_hotelero_channel_whatsapp.testing import Guest, MetaError, Sent, Simulator
from agente_hotelero_pms_mock.tables import Booked
from sqlalchemy import select

from tests.support.month.hotel import MAILBOX, NUMBER, TENANT, Address, Hour, serve
from tests.support.month.oracle import Row, told
from tests.support.month.script import ZONE, Event, Person, Script
from tests.support.month.shop import ACTS, FrontOffice

POINTS = ("journey.before_commit", "journey.after_commit", "send.before", "send.after")
NOT_ON_WHATSAPP = MetaError(code=131026)
KINDS = {
    "confirmed": r"is confirmed:|está confirmada:",
    "pre_arrival": r"plan to arrive|piensas llegar",
    "in_stay": r"How is everything|Cómo va todo",
    "reminder": r"still like to tell|Todavía quieres|todavía quieres",
    "review": r"How was your stay|Cómo fue tu estadía",
    "left": r"no more messages that you did|más mensajes que no hayas",
}
NAMES = {"pre_arrival": "pre_arrival", "stay_review": "review", "stay_reminder": "reminder"}
TOKEN = re.compile(r"https://agent\.example/r/(\S+)")
AFTER = timedelta(hours=5)
ASLEEP = {1, 2, 4, 5, 23}
_booked: Any = Booked.__table__.c  # type: ignore[attr-defined]


@dataclass
class World:
    """`diary` is what happened, at the hour in which the hotel could know of it; `struck` which
    messages were on their way in a crash, `decided_before` which had been decided in its hour: what
    is refused of these is seen when the hotel is up again. `rows` is what guests got. `front` are
    those who mark stays in a shop; without them the hotel's process does it, in pms_mock."""

    script: Script
    address: Address
    clock: SettableClock
    simulator: Simulator
    office: PostOffice
    chance: random.Random
    front: FrontOffice | None = None
    rows: list[Row] = field(default_factory=list)
    diary: list[Event] = field(default_factory=list)
    struck: dict[tuple[str, str, str], str] = field(default_factory=dict)
    decided_before: dict[datetime, set[tuple[str, str]]] = field(default_factory=dict)
    crashes: list[str] = field(default_factory=list)
    hours: list[datetime] = field(default_factory=list)
    later: list[Event] = field(default_factory=list)
    _process: Any = None
    _line: Any = None
    _seen: tuple[int, int] = (0, 0)

    def __post_init__(self) -> None:
        account = self.simulator.account(NUMBER)
        people = self.script.people.values()
        self.guests = {
            one.key: Guest(self.simulator, account, one.whatsapp, name=one.key) for one in people
        }
        self.by_number = {one.whatsapp: one for one in people}
        self.by_mail = {one.email: one for one in people if one.email}
        for one in people:
            if not one.reachable:
                # Nor in the other form of Argentine numbers, which is tried too.
                for form in spellings(one.whatsapp):
                    self.simulator.troubles[form] = NOT_ON_WHATSAPP
        self.office.dovecot.users.update(dict.fromkeys(self.by_mail, "x"))
        self.later = list(self.script.events)

    # ── time ─────────────────────────────────────────────────────────────────────────────────────

    def play(self, first: date, days: int, down: Sequence[tuple[int, int, int]] = ()) -> None:
        """Hour after hour, and a few of the night's, with a crash a day; `down`: on which days,
        and from which hour until which, nobody starts the hotel again."""
        for day in range(days):
            date_ = first + timedelta(days=day)
            away = {hour for on, begin, end in down if on == day for hour in range(begin, end)}
            begins = self._midnight(date_)
            count = int((self._midnight(date_ + timedelta(days=1)) - begins) / timedelta(hours=1))
            plan = Crash(
                point=self.chance.choice(POINTS), hour=self.chance.choice((10, 11, 12, 15))
            )
            for number in range(count):
                now = begins + timedelta(hours=number)
                if (hour := now.astimezone(ZONE).hour) not in away | ASLEEP:
                    self._hour(now, plan)
                elif hour in away and self._process is not None:
                    self.crash(f"{now:%m-%d %H} down")
            if not plan.happened:
                self.crash(f"{date_:%m-%d} idle")
        self.stop()

    def _midnight(self, day: date) -> datetime:
        return datetime(day.year, day.month, day.day, tzinfo=ZONE).astimezone(
            self.clock.now().tzinfo
        )

    def _hour(self, now: datetime, plan: Crash) -> None:
        self.clock.set(now)
        self.hours.append(now)
        acts, bodies = self._acts(now)
        kill = None
        if not plan.happened and now.astimezone(ZONE).hour >= plan.hour:
            kill = (plan.point, self.chance.randint(1, 2))
        if not self._lived(Hour(now=now, acts=acts, bodies=bodies, kill=kill)):
            plan.happened = True
            self._note_struck(plan.point)
            self.decided_before[now] = self._decided_at(now)
            self.crashes.append(f"{now:%m-%d %H} {plan.point}")
            assert self._lived(Hour(now=now))
        self._collect(now)

    def _lived(self, hour: Hour) -> bool:
        """Whether the hotel lived through an hour."""
        line = self._started()
        line.send(hour)
        try:
            assert line.recv() == "lived"
            assert line.recv() == "done"
        except (EOFError, ConnectionResetError):
            self._process.join()
            assert self._process.exitcode == -signal.SIGKILL, "the hotel's process ended by itself"
            self._process = None
            return False
        return True

    def _started(self) -> Connection:
        if self._process is None:
            context = multiprocessing.get_context("forkserver")
            context.set_forkserver_preload([serve.__module__])
            self._line, theirs = context.Pipe()
            self._process = context.Process(target=serve, args=(theirs, self.address), daemon=True)
            self._process.start()
            theirs.close()
        line: Connection = self._line
        return line

    def crash(self, why: str) -> None:
        if self._process is not None:
            self.crashes.append(why)
        self.stop()

    def stop(self) -> None:
        """Without ceremony."""
        if self._process is not None:
            self._process.kill()
            self._process.join()
            self._process = None

    # ── what happens ─────────────────────────────────────────────────────────────────────────────

    def _acts(
        self, now: datetime
    ) -> tuple[list[tuple[datetime, str, dict[str, Any]]], list[bytes]]:
        """All that is due, in the diary and as the hotel is told of it."""
        due = sorted(one for one in self.later if one.at <= now)
        self.later = [one for one in self.later if one.at > now]
        acts = []
        for event in due:
            self.diary.append(Event(at=now, what=event.what, who=event.who, more=event.more))
            if event.what == "says":
                self.guests[event.who].say(event.more)
            elif self.front is not None and event.what in ACTS:
                self.front.act(event)
            else:
                acts.append((event.at, *self._act(event)))
        return acts, self._heard() if any(one.what == "says" for one in due) else []

    def _heard(self) -> list[bytes]:
        """The webhooks of this hour."""
        self.simulator.settle()
        bodies = [body for _, body in self.simulator.held or ()]
        self.simulator.hold()
        return bodies

    def _act(self, event: Event) -> tuple[str, dict[str, Any]]:
        if event.what in ("complain", "settle"):
            return event.what, {"phone": self.script.people[event.who].whatsapp}
        if event.what == "click":
            return "click", {"token": event.more}
        visit = self.script.visits[event.who]
        if event.what == "book":
            person = visit.person
            guest = Booker(
                name=f"Guest {person.key}",
                phone=person.phone or None,
                email=person.email or None,
                language=person.language,
            )
            dates = {"arrival": visit.arrival, "departure": visit.departure}
            return "book", {"key": visit.key, "guest": guest, **dates}
        if event.what == "prolong":
            dates = {"arrival": visit.arrival, "departure": event.more}
            return "prolong", {"key": visit.key, **dates}
        return "mark", {"key": visit.key, "status": event.what}

    def _reacts(self, now: datetime, person: Person, kind: str, text: str) -> None:
        """What a guest does about a review request, some hours later."""
        if kind != "review":
            return
        doing: dict[str, Callable[[], list[Event]]] = {
            "stops_after": lambda: [
                Event(at=now + AFTER, what="says", who=person.key, more="STOP")
            ],
            "answers": lambda: [Event(at=now + AFTER, what="says", who=person.key, more="bien")],
            "clicks": lambda: [self._click(now, person.key, text)],
            "complains_later": lambda: [
                Event(at=now + AFTER, what="says", who=person.key, more="mal"),
                Event(at=now + AFTER + timedelta(hours=1), what="complain", who=person.key),
            ],
        }
        if person.manner in doing:
            self.later += doing[person.manner]()

    def _click(self, now: datetime, person: str, text: str) -> Event:
        found = TOKEN.search(text)
        assert found is not None
        return Event(at=now + AFTER, what="click", who=person, more=found[1])

    # ── what came ────────────────────────────────────────────────────────────────────────────────

    def _collect(self, now: datetime) -> None:
        chats, mails = self._seen
        for sent in self.simulator.sent[chats:]:
            kind, how = _kind_of_chat(sent)
            self._came(now, self.by_number[sent.to], kind, how, sent.text)
        for _, to, raw in self.office.taken[mails:]:
            text = Received.of(raw).text
            self._came(now, self.by_mail[to], kind_of(text), "mail", text)
        self._seen = len(self.simulator.sent), len(self.office.taken)

    def _came(self, now: datetime, person: Person, kind: str, how: str, text: str) -> None:
        self.rows.append((told(now), person.key, kind, how))
        self._reacts(now, person, kind, text)

    def _note_struck(self, point: str) -> None:
        """Which message was on its way: its row says so, and only that is looked at."""
        if not point.startswith("send."):
            return
        query = _messages(outbox_.channel).join(outbox_.id.table, outbox_.id == journey_.outbox_id)
        query = query.where(outbox_.state == OutboxState.SENDING)
        for visit, journey, part, channel in self._read(query):
            way = "mail" if channel == "channel_gmail" else "whatsapp"
            self.struck[visit, _name(journey, part), way] = point

    def _decided_at(self, now: datetime) -> set[tuple[str, str]]:
        found = self._read(_messages().where(journey_.decided_at == now))
        return {(visit, _name(journey, part)) for visit, journey, part in found}

    def decided(self) -> dict[tuple[str, str], str]:
        """By visit and first message, what became of it."""
        found = self._read(_messages(journey_.state).where(journey_.part == 0))
        return {(visit, _name(journey, part)): str(state) for visit, journey, part, state in found}

    def _read(self, query: Any) -> list[Any]:
        """Rows that begin with a reference, with the visit in its place."""
        database = connect(self.address.database_url)
        with database.sync_engine.connect() as connection:
            found = list(connection.execute(query).all())
            visits = self.front.visits if self.front is not None else _booked_visits(connection)
        database.sync_engine.dispose()
        return [(visits[reference], *more) for reference, *more in found]


def _messages(*more: Any) -> Any:
    return select(journey_.reference, journey_.journey, journey_.part, *more)


def _booked_visits(connection: Any) -> Mapping[str, str]:
    """Whose visit a reference of pms_mock is."""
    found = connection.execute(select(_booked.reference, _booked.external_ref)).all()
    return {str(reference): str(visit) for reference, visit in found}


def _name(journey: str, part: int) -> str:
    return "reminder" if part else journey.split(".")[-1]


@dataclass
class Crash:
    """Where the hotel shall die on a day: at the first such point from an hour on."""

    point: str
    hour: int
    happened: bool = False


def _kind_of_chat(sent: Sent) -> tuple[str, str]:
    if sent.template:
        return NAMES[sent.template], "template " + sent.body["template"]["language"]["code"]
    return kind_of(sent.text), "free"


def kind_of(text: str) -> str:
    (found,) = [kind for kind, words in KINDS.items() if re.search(words, text)]
    return found


__all__ = ["MAILBOX", "TENANT", "World"]
