"""What an operator should know of the shop and of the key, found by asking; changes nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from agente_hotelero import Finding
from agente_hotelero.errors import HoteleroError

from agente_hotelero_pms_qloapps import hotel as hotels
from agente_hotelero_pms_qloapps import wire
from agente_hotelero_pms_qloapps.shop import Shop

# The least rights; `tax_rules` and `taxes` are needed only where a fee has a tax of its own.
RIGHTS: Mapping[str, tuple[str, ...]] = {
    "hotels": ("GET",),
    "room_types": ("GET",),
    "hotel_room_types": ("GET",),
    "services": ("GET",),
    "images": ("GET",),
    "languages": ("GET",),
    "currencies": ("GET",),
    "order_states": ("GET",),
    "hotel_refund_rules": ("GET",),
    "customers": ("GET",),
    "orders": ("GET",),
    "hotel_ari": ("POST",),
    "bookings": ("GET", "POST", "PUT"),
    "room_bookings": ("GET", "PUT"),
    "order_histories": ("POST",),
}
_WHERE = "Advanced parameters > Webservice, in the back office of QloApps"
_TOO_MUCH = ("employees", "configurations", "shops")


async def diagnose(shop: Shop) -> Sequence[Finding]:
    try:
        rights = await shop.client.rights()
    except HoteleroError as error:
        return [
            Finding(
                ok=False,
                what=f"QloApps does not answer as it should: {type(error).__name__}",
                advice=f"{str(error).strip(': ')}; see that base_url is the shop's own address "
                "and can be reached from here",
            )
        ]
    found = [Finding(ok=True, what="QloApps answers, and takes the key"), *check_rights(rights)]
    try:
        return [*found, *await _shop(shop)]
    except HoteleroError as error:
        return [*found, Finding(ok=False, what="the shop could not be read", advice=str(error))]


def check_rights(rights: Mapping[str, frozenset[str]]) -> list[Finding]:
    """What is missing, one by one, and what is too much. Pure."""
    missing = [
        f"{method} on {resource}"
        for resource, methods in RIGHTS.items()
        for method in methods
        if method not in rights.get(resource, frozenset())
    ]
    found = [
        Finding(ok=False, what=f"{right} is missing", advice=f"give it: {_WHERE}")
        for right in missing
    ]
    wide = [name for name in _TOO_MUCH if rights.get(name)]
    if wide:
        what = f"the key may do more than is needed, such as {', '.join(wide)}"
        found.append(Finding(ok=False, what=what, advice=f"take it away: {_WHERE}"))
    return found or [Finding(ok=True, what="the key has the rights it needs, and no more")]


async def _shop(shop: Shop) -> list[Finding]:
    facts = await shop.facts()
    version = "1.7 or newer" if facts.recent else "1.6"
    return [
        Finding(ok=True, what=f"QloApps {version}"),
        *await _hotels(shop),
        _currency(facts.currency),
        _languages(facts.languages, shop.services.languages),
        *await _services(shop),
        Finding(
            ok=True,
            what="who sleeps in a room is written into each booking",
            advice="with room occupancy set to 'quantity', QloApps' own pages do not show it",
        ),
    ]


async def _hotels(shop: Shop) -> list[Finding]:
    rows = [row for row in await shop.client.rows("hotels") if wire.number(row.get("active", 1))]
    if not rows:
        return [Finding(ok=False, what="the shop has no active hotel", advice="add one there")]
    listed = [hotels.hotel_of(row) for row in rows]
    named = ", ".join(f"{hotel.id} ({hotel.name})" for hotel in listed)
    advice = "property_id is one of these numbers" if len(listed) > 1 else ""
    found = [Finding(ok=True, what=f"hotels: {named}", advice=advice)]
    types = await shop.client.rows("hotel_room_types")
    found += [
        Finding(ok=False, what=f"hotel {hotel.id} has no room type", advice="add one there")
        for hotel in listed
        if not hotels.limits_of(types, hotel)
    ]
    return found


def _currency(code: str) -> Finding:
    good = len(code) == 3 and code.isascii() and code.isupper()
    return Finding(
        ok=good,
        what=f"prices are in {code or 'no currency'}",
        advice="" if good else "the shop's default currency needs its ISO code",
    )


def _languages(shop: Mapping[str, int], wanted: Sequence[str]) -> Finding:
    missing = [language for language in wanted if language not in shop]
    return Finding(
        ok=True,
        what=f"languages: {', '.join(shop) or 'none'}",
        advice=f"rooms are described in another language in {', '.join(missing)}"
        if missing
        else "",
    )


async def _services(shop: Shop) -> list[Finding]:
    """Fees with a tax of their own need two rights more."""
    rows = await shop.client.rows("services")
    fees = [
        row
        for row in rows
        if wire.number(row.get("auto_add_to_cart")) and wire.number(row.get("active", 1))
    ]
    if not fees:
        return []
    named = ", ".join(str(wire.number(row["id"])) for row in fees)
    advice = "if one has another tax than its rooms, the key needs GET on tax_rules and taxes"
    return [Finding(ok=True, what=f"services in every price: {named}", advice=advice)]
