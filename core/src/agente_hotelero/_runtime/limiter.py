"""Rate limits: shared through Redis where it is set; local otherwise, and while it is away."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from contextlib import suppress
from typing import Any

from limits import RateLimitItem, RateLimitItemPerMinute, RateLimitItemPerSecond
from limits.aio.storage import RedisStorage
from limits.aio.strategies import MovingWindowRateLimiter
from redis.asyncio import ConnectionPool, Redis

from agente_hotelero._runtime.metrics import Metrics
from agente_hotelero._runtime.redis_link import TIMEOUT, RedisAway, RedisLink
from agente_hotelero.components import Log

LONGEST_PAUSE = 0.2
MINUTE = 60.0
DAY = 86_400.0


class LocalWindows:
    """Moving windows in memory, O(1) a hit (decision 008: the library's own looks at all keys).

    Two generations: what was not hit for a whole window is dropped with the older one.
    """

    def __init__(self, longest: float = MINUTE) -> None:
        self._longest = longest
        self._young: dict[tuple[str, ...], deque[float]] = {}
        self._old: dict[tuple[str, ...], deque[float]] = {}
        self._turned = time.monotonic()

    def hit(self, most: int, seconds: float, names: tuple[str, ...], cost: int = 1) -> bool:
        """Whether this is within so many a window; counts it if so."""
        now = time.monotonic()
        if now - self._turned > self._longest:
            self._old, self._young, self._turned = self._young, {}, now
        stamps = self._young.get(names)
        if stamps is None:
            stamps = self._young[names] = self._old.pop(names, deque())
        while stamps and stamps[0] <= now - seconds:
            stamps.popleft()
        if len(stamps) + cost > most:
            return False
        stamps.extend([now] * cost)
        return True


class Limiter:
    """Moving windows over any names. Redis going away is reported, never an outage."""

    def __init__(self, redis_url: str | None, *, log: Log, metrics: Metrics) -> None:
        self._local = LocalWindows()
        self._local_long = LocalWindows(DAY)
        self._pool: ConnectionPool | None = None
        self._shared = self._connect(redis_url) if redis_url else None
        self._link = RedisLink(log, metrics.limits_degraded.set)

    def _connect(self, redis_url: str) -> MovingWindowRateLimiter:
        self._pool = ConnectionPool.from_url(
            redis_url, socket_timeout=TIMEOUT, socket_connect_timeout=TIMEOUT
        )
        pool: Any = self._pool
        storage = RedisStorage(
            f"async+{redis_url}",
            implementation="redispy",
            key_prefix="hotelero",
            connection_pool=pool,
        )
        return MovingWindowRateLimiter(storage)

    async def close(self) -> None:
        if self._pool is not None:
            await self._pool.aclose()

    async def look(self) -> None:
        """Whether Redis, where it is set, is there: a process that limits nothing just now would
        not notice that it went, or that it is back."""
        if self._pool is not None:
            with suppress(RedisAway):
                await self._link.ask(Redis(connection_pool=self._pool).ping)

    async def allow_per_minute(self, most: int, *names: str) -> bool:
        """Whether this is within so many a minute of whatever the names name; counts it if so."""
        return await self._hit(RateLimitItemPerMinute(most), names)

    async def pause_per_second(self, most: int, *names: str) -> None:
        """Return when it is within so many a second."""
        item = RateLimitItemPerSecond(most)
        while not await self._hit(item, names):  # noqa: ASYNC110 - other processes count too
            await asyncio.sleep(min(1 / most, LONGEST_PAUSE))

    async def take(self, cost: int, most: int, seconds: int, *names: str) -> bool:
        """Whether so many units are left of so many in any window of so many seconds, up to a day;
        takes them if so."""
        return await self._hit(RateLimitItemPerSecond(most, seconds), names, cost)

    async def _hit(self, item: RateLimitItem, names: tuple[str, ...], cost: int = 1) -> bool:
        shared = self._shared
        if shared is not None:
            with suppress(RedisAway):
                return await self._link.ask(lambda: shared.hit(item, *names, cost=cost))
        seconds = item.get_expiry()
        local = self._local if seconds <= MINUTE else self._local_long
        return local.hit(item.amount, seconds, names, cost)
