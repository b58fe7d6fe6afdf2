"""An orderly end for a process that is told to end: what it made for itself goes with it."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Awaitable
from typing import TypeVar

T = TypeVar("T")
EXIT_CODE = 128 + signal.SIGTERM


async def orderly(work: Awaitable[T]) -> T:
    """What the work results in. SIGTERM cancels it, so that it takes away what it made, and the
    process ends with the exit code of one that was terminated. In the main thread only."""
    loop, told = asyncio.get_running_loop(), False
    task = asyncio.ensure_future(work)

    def end() -> None:
        nonlocal told
        # Once: a second signal must not disturb the tidying up.
        if not told:
            told = True
            task.cancel()

    loop.add_signal_handler(signal.SIGTERM, end)
    try:
        return await task
    except asyncio.CancelledError:
        if not told:
            raise
        raise SystemExit(EXIT_CODE) from None
    finally:
        loop.remove_signal_handler(signal.SIGTERM)
