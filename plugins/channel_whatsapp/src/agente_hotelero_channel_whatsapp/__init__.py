"""WhatsApp Cloud API as a channel, and a simulator of it for tests and rehearsals."""

from __future__ import annotations

from collections.abc import Sequence

import click
from agente_hotelero import ChannelKind, hookimpl

from agente_hotelero_channel_whatsapp.channel import WhatsAppChannel
from agente_hotelero_channel_whatsapp.ingress import WhatsAppIngress


@hookimpl
def register_channels() -> Sequence[ChannelKind]:
    return [ChannelKind(ingress=WhatsAppIngress, channel=WhatsAppChannel)]


@hookimpl
def register_commands() -> click.Command:
    from agente_hotelero_channel_whatsapp.commands import simulate

    return simulate
