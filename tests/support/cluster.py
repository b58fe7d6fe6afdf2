"""Agents that die and are started again, guests who wait for each answer, and Meta between them."""

from __future__ import annotations

import asyncio
import json
import os
import random
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
from agente_hotelero_channel_whatsapp.testing import Account, Simulator
from agente_hotelero_channel_whatsapp.testing.simulator import envelope, signature

from tests.support.processes import Served, environment

ACCOUNT = Account(phone_number_id="100000000000001", token="t", app_secret="s")
TOPICS = {
    "wifi": ("¿hay wifi?", "RED-WIFI"),
    "breakfast": ("¿a qué hora es el desayuno?", "HORA-DESAYUNO"),
    "parking": ("¿tienen estacionamiento?", "HAY-COCHERA"),
    "pets": ("¿aceptan mascotas?", "SIN-MASCOTAS"),
}
HOUSE = ", ".join(f'{topic} = {{ es = "{answer}" }}' for topic, (_, answer) in TOPICS.items())
# The whole run keeps two cores busy with guests who all wait: seconds pass between two webhooks.
FULL = bool(os.environ.get("HOTELERO_FULL"))
PATIENCE = 240.0 if FULL else 60.0
DEBOUNCE = 2.0 if FULL else 0.4


@dataclass
class Cluster:
    """`size` agents on one database; those that die are started again, without their failpoint."""

    simulator: Simulator
    database_url: str
    folder: Path
    size: int = 1
    kill_at: str = ""
    more: dict[str, str] = field(default_factory=dict)
    agents: list[Served] = field(default_factory=list)
    deaths: int = 0

    def environ(self, kill_at: str = "") -> dict[str, str]:
        return environment(
            self.database_url,
            HOTEL_NAME="Hotel Prueba",
            WHATSAPP_ACCESS_TOKEN=ACCOUNT.token,
            WHATSAPP_PHONE_NUMBER_ID=ACCOUNT.phone_number_id,
            WHATSAPP_VERIFY_TOKEN="any",
            WHATSAPP_APP_SECRET=ACCOUNT.app_secret,
            WHATSAPP_API_BASE_URL=self.simulator.url,
            HOTELERO__TENANTS__DEFAULT__HOUSE=f"{{ {HOUSE} }}",
            HOTELERO__DEBOUNCE_SECONDS=str(DEBOUNCE),
            HOTELERO__GUEST_MESSAGES_PER_MINUTE="10000",
            HOTELERO__PLUGINS__CHANNEL_WHATSAPP__MESSAGES_PER_SECOND="1000",
            HOTELERO__UNKNOWN_SEND_WAIT_SECONDS="8",
            **({"HOTELERO_KILL_AT": kill_at} if kill_at else {}),
            **self.more,
        )

    @contextmanager
    def running(self) -> Iterator[Cluster]:
        try:
            for number in range(self.size):
                self.start_one(self.kill_at if number == 0 else "")
            yield self
        finally:
            for agent in self.agents:
                agent.__exit__()

    def start_one(self, kill_at: str = "") -> None:
        self.agents.append(Served(self.environ(kill_at), self.folder).__enter__())
        self.simulator.webhook = f"{self.agents[-1].url}/webhooks/whatsapp"

    async def kill_one(self, chance: random.Random) -> None:
        """Kill one of those that run; where the only one is just being started, that one."""
        while not self.agents:  # noqa: ASYNC110 - threads of this test fill it
            await asyncio.sleep(0.1)
        chance.choice(self.agents).process.kill()

    def mend(self) -> None:
        """Start again what died."""
        dead = [agent for agent in self.agents if agent.process.poll() is not None]
        for agent in dead:
            agent.__exit__()
            self.agents.remove(agent)
            self.deaths += 1
            self.start_one()

    async def watch(self) -> None:
        while True:
            await asyncio.to_thread(self.mend)
            await asyncio.sleep(0.1)


