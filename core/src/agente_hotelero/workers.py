"""Processes that do what must not be done on the loop: heavy, native, or with hostile input.

A worker does one thing at a time, and a few callers may wait. It is killed when it takes too long,
cannot take more memory than it may, and is started anew when it is needed again.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from agente_hotelero import errors
from agente_hotelero.errors import HoteleroError, TemporaryError, Throttled, Unavailable

Head = dict[str, Any]
Work = Callable[[Head, bytes], tuple[Head, bytes]]
LARGEST = 256 * 1024 * 1024
START_SECONDS = 60.0
NICE = 10
# What the other side may raise; nothing else of it is believed.
KNOWN = ("BadMedia", "Rejected", "Unsupported", "Unavailable", "NotFound")


@dataclass(kw_only=True)
class Worker:
    """A process that runs ``module:factory``.

    The factory is called once, in the process, with `settings` (JSON), and returns what does the
    work: from a head (JSON) and a body to a head and a body. `memory_mb` bounds what it allocates,
    `waiting` how many callers may wait while it works.
    """

    factory: str
    settings: Mapping[str, object] = field(default_factory=dict)
    memory_mb: int = 1024
    waiting: int = 2
    _process: Process | None = None
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    _inside: int = 0
    _last: float = 1.0

    @property
    def pid(self) -> int | None:
        """Of the process, while there is one."""
        running = self._process is not None and self._process.returncode is None
        return self._process.pid if running and self._process else None

    async def call(
        self, head: Mapping[str, object], body: bytes = b"", *, within: float
    ) -> tuple[Head, bytes]:
        """What the process answers, within so many seconds of its own time.

        Raises Throttled when too many wait, Unavailable when it is too slow or dies, and what the
        work raised of our own errors.
        """
        if self._inside > self.waiting:
            raise Throttled("too many wait", retry_after=self._last * self._inside)
        self._inside += 1
        try:
            async with self._turn:
                return await self._alone(head, body, within)
        finally:
            self._inside -= 1

    async def aclose(self) -> None:
        """End the process, whatever it does."""
        process, self._process = self._process, None
        if process is not None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()
            # Its pipes are closed by the loop's next turns.
            await asyncio.sleep(0)

    async def start(self) -> None:
        """Have the process ready, its model loaded."""
        async with self._turn:
            await self._ready()

    async def _alone(
        self, head: Mapping[str, object], body: bytes, within: float
    ) -> tuple[Head, bytes]:
        process = await self._ready()
        begun = asyncio.get_running_loop().time()
        try:
            async with asyncio.timeout(within):
                answer, found = await _ask(process, {**head, "op": "work"}, body)
        except (TimeoutError, OSError, EOFError, ValueError) as error:
            await self.aclose()
            raise Unavailable(_why(error)) from error
        except asyncio.CancelledError:
            # What it does now is nobody's any more, and its answer would be taken for the next.
            await asyncio.shield(self.aclose())
            raise
        self._last = max(asyncio.get_running_loop().time() - begun, 0.1)
        if "error" in answer:
            raise _raised(answer)
        return answer, found

    async def _ready(self) -> Process:
        if self._process is not None and self._process.returncode is None:
            return self._process
        await self.aclose()
        command = (sys.executable, "-m", "agente_hotelero.workers", self.factory)
        # As much of the environment as a program needs, and none of our secrets.
        kept = {key: os.environ[key] for key in ("PATH", "LANG", "TMPDIR") if key in os.environ}
        paths = os.pathsep.join(path for path in sys.path if path)
        process = self._process = await asyncio.create_subprocess_exec(
            *command,
            stdin=PIPE,
            stdout=PIPE,
            stderr=DEVNULL,
            env={**kept, "PYTHONPATH": paths, "MALLOC_ARENA_MAX": "2"},
        )
        hello = {"settings": dict(self.settings), "memory_mb": self.memory_mb}
        try:
            async with asyncio.timeout(START_SECONDS):
                answer, _ = await _ask(process, hello, b"")
        except (TimeoutError, OSError, EOFError, ValueError) as error:
            await self.aclose()
            raise Unavailable(f"a worker did not start: {_why(error)}") from error
        except asyncio.CancelledError:
            await asyncio.shield(self.aclose())
            raise
        if "error" in answer:
            await self.aclose()
            raise _raised(answer)
        return process


async def _ask(process: Process, head: Head, body: bytes) -> tuple[Head, bytes]:
    if process.stdin is None or process.stdout is None:
        raise EOFError
    process.stdin.write(_frame(head, body))
    await process.stdin.drain()
    sizes = await process.stdout.readexactly(8)
    head_size, body_size = int.from_bytes(sizes[:4]), int.from_bytes(sizes[4:])
    if head_size + body_size > LARGEST:
        raise ValueError("too large an answer")
    answer = json.loads(await process.stdout.readexactly(head_size))
    return dict(answer), await process.stdout.readexactly(body_size)


def _frame(head: Mapping[str, object], body: bytes) -> bytes:
    text = json.dumps(head).encode()
    return len(text).to_bytes(4) + len(body).to_bytes(4) + text + body


def _raised(answer: Head) -> Exception:
    """The error of our own that the work raised; anything else is a mistake in its code."""
    name, message = str(answer["error"]), str(answer.get("message", ""))
    if name not in KNOWN:
        return RuntimeError(f"a worker raised {name}")
    if name == "BadMedia":
        return errors.BadMedia(message, too_long=bool(answer.get("too_long")))
    kind: type[HoteleroError] = getattr(errors, name)
    return kind(message)


def _why(error: BaseException) -> str:
    if isinstance(error, TimeoutError):
        return "it took too long and was killed"
    return f"its process died ({type(error).__name__})"


# ── inside the process ───────────────────────────────────────────────────────────────────────────


def main(factory: str) -> None:
    """Answer one request after another, until nobody asks any more."""
    requests, answers = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    # Whatever a library prints must not be taken for an answer.
    os.dup2(2, 1)
    _die_with_parent()
    # The loop, which has little to do, goes before a model, which takes all there is.
    os.nice(NICE)
    hello, _ = _next(requests)
    try:
        work = _made(factory, hello)
        _answer(answers, {}, b"")
    except (Exception, SystemExit) as error:
        _answer(answers, _told(error), b"")
        return
    while True:
        try:
            head, body = _next(requests)
        except EOFError:
            return
        try:
            _answer(answers, *work(head, body))
        except Exception as error:
            _answer(answers, _told(error), b"")


def _made(factory: str, hello: Head) -> Work:
    import importlib

    _bound_memory(int(hello["memory_mb"]))
    module, _, name = factory.partition(":")
    made: Work = getattr(importlib.import_module(module), name)(**hello["settings"])
    return made


def _bound_memory(megabytes: int) -> None:
    import resource

    most = megabytes * 1024 * 1024
    resource.setrlimit(resource.RLIMIT_DATA, (most, most))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _die_with_parent() -> None:
    """Nobody is left behind when the agent is killed. Linux only; elsewhere the pipe's end does."""
    import ctypes
    import signal

    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)


def _told(error: BaseException) -> Head:
    kind = next((one.__name__ for one in type(error).__mro__ if one.__name__ in KNOWN), "")
    if isinstance(error, MemoryError | TemporaryError):
        kind = "Unavailable"
    told: Head = {"error": kind or type(error).__name__, "message": str(error)}
    return told | {"too_long": getattr(error, "too_long", False)}


def _next(requests: Any) -> tuple[Head, bytes]:
    sizes = _exactly(requests, 8)
    head_size, body_size = int.from_bytes(sizes[:4]), int.from_bytes(sizes[4:])
    return json.loads(_exactly(requests, head_size)), _exactly(requests, body_size)


def _exactly(requests: Any, size: int) -> bytes:
    found = requests.read(size)
    if len(found) < size:
        raise EOFError
    return bytes(found)


def _answer(answers: Any, head: Mapping[str, object], body: bytes) -> None:
    answers.write(_frame(head, body))
    answers.flush()


if __name__ == "__main__":
    main(sys.argv[1])
