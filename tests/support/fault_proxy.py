"""A TCP proxy in whose hands connections go wrong: the way to a server is in trouble, not it.

What Toxiproxy does for others, in a thread of the test's process.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
import threading
from collections.abc import AsyncIterator
from enum import StrEnum
from typing import Self

LATENCY_SECONDS, SLOW_CLOSE_SECONDS = 0.4, 3.0
CHUNK = 65536
# Closing with nothing to linger for sends RST instead of FIN.
RESET = struct.pack("ii", 1, 0)


class Fault(StrEnum):
    """What befalls connections, those that are open and those that are opened."""

    NONE = "none"
    LATENCY = "latency"
    RESET = "reset"
    BLACK_HOLE = "black_hole"
    SLOW_CLOSE = "slow_close"
    REFUSE = "refuse"


class FaultProxy:
    """Passes bytes to `host`:`port` from a port of its own, `self.port`, for its whole life."""

    def __init__(self, host: str, port: int) -> None:
        self._to = host, port
        self._fault = Fault.NONE
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.Task[None]] = set()
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = int(free.getsockname()[1])

    def __enter__(self) -> Self:
        self._thread.start()
        self._do(self._listen())
        return self

    def __exit__(self, *_: object) -> None:
        self._do(self._end())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    def be(self, fault: Fault) -> None:
        """From now on."""
        self._do(self._become(fault))

    def _do(self, work: object) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result(20)  # type: ignore[arg-type]

    async def _become(self, fault: Fault) -> None:
        was, self._fault = self._fault, fault
        if fault in (Fault.RESET, Fault.REFUSE):
            await self._cut()
        if fault is Fault.REFUSE:
            await self._stop_listening()
        elif was is Fault.REFUSE:
            await self._listen()
        if was is Fault.BLACK_HOLE:
            # What fell into it is lost: those who wait learn that at last.
            await self._cut()

    async def _listen(self) -> None:
        self._server = await asyncio.start_server(self._accepted, "127.0.0.1", self.port)

    async def _stop_listening(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None

    async def _end(self) -> None:
        await self._stop_listening()
        await self._cut()

    async def _cut(self) -> None:
        tasks = list(self._open)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _accepted(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._open.add(task)
        try:
            await self._carry(reader, writer)
        except (OSError, asyncio.CancelledError):
            _reset(writer)
        finally:
            self._open.discard(task)
            writer.close()

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._fault is Fault.RESET:
            _reset(writer)
            return
        there_reader, there_writer = await asyncio.open_connection(*self._to)
        try:
            async with asyncio.TaskGroup() as both:
                both.create_task(self._pass(reader, there_writer))
                both.create_task(self._pass(there_reader, writer))
        except* OSError:
            _reset(writer)
        finally:
            there_writer.close()

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One direction, until that side has no more to say."""
        async for part in _parts(reader):
            if self._fault is Fault.LATENCY:
                await asyncio.sleep(LATENCY_SECONDS)
            if self._fault is Fault.BLACK_HOLE:
                await asyncio.Event().wait()
            writer.write(part)
            await writer.drain()
        if self._fault is Fault.SLOW_CLOSE:
            await asyncio.sleep(SLOW_CLOSE_SECONDS)
        with contextlib.suppress(OSError):
            writer.write_eof()


async def _parts(reader: asyncio.StreamReader) -> AsyncIterator[bytes]:
    while part := await reader.read(CHUNK):
        yield part


def _reset(writer: asyncio.StreamWriter) -> None:
    inner = writer.get_extra_info("socket")
    if inner is not None:
        with contextlib.suppress(OSError):
            inner.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
    writer.transport.abort()
