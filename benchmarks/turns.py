"""Whole turns, from webhook to the provider's acceptance, per CPU second of the agent's process:
the agent against the same application whose engine is a direct call, and against an application
that does nothing but check a webhook's signature."""

from __future__ import annotations

import asyncio
import statistics
import time
import uuid
from contextlib import ExitStack

from benchmarks import acks
from benchmarks.load import post_all, request, webhook
from benchmarks.measure import KINDS, database, median_and_range, table
from benchmarks.meta import Meta, meta
from benchmarks.servers import Process

GUESTS = 300
ROUNDS = 5
PATIENCE = 120.0
VARIANTS = ("direct", "agent")


def one_round(server: Process, provider: Meta, number: int) -> float:
    """CPU milliseconds per turn: every guest asks one thing and is answered."""
    bodies = [
        webhook(f"549{number:02}{n:08}", f"wamid.{uuid.uuid4().hex}", "¿hay wifi?")
        for n in range(GUESTS)
    ]
    provider.count, before = 0, server.cpu()
    asyncio.run(post_all(server.port, [request(body) for body in bodies], connections=8))
    deadline = time.monotonic() + PATIENCE
    while provider.count < GUESTS:
        if time.monotonic() > deadline:
            raise TimeoutError(f"{provider.count} of {GUESTS} answered")
        time.sleep(0.02)
    time.sleep(0.5)
    return (server.cpu() - before) / GUESTS * 1e3


def rounds(kind: str) -> dict[str, list[float]]:
    cost: dict[str, list[float]] = {variant: [] for variant in VARIANTS}
    with ExitStack() as stack:
        provider = stack.enter_context(meta())
        servers = {
            variant: stack.enter_context(
                Process(
                    variant,
                    stack.enter_context(database(kind)),
                    WHATSAPP_API_BASE_URL=provider.url,
                )
            )
            for variant in VARIANTS
        }
        for number in range(ROUNDS + 1):
            for variant, server in servers.items():
                spent = one_round(server, provider, number)
                if number:  # the first one warms up
                    cost[variant].append(spent)
    return cost


def signature_only() -> float:
    """CPU milliseconds of a webhook whose signature is checked, and that is all."""
    with Process("signed", "sqlite:///nowhere") as server:
        acks.one_round(server)
        return statistics.median(acks.one_round(server) for _ in range(3)) / 1e3


def main() -> None:
    rows = []
    least = signature_only()
    for kind in KINDS:
        cost = rounds(kind)
        ratios = [d / a for d, a in zip(cost["direct"], cost["agent"], strict=True)]
        middle = {name: f"{statistics.median(values):.1f}" for name, values in cost.items()}
        share = least / statistics.median(cost["agent"])
        middles = [middle["direct"], middle["agent"]]
        rows.append([kind, *middles, median_and_range(ratios), f"{share:.4f}"])
    header = ["database", "direct, CPU ms", "agent, CPU ms", "ratio to direct"]
    print(table([*header, f"ratio to a signature ({least * 1e3:.0f} µs)"], rows))


if __name__ == "__main__":
    main()
