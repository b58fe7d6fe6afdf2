"""Interrupts plugin code that keeps the loop from turning.

Each turn of the loop puts off a timer of the operating system; when it fires, the loop is stuck,
and the signal's handler runs in the very code that holds it. A thread that watches could not do
that: it gets no turn while C code such as `re` keeps the interpreter's lock, but `re`, like every
blocking call, looks for signals. C code that does not cannot be interrupted by anybody.

Whose code it is says `INSIDE`: a context variable, and so true as well for the tasks that a plugin
started, and inside the greenlets of SQLAlchemy, which a walk up the stack does not leave.
"""

from __future__ import annotations

import asyncio
import os
import signal
import threading
import time
from contextvars import ContextVar
from dataclasses import dataclass
from types import FrameType

from agente_hotelero._runtime.failures import Failures
from agente_hotelero.components import Log

BEAT_SECONDS = 0.1
STUCK_SECONDS, AGAIN_SECONDS = 0.25, 0.05
MIB = 1024 * 1024


@dataclass(frozen=True, kw_only=True, slots=True)
class Limits:
    """How long the loop may be kept from turning, and how much memory may be taken meanwhile."""

    block_seconds: float = 5.0
    memory_mb: float = 1024.0


@dataclass(kw_only=True, slots=True)
class Inside:
    """Whose code runs. Changed for what a plugin leaves running once it is open."""

    plugin: str
    operation: str
    limits: Limits


INSIDE: ContextVar[Inside | None] = ContextVar("inside", default=None)


class Interrupted(BaseException):
    """Raised in plugin code that holds the loop; no `except Exception` of its keeps it back."""


class Blocked(Interrupted):
    """It kept the loop from turning for too long."""


class TookMemory(Interrupted):
    """It took too much memory while the loop did not turn."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Stall:
    """What is to be told once the loop turns again: a handler of signals must not log."""

    inside: Inside | None
    kind: str
    seconds: float
    place: str


class Watchdog:
    """Watches the running loop from `start` to `stop`; `limits` hold for code of the core.

    Does nothing outside the main thread, or where somebody else uses the timer's signal.
    """

    def __init__(self, limits: Limits, log: Log, failures: Failures) -> None:
        self._limits = limits
        self._log = log
        self._failures = failures
        self._stalls: list[_Stall] = []
        self._beat: asyncio.TimerHandle | None = None
        self._since = 0.0
        self._memory = 0.0

    def start(self) -> bool:
        """Whether it watches."""
        if not _possible():
            return False
        signal.signal(signal.SIGALRM, self._stuck)
        self._turned(asyncio.get_running_loop())
        return True

    def stop(self) -> None:
        if self._beat is not None:
            self._beat.cancel()
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, signal.SIG_DFL)
            self._beat = None

    def _turned(self, loop: asyncio.AbstractEventLoop) -> None:
        stalls, self._stalls = self._stalls, []
        for stall in stalls:
            self._tell(stall)
        self._begin_again()
        signal.setitimer(signal.ITIMER_REAL, STUCK_SECONDS, AGAIN_SECONDS)
        self._beat = loop.call_later(BEAT_SECONDS, self._turned, loop)

    def _begin_again(self) -> None:
        self._since, self._memory = time.monotonic(), _resident_mb()

    def _stuck(self, _signal: int, frame: FrameType | None) -> None:
        inside = INSIDE.get()
        error = self._excess(inside.limits if inside else self._limits)
        if error is None:
            return
        stall = _Stall(
            inside=inside,
            kind=error.__name__,
            seconds=round(time.monotonic() - self._since, 1),
            place=_place(frame),
        )
        if inside is None:
            self._stalls = [*(one for one in self._stalls if one.inside), stall]
            return
        self._stalls.append(stall)
        # It has as long again to clean up.
        self._begin_again()
        raise error

    def _excess(self, limits: Limits) -> type[Interrupted] | None:
        if _resident_mb() - self._memory > limits.memory_mb:
            return TookMemory
        return Blocked if time.monotonic() - self._since > limits.block_seconds else None

    def _tell(self, stall: _Stall) -> None:
        told = {"kind": stall.kind, "seconds": stall.seconds, "place": stall.place}
        if stall.inside is None:
            self._log.warning("loop_blocked", **told)
            return
        plugin, operation = stall.inside.plugin, stall.inside.operation
        self._log.error("plugin_blocked_the_loop", plugin=plugin, operation=operation, **told)
        self._failures.note(plugin, operation, stall.kind)


def _possible() -> bool:
    return (
        threading.current_thread() is threading.main_thread()
        and hasattr(signal, "setitimer")
        and signal.getsignal(signal.SIGALRM) is signal.SIG_DFL
    )


def _place(frame: FrameType | None) -> str:
    """The function in whose code the loop stands; unknown inside a greenlet."""
    if frame is None:
        return "unknown"
    name = frame.f_globals.get("__name__", "?")
    return f"{name}.{frame.f_code.co_name}:{frame.f_lineno}"


def _resident_mb() -> float:
    """The memory this process uses; 0 where the system does not say."""
    try:
        with open("/proc/self/statm", "rb") as file:
            pages = int(file.read().split()[1])
    except OSError:
        return 0.0
    return pages * os.sysconf("SC_PAGE_SIZE") / MIB
