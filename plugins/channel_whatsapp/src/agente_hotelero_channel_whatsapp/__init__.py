"""WhatsApp Cloud API as a channel, and a simulator of it for tests and rehearsals."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from agente_hotelero import ChannelKind, Job, PluginSchema, hookimpl

if TYPE_CHECKING:
    import click
    from agente_hotelero.events import Subscription


@hookimpl
def register_channels() -> Sequence[ChannelKind]:
    from agente_hotelero_channel_whatsapp.channel import WhatsAppChannel
    from agente_hotelero_channel_whatsapp.ingress import WhatsAppIngress

    return [ChannelKind(ingress=WhatsAppIngress, channel=WhatsAppChannel)]


@hookimpl
def register_schema() -> PluginSchema:
    from agente_hotelero_channel_whatsapp.tables import METADATA

    return PluginSchema(
        metadata=METADATA,
        migrations="agente_hotelero_channel_whatsapp.migrations",
        prefix="channel_whatsapp",
        personal=False,
    )


@hookimpl
def register_jobs() -> Sequence[Job]:
    from agente_hotelero_channel_whatsapp.templates import refresh_tenant

    return [Job(name="templates", cron="7 * * * *", run=refresh_tenant)]


@hookimpl
def register_subscriptions() -> Sequence[Subscription[Any]]:
    from agente_hotelero.events import AccountNoticed, Subscription

    from agente_hotelero_channel_whatsapp.templates import noticed

    return [Subscription(event=AccountNoticed, receive=noticed)]


@hookimpl
def register_commands() -> click.Command:
    from agente_hotelero_channel_whatsapp.commands import simulate

    return simulate
