"""Opens components, each in a task of its own: none that fails, hangs or dies takes others along.

The task that enters a component also leaves it, as task groups and cancel scopes demand.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from agente_hotelero._runtime.guard import Walls, end
from agente_hotelero._runtime.watchdog import INSIDE, Inside, Interrupted, Limits
from agente_hotelero.components import Component, Log
from agente_hotelero.errors import ConfigError, HoteleroError

ComponentT = TypeVar("ComponentT", bound=Component[Any])
CLOSE_SECONDS = 10.0


class NotOpened(Exception):
    """A component could not be opened; the words are for operators and hold no secret."""


@dataclass(kw_only=True)
class Opening(Generic[ComponentT]):
    """One component, from its making to its end; `seconds` is what it may take to open."""

    plugin: str
    make: Callable[[], ComponentT]
    seconds: float
    walls: Walls
    log: Log
    opened: asyncio.Future[ComponentT] = field(
        default_factory=lambda: asyncio.get_running_loop().create_future()
    )
    closing: asyncio.Event = field(default_factory=asyncio.Event)

    async def open(self, stack: AsyncExitStack) -> ComponentT:
        """The component; the stack closes it. Raises ConfigError or NotOpened."""
        task = asyncio.create_task(self._live())
        try:
            async with asyncio.timeout(self.seconds):
                component = await self.opened
        except TimeoutError:
            self.walls.failures.note(self.plugin, "open", "TimeoutError")
            raise NotOpened(f"not open after {self.seconds:g} s") from None
        finally:
            if self.opened.cancelled():
                await end(task)
        stack.push_async_callback(self._close, task)
        return component

    async def _live(self) -> None:
        # It may take its time, and the memory it needs; not so what it leaves running.
        patient = Limits(block_seconds=self.seconds, memory_mb=math.inf)
        inside = Inside(plugin=self.plugin, operation="open", limits=patient)
        INSIDE.set(inside)
        try:
            async with self.make() as component:
                inside.operation, inside.limits = "background", self.walls.limits
                self.opened.set_result(_entered(component))
                await self.closing.wait()
                inside.operation = "close"
        except BaseException as error:
            self._ended(error, inside.operation)

    def _ended(self, error: BaseException, operation: str) -> None:
        """It could not be opened or closed, or died in between."""
        if self.opened.cancelled():
            return
        kind = type(error).__name__
        if not isinstance(error, ConfigError):
            self.log.exception("component_failed", operation=operation, error=kind)
        if not isinstance(error, ConfigError | Interrupted):
            self.walls.failures.note(self.plugin, operation, kind)
        if not self.opened.done():
            words = f"{kind}: {error}" if isinstance(error, HoteleroError) else kind
            known = error if isinstance(error, ConfigError) else NotOpened(words)
            self.opened.set_exception(known)

    async def _close(self, task: asyncio.Task[None]) -> None:
        self.closing.set()
        await asyncio.wait([task], timeout=CLOSE_SECONDS)
        if not task.done():
            self.log.error("component_does_not_close")
            await end(task)


def _entered(component: ComponentT) -> ComponentT:
    """What `__aenter__` returned, which is easily nothing."""
    if not isinstance(component, Component):
        raise TypeError("__aenter__ must return the component")
    return component
