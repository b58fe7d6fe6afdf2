"""What a guest wants of a reservation that exists, and how what is said changes it. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Literal

from agente_hotelero.matching import folded
from agente_hotelero.messages import Entity, PartyHint, StayHint
from agente_hotelero.stays import (
    Amendment,
    Cancellation,
    Occupancy,
    Reservation,
    Service,
    Stay,
    StayChange,
)
from pydantic import BaseModel, ConfigDict

Wish = Literal["show", "cancel", "change", "late_checkout", "early_checkin"]
Step = Literal["identify", "pick", "what", "dates", "party", "ages", "confirm"]
WISHES: Mapping[str, Wish] = {
    "reservation_status": "show",
    "cancel_reservation": "cancel",
    "modify_reservation": "change",
    "late_checkout": "late_checkout",
    "early_checkin": "early_checkin",
}
SHORTEST_PROOF = 2
MOST_SURNAMES = 2
# What names are joined with, and what booking sites write where a surname should stand.
PARTICLES = frozenset(
    [
        "de",
        "del",
        "da",
        "do",
        "dos",
        "das",
        "la",
        "las",
        "los",
        "y",
        "e",
        "van",
        "von",
        "der",
        "di",
        "du",
        "le",
        "san",
        "santa",
        "guest",
        "booking",
        "com",
    ]
)


class Case(BaseModel):
    """`reference` and `surname` are what the guest says; `found` is the reservation that is proved
    to be the guest's, `several` are those of which one must be picked. `preview` is what the guest
    is asked to say yes to, `key` its wish."""

    model_config = ConfigDict(frozen=True)

    wish: Wish
    reference: str | None = None
    surname: str | None = None
    email: str | None = None
    found: str | None = None
    several: tuple[tuple[str, date], ...] = ()
    dates: bool = False
    people: bool = False
    arrival: date | None = None
    departure: date | None = None
    nights: int | None = None
    adults: int | None = None
    children: int | None = None
    child_ages: tuple[int, ...] = ()
    preview: Amendment | Cancellation | Service | None = None
    key: str | None = None

    def with_(self, **changes: object) -> Case:
        return self.model_copy(update=changes)

    def changes_like(self, other: Case) -> bool:
        """Whether both ask for the same change."""
        return self.with_(preview=None, key=None) == other.with_(preview=None, key=None)

    def without_dates(self) -> Case:
        return self.with_(arrival=None, departure=None, nights=None, preview=None, key=None)


def absorb(case: Case, entities: Sequence[Entity]) -> Case:
    """The case with what was said."""
    told = case
    # The reference first: a name beside it belongs to it.
    for entity in sorted(entities, key=lambda one: one.type != "reference"):
        value = entity.value
        if isinstance(value, StayHint):
            told = _with_stay(told, value)
        elif isinstance(value, PartyHint):
            told = _with_party(told, value)
        elif entity.type == "reference":
            told = _another(told, str(value))
        elif entity.type == "person":
            told = told.with_(surname=str(value))
        elif entity.type == "email":
            told = told.with_(email=str(value))
    return told if told.changes_like(case) else told.with_(preview=None, key=None)


def _another(case: Case, reference: str) -> Case:
    """A reference that is said; of another reservation nothing is proved yet."""
    if case.found is None:
        return case.with_(reference=reference)
    if case.found.casefold() == reference.casefold():
        return case
    return case.with_(reference=reference, found=None, several=(), surname=None, email=None)


def _with_stay(case: Case, said: StayHint) -> Case:
    if case.wish != "change":
        return case
    return case.with_(
        dates=True,
        arrival=said.arrival or case.arrival,
        departure=said.departure or (None if said.arrival or said.nights else case.departure),
        nights=said.nights or case.nights,
    )


def _with_party(case: Case, said: PartyHint) -> Case:
    if case.wish != "change":
        return case
    ages = said.child_ages or case.child_ages
    children = case.children if said.children is None else said.children
    if said.child_ages:
        children = max(children or 0, len(said.child_ages))
    adults = case.adults if said.adults is None else said.adults
    return case.with_(people=True, adults=adults, children=children, child_ages=ages)


def proves(case: Case, made: Reservation) -> bool:
    """Whether the guest knows whose reservation it is: its surname, or its e-mail address."""
    if case.email and case.email.casefold() == (made.guest.email or "").casefold():
        return True
    said = [word for word in words(case.surname or "") if word not in PARTICLES]
    names = [word for word in words(made.guest.name) if word not in PARTICLES]
    surnames = (names[1:] or names)[-MOST_SURNAMES:]
    return bool(said) and len(said[-1]) >= SHORTEST_PROOF and said[-1] in surnames


def words(name: str) -> list[str]:
    """A name's words without case and accents."""
    return re.findall(r"\w+", folded(name))


def stay_after(case: Case, made: Reservation) -> Stay | None:
    """The dates as they shall be; None when they make no stay.

    What was not said stays: with a new arrival alone the guest stays as long as before, with a new
    departure alone the arrival is kept.
    """
    arrival = case.arrival or made.stay.arrival
    if case.departure is not None:
        departure = case.departure
    else:
        departure = arrival + timedelta(days=case.nights or made.stay.nights)
    return Stay(arrival=arrival, departure=departure) if departure > arrival else None


def party_after(case: Case, made: Reservation) -> tuple[Occupancy, ...]:
    """Who sleeps there as it shall be; ages that are known already are kept."""
    (now, *others) = made.occupancies
    adults = now.adults if case.adults is None else case.adults
    if case.children is None:
        ages = now.child_ages
    else:
        ages = (case.child_ages or now.child_ages)[: case.children]
    return (Occupancy(adults=adults, child_ages=ages), *others)


def needs_ages(case: Case, made: Reservation) -> bool:
    """Whether there are children of whom no age is known."""
    if not case.people or case.children is None:
        return False
    return sum(len(party.child_ages) for party in party_after(case, made)[:1]) < case.children


def change_of(case: Case, made: Reservation) -> StayChange | None:
    """The whole of what it shall be; None when the dates make no stay."""
    stay = stay_after(case, made) if case.dates else made.stay
    people = party_after(case, made) if case.people else made.occupancies
    return StayChange(stay=stay, occupancies=people) if stay else None


def missing(case: Case, made: Reservation) -> Step:
    """What is to be asked next of a change."""
    if not case.dates and not case.people:
        return "what"
    if case.dates and case.arrival is None and case.departure is None and case.nights is None:
        return "dates"
    if case.people and case.adults is None and case.children is None:
        return "party"
    return "ages" if needs_ages(case, made) else "confirm"
