"""What is for sale: availability and price of a stay, with everything that a booking must say."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from agente_hotelero.errors import NotFound, Rejected, SoldOut, Unavailable
from agente_hotelero.stays import (
    Money,
    Occupancy,
    Offer,
    OfferQuery,
    RatePlan,
    Stay,
    TaxLine,
)

from agente_hotelero_pms_qloapps import hotel as hotels
from agente_hotelero_pms_qloapps import pricing, terms, wire
from agente_hotelero_pms_qloapps.hotel import Hotel, Kind, Limits
from agente_hotelero_pms_qloapps.pricing import Extra, Price, Rates
from agente_hotelero_pms_qloapps.shop import Shop
from agente_hotelero_pms_qloapps.wire import Row

STANDARD = "standard"
_TAXES = {"es": "Impuestos", "pt": "Impostos", "it": "Imposte", "fr": "Taxes", "de": "Steuern"}
_PLANS = {"es": "Estándar", "pt": "Padrão", "en": "Standard"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Market:
    """All that prices of one hotel are made of."""

    hotel: Hotel
    limits: Mapping[int, Limits]
    kinds: Mapping[int, Kind]
    services: Sequence[Row]
    rules: Sequence[terms.Rule]


@dataclass(frozen=True, kw_only=True, slots=True)
class Quote:
    """One room type for one stay. `rooms` are the free ones: id to number."""

    ari: Row
    kind: Kind
    extras: Sequence[Extra]
    rates: Rates
    price: Price
    currency: str
    rooms: Mapping[int, str]

    @property
    def automatic(self) -> list[Extra]:
        return [extra for extra in self.extras if extra.automatic]


@dataclass(frozen=True, kw_only=True, slots=True)
class Sale:
    """An offer, with the rooms and services that a booking of it names."""

    offer: Offer
    rooms: Mapping[int, str]
    services: tuple[int, ...]
    rules: Sequence[terms.Rule]


async def search(shop: Shop, query: OfferQuery) -> Sequence[Offer]:
    return [sale.offer for sale in await sales(shop, query)]


async def present(shop: Shop, offer: Offer) -> Sale:
    """The same sale now. Raises SoldOut, Rejected, NotFound."""
    query = OfferQuery(
        property_id=offer.property_id,
        stay=offer.stay,
        occupancies=offer.occupancies,
        room_type_id=offer.room_type.id,
    )
    found = await sales(shop, query)
    if not found:
        raise SoldOut(f"room type {offer.room_type.id}")
    return found[0]


async def sales(shop: Shop, query: OfferQuery) -> list[Sale]:
    """Cheapest first; empty when all rooms of all fitting types are taken."""
    hotels.check_parties(query.occupancies)
    hotel, limits = await hotels.read_house(shop, query.property_id)
    hotels.check_window(shop, hotel, query.stay)
    asked = fitting(limits, query)
    market, ari = await asyncio.gather(
        read_market(shop, hotel, limits, query.locale),
        availability(shop, hotel, query.stay, query.occupancies, query.room_type_id),
    )
    found = [
        _sale(shop, query, market, quote)
        for row in ari
        if (number := wire.number(row.get("id_room_type"))) in asked and number in market.kinds
        for quote in [await read_quote(shop, market, row, query.stay, len(query.occupancies))]
        if len(quote.rooms) >= len(query.occupancies)
    ]
    return sorted(found, key=lambda sale: sale.offer.total.amount)


def fitting(limits: Mapping[int, Limits], query: OfferQuery) -> set[int]:
    """The room types that this party can have for so many nights. Raises NotFound, Rejected."""
    wanted = [one for one in limits.values() if query.room_type_id in (None, str(one.room_type))]
    if not wanted:
        raise NotFound("no such room type in this hotel")
    large = [one for one in wanted if all(one.fits(party) for party in query.occupancies)]
    if not large:
        raise Rejected("so many guests do not fit into one room of that type")
    hotels.check_nights(large, query.stay)
    return {one.room_type for one in large if hotels.sells(one, query.stay)}


async def read_market(
    shop: Shop,
    hotel: Hotel,
    limits: Mapping[int, Limits],
    locale: str,
    rules: Sequence[terms.Rule] | None = None,
) -> Market:
    """`rules`: where they have been read already."""
    kinds, services = await asyncio.gather(
        hotels.read_kinds(shop, limits, locale), pricing.read_services(shop.client)
    )
    if rules is None:
        rules = await terms.read_rules(shop.client, hotel)
    return Market(hotel=hotel, limits=limits, kinds=kinds, services=services, rules=rules)


async def availability(
    shop: Shop,
    hotel: Hotel,
    stay: Stay,
    parties: Sequence[Occupancy],
    room_type: str | None = None,
) -> list[Row]:
    """ARI's room types, at the price of as many rooms as parties; who they are it ignores."""
    fields: dict[str, Any] = {"id_hotel": hotel.id}
    if room_type is not None:
        fields["id_room_type"] = room_type
    fields |= {"date_from": stay.arrival.isoformat(), "date_to": stay.departure.isoformat()}
    rooms = tuple({"adults": party.adults, "children": len(party.child_ages)} for party in parties)
    fields["associations"] = {"room_occupancies": {"room_occupancy": rooms}}
    answer = await shop.client.availability(fields)
    if "room_types" not in answer:
        raise Unavailable("QloApps told nothing of this hotel or room type")
    currency = wire.text(answer.get("currency"))
    return [{**row, "currency": currency} for row in wire.items(answer["room_types"])]


