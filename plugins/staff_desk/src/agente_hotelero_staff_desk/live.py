"""Server-sent events: a page is told that something changed, and fetches it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator

from agente_hotelero.desk import Desk

LOOK_SECONDS = 1.0
STREAM_SECONDS = 55


async def pulses(desk: Desk) -> AsyncIterator[str]:
    """One event at the beginning and at each change, until the browser should reconnect."""
    yield "retry: 1000\n\n"
    last = ""
    for _ in range(STREAM_SECONDS):
        pulse = await desk.pulse()
        if pulse.stamp != last:
            last = pulse.stamp
            told = {"stamp": pulse.stamp, "waiting": pulse.waiting}
            yield f"data: {json.dumps(told)}\n\n"
        else:
            yield ": still here\n\n"
        await asyncio.sleep(LOOK_SECONDS)
