"""What a booking's body asks for, and the refusals before anything is stored."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from agente_hotelero_pms_qloapps.testing.answers import Broken, Refusal
from agente_hotelero_pms_qloapps.testing.bodies import part, whole
from agente_hotelero_pms_qloapps.testing.shop import Shop

PERSON = re.compile(r'[^0-9!<>,;?=+()@#"°{}_$%:]*')
PHONE = re.compile(r"\+?[\s\d.()-]*\d+")
EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[A-Za-z]{2,}")
NEEDED = {
    "firstname": "Please provide a valid first name.",
    "lastname": "Please provide a valid last name.",
    "email": "Please provide a valid email.",
    "phone": "Please provide a valid phone number.",
}
NO_ZIP = ("IE",)


def refused(message: str) -> Refusal:
    """Whatever is wrong with a booking: HTTP 400 with code 404."""
    return Refusal(400, (404, message))


@dataclass(frozen=True, kw_only=True)
class WantedRoom:
    """A room as asked for; `room` 0 is any. `tax_groups`: of services that name their own."""

    room: int = 0
    adults: int = 0
    children: int = 0
    ages: str = "[]"
    unit: Decimal | None = None
    services: tuple[int, ...] = ()
    tax_groups: Mapping[int, int] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class WantedStay:
    """Rooms of a type for some nights."""

    room_type: int
    first: date
    last: date
    rooms: tuple[WantedRoom, ...]


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """A whole booking."""

    stays: tuple[WantedStay, ...]
    guest: Mapping[str, Any]
    total: Decimal | None
    paid: Decimal
    payment: Mapping[str, Any]
    remark: str


def read(shop: Shop, booking: Mapping[str, Any]) -> Wanted:
    """A body after all checks but those of availability."""
    asked = part(booking, "associations")
    stays = tuple(read_stay(shop, one) for one in part(asked, "room_types") or ())
    check_facilities(asked)
    prices = part(asked, "price_details")
    total = prices.get("total_price_with_tax")
    return Wanted(
        stays=stays,
        guest=part(asked, "customer_detail"),
        total=None if total in (None, "") else Decimal(str(total)),
        paid=Decimal(str(prices.get("total_paid") or 0)),
        payment=part(asked, "payment_detail"),
        remark=stripped(str(booking.get("remark") or "")),
    )


def check_new(shop: Shop, booking: Mapping[str, Any]) -> None:
    """The refusals that only creating knows, before the rooms are looked at."""
    codes = [one.iso for one in shop.currencies.values()]
    if booking.get("currency") not in codes:
        raise refused("Please provide valid currency.")
    if whole(booking.get("id_property")) not in shop.hotels:
        raise refused("Please provide a valid id_property.")
    check_statuses(booking)
    guest = part(booking, "associations", "customer_detail")
    for name, message in NEEDED.items():
        if not str(guest.get(name) or "").strip():
            raise refused(message)


def check_statuses(booking: Mapping[str, Any]) -> None:
    for name, most in (("booking_status", 4), ("payment_status", 3)):
        value = booking.get(name)
        if value not in (None, "") and not 1 <= whole(value) <= most:
            raise refused(f"Invalid {name.replace('_', ' ')}.")


def check_address(guest: Mapping[str, Any]) -> None:
    if guest.get("address") and not guest.get("zip") and guest.get("country_code") not in NO_ZIP:
        raise refused("Zip code is required.")


def check_person(guest: Mapping[str, Any]) -> None:
    """The validators whose failure nobody catches."""
    email = str(guest.get("email") or "")
    if "email" in guest and not (EMAIL.fullmatch(email) and len(email) <= 128):
        raise Broken(200, "Fatal error")
    names = [str(guest.get(one) or "") for one in ("firstname", "lastname")]
    if not all(PERSON.fullmatch(one) and len(one) <= 32 for one in names):
        raise Broken
    phone = str(guest.get("phone") or "")
    if phone and not (PHONE.fullmatch(phone) and len(phone) <= 32):
        raise Broken


def check_facilities(asked: Mapping[str, Any]) -> None:
    for stay in part(asked, "room_types") or ():
        if any(room.get("facilities") for room in stay.get("rooms") or ()):
            raise refused("Invalid request for facilities.")


def read_stay(shop: Shop, asked: Mapping[str, Any]) -> WantedStay:
    number = whole(asked.get("id_room_type"))
    if number not in shop.room_types:
        raise refused("Invalid room type in the request")
    first, last = day(asked.get("checkin_date")), day(asked.get("checkout_date"))
    if first is None:
        raise refused("Invalid check in date in the request")
    if last is None:
        raise refused("Invalid check out date in the request")
    if first > last:
        raise refused("Invalid check in and check out dates in the request")
    count, rooms = whole(asked.get("number_of_rooms")), asked.get("rooms")
    if rooms and len(rooms) != count:
        raise refused("Room count does not matches with the number of rooms")
    kind = shop.room_types[number]
    base = WantedRoom(adults=kind.adults, children=kind.children)
    listed = tuple(read_room(shop, one) for one in rooms) if rooms else (base,) * count
    if shop.old:
        listed = tuple(at_least(one, kind.adults) for one in listed)
    return WantedStay(room_type=number, first=first, last=last, rooms=listed)


def at_least(room: WantedRoom, adults: int) -> WantedRoom:
    """1.6.1 stored two adults where one was sent (recorded once, in a race)."""
    return WantedRoom(
        room=room.room,
        adults=max(room.adults, adults),
        children=room.children,
        ages=room.ages,
        unit=room.unit,
        services=room.services,
        tax_groups=room.tax_groups,
    )


def read_room(shop: Shop, asked: Mapping[str, Any]) -> WantedRoom:
    """A room; its children do not exist without ages."""
    ages: Sequence[Any] = asked.get("child_ages") or ()
    unit = asked.get("unit_price_without_tax")
    asked_services = asked.get("services") or ()
    services = [whole(one.get("id_service")) for one in asked_services]
    return WantedRoom(
        room=whole(asked.get("id_room")),
        adults=whole(asked.get("adults")),
        children=whole(asked.get("child")) if ages else 0,
        ages=json.dumps(list(ages), separators=(",", ":")),
        unit=None if unit in (None, "") else Decimal(str(unit)),
        services=tuple(services),
        tax_groups={
            whole(one.get("id_service")): whole(one.get("id_tax_rules_group"))
            for one in asked_services
            if one.get("id_tax_rules_group")
        },
    )


def day(value: Any) -> date | None:
    """A date in ISO form, whatever time follows."""
    match = re.fullmatch(r"(\d{4}-\d\d-\d\d)( \d\d:\d\d:\d\d)?", str(value or ""))
    try:
        return date.fromisoformat(match[1]) if match else None
    except ValueError:
        return None


def stripped(text: str) -> str:
    """Text without tags."""
    return re.sub(r"<[^<>]*>", "", text)