@dataclass
class Walker:
    """A guest who asks about the house and waits for each answer; some write two at once.

    `apart` has the places of pairs that an outage tore apart: when the later one came first, and
    was answered before the earlier one was there, nobody could have kept their order.
    """

    cluster: Cluster
    phone: str
    chance: random.Random
    asked: list[str] = field(default_factory=list)
    topics: list[str] = field(default_factory=list)
    marks: set[str] = field(default_factory=set)
    looked_at: int = 0
    apart: set[int] = field(default_factory=set)
    taken: list[float] = field(default_factory=list)
    last: datetime = datetime(2026, 1, 1, tzinfo=UTC)

    async def walk(self, client: httpx.AsyncClient, steps: int) -> None:
        while len(self.asked) < steps:
            pair = self.chance.random() < 0.1
            topics = self.chance.sample(list(TOPICS), 2 if pair else 1)
            bodies = [self._body(TOPICS[topic][0]) for topic in topics]
            if pair:
                bodies.reverse()
            first, _ = [
                await asyncio.gather(*(deliver(client, self.cluster, body) for body in bodies))
                for _ in range(2)
            ]
            if max(first) - min(first) > DEBOUNCE / 2:
                self.apart.add(len(self.asked))
            self.asked += topics
            self.taken += first if not pair else first[::-1]
            await self.wait_for(lambda: len(self.heard()) >= len(self.asked))

    async def wait_for(self, done: Any) -> None:
        deadline = time.monotonic() + PATIENCE
        while not done():
            if time.monotonic() > deadline:
                raise TimeoutError(f"{self.phone}: asked {self.asked}, heard {self.heard()}")
            await asyncio.sleep(0.05)

    def heard(self) -> list[str]:
        """Topics of the answers, in order, each message of ours once however often it came."""
        sent = self.cluster.simulator.sent
        for one in sent[self.looked_at :]:
            if one.to == self.phone and one.mark not in self.marks:
                self.marks.add(one.mark)
                told = [(one.text.find(answer), topic) for topic, (_, answer) in TOPICS.items()]
                self.topics += [topic for at, topic in sorted(told) if at >= 0]
            self.looked_at += 1
        return self.topics

    def in_order(self) -> bool:
        """Whether every question was answered, each pair in the order of its stamps."""
        heard = list(self.heard())
        for at in self.apart:
            if heard[at : at + 2] == self.asked[at : at + 2][::-1]:
                heard[at : at + 2] = self.asked[at : at + 2]
        return heard == self.asked

    def confusion(self) -> str:
        """Where order was lost first, for whoever must find out why."""
        pairs = zip(self.asked, self.heard(), strict=False)
        at = next((n for n, (asked, heard) in enumerate(pairs) if asked != heard), -1)
        near = slice(max(at - 1, 0), at + 3)
        taken = [round(one, 2) for one in self.taken[near]]
        return f"{self.phone} at {at}: {self.asked[near]}, {self.heard()[near]}, taken {taken}"

    def _body(self, text: str) -> bytes:
        """Stamped a second after the one before at least: the provider's stamps are whole."""
        self.last = max(self.last + timedelta(seconds=1), datetime.now(UTC))
        return message(self.phone, text, self.last)


def message(phone: str, text: str, at: datetime) -> bytes:
    """A webhook body of one text."""
    said = {
        "from": phone,
        "id": f"wamid.{uuid.uuid4().hex}",
        "timestamp": str(int(at.timestamp())),
        "type": "text",
        "text": {"body": text},
    }
    contact = {"profile": {"name": "Guest"}, "wa_id": phone}
    return envelope(ACCOUNT, {"contacts": [contact], "messages": [said]})


async def deliver(client: httpx.AsyncClient, cluster: Cluster, body: bytes) -> float:
    """As Meta does: again and again until somebody answers 200; returns that instant."""
    headers = {"X-Hub-Signature-256": signature(ACCOUNT.app_secret, body)}
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        agents = list(cluster.agents)
        url = random.choice(agents).url if agents else ""
        try:
            answer = await client.post(f"{url}/webhooks/whatsapp", content=body, headers=headers)
        except (httpx.HTTPError, ValueError):
            answer = None
        if answer is not None and answer.status_code == 200:
            return time.monotonic()
        await asyncio.sleep(0.1)
    raise TimeoutError(f"nobody took {json.loads(body)['entry'][0]['id']}")


def repeated(simulator: Simulator) -> int:
    """How many messages of ours reached a guest more than once."""
    marks = [one.mark for one in list(simulator.sent)]
    return len(marks) - len(set(marks))
