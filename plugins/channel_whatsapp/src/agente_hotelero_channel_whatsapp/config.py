"""Settings: one app, or several, with their numbers."""

from __future__ import annotations

from typing import Self

from agente_hotelero import PluginConfig
from pydantic import Field, SecretStr, model_validator

NEEDED = ("access_token", "app_secret", "verify_token")
NUMERIC_ID = r"^\d{5,20}$"


class WhatsAppAccount(PluginConfig):
    """One number; what it does not say itself, the plugin's section says for all."""

    phone_number_id: str = Field(pattern=NUMERIC_ID)
    business_account_id: str | None = Field(default=None, pattern=NUMERIC_ID)
    access_token: SecretStr | None = None
    app_secret: SecretStr | None = None
    app_secret_previous: SecretStr | None = None
    verify_token: SecretStr | None = None


class WhatsAppConfig(PluginConfig):
    """``[plugins.channel_whatsapp]``, or per tenant.

    `business_account_id` is the WhatsApp Business account that the number is in: without it nothing
    is known of templates. `app_secret_previous` counts too while an app's secret is being changed.
    `reopen_template` is the name of an approved template without parameters: it asks a guest to
    write again who has not for 24 hours and for whom something is held.
    """

    api_base_url: str = Field(default="https://graph.facebook.com", pattern=r"^https?://")
    api_version: str = Field(default="v26.0", pattern=r"^v\d+\.\d+$")
    business_account_id: str | None = Field(default=None, pattern=NUMERIC_ID)
    access_token: SecretStr | None = None
    app_secret: SecretStr | None = None
    app_secret_previous: SecretStr | None = None
    verify_token: SecretStr | None = None
    accounts: tuple[WhatsAppAccount, ...] = ()
    reopen_template: str = Field(default="", pattern=r"^[a-z0-9_]{0,512}$")
    messages_per_second: int = Field(default=40, ge=1, le=1000)
    timeout_seconds: float = Field(default=10.0, gt=0, le=60)

    @model_validator(mode="after")
    def _is_complete(self) -> Self:
        for account in self.accounts:
            for name in NEEDED:
                if not self.of(account.phone_number_id, name):
                    raise ValueError(f"account {account.phone_number_id} needs a {name}")
        return self

    def of(self, account: str, name: str) -> str:
        """A setting of an account, its own or the common one; empty when there is none."""
        own = next(one for one in self.accounts if one.phone_number_id == account)
        value: SecretStr | str | None = getattr(own, name) or getattr(self, name)
        return value.get_secret_value() if isinstance(value, SecretStr) else value or ""
