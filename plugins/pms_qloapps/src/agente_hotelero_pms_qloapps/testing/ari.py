"""`POST /api/hotel_ari`: availability and prices, checked for nothing but dates and min_los."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from agente_hotelero_pms_qloapps.testing.answers import Answer, Node, Refusal, leaf, number
from agente_hotelero_pms_qloapps.testing.bodies import parse_xml, part, tree, whole
from agente_hotelero_pms_qloapps.testing.prices import ratio, searched
from agente_hotelero_pms_qloapps.testing.render import Renderer
from agente_hotelero_pms_qloapps.testing.rows import stamp
from agente_hotelero_pms_qloapps.testing.shop import Shop
from agente_hotelero_pms_qloapps.testing.state import Line, Room, RoomType, cents, nights
from agente_hotelero_pms_qloapps.testing.wanted import day

# What is asked for, how it is called in a type's rooms, and in the totals; as listed.
FLAGS = {
    "get_unavailable_rooms": ("unavailable", "total_unavailable_rooms"),
    "get_booked_rooms": ("booked", "total_booked_rooms"),
    "get_available_rooms": ("available", "total_available_rooms"),
    "get_partial_available_rooms": ("partially_available", "total_partial_available_rooms"),
}


@dataclass(frozen=True, kw_only=True)
class Search:
    """A search as asked for."""

    hotel: str
    room_type: int
    first: date
    last: date
    groups: tuple[str, ...]
    by_night: bool
    rooms: int


def invalid(text: str, code: int = 85) -> Refusal:
    return Refusal(400, (code, text if code == 41 else f"Validation error: {text}"))


def read(body: bytes) -> Search:
    """The search in an XML body; JSON is no XML."""
    if not body.strip():
        raise invalid("ARI search parameters are missing.")
    root = parse_xml(body)
    asked = tree(root) if root is not None else None
    fields = part(asked, "hotel_ari")
    if not fields:
        raise invalid("Invalid ARI search parameters found.")
    for name in ("id_hotel", "date_from", "date_to"):
        if not fields.get(name):
            raise invalid(f'parameter "{name}" required', 41)
    first, last = valid_date(fields, "date_from"), valid_date(fields, "date_to")
    if last <= first:
        raise invalid('"Date to" must be after "date from"')
    rooms = part(fields, "associations").get("room_occupancies") or []
    check_occupancies(rooms)
    groups = [group for flag, (group, _) in FLAGS.items() if whole(fields.get(flag))]
    return Search(
        hotel=str(fields["id_hotel"]),
        room_type=whole(fields.get("id_room_type")),
        first=first,
        last=last,
        groups=tuple(groups or ["available"]),
        by_night=bool(whole(fields.get("date_wise_breakdown"))),
        rooms=len(rooms) or 1,
    )


def valid_date(fields: Mapping[str, Any], name: str) -> date:
    found = day(fields[name])
    if found is None:
        raise invalid(f'"The {name} field is invalid."')
    return found


def check_occupancies(rooms: Sequence[Mapping[str, Any]]) -> None:
    for place, room in enumerate(rooms, 1):
        what = f"for Room-{place} occupancy(value must be greater than 0)."
        if whole(room.get("adults")) < 1:
            raise invalid(f"Invalid value for number of adults {what}")
        if "children" not in room:
            raise invalid(f'parameter "children" required for Room-{place}', 41)


def search(shop: Shop, body: bytes, render: Renderer) -> Answer:
    asked = read(body)
    if not asked.by_night:
        found = searched_once(shop, asked, asked.first, asked.last)
        return render.answer({"hotel_ari": found}, in_xml(render, found))
    days = nights(asked.first, asked.last)
    ends = [*days[1:], asked.last]
    each = [searched_once(shop, asked, one, end) for one, end in zip(days, ends, strict=True)]
    nodes = [in_xml(render, one) for one in each]
    return render.answer({"hotel_aris": each}, Node(tag="hotel_aris", children=nodes))


def searched_once(shop: Shop, asked: Search, first: date, last: date) -> dict[str, Any]:
    """One answer. Where hotel or type is unknown, the keys for rooms are missing."""
    head: dict[str, Any] = {
        "id_hotel": asked.hotel,
        "date_from": f"{first}",
        "date_to": f"{last}",
        "currency": shop.currency.iso,
    }
    kinds = [
        one
        for one in shop.room_types.values()
        if one.hotel == whole(asked.hotel) and asked.room_type in (0, one.id)
    ]
    if not kinds:
        return head
    types = [type_shown(shop, asked, one, first, last) for one in kinds]
    head["total_rooms"] = sum(len(rooms_of(shop, one)) for one in kinds)
    for group, total in FLAGS.values():
        if group in asked.groups:
            head[total] = sum(len(one["rooms"][group]) for one in types)
    return {**head, "room_types": types}


def rooms_of(shop: Shop, kind: RoomType) -> list[Room]:
    return [one for one in shop.rooms.values() if one.room_type == kind.id]


def type_shown(
    shop: Shop, asked: Search, kind: RoomType, first: date, last: date
) -> dict[str, Any]:
    """A type with its prices, even if it is full."""
    net = searched(shop, kind, first, last)
    tax = ratio(shop, kind.tax_group)
    base = net / len(nights(first, last))
    prices = {
        "base_price": base,
        "base_price_with_tax": base * tax,
        "total_price": net * asked.rooms,
        "total_price_with_tax": net * asked.rooms * tax,
    }
    groups = {one: group(shop, asked, kind, one, first, last) for one in asked.groups}
    return {
        "id_room_type": php(shop, kind.id),
        **{name: number(cents(value)) for name, value in prices.items()},
        "name": kind.name,
        "rooms": {name: found or [] for name, found in groups.items()},
    }


def php(shop: Shop, value: int) -> int | str:
    return str(value) if shop.old else value


def group(
    shop: Shop, asked: Search, kind: RoomType, name: str, first: date, last: date
) -> dict[str, Any]:
    """Rooms by id. Nothing is ever partially available: a booked room is booked."""
    rooms = rooms_of(shop, kind)
    if name == "available":
        free = shop.free(kind.id, first, last)
        return {str(one.id): free_shown(shop, asked, kind, one) for one in free}
    if name == "unavailable":
        closed = (one for one in rooms if shop.closed(one, first, last))
        return {str(one.id): {**head(shop, kind, one), **why(shop, one)} for one in closed}
    if name == "booked":
        busy = ((one, shop.busy(one.id, first, last)) for one in rooms)
        return {
            str(one.id): {**head(shop, kind, one), "detail": [taken(shop, x) for x in lines]}
            for one, lines in busy
            if lines
        }
    return {}


def head(shop: Shop, kind: RoomType, one: Room) -> dict[str, Any]:
    return {
        "id_product": php(shop, kind.id),
        "id_room": php(shop, one.id),
        "id_hotel": php(shop, kind.hotel),
        "room_num": one.number,
    }


def free_shown(shop: Shop, asked: Search, kind: RoomType, one: Room) -> dict[str, Any]:
    if asked.by_night:
        return {"id_room": php(shop, one.id), "room_num": one.number}
    return {
        **head(shop, kind, one),
        "room_comment": "",
        "max_adult": php(shop, kind.max_adults),
        "max_children": php(shop, kind.max_children),
        "max_occupancy": php(shop, kind.max_guests),
    }


def why(shop: Shop, one: Room) -> dict[str, Any]:
    """Why a room is out of service."""
    first, last = one.closed or (None, None)
    detail = {
        "id_status": php(shop, one.status),
        "room_comment": "",
        "date_from": f"{first}" if first else None,
        "date_to": f"{last}" if last else None,
    }
    return {"detail": [detail]}


def taken(shop: Shop, line: Line) -> dict[str, Any]:
    return {
        "id_htl_booking": php(shop, line.id),
        "date_from": stamp(line.first),
        "date_to": stamp(line.last),
        "id_customer": php(shop, line.customer),
        "booking_type": php(shop, 1),
        "booking_status": php(shop, line.status),
        "comment": line.comment,
    }


def in_xml(render: Renderer, found: Mapping[str, Any]) -> Node:
    children = [
        leaf(name, value, render.link("hotels", value) if name == "id_hotel" else "")
        for name, value in found.items()
        if name != "room_types"
    ]
    if "room_types" in found:
        types = [type_in_xml(render, one) for one in found["room_types"]]
        children.append(Node(tag="room_types", children=types))
    return Node(tag="hotel_ari", children=children)


def type_in_xml(render: Renderer, one: Mapping[str, Any]) -> Node:
    link = render.link("room_types", one["id_room_type"])
    prices = [
        leaf(name, Decimal(str(one[name])))
        for name in ("base_price", "base_price_with_tax", "total_price", "total_price_with_tax")
    ]
    groups = [
        Node(tag=name, children=[room_in_xml(room) for room in (rooms or {}).values()])
        for name, rooms in ((name, dict(rooms)) for name, rooms in one["rooms"].items())
    ]
    return Node(
        tag="room_type",
        attributes={"id": str(one["id_room_type"]), "xlink:href": link},
        children=[
            leaf("id_room_type", one["id_room_type"], link),
            *prices,
            Node(tag="name", children=render.translated(one["name"])),
            Node(tag="rooms", children=groups),
        ],
    )


def room_in_xml(room: Mapping[str, Any]) -> Node:
    children = [leaf("id_room", room["id_room"]), leaf("room_number", room["room_num"])]
    return Node(tag="room", attributes={"id": str(room["id_room"])}, children=children)
