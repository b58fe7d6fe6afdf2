"""`schema=blank` and `schema=synopsis`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from agente_hotelero_pms_qloapps.testing.answers import Answer, Node
from agente_hotelero_pms_qloapps.testing.render import Renderer
from agente_hotelero_pms_qloapps.testing.resources import Resource
from agente_hotelero_pms_qloapps.testing.rows import Association, Record, Words
from agente_hotelero_pms_qloapps.testing.shop import Shop
from agente_hotelero_pms_qloapps.testing.shown import ITEMS
from agente_hotelero_pms_qloapps.testing.state import words

# Per resource and field: r required, o read-only, a number the length, a word the format.
RULES = {
    "hotels": (
        "phone:r address:r id_country:r city:r id_category:isUnsignedId email:r,255,isEmail"
        " rating:r,isUnsignedId check_in:r check_out:r active:isBool latitude:isFloat"
        " longitude:isFloat map_formated_address:isCleanHtml map_input_text:isString"
        " active_refund:isBool fax:isGenericName date_add:isDate date_upd:isDate"
        " policies:isCleanHtml hotel_name:r,isGenericName description:isCleanHtml"
        " short_description:isCleanHtml hotel_features.id:r hotel_refund_rules.id:r"
    ),
    "room_bookings": (
        "id_product:r,isUnsignedId id_hotel:r,isUnsignedId id_order:r,isUnsignedId"
        " id_order_detail:r,isUnsignedId id_cart:r,isUnsignedId id_room:r,isUnsignedId"
        " id_customer:r,isUnsignedId booking_type:r,isUnsignedId id_status:r,isUnsignedId"
        " date_from:r,isDate date_to:r,isDate total_price_tax_excl:r,isPrice"
        " total_price_tax_incl:r,isPrice total_paid_amount:r,isPrice is_refunded:isUnsignedId"
        " is_cancelled:isUnsignedId is_back_order:isUnsignedId room_num:r room_type_name:r"
        " hotel_name:r city:r,64,isCityName country:r phone:r,32,isPhoneNumber"
        " email:r,255,isEmail check_in_time:r check_out_time:r planned_check_out:r"
        " adults:r,isUnsignedId children:isUnsignedId date_add:isDate date_upd:isDate"
    ),
    "feature_prices": (
        "id_product:r,isUnsignedId id_cart:isUnsignedId id_guest:isUnsignedId"
        " id_room:isUnsignedId impact_way:r,isUnsignedId impact_type:r,isUnsignedId"
        " impact_value:r date_add:isDate date_upd:isDate feature_price_name:r,128,isCatalogName"
    ),
    "customers": (
        "id_lang:isUnsignedId last_passwd_gen:o secure_key:isMd5,o deleted:isUnsignedInt"
        " passwd:r,32,isPasswd lastname:r,32,isName firstname:r,32,isName email:r,128,isEmail"
        " id_gender:isUnsignedId birthday:isBirthDate newsletter:isBool optin:isBool"
        " website:isUrl company:isGenericName siret:isSiret ape:isApe phone:32,isPhoneNumber"
        " outstanding_allow_amount:isFloat show_public_prices:isBool id_risk:isUnsignedInt"
        " max_payment_days:isUnsignedInt active:isBool note:65000,isCleanHtml is_guest:isBool"
        " id_shop:isUnsignedId id_shop_group:isUnsignedId date_add:isDate date_upd:isDate"
    ),
}
ARI = words(
    "id_hotel id_room_type date_from date_to get_available_rooms get_booked_rooms"
    " get_partial_available_rooms get_unavailable_rooms date_wise_breakdown"
)
GUEST = "id_customer firstname lastname email phone address city zip state_code country_code"
SERVICE = (
    "id_service quantity price_mode name unit_price_without_tax total_price_without_tax"
    " id_tax_rules_group total_tax"
)


def empty(names: str) -> dict[str, Any]:
    return dict.fromkeys(names.split(), "")


def blank_booking() -> dict[str, Any]:
    """The form of a booking's body."""
    room = {
        **empty("id_room adults child"),
        "child_ages": [],
        **empty("unit_price_without_tax id_tax_rules_group total_tax"),
        "services": [empty(SERVICE)],
        "facilities": [
            empty("id_facility id_option name unit_price_without_tax id_tax_rules_group")
        ],
    }
    stay = {
        **empty("id_room_type checkin_date checkout_date number_of_rooms"),
        "rooms": [room],
    }
    return {
        **empty(
            "id_property currency booking_status payment_status source booking_date remark"
            " id_language"
        ),
        "associations": {
            "customer_detail": empty(GUEST),
            "price_details": empty("total_paid total_price_with_tax"),
            "payment_detail": empty("payment_type payment_method transaction_id"),
            "cart_rules": [empty("name code type value currency")],
            "room_types": [stay],
        },
    }


