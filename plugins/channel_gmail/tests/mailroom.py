"""A channel on a mailbox of real servers, without an agent around."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from agente_hotelero import Account, Services
from agente_hotelero.messages import InboundEvent, OfferedOption, OutboundMessage
from agente_hotelero.testing import RecordingInbox, SettableClock, lend
from agente_hotelero_channel_gmail.channel import GmailChannel
from agente_hotelero_channel_gmail.config import GmailConfig
from agente_hotelero_channel_gmail.ingress import GmailIngress
from agente_hotelero_channel_gmail.records import checkpoint
from agente_hotelero_channel_gmail.tables import METADATA
from agente_hotelero_channel_gmail.testing import Dovecot, PostOffice

HOTEL, PASSWORD = "recepcion@hotelsol.example", "abcd efgh ijkl mnop"
PATIENCE = 20.0


def settings(dovecot: Dovecot, office: PostOffice, **changes: Any) -> GmailConfig:
    """Of one mailbox on these servers."""
    values: dict[str, Any] = {
        "accounts": [{"username": HOTEL, "app_password": PASSWORD}],
        "imap_host": "127.0.0.1",
        "imap_port": dovecot.port,
        "imap_security": "none",
        "smtp_host": "127.0.0.1",
        "smtp_port": office.port,
        "smtp_security": "none",
        "timeout_seconds": 5,
    }
    return GmailConfig.model_validate({**values, **changes})


@dataclass
class Pigeonhole:
    """Services with the plugin's tables, and no servers."""

    services: Services
    inbox: RecordingInbox
    clock: SettableClock


@asynccontextmanager
async def pigeonhole(folder: Path) -> AsyncIterator[Pigeonhole]:
    clock = SettableClock(datetime(2026, 11, 18, 12, tzinfo=UTC))
    services = await _services(folder, clock)
    inbox = services.inbox
    assert isinstance(inbox, RecordingInbox)
    yield Pigeonhole(services=services, inbox=inbox, clock=clock)
    await services.http.aclose()
    await services.sessions.kw["bind"].dispose()


@dataclass
class Mailroom:
    """One channel with services of its own; `services` outlive it, as a database does."""

    channel: GmailChannel
    services: Services
    inbox: RecordingInbox
    clock: SettableClock

    @asynccontextmanager
    async def receiving(self) -> AsyncIterator[asyncio.Task[None]]:
        task = asyncio.create_task(self.channel.receive())
        try:
            yield task
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError, Exception):
                await task

    def parse(self, body: bytes) -> list[InboundEvent]:
        account = Account(id=HOTEL, tenant="sol", config=self.channel.config)
        return list(GmailIngress([account]).parse(body))

    def events(self) -> list[InboundEvent]:
        """What came in, as the core would read it."""
        return [event for _, body in self.inbox.bodies for event in self.parse(body)]

    async def came(self, number: int) -> list[InboundEvent]:
        """Wait until so many mails are in the inbox."""
        await until(lambda: len(self.inbox.bodies) >= number)
        return self.events()

    async def close(self) -> None:
        await self.services.http.aclose()
        await self.services.sessions.kw["bind"].dispose()

    async def ready(self) -> None:
        """Wait until the mailbox is being watched."""
        deadline = time.monotonic() + PATIENCE
        while await checkpoint(self.services, HOTEL, "INBOX") is None:
            assert time.monotonic() < deadline
            await asyncio.sleep(0.02)


OpenMailroom = Callable[..., Any]


async def open_mailroom(
    dovecot: Dovecot, office: PostOffice, folder: Path, after: Mailroom | None, **changes: Any
) -> Mailroom:
    """A new one, or on the services of one before: the process after a restart."""
    config = settings(dovecot, office, **changes)
    clock = after.clock if after else SettableClock(office.now())
    services = after.services if after else await _services(folder, clock)
    inbox = services.inbox
    assert isinstance(inbox, RecordingInbox)
    channel = GmailChannel(config, services, HOTEL)
    return Mailroom(channel=channel, services=services, inbox=inbox, clock=clock)


async def _services(folder: Path, clock: SettableClock) -> Services:
    services = lend(clock=clock, database_url=f"sqlite+aiosqlite:///{folder}/mail.db")
    async with services.sessions() as session:
        connection = await session.connection()
        await connection.run_sync(METADATA.create_all)
        await session.commit()
    return services


async def until(done: Callable[[], bool]) -> None:
    """Wait for something that happens elsewhere. Raises AssertionError when it does not."""
    deadline = time.monotonic() + PATIENCE
    while not done():
        assert time.monotonic() < deadline, "it did not happen"
        await asyncio.sleep(0.02)


def outgoing(number: int, text: str = "Hola", **changes: Any) -> OutboundMessage:
    """A message of ours to the guest."""
    values: dict[str, Any] = {"id": number, "address": "ana@guest.example", "text": text}
    return OutboundMessage(**{**values, **changes})


YES_OR_NO = (OfferedOption(id="a:yes", title="Sí"), OfferedOption(id="a:no", title="No"))
