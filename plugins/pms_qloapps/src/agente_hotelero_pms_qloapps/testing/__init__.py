"""A simulator of QloApps: a shop in memory behind the web service's own quirks."""

from agente_hotelero_pms_qloapps.testing.app import create_app
from agente_hotelero_pms_qloapps.testing.demo import (
    FULL_KEY,
    INACTIVE_KEY,
    MINIMAL_KEY,
    READ_ONLY_KEY,
    demo_shop,
    make_shop,
    plain_shop,
)
from agente_hotelero_pms_qloapps.testing.shop import Shop

__all__ = [
    "FULL_KEY",
    "INACTIVE_KEY",
    "MINIMAL_KEY",
    "READ_ONLY_KEY",
    "Shop",
    "create_app",
    "demo_shop",
    "make_shop",
    "plain_shop",
]
