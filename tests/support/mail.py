"""Two hotels behind mailboxes: Dovecot, an SMTP server, the agent, and guests who write."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from agente_hotelero._db.models import Conversation, conversation_, event_
from agente_hotelero._db.session import connect
from agente_hotelero._runtime.plugins import installed
from agente_hotelero.config import load
from agente_hotelero.testing import SettableClock
from agente_hotelero_channel_gmail.tables import Checkpoint
from agente_hotelero_channel_gmail.testing import (
    Dovecot,
    MailGuest,
    PostOffice,
    Received,
    dovecot_missing,
)
from sqlalchemy import func, select
from sqlmodel import SQLModel

from tests.support.hotels import FILE
from tests.support.running import RunningAgent

MAILBOXES = {"sol": "recepcion@hotelsol.example", "luna": "hola@posadaluna.example"}
PASSWORD = "abcdefghijklmnop"
PATIENCE = 30.0
numbers = count(1)


@dataclass
class Letterbox:
    """A guest as the dialogues know one: `phone` is who he is to the channel, his address."""

    writer: MailGuest

    @property
    def phone(self) -> str:
        return self.writer.address

    def say(self, text: str) -> str:
        return self.writer.say(text)

    def tap(self, place: int) -> str:
        """There are no buttons in a mail: the number is written."""
        return self.writer.choose(place)

    def replies(self, after: int = 0) -> list[Received]:
        return self.writer.replies(after)


@dataclass
class MailWorld:
    """An agent, its servers, and one clock for all."""

    running: RunningAgent
    dovecot: Dovecot
    office: PostOffice
    clock: SettableClock

    def guest(self, hotel: str = "sol", subject: str = "Consulta") -> Letterbox:
        """Somebody new."""
        address = f"guest{next(numbers)}@guest.example"
        return Letterbox(MailGuest(self.office, address, MAILBOXES[hotel], subject=subject))

    def watched(self) -> None:
        """Return once every mailbox is read: what came before is not answered."""
        deadline = time.monotonic() + PATIENCE
        while self.running.do(self._count(Checkpoint)) < len(MAILBOXES):
            assert time.monotonic() < deadline, "nobody reads the mailboxes"
            time.sleep(0.02)

    def until(self, done: Callable[[], Any]) -> None:
        deadline = time.monotonic() + PATIENCE
        while not done():
            assert time.monotonic() < deadline, "it did not happen"
            time.sleep(0.05)

    def arrived(self, message_id: str) -> None:
        """Return once the core has a mail."""
        deadline = time.monotonic() + PATIENCE
        while not self.running.do(self._has(message_id)):
            assert time.monotonic() < deadline, f"{message_id} did not arrive"
            time.sleep(0.02)

    def asks(
        self, guest: Letterbox, text: str, headers: dict[str, str] | None = None
    ) -> list[Received]:
        """What a guest hears."""
        seen = len(guest.replies())
        self.arrived(guest.writer.say(text, headers=headers))
        self.running.settle()
        return guest.replies(after=seen)

    def conversations(self, hotel: str, address: str) -> list[Conversation]:
        async def read() -> list[Conversation]:
            async with self.running.agent.database.sessions() as session:
                query = select(Conversation).where(conversation_.tenant == hotel)
                return list((await session.scalars(query)).all())

        found = self.running.do(read())
        return [one for one in found if one.reach == address]

    async def _count(self, table: type[SQLModel]) -> int:
        async with self.running.agent.database.sessions() as session:
            query = select(func.count()).select_from(table)
            return int((await session.execute(query)).scalar_one())

    async def _has(self, message_id: str) -> bool:
        query = select(event_.id).where(event_.event_key == message_id)
        async with self.running.agent.database.sessions() as session:
            return (await session.execute(query)).first() is not None


@contextmanager
def mail_servers(clock: SettableClock) -> Iterator[tuple[Dovecot, PostOffice]]:
    """A failure in CI, and a skip elsewhere, where Dovecot is not installed."""
    missing = dovecot_missing()
    if missing and not os.environ.get("CI"):
        pytest.skip(missing)
    users = dict.fromkeys(MAILBOXES.values(), PASSWORD)
    with Dovecot(users) as dovecot, PostOffice(dovecot, now=clock.now) as office:
        yield dovecot, office


@contextmanager
def mail_world(folder: Path, clock: SettableClock, **more: str) -> Iterator[MailWorld]:
    """Both hotels by mail alone; `more` are settings of the plugin, as TOML values."""
    with mail_servers(clock) as (dovecot, office):
        environ = mail_environ(dovecot, office, **more) | {
            "TEST_DATABASE": f"sqlite:///{folder}/a.db",
            "TEST_MEDIA": str(folder / "media"),
            "WHATSAPP_API": "http://127.0.0.1:1",
        }
        for hotel, mailbox in MAILBOXES.items():
            environ |= {
                f"HOTELERO__TENANTS__{hotel.upper()}__CHANNELS": '["channel_gmail"]',
                f"HOTELERO__TENANTS__{hotel.upper()}__PLUGINS__CHANNEL_GMAIL__ACCOUNTS": (
                    f'[{{ username = "{mailbox}", app_password = "{PASSWORD}" }}]'
                ),
            }
        settings = load(FILE, environ, installed=set(installed()))
        with RunningAgent(settings, clock) as running:
            world = MailWorld(running, dovecot, office, clock)
            world.watched()
            yield world


def checkpoints(url: str) -> int:
    """How many mailboxes are read: what came before is not answered."""
    engine = connect(url).sync_engine
    with engine.connect() as connection:
        found = len(connection.execute(select(Checkpoint)).all())
    engine.dispose()
    return found


def mail_environ(dovecot: Dovecot, office: PostOffice, **more: str) -> dict[str, str]:
    """The plugin's settings for these servers, as environment variables."""
    values = {
        "enabled": "true",
        "imap_host": '"127.0.0.1"',
        "imap_port": str(dovecot.port),
        "imap_security": '"none"',
        "smtp_host": '"127.0.0.1"',
        "smtp_port": str(office.port),
        "smtp_security": '"none"',
        "timeout_seconds": "10",
        "poll_seconds": "0.1",
        "answers_per_hour": "1000",
        "daily_limit": "100000",
        **more,
    }
    table = ", ".join(f"{name} = {value}" for name, value in values.items())
    return {"HOTELERO__PLUGINS__CHANNEL_GMAIL": f"{{ {table} }}"}
