"""What changed since, by the shop's own clock.

QloApps stamps orders, lines and customers to the second, in a time zone that it does not tell; so
the stamps are compared with one another only. A check-in stamps a line, a new telephone number a
customer, everything else the order. What bears a stamp of the last seconds is looked at again, for
rows with the same stamp may have appeared since, and is left out where it still is as it was told.

The cursor: the newest stamp, and which versions were told within its last seconds.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from agente_hotelero.errors import Rejected
from agente_hotelero.stays import Changes, Reservation

from agente_hotelero_pms_qloapps import reading, wire
from agente_hotelero_pms_qloapps.client import Query
from agente_hotelero_pms_qloapps.reading import Booked
from agente_hotelero_pms_qloapps.shop import Shop
from agente_hotelero_pms_qloapps.wire import Row

_OVERLAP = timedelta(seconds=10)
_AT_ONCE = 50
_STAMPED = ("orders", "room_bookings", "customers")
# Whatever its zone, the shop's clock is not farther behind UTC.
_A_DAY_ANYWHERE = timedelta(hours=26)
_FORMAT = "%Y-%m-%d %H:%M:%S"


@dataclass(frozen=True, kw_only=True, slots=True)
class Cursor:
    """`told`: order numbers and the versions in which they were told."""

    at: str
    told: dict[str, str]

    @property
    def since(self) -> str:
        """From when on to look."""
        return (_instant(self.at) - _OVERLAP).strftime(_FORMAT)

    def __str__(self) -> str:
        told = ",".join(f"{number}={version}" for number, version in self.told.items())
        return f"{self.at}|{told}"


def cursor_of(text: str) -> Cursor:
    """Raises Rejected."""
    at, _, rest = text.partition("|")
    try:
        _instant(at)
        told = dict(part.split("=", 1) for part in rest.split(",") if part)
    except ValueError:
        raise Rejected("not a cursor of ours") from None
    return Cursor(at=at, told=told)


def _instant(stamp: str) -> datetime:
    """For reckoning alone: which zone it is in does not matter."""
    return datetime.strptime(stamp, _FORMAT).replace(tzinfo=UTC)


async def poll(shop: Shop, property_id: str, cursor: str | None) -> Changes:
    if cursor is None:
        return Changes(reservations=(), cursor=str(await _now(shop)))
    last = cursor_of(cursor)
    stamps = _first(await _stamps(shop, last.since), last)
    found = await _load(shop, [number for _, number in stamps])
    at = max([last.at, *(stamp for stamp, _ in stamps)])
    edge = Cursor(at=at, told={}).since
    told = {
        str(number): found[number].version
        for stamp, number in stamps
        if stamp > edge and number in found
    }
    fresh = [
        one
        for number, one in found.items()
        if one.property_id == property_id and last.told.get(str(number)) != one.version
    ]
    return Changes(reservations=fresh, cursor=str(Cursor(at=at, told=told)))


def _first(stamps: Sequence[tuple[str, int]], last: Cursor) -> list[tuple[str, int]]:
    """The oldest, with so many that were not told yet; what was told must not crowd these out."""
    part: list[tuple[str, int]] = []
    new = 0
    for stamp, number in stamps:
        new += str(number) not in last.told
        if new > _AT_ONCE:
            break
        part.append((stamp, number))
    return part


async def _load(shop: Shop, numbers: Sequence[int]) -> dict[int, Reservation]:
    """By order number, oldest first."""
    if not numbers:
        return {}
    loaded: list[Booked] = []
    for part in wire.parts(numbers):
        rows = await shop.client.rows("orders", reading.filters(part))
        loaded += await reading.load(shop, rows, broken=True)
    loaded.sort(key=lambda booked: booked.id)
    shown = await reading.all_shown(shop, loaded)
    return {booked.id: one for booked, one in zip(loaded, shown, strict=True)}


async def _now(shop: Shop) -> Cursor:
    """The newest stamp of the last day or two, or a moment before which there is none."""
    since = (shop.now().astimezone(UTC) - _A_DAY_ANYWHERE).strftime(_FORMAT)
    asked: Query = {"display": "[id,date_upd]", "date": 1, "filter[date_upd]": f">[{since}]"}
    rows = await asyncio.gather(*(shop.client.rows(name, asked) for name in _STAMPED))
    stamps = [wire.text(row.get("date_upd")) for part in rows for row in part]
    return Cursor(at=max(stamps, default=since), told={})


async def _stamps(shop: Shop, since: str) -> list[tuple[str, int]]:
    """Orders and their newest stamps, oldest first."""
    asked: Query = {"filter[date_upd]": f">[{since}]", "date": 1}
    orders, lines, people = await asyncio.gather(
        shop.client.rows("orders", {**asked, "display": "[id,date_upd]"}),
        shop.client.rows("room_bookings", {**asked, "display": "[id,id_order,date_upd]"}),
        shop.client.rows("customers", {**asked, "display": "[id,date_upd]"}),
    )
    found: dict[int, str] = {}
    for row, key in [*((row, "id") for row in orders), *((row, "id_order") for row in lines)]:
        _note(found, wire.number(row.get(key)), wire.text(row.get("date_upd")))
    for number, stamp in await _of_customers(shop, people):
        _note(found, number, stamp)
    return sorted((stamp, number) for number, stamp in found.items() if number)


def _note(found: dict[int, str], number: int, stamp: str) -> None:
    found[number] = max(found.get(number, ""), stamp)


async def _of_customers(shop: Shop, people: Sequence[Row]) -> list[tuple[int, str]]:
    stamps = {wire.number(row["id"]): wire.text(row.get("date_upd")) for row in people}
    found: list[tuple[int, str]] = []
    for part in wire.parts(stamps):
        asked = {"filter[id_customer]": wire.any_of(part), "display": "[id,id_customer]"}
        found += [
            (wire.number(row["id"]), stamps[wire.number(row.get("id_customer"))])
            for row in await shop.client.rows("orders", asked)
        ]
    return found
