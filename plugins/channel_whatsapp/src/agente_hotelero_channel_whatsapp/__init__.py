"""WhatsApp Cloud API as a channel, and a simulator of it for tests and rehearsals."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from agente_hotelero import ChannelKind, hookimpl

if TYPE_CHECKING:
    import click


@hookimpl
def register_channels() -> Sequence[ChannelKind]:
    from agente_hotelero_channel_whatsapp.channel import WhatsAppChannel
    from agente_hotelero_channel_whatsapp.ingress import WhatsAppIngress

    return [ChannelKind(ingress=WhatsAppIngress, channel=WhatsAppChannel)]


@hookimpl
def register_commands() -> click.Command:
    from agente_hotelero_channel_whatsapp.commands import simulate

    return simulate
