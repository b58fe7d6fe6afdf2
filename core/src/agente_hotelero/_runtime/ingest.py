"""The way in: raw bodies are on disk before anybody is told so.

One writer; each transaction takes whatever has queued (group commit), which costs a
fraction of a transaction per request. It has a thread of its own: one hop there and back a
group, where an asynchronous driver takes several a statement.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from sqlalchemy import Connection, Engine, insert
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from agente_hotelero._db.models import RAW, RawState
from agente_hotelero._runtime import failpoints
from agente_hotelero.components import Clock
from agente_hotelero.errors import Unavailable

BATCH = 500
COMMIT_TIMEOUT = 8.0
# Where several came at once, more are on their way: a transaction costs more than so short a wait.
GATHER_SECONDS = 0.002


@dataclass(frozen=True, slots=True)
class _Waiting:
    row: dict[str, object]
    written: asyncio.Future[None]


class RawWriter:
    """Commits raw bodies in groups; `stored` is set after each commit to wake the relay."""

    def __init__(self, engine: Engine, clock: Clock) -> None:
        self.stored = asyncio.Event()
        self._engine = engine
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="raw-writer")
        self._clock = clock
        self._connection: Connection | None = None
        self._queue: asyncio.Queue[_Waiting] = asyncio.Queue(maxsize=10_000)
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._task = asyncio.create_task(self._run(), name="raw-writer")

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        await asyncio.get_running_loop().run_in_executor(self._thread, self._close)
        self._thread.shutdown(wait=False)

    @property
    def alive(self) -> bool:
        return self._task is not None and not self._task.done()

    async def put(
        self, channel: str, accounts: Sequence[str], body: bytes, trace: str = ""
    ) -> None:
        """Return once the body is committed. Raises Unavailable when it cannot be."""
        loop = asyncio.get_running_loop()
        written: asyncio.Future[None] = loop.create_future()
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
        slow = Unavailable("storage is too slow")
        late = loop.call_later(COMMIT_TIMEOUT, _settle, written, slow)
        try:
            await written
        finally:
            late.cancel()

    async def _run(self) -> None:
        last = 0
        while True:
            group = [await self._queue.get()]
            if last > 1:
                await asyncio.sleep(GATHER_SECONDS)
            while len(group) < BATCH and not self._queue.empty():
                group.append(self._queue.get_nowait())
            await self._commit([item for item in group if not item.written.done()])
            last = len(group)

    async def _commit(self, group: list[_Waiting]) -> None:
        if not group:
            return
        loop = asyncio.get_running_loop()
        try:
            await loop.run_in_executor(self._thread, self._insert, [item.row for item in group])
        except (SQLAlchemyError, OSError) as error:
            for item in group:
                _settle(item.written, Unavailable(f"storage: {type(error).__name__}"))
            return
        for item in group:
            _settle(item.written, None)
        self.stored.set()

    def _insert(self, rows: list[dict[str, object]]) -> None:
        """On a connection of our own: an answer to a provider waits for nobody's place in a pool.

        Once more where the database was away since the last time: a body that is stored twice is
        read once, by the keys of its events.
        """
        if self._connection is None:
            self._connection = self._engine.connect()
        try:
            _commit_rows(self._connection, rows)
        except DBAPIError as error:
            if not error.connection_invalidated:
                raise
            _commit_rows(self._connection, rows)

    def _close(self) -> None:
        if self._connection is not None:
            self._connection.close()


def _commit_rows(connection: Connection, rows: list[dict[str, object]]) -> None:
    with connection.begin():
        connection.execute(insert(RAW), rows)
        failpoints.reached("raw.before_commit")
    failpoints.reached("raw.after_commit")


def new_trace() -> str:
    """What names a message from its webhook to its receipt: 32 hexadecimal digits, as in W3C's
    trace context."""
    return secrets.token_hex(16)


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
