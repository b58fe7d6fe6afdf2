"""Settings: one app, or several, with their numbers."""

from __future__ import annotations

from typing import Self

from agente_hotelero import PluginConfig
from pydantic import Field, SecretStr, model_validator

SECRETS = ("access_token", "app_secret", "verify_token")


class WhatsAppAccount(PluginConfig):
    """One number; what it does not say itself, the plugin's section says for all."""

    phone_number_id: str = Field(pattern=r"^\d{5,20}$")
    access_token: SecretStr | None = None
    app_secret: SecretStr | None = None
    verify_token: SecretStr | None = None


class WhatsAppConfig(PluginConfig):
    """``[plugins.channel_whatsapp]``, or per tenant."""

    api_base_url: str = Field(default="https://graph.facebook.com", pattern=r"^https?://")
    api_version: str = Field(default="v26.0", pattern=r"^v\d+\.\d+$")
    access_token: SecretStr | None = None
    app_secret: SecretStr | None = None
    verify_token: SecretStr | None = None
    accounts: tuple[WhatsAppAccount, ...] = ()
    messages_per_second: int = Field(default=40, ge=1, le=1000)
    timeout_seconds: float = Field(default=10.0, gt=0, le=60)

    @model_validator(mode="after")
    def _is_complete(self) -> Self:
        for account in self.accounts:
            for name in SECRETS:
                if not self.secret(account.phone_number_id, name):
                    raise ValueError(f"account {account.phone_number_id} needs a {name}")
        return self

    def secret(self, account: str, name: str) -> str:
        """A secret of an account, its own or the common one; empty when there is none."""
        own = next(one for one in self.accounts if one.phone_number_id == account)
        value: SecretStr | None = getattr(own, name) or getattr(self, name)
        return value.get_secret_value() if value else ""
