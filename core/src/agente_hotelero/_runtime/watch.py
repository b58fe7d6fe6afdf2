"""Gauges of what waits and what was given up, read from the tables every few seconds."""

from __future__ import annotations

import asyncio
from datetime import datetime

from sqlalchemy.exc import SQLAlchemyError

from agente_hotelero._db import repository
from agente_hotelero._db.session import Database
from agente_hotelero._runtime.metrics import Metrics
from agente_hotelero.components import Clock, Log

EVERY_SECONDS = 5.0


class Watch:
    """Runs until stopped."""

    def __init__(self, database: Database, metrics: Metrics, clock: Clock, log: Log) -> None:
        self._database = database
        self._metrics = metrics
        self._clock = clock
        self._log = log
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._task = asyncio.create_task(self._run(), name="watch")

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self) -> None:
        while True:
            try:
                await self.look()
            except (SQLAlchemyError, OSError) as error:
                self._log.warning("watch_failed", error=type(error).__name__)
            await asyncio.sleep(EVERY_SECONDS)

    async def look(self) -> None:
        """Read once."""
        async with self._database.sessions() as session:
            queues = await repository.queues(session)
            dead = await repository.dead_counts(session)
        for queue, (depth, oldest) in queues.items():
            self._metrics.queue_depth.labels(queue).set(depth)
            self._metrics.queue_age.labels(queue).set(self._age(oldest))
        for kind, number in dead.items():
            self._metrics.dead_letters.labels(kind).set(number)

    def _age(self, oldest: datetime | None) -> float:
        return max((self._clock.now() - oldest).total_seconds(), 0.0) if oldest else 0.0
