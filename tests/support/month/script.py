"""Who stays in a month, and what becomes of each stay: drawn by a seed, of every kind there is."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

ZONE = ZoneInfo("Europe/Madrid")
# Code, digits after it, and whether the reservation leaves out what the chat has (Argentina's 9).
COUNTRIES = (("34", 9), ("34", 9), ("34", 9), ("1212", 7), ("81", 10), ("549", 10))
KINDS = (
    ("plain", 20),
    ("unmarked", 10),
    ("cancelled", 8),
    ("no_show", 6),
    ("early", 8),
    ("prolonged", 8),
    ("lingers", 4),
    ("group", 8),
    ("again", 6),
)
MANNERS = (
    ("silent", 30),
    ("writes", 14),
    ("edge_inside", 6),
    ("edge_outside", 6),
    ("stops_before", 5),
    ("stops_after", 4),
    ("clicks", 6),
    ("answers", 6),
    ("complains", 6),
    ("complains_later", 4),
    ("unreachable", 3),
)


@dataclass(frozen=True, kw_only=True)
class Person:
    """`phone` is the telephone on the reservation, `whatsapp` that of the chat; `manner` is what
    the guest does about messages, `reachable` whether WhatsApp knows the number."""

    key: str
    phone: str
    whatsapp: str
    email: str
    language: str
    manner: str

    @property
    def reachable(self) -> bool:
        return self.manner != "unreachable"

    @property
    def is_alias(self) -> bool:
        return self.email.endswith("guest.booking.com")


@dataclass(frozen=True, kw_only=True)
class Visit:
    """A reservation, as it was booked."""

    key: str
    person: Person
    arrival: date
    departure: date


@dataclass(frozen=True, kw_only=True, order=True)
class Event:
    """Something that happens: `who` is a visit's key, or a person's."""

    at: datetime
    what: str
    who: str
    more: Any = field(default=None, compare=False)


@dataclass(frozen=True, kw_only=True)
class Script:
    people: dict[str, Person]
    visits: dict[str, Visit]
    events: list[Event]


def written(seed: int, guests: int, first: date, days: int) -> Script:
    """So many guests who stay within so many days."""
    chance = random.Random(seed)
    people: dict[str, Person] = {}
    visits: dict[str, Visit] = {}
    events: list[Event] = []
    for number in range(guests):
        person = _person(chance, number)
        people[person.key] = person
        kind = _drawn(chance, KINDS)
        for visit, happens in _stays(chance, person, kind, first, days):
            visits[visit.key] = visit
            events += happens
        events += _words(chance, person, [one for one in visits.values() if one.person is person])
    return Script(people=people, visits=visits, events=sorted(events))


def wall(day: date, hour: int) -> datetime:
    """An hour on the hotel's wall."""
    return datetime.combine(day, time(hour), tzinfo=ZONE).astimezone(UTC)


def _person(chance: random.Random, number: int) -> Person:
    code, size = chance.choice(COUNTRIES)
    digits = f"{code}{number + 6 * 10 ** (size - 1)}"
    manner = _drawn(chance, MANNERS)
    hidden = manner == "silent" and chance.random() < 0.25
    nameless = not hidden and chance.random() < 0.1
    return Person(
        key=f"G{number:03}",
        phone="" if hidden else "+" + (f"54{digits[3:]}" if code == "549" else digits),
        whatsapp=digits,
        email=f"x{number}@guest.booking.com"
        if hidden
        else ""
        if nameless
        else f"g{number}@guest.example",
        language=chance.choice(("en", "es")),
        manner=manner,
    )


def _stays(
    chance: random.Random, person: Person, kind: str, first: date, days: int
) -> Iterator[tuple[Visit, list[Event]]]:
    arrival = first + timedelta(days=chance.randrange(days))
    nights = chance.randint(1, 5)
    rooms = 3 if kind == "group" else 1
    for room in range(rooms):
        yield _stay(chance, person, f"{person.key}-{room}", kind, arrival, nights, first)
    if kind == "again":
        later = arrival + timedelta(days=nights + chance.randint(2, 10))
        yield _stay(chance, person, f"{person.key}-9", "plain", later, 2, first)


def _stay(
    chance: random.Random,
    person: Person,
    key: str,
    kind: str,
    arrival: date,
    nights: int,
    first: date,
) -> tuple[Visit, list[Event]]:
    departure = arrival + timedelta(days=nights)
    visit = Visit(key=key, person=person, arrival=arrival, departure=departure)
    ahead = chance.choice((0, 1, 1, 3, 10, 30))
    booked = max(wall(arrival - timedelta(days=ahead), chance.randint(8, 14)), wall(first, 0))
    events = [Event(at=booked, what="book", who=key)]
    events += [one for one in _course(chance, visit, kind) if one.at > booked]
    return visit, events


def _course(chance: random.Random, visit: Visit, kind: str) -> Iterator[Event]:
    """What the front office marks."""
    key, arrival, departure = visit.key, visit.arrival, visit.departure

    def mark(day: date, hour: int, what: str, more: Any = None) -> Event:
        return Event(at=wall(day, hour), what=what, who=key, more=more)

    if kind == "cancelled":
        yield mark(arrival - timedelta(days=chance.randint(0, 4)), chance.randint(9, 20), kind)
        return
    if kind == "no_show":
        yield mark(arrival + timedelta(days=1), 6, kind)
        return
    if kind == "unmarked":
        return
    yield mark(arrival, chance.randint(15, 22), "in_house")
    if kind == "prolonged":
        departure += timedelta(days=chance.randint(1, 3))
        yield mark(visit.departure, 9, "prolong", departure)
    if kind == "early":
        departure = max(arrival + timedelta(days=1), departure - timedelta(days=2))
    if kind == "lingers":
        yield mark(departure + timedelta(days=chance.randint(1, 3)), 12, "departed")
        return
    yield mark(departure, chance.randint(7, 13), "departed")


def _words(chance: random.Random, person: Person, visits: list[Visit]) -> Iterator[Event]:
    """What a guest writes whatever he gets; what he answers comes when he has something."""
    last = max(visits, key=lambda one: one.departure)

    def says(day: date, hour: int, text: str = "hola") -> Event:
        return Event(at=wall(day, hour), what="says", who=person.key, more=text)

    manner = person.manner
    if manner in ("silent", "stops_after", "clicks", "answers"):
        if manner != "silent" and chance.random() < 0.6:
            yield says(last.arrival, chance.randint(8, 20))
        return
    if manner == "edge_inside":
        yield says(last.departure, 12)
    elif manner == "edge_outside":
        yield says(last.departure, 11)
    elif manner == "stops_before":
        for _ in range(2):
            yield says(last.departure, chance.randint(8, 20), chance.choice(("STOP", "baja")))
    else:
        yield says(last.arrival - timedelta(days=chance.randint(0, 2)), chance.randint(8, 20))
    if manner == "complains":
        yield says(last.departure, 13, "estaba sucio")
        yield Event(at=wall(last.departure, 14), what="complain", who=person.key)
        settled = last.departure + timedelta(days=chance.choice((1, 2, 8)))
        yield Event(at=wall(settled, 16), what="settle", who=person.key)


def _drawn(chance: random.Random, table: tuple[tuple[str, int], ...]) -> str:
    return chance.choices([name for name, _ in table], [weight for _, weight in table])[0]
