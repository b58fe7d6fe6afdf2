"""The settings: those of all hotels, then each hotel's own."""

from __future__ import annotations

from agente_hotelero import PluginConfig
from pydantic import Field, SecretStr


class AcmeConfig(PluginConfig):
    """A wrong or an unknown key is refused at start-up, with its path in the file."""

    base_url: str = Field(pattern=r"^https?://")
    api_key: SecretStr
    offer_minutes: int = Field(default=15, ge=1)
