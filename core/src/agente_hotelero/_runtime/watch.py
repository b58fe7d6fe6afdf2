"""Gauges of what waits, what was given up, what is backed up and what room is left, read every few
seconds."""

from __future__ import annotations

import asyncio
import itertools
import shutil
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy.exc import SQLAlchemyError

from agente_hotelero._db import backups, held, journeys, repository
from agente_hotelero._db.backups import BackupRun
from agente_hotelero._db.session import Database
from agente_hotelero._runtime.limiter import Limiter
from agente_hotelero._runtime.metrics import Metrics
from agente_hotelero.components import Clock, Log
from agente_hotelero.config import Settings

EVERY_SECONDS = 5.0
# What is counted over a month is counted once a minute.
LOOKS_A_MINUTE = 12
MONTH = timedelta(days=30)


class Watch:
    """Runs until stopped."""

    def __init__(
        self,
        database: Database,
        metrics: Metrics,
        clock: Clock,
        log: Log,
        accounts: Sequence[tuple[str, str, str]],
        settings: Settings,
        limiter: Limiter,
    ) -> None:
        """`accounts` are (tenant, channel, account)."""
        self._accounts = accounts
        self._database = database
        self._metrics = metrics
        self._clock = clock
        self._limiter = limiter
        self._log = log
        self._backs_up = settings.backup_folder is not None
        self._folders = folders(settings, database)
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._task = asyncio.create_task(self._run(), name="watch")

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self) -> None:
        for number in itertools.count():
            await self._limiter.look()
            try:
                await self.look()
                if number % LOOKS_A_MINUTE == 0:
                    await self.look_back()
                self._metrics.database_up.set(1)
            except (SQLAlchemyError, OSError) as error:
                self._metrics.database_up.set(0)
                self._log.warning("watch_failed", error=type(error).__name__)
            await asyncio.sleep(EVERY_SECONDS)

    async def look(self) -> None:
        """Read once."""
        async with self._database.sessions() as session:
            queues = await repository.queues(session)
            dead = await repository.dead_counts(session)
            waiting = await held.count(session)
            stopped = {(one.channel, one.account) for one in await held.stopped(session)}
            made = await backups.last_made(session)
            proved = await backups.last_verified(session)
        for queue, (depth, oldest) in queues.items():
            self._metrics.queue_depth.labels(queue).set(depth)
            self._metrics.queue_age.labels(queue).set(self._age(oldest))
        self._metrics.held.set(waiting)
        for tenant, channel, account in self._accounts:
            up = (channel, account) not in stopped
            self._metrics.account_up.labels(tenant, channel, account).set(up)
        for kind, number in dead.items():
            self._metrics.dead_letters.labels(kind).set(number)
        if self._backs_up or made:
            self._of_backups(made, proved)
        for name, folder in self._folders.items():
            self._metrics.disk_free.labels(name).set(free_part(folder))

    async def look_back(self) -> None:
        """Count what became of the last month's unasked messages."""
        async with self._database.sessions() as session:
            found = await journeys.outcomes(session, self._clock.now() - MONTH)
        gauge = self._metrics.unasked_month
        gauge.clear()
        for row in found:
            labels = [row.pop(name) for name in ("tenant", "journey", "template", "channel")]
            for outcome, number in row.items():
                gauge.labels(*labels, outcome).set(number)

    def _of_backups(self, made: BackupRun | None, proved: BackupRun | None) -> None:
        """Where there should be some and is none, 0: as old as can be."""
        self._metrics.backup_made.set(made.made_at.timestamp() if made else 0)
        self._metrics.backup_verified.set(proved.made_at.timestamp() if proved else 0)
        if proved:
            self._metrics.backup_restore.set(proved.restore_seconds)

    def _age(self, oldest: datetime | None) -> float:
        return max((self._clock.now() - oldest).total_seconds(), 0.0) if oldest else 0.0


def folders(settings: Settings, database: Database) -> Mapping[str, Path]:
    """Those that grow on disks of this machine."""
    found = {"database": database.path.parent} if database.path else {}
    for name, where in (("media", settings.media_store), ("backups", settings.backup_folder)):
        if where and not where.startswith("s3://"):
            found[name] = Path(where)
    return found


def free_part(folder: Path) -> float:
    """Of the disk on which a folder is, or will be made."""
    here = folder.resolve()
    there = next(one for one in (here, *here.parents) if one.exists())
    usage = shutil.disk_usage(there)
    return usage.free / usage.total
