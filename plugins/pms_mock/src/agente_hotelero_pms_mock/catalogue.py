"""What the settings of a hotel are made of."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, time
from decimal import Decimal
from typing import Annotated

from agente_hotelero import PluginConfig
from agente_hotelero.stays import ServiceKind
from pydantic import AfterValidator, Field, StringConstraints, model_validator

LEAP_YEAR = 2024


def _real_day(value: str) -> str:
    month, day = value.split("-")
    try:
        date(LEAP_YEAR, int(month), int(day))
    except ValueError:
        raise ValueError("is not a day of the year such as 12-31") from None
    return value


Id = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,40}$")]
Names = Annotated[dict[str, str], Field(min_length=1)]
MonthDay = Annotated[str, StringConstraints(pattern=r"^\d\d-\d\d$"), AfterValidator(_real_day)]


def localised(names: Mapping[str, str], locale: str) -> str:
    """The text in the locale's language, else in English, else in any."""
    language = locale.replace("_", "-").split("-")[0].lower()
    return names.get(language) or names.get("en") or next(iter(names.values()), "")


class Room(PluginConfig):
    """A room type: `units` of it exist; `price` is for one night and `included_guests` adults."""

    id: Id
    names: Names
    descriptions: dict[str, str] = Field(default_factory=dict)
    units: int = Field(ge=0)
    price: Decimal = Field(gt=0)
    included_guests: int = Field(default=2, ge=1)
    max_adults: int = Field(ge=1)
    max_guests: int = Field(ge=1)
    image: str = Field(default="", pattern=r"^(https://.+)?$")

    @model_validator(mode="after")
    def _holds_its_adults(self) -> Room:
        if self.max_guests < self.max_adults:
            raise ValueError("max_guests must not be less than max_adults")
        return self


class Rate(PluginConfig):
    """Terms of sale. Free to cancel until `free_days` before arrival; never, if it is None."""

    id: Id
    names: Names
    board: str = "room_only"
    factor: Decimal = Field(default=Decimal(1), gt=0)
    free_days: int | None = Field(default=None, ge=0)
    fee_nights: int = Field(default=1, ge=0)


class Season(PluginConfig):
    """Days of every year, ``MM-DD`` to ``MM-DD`` and over New Year if need be."""

    first: MonthDay
    last: MonthDay
    factor: Decimal = Field(default=Decimal(1), gt=0)
    minimum_nights: int = Field(default=1, ge=1)

    def holds(self, night: date) -> bool:
        day = night.strftime("%m-%d")
        if self.first <= self.last:
            return self.first <= day <= self.last
        return day >= self.first or day <= self.last


class Tax(PluginConfig):
    """A percentage of the net price: inside the price when `included`, else paid on site."""

    names: Names
    percent: Decimal = Field(ge=0, lt=100)
    included: bool = True


class Extra(PluginConfig):
    """Sold beside a room; `price` is per room, `per_day` how many of it a day has (None: any).

    A late check-out belongs to the day of departure, everything else to that of arrival.
    """

    id: Id
    kind: ServiceKind
    names: Names
    price: Decimal = Field(ge=0)
    at: time | None = None
    per_day: int | None = Field(default=None, ge=0)