async def read_quote(shop: Shop, market: Market, ari: Row, stay: Stay, rooms: int) -> Quote:
    """The price by the website's rule, of a room type that `market` has."""
    kind = market.kinds[wire.number(ari.get("id_room_type"))]
    extras = pricing.extras_of(market.services, kind)
    fees = [extra for extra in extras if extra.automatic and not extra.folded]
    rates = await pricing.read_rates(shop.client, market.hotel, kind, ari, fees)
    free = (ari.get("rooms") or {}).get("available")
    return Quote(
        ari=ari,
        kind=kind,
        extras=extras,
        rates=rates,
        price=pricing.price(ari, fees, rates, stay.nights, rooms),
        currency=wire.text(ari.get("currency")),
        rooms={wire.number(one.get("id_room")): _room_number(one) for one in wire.items(free)},
    )


def _room_number(room: Row) -> str:
    return wire.text(room.get("room_num") or room.get("room_number"))


def _sale(shop: Shop, query: OfferQuery, market: Market, quote: Quote) -> Sale:
    total = Money(amount=quote.price.total, currency=quote.currency)
    tax = Money(amount=quote.price.tax, currency=quote.currency)
    zone, language = shop.services.time_zone, query.locale[:2]
    offer = Offer(
        id=offer_id(shop.services.tenant, query, quote.kind.shown.id, total),
        property_id=query.property_id,
        room_type=quote.kind.shown,
        rate_plan=RatePlan(id=STANDARD, name=_PLANS.get(language, _PLANS["en"])),
        stay=query.stay,
        occupancies=query.occupancies,
        total=total,
        taxes=(TaxLine(name=_TAXES.get(language, "Tax"), amount=tax),) if tax.amount else (),
        cancellation=terms.terms(market.rules, query.stay, total, zone),
        units_left=len(quote.rooms),
        expires_at=shop.now() + timedelta(minutes=shop.config.offer_minutes),
    )
    services = tuple(extra.id for extra in quote.automatic)
    return Sale(offer=offer, rooms=quote.rooms, services=services, rules=market.rules)


def offer_id(tenant: str, query: OfferQuery, room_type: str, total: Money) -> str:
    """The same for the same sale at the same price."""
    parts = [tenant, query.property_id, room_type, str(query.stay), str(total)]
    return fingerprint("QLO", [*parts, *map(str, query.occupancies)])


def fingerprint(prefix: str, parts: Iterable[object]) -> str:
    joined = "|".join(str(part) for part in parts)
    return f"{prefix}-{hashlib.sha256(joined.encode()).hexdigest()[:20]}"
