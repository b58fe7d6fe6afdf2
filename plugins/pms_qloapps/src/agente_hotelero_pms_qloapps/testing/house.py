"""The rows of what the hotel is: houses, room types, rooms and services."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from agente_hotelero_pms_qloapps.testing.rows import (
    NEVER,
    Association,
    Native,
    Record,
    Row,
    Value,
    Words,
    refer,
    stamp,
)
from agente_hotelero_pms_qloapps.testing.shop import Shop
from agente_hotelero_pms_qloapps.testing.state import Hotel, Room, RoomType, Service, words


def window(shop: Shop) -> Row:
    """How far ahead may be booked, which the versions call differently."""
    if shop.old:
        return {
            "use_global_max_order_date": Native(1),
            "max_order_date": "0000-00-00",
            "use_global_preparation_time": Native(1),
            "preparation_time": "0000-00-00",
        }
    return {
        "use_global_max_checkout_offset": Native(1),
        "max_checkout_offset": "1000",
        "use_global_min_booking_offset": Native(1),
        "min_booking_offset": "0",
    }


def hotel(shop: Shop, one: Hotel) -> Record:
    row: Row = {
        "id": one.id,
        "phone": one.phone,
        "address": one.address,
        "id_country": 26,
        "id_state": 0,
        "city": one.city,
        "zipcode": "",
        "id_default_image": one.images[0] if one.images else False,
        **window(shop),
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
        **dict.fromkeys(words("id_manufacturer id_supplier"), 0),
        "id_category_default": 7,
        "new": None,
        "cache_default_attribute": 0,
        "id_default_image": default_image,
        "id_tax_rules_group": tax_group,
        "position_in_category": 0,
        "type": "virtual",
        "id_shop_default": 1,
        **dict.fromkeys(words("reference supplier_reference location ean13 upc"), ""),
        **dict.fromkeys(words("width height depth weight ecotax"), Decimal(0)),
        **dict.fromkeys(words("quantity_discount cache_is_pack cache_has_attachments"), 0),
        "is_virtual": 1,
        **dict.fromkeys(words("on_sale online_only"), 0),
        "minimal_quantity": 1,
        **dict.fromkeys(words("allow_multiple_quantity max_quantity"), 0),
        "price_calculation_method": 0,
        "price": price,
        "wholesale_price": Decimal(0),
        "unity": "",
        "unit_price_ratio": Decimal(0),
        "additional_shipping_cost": "0.00",
        **dict.fromkeys(words("customizable text_fields uploadable_files"), 0),
        "active": 1,
        "redirect_type": "",
        "id_product_redirected": 0,
        "available_for_order": 1,
        "available_date": "0000-00-00",
        "condition": "new",
        **dict.fromkeys(words("auto_add_to_cart price_addition_type"), 0),
        **dict.fromkeys(words("show_at_front show_price indexed"), 1),
        "visibility": "both",
        "advanced_stock_management": 0,
        "date_add": NEVER,
        "date_upd": NEVER,
        "pack_stock_type": 3,
        **dict.fromkeys(words("meta_description meta_keywords meta_title"), Words("")),
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
