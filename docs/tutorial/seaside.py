"""Seaside: a small REST PMS, invented for the tutorial, that behaves: stock, prices, no tricks.

    uvicorn seaside:app

`GET /rooms`, `GET /rates?arrival&departure&guests`, `POST /bookings`, `GET /bookings?ref&email&…`,
`GET /bookings/{number}`, `POST /bookings/{number}/cancel`. Amounts are strings, dates ISO,
everything needs the header `X-Key`. The same `ref` books once; cancelling is free, and doing it
twice is as good as once.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from fastapi import Depends, FastAPI, Header, HTTPException

KEY = "seaside-demo"
PAGE = 20
ROOMS: dict[str, dict[str, Any]] = {
    "sea": {"name": "Sea View Double", "guests": 2, "units": 4, "night": "120.00"},
    "garden": {"name": "Garden Family Room", "guests": 4, "units": 1, "night": "180.50"},
}


@dataclass
class Hotel:
    """What the hotel has sold; a booking holds its room for each of its nights."""

    bookings: dict[str, dict[str, Any]] = field(default_factory=dict)

    def left(self, room: str, arrival: date, departure: date) -> int:
        """Units that are free in every night of a stay."""
        confirmed = [one for one in self.bookings.values() if one["state"] == "confirmed"]
        sold = [
            sum(
                one["room"] == room and one["arrival"] <= night.isoformat() < one["departure"]
                for one in confirmed
            )
            for night in nights(arrival, departure)
        ]
        units: int = ROOMS[room]["units"]
        return units - max(sold, default=0)

    def book(self, order: dict[str, Any]) -> dict[str, Any]:
        for known in self.bookings.values():
            if known["ref"] == order["ref"]:
                return known
        stay = date.fromisoformat(order["arrival"]), date.fromisoformat(order["departure"])
        room = order["room"]
        if self.left(room, *stay) < 1:
            raise HTTPException(409, "sold out")
        made = {
            **order,
            "number": f"SEA-{len(self.bookings) + 1:04}",
            "room_name": ROOMS[room]["name"],
            "total": str(price(room, *stay)),
            "state": "confirmed",
        }
        self.bookings[made["number"]] = made
        return made

    def find(self, wanted: dict[str, str]) -> list[dict[str, Any]]:
        """E-mail and name without case, the name in part; everything else as it is written."""

        def fits(one: dict[str, Any], name: str) -> bool:
            said, kept = wanted[name].casefold(), str(one[name]).casefold()
            return said in kept if name == "guest" else said == kept

        return [one for one in self.bookings.values() if all(fits(one, name) for name in wanted)]


def nights(arrival: date, departure: date) -> list[date]:
    return [arrival + timedelta(days=n) for n in range((departure - arrival).days)]


def price(room: str, arrival: date, departure: date) -> Decimal:
    return Decimal(ROOMS[room]["night"]) * len(nights(arrival, departure))


def known(x_key: str = Header("")) -> None:
    if x_key != KEY:
        raise HTTPException(401, "wrong key")


def make_app(hotel: Hotel) -> FastAPI:
    """The server around a hotel; asynchronous, so that one request is served after another."""
    app = FastAPI(dependencies=[Depends(known)])

    @app.get("/rooms")
    async def rooms() -> list[dict[str, Any]]:
        return [
            {"id": key, "name": room["name"], "guests": room["guests"]}
            for key, room in ROOMS.items()
        ]

    @app.get("/rates")
    async def rates(arrival: date, departure: date, guests: int) -> list[dict[str, Any]]:
        if not 1 <= (departure - arrival).days <= 30:
            raise HTTPException(422, "one to thirty nights")
        return [
            {
                "room": key,
                "total": str(price(key, arrival, departure)),
                "left": hotel.left(key, arrival, departure),
            }
            for key, room in ROOMS.items()
            if room["guests"] >= guests and hotel.left(key, arrival, departure) > 0
        ]

    _add_bookings(app, hotel)
    return app


def _add_bookings(app: FastAPI, hotel: Hotel) -> None:
    @app.post("/bookings", status_code=201)
    async def book(order: dict[str, Any]) -> dict[str, Any]:
        return hotel.book(order)

    @app.get("/bookings")
    async def find(
        ref: str = "",
        email: str = "",
        guest: str = "",
        arrival: str = "",
        departure: str = "",
        page: int = 1,
    ) -> dict[str, Any]:
        asked = {"ref": ref, "email": email, "guest": guest}
        asked |= {"arrival": arrival, "departure": departure}
        found = hotel.find({name: value for name, value in asked.items() if value})
        more = len(found) > page * PAGE
        shown = found[(page - 1) * PAGE : page * PAGE]
        return {"bookings": shown, "next": page + 1 if more else None}

    @app.get("/bookings/{number}")
    async def one(number: str) -> dict[str, Any]:
        if number not in hotel.bookings:
            raise HTTPException(404, "no such booking")
        return hotel.bookings[number]

    @app.post("/bookings/{number}/cancel")
    async def cancel(number: str) -> dict[str, Any]:
        booking = await one(number)
        booking["state"] = "cancelled"
        return booking


app = make_app(Hotel())
