"""What a shop consists of: fixed values, and the records that bookings change."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal

import httpx

CENT = Decimal("0.01")


@dataclass(frozen=True, kw_only=True)
class Language:
    """A language of the shop."""

    id: int
    iso: str
    date_format: str = "Y-m-d"


@dataclass(frozen=True, kw_only=True)
class Currency:
    """A currency; `rate` is how much of it one unit of the default currency buys."""

    id: int
    name: str
    iso: str
    number: str
    sign: str
    rate: Decimal = Decimal(1)
    blank: int = 1
    format: int = 2


@dataclass(frozen=True, kw_only=True)
class TaxGroup:
    """A tax rules group and its rate in percent at the hotel's country."""

    id: int
    name: str
    percent: Decimal


@dataclass(frozen=True, kw_only=True)
class State:
    """An order state."""

    id: int
    name: str
    paid: bool = False
    invoice: bool = False
    logable: bool = False
    template: str = ""


@dataclass(frozen=True, kw_only=True)
class Roles:
    """Which state is which: ids are configuration, these the installer's."""

    awaiting: int = 1
    paid: int = 2
    canceled: int = 4
    refunded: int = 5
    error: int = 6
    partial: int = 8
    overbooked: int = 11


@dataclass(frozen=True, kw_only=True)
class Hotel:
    """A hotel with its house rules."""

    id: int = 1
    name: str = "The Hotel Prime"
    city: str = "Demo City"
    address: str = "Monticello Dr, Montgomery, 10010"
    country: str = "Ireland"
    phone: str = "0987654321"
    email: str = "hotelprime@htl.com"
    check_in: str = "12:00"
    check_out: str = "11:00"
    rating: int = 3
    policies: str = "<p>policies</p>"
    description: str = "<p>description</p>"
    short_description: str = "<p>short_description</p>"
    features: tuple[int, ...] = ()
    images: tuple[int, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Service:
    """A service; `addition` 1 is folded into the room price, 2 is a fee beside it."""

    id: int
    name: str
    price: Decimal
    tax_group: int = 1
    auto: bool = False
    addition: int = 1
    per_night: bool = False
    description: str = "<p>description</p>"
    images: tuple[int, ...] = ()
    active: bool = True


@dataclass(frozen=True, kw_only=True)
class RoomType:
    """A room type, which is a product; its limits are kept in `hotel_room_types`."""

    id: int
    name: str
    price: Decimal
    hotel: int = 1
    tax_group: int = 1
    adults: int = 2
    children: int = 2
    max_adults: int = 2
    max_children: int = 2
    max_guests: int = 4
    min_los: int = 1
    max_los: int = 0
    services: tuple[int, ...] = ()
    images: tuple[int, ...] = ()
    description: str = "<p>description</p>"


@dataclass(frozen=True, kw_only=True)
class Room:
    """A room. `status` 1 active, 2 inactive, 3 closed from `closed[0]` to `closed[1]`."""

    id: int
    number: str
    room_type: int
    status: int = 1
    closed: tuple[date, date] | None = None
    floor: str = "First"


@dataclass(frozen=True, kw_only=True)
class Season:
    """A price rule: nights from `first` to `last`, both included, cost `percent` more."""

    id: int
    name: str
    room_type: int
    first: date
    last: date
    percent: Decimal


@dataclass(frozen=True, kw_only=True)
class Key:
    """An API key; `rights` None is everything, otherwise methods by resource."""

    text: str
    rights: Mapping[str, frozenset[str]] | None = None
    active: bool = True

    def may(self, method: str, resource: str) -> bool:
        return self.rights is None or method in self.rights.get(resource, ())


@dataclass(frozen=True, kw_only=True)
class Call:
    """A request as it came in."""

    method: str
    path: str
    query: str = ""
    body: bytes = b""


@dataclass(frozen=True, kw_only=True)
class Fault:
    """What goes wrong with a request: it is late, ends in this error, or has this status.

    `after_work` says whether the shop has done what was asked before.
    """

    method: str
    resource: str
    after_work: bool = True
    seconds: float = 0.0
    status: int | None = None
    error: type[httpx.TransportError] | None = None


@dataclass(kw_only=True)
class Customer:
    """A guest's profile, which all of his bookings show."""

    id: int
    firstname: str
    lastname: str
    email: str
    phone: str | None
    language: int = 1
    added: datetime
    changed: datetime


@dataclass(kw_only=True)
class ServiceLine:
    """A service charged with a room."""

    id: int
    unit: Decimal
    tax: Decimal
    quantity: int = 1

    @property
    def total(self) -> Decimal:
        return self.unit * self.quantity


@dataclass(kw_only=True)
class Line:
    """A room of an order for some nights: what QloApps calls a room booking."""

    id: int
    order: int
    room_type: int
    room: int
    room_number: str
    hotel: int
    customer: int
    first: date
    last: date
    adults: int
    children: int
    child_ages: str
    net: Decimal
    gross: Decimal
    status: int = 1
    comment: str = ""
    checked_in: str = "0000-00-00 00:00:00"
    checked_out: str = "0000-00-00 00:00:00"
    refunded: bool = False
    cancelled: bool = False
    back_order: bool = False
    services: list[ServiceLine] = field(default_factory=list)
    detail: int = 0
    cart: int = 0
    added: datetime
    changed: datetime

    @property
    def live(self) -> bool:
        """Whether it takes a room."""
        return not self.refunded and not self.back_order

    @property
    def nights(self) -> list[date]:
        return nights(self.first, self.last)


@dataclass(kw_only=True)
class Order:
    """An order, which is a booking of one or more rooms."""

    id: int
    reference: str
    hotel: int
    customer: int
    language: int
    currency: int
    source: str
    state: int = 0
    payment: str = "Order from API"
    payment_type: int = 1
    transaction: str | None = None
    net: Decimal = Decimal(0)
    gross: Decimal = Decimal(0)
    paid: Decimal = Decimal(0)
    promised: Decimal = Decimal(0)
    invoice: int = 0
    invoiced: datetime | None = None
    cart: int = 0
    remarks: list[str] = field(default_factory=list)
    added: datetime
    changed: datetime


@dataclass(frozen=True, kw_only=True)
class History:
    """A change of an order's state."""

    id: int
    order: int
    state: int
    added: datetime


@dataclass(frozen=True, kw_only=True)
class Payment:
    """A row of `order_payments`."""

    id: int
    reference: str
    currency: int
    amount: Decimal
    method: str
    kind: int = 1
    transaction: str = ""
    added: datetime


def nights(first: date, last: date) -> list[date]:
    """The nights of a stay."""
    return [first + timedelta(days=one) for one in range((last - first).days)]


def cents(amount: Decimal) -> Decimal:
    """As PHP's round(): halves away from zero."""
    return amount.quantize(CENT, "ROUND_HALF_UP")


def words(text: str) -> list[str]:
    """Names written one after the other."""
    return text.split()
