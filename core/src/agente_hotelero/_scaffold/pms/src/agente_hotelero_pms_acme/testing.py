"""A small PMS that stands in for the real one: stock, prices, terms, and its own bookings.

    uvicorn agente_hotelero_pms_acme.testing:app --port 9000

The adapter's tests are worth what this is worth: let it refuse what the real PMS refuses, in the
same words, and keep an answer recorded from the real one beside each of its own.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from fastapi import Depends, FastAPI, Header, HTTPException
from pydantic import BaseModel, Field

KEY = "stand-in-key"
ZONE = ZoneInfo("Europe/Madrid")
HOUSE = {
    "id": "1",
    "name": "Hotel Miramar",
    "time_zone": ZONE.key,
    "currency": "EUR",
    "check_in": "15:00",
    "check_out": "11:00",
}
PAGE = 20
FREE_DAYS = 2


@dataclass
class Room:
    """A kind of room; tests change its price."""

    id: str
    names: Mapping[str, str]
    units: int
    night: Decimal
    max_adults: int
    max_guests: int

    def told(self, locale: str) -> dict[str, Any]:
        name = self.names.get(locale, self.names["en"])
        limits = {"max_adults": self.max_adults, "max_guests": self.max_guests}
        return {"id": self.id, "name": name, "description": "", **limits}


class Party(BaseModel):
    adults: int = Field(ge=1)
    child_ages: list[int] = Field(default_factory=list)


class Asked(BaseModel):
    """A stay, and who sleeps where."""

    arrival: date
    departure: date
    parties: list[Party] = Field(min_length=1)
    locale: str = "en"

    @property
    def nights(self) -> list[date]:
        return [self.arrival + timedelta(n) for n in range((self.departure - self.arrival).days)]


class Person(BaseModel):
    name: str
    email: str | None = None
    phone: str | None = None
    language: str | None = None


class Order(Asked):
    property: str
    external_ref: str
    room_type: str
    total: Decimal
    guest: Person


class Cancel(BaseModel):
    version: int
    fee: Decimal | None


def rooms() -> dict[str, Room]:
    """What the hotel sells before anybody changes it."""
    double = {"es": "Doble", "pt": "Duplo", "en": "Double"}
    family = {"es": "Familiar", "pt": "Familiar", "en": "Family"}
    kinds = [
        Room("double", double, units=6, night=Decimal("110.00"), max_adults=2, max_guests=3),
        Room("family", family, units=1, night=Decimal("165.50"), max_adults=4, max_guests=5),
    ]
    return {room.id: room for room in kinds}


@dataclass
class Hotel:
    """What the PMS holds. Its endpoints await nothing, so no two of them mix."""

    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    rooms: dict[str, Room] = field(default_factory=rooms)
    bookings: dict[str, dict[str, Any]] = field(default_factory=dict)

    def left(self, room: Room, asked: Asked) -> int:
        """Units that are free in every night."""
        return room.units - max(self._sold(room.id, night) for night in asked.nights)

    def _sold(self, room_type: str, night: date) -> int:
        return sum(
            len(one["parties"])
            for one in self.bookings.values()
            if one["room_type"] == room_type
            and one["state"] != "cancelled"
            and one["arrival"] <= night.isoformat() < one["departure"]
        )

    def available(self, asked: Asked) -> list[dict[str, Any]]:
        """What is for sale. Raises 422 for a stay that is not sold at all."""
        if asked.departure <= asked.arrival or asked.arrival < self.now().astimezone(ZONE).date():
            raise HTTPException(422, "no such stay")
        return [
            {
                "room_type": room.told(asked.locale),
                "total": str(room.night * len(asked.nights) * len(asked.parties)),
                "currency": HOUSE["currency"],
                "left": self.left(room, asked),
                "terms": terms(room, asked),
            }
            for room in self.rooms.values()
            if fits(room, asked) and self.left(room, asked) >= len(asked.parties)
        ]

    def book(self, order: Order) -> dict[str, Any]:
        """Raises 409 when the room is gone or costs something else."""
        found = [one for one in self.available(order) if one["room_type"]["id"] == order.room_type]
        if not found or Decimal(found[0]["total"]) != order.total:
            raise HTTPException(409, "not for sale at this price")
        number = f"R{len(self.bookings) + 1:05}"
        self.bookings[number] = {
            **order.model_dump(mode="json", exclude={"locale"}),
            "number": number,
            "state": "booked",
            "version": 1,
            "room_name": found[0]["room_type"]["name"],
            "currency": HOUSE["currency"],
            "terms": found[0]["terms"],
        }
        return self.bookings[number]

    def page(
        self, wanted: Mapping[str, str | None], email: str | None, start: int
    ) -> dict[str, Any]:
        """Bookings from `start` on that have what is wanted, and where the next page begins."""
        found = [
            one
            for one in self.bookings.values()
            if all(value in (None, one[name]) for name, value in wanted.items())
            and (email is None or email.lower() == (one["guest"]["email"] or "").lower())
        ]
        end = start + PAGE
        return {"items": found[start:end], "next": str(end) if found[end:] else None}

    def booking(self, number: str) -> dict[str, Any]:
        if number not in self.bookings:
            raise HTTPException(404, "no such booking")
        return self.bookings[number]

    def fee(self, booking: Mapping[str, Any]) -> Decimal:
        """What cancelling costs now. Raises 409 for a stay that began or was cancelled."""
        if booking["state"] != "booked":
            raise HTTPException(409, "not to be cancelled any more")
        free = self.now() <= datetime.fromisoformat(booking["terms"]["free_until"])
        return Decimal(0) if free else Decimal(booking["terms"]["fee"])

    def cancel(self, number: str, order: Cancel) -> dict[str, Any]:
        """Cancelled is cancelled; a first time at another fee or version is a 409."""
        booking = self.booking(number)
        if booking["state"] == "cancelled":
            return booking
        if order.version != booking["version"] or order.fee != self.fee(booking):
            raise HTTPException(409, "not what was shown")
        self.bookings[number] = {**booking, "state": "cancelled", "version": order.version + 1}
        return self.bookings[number]


def fits(room: Room, asked: Asked) -> bool:
    return all(
        party.adults <= room.max_adults and party.adults + len(party.child_ages) <= room.max_guests
        for party in asked.parties
    )


def terms(room: Room, asked: Asked) -> dict[str, str]:
    """Free until two days before, at six in the evening there; then a night."""
    last = datetime.combine(asked.arrival - timedelta(FREE_DAYS), time(18), tzinfo=ZONE)
    return {"free_until": last.isoformat(), "fee": str(room.night * len(asked.parties))}


def known(x_key: str = Header("")) -> None:
    if not secrets.compare_digest(x_key.encode(), KEY.encode()):
        raise HTTPException(401, "wrong key")


def here(property_id: str) -> None:
    if property_id != HOUSE["id"]:
        raise HTTPException(404, "no such property")


def make_app(hotel: Hotel) -> FastAPI:
    """The server around a hotel."""
    app = FastAPI(dependencies=[Depends(known)])

    @app.get("/properties")
    async def properties() -> list[dict[str, str]]:
        return [HOUSE]

    @app.get("/properties/{property_id}/room-types", dependencies=[Depends(here)])
    async def room_types(locale: str) -> list[dict[str, Any]]:
        return [room.told(locale) for room in hotel.rooms.values()]

    @app.post("/properties/{property_id}/availability", dependencies=[Depends(here)])
    async def availability(asked: Asked) -> list[dict[str, Any]]:
        return hotel.available(asked)

    @app.post("/bookings", status_code=201)
    async def book(order: Order) -> dict[str, Any]:
        here(order.property)
        return hotel.book(order)

    @app.get("/bookings")
    async def find(
        property: str,
        external_ref: str | None = None,
        email: str | None = None,
        arrival: str | None = None,
        departure: str | None = None,
        cursor: int = 0,
    ) -> dict[str, Any]:
        here(property)
        wanted = {"external_ref": external_ref, "arrival": arrival, "departure": departure}
        return hotel.page(wanted, email, cursor)

    @app.get("/bookings/{number}")
    async def booking(number: str) -> dict[str, Any]:
        return hotel.booking(number)

    @app.get("/bookings/{number}/cancellation")
    async def cancellation(number: str) -> dict[str, Any]:
        one = hotel.booking(number)
        told = {"currency": one["currency"], "version": one["version"]}
        return {"fee": str(hotel.fee(one)), **told}

    @app.post("/bookings/{number}/cancel")
    async def cancel(number: str, order: Cancel) -> dict[str, Any]:
        return hotel.cancel(number, order)

    return app


app = make_app(Hotel())
