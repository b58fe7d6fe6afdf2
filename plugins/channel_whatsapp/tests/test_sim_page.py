"""The page to rehearse with, as a browser without scripts uses it."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from agente_hotelero_channel_whatsapp.testing import ErrorBy, Fault, MetaError, Simulator
from agente_hotelero_channel_whatsapp.testing.page import app_of
from agente_hotelero_channel_whatsapp.testing.rehearsal import rehearsal_of, rehearsed

from plugins.channel_whatsapp.tests.stand_ins import (
    ACCOUNT,
    PHONE,
    Caller,
    Listener,
    code_of,
    listening,
    served,
)

EVIL = "<script>alert('x')</script>"


@pytest.fixture
def agent() -> Iterator[Listener]:
    with listening() as listener:
        yield listener


@pytest.fixture
def meta(agent: Listener) -> Iterator[Simulator]:
    with rehearsed(ACCOUNT, agent.url) as simulator:
        yield simulator


@pytest.fixture
def caller(meta: Simulator) -> Caller:
    return Caller(meta)


@pytest.fixture
def page(meta: Simulator) -> Iterator[httpx.Client]:
    with (
        served(app_of(rehearsal_of(meta, ACCOUNT))) as url,
        httpx.Client(base_url=url, follow_redirects=True) as client,
    ):
        yield client


def do(page: httpx.Client, action: str, guest: int = 0, **form: Any) -> str:
    files = {"file": form.pop("file")} if "file" in form else None
    answer = page.post(f"/do/{action}?guest={guest}", data=form, files=files)
    assert answer.status_code == 200, answer.text
    return answer.text


def test_a_guest_writes_and_reads(page: httpx.Client, caller: Caller, agent: Listener) -> None:
    assert "¡hola!" in do(page, "say", text="¡hola!")
    assert agent.messages()[0]["text"] == {"body": "¡hola!"}
    assert code_of(caller.say("Buenos días")) == 0
    caller.meta.settle()
    news = page.get("/news").json()
    assert news["log"].index("¡hola!") < news["log"].index("Buenos días")
    assert "read" in news["log"]
    assert "window open until" in news["state"]


def test_options_are_buttons_that_can_be_tapped(
    page: httpx.Client, caller: Caller, agent: Listener
) -> None:
    do(page, "say", text="hola")
    replies = [{"type": "reply", "reply": {"id": f"o{n}", "title": f"Opción {n}"}} for n in (1, 2)]
    inner = {"type": "button", "body": {"text": "¿Cuál?"}, "action": {"buttons": replies}}
    caller.send(type="interactive", interactive=inner)
    shown = page.get("/").text
    (message,) = set(re.findall(r'name="message" value="(wamid\.[0-9a-f]+)"', shown))
    do(page, "tap", message=message, place="2")
    reply = agent.messages()[-1]["interactive"]["button_reply"]
    assert reply == {"id": "o2", "title": "Opción 2"}
    assert page.post("/do/tap", data={"message": message, "place": "3"}).status_code == 400


def test_files_go_as_what_they_are(page: httpx.Client, meta: Simulator, agent: Listener) -> None:
    do(page, "send", file=("a.png", b"\x89PNG\r\n", "image/png"), caption="mi cuarto")
    do(page, "send", file=("a.ogg", b"OggS", "audio/ogg"))
    do(page, "send", file=("a.pdf", b"%PDF", "application/pdf"))
    photo, voice, paper = agent.messages()
    assert (photo["type"], photo["image"]["caption"]) == ("image", "mi cuarto")
    assert voice["audio"]["voice"] is True
    assert paper["type"] == "document"
    assert meta.media.files[photo["image"]["id"]].body == b"\x89PNG\r\n"


def test_what_the_hotel_sends_is_shown(page: httpx.Client, caller: Caller, meta: Simulator) -> None:
    do(page, "say", text="hola")
    png = {"file": ("a.png", b"\x89PNG\r\n", "image/png")}
    form = {"messaging_product": "whatsapp"}
    file_id = caller.call("POST", "10001/media", data=form, files=png).json()["id"]
    caller.send(type="image", image={"id": file_id, "caption": "la pileta"})
    caller.send(type="location", location={"latitude": -38, "longitude": -57.5, "name": "Aquí"})
    shown = page.get("/").text
    assert f'<img src="/file/{file_id}"' in shown
    assert "la pileta" in shown
    assert "-38.0, -57.5" in shown
    assert page.get(f"/file/{file_id}").content == b"\x89PNG\r\n"
    assert page.get("/file/1").status_code == 404


def test_nothing_that_is_said_becomes_a_part_of_the_page(
    page: httpx.Client, caller: Caller, meta: Simulator
) -> None:
    do(page, "guest", name=EVIL, phone="5491155550199")
    do(page, "say", 3, text=EVIL)
    caller.say(EVIL, to="+5491155550199")
    do(page, "template", name="evil", language="es", category="UTILITY", body=EVIL)
    for found in (page.get("/?guest=3").text, page.get("/news?guest=3").json()["log"]):
        assert EVIL not in found
        assert html.escape(EVIL).replace("&#x27;", "&#39;") in found


def test_the_page_loads_nothing_from_elsewhere(page: httpx.Client) -> None:
    answer = page.get("/")
    assert not re.findall(r'(?:src|href)="(?:https?:)?//', answer.text)
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    (nonce,) = set(re.findall(r'nonce="([^"]+)"', answer.text))
    assert f"script-src 'nonce-{nonce}'" in policy


def test_pages_of_others_may_not_write(page: httpx.Client, agent: Listener) -> None:
    headers = {"Origin": "https://elsewhere.example"}
    assert page.post("/do/say", data={"text": "x"}, headers=headers).status_code == 403
    assert page.post("/do/nothing").status_code == 404
    assert agent.got == []


def test_errors_can_be_injected_and_taken_away(
    page: httpx.Client, caller: Caller, meta: Simulator
) -> None:
    do(page, "fault", fault="http_503")
    do(page, "meta_error", code="131026", by="status")
    assert meta.faults == [Fault.HTTP_503, MetaError(code=131026, by=ErrorBy.STATUS)]
    assert "2 errors to come" in page.get("/news").json()["state"]
    do(page, "mend")
    assert meta.faults == []
    assert page.post("/do/fault", data={"fault": "rain"}).status_code == 400


def test_time_passes_and_the_window_closes(page: httpx.Client, caller: Caller) -> None:
    do(page, "say", text="hola")
    do(page, "clock", hours="24")
    assert "window closed" in page.get("/news").json()["state"]
    caller.say()
    caller.meta.settle()
    assert "failed" in page.get("/news").json()["log"]


def test_templates_are_approved_shown_and_paused(
    page: httpx.Client, caller: Caller, meta: Simulator, agent: Listener
) -> None:
    do(page, "template", name="reopen", language="es", category="UTILITY", body="Hola {{1}}")
    words = {"type": "body", "parameters": [{"type": "text", "text": "Ana"}]}
    sent = {"name": "reopen", "language": {"code": "es"}, "components": [words]}
    assert code_of(caller.send(type="template", template=sent)) == 0
    shown = page.get("/news").json()["log"]
    assert "template reopen" in shown
    assert "Hola Ana" in shown
    do(page, "template_state", id=meta.templates[-1].id, status="PAUSED")
    assert code_of(caller.send(type="template", template=sent)) == 132015
    fields = [one["field"] for one in agent.changes()]
    assert fields.count("message_template_status_update") == 2


def test_guests_come_with_and_without_numbers(
    page: httpx.Client, caller: Caller, agent: Listener
) -> None:
    do(page, "say", 1, text="oi")
    do(page, "say", 2, text="hola")
    with_both, hidden = agent.messages()
    assert with_both["from"]
    assert with_both["from_user_id"].startswith("BR.")
    assert "from" not in hidden
    assert page.post("/do/guest", data={"name": "Nadie"}).status_code == 400
    ask = {
        "type": "request_contact_info",
        "body": {"text": "¿Su teléfono?"},
        "action": {"name": "request_contact_info"},
    }
    body = {"messaging_product": "whatsapp", "recipient": hidden["from_user_id"]}
    body |= {"type": "interactive", "interactive": ask}
    assert code_of(caller.call("POST", "10001/messages", json=body)) == 0
    assert "Share my number" in page.get("/news?guest=2").json()["log"]
    do(page, "share", 2, phone=PHONE)
    assert agent.messages()[-1]["origin"] == "contact_request"


def test_the_account_can_be_banned_and_staff_can_answer(
    page: httpx.Client, caller: Caller, agent: Listener
) -> None:
    do(page, "say", text="hola")
    assert "Reinstate" in do(page, "ban")
    assert code_of(caller.say()) == 131031
    do(page, "ban")
    assert code_of(caller.say()) == 0
    do(page, "staff", text="Ya le atiendo")
    do(page, "marketing", value="stop")
    # Receipts of what was said come when they come.
    told = {change["field"]: change["value"] for change in agent.changes()}
    assert "smb_message_echoes" in told
    assert told["user_preferences"]["user_preferences"][0]["value"] == "stop"


def test_places_and_marks_reach_the_agent(
    page: httpx.Client, caller: Caller, agent: Listener
) -> None:
    do(page, "place", latitude="-34.6", longitude="-58.4")
    do(page, "react", message="wamid.x")
    place, mark = agent.messages()
    assert place["location"] == {"latitude": -34.6, "longitude": -58.4}
    assert mark["reaction"]["emoji"] == "👍"
    assert page.post("/do/place", data={"latitude": "x", "longitude": "1"}).status_code == 400
    assert page.post("/do/say", data={"text": " "}).status_code == 400
