"""Every call into a plugin: bulkhead → circuit → time-out → error mapping."""

from __future__ import annotations

import asyncio
import ctypes
import time
import traceback
from collections.abc import Awaitable, Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from agente_hotelero._runtime.circuit import Circuit
from agente_hotelero._runtime.failures import Failures
from agente_hotelero._runtime.watchdog import INSIDE, Inside, Interrupted, Limits
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
CLEANUP_SECONDS = 1.0
# Never destroyed, not even when the process ends: a task that goes is first asked to close, which
# those in here would not do either.
_LEFT_BEHIND: set[asyncio.Task[Any]] = set()
ctypes.pythonapi.Py_IncRef(ctypes.py_object(_LEFT_BEHIND))


class Quit(Exception):
    """Plugin code tried to end the process; the cause says how."""


class CancelledItself(Exception):
    """Plugin code ended as cancelled, although nobody cancelled it."""


@dataclass(frozen=True, kw_only=True)
class _Call(Generic[T]):
    """One call; `place` gives back the place in the bulkhead."""

    operation: str
    work: Callable[[], Awaitable[T]]
    writes: bool
    seconds: float
    check: Callable[[T], None] | None
    place: ExitStack


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
        walls: Walls | None = None,
    ) -> None:
        self.plugin = plugin
        self.circuit = circuit
        self._log = log
        self._timeout = timeout
        self._slots = asyncio.Semaphore(concurrency)
        self._walls = walls or Walls()

    async def call(
        self,
        operation: str,
        work: Callable[[], Awaitable[T]],
        *,
        writes: bool = False,
        within: float | None = None,
        check: Callable[[T], None] | None = None,
    ) -> T:
        """The result, or an error of our tree; a write that times out is OutcomeUnknown.

        `within` bounds this call with its wait for a place, in seconds; `check` raises for a
        result that the core does not take.
        """
        seconds = self._timeout if within is None else within
        begun = time.monotonic()
        await self._take_place(seconds)
        if within is not None:
            seconds = max(begun + within - time.monotonic(), 0.0)
        with ExitStack() as place:
            place.callback(self._slots.release)
            return await self._through_circuit(
                _Call(
                    operation=operation,
                    work=work,
                    writes=writes,
                    seconds=seconds,
                    check=check,
                    place=place,
                )
            )

    def run(
        self,
        operation: str,
        work: Callable[[], T],
        *,
        lets: tuple[type[Exception], ...] = (),
    ) -> T:
        """The result of code that awaits nothing, or an error of our tree or of those in `lets`."""
        token = INSIDE.set(self._inside(operation))
        try:
            return work()
        except HoteleroError:
            raise
        except BaseException as error:
            if isinstance(error, lets):
                raise
            raise self._bug(operation, error) from error
        finally:
            INSIDE.reset(token)

    async def _take_place(self, seconds: float) -> None:
        if not self._slots.locked():
            # Nobody waits, so neither do we; a time-out would cost as much as all the rest.
            await self._slots.acquire()
            return
        try:
            async with asyncio.timeout(seconds):
                await self._slots.acquire()
        except TimeoutError:
            raise Unavailable(f"{self.plugin} is busy") from None

    async def _through_circuit(self, call: _Call[T]) -> T:
        if self.circuit is None:
            return await self._mapped(call)
        ticket = self.circuit.admit()
        failed: bool | None = None
        try:
            result = await self._mapped(call)
            failed = False
        except HoteleroError as error:
            failed = _is_dependency_failure(error)
            raise
        finally:
            self.circuit.settle(ticket, failed=failed)
        return result

    async def _mapped(self, call: _Call[T]) -> T:
        try:
            result = await self._in_time(call)
            if call.check is not None:
                call.check(result)
        except TimeoutError as error:
            self._log.warning("plugin_too_slow", plugin=self.plugin, operation=call.operation)
            self._walls.failures.note(self.plugin, call.operation, "TimeoutError")
            message = f"{self.plugin} took too long in {call.operation}"
            raise (OutcomeUnknown if call.writes else Unavailable)(message) from error
        except (HoteleroError, asyncio.CancelledError):
            raise
        except BaseException as error:
            raise self._bug(call.operation, error) from error
        return result

    async def _in_time(self, call: _Call[T]) -> T:
        """In a task of its own, so that code which will not be cancelled can be left behind, and
        our own cancellation is known from the plugin's."""
        task = asyncio.create_task(_alone(self._inside(call.operation), call.work))
        try:
            await asyncio.wait([task], timeout=call.seconds)
            if not task.done():
                raise TimeoutError
        finally:
            if not task.done():
                await self._end(task, call)
        if task.cancelled():
            raise CancelledItself
        return task.result()

    async def _end(self, task: asyncio.Task[T], call: _Call[T]) -> None:
        """What will not be ended keeps its place."""
        await end(task)
        if not task.done():
            self._log.error("plugin_does_not_end", plugin=self.plugin, operation=call.operation)
        place = call.place.pop_all()
        task.add_done_callback(lambda ended: _ended(ended, place))

    def _inside(self, operation: str) -> Inside:
        return Inside(plugin=self.plugin, operation=operation, limits=self._walls.limits)

    def _bug(self, operation: str, error: BaseException) -> PluginBug:
        """Logged and counted here, unless the watchdog does it."""
        if not isinstance(error, Interrupted):
            cause = error.__cause__ if isinstance(error, Quit) else None
            kind = type(cause or error).__name__
            self._log.exception("plugin_bug", plugin=self.plugin, operation=operation, error=kind)
            self._walls.failures.note(self.plugin, operation, kind)
        if isinstance(error, Interrupted | MemoryError):
            # What its frames hold may be large, and the error may live for long.
            traceback.clear_frames(error.__traceback__)
        return PluginBug(self.plugin, operation)


@dataclass(frozen=True, kw_only=True)
class Walls:
    """What all guards share."""

    failures: Failures = field(default_factory=Failures)
    limits: Limits = Limits()  # noqa: RUF009 - frozen

    def guard(
        self,
        plugin: str,
        log: Log,
        *,
        timeout: float,
        concurrency: int,
        circuit: Circuit | None = None,
    ) -> Guard:
        return Guard(
            plugin, log, timeout=timeout, concurrency=concurrency, circuit=circuit, walls=self
        )


async def end(task: asyncio.Task[Any]) -> None:
    """Cancel a task, and give it a moment to clean up. One that goes on is left behind: nobody
    waits for it, not even when the loop ends."""
    task.cancel()
    await asyncio.wait([task], timeout=CLEANUP_SECONDS)
    if not task.done():
        asyncio.tasks._unregister_task(task)
        _LEFT_BEHIND.add(task)
        task.add_done_callback(_LEFT_BEHIND.discard)


async def _alone(inside: Inside, work: Callable[[], Awaitable[T]]) -> T:
    INSIDE.set(inside)
    try:
        return await work()
    except (KeyboardInterrupt, SystemExit) as error:
        # A task that ends with one of these takes the loop with it.
        raise Quit from error


def _ended(task: asyncio.Task[T], place: ExitStack) -> None:
    place.close()
    if not task.cancelled():
        task.exception()  # nobody waits for it any more


def _is_dependency_failure(error: HoteleroError) -> bool | None:
    """Whether a failure speaks against the dependency; None where it says nothing about it."""
    if isinstance(error, Throttled | PluginBug):
        return None
    return isinstance(error, Unavailable | OutcomeUnknown | AuthFailed)
