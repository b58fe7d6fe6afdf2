"""The terminal as a channel of every tenant, for `hotelero chat`.

Answers are read from the history, so sending has nothing left to do.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

import orjson

from agente_hotelero._runtime.tenants import Registry
from agente_hotelero.components import Channel, ChannelKind, Ingress, PluginConfig
from agente_hotelero.config import Settings
from agente_hotelero.messages import Content, InboundEvent, InboundMessage, OutboundMessage

NAME = "console"


class ConsoleIngress(Ingress[PluginConfig]):
    """Reads the lines that `hotelero chat` stored."""

    def parse(self, body: bytes) -> Sequence[InboundEvent]:
        line = orjson.loads(body)
        message = InboundMessage(
            id=line["id"],
            address=line["chat"],
            sent_at=datetime.fromisoformat(line["at"]),
            content=Content(text=line["text"]),
        )
        return [InboundEvent(account=line["tenant"], key=line["id"], event=message)]


class ConsoleChannel(Channel[PluginConfig]):
    """One terminal per tenant."""

    idempotent = True

    @classmethod
    def account_ids(cls, config: PluginConfig, tenant: str) -> Sequence[str]:
        return [tenant]

    async def send(self, message: OutboundMessage) -> str:
        return str(message.id)


def line(tenant: str, chat: str, message_id: str, text: str, at: datetime) -> bytes:
    """A body that `ConsoleIngress` reads."""
    return orjson.dumps(
        {"tenant": tenant, "chat": chat, "id": message_id, "text": text, "at": at.isoformat()}
    )


def with_console(registry: Registry) -> Registry:
    kind = ChannelKind(ingress=ConsoleIngress, channel=ConsoleChannel)
    return replace(registry, channels={**registry.channels, NAME: kind})


def on_every_tenant(settings: Settings) -> Settings:
    """The settings with the console among each tenant's channels."""
    tenants = {
        name: tenant.model_copy(update={"channels": (*tenant.channels, NAME)})
        for name, tenant in settings.tenants.items()
    }
    return settings.model_copy(update={"tenants": tenants})
