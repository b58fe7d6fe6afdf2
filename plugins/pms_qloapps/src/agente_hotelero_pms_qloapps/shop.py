"""One shop as every operation needs it: its client, and what of it hardly ever changes."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from agente_hotelero import Services
from agente_hotelero.errors import NotFound

from agente_hotelero_pms_qloapps import wire
from agente_hotelero_pms_qloapps.client import Client
from agente_hotelero_pms_qloapps.config import QloAppsConfig
from agente_hotelero_pms_qloapps.hotel import Hotel, hotel_of
from agente_hotelero_pms_qloapps.wire import Row

_KEPT = timedelta(minutes=15)
# QloApps' own numbers of the states; an installation may have others.
_USUAL = {"cancelled": 4, "refunded": 5, "failed": 6}
_TEMPLATES = {"cancelled": "order_canceled", "refunded": "refund", "failed": "payment_error"}
_NAMES = {
    "cancelled": ("cancel", "annul", "storn"),
    "refunded": ("refund", "reembols", "rembours", "rimbors", "erstatt"),
    "failed": ("payment error", "error", "erreur", "fehler"),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class ShopFacts:
    """Ids that are the shop's own. `recent`: QloApps 1.7 or newer."""

    recent: bool
    languages: Mapping[str, int]
    currencies: Mapping[int, str]
    currency: str
    cancelled: int
    refunded: int
    failed: int
    automatic: frozenset[int]
    read_at: datetime

    @property
    def over(self) -> frozenset[int]:
        """The order states in which nobody comes."""
        return frozenset({self.cancelled, self.refunded, self.failed})

    def language(self, locale: str | None) -> int:
        """The shop's language for a locale: the same, English, or the first."""
        wanted = (locale or "").replace("_", "-").partition("-")[0].lower()
        first = next(iter(self.languages.values()), 1)
        return self.languages.get(wanted) or self.languages.get("en") or first

    def iso(self, language: int) -> str | None:
        return next((iso for iso, known in self.languages.items() if known == language), None)


@dataclass(kw_only=True)
class Shop:
    """What the operations share. The facts are read when first needed, and again after a while."""

    client: Client
    config: QloAppsConfig
    services: Services
    _facts: ShopFacts | None = field(default=None, repr=False)

    def now(self) -> datetime:
        return self.services.clock.now()

    def today(self) -> date:
        """The hotel's own date."""
        return self.now().astimezone(self.services.time_zone).date()

    async def facts(self) -> ShopFacts:
        held = self._facts
        if held is None or self.now() - held.read_at > _KEPT:
            held = self._facts = await _read(self)
        return held

    async def hotel(self, property_id: str) -> Hotel:
        """Raises NotFound for one that the shop does not have."""
        if not property_id.isdecimal():
            raise NotFound("no such property")
        found = await self.client.rows("hotels", {"filter[id]": property_id})
        if not found:
            raise NotFound("no such property")
        return hotel_of(found[0])


async def _read(shop: Shop) -> ShopFacts:
    client, config = shop.client, shop.config
    languages, currencies, states, services, synopsis = await asyncio.gather(
        client.rows("languages", {"display": "[id,iso_code,active]"}),
        client.rows("currencies", {"display": "[id,iso_code,conversion_rate,active]"}),
        client.rows("order_states", {"display": "[id,name,template]"}),
        client.rows("services", {"display": "[id]", "filter[auto_add_to_cart]": 1}),
        client.synopsis("room_bookings"),
    )
    codes = {wire.number(one["id"]): wire.text(one.get("iso_code")) for one in currencies}
    return ShopFacts(
        recent="planned_check_out" in synopsis,
        languages={
            wire.text(one.get("iso_code")).lower(): wire.number(one["id"])
            for one in languages
            if wire.number(one.get("active"))
        },
        currencies=codes,
        currency=default_currency(currencies),
        cancelled=config.cancelled_state or state(states, "cancelled"),
        refunded=config.refunded_state or state(states, "refunded"),
        failed=config.failed_state or state(states, "failed"),
        automatic=frozenset(wire.number(one["id"]) for one in services),
        read_at=shop.now(),
    )


def default_currency(currencies: Sequence[Row]) -> str:
    """The one that the others are converted from: its rate is 1."""
    base = [one for one in currencies if wire.amount(one.get("conversion_rate")) == 1]
    active = [one for one in base if wire.number(one.get("active"))] or base or currencies
    return wire.text(active[0].get("iso_code")) if active else ""


def state(states: Sequence[Row], kind: str) -> int:
    """The id of a state by its mail template, by its name in any language, or the usual one."""
    by_template = [
        one for one in states if _TEMPLATES[kind] in _words(one.get("template"), exact=True)
    ]
    by_name = [
        one
        for one in states
        if any(word.startswith(_NAMES[kind]) for word in _words(one.get("name")))
    ]
    for found in (by_template, by_name):
        if len(found) == 1:
            return wire.number(found[0]["id"])
    return _USUAL[kind]


def _words(value: Any, *, exact: bool = False) -> list[str]:
    told = [one.get("value") for one in value] if isinstance(value, list) else [value]
    words = [str(word or "") for word in told]
    return words if exact else [word.casefold() for word in words]
