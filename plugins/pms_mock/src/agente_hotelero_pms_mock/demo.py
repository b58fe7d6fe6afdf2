"""The demo hotel: what is sold when the settings name nothing else."""

from __future__ import annotations

from datetime import time
from decimal import Decimal

from agente_hotelero.stays import ServiceKind

from agente_hotelero_pms_mock.catalogue import Extra, Rate, Room, Season, Tax

DOUBLE = Room(
    id="double",
    names={"es": "Habitación doble", "pt": "Quarto duplo", "en": "Double room"},
    descriptions={
        "es": "Cama matrimonial o dos camas individuales, baño privado y vista al jardín.",
        "pt": "Cama de casal ou duas camas de solteiro, banheiro privativo e vista para o jardim.",
        "en": "One double or two single beds, private bathroom and garden view.",
    },
    units=4,
    price=Decimal(100),
    max_adults=2,
    max_guests=3,
    image="https://images.example.org/double.jpg",
)
FAMILY = Room(
    id="family",
    names={"es": "Habitación familiar", "pt": "Quarto família", "en": "Family room"},
    descriptions={
        "es": "Cama matrimonial y tres camas individuales, baño privado y patio.",
        "pt": "Cama de casal e três camas de solteiro, banheiro privativo e pátio.",
        "en": "One double and three single beds, private bathroom and patio.",
    },
    units=2,
    price=Decimal(150),
    included_guests=3,
    max_adults=3,
    max_guests=5,
    image="https://images.example.org/family.jpg",
)
SUITE = Room(
    id="suite",
    names={"es": "Suite", "pt": "Suíte", "en": "Suite"},
    descriptions={
        "es": "Dormitorio y sala de estar, bañera y balcón con vista al mar.",
        "pt": "Quarto e sala de estar, banheira e varanda com vista para o mar.",
        "en": "Bedroom and living room, bathtub and a balcony with sea view.",
    },
    units=1,
    price=Decimal(220),
    max_adults=2,
    max_guests=4,
    image="https://images.example.org/suite.jpg",
)
FLEXIBLE = Rate(
    id="flexible",
    names={
        "es": "Flexible con desayuno",
        "pt": "Flexível com café da manhã",
        "en": "Flexible with breakfast",
    },
    board="breakfast",
    free_days=2,
)
SAVER = Rate(
    id="saver",
    names={"es": "No reembolsable", "pt": "Não reembolsável", "en": "Non-refundable"},
    factor=Decimal("0.85"),
)
LATE_CHECK_OUT = Extra(
    id="late_checkout",
    kind=ServiceKind.LATE_CHECK_OUT,
    names={
        "es": "Salida tardía",
        "pt": "Saída tardia",
        "en": "Late check-out",
    },
    price=Decimal(30),
    at=time(14, 0),
    per_day=3,
)
EARLY_CHECK_IN = Extra(
    id="early_checkin",
    kind=ServiceKind.EARLY_CHECK_IN,
    names={
        "es": "Entrada anticipada",
        "pt": "Entrada antecipada",
        "en": "Early check-in",
    },
    price=Decimal(25),
    at=time(12, 0),
    per_day=3,
)
SUMMER = Season(first="12-20", last="02-28", factor=Decimal("1.5"))
WINTER_HOLIDAYS = Season(first="07-10", last="07-31", factor=Decimal("1.25"))
VAT = Tax(names={"es": "IVA", "pt": "Impostos", "en": "VAT"}, percent=Decimal(21))
CITY_TAX = {"es": "Tasa turística", "pt": "Taxa de turismo", "en": "City tax"}
