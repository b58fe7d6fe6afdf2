"""The resources of the web service, with the rows of those that the simulator fills."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import TypeVar

from agente_hotelero_pms_qloapps.testing import house, rows, settings
from agente_hotelero_pms_qloapps.testing.rows import Record, Row
from agente_hotelero_pms_qloapps.testing.shop import Shop
from agente_hotelero_pms_qloapps.testing.state import (
    Customer,
    History,
    Line,
    Order,
    Payment,
    Season,
    words,
)

T = TypeVar("T")

NAMES = words(
    "addresses advance_payments booking_extra_demands bookings carriers cart_bookings"
    " cart_rules carts categories combinations configurations contacts"
    " content_management_system countries currencies customer_messages customer_threads"
    " customers customizations deliveries demand_advance_options employees extra_demands"
    " feature_prices groups guests hotel_ari hotel_features hotel_refund_rules"
    " hotel_room_types hotel_rooms hotels image_types images languages manufacturers"
    " order_carriers order_details order_discounts order_histories order_invoices"
    " order_payments order_slip order_states orders price_ranges product_customization_fields"
    " product_suppliers room_bookings room_type_feature_values room_type_features"
    " room_type_option_values room_type_options room_types search services shop_groups"
    " shop_urls shops specific_price_rules specific_prices states stock_availables"
    " stock_movement_reasons stock_movements stocks stores suppliers supply_order_details"
    " supply_order_histories supply_order_receipt_histories supply_order_states supply_orders"
    " tags tax_rule_groups tax_rules taxes translated_configurations"
    " warehouse_product_locations warehouses weight_ranges zones"
)
# Known to `display` by name though never shown.
ORDER_FIELDS = words(
    "id id_address_delivery id_address_invoice id_address_tax id_cart id_currency id_lang"
    " id_customer current_state module invoice_number invoice_date valid date_add date_upd"
    " transaction_id id_shop_group id_shop id_carrier secure_key payment payment_type"
    " recyclable gift gift_message mobile_theme total_discounts total_discounts_tax_incl"
    " total_discounts_tax_excl total_paid total_paid_tax_incl total_paid_tax_excl"
    " total_paid_real total_products total_products_wt total_shipping total_shipping_tax_incl"
    " total_shipping_tax_excl carrier_tax_rate total_wrapping total_wrapping_tax_incl"
    " total_wrapping_tax_excl round_mode round_type shipping_number conversion_rate"
    " delivery_number delivery_date source reference is_advance_payment advance_paid_amount"
    " with_occupancy"
)


@dataclass(frozen=True, kw_only=True)
class Resource:
    """A table of the web service. `template` tells the fields when there is no row."""

    name: str
    node: str
    plural: str
    records: Callable[[Shop], Iterable[Record]]
    template: Callable[[Shop], Record | None] = lambda _: None
    links: Mapping[str, str] = field(default_factory=dict)
    displayable: tuple[str, ...] = ()

    def fields(self, shop: Shop) -> list[str]:
        """The names of the fields; empty when nobody knows them."""
        sample = self.template(shop) or next(iter(self.records(shop)), None)
        return list(sample.row) if sample else []


def table(
    name: str,
    node: str,
    records: Callable[[Shop], Iterable[Record]],
    *,
    template: Callable[[Shop], Record | None] = lambda _: None,
    plural: str = "",
    links: Mapping[str, str] | None = None,
    displayable: Iterable[str] = (),
) -> tuple[str, Resource]:
    resource = Resource(
        name=name,
        node=node,
        plural=plural or name,
        records=records,
        template=template,
        links=links or {},
        displayable=tuple(displayable),
    )
    return name, resource


def all_of(
    show: Callable[[Shop, T], Record], pick: Callable[[Shop], Iterable[T]]
) -> Callable[[Shop], list[Record]]:
    return lambda shop: [show(shop, one) for one in pick(shop)]


def plain(make: Callable[[Shop], Iterable[Row]]) -> Callable[[Shop], list[Record]]:
    return lambda shop: [Record(row=one) for one in make(shop)]


def nothing(_: Shop) -> list[Record]:
    return []


def blank_customer(shop: Shop) -> Record:
    now = shop.now()
    made = Customer(id=0, firstname="", lastname="", email="", phone="", added=now, changed=now)
    return rows.customer(shop, made)


def blank_order(shop: Shop) -> Record:
    now = shop.now()
    made = Order(
        id=0,
        reference="",
        hotel=0,
        customer=0,
        language=1,
        currency=shop.currency.id,
        source="",
        state=shop.roles.awaiting,
        added=now,
        changed=now,
    )
    return rows.order(shop, made)


def blank_line(shop: Shop) -> Record:
    now, kind = shop.now(), next(iter(shop.room_types.values()))
    made = Line(
        id=0,
        order=0,
        room_type=kind.id,
        room=0,
        room_number="",
        hotel=kind.hotel,
        customer=0,
        first=now.date(),
        last=now.date(),
        adults=0,
        children=0,
        child_ages="[]",
        net=Decimal(0),
        gross=Decimal(0),
        added=now,
        changed=now,
    )
    return rows.room_booking(shop, made)


def blank_history(shop: Shop) -> Record:
    return rows.history(shop, History(id=0, order=0, state=0, added=shop.now()))


def blank_payment(shop: Shop) -> Record:
    made = Payment(id=0, reference="", currency=0, amount=Decimal(0), method="", added=shop.now())
    return rows.payment(shop, made)


def blank_season(shop: Shop) -> Record:
    day = date(1970, 1, 1)
    made = Season(id=0, name="", room_type=0, first=day, last=day, percent=Decimal(0))
    return rows.season(shop, made)


PRODUCT = {"id_product": "products", "id_hotel": "hotels"}
TABLES: dict[str, Resource] = dict(
    [
        table("addresses", "address", plain(settings.addresses)),
        table("advance_payments", "advance_payment", plain(settings.advance_payments)),
        table("cart_rules", "cart_rule", nothing),
        table("configurations", "configuration", plain(settings.configurations)),
        table("currencies", "currency", plain(settings.currencies)),
        table(
            "customers",
            "customer",
            all_of(rows.customer, lambda shop: shop.customers.values()),
            template=blank_customer,
        ),
        table("extra_demands", "extra_demand", nothing),
        table(
            "feature_prices",
            "feature_price",
            all_of(rows.season, lambda shop: shop.seasons),
            template=blank_season,
            links={"id_product": "room_types"},
        ),
        table("hotel_refund_rules", "hotel_refund_rule", nothing),
        table(
            "hotel_room_types",
            "hotel_room_type",
            all_of(house.hotel_room_type, lambda shop: shop.room_types.values()),
            links={"id_product": "room_types", "id_hotel": "hotels"},
        ),
        table(
            "hotel_rooms",
            "room",
            all_of(house.room, lambda shop: shop.rooms.values()),
            plural="rooms",
            links=PRODUCT,
        ),
        table(
            "hotels",
            "hotel",
            all_of(house.hotel, lambda shop: shop.hotels.values()),
            links={"id_country": "countries"},
        ),
        table("image_types", "image_type", plain(settings.image_types)),
        table("languages", "language", plain(settings.languages)),
        table(
            "order_histories",
            "order_history",
            all_of(rows.history, lambda shop: shop.histories),
            template=blank_history,
            links={"id_order_state": "order_states", "id_order": "orders"},
        ),
        table(
            "order_payments",
            "order_payment",
            all_of(rows.payment, lambda shop: shop.payments),
            template=blank_payment,
        ),
        table("order_slip", "order_slip", nothing),
        table("order_states", "order_state", all_of(rows.state, lambda shop: shop.states.values())),
        table(
            "orders",
            "order",
            all_of(rows.order, lambda shop: shop.orders.values()),
            template=blank_order,
            displayable=ORDER_FIELDS,
        ),
        table(
            "room_bookings",
            "booking",
            all_of(rows.room_booking, lambda shop: shop.lines.values()),
            template=blank_line,
            plural="bookings",
            links={**PRODUCT, "id_order": "orders"},
        ),
        table(
            "room_types",
            "room_type",
            all_of(house.room_type, lambda shop: shop.room_types.values()),
        ),
        table("search", "search", nothing),
        table("services", "service", all_of(house.service, lambda shop: shop.services.values())),
        table("tax_rule_groups", "tax_rule_group", plain(settings.tax_rule_groups)),
        table("tax_rules", "tax_rule", plain(settings.tax_rules)),
        table("taxes", "tax", plain(settings.taxes)),
    ]
)
