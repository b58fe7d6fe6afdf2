"""The channels of this process, for what is called without one: jobs and subscriptions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from agente_hotelero_channel_whatsapp.channel import WhatsAppChannel

_OPEN: dict[tuple[str, str], WhatsAppChannel] = {}


def opened(channel: WhatsAppChannel) -> None:
    _OPEN[channel.services.tenant, channel.account] = channel


def closed(channel: WhatsAppChannel) -> None:
    """Nothing where another took its place meanwhile."""
    key = channel.services.tenant, channel.account
    if _OPEN.get(key) is channel:
        del _OPEN[key]


def channel(tenant: str, account: str) -> WhatsAppChannel | None:
    return _OPEN.get((tenant, account))


def channels(tenant: str) -> Sequence[WhatsAppChannel]:
    return [one for (name, _), one in _OPEN.items() if name == tenant]
