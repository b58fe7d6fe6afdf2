"""The rows of the generic resources, field by field in the order in which they are shown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from agente_hotelero_pms_qloapps.testing.shop import Shop
from agente_hotelero_pms_qloapps.testing.state import (
    Customer,
    History,
    Hotel,
    Line,
    Order,
    Payment,
    Room,
    RoomType,
    Season,
    Service,
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


def stamp(instant: datetime | date | None) -> str:
    return f"{instant:%Y-%m-%d %H:%M:%S}" if instant else NEVER


def refer(name: str, node: str, ids: Sequence[int], api: str = "") -> Association:
    return Association(name=name, node=node, api=api or name, rows=[{"id": one} for one in ids])


def hotel(shop: Shop, one: Hotel) -> Record:
    window: Row = {
        "use_global_max_checkout_offset": Native(1),
        "max_checkout_offset": "1000",
        "use_global_min_booking_offset": Native(1),
        "min_booking_offset": "0",
    }
    if shop.old:
        window = {
            "use_global_max_order_date": Native(1),
            "max_order_date": "0000-00-00",
            "use_global_preparation_time": Native(1),
            "preparation_time": "0000-00-00",
        }
    row: Row = {
        "id": one.id,
        "phone": one.phone,
        "address": one.address,
        "id_country": 26,
        "id_state": 0,
        "city": one.city,
        "zipcode": "",
        "id_default_image": one.images[0] if one.images else False,
        **window,
        "id_category": 7,
        "email": one.email,
        "rating": one.rating,
        "check_in": one.check_in,
        "check_out": one.check_out,
        "active": 1,
        "latitude": "0.00000000",
        "longitude": "0.00000000",
        "map_formated_address": "",
        "map_input_text": "",
        "active_refund": 0,
        **({} if shop.old else {"fax": ""}),
        "date_add": stamp(shop.installed),
        "date_upd": stamp(shop.installed),
        "policies": Words(one.policies),
        "hotel_name": Words(one.name),
        "description": Words(one.description),
        "short_description": Words(one.short_description),
    }
    types = [kind.id for kind in shop.room_types.values() if kind.hotel == one.id]
    features: list[Row] = [{"id": str(each)} for each in one.features]
    return Record(
        row=row,
        associations=[
            refer("room_types", "room_types", types),
            refer("images", "image", one.images),
            Association(
                name="hotel_features", node="hotel_feature", api="hotel_features", rows=features
            ),
            refer("hotel_refund_rules", "hotel_refund_rule", []),
        ],
    )


def product(name: str, price: Decimal, *, default_image: int, tax_group: int) -> dict[str, Value]:
    """The fields that room types and services share, because both are products."""
    return {
        "id_manufacturer": 0,
        "id_supplier": 0,
        "id_category_default": 7,
        "new": None,
        "cache_default_attribute": 0,
        "id_default_image": default_image,
        "id_tax_rules_group": tax_group,
        "position_in_category": 0,
        "type": "virtual",
        "id_shop_default": 1,
        **dict.fromkeys(("reference", "supplier_reference", "location"), ""),
        **dict.fromkeys(("width", "height", "depth", "weight"), Decimal(0)),
        "quantity_discount": 0,
        "ean13": "",
        "upc": "",
        "cache_is_pack": 0,
        "cache_has_attachments": 0,
        "is_virtual": 1,
        "on_sale": 0,
        "online_only": 0,
        "ecotax": Decimal(0),
        "minimal_quantity": 1,
        "allow_multiple_quantity": 0,
        "max_quantity": 0,
        "price_calculation_method": 0,
        "price": price,
        "wholesale_price": Decimal(0),
        "unity": "",
        "unit_price_ratio": Decimal(0),
        "additional_shipping_cost": "0.00",
        **dict.fromkeys(("customizable", "text_fields", "uploadable_files"), 0),
        "active": 1,
        "redirect_type": "",
        "id_product_redirected": 0,
        "available_for_order": 1,
        "available_date": "0000-00-00",
        "condition": "new",
        "auto_add_to_cart": 0,
        "price_addition_type": 0,
        "show_at_front": 1,
        "show_price": 1,
        "indexed": 1,
        "visibility": "both",
        "advanced_stock_management": 0,
        "date_add": NEVER,
        "date_upd": NEVER,
        "pack_stock_type": 3,
        **dict.fromkeys(("meta_description", "meta_keywords", "meta_title"), Words("")),
        "link_rewrite": Words(name.lower().replace(" ", "-")),
        "name": Words(name),
    }


def first(images: Sequence[int]) -> int:
    return images[0] if images else 0


def room_type(shop: Shop, one: RoomType) -> Record:
    base = product(one.name, one.price, default_image=first(one.images), tax_group=one.tax_group)
    row = {
        "id": Native(one.id),
        "id_hotel": one.hotel,
        "adults": one.adults,
        "children": one.children,
        **base,
        "position_in_category": one.id - 1,
        "date_add": stamp(shop.installed),
        "date_upd": stamp(shop.installed),
        "description": Words(one.description),
        "description_short": Words(one.description.replace("description", "description_short")),
        "available_now": Words(""),
        "available_later": Words(""),
    }
    services: list[Row] = [
        {"id": each, "price": None, "id_tax_rules_group": None} for each in one.services
    ]
    advance: Row = {
        "id": one.id,
        "payment_type": 0,
        "tax_include": 0,
        "value": Decimal(0),
        "active": 0,
        "calculate_from": 0,
    }
    rooms = [room.id for room in shop.rooms.values() if room.room_type == one.id]
    seasons = [season.id for season in shop.seasons if season.room_type == one.id]
    return Record(
        row=row,
        associations=[
            Association(
                name="advance_payments",
                node="advance_payment",
                api="advance_payments",
                rows=[advance],
            ),
            refer("categories", "category", (2, 3, 5, 6, 7)),
            refer("images", "image", one.images),
            refer("room_type_features", "room_type_feature", (1, 2, 3, 4)),
            refer("hotel_rooms", "hotel_room", rooms),
            refer("feature_prices", "feature_price", seasons),
            Association(name="services", node="service", api="services", rows=services),
        ],
    )


def service(shop: Shop, one: Service) -> Record:
    base = product(one.name, one.price, default_image=first(one.images), tax_group=one.tax_group)
    row: Row = {
        "id": Native(one.id),
        **base,
        "quantity": 0,
        "selling_preference_type": 1,
        "id_category_default": 8,
        "price_calculation_method": 2 if one.per_night else 1,
        "auto_add_to_cart": int(one.auto),
        "price_addition_type": one.addition,
        "active": int(one.active),
        "date_add": stamp(shop.installed),
        "date_upd": stamp(shop.installed),
        "description": Words(one.description),
        "description_short": Words(one.description.replace("description", "description_short")),
        "available_now": Words(""),
        "available_later": Words(""),
    }
    links = [refer("categories", "category", (8,)), refer("images", "image", one.images)]
    return Record(row=row, associations=links)


def hotel_room_type(shop: Shop, one: RoomType) -> Record:
    row: Row = {
        "id": one.id,
        "id_product": one.id,
        "id_hotel": one.hotel,
        "adults": one.adults,
        "children": one.children,
        "max_adults": one.max_adults,
        "max_children": one.max_children,
        "max_guests": one.max_guests,
        "min_los": one.min_los,
        "max_los": one.max_los,
        "date_add": stamp(shop.installed),
        "date_upd": stamp(shop.installed),
    }
    rooms = [room.id for room in shop.rooms.values() if room.room_type == one.id]
    return Record(row=row, associations=[refer("hotel_rooms", "hotel_room", rooms)])


def room(shop: Shop, one: Room) -> Record:
    return Record(
        row={
            "id": one.id,
            "id_product": one.room_type,
            "id_hotel": shop.room_types[one.room_type].hotel,
            "room_num": one.number,
            "id_status": one.status,
            "floor": one.floor,
            "comment": "",
            "date_add": stamp(shop.installed),
            "date_upd": stamp(shop.installed),
        }
    )


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
