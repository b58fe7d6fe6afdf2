"""Shops to start from: the demo data of QloApps, and a plain small hotel."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from types import MappingProxyType

from agente_hotelero.components import Clock

from agente_hotelero_pms_qloapps.testing.shop import RealClock, Shop
from agente_hotelero_pms_qloapps.testing.state import (
    Currency,
    Customer,
    Hotel,
    Key,
    Language,
    Room,
    RoomType,
    Service,
    State,
    TaxGroup,
    words,
)

FULL_KEY = "FULLKEY0000000000000000000000001"
MINIMAL_KEY = "MINIMALKEY0000000000000000000001"
READ_ONLY_KEY = "READONLYKEY000000000000000000001"
INACTIVE_KEY = "INACTIVEKEY000000000000000000001"

READABLE = words(
    "hotels room_types hotel_room_types hotel_rooms services images languages currencies"
    " order_states hotel_refund_rules advance_payments customers orders"
)
MINIMAL_RIGHTS: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        **{one: frozenset({"GET", "HEAD"}) for one in READABLE},
        "hotel_ari": frozenset({"GET", "POST"}),
        "bookings": frozenset({"GET", "HEAD", "POST", "PUT"}),
        "room_bookings": frozenset({"GET", "HEAD", "PUT"}),
        "order_histories": frozenset({"GET", "HEAD", "POST"}),
    }
)
READ_ONLY_RIGHTS: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        **{one: frozenset({"GET", "HEAD"}) for one in READABLE if one != "customers"},
        "hotel_ari": frozenset({"GET"}),
        "bookings": frozenset({"GET", "HEAD"}),
    }
)
KEYS = (
    Key(text=FULL_KEY),
    Key(text=MINIMAL_KEY, rights=MINIMAL_RIGHTS),
    Key(text=READ_ONLY_KEY, rights=READ_ONLY_RIGHTS),
    Key(text=INACTIVE_KEY, active=False),
)
LANGUAGES = (
    Language(id=1, iso="en"),
    Language(id=2, iso="it", date_format="d/m/Y"),
    Language(id=3, iso="fr", date_format="d/m/Y"),
)
EURO = Currency(id=1, name="Euro", iso="EUR", number="978", sign="€")
DOLLAR = Currency(
    id=2,
    name="US Dollar",
    iso="USD",
    number="840",
    sign="$",
    rate=Decimal("1.1"),
    blank=0,
    format=1,
)
TAX_GROUPS = (
    TaxGroup(id=1, name="IE Standard Rate (23%)", percent=Decimal(23)),
    TaxGroup(id=2, name="IE Reduced Rate (13.5%)", percent=Decimal("13.5")),
    TaxGroup(id=3, name="IE Reduced Rate (9%)", percent=Decimal(9)),
    TaxGroup(id=4, name="IE Super Reduced Rate (4.8%)", percent=Decimal("4.8")),
    TaxGroup(id=5, name="EU VAT For Virtual Products", percent=Decimal(0)),
)
STATES = (
    State(id=1, name="Awaiting payment", template="awaiting_payment"),
    State(id=2, name="Complete payment received", paid=True, invoice=True, logable=True),
    State(id=3, name="Processing in progress", invoice=True),
    State(id=4, name="Canceled"),
    State(id=5, name="Refunded", invoice=True),
    State(id=6, name="Payment error"),
    State(id=7, name="Overbooking (Paid)", paid=True, invoice=True),
    State(id=8, name="Partial payment received", invoice=True, logable=True),
    State(id=9, name="Awaiting remote payment"),
    State(id=10, name="Remote payment accepted", invoice=True, logable=True),
    State(id=11, name="Overbooking (Not paid)"),
    State(id=12, name="Overbooking (Partial payment)"),
)
DEMO_SERVICES = (
    Service(
        id=5,
        name="Room Maintenance Fees",
        price=Decimal(250),
        tax_group=0,
        auto=True,
        per_night=True,
        images=(18,),
    ),
    Service(
        id=6,
        name="Internet Handling Charges",
        price=Decimal(250),
        auto=True,
        addition=2,
        images=(19,),
    ),
    Service(id=7, name="Airport Shuttle", price=Decimal(50), images=(20,)),
    Service(id=8, name="Cab on Demand", price=Decimal(200), images=(21,)),
    Service(id=9, name="Breakfast", price=Decimal(350), per_night=True, images=(22,)),
    Service(id=10, name="Dinner", price=Decimal(450), per_night=True, images=(23,)),
)
FEATURES = (1, 11, 12, 14, 16, 17, 18, 2, 21, 4, 7, 8, 9)
DEMO_TYPES = (
    ("General Rooms", "GR", 1000),
    ("Delux Rooms", "DR", 1500),
    ("Executive Rooms", "ER", 2000),
    ("Luxury Rooms", "LR", 2500),
)


def demo_shop(
    version: str = "1.7.0",
    *,
    clock: Clock | None = None,
    services: Iterable[Service] = DEMO_SERVICES,
    languages: Iterable[Language] | None = None,
    rooms_per_type: int = 5,
) -> Shop:
    """The shop's own demo data: one hotel, four types, five rooms of each, VAT of 23 %.

    1.6.1 was recorded with English alone, 1.7.0 with three languages.
    """
    offered = tuple(services)
    types = [
        RoomType(
            id=number,
            name=name,
            price=Decimal(price),
            services=tuple(one.id for one in offered),
            images=tuple(range(number * 4 - 3, number * 4 + 1)),
        )
        for number, (name, _, price) in enumerate(DEMO_TYPES, 1)
    ]
    numbers = [f"{short}-{100 + n}" for _, short, _ in DEMO_TYPES for n in range(1, 6)]
    rooms = [
        Room(id=number, number=name, room_type=(number - 1) // 5 + 1)
        for number, name in enumerate(numbers, 1)
        if (number - 1) % 5 < rooms_per_type
    ]
    default = LANGUAGES[:1] if version.startswith("1.6") else LANGUAGES
    shop = make_shop(
        version=version,
        hotels=[Hotel(features=FEATURES)],
        room_types=types,
        rooms=rooms,
        services=offered,
        languages=default if languages is None else languages,
        currencies=(EURO, DOLLAR),
        clock=clock,
    )
    add_first_customer(shop)
    return shop


def plain_shop(
    *,
    version: str = "1.7.0",
    clock: Clock | None = None,
    currency: Currency = EURO,
    percent: Decimal = Decimal(23),
    price: Decimal = Decimal(100),
    rooms: int = 3,
    hotels: int = 1,
    languages: Iterable[Language] = LANGUAGES[:1],
) -> Shop:
    """The usual small hotel: one type of double room, no services. Or several alike."""
    numbers = range(1, hotels + 1)
    types = [
        RoomType(id=one, name="Double", price=price, hotel=one, children=0, max_children=1)
        for one in numbers
    ]
    each = [
        Room(id=(one - 1) * rooms + n, number=f"{one}0{n}", room_type=one)
        for one in numbers
        for n in range(1, rooms + 1)
    ]
    return make_shop(
        version=version,
        hotels=[Hotel(id=one, name=f"Hotel {one}") for one in numbers],
        room_types=types,
        rooms=each,
        services=(),
        languages=languages,
        currencies=(currency,),
        tax_groups=(TaxGroup(id=1, name="VAT", percent=percent),),
        clock=clock,
    )


def make_shop(
    *,
    version: str = "1.7.0",
    hotels: Iterable[Hotel],
    room_types: Iterable[RoomType],
    rooms: Iterable[Room],
    services: Iterable[Service] = (),
    languages: Iterable[Language] = LANGUAGES[:1],
    currencies: Iterable[Currency] = (EURO,),
    tax_groups: Iterable[TaxGroup] = TAX_GROUPS,
    keys: Iterable[Key] = KEYS,
    clock: Clock | None = None,
) -> Shop:
    """Any shop; the first language and currency are its defaults."""
    return Shop(
        version=version,
        clock=clock or RealClock(),
        hotels={one.id: one for one in hotels},
        room_types={one.id: one for one in room_types},
        rooms={one.id: one for one in rooms},
        services={one.id: one for one in services},
        languages={one.id: one for one in languages},
        currencies={one.id: one for one in currencies},
        tax_groups={one.id: one for one in tax_groups},
        states={one.id: one for one in STATES},
        keys={one.text: one for one in keys},
        counters=Counter(),
    )


def add_first_customer(shop: Shop) -> None:
    """The customer that the installer makes."""
    installed: datetime = shop.installed
    number = shop.next_id("customers")
    shop.customers[number] = Customer(
        id=number,
        firstname="John",
        lastname="Doe",
        email="pub@qloapps.com",
        phone="1234567890",
        added=installed,
        changed=installed,
    )
