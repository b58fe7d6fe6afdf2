from __future__ import annotations

import httpx
import pytest
from agente_hotelero import rest
from agente_hotelero.errors import (
    AuthFailed,
    HoteleroError,
    NotFound,
    OutcomeUnknown,
    Rejected,
    Throttled,
    Unavailable,
)

pytestmark = pytest.mark.anyio
URL = "http://pms.example/rooms"


def client(answer: httpx.Response | Exception) -> httpx.AsyncClient:
    def handle(request: httpx.Request) -> httpx.Response:
        if isinstance(answer, Exception):
            raise answer
        return answer

    return httpx.AsyncClient(transport=httpx.MockTransport(handle))


async def test_an_answer_is_parsed() -> None:
    async with client(httpx.Response(200, json={"rooms": 3})) as http:
        assert await rest.call(http, "GET", URL) == {"rooms": 3}


@pytest.mark.parametrize(
    ("answer", "reading", "writing"),
    [
        pytest.param(httpx.Response(401), AuthFailed, AuthFailed, id="401"),
        pytest.param(httpx.Response(403), AuthFailed, AuthFailed, id="403"),
        pytest.param(httpx.Response(404), NotFound, NotFound, id="404"),
        pytest.param(httpx.Response(422), Rejected, Rejected, id="422"),
        pytest.param(httpx.Response(429), Throttled, Throttled, id="429"),
        pytest.param(httpx.Response(302), Unavailable, OutcomeUnknown, id="redirect"),
        pytest.param(httpx.Response(503), Unavailable, OutcomeUnknown, id="503"),
        pytest.param(
            httpx.Response(200, text="<html>"), Unavailable, OutcomeUnknown, id="HTML instead"
        ),
        pytest.param(httpx.Response(200), Unavailable, OutcomeUnknown, id="an empty body"),
        pytest.param(
            httpx.Response(200, text="[" * 100_000), Unavailable, OutcomeUnknown, id="too deep"
        ),
        pytest.param(httpx.ReadTimeout("slow"), Unavailable, OutcomeUnknown, id="silence"),
        pytest.param(httpx.ConnectError("no"), Unavailable, Unavailable, id="nobody there"),
    ],
)
async def test_each_failure_tells_what_to_do(
    answer: httpx.Response | Exception,
    reading: type[HoteleroError],
    writing: type[HoteleroError],
) -> None:
    async with client(answer) as http:
        with pytest.raises(reading) as read:
            await rest.call(http, "GET", URL)
        with pytest.raises(writing) as written:
            await rest.call(http, "POST", URL, writes=True)
    assert (read.type, written.type) == (reading, writing)


@pytest.mark.parametrize(("header", "seconds"), [("7", 7.0), ("soon", None)])
async def test_how_long_to_wait_is_kept(header: str, seconds: float | None) -> None:
    async with client(httpx.Response(429, headers={"Retry-After": header})) as http:
        with pytest.raises(Throttled) as caught:
            await rest.call(http, "GET", URL)
    assert caught.value.retry_after == seconds


async def test_a_server_that_is_away_says_for_how_long() -> None:
    async with client(httpx.Response(503, headers={"Retry-After": "7"})) as http:
        with pytest.raises(Unavailable) as caught:
            await rest.call(http, "GET", URL)
    assert caught.value.retry_after == 7.0
