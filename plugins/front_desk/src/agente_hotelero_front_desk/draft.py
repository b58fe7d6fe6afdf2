"""What is known of a booking so far, and how what the guest says changes it. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Literal

from agente_hotelero.dialogue import Focus
from agente_hotelero.messages import Entity, PartyHint, StayHint
from agente_hotelero.stays import Occupancy, Offer, Stay
from pydantic import BaseModel, ConfigDict

LONGEST_MONTHS = 62
Step = Literal["dates", "nights", "party", "ages", "choose", "name", "email", "confirm"]


class Draft(BaseModel):
    """A booking in the making; `shown` offers of the focus were seen by the guest, `key` is minted
    when the summary is shown."""

    model_config = ConfigDict(frozen=True)

    arrival: date | None = None
    nights: int | None = None
    adults: int | None = None
    children: int = 0
    child_ages: tuple[int, ...] = ()
    room_type: str | None = None
    rate: str | None = None
    shown: int = 0
    offer: Offer | None = None
    name: str | None = None
    email: str | None = None
    key: str | None = None

    @property
    def stay(self) -> Stay | None:
        if self.arrival is None or self.nights is None:
            return None
        return Stay(arrival=self.arrival, departure=self.arrival + timedelta(days=self.nights))

    @property
    def occupancy(self) -> Occupancy | None:
        if self.adults is None or len(self.child_ages) < self.children:
            return None
        return Occupancy(adults=self.adults, child_ages=self.child_ages)

    def with_(self, **changes: object) -> Draft:
        return self.model_copy(update=changes)

    def searches_like(self, other: Draft) -> bool:
        """Whether both ask the PMS the same."""
        mine = (self.stay, self.occupancy, self.room_type)
        return mine == (other.stay, other.occupancy, other.room_type)

    def without_offer(self) -> Draft:
        return self.with_(offer=None, key=None)


def begin(focus: Focus) -> Draft:
    """A new draft from what the conversation is about already."""
    stay, party, guest = focus.stay, focus.occupancy, focus.guest
    return Draft(
        arrival=stay.arrival if stay else None,
        nights=stay.nights if stay else None,
        adults=party.adults if party else None,
        children=len(party.child_ages) if party else 0,
        child_ages=party.child_ages if party else (),
        name=guest.name if guest else None,
        email=guest.email if guest else None,
    )


def absorb(draft: Draft, entities: Sequence[Entity], step: Step | None) -> Draft:
    """The draft with what was said; a changed search forgets the chosen offer."""
    told = draft
    for entity in entities:
        value = entity.value
        if isinstance(value, StayHint):
            told = _with_stay(told, value, step)
        elif isinstance(value, PartyHint):
            told = _with_party(told, value)
        elif entity.type == "room_type" and not entity.alternatives:
            told = told.with_(room_type=str(value))
        elif entity.type == "rate":
            told = told.with_(rate=str(value))
        elif entity.type == "person":
            told = told.with_(name=str(value))
        elif entity.type == "email":
            told = told.with_(email=str(value))
    if not told.searches_like(draft):
        return told.without_offer()
    # What was shown is not what it is now: a yes to the old is none to the new.
    return told if told == draft else told.with_(key=None)


def _with_stay(draft: Draft, said: StayHint, step: Step | None) -> Draft:
    arrival, departure = said.arrival, said.departure
    known = draft.arrival
    if step == "nights" and departure is None and arrival and known and arrival > known:
        # Asked until when, "el 27" is a departure although nothing in it says so.
        arrival, departure = None, arrival
    if step == "nights" and arrival is None and departure and known and departure <= known:
        # "Hasta el 14": the first such day after the arrival.
        departure = _next_such_day(departure, known)
    arrival = arrival or draft.arrival
    nights = said.nights or draft.nights
    if departure is not None and arrival is not None and departure > arrival:
        nights = (departure - arrival).days
    return draft.with_(arrival=arrival, nights=nights)


def _next_such_day(said: date, after: date) -> date:
    """The first later date with the same day of the month; the same date where there is none."""
    for days in range(1, LONGEST_MONTHS):
        day = after + timedelta(days=days)
        if day.day == said.day:
            return day
    return said


def _with_party(draft: Draft, said: PartyHint) -> Draft:
    ages = said.child_ages or draft.child_ages
    children = draft.children if said.children is None else said.children
    if said.child_ages:
        children = max(children, len(said.child_ages))
    elif said.adults is not None and said.children is None:
        children, ages = 0, ()
    adults = draft.adults if said.adults is None else said.adults
    return draft.with_(adults=adults, children=children, child_ages=ages[:children])


def missing(draft: Draft) -> Step:
    """The next thing to ask: one question at a time, `confirm` when all is known."""
    asked: tuple[tuple[Step, object], ...] = (
        ("dates", draft.arrival),
        ("nights", draft.nights),
        ("party", draft.adults),
        ("ages", draft.occupancy),
        ("choose", draft.offer),
        ("name", draft.name),
        ("email", draft.email),
    )
    return next((step for step, known in asked if known is None), "confirm")
