from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import httpx
import pytest
from agente_hotelero import Services
from agente_hotelero.errors import Unavailable
from agente_hotelero.messages import InboundMessage, Location, OfferedOption, OutboundMessage
from agente_hotelero.stays import Image
from agente_hotelero.testing import RecordingInbox, lend
from agente_hotelero_channel_web.channel import WebChannel, WebConfig, WebIngress
from agente_hotelero_channel_web.pages import (
    COOKIE,
    MOST_OF_ONE_CHAT,
    Streams,
    address,
    make_router,
)
from agente_hotelero_channel_web.tables import METADATA, lines
from agente_hotelero_channel_web.words import WORDS, language_of
from fastapi import FastAPI
from sqlalchemy.ext.asyncio import create_async_engine

pytestmark = pytest.mark.anyio
TOKEN = "a-secret-of-the-browser"
SAID = {"id": "abcdef123456", "text": "hola"}


@pytest.fixture
async def services(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[dict[str, Services]]:
    url = f"sqlite+aiosqlite:///{tmp_path_factory.mktemp('web')}/web.db"
    engine = create_async_engine(url)
    async with engine.begin() as connection:
        await connection.run_sync(METADATA.create_all)
    yield {tenant: lend(tenant=tenant, database_url=url) for tenant in ("sol", "luna")}
    await engine.dispose()


@pytest.fixture
async def browser(services: dict[str, Services]) -> AsyncIterator[httpx.AsyncClient]:
    app = FastAPI()
    app.include_router(make_router({name: (WebConfig(), one) for name, one in services.items()}))
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://hotel") as client:
        yield client
    for one in services.values():
        await one.sessions.kw["bind"].dispose()
        await one.http.aclose()


def inbox(services: dict[str, Services], tenant: str = "sol") -> RecordingInbox:
    found = services[tenant].inbox
    assert isinstance(found, RecordingInbox)
    return found


async def test_the_first_page_lists_the_hotels(browser: httpx.AsyncClient) -> None:
    page = await browser.get("/")
    assert "/chat/sol" in page.text
    assert "Hotel Luna" in page.text


async def test_one_hotel_is_found_at_once(services: dict[str, Services]) -> None:
    app = FastAPI()
    app.include_router(make_router({"sol": (WebConfig(), services["sol"])}))
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://hotel") as client:
        answer = await client.get("/")
    assert (answer.status_code, answer.headers["location"]) == (303, "/chat/sol")


async def test_the_page_gives_the_browser_a_secret_of_its_own(browser: httpx.AsyncClient) -> None:
    page = await browser.get("/chat/sol")
    cookie = page.headers["set-cookie"]
    assert len(page.cookies[COOKIE]) >= 32
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie


@pytest.mark.parametrize(
    ("accept", "language"), [("pt-BR,pt;q=0.9", "pt"), ("de", "es"), ("en-GB", "en")]
)
async def test_the_page_speaks_the_browsers_language(
    browser: httpx.AsyncClient, accept: str, language: str
) -> None:
    page = await browser.get("/chat/sol", headers={"Accept-Language": accept})
    assert f'<html lang="{language}">' in page.text
    assert WORDS[language]["send"] in page.text


async def test_the_page_allows_no_foreign_script(browser: httpx.AsyncClient) -> None:
    policy = (await browser.get("/chat/sol")).headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'self'" in policy


async def test_what_is_said_is_stored_and_shown(
    browser: httpx.AsyncClient, services: dict[str, Services]
) -> None:
    browser.cookies.set(COOKIE, TOKEN)
    answer = await browser.post("/chat/sol/messages", json=SAID)
    assert answer.status_code == 202
    ((account, body),) = inbox(services).bodies
    (event,) = WebIngress([]).parse(body)
    assert (account, event.account) == ("sol", "sol")
    assert isinstance(event.event, InboundMessage)
    assert event.event.content.text == "hola"
    assert event.event.address == address("sol", TOKEN)
    assert event.event.sent_at == datetime(2026, 11, 18, 12, tzinfo=UTC)
    assert "hola" in (await browser.get("/chat/sol")).text


async def test_a_post_that_comes_twice_is_one_message(
    browser: httpx.AsyncClient, services: dict[str, Services]
) -> None:
    browser.cookies.set(COOKIE, TOKEN)
    for _ in range(2):
        await browser.post("/chat/sol/messages", json=SAID)
    keys = {WebIngress([]).parse(body)[0].key for _, body in inbox(services).bodies}
    assert len(keys) == 1
    assert len(await lines(services["sol"], address("sol", TOKEN))) == 1


async def test_the_secret_itself_is_never_stored(
    browser: httpx.AsyncClient, services: dict[str, Services]
) -> None:
    browser.cookies.set(COOKIE, TOKEN)
    await browser.post("/chat/sol/messages", json=SAID)
    (line,) = await lines(services["sol"], address("sol", TOKEN))
    assert TOKEN not in line.model_dump_json()
    assert TOKEN.encode() not in inbox(services).bodies[0][1]


@pytest.mark.parametrize(
    ("said", "status"),
    [
        pytest.param({**SAID, "text": ""}, 422, id="empty"),
        pytest.param({**SAID, "text": "x" * 4001}, 413, id="too long"),
        pytest.param({**SAID, "id": "<script>"}, 422, id="bad id"),
        pytest.param({**SAID, "more": 1}, 422, id="unknown field"),
        pytest.param([], 422, id="no object"),
    ],
)
async def test_a_post_that_makes_no_sense_is_refused(
    browser: httpx.AsyncClient, services: dict[str, Services], said: object, status: int
) -> None:
    browser.cookies.set(COOKIE, TOKEN)
    assert (await browser.post("/chat/sol/messages", json=said)).status_code == status
    assert inbox(services).bodies == []


@pytest.mark.parametrize("path", ["/chat/sol/messages", "/chat/mars/messages"])
async def test_without_a_chat_or_a_hotel_nothing_is_taken(
    browser: httpx.AsyncClient, path: str
) -> None:
    status = (await browser.post(path, json=SAID)).status_code
    assert status == (403 if "sol" in path else 404)


async def test_storage_that_is_away_is_told(
    browser: httpx.AsyncClient, services: dict[str, Services], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(*_: object) -> None:
        raise Unavailable

    monkeypatch.setattr(inbox(services), "put", away)
    browser.cookies.set(COOKIE, TOKEN)
    assert (await browser.post("/chat/sol/messages", json=SAID)).status_code == 503


def channel(services: Services) -> WebChannel:
    return WebChannel(WebConfig(), services, services.tenant)


async def test_an_answer_is_written_once_with_all_it_holds(services: dict[str, Services]) -> None:
    message = OutboundMessage(
        id=7,
        address="chat",
        text="¿Cuál?",
        options=(OfferedOption(id="a", title="Doble"),),
        image=Image(url="https://images.example/a.jpg"),
        location=Location(latitude=1.0, longitude=2.0),
    )
    for _ in range(2):
        assert await channel(services["sol"]).send(message) == "out:7"
    (line,) = await lines(services["sol"], "chat")
    assert line.content["options"] == [{"id": "a", "title": "Doble"}]
    assert line.content["image"]["url"] == "https://images.example/a.jpg"
    assert line.content["location"]["latitude"] == 1.0


async def test_a_chat_is_seen_by_its_own_hotel_only(services: dict[str, Services]) -> None:
    await channel(services["sol"]).send(OutboundMessage(id=1, address="chat", text="hola"))
    assert await lines(services["luna"], "chat") == []


async def test_the_same_browser_is_another_guest_in_another_hotel() -> None:
    assert address("sol", TOKEN) != address("luna", TOKEN)


async def test_markup_in_a_message_stays_text(
    browser: httpx.AsyncClient, services: dict[str, Services]
) -> None:
    browser.cookies.set(COOKIE, TOKEN)
    await browser.post("/chat/sol/messages", json={**SAID, "text": "</script><b>x</b>"})
    assert "</script><b>" not in (await browser.get("/chat/sol")).text


async def test_new_lines_are_streamed(
    browser: httpx.AsyncClient, services: dict[str, Services], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("agente_hotelero_channel_web.pages.STREAM_SECONDS", 0.01)
    monkeypatch.setattr("agente_hotelero_channel_web.pages.POLL_SECONDS", 0.01)
    chat = address("sol", TOKEN)
    for number in (1, 2):
        await channel(services["sol"]).send(
            OutboundMessage(id=number, address=chat, text=f"línea {number}")
        )
    browser.cookies.set(COOKIE, TOKEN)
    stream = (await browser.get("/chat/sol/events?after=1")).text
    data = [json.loads(part[6:]) for part in stream.splitlines() if part.startswith("data: ")]
    assert [one["text"] for one in data] == ["línea 2"]


@pytest.mark.parametrize("name", ["chat.js", "chat.css"])
async def test_assets_are_served_and_nothing_else(browser: httpx.AsyncClient, name: str) -> None:
    assert (await browser.get(f"/chat/assets/{name}")).status_code == 200
    assert (await browser.get("/chat/assets/pages.py")).status_code == 404


def test_a_hotel_answers_in_one_of_its_languages() -> None:
    assert language_of("en-US,es;q=0.5", ("es", "pt")) == "es"
    assert language_of("", ("pt",)) == "pt"


def test_every_language_has_every_word() -> None:
    assert WORDS["es"].keys() == WORDS["pt"].keys() == WORDS["en"].keys()


@pytest.mark.parametrize(
    ("body", "status"),
    [
        pytest.param(b"[" * 1_000_000, 413, id="nested"),
        pytest.param(b'{"id": "abcdef123456", "text": "' + b"x" * 5000 + b'"}', 413, id="long"),
        pytest.param(b'{"id": "abcdef123456", "text": "a\\u0000b"}', 422, id="NUL"),
        pytest.param(b'{"id": "abcdef123456", "text": "a\\ud800b"}', 422, id="half a character"),
        pytest.param(b"{broken", 422, id="broken"),
        pytest.param(b"\xff\xfe", 422, id="not UTF-8"),
    ],
)
async def test_what_cannot_be_a_message_is_refused_and_not_repeated(
    browser: httpx.AsyncClient, services: dict[str, Services], body: bytes, status: int
) -> None:
    browser.cookies.set(COOKIE, TOKEN)
    answer = await browser.post("/chat/sol/messages", content=body)
    assert (answer.status_code, len(answer.content) < 200) == (status, True)
    assert inbox(services).bodies == []


async def test_a_place_in_the_stream_that_cannot_be_is_refused(browser: httpx.AsyncClient) -> None:
    browser.cookies.set(COOKIE, TOKEN)
    answer = await browser.get("/chat/sol/events", params={"after": 10**20})
    assert answer.status_code == 422


async def test_only_so_many_pages_of_one_chat_may_listen() -> None:
    async def forever() -> AsyncIterator[str]:
        while True:
            yield "x"

    streams = Streams()
    opened = [streams.counted("chat", forever()) for _ in range(MOST_OF_ONE_CHAT)]
    for stream in opened:
        await anext(stream)
    assert (streams.free("chat"), streams.free("other")) == (False, True)
    for stream in opened:
        await stream.aclose()  # type: ignore[attr-defined]
    assert streams.free("chat")
