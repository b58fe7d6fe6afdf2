"""Channels that fetch what comes: each account by one process at a time, again when it fails."""

from __future__ import annotations

import asyncio
import math
import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy.exc import SQLAlchemyError

from agente_hotelero._db import held
from agente_hotelero._db.guests import At
from agente_hotelero._db.session import Database
from agente_hotelero._runtime.accounts import Accounts
from agente_hotelero._runtime.guard import Guard, Walls, end
from agente_hotelero._runtime.leases import Leases
from agente_hotelero._runtime.metrics import Metrics
from agente_hotelero._runtime.tenants import Tenant
from agente_hotelero.components import Channel, Log
from agente_hotelero.errors import AuthFailed, HoteleroError, TemporaryError, Unavailable

LOOK_SECONDS = 2.0
FIRST_DELAY, LONGEST_DELAY = 1.0, 300.0
# Whoever ran for so long had got well in between.
STEADY_SECONDS = 60.0
STORAGE_AWAY = (SQLAlchemyError, OSError)


@dataclass(frozen=True, kw_only=True)
class _Pulled:
    """One account that is fetched from."""

    at: At
    channel: Channel[Any]
    guard: Guard

    @property
    def lease(self) -> str:
        return f"pull:{self.at.channel}:{self.at.account}"


@dataclass(kw_only=True)
class Pulling:
    """Runs `Channel.receive` of every account that has one, until stopped. `on` says whether a
    hotel has a channel switched on."""

    database: Database
    leases: Leases
    accounts: Accounts
    metrics: Metrics
    log: Log
    on: Callable[[str, str], bool]
    _tasks: list[asyncio.Task[None]] = field(default_factory=list)

    def start(self, tenants: Mapping[str, Tenant], walls: Walls) -> None:
        for tenant in tenants.values():
            for (plugin, account), (channel, _) in tenant.channels.items():
                if type(channel).receive is Channel.receive:
                    continue
                log = tenant.sections[plugin][1].log
                guard = walls.guard(plugin, log, timeout=math.inf, concurrency=1)
                at = At(tenant=tenant.id, channel=plugin, account=account)
                pulled = _Pulled(at=at, channel=channel, guard=guard)
                self._tasks.append(asyncio.create_task(self._run(pulled), name=pulled.lease))

    async def stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.leases.close()

    async def renew(self, tenants: Mapping[str, Tenant], walls: Walls) -> None:
        """Fetch by the channels as they are open now."""
        await self.stop()
        self._tasks.clear()
        self.start(tenants, walls)

    @property
    def alive(self) -> bool:
        return not any(task.done() for task in self._tasks)

    async def _run(self, one: _Pulled) -> None:
        failures = 0
        while True:
            self._shown(one, receiving=False)
            if not await self._may(one):
                await asyncio.sleep(LOOK_SECONDS)
                continue
            begun = time.monotonic()
            error = await self._receive(one)
            await self.leases.free(one.lease)
            if error is None:
                continue
            failures = 0 if time.monotonic() - begun > STEADY_SECONDS else failures + 1
            await self._after(one, error, failures)

    async def _may(self, one: _Pulled) -> bool:
        """Whether this process fetches from there now."""
        return self.on(one.at.tenant, one.at.channel) and await self.leases.take(one.lease)

    async def _receive(self, one: _Pulled) -> Exception | None:
        """Fetch until that fails, or it is not ours to do any more (None)."""
        self._shown(one, receiving=True)
        task = asyncio.create_task(one.guard.call("receive", one.channel.receive))
        try:
            while not task.done():
                await asyncio.wait([task], timeout=LOOK_SECONDS)
                ours = self.on(one.at.tenant, one.at.channel) and await self.leases.keeps(one.lease)
                if not ours and not task.done():
                    self.log.warning("receiving_given_up", **one.at.values())
                    return None
            return _ended(task)
        finally:
            if not task.done():
                await end(task)

    async def _after(self, one: _Pulled, error: Exception, failures: int) -> None:
        """Wait until it is worth another try."""
        self.log.warning(
            "receiving_failed", **one.at.values(), error=type(error).__name__, failures=failures
        )
        if isinstance(error, AuthFailed):
            await self._stopped(one, str(error))
            return
        if not isinstance(error, HoteleroError):
            raise error
        await asyncio.sleep(_delay(error, failures))

    async def _stopped(self, one: _Pulled, why: str) -> None:
        """The account is stopped, and told of once; return when it was resumed."""
        told = False
        while True:
            try:
                async with self.database.sessions() as session, session.begin():
                    if not told:
                        await self.accounts.stop(session, one.at, why)
                    at = one.at
                    if not await held.why_stopped(session, at.tenant, at.channel, at.account):
                        return
                told = True
            except STORAGE_AWAY as error:
                self.log.warning("storage_away", error=type(error).__name__)
            await asyncio.sleep(LOOK_SECONDS)

    def _shown(self, one: _Pulled, *, receiving: bool) -> None:
        at = one.at
        self.metrics.receiving.labels(at.tenant, at.channel, at.account).set(receiving)


def _ended(task: asyncio.Task[None]) -> Exception:
    """Why it ended. By itself it should not."""
    error = task.exception()
    return error if isinstance(error, Exception) else Unavailable("it ended by itself")


def _delay(error: HoteleroError, failures: int) -> float:
    """Seconds before the next try: what the other side asked, else doubling, with jitter."""
    asked = error.retry_after if isinstance(error, TemporaryError) else None
    base = FIRST_DELAY * 2 ** min(failures - 1, 10) if asked is None else asked
    jitter = random.uniform(0.8, 1.2)  # noqa: S311 - spreading load, not keeping a secret
    return float(min(max(base, FIRST_DELAY), LONGEST_DELAY) * jitter)
