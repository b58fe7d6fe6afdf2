"""A hotel of the shop, its kinds of room and what it sells at all."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, time, timedelta
from typing import TYPE_CHECKING

from agente_hotelero.errors import Rejected
from agente_hotelero.stays import Image, Occupancy, Property, RoomType, Stay

from agente_hotelero_pms_qloapps import wire
from agente_hotelero_pms_qloapps.wire import Row

if TYPE_CHECKING:
    from agente_hotelero_pms_qloapps.shop import Shop

IMAGES = "/plugins/pms_qloapps/images"
_OLDEST_CHILD = 17


@dataclass(frozen=True, kw_only=True, slots=True)
class Hotel:
    """`last_departure` (1.6) or `departure_within` days (1.7), and `notice` days, are its own
    limits; None where it uses the shop's, which the API does not tell."""

    id: int
    name: str
    address: str
    check_in: time
    check_out: time
    latitude: float | None
    longitude: float | None
    country: int
    refunds: bool
    refund_rules: tuple[int, ...]
    last_departure: date | None
    departure_within: int | None
    notice: int | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Limits:
    """Who fits into one room of a type, and how long a stay may be; 0 nights is no limit."""

    room_type: int
    adults: int
    children: int
    guests: int
    min_nights: int
    max_nights: int

    def fits(self, party: Occupancy) -> bool:
        return (
            party.adults <= self.adults
            and len(party.child_ages) <= self.children
            and party.guests <= self.guests
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Kind:
    """A kind of room as guests see it, and what its price needs."""

    shown: RoomType
    tax_group: int
    services: Mapping[int, Row]


def hotel_of(row: Row) -> Hotel:
    own_end = not wire.number(row.get("use_global_max_order_date", 1))
    own_days = not wire.number(row.get("use_global_max_checkout_offset", 1))
    own_notice = not wire.number(
        row.get("use_global_min_booking_offset", row.get("use_global_preparation_time", 1))
    )
    notice = wire.number(row.get("min_booking_offset", row.get("preparation_time")))
    linked = row.get("associations") or {}
    latitude, longitude = wire.amount(row.get("latitude")), wire.amount(row.get("longitude"))
    return Hotel(
        id=wire.number(row["id"]),
        name=wire.text(row.get("hotel_name")),
        address=", ".join(
            part for key in ("address", "city", "zipcode") if (part := wire.text(row.get(key)))
        ),
        check_in=_time(row.get("check_in"), time(15)),
        check_out=_time(row.get("check_out"), time(11)),
        latitude=float(latitude) if latitude or longitude else None,
        longitude=float(longitude) if latitude or longitude else None,
        country=wire.number(row.get("id_country")),
        refunds=bool(wire.number(row.get("active_refund"))),
        refund_rules=wire.ids(linked.get("hotel_refund_rules")),
        last_departure=wire.day(row.get("max_order_date")) if own_end else None,
        departure_within=wire.number(row.get("max_checkout_offset")) or None if own_days else None,
        notice=notice if own_notice else None,
    )


def _time(value: object, otherwise: time) -> time:
    try:
        return time.fromisoformat(wire.text(value))
    except ValueError:
        return otherwise


async def properties(shop: Shop) -> Sequence[Property]:
    """All hotels of the shop; their zone is the tenant's, for QloApps has none."""
    rows, facts = await asyncio.gather(shop.client.rows("hotels"), shop.facts())
    hotels = [hotel_of(row) for row in rows if wire.number(row.get("active", 1))]
    return [
        Property(
            id=str(hotel.id),
            name=hotel.name or shop.services.hotel_name,
            time_zone=shop.services.time_zone.key,
            currency=facts.currency,
            check_in=hotel.check_in,
            check_out=hotel.check_out,
            address=hotel.address,
            latitude=hotel.latitude,
            longitude=hotel.longitude,
        )
        for hotel in hotels
    ]


async def room_types(shop: Shop, property_id: str, locale: str) -> Sequence[RoomType]:
    _, limits = await read_house(shop, property_id)
    kinds = await read_kinds(shop, limits, locale)
    return [kind.shown for kind in kinds.values()]


async def read_house(shop: Shop, property_id: str) -> tuple[Hotel, dict[int, Limits]]:
    """A hotel and the limits of its room types. Raises NotFound."""
    hotel, rows = await asyncio.gather(
        shop.hotel(property_id), shop.client.rows("hotel_room_types")
    )
    return hotel, limits_of(rows, hotel)


def limits_of(rows: Sequence[Row], hotel: Hotel) -> dict[int, Limits]:
    """By room type, which in QloApps is a product."""
    found = [_limits(row) for row in rows if wire.number(row.get("id_hotel")) == hotel.id]
    return {limits.room_type: limits for limits in found}


def _limits(row: Row) -> Limits:
    adults, children = wire.number(row.get("adults")), wire.number(row.get("children"))
    return Limits(
        room_type=wire.number(row.get("id_product")),
        adults=wire.number(row.get("max_adults")) or adults,
        children=wire.number(row.get("max_children", children)),
        guests=wire.number(row.get("max_guests")) or adults + children,
        min_nights=wire.number(row.get("min_los")),
        max_nights=wire.number(row.get("max_los")),
    )


async def read_kinds(shop: Shop, limits: Mapping[int, Limits], locale: str) -> dict[int, Kind]:
    """The kinds of room that are on sale, in the shop's language for the locale."""
    if not limits:
        return {}
    language = (await shop.facts()).language(locale)
    rows = await shop.client.rows(
        "room_types", {"filter[id]": wire.any_of(limits), "language": language}
    )
    return {
        number: _kind(shop.services.tenant, row, limits[number], language)
        for row in rows
        if (number := wire.number(row["id"])) in limits
        and wire.number(row.get("active", 1))
        and wire.number(row.get("available_for_order", 1))
    }


def _kind(tenant: str, row: Row, limits: Limits, language: int) -> Kind:
    name, linked = wire.text(row.get("name"), language), row.get("associations") or {}
    described = row.get("description_short") or row.get("description")
    return Kind(
        shown=RoomType(
            id=str(limits.room_type),
            name=name,
            description=wire.plain(wire.text(described, language)),
            max_adults=limits.adults,
            max_children=limits.children,
            max_guests=limits.guests,
            images=tuple(
                Image(url=f"{IMAGES}/{tenant}/{limits.room_type}/{image}", caption=name)
                for image in images_of(row)
            ),
        ),
        tax_group=wire.number(row.get("id_tax_rules_group")),
        services={wire.number(one.get("id")): one for one in wire.items(linked.get("services"))},
    )


def images_of(row: Row) -> list[int]:
    """The images of a room type, its cover first."""
    linked = wire.ids((row.get("associations") or {}).get("images"))
    cover = wire.number(row.get("id_default_image"))
    return sorted(linked, key=lambda image: image != cover)


def check_parties(parties: Sequence[Occupancy]) -> None:
    """Raises Rejected where no room is asked for, or a child's age is none."""
    if not parties:
        raise Rejected("no room was asked for")
    if any(not 0 <= age <= _OLDEST_CHILD for party in parties for age in party.child_ages):
        raise Rejected(f"a child's age is from 0 to {_OLDEST_CHILD}")


def check_window(shop: Shop, hotel: Hotel, stay: Stay) -> None:
    """Raises Rejected for dates that are not sold; QloApps itself books any, even past ones."""
    today = shop.today()
    if stay.arrival < today:
        raise Rejected("arrival is in the past")
    notice = shop.config.notice_days if hotel.notice is None else hotel.notice
    if stay.arrival < today + timedelta(days=notice):
        raise Rejected(f"arrival is sooner than in {notice} days")
    last = hotel.last_departure or today + timedelta(
        days=hotel.departure_within or shop.config.booking_window_days
    )
    if stay.departure > last:
        raise Rejected(f"departure is after {last.isoformat()}, the last day that is sold")


def check_nights(limits: Sequence[Limits], stay: Stay) -> None:
    """Raises Rejected where none of these room types sells so few or so many nights."""
    if any(sells(one, stay) for one in limits):
        return
    shortest = min((one.min_nights for one in limits), default=0)
    if stay.nights < shortest:
        raise Rejected(f"minimum stay {shortest} nights")
    longest = max((one.max_nights for one in limits), default=0)
    raise Rejected(f"maximum stay {longest} nights")


def sells(limits: Limits, stay: Stay) -> bool:
    return limits.min_nights <= stay.nights and (
        not limits.max_nights or stay.nights <= limits.max_nights
    )
