"""What a PMS said that seldom changes: in memory, and shared through Redis where that is set.

Keys begin with tenant, plugin and property, always. Offers and prices are never kept.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Hashable, Sequence
from contextlib import suppress
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError
from redis.asyncio import Redis

from agente_hotelero._runtime.redis_link import TIMEOUT, RedisAway, RedisLink
from agente_hotelero.components import Log
from agente_hotelero.stays import Property, RoomType

T = TypeVar("T")
Key = tuple[str, ...]
FORMS: dict[str, TypeAdapter[Any]] = {
    "properties": TypeAdapter(Sequence[Property]),
    "room_types": TypeAdapter(Sequence[RoomType]),
}
OPERATION = 3


class SharedStore:
    """Redis as a cache: away, it is as if it held nothing."""

    def __init__(self, redis_url: str, log: Log) -> None:
        self._redis = Redis.from_url(
            redis_url, socket_timeout=TIMEOUT, socket_connect_timeout=TIMEOUT
        )
        self._link = RedisLink(log)

    async def get(self, key: Key) -> Any:
        """The value, or None; so is one that another release wrote and this one cannot read."""
        try:
            raw = await self._link.ask(lambda: self._redis.get(_name(key)))
            return FORMS[key[OPERATION]].validate_json(raw) if raw else None
        except (RedisAway, ValidationError):
            return None

    async def put(self, key: Key, value: Any, seconds: float) -> None:
        raw, life = FORMS[key[OPERATION]].dump_json(value), max(1, int(seconds * 1000))
        with suppress(RedisAway):
            await self._link.ask(lambda: self._redis.set(_name(key), raw, px=life))

    async def close(self) -> None:
        await self._redis.aclose()


class StaticCache:
    """Fresh for so many seconds; older values are kept for when the PMS is away."""

    def __init__(self, seconds: float, shared: SharedStore | None = None) -> None:
        self._seconds = seconds
        self._shared = shared
        self._held: dict[Key, tuple[float, Any]] = {}

    async def get(self, key: Key) -> Any:
        """What is fresh here or in the shared store; None if neither."""
        stamp, value = self._held.get(key, (0.0, None))
        if value is not None and time.monotonic() - stamp < self._seconds:
            return value
        return await self._shared.get(key) if self._shared and self._seconds else None

    def stale(self, key: Key) -> Any:
        """What was last known here, however old; None if nothing."""
        return self._held.get(key, (0.0, None))[1]

    async def put(self, key: Key, value: Any) -> None:
        self._held[key] = (time.monotonic(), value)
        if self._shared and self._seconds:
            await self._shared.put(key, value, self._seconds)


class Flights:
    """Equal questions asked at once are asked once; who gives up waiting stops nobody else."""

    def __init__(self) -> None:
        self._running: dict[Hashable, asyncio.Task[Any]] = {}

    async def share(self, key: Hashable, work: Callable[[], Awaitable[T]]) -> T:
        task: asyncio.Task[T] | None = self._running.get(key)
        if task is None:
            task = self._running[key] = asyncio.create_task(_awaited(work))
            task.add_done_callback(lambda ended: self._landed(key, ended))
        return await asyncio.shield(task)

    def _landed(self, key: Hashable, task: asyncio.Task[Any]) -> None:
        del self._running[key]
        if not task.cancelled():
            task.exception()  # perhaps nobody waits for it any more


async def _awaited(work: Callable[[], Awaitable[T]]) -> T:
    return await work()


def _name(key: Key) -> str:
    return ":".join(("hotelero", "pms", *key))
