"""Periodic work: due times in the hotel's zone, run once per cluster, whatever crashes.

Each due time is one entry of the engine, named by job and instant; whoever runs it queues the next.
Planning again at every start changes nothing, since the names are the same.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import pickle
import signal
import sys
from asyncio.subprocess import Process
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError
from sqlalchemy import delete

from agente_hotelero._db import held, subscriptions
from agente_hotelero._db.models import RAW, RawState, raw_
from agente_hotelero._db.session import Database
from agente_hotelero._runtime.engine import Engine
from agente_hotelero._runtime.guard import Guard, Walls
from agente_hotelero._runtime.metrics import Metrics
from agente_hotelero._runtime.plugins import Plugins
from agente_hotelero._runtime.tenants import Tenant
from agente_hotelero.components import Clock, Job, Log, Services
from agente_hotelero.config import Settings
from agente_hotelero.errors import ConfigError, HoteleroError, Unavailable

KIND = "job"
RETENTION, BACKUP = "core/retention", "core/backup"
JOB_TIMEOUT = 600.0
BACKUP_SECONDS = 3 * 3600.0
# With the grace times of the server and the engine less than what a container is given to stop.
ENDING_SECONDS = 8.0


@dataclass(frozen=True, kw_only=True)
class Planned:
    """A job of one tenant; `zone` is where its clock hangs."""

    cron: str
    zone: ZoneInfo
    run: Callable[[], Awaitable[None]]

    def next_after(self, instant: datetime) -> datetime:
        """The next due time, UTC. In a night that skips or repeats an hour it is still one."""
        local = next(CronSim(self.cron, instant.astimezone(self.zone)))
        return local.astimezone(UTC)


@dataclass(kw_only=True)
class Jobs:
    """Plans and runs them."""

    planned: Mapping[str, Planned]
    engine: Engine
    database: Database
    clock: Clock
    log: Log
    metrics: Metrics
    _running: set[asyncio.Task[None]] = field(default_factory=set)

    async def plan(self) -> None:
        """See that each job's next due time is in the engine."""
        for name, job in self.planned.items():
            await self._plan(name, job, self.clock.now())

    async def due(self, key: str, at: datetime) -> None:
        """Run what is due, and plan its next time; a job that is gone is let go."""
        name = key.removeprefix(f"{KIND}:").rpartition("@")[0]
        job = self.planned.get(name)
        if job is None:
            return
        outcome = "ok"
        try:
            await self._run(job)
        except HoteleroError as error:
            outcome = type(error).__name__
            self.log.exception("job_failed", job=name)
        self.metrics.jobs.labels(name.split("@")[0], outcome).inc()
        await self._plan(name, job, max(at, self.clock.now()))

    async def stop(self) -> None:
        """Cancel what still runs: it is taken up by another process, or at the next start."""
        running = list(self._running)
        for task in running:
            task.cancel()
        if running:
            await asyncio.wait(running, timeout=ENDING_SECONDS + 1)

    async def _run(self, job: Planned) -> None:
        task = asyncio.ensure_future(job.run())
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        await task

    async def _plan(self, name: str, job: Planned, after: datetime) -> None:
        at = job.next_after(after)
        async with self.database.sessions() as session, session.begin():
            await self.engine.schedule(
                session, KIND, f"{name}@{at.isoformat()}", at, self.clock.now()
            )


def of_plugins(plugins: Plugins, tenants: Mapping[str, Tenant], walls: Walls) -> dict[str, Planned]:
    """Each plugin's jobs, for every tenant that uses it. Raises ConfigError for a bad cron."""
    planned: dict[str, Planned] = {}
    for plugin, jobs in plugins.listed("register_jobs", lambda one: isinstance(one, Job)).items():
        for tenant in tenants.values():
            if plugin in tenant.sections:
                services = tenant.sections[plugin][1]
                wall = walls.guard(plugin, services.log, timeout=JOB_TIMEOUT, concurrency=1)
                planned |= _of_tenant(plugin, jobs, services, wall)
    return planned


def _of_tenant(
    plugin: str, jobs: Sequence[Job], services: Services, wall: Guard
) -> dict[str, Planned]:
    planned = {}
    for job in jobs:
        try:
            CronSim(job.cron, datetime.now(UTC))
        except CronSimError as error:
            raise ConfigError.at(f"plugins.{plugin}", f"job {job.name}: {error}") from None
        planned[f"{plugin}/{job.name}/{services.tenant}"] = Planned(
            cron=job.cron, zone=services.time_zone, run=_guarded(wall, job, services)
        )
    return planned


def _guarded(wall: Guard, job: Job, services: Services) -> Callable[[], Awaitable[None]]:
    async def run() -> None:
        await wall.call(job.name, lambda: job.run(services))

    return run


def retention(
    database: Database,
    engine: Engine,
    clock: Clock,
    *,
    raw_days: int,
    dead_days: int,
    held_days: int,
    engine_days: int,
) -> Planned:
    """The core's own job: forget raw bodies, deliveries to subscribers and the engine's records
    once they served, or after `dead_days` if they never did, and give up what was held too long.
    Events and their keys stay: a repetition is known for ever."""

    async def run() -> None:
        now = clock.now()
        served, dead = now - timedelta(days=raw_days), now - timedelta(days=dead_days)
        async with database.sessions() as session, session.begin():
            for state, before in ((RawState.DONE, served), (RawState.DEAD, dead)):
                old = (raw_.state == state, raw_.received_at < before)
                await session.execute(delete(RAW).where(*old))
            await subscriptions.forget(session, served, dead)
            await held.expire(session, now - timedelta(days=held_days), now)
        while await engine.forget(now - timedelta(days=engine_days)):
            pass

    return Planned(cron="10 4 * * *", zone=ZoneInfo("UTC"), run=run)


def backup(settings: Settings) -> Planned:
    """The core's other job: a backup made and proved, by a process of its own."""

    async def run() -> None:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "agente_hotelero._backup"),
            stdin=asyncio.subprocess.PIPE,
            start_new_session=True,
        )
        try:
            async with asyncio.timeout(BACKUP_SECONDS):
                await process.communicate(pickle.dumps(settings))
        except TimeoutError:
            raise Unavailable("the backup took too long") from None
        finally:
            await _end(process)
        if process.returncode:
            raise Unavailable("the backup failed")

    return Planned(cron=settings.backup_cron, zone=ZoneInfo("UTC"), run=run)


async def _end(process: Process) -> None:
    """It and the programs that it runs are told to end, and killed if it has not some seconds
    later: what it makes for itself, it takes away. Nothing happens where it has ended already."""
    try:
        _signal(process, signal.SIGTERM)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(ENDING_SECONDS):
                await process.wait()
    finally:
        _signal(process, signal.SIGKILL)
        await process.wait()


def _signal(process: Process, what: signal.Signals) -> None:
    """To its process group, as long as it runs."""
    if process.returncode is None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, what)
