from __future__ import annotations

import asyncio
import time
import uuid

import httpx
import pytest
import structlog
from agente_hotelero._runtime import redis_link
from agente_hotelero._runtime.limiter import Limiter, LocalWindows
from agente_hotelero._runtime.metrics import Metrics
from agente_hotelero._runtime.redis_link import RedisAway, RedisLink
from agente_hotelero._web.limits import LimitRequests
from redis.asyncio import Redis
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisError
from starlette.types import Receive, Scope, Send

pytestmark = pytest.mark.anyio
LOG = structlog.get_logger()


@pytest.fixture
def name() -> str:
    return uuid.uuid4().hex


async def test_so_many_a_minute_and_no_more(name: str) -> None:
    limiter = Limiter(None, log=LOG, metrics=Metrics())
    allowed = [await limiter.allow_per_minute(3, name) for _ in range(5)]
    assert allowed == [True, True, True, False, False]
    assert await limiter.allow_per_minute(3, name, "other")


async def test_processes_share_a_limit_through_redis(redis_url: str, name: str) -> None:
    one = Limiter(redis_url, log=LOG, metrics=Metrics())
    other = Limiter(redis_url, log=LOG, metrics=Metrics())
    allowed = [await limiter.allow_per_minute(3, name) for limiter in (one, other, one, other)]
    await one.close()
    await other.close()
    assert allowed == [True, True, True, False]


async def test_without_redis_limits_are_local_and_it_is_told(name: str) -> None:
    metrics = Metrics()
    limiter = Limiter("redis://127.0.0.1:9/0", log=LOG, metrics=metrics)
    allowed = [await limiter.allow_per_minute(2, name) for _ in range(3)]
    assert allowed == [True, True, False]
    assert metrics.registry.get_sample_value("rate_limits_degraded") == 1
    await limiter.close()


async def test_an_account_is_paced(name: str) -> None:
    limiter = Limiter(None, log=LOG, metrics=Metrics())
    loop = asyncio.get_running_loop()
    begun = loop.time()
    for _ in range(6):
        await limiter.pause_per_second(5, name)
    assert loop.time() - begun >= 0.9


def site_app(limiter: Limiter) -> LimitRequests:
    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    return LimitRequests(answer, lambda: limiter, per_minute=3)


def site(limiter: Limiter) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(site_app(limiter))
    return httpx.AsyncClient(transport=transport, base_url="http://hotel")


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        pytest.param("/chat/sol", [200, 200, 200, 429], id="public pages"),
        pytest.param("/health/live", [200, 200, 200, 200], id="operators"),
    ],
)
async def test_requests_are_limited_by_client(path: str, expected: list[int]) -> None:
    async with site(Limiter(None, log=LOG, metrics=Metrics())) as client:
        assert [(await client.post(path)).status_code for _ in expected] == expected


async def test_local_windows_forget_who_has_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1000.0
    monkeypatch.setattr(time, "monotonic", lambda: now)
    windows = LocalWindows()
    assert windows.hit(1, 60, ("a",))
    assert not windows.hit(1, 60, ("a",))
    for _ in range(2):
        now += 61
        windows.hit(1, 60, ("b",))
    assert set(windows._young) | set(windows._old) == {("b",)}
    assert windows.hit(1, 60, ("a",))


@pytest.mark.parametrize(
    "error", [RuntimeError("the transport is closed"), ConnectionResetError(), RedisError()]
)
async def test_whatever_a_lost_connection_raises_is_redis_being_away(error: Exception) -> None:
    """uvloop and redis-py do not agree on what that is."""
    told: list[bool] = []
    link = RedisLink(LOG, told.append)

    async def work() -> None:
        raise error

    with pytest.raises(RedisAway):
        await link.ask(work)
    assert told == [False, True]


async def test_redis_that_went_and_came_back_is_noticed_by_a_process_that_limits_nothing(
    redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    metrics = Metrics()
    monkeypatch.setattr(redis_link, "AGAIN", 0.0)
    limiter = Limiter(redis_url, log=LOG, metrics=metrics)

    def degraded() -> float | None:
        return metrics.registry.get_sample_value("rate_limits_degraded")

    await limiter.look()
    assert degraded() == 0
    with monkeypatch.context() as patched:
        patched.setattr(Redis, "ping", away)
        await limiter.look()
        assert degraded() == 1
    await limiter.look()
    assert degraded() == 0
    await limiter.close()


async def away(self: object) -> None:
    raise RedisConnectionError


@pytest.mark.parametrize(
    ("clients", "answers"),
    [
        pytest.param([f"2001:db8:1:2::{n}" for n in range(5)], [200] * 3 + [429] * 2, id="one net"),
        pytest.param([f"2001:db8:1:{n}::1" for n in range(5)], [200] * 5, id="five nets"),
        pytest.param([f"::ffff:10.0.0.{n}" for n in range(5)], [200] * 5, id="mapped"),
        pytest.param([f"10.0.0.{n}" for n in range(5)], [200] * 5, id="four"),
        pytest.param(["", "", "", ""], [200] * 3 + [429], id="nobody"),
    ],
)
async def test_addresses_that_one_customer_has_are_one_client(
    clients: list[str], answers: list[int]
) -> None:
    limiter = Limiter(None, log=LOG, metrics=Metrics())
    seen = []
    for client in clients:
        transport = httpx.ASGITransport(site_app(limiter), client=(client, 1))
        async with httpx.AsyncClient(transport=transport, base_url="http://hotel") as guest:
            seen.append((await guest.get("/chat/sol")).status_code)
    assert seen == answers
