"""What nights and services cost, with the differences between the three ways to ask."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from agente_hotelero_pms_qloapps.testing.shop import Shop
from agente_hotelero_pms_qloapps.testing.state import RoomType, Service, ServiceLine, cents, nights


def ratio(shop: Shop, tax_group: int) -> Decimal:
    """Gross by net; no group is no tax."""
    group = shop.tax_groups.get(tax_group)
    return 1 + group.percent / 100 if group else Decimal(1)


def night(shop: Shop, kind: RoomType, day: date) -> Decimal:
    """A night's net price in its season."""
    mine = (one for one in shop.seasons if one.room_type == kind.id)
    percent = next((one.percent for one in mine if one.first <= day <= one.last), Decimal(0))
    return kind.price * (1 + percent / 100)


def stay(shop: Shop, kind: RoomType, first: date, last: date) -> Decimal:
    """The net price of a room for a stay, without any service."""
    return sum((night(shop, kind, day) for day in nights(first, last)), Decimal(0))


def amount(service: Service, first: date, last: date) -> Decimal:
    """A service's net price for a stay."""
    return service.price * (len(nights(first, last)) if service.per_night else 1)


def searched(shop: Shop, kind: RoomType, first: date, last: date) -> Decimal:
    """What `hotel_ari` shows: with the automatic services that are folded into the price."""
    services = (shop.services[one] for one in kind.services if one in shop.services)
    folded = (one for one in services if one.auto and one.active and one.addition == 1)
    extra = sum((amount(one, first, last) for one in folded), Decimal(0))
    return stay(shop, kind, first, last) + extra


def forced(shop: Shop, unit: Decimal, first: date, last: date) -> Decimal:
    """What becomes of a request's `unit_price_without_tax`: 1.7.0 is off by one night."""
    count = len(nights(first, last))
    return unit if shop.old else unit * count / max(count - 1, 1)


def charged(
    shop: Shop,
    kind: RoomType,
    number: int,
    first: date,
    last: date,
    rate: Decimal,
    *,
    new: bool,
    tax_group: int | None = None,
) -> ServiceLine:
    """A service of a room; added later, one that is folded in loses the room's tax, unless the
    request names its `tax_group` (read in the source, not recorded)."""
    service = shop.services[number]
    net = amount(service, first, last) * rate
    like_room = new and service.addition == 1
    group = tax_group or (kind.tax_group if like_room else service.tax_group)
    return ServiceLine(id=number, unit=net, tax=cents(net * ratio(shop, group)) - cents(net))
