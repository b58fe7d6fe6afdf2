"""Two hotels on WhatsApp, whole: Meta's simulator, webhooks, the agent, what the guest sees."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from agente_hotelero._db.models import Conversation, Outbox
from agente_hotelero._runtime.plugins import installed
from agente_hotelero.config import load
from agente_hotelero.desk import Caller, ChatLine, StaffReply
from agente_hotelero.testing import SettableClock
from agente_hotelero_channel_whatsapp.testing import Account, ErrorBy, Guest, Simulator, Template
from sqlalchemy import select

from tests.support.hotels import FILE, NUMBERS, SECRETS, TOKENS
from tests.support.running import RunningAgent
from tests.support.times import NOVEMBER, clock_at

BUSINESSES = {"sol": "102000000000001", "luna": "102000000000002"}
ASKS = "Tenemos una respuesta para usted. ¿Nos escribe?"
MARTA = Caller(name="marta", role="owner", tenants=frozenset({"sol", "luna"}))
PATIENCE = 30


@dataclass
class World:
    """An agent, Meta, and one clock for both."""

    running: RunningAgent
    simulator: Simulator
    clock: SettableClock
    guests: int = 0

    def guest(self, hotel: str = "sol", **more: str) -> Guest:
        """Somebody new."""
        self.guests += 1
        account = self.simulator.account(NUMBERS[hotel])
        known = {"phone": f"54911555502{self.guests:02}", "user_id": f"AR.{self.guests}", **more}
        return Guest(self.simulator, account, name="Ana", **known)

    def settle(self) -> None:
        self.simulator.settle()
        self.running.settle()

    def asks(self, guest: Guest, text: str) -> list[str]:
        """What a guest hears."""
        seen = len(guest.replies())
        guest.say(text)
        self.settle()
        return [reply.text for reply in guest.replies(after=seen)]

    def until(self, done: Callable[[], Any]) -> Any:
        deadline = time.monotonic() + PATIENCE
        while not (found := done()):
            assert time.monotonic() < deadline
            time.sleep(0.05)
        return found

    def rows(self, table: type[Any]) -> list[Any]:
        async def read() -> list[Any]:
            async with self.running.agent.database.sessions() as session:
                return list((await session.scalars(select(table))).all())

        return self.running.do(read())

    def conversation(self, guest: Guest) -> Any:
        (found,) = [one for one in self.rows(Conversation) if one.address in guest.addresses]
        return found

    def states(self, guest: Guest) -> list[str]:
        """What became of all that was to be said to a guest."""
        found = [
            self.running.do(self.running.outbox(h, a)) for h in NUMBERS for a in guest.addresses
        ]
        return [str(row.state) for rows in found for row in rows]

    def outbox(self, guest: Guest) -> list[Outbox]:
        """All that was to be said to a guest of Hotel Sol."""
        found = [self.running.do(self.running.outbox("sol", one)) for one in guest.addresses]
        return sorted((row for rows in found for row in rows), key=lambda row: int(row.id or 0))

    def lines(self, guest: Guest) -> list[ChatLine]:
        """The conversation as staff see it."""
        found = self.conversation(guest)
        return list(self.running.do(self.running.agent.desks[found.tenant].lines(int(found.id))))

    def staff_say(self, guest: Guest, text: str) -> None:
        found = self.conversation(guest)
        desk = self.running.agent.desks[found.tenant]
        self.running.do(desk.reply(MARTA, int(found.id), StaffReply(text=text)))


@contextmanager
def whatsapp_world(
    folder: Path, more: Sequence[Template] = (), **environment: str
) -> Iterator[World]:
    """Both hotels on WhatsApp, each in a business account of its own; `more` are templates of the
    first, `environment` other settings."""
    clock = clock_at(NOVEMBER)
    accounts = [
        Account(
            phone_number_id=NUMBERS[hotel],
            token=TOKENS[hotel],
            app_secret=SECRETS[hotel],
            business_id=BUSINESSES[hotel],
        )
        for hotel in NUMBERS
    ]
    templates = [
        Template(name=name, language="es", body=ASKS, business_id=BUSINESSES["sol"])
        for name in ("volver", "otra")
    ]
    templates += more
    made = Simulator(
        accounts, now=clock.now, statuses=False, window=ErrorBy.ANSWER, templates=templates
    )
    with made as simulator:
        section = "__PLUGINS__CHANNEL_WHATSAPP__"
        environ = {
            "TEST_DATABASE": f"sqlite:///{folder}/a.db",
            "WHATSAPP_API": simulator.url,
            "HOTELERO__MEDIA_STORE": str(folder / "media"),
            f"HOTELERO__TENANTS__SOL{section}BUSINESS_ACCOUNT_ID": BUSINESSES["sol"],
            f"HOTELERO__TENANTS__SOL{section}REOPEN_TEMPLATE": "volver",
            f"HOTELERO__TENANTS__LUNA{section}BUSINESS_ACCOUNT_ID": BUSINESSES["luna"],
            **environment,
        }
        settings = load(FILE, environ, installed=set(installed()))
        with RunningAgent(settings, clock) as running:
            simulator.webhook = f"{running.url}/webhooks/whatsapp"
            yield World(running, simulator, clock)
