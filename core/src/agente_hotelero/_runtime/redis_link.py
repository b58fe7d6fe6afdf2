"""Redis as something that may be away: tried, then left alone for a while, never an outage."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

from redis.asyncio import Redis
from redis.exceptions import RedisError

from agente_hotelero.components import Log

T = TypeVar("T")
TIMEOUT = 0.5
AGAIN = 5.0
PING_TIMEOUT = 2.0


# uvloop says RuntimeError of a connection that was reset, and redis-py hands it on.
AWAY = (RedisError, OSError, RuntimeError)


class RedisAway(Exception):
    """It did not answer just now, or a moment ago."""


class RedisLink:
    """Whether Redis is worth asking; `on_change` hears each time it answered (False) or not."""

    def __init__(self, log: Log, on_change: Callable[[bool], object] = lambda away: None) -> None:
        self._log = log
        self._on_change = on_change
        self._away_until = 0.0
        on_change(False)

    async def ask(self, work: Callable[[], Awaitable[T]]) -> T:
        """The answer. Raises RedisAway."""
        if time.monotonic() < self._away_until:
            raise RedisAway
        try:
            answer = await work()
        except AWAY as error:
            self._away_until = time.monotonic() + AGAIN
            self._on_change(True)
            self._log.warning("redis_away", error=type(error).__name__)
            raise RedisAway from error
        self._on_change(False)
        return answer


async def trouble(url: str) -> str:
    """What is wrong with the server at this address, in a word; empty if it answers."""
    client = Redis.from_url(url, socket_timeout=PING_TIMEOUT, socket_connect_timeout=PING_TIMEOUT)
    try:
        await client.ping()
    except AWAY as error:
        return type(error).__name__
    finally:
        await client.aclose()
    return ""
