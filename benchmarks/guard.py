"""What a call through the guard costs, beside the bare call: walls around plugins are not free."""

from __future__ import annotations

import asyncio
import statistics
import time
from collections.abc import Awaitable, Callable

import structlog
from agente_hotelero._runtime.circuit import Circuit
from agente_hotelero._runtime.guard import Guard

from benchmarks.measure import median_and_range, table

CALLS = 5000
ROUNDS = 9


async def work() -> int:
    return 1


async def cost(call: Callable[[], Awaitable[int]]) -> float:
    """CPU microseconds per call."""
    before = time.process_time()
    for _ in range(CALLS):
        await call()
    return (time.process_time() - before) / CALLS * 1e6


async def rounds() -> dict[str, list[float]]:
    log = structlog.get_logger()
    plain = Guard("plugin", log, timeout=10, concurrency=8)
    circuit = Circuit("plugin/hotel", failures=5, reset_seconds=30)
    breaking = Guard("plugin", log, timeout=10, concurrency=8, circuit=circuit)
    calls: dict[str, Callable[[], Awaitable[int]]] = {
        "bare": work,
        "guarded": lambda: plain.call("read", work),
        "guarded, with a circuit": lambda: breaking.call("read", work),
    }
    found: dict[str, list[float]] = {name: [] for name in calls}
    for number in range(ROUNDS + 1):
        for name, call in calls.items():
            spent = await cost(call)
            if number:
                found[name].append(spent)
    return found


def main() -> None:
    found = asyncio.run(rounds())
    bare = statistics.median(found["bare"])
    rows = [
        [name, median_and_range(values), f"{statistics.median(values) - bare:.1f}"]
        for name, values in found.items()
    ]
    print(table(["call", "CPU µs", "added"], rows))


if __name__ == "__main__":
    main()
