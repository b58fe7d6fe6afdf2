"""Every call into a plugin: bulkhead → circuit → time-out → error mapping."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from agente_hotelero._runtime.circuit import Circuit
from agente_hotelero.components import Log
from agente_hotelero.errors import (
    AuthFailed,
    HoteleroError,
    OutcomeUnknown,
    PluginBug,
    Throttled,
    Unavailable,
)

T = TypeVar("T")


class Guard:
    """Walls around one plugin of one tenant. Without a circuit where no I/O happens."""

    def __init__(
        self,
        plugin: str,
        log: Log,
        *,
        timeout: float,
        concurrency: int,
        circuit: Circuit | None = None,
    ) -> None:
        self.plugin = plugin
        self.circuit = circuit
        self._log = log
        self._timeout = timeout
        self._slots = asyncio.Semaphore(concurrency)

    async def call(
        self, operation: str, work: Callable[[], Awaitable[T]], *, writes: bool = False
    ) -> T:
        """The result, or an error of our tree; a write that times out is OutcomeUnknown."""
        try:
            async with asyncio.timeout(self._timeout):
                await self._slots.acquire()
        except TimeoutError:
            raise Unavailable(f"{self.plugin} is busy") from None
        try:
            return await self._through_circuit(operation, work, writes)
        finally:
            self._slots.release()

    async def _through_circuit(
        self, operation: str, work: Callable[[], Awaitable[T]], writes: bool
    ) -> T:
        if self.circuit is None:
            return await self._mapped(operation, work, writes)
        ticket = self.circuit.admit()
        failed: bool | None = None
        try:
            result = await self._mapped(operation, work, writes)
            failed = False
        except HoteleroError as error:
            failed = _is_dependency_failure(error)
            raise
        finally:
            self.circuit.settle(ticket, failed=failed)
        return result

    async def _mapped(self, operation: str, work: Callable[[], Awaitable[T]], writes: bool) -> T:
        try:
            async with asyncio.timeout(self._timeout):
                return await work()
        except TimeoutError as error:
            message = f"{self.plugin} took too long in {operation}"
            raise (OutcomeUnknown if writes else Unavailable)(message) from error
        except HoteleroError:
            raise
        except Exception as error:
            self._log.exception("plugin_bug", plugin=self.plugin, operation=operation)
            raise PluginBug(self.plugin, operation) from error


def _is_dependency_failure(error: HoteleroError) -> bool | None:
    """Whether a failure speaks against the dependency; None where it says nothing about it."""
    if isinstance(error, Throttled | PluginBug):
        return None
    return isinstance(error, Unavailable | OutcomeUnknown | AuthFailed)
