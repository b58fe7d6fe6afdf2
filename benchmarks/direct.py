"""The engine's port without an engine: what was queued is called once the transaction commits."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from datetime import datetime
from typing import Any

from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncSession


class DirectEngine:
    """Nothing it holds survives the process; order within a conversation is the caller's affair."""

    alive = True

    def __init__(
        self,
        database: object,
        *,
        turn: Callable[[int, int], Awaitable[None]] | None = None,
        send: Callable[[int], Awaitable[None]] | None = None,
        poll_seconds: float = 0.0,
    ) -> None:
        self.due: object = None
        self._turn = turn
        self._send = send
        self._tasks: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        return

    async def stop(self) -> None:
        return

    async def schedule(
        self, session: AsyncSession, kind: str, key: str, at: datetime, now: datetime
    ) -> None:
        return

    async def enqueue_turn(
        self, session: AsyncSession, conversation_id: int, event_id: int, delay: float
    ) -> None:
        self._after_commit(session, self._turn, conversation_id, event_id)

    async def enqueue_send(
        self, session: AsyncSession, outbox_id: int, recipient: str, again: str = ""
    ) -> None:
        self._after_commit(session, self._send, outbox_id)

    def _after_commit(self, session: AsyncSession, work: Any, *ids: int) -> None:
        loop = asyncio.get_running_loop()

        def start(_: object) -> None:
            loop.call_soon(self._run, work(*ids))

        event.listen(session.sync_session, "after_commit", start, once=True)

    def _run(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
