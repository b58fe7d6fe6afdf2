from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import httpx
import pytest
import structlog
from agente_hotelero._runtime.limiter import Limiter
from agente_hotelero._runtime.metrics import Metrics
from agente_hotelero._web.webhooks import Webhooks
from agente_hotelero.components import WebhookRequest
from agente_hotelero.errors import AuthFailed, Unavailable

from core.tests.fakes import FakeIngress, guarded

pytestmark = pytest.mark.anyio


class Signed(FakeIngress):
    """Believes whoever says so."""

    path = "fake"
    max_body = 10

    def verify(self, request: WebhookRequest) -> Sequence[str]:
        if request.headers.get("x-signed") != "yes" or request.account not in ("", "sol"):
            raise AuthFailed("not signed")
        return ["sol"]

    def handshake(self, query: Mapping[str, str], account: str = "") -> str:
        if query.get("token") != account:
            raise AuthFailed("not known")
        return query["challenge"]


class Writer:
    """Keeps bodies; `away` makes it refuse them."""

    def __init__(self) -> None:
        self.bodies: list[bytes] = []
        self.away = False

    async def put(self, channel: str, accounts: Sequence[str], body: bytes, trace: str) -> None:
        if self.away:
            raise Unavailable("storage")
        self.bodies.append(body)


@pytest.fixture
def writer() -> Writer:
    return Writer()


@pytest.fixture
def metrics() -> Metrics:
    return Metrics()


@pytest.fixture
def client(writer: Writer, metrics: Metrics) -> httpx.AsyncClient:
    kept: Any = writer
    app = Webhooks(
        {"fake": guarded(Signed)},
        kept,
        Limiter(None, log=structlog.get_logger(), metrics=metrics),
        metrics.http_requests,
        refused_per_minute=3,
    )
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://hotel")


SIGNED = {"X-Signed": "yes"}


async def test_a_signed_body_is_stored_as_it_came_however_often(
    client: httpx.AsyncClient, writer: Writer
) -> None:
    answers = [await client.post("/webhooks/fake", content=b"{}", headers=SIGNED) for _ in range(5)]
    assert [answer.status_code for answer in answers] == [200] * 5
    assert writer.bodies == [b"{}"] * 5


async def test_who_is_refused_too_often_is_not_listened_to(
    client: httpx.AsyncClient, writer: Writer, metrics: Metrics
) -> None:
    answers = [await client.post("/webhooks/fake", content=b"{}") for _ in range(4)]
    assert [answer.status_code for answer in answers] == [401, 401, 401, 429]
    assert writer.bodies == []
    labels = {"method": "POST", "route": "/webhooks/{path}", "status": "401"}
    assert metrics.registry.get_sample_value("http_requests_total", labels) == 3


@pytest.mark.parametrize(
    ("method", "path", "content", "status"),
    [
        pytest.param("POST", "/webhooks/other", b"", 404, id="no such channel"),
        pytest.param("POST", "/webhooks/fake", b"x" * 11, 413, id="too large"),
        pytest.param("GET", "/webhooks/fake?token=x", b"", 403, id="no handshake"),
        pytest.param("PUT", "/webhooks/fake", b"", 405, id="another method"),
    ],
)
async def test_each_refusal_has_its_status(
    client: httpx.AsyncClient, method: str, path: str, content: bytes, status: int
) -> None:
    answer = await client.request(method, path, content=content, headers=SIGNED)
    assert answer.status_code == status


@pytest.mark.parametrize(("account", "status"), [("sol", 200), ("luna", 401), ("sol/x", 401)])
async def test_an_address_of_one_account_is_that_accounts(
    client: httpx.AsyncClient, writer: Writer, account: str, status: int
) -> None:
    answer = await client.post(f"/webhooks/fake/{account}", content=b"{}", headers=SIGNED)
    assert answer.status_code == status
    assert len(writer.bodies) == (1 if status == 200 else 0)


@pytest.mark.parametrize(("token", "status"), [("sol", 200), ("luna", 403)])
async def test_a_handshake_at_an_accounts_address_is_with_that_account(
    client: httpx.AsyncClient, token: str, status: int
) -> None:
    asked = {"token": token, "challenge": "c"}
    answer = await client.get("/webhooks/fake/sol", params=asked)
    assert (answer.status_code, answer.text == "c") == (status, status == 200)


async def test_storage_that_is_away_is_503_so_that_it_is_sent_again(
    client: httpx.AsyncClient, writer: Writer
) -> None:
    writer.away = True
    answer = await client.post("/webhooks/fake", content=b"{}", headers=SIGNED)
    assert answer.status_code == 503


@pytest.mark.parametrize("method", ["POST", "GET"])
async def test_a_channel_that_goes_wrong_is_500_so_that_it_is_sent_again(
    client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch, method: str
) -> None:
    def exits(*_: object) -> None:
        raise SystemExit(3)

    monkeypatch.setattr(Signed, "verify", exits)
    monkeypatch.setattr(Signed, "handshake", exits)
    answer = await client.request(method, "/webhooks/fake", content=b"{}", headers=SIGNED)
    assert answer.status_code == 500
