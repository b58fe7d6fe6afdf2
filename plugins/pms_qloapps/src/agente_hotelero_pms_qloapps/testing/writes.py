"""Writing to the generic resources: XML in, the record echoed with strings for numbers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from xml.etree.ElementTree import Element

from agente_hotelero_pms_qloapps.testing import house, rows
from agente_hotelero_pms_qloapps.testing.answers import Answer, Broken, Refusal
from agente_hotelero_pms_qloapps.testing.bodies import parse_xml, whole
from agente_hotelero_pms_qloapps.testing.render import Renderer
from agente_hotelero_pms_qloapps.testing.resources import TABLES, blank_line
from agente_hotelero_pms_qloapps.testing.rows import BLANK, Native, Record, Row, Words, stamp
from agente_hotelero_pms_qloapps.testing.shop import Shop
from agente_hotelero_pms_qloapps.testing.state import (
    Line,
    Payment,
    Season,
    words,
)
from agente_hotelero_pms_qloapps.testing.wanted import EMAIL, PERSON

Fields = dict[str, str]
OPTIONAL_OF_LINES = frozenset(
    words(
        "id comment check_in check_out is_refunded is_cancelled is_back_order state zipcode"
        " children child_ages date_add date_upd"
    )
)


def record_in(body: bytes) -> Element:
    """The record in an XML body, whatever its root is called."""
    root = parse_xml(body)
    if root is None or not len(root):
        text = body.decode(errors="replace")
        message = f"XML error : String could not be parsed as XML\nXML length : {len(body)}"
        raise Refusal(500, (127, f"{message}\nOriginal XML : {text}"))
    return root[0]


def fields_in(body: bytes) -> Fields:
    """The record's fields as texts, without its associations."""
    return {one.tag: one.text or "" for one in record_in(body) if one.tag != "associations"}


def require(fields: Fields, *names: str) -> None:
    for name in names:
        if not fields.get(name):
            raise Refusal(400, (41, f'parameter "{name}" required'))


def post_history(shop: Shop, body: bytes, query: dict[str, str], render: Renderer) -> Answer:
    """Change an order's state. No guard, no fee; a mail that fails is told after the fact."""
    fields = fields_in(body)
    order = shop.orders.get(whole(fields.get("id_order")))
    state = shop.states.get(whole(fields.get("id_order_state")))
    if order is None or state is None:
        raise Broken(200, "Invalid new order status")
    if state.id == shop.roles.paid:
        shop.settle(order)
    row = shop.enter_state(order, state.id)
    if query.get("sendemail") and order.language not in shop.mail_languages:
        raise Refusal(500, (46, "Unable to save resource"))
    echo: Row = {
        "id": row.id,
        "id_employee": "",
        "id_order_state": Native(state.id),
        "id_order": order.id,
        "date_add": stamp(row.added),
    }
    return render.single(TABLES["order_histories"], Record(row=echo), status=201)


def put_line(shop: Shop, number: int, body: bytes, render: Renderer) -> Answer:
    """Overwrite a room booking with the full record; nothing is compared with anything."""
    line = shop.lines.get(number)
    fields = fields_in(body)
    check_line(shop, fields)
    if line is None:
        return Answer(status=404)
    overwrite(line, fields)
    line.changed = shop.now()
    return render.single(TABLES["room_bookings"], rows.room_booking(shop, line))


def post_line(shop: Shop, body: bytes, render: Renderer) -> Answer:
    """Make a line of an order out of nothing."""
    fields = fields_in(body)
    check_line(shop, fields)
    now, day = shop.now(), date(1970, 1, 1)
    made = shop.add_line(
        Line(
            id=0,
            order=whole(fields["id_order"]),
            room_type=whole(fields["id_product"]),
            room=whole(fields["id_room"]),
            room_number="",
            hotel=whole(fields["id_hotel"]),
            customer=whole(fields["id_customer"]),
            first=day,
            last=day,
            adults=0,
            children=0,
            child_ages="[]",
            net=Decimal(0),
            gross=Decimal(0),
            added=now,
            changed=now,
        )
    )
    overwrite(made, fields)
    return render.single(TABLES["room_bookings"], rows.room_booking(shop, made), status=201)


def check_line(shop: Shop, fields: Fields) -> None:
    require(fields, *(one for one in blank_line(shop).row if one not in OPTIONAL_OF_LINES))


def overwrite(line: Line, fields: Fields) -> None:
    line.room_type, line.room = whole(fields["id_product"]), whole(fields["id_room"])
    line.room_number, line.status = fields["room_num"], whole(fields["id_status"])
    line.customer, line.comment = whole(fields["id_customer"]), fields.get("comment", "")
    line.detail, line.cart = whole(fields["id_order_detail"]), whole(fields["id_cart"])
    line.checked_in, line.checked_out = fields["check_in"], fields["check_out"]
    line.first, line.last = day_of(fields["date_from"]), day_of(fields["date_to"])
    line.net = Decimal(fields["total_price_tax_excl"])
    line.gross = Decimal(fields["total_price_tax_incl"])
    line.refunded = fields.get("is_refunded") == "1"
    line.cancelled = fields.get("is_cancelled") == "1"
    line.back_order = fields.get("is_back_order") == "1"
    line.adults, line.children = whole(fields["adults"]), whole(fields.get("children"))
    line.child_ages = fields.get("child_ages", "[]")


