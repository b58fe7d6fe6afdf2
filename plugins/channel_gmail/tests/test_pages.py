"""Links of mails: only a button answers, once, for a time, and nobody can make one."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from agente_hotelero.errors import Unavailable
from agente_hotelero.messages import OPT_OUT
from agente_hotelero_channel_gmail import links, records
from agente_hotelero_channel_gmail.config import GmailConfig
from agente_hotelero_channel_gmail.envelope import Tap, unpack
from agente_hotelero_channel_gmail.pages import make_router
from agente_hotelero_channel_gmail.tables import MailOut
from fastapi import FastAPI

from plugins.channel_gmail.tests.mailroom import HOTEL, Pigeonhole, pigeonhole
from plugins.channel_gmail.tests.mails import AT

pytestmark = pytest.mark.anyio
SECRET = "a secret of links"
CONFIG = GmailConfig.model_validate(
    {
        "accounts": [{"username": HOTEL, "app_password": "x" * 16}],
        "public_url": "https://agent.example",
        "link_secret": SECRET,
    }
)
OPTIONS = [{"id": "a:yes", "title": "Sí"}, {"id": "a:no", "title": "No <b>"}]


@pytest.fixture
async def hole(tmp_path: Path) -> AsyncIterator[Pigeonhole]:
    async with pigeonhole(tmp_path) as made:
        mail = MailOut(
            tenant="sol",
            account=HOTEL,
            outbox_id=7,
            message_id="<hotelero.7.x@hotelsol.example>",
            address="ana@guest.example",
            thread="abc",
            state=records.SENT,
            options=OPTIONS,
            at=made.clock.now(),
        )
        await records.write_down(made.services, mail)
        yield made


@pytest.fixture
async def browser(hole: Pigeonhole) -> AsyncIterator[httpx.AsyncClient]:
    app = FastAPI()
    app.include_router(make_router({"sol": (CONFIG, hole.services)}), prefix=links.PATH)
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="https://agent.example") as client:
        yield client


def path(hole: Pigeonhole, place: int = 0, number: int = 7, hours: float = 1.0) -> str:
    ends = hole.clock.now() + timedelta(hours=hours)
    token = links.token(SECRET, HOTEL, number, place, ends)
    return f"{links.PATH}/answer/sol/0/{token}"


async def test_looking_changes_nothing_and_the_button_answers_once(
    hole: Pigeonhole, browser: httpx.AsyncClient
) -> None:
    for _ in range(3):
        page = await browser.get(path(hole))
        assert page.status_code == 200
        assert "<button>Sí</button>" in page.text
    assert hole.inbox.bodies == []
    assert (await browser.post(path(hole))).status_code == 200
    ((account, body),) = hole.inbox.bodies
    assert account == HOTEL
    assert unpack(body) == Tap(
        account=HOTEL,
        address="ana@guest.example",
        thread="abc",
        outbox_id=7,
        choice="a:yes",
        title="Sí",
        at=hole.clock.now(),
    )
    for place in (0, 1):
        assert (await browser.get(path(hole, place))).status_code == 410
        assert (await browser.post(path(hole, place))).status_code == 410
    assert len(hole.inbox.bodies) == 1


async def test_the_page_speaks_the_browsers_language_and_escapes(
    hole: Pigeonhole, browser: httpx.AsyncClient
) -> None:
    page = await browser.get(path(hole, 1), headers={"accept-language": "pt-BR,pt"})
    assert '<html lang="pt">' in page.text
    assert "No &lt;b&gt;" in page.text
    assert page.headers["content-security-policy"].startswith("default-src 'none'")
    assert "ana@guest.example" not in page.text


async def test_a_link_ends(hole: Pigeonhole, browser: httpx.AsyncClient) -> None:
    old = path(hole)
    hole.clock.advance(hours=2)
    assert (await browser.get(old)).status_code == 410
    assert (await browser.post(old)).status_code == 410
    assert hole.inbox.bodies == []


async def test_nobody_can_make_a_link_or_change_one(
    hole: Pigeonhole, browser: httpx.AsyncClient
) -> None:
    right = path(hole)
    for wrong in (
        right[:-1] + ("0" if right[-1] != "0" else "1"),
        right.replace("/7.0.", "/7.1."),
        right.replace("/7.0.", "/8.0."),
        right.replace("/sol/", "/luna/"),
        right.replace("/0/7", "/1/7"),
        path(hole, place=5),
        path(hole, number=8),
        f"{links.PATH}/answer/sol/0/nonsense",
        f"{links.PATH}/answer/sol/0/7.0.999999999999999999999.{'0' * 32}",
    ):
        assert (await browser.get(wrong)).status_code == 404, wrong
        assert (await browser.post(wrong)).status_code == 404, wrong
    assert hole.inbox.bodies == []


async def test_an_answer_that_cannot_be_stored_may_be_given_again(
    hole: Pigeonhole, browser: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(account: str, body: bytes) -> None:
        raise Unavailable("storage")

    with monkeypatch.context() as patch:
        patch.setattr(hole.inbox, "put", away)
        assert (await browser.post(path(hole))).status_code == 503
    assert (await browser.post(path(hole))).status_code == 200
    assert len(hole.inbox.bodies) == 1


async def test_leaving_with_one_click_is_an_opt_out(
    hole: Pigeonhole, browser: httpx.AsyncClient
) -> None:
    leave = path(hole, links.LEAVE)
    assert "button" in (await browser.get(leave)).text
    data = {"List-Unsubscribe": "One-Click"}
    for _ in range(2):
        assert (await browser.post(leave, data=data)).status_code == 200
    taps = [unpack(body) for _, body in hole.inbox.bodies]
    assert [one.choice for one in taps if isinstance(one, Tap)] == [OPT_OUT, OPT_OUT]
    assert (await browser.post(path(hole))).status_code == 200


def test_a_mail_that_is_sent_again_has_the_same_links() -> None:
    text = links.token(SECRET, HOTEL, 7, 1, AT)
    assert text == links.token(SECRET, HOTEL, 7, 1, AT)
    found = links.read(text, SECRET, HOTEL)
    assert found is not None
    assert (found.outbox_id, found.place, found.ends) == (7, 1, AT)
    assert links.read(text, "another secret", HOTEL) is None
    assert links.read(text, SECRET, "other@hotelsol.example") is None
    assert links.read(text, "", HOTEL) is None
