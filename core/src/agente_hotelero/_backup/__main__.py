"""The nightly backup, as a process of its own: settings on standard input, made by `jobs`.

It has a lower priority than the agent, and what it takes of memory goes with it. Told to end, it
takes away what it restored.
"""

from __future__ import annotations

import asyncio
import os
import pickle
import sys

import structlog

from agente_hotelero._backup import ending, making, verifying
from agente_hotelero._runtime import logs
from agente_hotelero.config import Settings
from agente_hotelero.errors import HoteleroError

NICE = 10


async def nightly(settings: Settings) -> None:
    """Make one and prove it; only then older ones go."""
    log = structlog.get_logger("agent")
    shelf = making.shelf_of(settings)
    made = await making.make(settings, shelf)
    log.info("backup_made", file=made.name, size=made.size, rows=made.rows)
    proved = await verifying.verify(settings, shelf, made.name)
    log.info("backup_verified", file=made.name, seconds=proved.seconds, rows=proved.rows)
    await making.tidy(settings, shelf)


def main() -> int:
    settings: Settings = pickle.load(sys.stdin.buffer)  # noqa: S301 - from the process that made us
    logs.configure(settings.log_level)
    os.nice(NICE)
    try:
        asyncio.run(ending.orderly(nightly(settings)))
    except HoteleroError:
        structlog.get_logger("agent").exception("backup_failed")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
