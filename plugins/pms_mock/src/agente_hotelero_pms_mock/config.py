"""The whole hotel as settings, with the demo hotel as the default."""

from __future__ import annotations

from datetime import time
from decimal import Decimal
from typing import Annotated, TypeVar

from agente_hotelero import PluginConfig
from babel.numbers import list_currencies
from pydantic import AfterValidator, Field, model_validator

from agente_hotelero_pms_mock import demo
from agente_hotelero_pms_mock.catalogue import Extra, Names, Rate, Room, Season, Tax

PartT = TypeVar("PartT", Room, Rate, Extra)


def _different_ids(parts: tuple[PartT, ...]) -> tuple[PartT, ...]:
    if len({part.id for part in parts}) < len(parts):
        raise ValueError("two have the same id")
    return parts


def _exists(currency: str) -> str:
    if currency not in list_currencies():
        raise ValueError("is not an ISO-4217 currency code")
    return currency


Rooms = Annotated[tuple[Room, ...], Field(min_length=1), AfterValidator(_different_ids)]
Rates = Annotated[tuple[Rate, ...], Field(min_length=1), AfterValidator(_different_ids)]
Extras = Annotated[tuple[Extra, ...], AfterValidator(_different_ids)]


class MockConfig(PluginConfig):
    """``[plugins.pms_mock]``, or per tenant. Amounts are in `currency`, times are local."""

    property_id: str = "1"
    property_name: str | None = None
    currency: Annotated[str, AfterValidator(_exists)] = "USD"
    address: str = "Calle del Mar 123"
    latitude: float | None = Field(default=-38.0023, ge=-90, le=90)
    longitude: float | None = Field(default=-57.5575, ge=-180, le=180)
    check_in: time = time(15, 0)
    check_out: time = time(11, 0)
    rooms: Rooms = (demo.DOUBLE, demo.FAMILY, demo.SUITE)
    rates: Rates = (demo.FLEXIBLE, demo.SAVER)
    services: Extras = (demo.LATE_CHECK_OUT, demo.EARLY_CHECK_IN)
    seasons: tuple[Season, ...] = (demo.SUMMER, demo.WINTER_HOLIDAYS)
    weekend_factor: Decimal = Field(default=Decimal("1.1"), gt=0)
    price_factor: Decimal = Field(default=Decimal(1), gt=0)
    extra_adult: Decimal = Field(default=Decimal(25), ge=0)
    child: Decimal = Field(default=Decimal(15), ge=0)
    free_child_age: int = Field(default=3, ge=0)
    adult_age: int = Field(default=13, ge=0)
    taxes: tuple[Tax, ...] = Field(default=(demo.VAT,), min_length=1)
    city_tax: Decimal = Field(default=Decimal(2), ge=0)
    city_tax_names: Names = Field(default=demo.CITY_TAX)
    maximum_nights: int = Field(default=30, ge=1)
    booking_window_days: int = Field(default=540, ge=1)
    amendment_fee: Decimal = Field(default=Decimal(0), ge=0)
    offer_minutes: int = Field(default=30, ge=1)
    reference_prefix: str = Field(default="SOL", pattern=r"^[A-Z]{2,6}$")
    drawn_images: bool = False
    page_size: int = Field(default=50, ge=1, le=1000)
    latency_ms: int = Field(default=0, ge=0)

    @model_validator(mode="after")
    def _ages_in_order(self) -> MockConfig:
        if self.adult_age < self.free_child_age:
            raise ValueError("adult_age must not be less than free_child_age")
        return self

    def room(self, room_id: str) -> Room | None:
        return next((room for room in self.rooms if room.id == room_id), None)

    def rate(self, rate_id: str) -> Rate | None:
        return next((rate for rate in self.rates if rate.id == rate_id), None)

    def limit(self, item: str) -> int | None:
        """How many of a room type, or of a service in the stock, a day has; None: any number."""
        for extra in self.services:
            if item == f"service:{extra.id}":
                return extra.per_day
        room = self.room(item)
        return room.units if room else 0

    def service(self, service_id: str) -> Extra | None:
        return next((extra for extra in self.services if extra.id == service_id), None)
