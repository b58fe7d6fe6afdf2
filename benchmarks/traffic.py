"""A group of hotels on a busy day: guests' messages arrive when they arrive (an open model: nobody
waits for an answer before the next one writes), and Meta reports each answer three times.

    python -m benchmarks.traffic [--seconds 20] [--rates 1,5,10] [--database postgresql] [--flood]

One message a second, 1×, is what 20 hotels of 100 rooms get in their busiest hour, 180 messages
each. Every latency counts from the instant at which the message was due, not from when the client
found time to send it. With --flood a stranger asks for the chat page as fast as he can meanwhile.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import platform
import random
import re
import time
import uuid
from collections import Counter
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import httpx
import psycopg

from benchmarks.load import webhook
from benchmarks.measure import KINDS, database, table
from benchmarks.meta import Meta, meta
from benchmarks.servers import NUMBER, Process, signature

MEDIA_SHARE = 0.08
RECEIPTS = ("sent", "delivered", "read")
DRAIN_SECONDS = 60.0
HEADER = [
    "messages/s",
    "webhooks/s",
    "ack p50 / p95 / p99 ms",
    "errors",
    "answer p50 / p95 / p99 s",
    "unanswered",
    "oldest in queue s",
    "agent's CPU",
]


@dataclass
class Run:
    """What was seen while one rate lasted."""

    rate: float
    acks: list[float] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)
    due: dict[str, float] = field(default_factory=dict)
    oldest: float = 0.0
    cpu: float = 0.0
    flood: Counter[int] = field(default_factory=Counter)

    def row(self, provider: Meta, seconds: float) -> list[str]:
        answers = [
            provider.arrived[who] - at for who, at in self.due.items() if who in provider.arrived
        ]
        wrong = sum(number for status, number in self.statuses.items() if status != 200)
        return [
            f"{self.rate:g}",
            f"{len(self.acks) / seconds:.1f}",
            percentiles([one * 1e3 for one in self.acks], 0),
            f"{wrong} of {len(self.acks)}",
            percentiles(answers, 2),
            f"{len(self.due) - len(answers)} of {len(self.due)}",
            f"{self.oldest:.1f}",
            f"{self.cpu / seconds:.0%}",
        ]


def percentiles(values: Sequence[float], digits: int) -> str:
    if not values:
        return "–"
    ordered = sorted(values)
    picked = (ordered[min(int(len(ordered) * at), len(ordered) - 1)] for at in (0.5, 0.95, 0.99))
    return " / ".join(f"{one:.{digits}f}" for one in picked)


@dataclass
class Traffic:
    """Guests and Meta, against one agent."""

    server: Process
    provider: Meta
    client: httpx.AsyncClient
    chance: random.Random

    async def post(self, run: Run, body: bytes, due: float) -> None:
        """A webhook that was due at an instant."""
        headers = {"X-Hub-Signature-256": signature(body)}
        url = f"http://127.0.0.1:{self.server.port}/webhooks/whatsapp"
        try:
            status = (await self.client.post(url, content=body, headers=headers)).status_code
        except httpx.HTTPError:
            status = 0
        run.acks.append(time.monotonic() - due)
        run.statuses[status] += 1

    async def last(self, rate: float, seconds: float, *, flood: bool) -> Run:
        """Messages at a rate for a while, and then until all are answered."""
        run, loop = Run(rate=rate), asyncio.get_running_loop()
        going: set[asyncio.Task[None]] = set()

        def send(body: bytes, due: float) -> None:
            task = loop.create_task(self.post(run, body, due))
            going.add(task)
            task.add_done_callback(going.discard)

        def told(message_id: str, to: str) -> None:
            for state in RECEIPTS:
                body = receipt(message_id, to, state)
                loop.call_soon_threadsafe(send, body, time.monotonic())

        self.provider.told = told
        watch = asyncio.create_task(self.watch(run))
        stranger = asyncio.create_task(self.flood(run)) if flood else None
        cpu, begun = self.server.cpu(), time.monotonic()
        at = begun
        while (at := at + self.chance.expovariate(rate)) < begun + seconds:
            await asyncio.sleep(max(at - time.monotonic(), 0))
            who = f"549{uuid.uuid4().int % 10**10:010}"
            run.due[who] = at
            send(self.message(who), at)
        run.cpu = self.server.cpu() - cpu
        if stranger is not None:
            stranger.cancel()
        await self.drain(run)
        watch.cancel()
        await asyncio.gather(*going, watch, return_exceptions=True)
        return run

    def message(self, who: str) -> bytes:
        name = f"wamid.{uuid.uuid4().hex}"
        if self.chance.random() >= MEDIA_SHARE:
            return webhook(who, name, "¿hay wifi?")
        told = json.loads(webhook(who, name, ""))
        (said,) = told["entry"][0]["changes"][0]["value"]["messages"]
        del said["text"]
        said |= {"type": "image", "image": {"id": name, "mime_type": "image/jpeg", "sha256": "0"}}
        return json.dumps(told).encode()

    async def watch(self, run: Run) -> None:
        """How long work has waited, by the agent's own word."""
        while True:
            with suppress(httpx.HTTPError):
                page = (await self.client.get(f"http://127.0.0.1:{self.server.port}/metrics")).text
                ages = re.findall(r"^queue_age_seconds\{.*\} (\S+)$", page, re.MULTILINE)
                run.oldest = max([run.oldest, *map(float, ages)])
            await asyncio.sleep(1)

    async def flood(self, run: Run) -> None:
        """A stranger without patience."""
        url = f"http://127.0.0.1:{self.server.port}/chat/default"
        while True:
            with suppress(httpx.HTTPError):
                run.flood[(await self.client.get(url)).status_code] += 1

    async def drain(self, run: Run) -> None:
        deadline = time.monotonic() + DRAIN_SECONDS
        for _ in iter(lambda: time.monotonic() < deadline, False):
            if not set(run.due) - set(self.provider.arrived):
                return
            await asyncio.sleep(0.2)


