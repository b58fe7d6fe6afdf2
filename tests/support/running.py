"""A whole agent behind a real port, in a thread of the test's process."""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from collections.abc import Coroutine
from typing import Any, Self, TypeVar

import uvicorn
from agente_hotelero._db.models import (
    EventState,
    Outbox,
    OutboxState,
    RawState,
    event_,
    outbox_,
    raw_,
)
from agente_hotelero._runtime.agent import Agent
from agente_hotelero.app import create_app
from agente_hotelero.config import Settings
from agente_hotelero.testing import SettableClock
from sqlalchemy import or_, select

T = TypeVar("T")
START_SECONDS = 30
PATIENCE = 30
SETTLE_SECONDS = 0.02


class RunningAgent:
    """Serves `settings` at `url` while the context is open; `do` runs a coroutine inside it."""

    def __init__(self, settings: Settings, clock: SettableClock) -> None:
        self.clock = clock
        self._app = create_app(settings, clock=clock)
        config = uvicorn.Config(self._app, port=0, log_config=None, access_log=False, lifespan="on")
        self._server = uvicorn.Server(config)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self.url = ""

    def _serve(self) -> None:
        async def main() -> None:
            self._loop = asyncio.get_running_loop()
            await self._server.serve()

        # uvicorn leaves by SystemExit when the application cannot start.
        with contextlib.suppress(SystemExit):
            asyncio.run(main())

    def __enter__(self) -> Self:
        self._thread.start()
        deadline = time.monotonic() + START_SECONDS
        while not self._server.started:
            if not self._thread.is_alive() or time.monotonic() > deadline:
                raise RuntimeError("the agent did not start")
            time.sleep(0.02)
        port = self._server.servers[0].sockets[0].getsockname()[1]
        self.url = f"http://127.0.0.1:{port}"
        return self

    def __exit__(self, *_: object) -> None:
        self._server.should_exit = True
        self._thread.join(START_SECONDS)

    @property
    def agent(self) -> Agent:
        agent: Agent = self._app.state.agent
        return agent

    def do(self, work: Coroutine[Any, Any, T]) -> T:
        assert self._loop is not None
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(PATIENCE)

    def settle(self, patience: float = PATIENCE) -> None:
        """Return when nothing waits to be relayed, answered or sent."""
        deadline = time.monotonic() + patience
        while self.do(self._unsettled()):
            if time.monotonic() > deadline:
                raise TimeoutError("the agent is still busy")
            time.sleep(SETTLE_SECONDS)

    async def _unsettled(self) -> bool:
        busy = (OutboxState.QUEUED, OutboxState.SENDING)
        waiting = (
            select(raw_.id).where(raw_.state == RawState.NEW),
            select(event_.id).where(event_.state == EventState.WAITING),
            select(outbox_.id).where(outbox_.state.in_(busy)),
        )
        async with self.agent.database.sessions() as session:
            return bool(await session.scalar(select(or_(*(one.exists() for one in waiting)))))

    async def outbox(self, tenant: str, address: str) -> list[Outbox]:
        """What was said to a guest of a hotel, in order."""
        query = select(Outbox).where(outbox_.tenant == tenant, outbox_.address == address)
        async with self.agent.database.sessions() as session:
            return list((await session.scalars(query.order_by(outbox_.id))).all())
