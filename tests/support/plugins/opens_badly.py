"""A plugin of which nothing can be opened, each part in its own way."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Sequence
from typing import Any, Self

from agente_hotelero import (
    Decision,
    Handler,
    HandlerRequest,
    PluginConfig,
    PmsAdapter,
    hookimpl,
)


class Never(Handler[PluginConfig]):
    """Is not opened, and so not asked."""

    async def handle(self, request: HandlerRequest) -> Decision:
        raise AssertionError("it is not open")


class Hangs(Never):
    """Not even a cancellation ends it."""

    name = "opens_badly.hangs"
    intents = frozenset({"gone"})

    async def __aenter__(self) -> Self:
        while True:
            try:
                await asyncio.sleep(600)
            except BaseException:
                continue


class Sleeps(Never):
    """Keeps the loop from turning."""

    name = "opens_badly.sleeps"
    intents = frozenset({"sleeps"})

    def __init__(self, *given: Any) -> None:
        time.sleep(600)


class Exits(Never):
    """Ends the process, or would."""

    name = "opens_badly.exits"
    intents = frozenset({"exits"})

    def __init__(self, *given: Any) -> None:
        sys.exit(3)


class Raises(Never):
    """Says in an exception what nobody may read."""

    name = "opens_badly.raises"
    intents = frozenset({"raises"})

    async def __aenter__(self) -> Self:
        raise RuntimeError(f"password {617 * 2}")


class Unfinished(PmsAdapter[PluginConfig]):
    """Lacks what an adapter must have."""


@hookimpl
def register_pms_adapters() -> Sequence[type[PmsAdapter[Any]]]:
    return [Unfinished]


@hookimpl
def register_handlers() -> Sequence[type[Handler[Any]]]:
    return [Hangs, Sleeps, Exits, Raises]
