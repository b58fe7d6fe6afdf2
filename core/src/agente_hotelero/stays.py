"""Values of the trade: money, stays, offers and reservations. All frozen, all keyword-only.

Stays are local dates in the property's time zone; instants are aware datetimes; money is `Decimal`
with an ISO-4217 code. The vocabulary follows OTA/HTNG (Property, RoomType, RatePlan, Offer …).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True, slots=True, order=True)
class Money:
    """An amount in a currency. Raises TypeError for a float, ValueError for a bad code."""

    currency: str
    amount: Decimal

    def __post_init__(self) -> None:
        if not isinstance(self.amount, Decimal):
            raise TypeError("money is Decimal, never float or int")
        if not (len(self.currency) == 3 and self.currency.isascii() and self.currency.isupper()):
            raise ValueError("currency is an ISO-4217 code in capitals")
        if not self.amount.is_finite():
            raise ValueError("an amount is finite")

    def __add__(self, other: Money) -> Money:
        if other.currency != self.currency:
            raise ValueError("amounts of two currencies cannot be added")
        return Money(amount=self.amount + other.amount, currency=self.currency)

    def __str__(self) -> str:
        return f"{self.amount} {self.currency}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Stay:
    """Arrival and departure, local dates in the property's zone; at least one night."""

    arrival: date
    departure: date

    def __post_init__(self) -> None:
        if self.departure <= self.arrival:
            raise ValueError("departure must be after arrival")

    @property
    def nights(self) -> int:
        return (self.departure - self.arrival).days

    def dates(self) -> list[date]:
        """The nights slept, by the date on which each begins."""
        return [self.arrival + timedelta(days=n) for n in range(self.nights)]


@dataclass(frozen=True, kw_only=True, slots=True)
class Occupancy:
    """Who sleeps in one room: adults, and the age in years of each child."""

    adults: int
    child_ages: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        if self.adults < 1:
            raise ValueError("a room needs at least one adult")

    @property
    def guests(self) -> int:
        return self.adults + len(self.child_ages)


@dataclass(frozen=True, kw_only=True, slots=True)
class Image:
    """A picture at an https address that the guest's channel may fetch, or a path of our own."""

    url: str
    caption: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Property:
    """The hotel as its PMS knows it. `time_zone` is an IANA name; times are local."""

    id: str
    name: str
    time_zone: str
    currency: str
    check_in: time = time(15, 0)
    check_out: time = time(11, 0)
    address: str = ""
    latitude: float | None = None
    longitude: float | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class RoomType:
    """A kind of room that is sold; `name` in the locale that was asked for."""

    id: str
    name: str
    description: str = ""
    max_adults: int
    max_guests: int
    max_children: int | None = None
    images: tuple[Image, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class RatePlan:
    """The terms under which a room is sold."""

    id: str
    name: str
    board: str = "room_only"
    refundable: bool = True


@dataclass(frozen=True, kw_only=True, slots=True)
class TaxLine:
    """One tax or fee; `included` says whether the offer's total already holds it."""

    name: str
    amount: Money
    included: bool = True


@dataclass(frozen=True, kw_only=True, slots=True)
class CancellationTerms:
    """Free until an instant (None: never free), then `fee` (None: not known here)."""

    free_until: datetime | None = None
    fee: Money | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Offer:
    """What is for sale now at a price: the only thing that may carry one before booking.

    `total` covers the whole stay and every room, taxes included; `due_at_property` is extra and
    paid on site. `id` is the adapter's own and opaque to all others.
    """

    id: str
    property_id: str
    room_type: RoomType
    rate_plan: RatePlan
    stay: Stay
    occupancies: tuple[Occupancy, ...]
    total: Money
    taxes: tuple[TaxLine, ...] = ()
    due_at_property: Money | None = None
    cancellation: CancellationTerms = field(default_factory=CancellationTerms)
    units_left: int | None = None
    expires_at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class OfferQuery:
    """A search: one occupancy per room; `locale` is the guest's language."""

    property_id: str
    stay: Stay
    occupancies: tuple[Occupancy, ...]
    room_type_id: str | None = None
    locale: str = "en"


@dataclass(frozen=True, kw_only=True, slots=True)
class Guest:
    """The person who books. `phone` is E.164 with a plus sign."""

    name: str
    email: str | None = None
    phone: str | None = None
    language: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class ReservationDraft:
    """What to book. `external_ref` is ours, unique, and findable afterwards."""

    offer: Offer
    guest: Guest
    external_ref: str


class ReservationStatus(StrEnum):
    """Where a reservation is in its life."""

    CONFIRMED = "confirmed"
    IN_HOUSE = "in_house"
    DEPARTED = "departed"
    CANCELLED = "cancelled"
    NO_SHOW = "no_show"


@dataclass(frozen=True, kw_only=True, slots=True)
class Reservation:
    """A booking as the PMS holds it; `version` changes whenever it does.

    `balance` is what is still to be paid (None: this PMS does not say); `services` are the ids of
    what was booked beside the room.
    """

    reference: str
    property_id: str
    status: ReservationStatus
    version: str
    external_ref: str | None
    room_type_id: str
    room_type_name: str
    rate_plan_id: str
    stay: Stay
    occupancies: tuple[Occupancy, ...]
    guest: Guest
    total: Money
    cancellation: CancellationTerms = field(default_factory=CancellationTerms)
    balance: Money | None = None
    services: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class ReservationQuery:
    """All fields that are set must match.

    E-mail without case; phone by its digits; the name in part, without case and accents; `arrival`
    and `departure` are the days on which the stay begins and ends. Cancelled ones are found too.
    """

    property_id: str
    external_ref: str | None = None
    email: str | None = None
    phone: str | None = None
    guest_name: str | None = None
    arrival: date | None = None
    departure: date | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class StayChange:
    """What a reservation shall be: the whole of it, not the difference."""

    stay: Stay
    occupancies: tuple[Occupancy, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Amendment:
    """What a change costs: `before` and `total` are the stay's price now and then, `fee` is extra.

    `version` is the reservation's when this was reckoned.
    """

    id: str
    reference: str
    version: str
    change: StayChange
    before: Money
    total: Money
    fee: Money | None = None
    cancellation: CancellationTerms = field(default_factory=CancellationTerms)
    expires_at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Cancellation:
    """What cancelling costs now: an amount of nothing is free, None is unknown to the PMS.

    `refund` is what the guest gets back of what was paid, where the PMS says it.
    """

    id: str
    reference: str
    version: str
    fee: Money | None
    refund: Money | None = None
    expires_at: datetime


class ServiceKind(StrEnum):
    """What the front desk can arrange by itself where the PMS sells it."""

    LATE_CHECK_OUT = "late_checkout"
    EARLY_CHECK_IN = "early_checkin"
    OTHER = "other"


@dataclass(frozen=True, kw_only=True, slots=True)
class Service:
    """Something sold with one reservation; `price` is for all of it. `at` is a local time, such as
    that until which the room may be kept."""

    id: str
    kind: ServiceKind
    name: str
    price: Money
    at: time | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Changes:
    """Reservations that changed since a cursor, each as it is now, and where to go on."""

    reservations: Sequence[Reservation]
    cursor: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Page(Generic[T]):
    """One page of a list; `next_cursor` is None on the last."""

    items: Sequence[T]
    next_cursor: str | None = None
