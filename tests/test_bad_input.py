"""What strangers and broken providers send: a clear answer each, and nothing lost."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from agente_hotelero._db.models import InboundEventRow, InboxRaw
from agente_hotelero_channel_whatsapp.testing.simulator import signature
from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from tests.support.hotels import NUMBERS, SECRETS, two_hotels
from tests.support.running import RunningAgent
from tests.support.times import NOVEMBER, clock_at

PATH = "/webhooks/whatsapp"


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningAgent]:
    folder = tmp_path_factory.mktemp("agent")
    settings = two_hotels(f"sqlite:///{folder}/a.db", whatsapp="http://127.0.0.1:9")
    with RunningAgent(settings, clock_at(NOVEMBER)) as agent:
        yield agent


def post(running: RunningAgent, body: bytes, secret: str = SECRETS["sol"]) -> httpx.Response:
    headers = {"X-Hub-Signature-256": signature(secret, body)}
    return httpx.post(running.url + PATH, content=body, headers=headers)


def message(number: str, key: str) -> bytes:
    text = {
        "from": "5491155550101",
        "id": key,
        "timestamp": str(int(NOVEMBER.timestamp())),
        "type": "reaction",
        "reaction": {"emoji": "👍"},
    }
    value = {"metadata": {"phone_number_id": number}, "messages": [text]}
    entry = {"id": "1", "changes": [{"field": "messages", "value": value}]}
    return json.dumps({"object": "whatsapp_business_account", "entry": [entry]}).encode()


async def stored(running: RunningAgent) -> list[InboxRaw]:
    async with running.agent.database.sessions() as session:
        return list((await session.scalars(select(InboxRaw))).all())


async def event(running: RunningAgent, key: str) -> InboundEventRow | None:
    async with running.agent.database.sessions() as session:
        rows = await session.scalars(select(InboundEventRow))
        return next((row for row in rows if row.event_key == key), None)


@pytest.mark.parametrize("header", ["", "sha256=" + "0" * 64, "dummy", "sha256=ñ"])
def test_a_wrong_signature_is_401_and_nothing_is_stored(running: RunningAgent, header: str) -> None:
    before = len(running.do(stored(running)))
    answer = httpx.post(
        running.url + PATH,
        content=b"{}",
        headers=[(b"X-Hub-Signature-256", header.encode("latin-1"))],
    )
    assert answer.status_code == 401
    assert len(running.do(stored(running))) == before


@pytest.mark.parametrize("chunked", [False, True], ids=["declared", "streamed"])
def test_a_body_that_is_too_large_is_413(running: RunningAgent, chunked: bool) -> None:
    size = 4 * 1024 * 1024 + 1
    content = iter([b"x" * size]) if chunked else b"x" * size
    assert httpx.post(running.url + PATH, content=content).status_code == 413


def test_broken_json_is_200_and_a_dead_letter(running: RunningAgent) -> None:
    assert post(running, b"{broken").status_code == 200
    running.settle()
    (dead,) = [raw for raw in running.do(stored(running)) if raw.body == b"{broken"]
    assert (dead.state, dead.error.startswith("unreadable")) == ("dead", True)
    assert "inbox_dead_letters_total" in httpx.get(f"{running.url}/metrics").text


def test_an_unknown_number_is_200_and_kept_with_its_reason(running: RunningAgent) -> None:
    assert post(running, message("999999", "unknown-1")).status_code == 200
    running.settle()
    row = running.do(event(running, "refused:unknown-1"))
    assert row is not None
    assert (row.tenant, row.state) == ("", "ignored")


def test_one_hotels_secret_does_not_open_the_other(running: RunningAgent) -> None:
    text = json.loads(message(NUMBERS["luna"], "foreign-1"))
    inner = text["entry"][0]["changes"][0]["value"]["messages"][0]
    inner.update({"type": "text", "text": {"body": "hola"}})
    assert post(running, json.dumps(text).encode(), SECRETS["sol"]).status_code == 200
    running.settle()
    row = running.do(event(running, "refused:foreign-1"))
    assert row is not None
    assert (row.state, row.reason) == ("ignored", "account of another secret")


def test_a_type_nobody_answers_is_kept(running: RunningAgent) -> None:
    body = json.loads(message(NUMBERS["sol"], "system-1"))
    body["entry"][0]["changes"][0]["value"]["messages"][0]["type"] = "system"
    post(running, json.dumps(body).encode())
    running.settle()
    row = running.do(event(running, "system-1"))
    assert row is not None
    assert (row.tenant, row.reason) == ("sol", "system")


def test_storage_that_is_away_is_503(
    running: RunningAgent, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Away:
        def connect(self) -> None:
            raise OperationalError("connect", {}, Exception("away"))

    with monkeypatch.context() as patch:
        patch.setattr(running.agent.writer, "_engine", Away())
        patch.setattr(running.agent.writer, "_connection", None)
        assert post(running, message(NUMBERS["sol"], "late-1")).status_code == 503
    assert post(running, message(NUMBERS["sol"], "late-1")).status_code == 200
    running.settle()
    assert running.do(event(running, "late-1")) is not None


def test_the_handshake_takes_only_our_token(running: RunningAgent) -> None:
    query = {"hub.mode": "subscribe", "hub.challenge": "12345", "hub.verify_token": "verify-luna"}
    right = httpx.get(running.url + PATH, params=query)
    assert (right.status_code, right.text) == (200, "12345")
    assert right.headers["content-type"].startswith("text/plain")
    wrong = httpx.get(running.url + PATH, params={**query, "hub.verify_token": "x"})
    assert wrong.status_code == 403


@pytest.mark.parametrize("path", ["/webhooks/telegram", "/webhooks/console", "/webhooks/"])
def test_a_channel_that_is_not_there_is_404(running: RunningAgent, path: str) -> None:
    assert httpx.post(running.url + path, content=b"{}").status_code == 404


def test_health_tells_what_works_per_hotel(running: RunningAgent) -> None:
    assert httpx.get(f"{running.url}/health/live").json() == {"status": "ok"}
    ready = httpx.get(f"{running.url}/health/ready")
    report = ready.json()
    assert (ready.status_code, report["status"]) == (200, "ok")
    assert report["tenants"]["sol"]["pms"] == {"ok": True, "plugin": "pms_mock", "circuit": 0}


def test_requests_are_counted_by_route_not_by_path(running: RunningAgent) -> None:
    httpx.get(f"{running.url}/no/such/page")
    metrics = httpx.get(f"{running.url}/metrics").text
    assert 'http_requests_total{method="GET",route="unmatched",status="404"}' in metrics
    assert 'http_requests_total{method="POST",route="/webhooks/{path}",status="401"}' in metrics
    assert "no/such/page" not in metrics


def test_a_second_agent_on_the_same_file_is_refused(running: RunningAgent, tmp_path: Path) -> None:
    path = running.agent.database.path
    settings = two_hotels(f"sqlite:///{path}", whatsapp="http://127.0.0.1:9")
    with (
        pytest.raises(RuntimeError, match="did not start"),
        RunningAgent(settings, clock_at(NOVEMBER)),
    ):
        pass
