"""The rows of the generic resources, field by field in the order in which they are shown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache

from agente_hotelero_pms_qloapps.testing.shop import Shop
from agente_hotelero_pms_qloapps.testing.state import (
    Customer,
    History,
    Line,
    Order,
    Payment,
    Season,
    State,
)

NEVER = "0000-00-00 00:00:00"
BLANK = "0" * 32


class Native(int):
    """An int that stays a number in JSON, on whatever PHP."""


@dataclass(frozen=True)
class Words:
    """A translated field."""

    text: str


Value = int | str | Decimal | Words | None
Row = Mapping[str, Value]


@dataclass(frozen=True, kw_only=True)
class Association:
    """What a record refers to. `href` False shows no links."""

    name: str
    node: str
    api: str
    rows: Sequence[Row]
    href: bool = True
    inner: str = ""


@dataclass(frozen=True, kw_only=True)
class Record:
    """One row with its associations."""

    row: Row
    associations: Sequence[Association] = ()


@lru_cache(maxsize=10_000)
def stamp(instant: datetime | date | None) -> str:
    return f"{instant:%Y-%m-%d %H:%M:%S}" if instant else NEVER


def refer(name: str, node: str, ids: Sequence[int], api: str = "") -> Association:
    return Association(name=name, node=node, api=api or name, rows=[{"id": one} for one in ids])


def customer(shop: Shop, one: Customer) -> Record:
    phone: Row = {"phone": False if one.phone is None else one.phone}
    nothing = "" if one.id == 1 and one.email.endswith("@qloapps.com") else None
    row: Row = {
        "id": Native(one.id),
        "id_default_group": 3,
        "id_lang": one.language,
        "newsletter_date_add": NEVER if nothing is None else stamp(one.added),
        "ip_registration_newsletter": nothing,
        "last_passwd_gen": stamp(one.added),
        "secure_key": BLANK,
        "deleted": 0,
        "passwd": BLANK,
        **(phone if shop.old else {}),
        "lastname": one.lastname,
        "firstname": one.firstname,
        "email": one.email,
        "id_gender": 0 if nothing is None else 1,
        "birthday": "0000-00-00" if nothing is None else "1996-11-23",
        "newsletter": 0 if nothing is None else 1,
        "optin": 0 if nothing is None else 1,
        **dict.fromkeys(("website", "company", "siret", "ape"), nothing),
        **({} if shop.old else phone),
        "outstanding_allow_amount": Decimal(0),
        **dict.fromkeys(("show_public_prices", "id_risk", "max_payment_days"), 0),
        "active": 1,
        "note": nothing,
        "is_guest": 0,
        "id_shop": 1,
        "id_shop_group": 1,
        "date_add": stamp(one.added),
        "date_upd": stamp(one.changed),
    }
    return Record(row=row, associations=[refer("groups", "group", (3,))])


def order(shop: Shop, one: Order) -> Record:
    row: Row = {
        "id": Native(one.id),
        "id_address_delivery": 0,
        "id_address_invoice": 0,
        "id_address_tax": 2,
        "id_cart": one.cart,
        "id_currency": one.currency,
        "id_lang": one.language,
        "id_customer": one.customer,
        "current_state": one.state,
        "module": "wsorder",
        "invoice_number": one.invoice,
        "invoice_date": stamp(one.invoiced),
        "valid": int(shop.states[one.state].logable),
        "date_add": stamp(one.added),
        "date_upd": stamp(one.changed),
        "transaction_id": one.transaction,
        "secure_key": BLANK,
        "payment": one.payment,
        "payment_type": one.payment_type,
        "total_discounts": Decimal(0),
        "total_discounts_tax_incl": Decimal(0),
        "total_discounts_tax_excl": Decimal(0),
        "total_paid": one.gross,
        "total_paid_tax_incl": one.gross,
        "total_paid_tax_excl": one.net,
        "total_paid_real": one.paid,
        "total_products": one.net,
        "total_products_wt": one.gross,
        "conversion_rate": shop.currencies[one.currency].rate,
        "source": one.source,
        "reference": one.reference,
        "is_advance_payment": 0,
        "advance_paid_amount": one.promised,
        "with_occupancy": 0,
    }
    lines: list[Row] = [{"id": line.id} for line in shop.lines_of(one.id)]
    bookings = Association(name="bookings", node="booking", api="room_bookings", rows=lines)
    return Record(row=row, associations=[bookings])


def room_booking(shop: Shop, one: Line) -> Record:
    house = shop.hotels[one.hotel]
    planned = {"planned_check_out": f"{one.last:%Y-%m-%d} {house.check_out}:00"}
    row: Row = {
        "id": one.id,
        "id_product": one.room_type,
        "id_hotel": one.hotel,
        "id_order": one.order,
        "id_order_detail": one.detail,
        "id_cart": one.cart,
        "id_room": one.room,
        "id_customer": one.customer,
        "booking_type": 1,
        "id_status": one.status,
        "comment": one.comment,
        "check_in": one.checked_in,
        "check_out": one.checked_out,
        "date_from": stamp(one.first),
        "date_to": stamp(one.last),
        "total_price_tax_excl": one.net,
        "total_price_tax_incl": one.gross,
        "total_paid_amount": one.gross,
        "is_refunded": int(one.refunded),
        "is_cancelled": int(one.cancelled),
        "is_back_order": int(one.back_order),
        "room_num": one.room_number,
        "room_type_name": shop.room_types[one.room_type].name,
        "hotel_name": house.name,
        "city": house.city,
        "state": "",
        "country": house.country,
        "zipcode": "",
        "phone": house.phone,
        "email": house.email,
        "check_in_time": house.check_in,
        "check_out_time": house.check_out,
        **({} if shop.old else planned),
        "adults": one.adults,
        "children": one.children,
        "child_ages": one.child_ages,
        "date_add": stamp(one.added),
        "date_upd": stamp(one.changed),
    }
    demands = refer("booking_extra_demands", "extra_demand", [])
    return Record(row=row, associations=[demands])


def history(_: Shop, one: History) -> Record:
    return Record(
        row={
            "id": one.id,
            "id_employee": 0,
            "id_order_state": one.state,
            "id_order": one.order,
            "date_add": stamp(one.added),
        }
    )


def payment(_: Shop, one: Payment) -> Record:
    return Record(
        row={
            "id": one.id,
            "order_reference": one.reference,
            "id_currency": one.currency,
            "amount": f"{one.amount:.2f}",
            "payment_method": one.method,
            "payment_type": one.kind,
            "conversion_rate": Decimal(1),
            "transaction_id": one.transaction,
            **dict.fromkeys(("card_number", "card_brand", "card_expiration", "card_holder"), ""),
            "date_add": stamp(one.added),
        }
    )


def state(_: Shop, one: State) -> Record:
    return Record(
        row={
            "id": Native(one.id),
            "unremovable": 1,
            "delivery": 0,
            "hidden": 0,
            "send_email": 1,
            "module_name": "",
            "invoice": int(one.invoice),
            "color": "#4169E1",
            "logable": int(one.logable),
            "shipped": 0,
            "paid": int(one.paid),
            "pdf_delivery": 0,
            "pdf_invoice": 0,
            "deleted": 0,
            "name": Words(one.name),
            "template": Words(one.template),
        }
    )


def season(shop: Shop, one: Season) -> Record:
    rule: Row = {
        "id": one.id,
        "date_from": f"{one.first}",
        "date_to": f"{one.last}",
        "date_selection_type": 1,
        "is_special_days_exists": 0,
        "special_days": "[]",
    }
    row: Row = {
        "id": one.id,
        "id_product": one.room_type,
        "id_cart": 0,
        "id_guest": 0,
        "id_room": 0,
        "impact_way": 2 if one.percent >= 0 else 1,
        "impact_type": 1,
        "impact_value": abs(one.percent),
        "active": 1,
        "date_add": stamp(shop.now()),
        "date_upd": stamp(shop.now()),
        "feature_price_name": Words(one.name),
    }
    return Record(
        row=row,
        associations=[
            refer("groups", "group", (1, 2, 3)),
            Association(
                name="restrictions",
                node="price_rule",
                api="restrictions",
                rows=[rule],
                href=False,
            ),
        ],
    )
