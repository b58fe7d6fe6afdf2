"""What the relay costs per event, beside the bare way in: messages, which are queued in the engine,
and receipts, which are not."""

from __future__ import annotations

import asyncio
import json
import statistics
import time
import uuid
from collections.abc import AsyncIterator, Sequence
from contextlib import ExitStack, asynccontextmanager

import structlog
from agente_hotelero._db.migrate import migrate, owners
from agente_hotelero._db.session import connect
from agente_hotelero._runtime import logs
from agente_hotelero._runtime.accounts import Accounts
from agente_hotelero._runtime.agent import SystemClock
from agente_hotelero._runtime.announcing import Announcer
from agente_hotelero._runtime.engine import Engine
from agente_hotelero._runtime.happenings import Happenings
from agente_hotelero._runtime.ingest import RawWriter
from agente_hotelero._runtime.limiter import Limiter
from agente_hotelero._runtime.metrics import Metrics
from agente_hotelero._runtime.opting import Opting
from agente_hotelero._runtime.receipts import Receipts
from agente_hotelero._runtime.relay import Directory, Relay
from agente_hotelero._runtime.subscribers import Subscribers
from agente_hotelero._runtime.templates import Renderer
from agente_hotelero_channel_whatsapp.ingress import WhatsAppIngress

from benchmarks import acks
from benchmarks.load import webhook
from benchmarks.measure import KINDS, database, median_and_range, table
from benchmarks.servers import NUMBER, Process

CHANNEL = "channel_whatsapp"
EVENTS = 600
ROUNDS = 5


def message() -> bytes:
    return webhook(f"549{uuid.uuid4().int % 10**10:010}", f"wamid.{uuid.uuid4().hex}", "hola")


def receipt() -> bytes:
    status = {
        "id": f"wamid.{uuid.uuid4().hex}",
        "status": "delivered",
        "timestamp": str(int(time.time())),
        "recipient_id": "5491155550101",
    }
    value = {
        "messaging_product": "whatsapp",
        "metadata": {"phone_number_id": NUMBER},
        "statuses": [status],
    }
    entry = {"id": "1", "changes": [{"field": "messages", "value": value}]}
    return json.dumps({"object": "whatsapp_business_account", "entry": [entry]}).encode()


@asynccontextmanager
async def relay_on(kind: str) -> AsyncIterator[tuple[RawWriter, Relay]]:
    """The way into an empty database, and the relay behind it; nobody answers."""
    clock, metrics, log = SystemClock(), Metrics(), structlog.get_logger("agent")
    with database(kind) as url:
        held = connect(url)
        await migrate(held.engine, owners({}))
        writer = RawWriter(held.sync_engine, clock)
        engine = Engine(held)
        announcer = Announcer(engine=engine, clock=clock, wanted=lambda tenant: frozenset())
        accounts = Accounts(database=held, engine=engine, announcer=announcer, clock=clock, log=log)
        relay = Relay(
            held,
            engine,
            Directory(ingresses={CHANNEL: WhatsAppIngress([])}, tenants={(CHANNEL, NUMBER): "sol"}),
            clock=clock,
            log=log,
            metrics=metrics,
            debounce=0.0,
            limiter=Limiter(None, log=log, metrics=metrics),
            guest_per_minute=1000,
            announcer=announcer,
            happenings=Happenings(clock=clock, log=log, accounts=accounts),
            receipts=Receipts(clock=clock, log=log, engine=engine, accounts=accounts, attempts=5),
            subscribers=Subscribers(subscriptions=[], log=log),
            opting=Opting(
                engine=engine, clock=clock, tenants={}, renderer_of=lambda tenant: Renderer({})
            ),
        )
        await _create_engine_tables(url)
        writer.start()
        yield writer, relay
        await writer.stop()
        await held.close()


async def relayed(kind: str, bodies: Sequence[Sequence[bytes]]) -> list[float]:
    """CPU microseconds per event of each batch; the first one warms up and is left out."""
    costs = []
    async with relay_on(kind) as (writer, relay):
        for batch in bodies:
            await asyncio.gather(*(writer.put(CHANNEL, [NUMBER], body) for body in batch))
            before = time.process_time()
            while await relay.run_once():
                continue
            costs.append((time.process_time() - before) / len(batch) * 1e6)
    return costs[1:]


async def _create_engine_tables(url: str) -> None:
    """They are made by whoever launches the engine first."""
    held = connect(url)
    engine = Engine(held)
    await engine.start()
    await engine.stop()
    await held.close()


def bare(kind: str) -> float:
    """CPU microseconds of a bare way in, in this same run."""
    with ExitStack() as stack:
        server = stack.enter_context(Process("bare", stack.enter_context(database(kind))))
        costs = [acks.one_round(server) for _ in range(3)]
    return statistics.median(costs[1:])


def main() -> None:
    logs.configure("ERROR")
    rows = []
    for kind in KINDS:
        base = bare(kind)
        for name, make in (("message", message), ("receipt", receipt)):
            bodies = [[make() for _ in range(EVENTS)] for _ in range(ROUNDS + 1)]
            costs = asyncio.run(relayed(kind, bodies))
            ratios = [cost / base for cost in costs]
            cost = f"{statistics.median(costs):.0f}"
            rows.append([kind, name, f"{base:.0f}", cost, median_and_range(ratios, 1)])
    header = ["database", "event", "bare way in, CPU µs", "relay, CPU µs", "ratio"]
    print(table(header, rows))


if __name__ == "__main__":
    main()
