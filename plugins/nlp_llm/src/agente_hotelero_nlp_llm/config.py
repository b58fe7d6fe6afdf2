"""Settings of one endpoint and of what is sent there."""

from __future__ import annotations

from typing import Annotated

from agente_hotelero import PluginConfig
from pydantic import AfterValidator, Field, SecretStr


def _api(address: str) -> str:
    return address.rstrip("/").removesuffix("/chat/completions")


def _key(secret: SecretStr) -> SecretStr:
    text = secret.get_secret_value()
    if not (text and text.isascii() and text.isprintable() and " " not in text):
        raise ValueError("is not a key: printable characters without blanks")
    return secret


class NlpLlmConfig(PluginConfig):
    """``[plugins.nlp_llm]``, or per tenant."""

    base_url: Annotated[
        str, Field(pattern=r"^https?://[^\s/?#@]+(/[^\s?#@]*)?$"), AfterValidator(_api)
    ]
    """What stands before ``/chat/completions``, such as ``http://127.0.0.1:8080/v1``."""

    api_key: Annotated[SecretStr, AfterValidator(_key)] | None = None
    """Sent as a bearer token; a server of one's own may need none."""

    model: str = Field(min_length=1, max_length=200)
    """The model's name at the endpoint."""

    timeout_seconds: float = Field(default=4.0, gt=0, le=60)
    """What reading one message may take, a second try included."""

    max_characters: int = Field(default=2000, ge=1, le=20_000)
    """How much of a message is sent; the rest is not read."""

    max_tokens: int = Field(default=600, ge=100, le=4000)
    """How long an answer may be; one that is cut off counts as not understood."""

    act_above: float = Field(default=0.5, gt=0, lt=1)
    """Confidence from which an intent is acted upon: the model's "high" is 0.95, "medium" 0.7."""

    failures_before_rest: int = Field(default=3, ge=1, le=100)
    """After so many failures in a row the endpoint is left alone …"""

    rest_seconds: float = Field(default=30.0, gt=0, le=600)
    """… for so long, and the next engine answers at once; then one message tries again."""
