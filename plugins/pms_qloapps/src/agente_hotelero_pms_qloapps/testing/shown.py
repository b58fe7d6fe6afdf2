"""What `/api/bookings` shows: bodies of bookings, and the list of their ids."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from itertools import groupby
from typing import Any

from agente_hotelero_pms_qloapps.testing.answers import (
    JSON,
    XML,
    Answer,
    Node,
    dumps,
    leaf,
    number,
    xml,
)
from agente_hotelero_pms_qloapps.testing.rows import stamp
from agente_hotelero_pms_qloapps.testing.shop import Shop
from agente_hotelero_pms_qloapps.testing.state import Line, Order, RoomType

ITEMS = {
    "room_types": "room_type",
    "rooms": "room",
    "services": "service",
    "remarks": "remark",
    "cart_rules": "cart_rule",
    "child_ages": "child_age",
}


def shown(shop: Shop, order: Order) -> dict[str, Any]:
    """The body of a booking, the same for live, cancelled and overbooked ones."""
    guest = shop.customers[order.customer]
    lines = shop.lines_of(order.id)
    grouped = groupby(lines, key=lambda one: (one.room_type, one.first, one.last))
    return {
        "id": order.id,
        "id_property": order.hotel,
        "currency": shop.currencies[order.currency].iso,
        "source": order.source,
        "booking_date": stamp(order.added),
        "id_language": order.language,
        "associations": {
            "customer_detail": {
                "id_customer": guest.id,
                "firstname": guest.firstname,
                "lastname": guest.lastname,
                "email": guest.email,
                "phone": guest.phone,
            },
            "price_details": {
                "total_paid": number(order.paid),
                "total_price_without_tax": number(order.net),
                "total_tax": number(order.gross - order.net),
            },
            "cart_rules": [],
            "remarks": order.remarks[::-1],
            "room_types": [stay_shown(shop, list(one)) for _, one in grouped],
        },
    }


def stay_shown(shop: Shop, lines: Sequence[Line]) -> dict[str, Any]:
    kind = shop.room_types[lines[0].room_type]
    return {
        "id_room_type": kind.id,
        "checkin_date": stamp(lines[0].first),
        "checkout_date": stamp(lines[0].last),
        "total_tax": number(sum((one.gross - one.net for one in lines), Decimal(0))),
        "number_of_rooms": len(lines),
        "name": kind.name,
        "rooms": [room_shown(shop, kind, one) for one in lines],
    }


def room_shown(shop: Shop, kind: RoomType, line: Line) -> dict[str, Any]:
    listed = sorted(line.services, key=lambda one: one.id)
    if shop.old:
        listed = [one for one in listed if not shop.services[one.id].auto]
    services = [
        {
            "id_service": one.id,
            "name": shop.services[one.id].name,
            "quantity": one.quantity,
            "unit_price_without_tax": number(one.unit),
            "total_price_without_tax": number(one.total),
            "total_tax": number(one.tax),
            "per_night": int(shop.services[one.id].per_night),
            "price_mode": 2 if shop.services[one.id].per_night else 1,
        }
        for one in listed
    ]
    room = {
        "id_room": line.room,
        "id_hotel_booking": line.id,
        "adults": line.adults,
        "child": line.children,
        "unit_price_without_tax": number(line.net),
        "total_tax": number(line.gross - line.net),
    }
    return {**room, "services": services} if services else room


def answer(shop: Shop, order: Order, *, as_json: bool) -> Answer:
    body = shown(shop, order)
    if as_json:
        return Answer(body=dumps({"booking": body}), media=JSON)
    return Answer(body=xml(element("booking", body)), media=XML)


def element(tag: str, value: Any) -> Node:
    """A nested body in XML; an empty list is a 0."""
    if isinstance(value, dict):
        return Node(tag=tag, children=[element(name, one) for name, one in value.items()])
    if isinstance(value, list):
        children = [element(ITEMS[tag], one) for one in value]
        return Node(tag=tag, children=children, text="" if children else "0")
    return leaf(tag, value)


def listing(shop: Shop, *, as_json: bool) -> Answer:
    """All ids there ever were, whatever the query says."""
    found = sorted(shop.orders.values(), key=lambda one: (one.customer, one.id))
    if as_json:
        body = {"bookings": [{"id": one.id} for one in found]} if found else []
        return Answer(body=dumps(body), media=JSON)
    nodes = [
        Node(
            tag="booking",
            attributes={
                "id": str(one.id),
                "xlink:href": f"http://{shop.host}/api/bookings/{one.id}",
            },
            short=True,
        )
        for one in found
    ]
    return Answer(body=xml(Node(tag="bookings", children=nodes)), media=XML)
