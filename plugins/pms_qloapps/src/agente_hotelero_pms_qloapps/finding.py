"""Finding reservations: a list of candidate orders from the rarest thing asked, then a close look.

QloApps finds orders by source and customer, lines by date, customers by address; a telephone number
only as it was typed, and on 1.6.1 not at all. Every candidate is read as a reservation and compared
with all that was asked, so that what QloApps matches loosely does not come out.

A guest who booked under a known customer's e-mail address stands in the remark alone (`guests`):
such a one is not found by name or telephone only, but is together with anything else.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date

from agente_hotelero.errors import Rejected
from agente_hotelero.matching import digits, folded
from agente_hotelero.stays import Page, Reservation, ReservationQuery

from agente_hotelero_pms_qloapps import guests, reading, wire
from agente_hotelero_pms_qloapps.client import Query
from agente_hotelero_pms_qloapps.shop import Shop
from agente_hotelero_pms_qloapps.wire import Row

_LEAST_DIGITS, _TAIL = 6, 7
_CUSTOMERS_A_PAGE = 500
_FEW = 200
_ID, _PERSON = "[id]", "[id,firstname,lastname,phone]"


async def find(shop: Shop, query: ReservationQuery, cursor: str | None) -> Page[Reservation]:
    """Newest orders first; the cursor is the last order that was looked at."""
    before, size = _position(cursor), shop.config.page_size
    numbers = await _candidates(shop, query)
    left = [number for number in numbers if before is None or number < before]
    found: list[Reservation] = []
    while left and not found:
        part, left = left[:size], left[size:]
        before = part[-1]
        found = await _matching(shop, query, part)
    return Page(items=found, next_cursor=str(before) if left else None)


async def _matching(
    shop: Shop, query: ReservationQuery, numbers: Sequence[int]
) -> list[Reservation]:
    orders = await shop.client.rows("orders", reading.filters(numbers))
    newest = sorted(orders, key=lambda order: -wire.number(order["id"]))
    # Whoever asks whether an order of ours arrived must not hear that there is none.
    broken = query.external_ref is None
    shown = await reading.all_shown(shop, await reading.load(shop, newest, broken=broken))
    return [one for one in shown if matches(query, one, shop.config.phone_prefix)]


async def _candidates(shop: Shop, query: ReservationQuery) -> list[int]:
    """Order numbers, newest first: a superset of what matches."""
    if query.external_ref is not None:
        source = wire.literal(query.external_ref)
        return [] if source is None else await _orders(shop, {"filter[source]": source})
    if query.email is not None:
        return await _of_customers(shop, await _by_email(shop, query.email))
    if query.phone is not None:
        return await _of_customers(shop, await _by_phone(shop, query.phone))
    if query.arrival is not None:
        return await _by_day(shop, query.property_id, "date_from", query.arrival)
    if query.departure is not None:
        return await _by_day(shop, query.property_id, "date_to", query.departure)
    if query.guest_name is not None:
        return await _of_customers(shop, await _by_name(shop, query.guest_name))
    return await _orders(shop, {})


async def _orders(shop: Shop, asked: Query) -> list[int]:
    rows = await shop.client.rows("orders", {"display": _ID, **asked})
    return sorted((wire.number(row["id"]) for row in rows), reverse=True)


async def _of_customers(shop: Shop, customers: Sequence[Row]) -> list[int]:
    found: list[int] = []
    for part in wire.parts(wire.number(row["id"]) for row in customers):
        found += await _orders(shop, {"filter[id_customer]": wire.any_of(part)})
    return sorted(found, reverse=True)


async def _by_email(shop: Shop, email: str) -> Sequence[Row]:
    address = wire.literal(email.strip())
    if address is None or guests.is_placeholder(shop.config, address):
        return []
    return await shop.client.rows("customers", {"filter[email]": address, "display": _ID})


async def _by_phone(shop: Shop, phone: str) -> Sequence[Row]:
    """By the last digits in one piece where QloApps can, and all customers otherwise: a number with
    spaces holds no such piece."""
    wanted = digits(phone)

    def same(row: Row) -> bool:
        return _same_phone(phone, wire.text(row.get("phone")), shop.config.phone_prefix)

    if len(wanted) < _LEAST_DIGITS:
        return []
    if (await shop.facts()).recent:
        tail = f"%[{wanted[-_TAIL:]}]%"
        quick = await shop.client.rows(
            "customers", {"filter[phone]": tail, "display": "[id,phone]"}
        )
        found = [row for row in quick if same(row)]
        if found:
            return found
    return await _customers(shop, same)


async def _customers(shop: Shop, keep: Callable[[Row], bool]) -> list[Row]:
    """Newest first, up to the limit of the settings."""
    found: list[Row] = []
    for start in range(0, shop.config.customers_searched, _CUSTOMERS_A_PAGE):
        asked = {
            "display": _PERSON,
            "sort": "[id_DESC]",
            "limit": f"{start},{_CUSTOMERS_A_PAGE}",
        }
        page = await shop.client.rows("customers", asked)
        found += [row for row in page if keep(row)]
        if len(page) < _CUSTOMERS_A_PAGE:
            break
    return found


async def _by_name(shop: Shop, name: str) -> Sequence[Row]:
    """By the longest word, in either name, and all customers where that finds nobody: whether
    accents count is up to the shop's database."""
    wanted = folded(name)
    longest = max((word for word in name.split() if wire.literal(word)), key=len, default="")
    if not longest:
        return []
    found: dict[int, Row] = {}
    for field in ("lastname", "firstname"):
        asked: Query = {
            f"filter[{field}]": f"%[{longest}]%",
            "display": _PERSON,
            "sort": "[id_DESC]",
            "limit": _FEW,
        }
        rows = await shop.client.rows("customers", asked)
        found |= {wire.number(row["id"]): row for row in rows if wanted in _name(row)}
    return list(found.values()) or await _customers(shop, lambda row: wanted in _name(row))