def day_of(text: str) -> date:
    return datetime.fromisoformat(text).date()


def put_room_type(shop: Shop, number: int, body: bytes, render: Renderer) -> Answer:
    """Change the limits of a type."""
    fields = fields_in(body)
    kind = shop.room_types.get(number)
    if kind is None:
        return Answer(status=404)
    names = words("adults children max_adults max_children max_guests min_los max_los")
    changes: dict[str, Any] = {name: whole(fields[name]) for name in names if name in fields}
    shop.room_types[number] = replace(kind, **changes)
    shown = house.hotel_room_type(shop, shop.room_types[number])
    touched: Row = {**shown.row, "date_upd": stamp(shop.now())}
    return render.single(
        TABLES["hotel_room_types"], Record(row=touched, associations=shown.associations)
    )


def put_room(_: Shop, __: int, body: bytes, ___: Renderer) -> Answer:
    """Rooms cannot be changed: the full record has a field that is not writable."""
    if "id_hotel" in fields_in(body):
        message = 'parameter "id_hotel" not writable. Please remove this attribute of this XML'
        raise Refusal(400, (93, message))
    return Answer(status=400)


def post_customer(shop: Shop, body: bytes, render: Renderer) -> Answer:
    """Make a customer, even if the e-mail is taken."""
    fields = fields_in(body)
    require(fields, "passwd", "lastname", "firstname", "email")
    for name, valid in (("firstname", PERSON), ("lastname", PERSON), ("email", EMAIL)):
        if not valid.fullmatch(fields[name]):
            message = f'Validation error: "Property Customer->{name} is not valid"'
            raise Refusal(400, (85, message))
    made = shop.add_customer(fields["email"], first=fields["firstname"], last=fields["lastname"])
    made.phone = fields.get("phone", "")
    made.language = whole(fields.get("id_lang"), shop.language)
    shown = rows.customer(shop, made).row
    kept = {"lastname", "firstname", "email", "phone", "last_passwd_gen", "date_add", "date_upd"}
    echo: Row = {
        **{name: shown[name] if name in kept else fields.get(name) for name in shown},
        **{name: fields.get(name, "") for name in ("id_default_group", "id_gender", "id_risk")},
        "id": made.id,
        "id_lang": fields.get("id_lang") or Native(made.language),
        "secure_key": BLANK,
        "passwd": BLANK,
        "id_shop": Native(1),
        "id_shop_group": Native(1),
    }
    return render.single(TABLES["customers"], Record(row=echo), status=201)


def post_payment(shop: Shop, body: bytes, render: Renderer) -> Answer:
    """Store a row that changes nothing of what the order has paid."""
    fields = fields_in(body)
    require(fields, "order_reference", "id_currency", "amount", "payment_method")
    made = Payment(
        id=shop.next_id("payments"),
        reference=fields["order_reference"],
        currency=whole(fields["id_currency"]),
        amount=Decimal(fields["amount"]),
        method=fields["payment_method"],
        kind=whole(fields.get("payment_type")),
        transaction=fields.get("transaction_id", ""),
        added=shop.now(),
    )
    shop.payments.append(made)
    shown = rows.payment(shop, made).row
    echo: Row = {**shown, "amount": fields["amount"], "conversion_rate": "1"}
    return render.single(TABLES["order_payments"], Record(row=echo), status=201)


def post_season(shop: Shop, body: bytes, render: Renderer) -> Answer:
    """Make a seasonal price; only a percentage on top for a range of dates is understood."""
    fields, record = fields_in(body), record_in(body)
    require(fields, "id_product", "impact_way", "impact_type", "impact_value")
    sign = 1 if fields["impact_way"] == "2" else -1
    made: Season = shop.add_season(
        whole(fields["id_product"]),
        day_of(record.findtext(".//price_rule/date_from", "")),
        day_of(record.findtext(".//price_rule/date_to", "")),
        sign * Decimal(fields["impact_value"]),
    )
    shown = rows.season(shop, made)
    name = Words(record.findtext("feature_price_name/language", ""))
    echo: Row = {
        **shown.row,
        "impact_value": fields["impact_value"],
        "feature_price_name": name,
    }
    return render.single(
        TABLES["feature_prices"], Record(row=echo, associations=shown.associations), status=201
    )


POSTS: dict[str, Callable[[Shop, bytes, Renderer], Answer]] = {
    "room_bookings": post_line,
    "customers": post_customer,
    "order_payments": post_payment,
    "feature_prices": post_season,
}
PUTS: dict[str, Callable[[Shop, int, bytes, Renderer], Answer]] = {
    "room_bookings": put_line,
    "hotel_room_types": put_room_type,
    "hotel_rooms": put_room,
}
