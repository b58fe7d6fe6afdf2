"""The browser as a channel: one account per tenant, one address per chat."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime

from agente_hotelero import Channel, Ingress, PluginConfig, Services
from agente_hotelero.messages import Content, InboundEvent, InboundMessage, OutboundMessage
from pydantic import Field

from agente_hotelero_channel_web.tables import add_line


class WebConfig(PluginConfig):
    """``[plugins.channel_web]``, or per tenant."""

    max_length: int = Field(default=4000, ge=1, le=20_000)
    """The longest message a guest may write, in characters."""


class WebIngress(Ingress[WebConfig]):
    """Reads what the page stored; there is no webhook."""

    def parse(self, body: bytes) -> Sequence[InboundEvent]:
        line = json.loads(body)
        message = InboundMessage(
            id=line["id"],
            address=line["chat"],
            sent_at=datetime.fromisoformat(line["at"]),
            content=Content(text=line["text"], choice=line.get("choice")),
        )
        key = f"{line['chat']}:{line['id']}"
        return [InboundEvent(account=line["tenant"], key=key, event=message)]


class WebChannel(Channel[WebConfig]):
    """Writes answers where the page reads them; the outbox id makes a repeat harmless."""

    config_class = WebConfig
    idempotent = True
    max_options = 10
    max_option_title = 60

    @classmethod
    def account_ids(cls, config: WebConfig, tenant: str) -> Sequence[str]:
        return [tenant]

    async def send(self, message: OutboundMessage) -> str:
        key = f"out:{message.id}"
        content = {
            "options": [asdict(option) for option in message.options],
            "image": asdict(message.image) if message.image else None,
            "location": asdict(message.location) if message.location else None,
        }
        await add_line(self.services, message.address, key, "out", message.text, content)
        bell(self.services).ring(message.address)
        return key


class Bell:
    """Wakes the pages of this process when a line was written; others poll."""

    def __init__(self) -> None:
        self._waiting: dict[str, set[asyncio.Event]] = {}

    def ring(self, chat: str) -> None:
        for event in self._waiting.get(chat, ()):
            event.set()

    async def wait(self, chat: str, seconds: float) -> None:
        """Return at the next ring, or after some seconds."""
        event = asyncio.Event()
        self._waiting.setdefault(chat, set()).add(event)
        try:
            await asyncio.wait_for(event.wait(), seconds)
        except TimeoutError:
            return
        finally:
            self._waiting[chat].discard(event)
            if not self._waiting[chat]:
                del self._waiting[chat]


def bell(services: Services) -> Bell:
    found: Bell = services.shared("channel_web.bell", Bell)
    return found
