"""Webhooks stored and answered per CPU second of the server, product against bare."""

from __future__ import annotations

import asyncio
import statistics
import uuid
from contextlib import ExitStack

from benchmarks.load import post_all, request, webhook
from benchmarks.measure import KINDS, database, median_and_range, table
from benchmarks.servers import Process

CONNECTIONS = 32
REQUESTS = 3000
ROUNDS = 7
VARIANTS = ("bare", "way_in")


def batch() -> list[bytes]:
    bodies = [
        webhook(f"54911555{n:05}", f"wamid.{uuid.uuid4().hex}", "¿hay wifi?")
        for n in range(REQUESTS)
    ]
    return [request(body) for body in bodies]


def one_round(server: Process) -> float:
    """CPU microseconds per request."""
    requests = batch()
    before = server.cpu()
    asyncio.run(post_all(server.port, requests, CONNECTIONS))
    return (server.cpu() - before) / REQUESTS * 1e6


def rounds(kind: str) -> dict[str, list[float]]:
    """CPU microseconds per request of each variant, round by round, taken in turn."""
    cost: dict[str, list[float]] = {variant: [] for variant in VARIANTS}
    with ExitStack() as stack:
        running = {
            variant: stack.enter_context(Process(variant, stack.enter_context(database(kind))))
            for variant in VARIANTS
        }
        for number in range(ROUNDS + 1):
            for variant, server in running.items():
                spent = one_round(server)
                if number:  # the first one warms up
                    cost[variant].append(spent)
    return cost


def main() -> None:
    rows = []
    for kind in KINDS:
        cost = rounds(kind)
        ratios = [b / p for b, p in zip(cost["bare"], cost["way_in"], strict=True)]
        middle = {name: f"{statistics.median(values):.0f}" for name, values in cost.items()}
        rows.append([kind, middle["bare"], middle["way_in"], median_and_range(ratios)])
    print(table(["database", "bare, CPU µs", "product, CPU µs", "acks per CPU s, ratio"], rows))


if __name__ == "__main__":
    main()