def blank_ari() -> dict[str, Any]:
    occupancies = [empty("adults children")]
    return {
        **empty(" ".join(ARI)),
        "associations": {"room_occupancies": occupancies},
    }


def form(render: Renderer, name: str, body: Mapping[str, Any]) -> Answer:
    return render.answer({name: body}, nested(name, body))


def nested(tag: str, value: Any) -> Node:
    if isinstance(value, Mapping):
        return Node(tag=tag, children=[nested(name, one) for name, one in value.items()])
    if isinstance(value, list):
        items = {**ITEMS, "room_occupancies": "room_occupancy", "facilities": "facility"}
        return Node(tag=tag, children=[nested(items[tag], one) for one in value])
    return Node(tag=tag, text=str(value))


def blank(shop: Shop, resource: Resource, record: Record, render: Renderer) -> Answer:
    """Every field, empty."""
    body: dict[str, Any] = dict.fromkeys(record.row, "")
    listed = {one.name: [dict.fromkeys(columns(one), "")] for one in record.associations}
    if listed:
        body["associations"] = listed
    children = [Node(tag=name) for name in record.row]
    if record.associations:
        children.append(associations(record, {}))
    return render.answer({resource.node: body}, Node(tag=resource.node, children=children))


def synopsis(shop: Shop, resource: Resource, record: Record, render: Renderer) -> Answer:
    """Every field but the id with its rules."""
    pairs = (one.split(":") for one in RULES.get(resource.name, "").split())
    rules = {name: attributes(text) for name, text in pairs}
    children = [
        described(shop, render, name, value, rules.get(name, {}))
        for name, value in record.row.items()
        if name != "id"
    ]
    if record.associations:
        children.append(associations(record, rules))
    body = {resource.node: dict.fromkeys(record.row, "")}
    return render.answer(body, Node(tag=resource.node, children=children))


def attributes(text: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for one in text.split(","):
        if one in "ro":
            found["required" if one == "r" else "readOnly"] = "true"
        else:
            found["maxSize" if one.isdigit() else "format"] = one
    return found


def described(
    shop: Shop, render: Renderer, name: str, value: object, rules: Mapping[str, str]
) -> Node:
    if name == "id_default_image":
        return Node(tag=name, attributes={"notFilterable": "true"})
    if not isinstance(value, Words):
        return Node(tag=name, attributes=rules)
    languages = [
        Node(
            tag="language",
            attributes={
                "id": str(one),
                "xlink:href": render.link("languages", one),
                "format": "isUnsignedId",
            },
        )
        for one in shop.languages
    ]
    return Node(tag=name, attributes=rules, children=languages)


def columns(one: Association) -> list[str]:
    return list(one.rows[0]) if one.rows else ["id"]


def associations(record: Record, rules: Mapping[str, Mapping[str, str]]) -> Node:
    children = [
        Node(
            tag=one.name,
            attributes={"nodeType": one.node, "api": one.api},
            children=[
                Node(
                    tag=one.node,
                    children=[
                        Node(tag=name, attributes=rules.get(f"{one.name}.{name}", {}))
                        for name in columns(one)
                    ],
                )
            ],
        )
        for one in record.associations
    ]
    return Node(tag="associations", children=children)
