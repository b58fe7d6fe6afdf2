"""Settings of the front desk."""

from __future__ import annotations

from agente_hotelero import PluginConfig
from pydantic import Field


class FrontDeskConfig(PluginConfig):
    """``[plugins.front_desk]``, or per tenant."""

    offers_shown: int = Field(default=3, ge=1, le=9)
    """How many offers a guest sees at once."""
    question_hours: float = Field(default=24, gt=0)
    """How long an unanswered question stays open."""
