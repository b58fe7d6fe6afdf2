"""Settings of one QloApps installation, and what a hotel must decide because QloApps does not."""

from __future__ import annotations

from typing import Annotated

from agente_hotelero import PluginConfig
from pydantic import AfterValidator, Field, SecretStr

from agente_hotelero_pms_qloapps import rules

REF = "{ref}"


def _shop(address: str) -> str:
    return address.rstrip("/").removesuffix("/api")


def _key(secret: SecretStr) -> SecretStr:
    text = secret.get_secret_value()
    if not (len(text) == 32 and text.isascii() and text.isalnum()):
        raise ValueError("is not a webservice key of QloApps: 32 letters and digits")
    return secret


def _unique(template: str) -> str:
    if template.count(REF) != 1:
        raise ValueError(
            "must hold {ref} once: a shared address would make all guests one customer"
        )
    if not rules.good_email(template.replace(REF, "x1")):
        raise ValueError("is not an e-mail address that QloApps takes")
    return template


def _phone(number: str) -> str:
    if not rules.good_phone(number):
        raise ValueError("is not a telephone number that QloApps takes")
    return number


class QloAppsConfig(PluginConfig):
    """``[tenants.<hotel>.plugins.pms_qloapps]``; the hotel is the tenant's `property_id`.

    `base_url` must be the shop's own address, as in its back office: for another one QloApps
    redirects, and nothing is executed. The placeholders are stored for guests without e-mail or
    telephone, which QloApps demands; they are never shown as the guest's. `phone_prefix` is that of
    the hotel's country ("353"), for numbers that were stored without one. `booking_window_days` and
    `notice_days` hold where the hotel uses QloApps' global limits, which the API does not tell.
    The order states are found by their mail template or name unless they are given here.
    """

    base_url: Annotated[
        str, Field(pattern=r"^https?://[^\s/?#@]+(/[^\s?#@]*)?$"), AfterValidator(_shop)
    ]
    api_key: Annotated[SecretStr, AfterValidator(_key)]
    placeholder_email: Annotated[str, AfterValidator(_unique)] = "guest-{ref}@no-email.invalid"
    placeholder_phone: Annotated[str, AfterValidator(_phone)] = "+10000000000"
    phone_prefix: str = Field(default="", pattern=r"^\d{0,4}$")
    booking_window_days: int = Field(default=365, ge=1, le=3650)
    notice_days: int = Field(default=0, ge=0, le=365)
    offer_minutes: int = Field(default=15, ge=1, le=120)
    page_size: int = Field(default=20, ge=1, le=100)
    customers_searched: int = Field(default=2000, ge=100, le=100_000)
    image_size: str = Field(default="large_default", pattern=r"^[a-z_]{1,40}$")
    max_image_bytes: int = Field(default=4_000_000, ge=10_000, le=20_000_000)
    cancelled_state: int | None = Field(default=None, ge=1)
    refunded_state: int | None = Field(default=None, ge=1)
    failed_state: int | None = Field(default=None, ge=1)
