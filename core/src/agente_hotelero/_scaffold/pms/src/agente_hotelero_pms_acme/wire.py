"""What the PMS answers, as models: an answer of another shape is refused before it does harm."""

from __future__ import annotations

from datetime import date, datetime, time
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Currency = Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
State = Literal["booked", "arrived", "left", "cancelled", "no_show"]


class Wire(BaseModel):
    """Unknown fields are let pass: the PMS may add some. No error shows a value: it may be a
    guest's."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)


class House(Wire):
    id: str
    name: str
    time_zone: str
    currency: Currency
    check_in: time
    check_out: time


class Room(Wire):
    id: str
    name: str
    description: str
    max_adults: int
    max_guests: int


class Terms(Wire):
    free_until: datetime
    fee: Decimal


class Available(Wire):
    room_type: Room
    total: Decimal
    currency: Currency
    left: int
    terms: Terms


class Party(Wire):
    adults: int
    child_ages: tuple[int, ...]


class Person(Wire):
    name: str
    email: str | None
    phone: str | None
    language: str | None


class Booking(Wire):
    number: str
    property: str
    state: State
    version: int
    external_ref: str | None
    room_type: str
    room_name: str
    arrival: date
    departure: date
    parties: tuple[Party, ...]
    guest: Person
    total: Decimal
    currency: Currency
    terms: Terms


class Found(Wire):
    items: tuple[Booking, ...]
    next: str | None


class Fee(Wire):
    fee: Decimal
    currency: Currency
    version: int
