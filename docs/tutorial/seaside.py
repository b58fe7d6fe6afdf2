"""Seaside: a small REST PMS, invented for the tutorial, that behaves: stock, prices, no tricks.

    uvicorn seaside:app

`GET /rooms`, `GET /rates?arrival&departure&adults`, `POST /bookings`, `GET /bookings?ref`,
`GET /bookings/{number}`. Amounts are strings, dates ISO, everything needs the header `X-Key`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from fastapi import Depends, FastAPI, Header, HTTPException

KEY = "seaside-demo"
ROOMS: dict[str, dict[str, Any]] = {
    "sea": {"name": "Sea View Double", "adults": 2, "units": 2, "night": "120.00"},
    "garden": {"name": "Garden Family Room", "adults": 4, "units": 1, "night": "180.50"},
}


@dataclass
class Hotel:
    """What the hotel has sold; a booking holds its room for each of its nights."""

    bookings: dict[str, dict[str, Any]] = field(default_factory=dict)

    def left(self, room: str, arrival: date, departure: date) -> int:
        """Units that are free in every night of a stay."""
        sold = [
            sum(
                one["room"] == room and one["arrival"] <= night.isoformat() < one["departure"]
                for one in self.bookings.values()
            )
            for night in nights(arrival, departure)
        ]
        units: int = ROOMS[room]["units"]
        return units - max(sold, default=0)


def nights(arrival: date, departure: date) -> list[date]:
    return [arrival + timedelta(days=n) for n in range((departure - arrival).days)]


def price(room: str, arrival: date, departure: date) -> Decimal:
    return Decimal(ROOMS[room]["night"]) * len(nights(arrival, departure))


def known(x_key: str = Header("")) -> None:
    if x_key != KEY:
        raise HTTPException(401, "wrong key")


def make_app(hotel: Hotel) -> FastAPI:
    """The server around a hotel."""
    app = FastAPI(dependencies=[Depends(known)])

    @app.get("/rooms")
    def rooms() -> list[dict[str, Any]]:
        return [
            {"id": key, "name": room["name"], "adults": room["adults"]}
            for key, room in ROOMS.items()
        ]

    @app.get("/rates")
    def rates(arrival: date, departure: date, adults: int) -> list[dict[str, Any]]:
        if departure <= arrival:
            raise HTTPException(422, "departure must be after arrival")
        return [
            {
                "room": key,
                "total": str(price(key, arrival, departure)),
                "left": hotel.left(key, arrival, departure),
            }
            for key, room in ROOMS.items()
            if room["adults"] >= adults and hotel.left(key, arrival, departure) > 0
        ]

    @app.post("/bookings", status_code=201)
    def book(order: dict[str, Any]) -> dict[str, Any]:
        arrival = date.fromisoformat(order["arrival"])
        departure = date.fromisoformat(order["departure"])
        if hotel.left(order["room"], arrival, departure) < 1:
            raise HTTPException(409, "sold out")
        number = f"SEA-{len(hotel.bookings) + 1:04}"
        total = str(price(order["room"], arrival, departure))
        hotel.bookings[number] = {**order, "number": number, "total": total, "state": "confirmed"}
        return hotel.bookings[number]

    @app.get("/bookings")
    def find(ref: str) -> list[dict[str, Any]]:
        return [one for one in hotel.bookings.values() if one["ref"] == ref]

    @app.get("/bookings/{number}")
    def one(number: str) -> dict[str, Any]:
        if number not in hotel.bookings:
            raise HTTPException(404, "no such booking")
        return hotel.bookings[number]

    return app


app = make_app(Hotel())
