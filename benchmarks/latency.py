"""What the durable engine adds to an agent with little to do: time until the provider has the
answer, CPU and SQL statements while nothing happens, for several polling intervals."""

from __future__ import annotations

import asyncio
import random
import statistics
import time
import uuid
from contextlib import ExitStack

from benchmarks.load import post_all, request, webhook
from benchmarks.measure import KINDS, database, table
from benchmarks.meta import Meta, meta
from benchmarks.servers import Process

MESSAGES = 40
PAUSE_SECONDS = 0.4
IDLE_SECONDS = 10.0
PATIENCE = 20.0
POLLS = ("0.1", "0.5")


def answers(server: Process, provider: Meta) -> list[float]:
    """Milliseconds from a webhook to its answer, one guest after the other, in random rhythm."""
    chance, waits = random.Random(1), []
    for number in range(MESSAGES + 5):
        phone = f"549{uuid.uuid4().int % 10**10:010}"
        raw = request(webhook(phone, f"wamid.{uuid.uuid4().hex}", "¿hay wifi?"))
        begun = time.monotonic()
        asyncio.run(post_all(server.port, [raw], connections=1))
        while phone not in provider.arrived:
            if time.monotonic() - begun > PATIENCE:
                raise TimeoutError("no answer")
            time.sleep(0.002)
        if number >= 5:  # the first ones warm up
            waits.append((provider.arrived[phone] - begun) * 1e3)
        time.sleep(chance.expovariate(1 / PAUSE_SECONDS))
    return waits


def p95(values: list[float]) -> float:
    return statistics.quantiles(values, n=20)[18]


def idle(server: Process) -> tuple[float, float]:
    """Share of a core, and SQL statements a second, while nothing happens."""
    time.sleep(3)
    cpu, statements = server.cpu(), server.statements()
    time.sleep(IDLE_SECONDS)
    spent, run = server.cpu() - cpu, server.statements() - statements
    return spent / IDLE_SECONDS, run / IDLE_SECONDS


def row(kind: str, variant: str, poll: str, provider: Meta) -> tuple[list[float], list[object]]:
    environ = {"WHATSAPP_API_BASE_URL": provider.url, "HOTELERO__POLL_SECONDS": poll}
    with ExitStack() as stack:
        url = stack.enter_context(database(kind))
        server = stack.enter_context(Process(variant, url, **environ))
        waits = answers(server, provider)
        share, statements = idle(server)
    told = [f"{statistics.median(waits):.0f}", f"{p95(waits):.0f}"]
    return waits, [*told, f"{share:.1%}", f"{statements:.0f}"]


def main() -> None:
    rows: list[list[object]] = []
    with meta() as provider:
        for kind in KINDS:
            base, cells = row(kind, "direct", "0.1", provider)
            rows.append([kind, "none", *cells, "", ""])
            for poll in POLLS:
                waits, cells = row(kind, "agent", poll, provider)
                added = [
                    f"{statistics.median(waits) - statistics.median(base):.0f}",
                    f"{p95(waits) - p95(base):.0f}",
                ]
                rows.append([kind, f"{poll} s", *cells, *added])
    header = ["database", "polls", "p50 ms", "p95 ms", "idle core", "statements/s"]
    print(table([*header, "engine adds p50 ms", "p95 ms"], rows))


if __name__ == "__main__":
    main()
