"""The rows of the shop's settings: languages, currencies, taxes, image types, addresses."""

from __future__ import annotations

from decimal import Decimal

from agente_hotelero_pms_qloapps.testing.rows import Native, Row, Value, Words, stamp
from agente_hotelero_pms_qloapps.testing.shop import Shop
from agente_hotelero_pms_qloapps.testing.state import words

DATES = ("date_add", "date_upd")


def installed(shop: Shop) -> dict[str, Value]:
    return dict.fromkeys(DATES, stamp(shop.installed))


def languages(shop: Shop) -> list[Row]:
    return [
        {
            "id": Native(one.id),
            "name": one.iso,
            "iso_code": one.iso,
            "active": 1,
            "date_format_lite": one.date_format,
        }
        for one in shop.languages.values()
    ]


def currencies(shop: Shop) -> list[Row]:
    return [
        {
            "id": Native(one.id),
            "name": one.name,
            "iso_code": one.iso,
            "iso_code_num": one.number,
            "blank": one.blank,
            "sign": one.sign,
            "format": one.format,
            "decimals": 1,
            "conversion_rate": one.rate,
            "deleted": 0,
            "active": 1,
        }
        for one in shop.currencies.values()
    ]


def tax_rule_groups(shop: Shop) -> list[Row]:
    return [
        {"id": Native(one.id), "name": one.name, "active": 1, "deleted": 0, **installed(shop)}
        for one in shop.tax_groups.values()
    ]


def tax_rules(shop: Shop) -> list[Row]:
    """One rule a group, for the hotel's country; the tax has the group's id."""
    return [
        {
            "id": Native(one.id),
            "id_tax_rules_group": one.id,
            "id_state": 0,
            "id_country": 26,
            "zipcode_from": "0",
            "zipcode_to": "0",
            "id_tax": one.id,
            "behavior": 0,
            "description": "",
        }
        for one in shop.tax_groups.values()
    ]


def taxes(shop: Shop) -> list[Row]:
    return [
        {
            "id": Native(one.id),
            "rate": f"{one.percent:.3f}",
            "active": 1,
            "deleted": 0,
            "name": Words(one.name),
        }
        for one in shop.tax_groups.values()
    ]


def configurations(shop: Shop) -> list[Row]:
    default: Row = {
        "id": Native(1),
        "value": str(shop.language),
        "name": "PS_LANG_DEFAULT",
        "id_shop_group": "",
        "id_shop": "",
        **installed(shop),
    }
    return [default]


def advance_payments(shop: Shop) -> list[Row]:
    return [
        {
            "id": one.id,
            "id_product": one.id,
            "payment_type": 0,
            "value": Decimal(0),
            "id_currency": 0,
            "tax_include": 0,
            "calculate_from": 0,
            "active": 0,
            **installed(shop),
        }
        for one in shop.room_types.values()
    ]


IMAGE_TYPES = (
    # id, name, width, height, categories, products, hotels, others
    (1, "cart_default", 80, 80, 0, 1, 0, 0),
    (7, "category_default", 870, 217, 1, 0, 0, 0),
    (4, "home_default", 250, 250, 0, 1, 0, 0),
    (5, "large_default", 720, 720, 0, 1, 1, 1),
    (3, "medium_default", 125, 125, 1, 1, 1, 1),
    (2, "small_default", 98, 98, 0, 1, 1, 1),
    (6, "thickbox_default", 800, 800, 0, 1, 0, 0),
)


def image_types(_: Shop) -> list[Row]:
    return [
        {
            "id": Native(number),
            "name": name,
            "width": width,
            "height": height,
            "categories": categories,
            "products": products,
            "hotels": hotels,
            "manufacturers": others,
            "suppliers": others,
            "scenes": 0,
            "stores": int(name == "medium_default"),
        }
        for number, name, width, height, categories, products, hotels, others in IMAGE_TYPES
    ]


def addresses(shop: Shop) -> list[Row]:
    """The hotels' addresses and the first customer's, as installed."""
    found = [
        address(
            shop,
            one.id + 1,
            alias=one.name,
            lastname=one.name,
            firstname=one.name,
            address1=one.address,
            city=one.city,
            phone=one.phone,
        )
        for one in shop.hotels.values()
    ]
    first = shop.customers.get(1)
    if first is None or not first.email.endswith("@qloapps.com"):
        return found
    home = address(
        shop,
        1,
        id_customer=1,
        alias="My Address",
        lastname="Doe",
        firstname="John",
        address1="16, Main street",
        address2="2nd floor",
        postcode="75002",
        city="Demo City",
        phone="0102030405",
    )
    return [*found, home]


def address(shop: Shop, number: int, **known: str | int) -> Row:
    """An address in Ireland with all that is not known left empty."""
    texts = (
        "alias company lastname firstname vat_number address1 address2 postcode city other phone"
        " phone_mobile dni"
    )
    return {
        "id": Native(number),
        **dict.fromkeys(words("id_customer id_manufacturer id_supplier id_warehouse"), 0),
        "id_country": 26,
        "id_state": 0,
        **dict.fromkeys(words(texts), ""),
        "deleted": 0,
        "auto_generated": 0,
        **installed(shop),
        **known,
    }
