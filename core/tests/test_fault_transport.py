"""The transport that fails on purpose."""

from __future__ import annotations

import asyncio

import httpx
import pytest
from agente_hotelero.testing.pms import Fault, FaultTransport

pytestmark = pytest.mark.anyio


class Backend:
    def __init__(self) -> None:
        self.seen: list[str] = []
        self.transport = FaultTransport(httpx.MockTransport(self.answer))

    def answer(self, request: httpx.Request) -> httpx.Response:
        self.seen.append(request.url.path)
        return httpx.Response(200, json={})

    async def ask(self, path: str) -> httpx.Response:
        async with httpx.AsyncClient(transport=self.transport, base_url="http://pms") as client:
            return await client.get(path)


@pytest.mark.parametrize(
    ("fault", "status"),
    [
        (Fault.UNAUTHORISED, 401),
        (Fault.THROTTLED, 429),
        (Fault.DOWN, 503),
        (Fault.HTML, 200),
        (Fault.EMPTY, 200),
    ],
)
async def test_some_requests_pass_and_then_none(fault: Fault, status: int) -> None:
    backend = Backend()
    backend.transport.strike(fault, after=1)
    assert (await backend.ask("/first")).json() == {}
    answer = await backend.ask("/second")
    assert answer.status_code == status
    if status == 200:
        with pytest.raises(ValueError, match="Expecting value"):
            answer.json()
    assert (backend.seen, backend.transport.asked) == (["/first"], 2)
    backend.transport.calm()
    assert (await backend.ask("/third")).json() == {}


@pytest.mark.parametrize(
    ("fault", "error", "seen"),
    [
        (Fault.REFUSED, httpx.ConnectError, []),
        (Fault.TIMEOUT, httpx.ReadTimeout, []),
        (Fault.LOST, httpx.ReadTimeout, ["/booking"]),
    ],
)
async def test_only_a_lost_answer_has_reached_the_backend(
    fault: Fault, error: type[Exception], seen: list[str]
) -> None:
    backend = Backend()
    backend.transport.strike(fault)
    with pytest.raises(error):
        await backend.ask("/booking")
    assert backend.seen == seen


async def test_a_stalled_request_hangs_until_it_is_given_up() -> None:
    backend = Backend()
    asked = backend.transport.stall()
    task = asyncio.ensure_future(backend.ask("/slow"))
    await asked.wait()
    task.cancel()
    await asyncio.wait({task}, timeout=1)
    assert task.cancelled()
    assert backend.seen == []