def receipt(message_id: str, to: str, state: str) -> bytes:
    """What Meta says of a message of ours."""
    status = {
        "id": message_id,
        "status": state,
        "timestamp": str(int(time.time())),
        "recipient_id": to,
    }
    value = {
        "messaging_product": "whatsapp",
        "metadata": {"display_phone_number": "15550783881", "phone_number_id": NUMBER},
        "statuses": [status],
    }
    entry = {"id": "200000000000001", "changes": [{"field": "messages", "value": value}]}
    return json.dumps({"object": "whatsapp_business_account", "entry": [entry]}).encode()


async def rates(
    server: Process, provider: Meta, wanted: Sequence[float], seconds: float, *, flood: bool
) -> list[list[str]]:
    limits = httpx.Limits(max_connections=200)
    rows = []
    async with httpx.AsyncClient(timeout=30, limits=limits) as client:
        traffic = Traffic(server, provider, client, random.Random(7))
        await traffic.last(2.0, 3.0, flood=False)  # warms up
        for rate in wanted:
            run = await traffic.last(rate, seconds, flood=flood)
            rows.append(run.row(provider, seconds))
            if flood:
                print(f"\nthe stranger at {rate:g}/s: {dict(run.flood)}")
    return rows


def size_of(database_url: str) -> int:
    """Bytes of a database."""
    if database_url.startswith("sqlite"):
        return Path(database_url.removeprefix("sqlite:///")).stat().st_size
    with psycopg.connect(database_url) as connection:
        found = connection.execute("SELECT pg_database_size(current_database())").fetchone()
        return int(found[0]) if found else 0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--rates", default="1,5,10")
    parser.add_argument("--database", choices=KINDS, default="postgresql")
    parser.add_argument("--flood", action="store_true")
    asked = parser.parse_args()
    with ExitStack() as stack:
        provider = stack.enter_context(meta())
        url = stack.enter_context(database(asked.database))
        server = stack.enter_context(Process("agent", url, WHATSAPP_API_BASE_URL=provider.url))
        wanted, empty = [float(one) for one in asked.rates.split(",")], size_of(url)
        rows = asyncio.run(rates(server, provider, wanted, asked.seconds, flood=asked.flood))
        grown = (size_of(url) - empty) / max(provider.count, 1)
    load = os.getloadavg()[0]
    print(
        f"\n{datetime.now(UTC):%Y-%m-%d %H:%M} UTC, {os.cpu_count()} cores, load {load:.1f}, "
        f"Python {platform.python_version()}, {asked.database}, {asked.seconds:g} s a rate\n"
    )
    print(table(HEADER, rows))
    print(f"\n{grown / 1024:.0f} KB of database for each message answered, indexes and all")


if __name__ == "__main__":
    main()