def _name(row: Row) -> str:
    names = wire.text(row.get("firstname")), wire.text(row.get("lastname"))
    return folded(guests.guest_name(*names))


async def _by_day(shop: Shop, property_id: str, field: str, day: date) -> list[int]:
    asked: Query = {
        f"filter[{field}]": f"[{day.isoformat()}]%",
        "filter[id_hotel]": property_id,
        "display": "[id,id_order]",
    }
    rows = await shop.client.rows("room_bookings", asked)
    return sorted({wire.number(row.get("id_order")) for row in rows}, reverse=True)


def matches(query: ReservationQuery, found: Reservation, prefix: str) -> bool:
    """Whether all that is asked is so. Pure."""
    email, guest = query.email, found.guest
    return (
        found.property_id == query.property_id
        and query.external_ref in (None, found.external_ref)
        and (email is None or (guest.email or "").casefold() == email.strip().casefold())
        and (query.phone is None or _same_phone(query.phone, guest.phone or "", prefix))
        and (query.guest_name is None or folded(query.guest_name) in folded(guest.name))
        and query.arrival in (None, found.stay.arrival)
        and query.departure in (None, found.stay.departure)
    )


def _same_phone(one: str, other: str, prefix: str) -> bool:
    """The same number in full: an ending alone proves nothing, since a number is who the guest is.

    One without its country is of the hotel's own, where that is known.
    """
    return bool(_in_full(one, prefix) & _in_full(other, prefix))


def _in_full(phone: str, prefix: str) -> set[str]:
    """What a number may be with its country's prefix, in digits; empty for none."""
    told = digits(phone)
    if phone.strip().startswith("+") or not prefix:
        found = {told}
    elif told.startswith("00"):
        found = {told[2:]}
    else:
        found = {told, prefix + told.lstrip("0")}
    return {one for one in found if len(one) >= _LEAST_DIGITS and set(one) != {"0"}}


def _position(cursor: str | None) -> int | None:
    if cursor is not None and not cursor.isdecimal():
        raise Rejected("not a cursor of ours")
    return None if cursor is None else int(cursor)
