"""The way in: raw bodies are on disk before anybody is told so.

One writer; each transaction takes whatever has queued (group commit), which costs a
fraction of a transaction per request.
"""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import insert
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine

from agente_hotelero._db.models import InboxRaw, RawState
from agente_hotelero._runtime import failpoints
from agente_hotelero.components import Clock
from agente_hotelero.errors import Unavailable

BATCH = 500
COMMIT_TIMEOUT = 8.0


@dataclass(frozen=True, slots=True)
class _Waiting:
    row: dict[str, object]
    written: asyncio.Future[None]


class RawWriter:
    """Commits raw bodies in groups; `stored` is set after each commit to wake the relay."""

    def __init__(self, engine: AsyncEngine, clock: Clock) -> None:
        self.stored = asyncio.Event()
        self._engine = engine
        self._clock = clock
        self._queue: asyncio.Queue[_Waiting] = asyncio.Queue(maxsize=10_000)
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._task = asyncio.create_task(self._run(), name="raw-writer")

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    @property
    def alive(self) -> bool:
        return self._task is not None and not self._task.done()

    async def put(
        self, channel: str, accounts: Sequence[str], body: bytes, trace: str = ""
    ) -> None:
        """Return once the body is committed. Raises Unavailable when it cannot be."""
        written: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        row = {
            "channel": channel,
            "accounts": list(accounts),
            "body": body,
            "received_at": self._clock.now(),
            "state": RawState.NEW,
            "error": "",
            "trace": trace or new_trace(),
        }
        try:
            self._queue.put_nowait(_Waiting(row, written))
        except asyncio.QueueFull:
            raise Unavailable("the inbox is full") from None
        try:
            await asyncio.wait_for(written, COMMIT_TIMEOUT)
        except TimeoutError:
            raise Unavailable("storage is too slow") from None

    async def _run(self) -> None:
        while True:
            group = [await self._queue.get()]
            while len(group) < BATCH and not self._queue.empty():
                group.append(self._queue.get_nowait())
            await self._commit([item for item in group if not item.written.done()])

    async def _commit(self, group: list[_Waiting]) -> None:
        if not group:
            return
        try:
            async with self._engine.begin() as connection:
                await connection.execute(insert(InboxRaw), [item.row for item in group])
                failpoints.reached("raw.before_commit")
            failpoints.reached("raw.after_commit")
        except (SQLAlchemyError, OSError) as error:
            for item in group:
                _settle(item.written, Unavailable(f"storage: {type(error).__name__}"))
            return
        for item in group:
            _settle(item.written, None)
        self.stored.set()


def new_trace() -> str:
    """What names a message from its webhook to its receipt: 32 hexadecimal digits, as in W3C's
    trace context."""
    return uuid.uuid4().hex


def _settle(written: asyncio.Future[None], error: Exception | None) -> None:
    if written.done():
        return
    if error is None:
        written.set_result(None)
    else:
        written.set_exception(error)


class AccountInbox:
    """What `Services.inbox` lends: the writer bound to one plugin."""

    def __init__(self, writer: RawWriter, channel: str) -> None:
        self._writer = writer
        self._channel = channel

    async def put(self, account: str, body: bytes) -> None:
        await self._writer.put(self._channel, [account], body)
